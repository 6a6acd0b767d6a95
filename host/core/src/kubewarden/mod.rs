//! Kubewarden's own configuration: which policies a cluster asks about which objects, and what it makes of their answers.
//!
//! [`read`] takes the documents apart, whoever runs policies finds their modules, and a [`Configured`] policy is asked as
//! the API server and the policy-server would ask it.

mod answer;
mod capabilities;
mod condition;
mod configured;
mod definition;
mod expression;
mod field;
mod matching;
mod mistake;
mod namespaces;
mod resource;
mod selector;
mod server;
mod situation;

pub use capabilities::Capability;
pub(crate) use capabilities::gate;
pub use condition::{Condition, ConditionError};
pub use configured::Configured;
pub use definition::{Body, Definition, FailurePolicy, Group, Member, Mode, Place};
pub use expression::{Expression, ExpressionError};
pub(crate) use matching::Remark;
pub use matching::{MatchPolicy, Matching, Scope, ScopedRule};
pub use mistake::{Mistake, MistakeKind};
pub use namespaces::Namespaces;
pub use selector::{Selector, SelectorError};
pub(crate) use situation::Situation;

use crate::review::Notice;
use crate::source::Source;
use crate::yaml::Documents;
use field::Text;

/// What a file says about policies.
#[derive(Debug, Default)]
pub struct Definitions {
    /// The policies, in the order of the text.
    pub definitions: Vec<Definition>,
    /// What a reader should know: fields that have no effect here.
    pub notices: Vec<Notice>,
    /// Why the file cannot be used.
    pub mistakes: Vec<Mistake>,
}

/// Reads the policies in a text: Kubewarden's resources, and the `policies.yml` of a policy-server. Other documents are
/// left alone, because people keep them together.
#[must_use]
pub fn read(file: &str, text: &str) -> Definitions {
    let source = Source::new(text);
    let mut found = Definitions::default();
    for document in Documents::new(&source) {
        let document = match document {
            Ok(document) => document,
            Err(error) => {
                found.mistakes.push(Mistake::of_yaml(file, &error));
                continue;
            }
        };
        let text = Text { file, source: &source, document: &document };
        let (definitions, mistakes) = (found.definitions.len(), found.mistakes.len());
        resource::read(&text, &mut found);
        server::read(&text, &mut found);
        if found.definitions.len() > definitions || found.mistakes.len() > mistakes {
            let flaws = document.flaws().iter().map(|flaw| Mistake::of_yaml(file, flaw));
            found.mistakes.splice(mistakes..mistakes, flaws);
        }
    }
    found
}
