//! Suppressions inside the files: comments and annotations, and what is wrong with them.

mod annotation;
mod comment;

use crate::configuration::SUPPRESSIONS;
use crate::finding::{Finding, Severity};
use crate::object::Identity;
use crate::review::{Asked, FileReview, LocatedFinding};
use crate::source::{Source, Span};
use crate::yaml::Document;
use crate::yaml::typed::nearest;
use annotation::Annotation;
use comment::Layout;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What every suppression contains. A file without it has none.
const MARK: &str = "forewarn";

/// The suppressions of one file, gathered document by document.
#[derive(Debug)]
pub(crate) struct Suppressions {
    layout: Layout,
    annotations: Vec<Annotation>,
}

impl Suppressions {
    /// Those of a text; `None` if it cannot have any.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let has_any = memchr::memmem::find(text.as_bytes(), MARK.as_bytes()).is_some();
        has_any.then(|| Self { layout: Layout::default(), annotations: Vec::new() })
    }

    /// Looks through a document.
    pub(crate) fn add(&mut self, document: &Document<'_>) {
        self.layout.add(document);
        self.annotations.extend(annotation::of(document));
    }

    /// Marks what the comments suppress, and adds what is wrong with comments and annotations to the findings. `known`
    /// are the ids that can be named.
    pub(crate) fn apply(self, source: &Source<'_>, known: &BTreeSet<String>, review: &mut FileReview) {
        let mut warnings = Vec::new();
        // What lies behind a place that cannot be read may be anything, even text that looks like a comment.
        let is_whole = review.problems.iter().all(|problem| problem.reviewed);
        for comment in comment::all(source, &self.layout) {
            let warning = match comment {
                Err(warning) => Some(warning),
                Ok(comment) if !known.contains(&comment.policy) => {
                    Some(Warning::unknown(comment.span, &comment.policy, known))
                }
                Ok(comment) => comment.apply(source, &self.layout, review),
            };
            warnings.extend(warning.filter(|_| is_whole));
        }
        for annotation in &self.annotations {
            let warning = match known.contains(&annotation.policy) {
                true => annotation.judge(review),
                false => Some(Warning::unknown(annotation.span, &annotation.policy, known)),
            };
            warnings.extend(warning);
        }
        let located: Vec<_> = warnings.into_iter().map(|warning| warning.locate(source, review)).collect();
        if !located.is_empty() {
            review.findings.extend(located);
            review.findings.sort_by_key(|located| (located.object_index, located.span.start()));
        }
    }
}

/// What is wrong with a suppression.
#[derive(Debug)]
struct Warning {
    span: Span,
    what: &'static str,
    /// What it says, so that it is known from one run to the next.
    about: String,
    message: String,
    help: String,
}

impl Warning {
    fn unknown(span: Span, policy: &str, known: &BTreeSet<String>) -> Self {
        let near = nearest(policy, known.iter().map(String::as_str))
            .map(|near| format!(", did you mean `{near}`?"))
            .unwrap_or_default();
        Self {
            span,
            what: "unknown-policy",
            about: policy.to_owned(),
            message: format!("there is no policy `{policy}`{near}, so nothing is suppressed"),
            help: "`forewarn list` names the policies".to_owned(),
        }
    }

    fn locate(self, source: &Source<'_>, review: &FileReview) -> LocatedFinding {
        let around = |asked: &&Asked| asked.span.start() <= self.span.start() && self.span.start() < asked.span.end();
        let below = |asked: &&Asked| self.span.start() < asked.span.start();
        let objects = || review.asked.iter();
        let asked = objects().find(around).or_else(|| objects().find(below)).or_else(|| objects().next_back());
        let object = asked.map_or_else(|| Arc::new(file(&review.file)), |asked| Arc::clone(&asked.object));
        let finding = Finding {
            code: format!("{SUPPRESSIONS}/{}", self.what),
            severity: Severity::Warn,
            pointer: String::new(),
            container: None,
            message: self.message,
            help: Some(self.help),
            fix: Vec::new(),
            suppressed: None,
        };
        let located = LocatedFinding::at(source, self.span, SUPPRESSIONS, &object, &self.about, finding);
        LocatedFinding { object_index: asked.map_or(0, |asked| asked.object_index), ..located }
    }
}

/// Stands for the object where a file has none.
fn file(name: &str) -> Identity {
    Identity { api_version: String::new(), kind: "File".to_owned(), namespace: None, name: Some(name.to_owned()) }
}
