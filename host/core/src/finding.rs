//! What a policy found, in the policy's own words.

use serde::Deserialize;
use serde_json::{Value, json};

/// One violation, as a policy reports it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Finding {
    /// What is wrong, as `<policy-id>/<what>`.
    pub code: String,
    /// Whether the violation rejects the object.
    pub severity: Severity,
    /// The JSON Pointer (RFC 6901) of the offending or missing field, relative to the object.
    #[serde(default)]
    pub pointer: String,
    /// The name of the container concerned.
    #[serde(default)]
    pub container: Option<String>,
    /// What is wrong and why that hurts.
    pub message: String,
    /// What to write instead.
    #[serde(default)]
    pub help: Option<String>,
    /// Operations that repair the object; empty where there is no safe fix.
    #[serde(default)]
    pub fix: Vec<PatchOperation>,
    /// Who decided that the violation does not count.
    #[serde(default)]
    pub suppressed: Option<Suppression>,
}

/// What a finding does to the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The object is rejected.
    Deny,
    /// The object is accepted with a warning.
    Warn,
}

/// One operation of a JSON Patch (RFC 6902) on the object.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct PatchOperation {
    /// What to do.
    pub op: PatchOp,
    /// The JSON Pointer of the field.
    pub path: String,
    /// The new value; null for a removal.
    #[serde(default)]
    pub value: Value,
}

/// The operations that fixes consist of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PatchOp {
    /// Adds a field, or an item before the one at an index.
    Add,
    /// Gives an existing field another value.
    Replace,
    /// Removes a field or an item.
    Remove,
    /// Gives a field the key that is the operation's value, and leaves the field's value as it is written. In JSON Patch
    /// that is a move. Policies do not know it.
    #[serde(skip)]
    Rename,
}

impl PatchOperation {
    /// Where the field is after a [`PatchOp::Rename`]; nothing for other operations.
    #[must_use]
    pub fn renamed(&self) -> Option<String> {
        let key = self.value.as_str().filter(|_| self.op == PatchOp::Rename)?;
        let (parent, _) = self.path.rsplit_once('/')?;
        Some(format!("{parent}/{}", key.replace('~', "~0").replace('/', "~1")))
    }

    /// The operation as JSON Patch writes it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let Self { op, path, value } = self;
        match op {
            PatchOp::Add => json!({"op": "add", "path": path, "value": value}),
            PatchOp::Replace => json!({"op": "replace", "path": path, "value": value}),
            PatchOp::Remove => json!({"op": "remove", "path": path}),
            PatchOp::Rename => json!({"op": "move", "from": path, "path": self.renamed()}),
        }
    }
}

/// The record of an exemption.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Suppression {
    /// What exempted the finding, such as a setting or an annotation.
    pub by: String,
    /// The reason that was given for it.
    pub reason: String,
}

impl Finding {
    /// Whether this finding rejects the object.
    #[must_use]
    pub fn denies(&self) -> bool {
        self.severity == Severity::Deny && self.suppressed.is_none()
    }
}
