//! Strict fields: whether an object of one of Kubernetes' own kinds is written as the API knows it.
//!
//! What is found are findings like those of a policy with the id [`POLICY`]. The types come from a table that is
//! generated from k8s-openapi; nothing is asked of a cluster.

mod api;
mod duplicate;
mod fields;
mod home;
mod kind;
mod path;
mod scalar;
mod spelling;
#[cfg(test)]
mod tests;

use crate::finding::{Finding, PatchOperation, Severity, Suppression};
use crate::object::{Identity, Object};
use crate::review::LocatedFinding;
use crate::source::Source;
use crate::yaml::Document;
use kind::Known;
use std::sync::Arc;

/// What stands in the place of a policy's id.
pub const POLICY: &str = "strict";

/// The annotation that exempts an object.
const ANNOTATION: &str = "forewarn.dev/allow.strict";

/// What a reader is told about the check: why, its codes, and what to write.
pub const PAGE: &str = include_str!("page.md");

/// The codes, each with what it means.
pub const CODES: [(&str, &str); 6] = [
    ("strict/unknown-field", "a field that the kind does not have"),
    ("strict/misplaced-field", "a field that belongs to another place of the object"),
    ("strict/wrong-type", "a value of another type than the field has"),
    ("strict/duplicate-name", "two items of a list that are one to the API server"),
    ("strict/wrong-group", "a kind with the `apiVersion` of another"),
    ("strict/unknown-kind", "a kind that the API group does not have"),
];

/// What a policy would say about itself in its annotations `io.kubewarden.policy.<key>`.
pub(crate) fn annotation(key: &str) -> Option<&'static str> {
    match key {
        "description" => Some("Find fields, values and kinds that the Kubernetes API does not know"),
        "severity" => Some("medium"),
        "category" => Some("Resource validation"),
        "usage" => Some(PAGE),
        _ => None,
    }
}

/// What is made of fields that the API does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Strict {
    /// They are not looked for.
    #[default]
    Off,
    /// They are warnings.
    Warn,
    /// They reject the object.
    Deny,
}

/// Something that is not as the API knows it.
struct Violation {
    /// What is wrong, without the id before it.
    code: &'static str,
    /// The value concerned.
    pointer: String,
    /// Whether the key is wrong rather than its value.
    at_key: bool,
    /// The container concerned.
    container: Option<String>,
    /// Whether the API server takes it all the same.
    accepted: bool,
    message: String,
    help: Option<String>,
    fix: Vec<PatchOperation>,
}

impl Strict {
    /// What is wrong with an object's fields, in the order of the text.
    pub(crate) fn findings(
        self,
        source: &Source<'_>,
        document: &Document<'_>,
        object: &Object,
        identity: &Arc<Identity>,
    ) -> Vec<LocatedFinding> {
        let severity = match self {
            Self::Off => return Vec::new(),
            Self::Warn => Severity::Warn,
            Self::Deny => Severity::Deny,
        };
        let violations = match kind::known(identity) {
            Known::Type(type_name) => fields::violations(source, document, object.node(), &identity.kind, type_name),
            Known::Wrong(violation) => vec![violation],
            Known::Foreign => Vec::new(),
        };
        violations
            .into_iter()
            .map(|violation| {
                let at = match violation.at_key {
                    true => document.locate_key(source, object.node(), &violation.pointer),
                    false => document.locate(source, object.node(), &violation.pointer),
                };
                LocatedFinding::placed(
                    source,
                    document,
                    object.node(),
                    at,
                    POLICY,
                    identity,
                    violation.finding(severity),
                )
            })
            .collect()
    }
}

/// Marks what an annotation exempts, as policies do when they honour annotations: those of the object and of its pods.
pub(crate) fn exempt_by_annotation(document: &Document<'_>, object: &Object, findings: &mut [LocatedFinding]) {
    let annotation = |metadata: &str| {
        let mut path = metadata.split('/').chain(["metadata", "annotations", ANNOTATION]).filter(|key| !key.is_empty());
        let node = path.try_fold(object.node(), |node, key| document.get(node, key))?;
        document.string(node).map(str::trim).filter(|reason| !reason.is_empty())
    };
    let Some(reason) = annotation("").or_else(|| annotation("spec/template")) else { return };
    for located in findings {
        located.finding.suppressed = Some(Suppression { by: "annotation".to_owned(), reason: reason.to_owned() });
    }
}

impl Violation {
    fn finding(self, severity: Severity) -> Finding {
        Finding {
            code: format!("{POLICY}/{}", self.code),
            severity: if self.accepted { Severity::Warn } else { severity },
            pointer: self.pointer,
            container: self.container,
            message: self.message,
            help: self.help,
            fix: self.fix,
            suppressed: None,
        }
    }
}
