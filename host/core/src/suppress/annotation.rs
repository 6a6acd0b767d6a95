//! `forewarn.dev/allow.<policy>: <reason>`: policies read these themselves; here it is told which are of no use.

use super::Warning;
use crate::review::{Asked, FileReview};
use crate::source::Span;
use crate::yaml::Document;

/// What the name of such an annotation begins with.
const PREFIX: &str = "forewarn.dev/allow.";

/// Who suppresses what an annotation allows, in the words of the policies.
const BY: &str = "annotation";

/// An annotation that exempts its object from a policy.
#[derive(Debug)]
pub(super) struct Annotation {
    pub(super) span: Span,
    pub(super) policy: String,
    has_reason: bool,
}

/// The annotations of a document.
pub(super) fn of(document: &Document<'_>) -> Vec<Annotation> {
    let annotation = |(key, span, _, value): (&str, Span, usize, _)| {
        let policy = key.strip_prefix(PREFIX)?.to_owned();
        let has_reason = document.string(value).is_some_and(|reason| !reason.trim().is_empty());
        Some(Annotation { span, policy, has_reason })
    };
    document.entries().filter_map(annotation).collect()
}

impl Annotation {
    /// What is wrong with the annotation, as far as that can be seen from what its policy found.
    pub(super) fn judge(&self, review: &FileReview) -> Option<Warning> {
        let name = format!("{PREFIX}{}", self.policy);
        let warning = |what, message, help: &str| {
            Some(Warning { span: self.span, what, about: name.clone(), message, help: help.to_owned() })
        };
        if !self.has_reason {
            let message = format!("the annotation `{name}` gives no reason, so nothing is suppressed");
            return warning("missing-reason", message, "say why, in quotes if need be");
        }
        let around = |asked: &&Asked| asked.span.start() <= self.span.start() && self.span.start() < asked.span.end();
        let asked = review.asked.iter().find(around)?;
        if !asked.policies.contains(&self.policy) {
            return None;
        }
        let mut findings = review
            .findings
            .iter()
            .filter(|located| located.object_index == asked.object_index && located.policy == self.policy)
            .peekable();
        if findings.peek().is_none() {
            let message = format!("the annotation `{name}` suppresses nothing: there is no such finding");
            return warning("unused", message, "remove the annotation");
        }
        let suppressor = |by: Option<&str>| by == Some(BY);
        if findings.any(|located| suppressor(located.finding.suppressed.as_ref().map(|by| by.by.as_str()))) {
            return None;
        }
        let message = format!("the annotation `{name}` has no effect: `{}` does not honour annotations", self.policy);
        warning("not-honoured", message, "set `honourAnnotations: true`, or remove the annotation")
    }
}
