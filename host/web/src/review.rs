//! One review, as the page asks for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use forewarn_core::cluster::Cluster;
use forewarn_core::comparison::{Comparison, Tree};
use forewarn_core::configuration::Configuration;
use forewarn_core::finding::Severity;
use forewarn_core::metadata::PolicyType;
use forewarn_core::policy::Policy;
use forewarn_core::report::json;
use forewarn_core::report::sarif::{self, FileResults};
use forewarn_core::report::{About, Run};
use forewarn_core::review::{FileReview, Reviewer};
use forewarn_core::strict::{self, Strict};
use serde::Deserialize;
use serde_json::{Map, Value};
use similar::TextDiff;

use crate::engine::{Browser, ModuleIndex};
use crate::session::Known;

/// What the page wants reviewed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wish {
    /// The file's name in reports.
    file: String,
    /// The manifests.
    text: String,
    /// What they were before the change, if this is one.
    before: Option<String>,
    /// Settings by policy id.
    #[serde(default)]
    settings: BTreeMap<String, Map<String, Value>>,
    /// Policies that are switched off.
    #[serde(default)]
    off: Vec<String>,
}

/// A finished review.
pub(crate) struct Reviewed(FileReview);

impl Reviewed {
    pub(crate) fn json(&self) -> Result<String, serde_json::Error> {
        json::render(std::slice::from_ref(&self.0), &[])
    }
}

impl Reviewed {
    /// The same as SARIF 2.1.0; `text` is what was reviewed.
    pub(crate) fn sarif(&self, known: &[Known], text: &str) -> Result<String, serde_json::Error> {
        let about: Vec<_> = known.iter().map(|known| About { id: &known.id, metadata: &known.metadata }).collect();
        let reviews = std::slice::from_ref(&self.0);
        let run = Run { reviews, problems: &[], policies: &about, failing: &[Severity::Deny] };
        sarif::render(run, vec![FileResults::of(&self.0, text)])
    }
}

impl Wish {
    /// The manifests.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn review(&self, known: &[Known]) -> Reviewed {
        Reviewed(self.with(known, |reviewer| reviewer.review(&self.file, &self.text)))
    }

    pub(crate) fn fix(&self, known: &[Known]) -> Value {
        let fix = self.with(known, |reviewer| reviewer.fix(&self.file, &self.text));
        let diff = TextDiff::from_lines(self.text.as_str(), fix.text.as_str()).unified_diff().to_string();
        serde_json::json!({"text": fix.text, "diff": diff, "fixed": fix.after.fixed})
    }

    fn with<T>(&self, known: &[Known], work: impl FnOnce(&Reviewer<'_, Browser>) -> T) -> T {
        let policies = self.policies(known);
        let known = known.iter().map(|known| known.id.clone()).chain([strict::POLICY.to_owned()]);
        let configuration = Configuration { known: known.collect(), ..Configuration::default() };
        let comparison = self.before.as_deref().map(|before| self.comparison(before));
        let reviewer = Reviewer::new(&Browser, &policies).configured(&configuration).strict(Strict::Warn);
        match &comparison {
            Some(comparison) => work(&reviewer.against(comparison)),
            None => work(&reviewer),
        }
    }

    /// The policies that are on. The text is the cluster that they may ask about.
    fn policies(&self, known: &[Known]) -> Vec<Policy<ModuleIndex>> {
        let is_on =
            |known: &&Known| known.metadata.policy_type == PolicyType::Kubernetes && !self.off.contains(&known.id);
        let none = Map::new();
        let mut policies: Vec<_> = known
            .iter()
            .filter(is_on)
            .map(|known| known.policy(self.settings.get(&known.id).unwrap_or(&none)))
            .collect();
        let kinds = policies.iter().flat_map(|policy| &policy.metadata().context_aware_resources);
        let cluster = Arc::new(Cluster::new(Arc::new(vec![self.text.clone()]), kinds));
        policies.iter_mut().for_each(|policy| policy.see(&cluster));
        policies
    }

    fn comparison(&self, before: &str) -> Comparison {
        let tree = |text| {
            let mut tree = Tree::default();
            tree.add(&self.file, text);
            tree
        };
        // Unchanged objects are shown too: whoever looks at a page wants to see its review.
        Comparison { before: tree(before), after: tree(&self.text), all: true, ..Comparison::default() }
    }
}
