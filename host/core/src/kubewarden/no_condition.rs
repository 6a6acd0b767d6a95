//! Match conditions where the language they are written in is left out, as in the playground, which reads no
//! Kubewarden resources: half of what a browser would download is the interpreter of that language.

use serde_json::Value;
use std::iter;
use thiserror::Error;

/// One match condition. There is none.
#[derive(Debug)]
pub struct Condition {
    /// Its name.
    pub name: String,
}

/// Why a condition cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ConditionError {
    /// This build has no language for them.
    #[error("match conditions are not available here")]
    Unavailable,
}

impl ConditionError {
    /// What to do about it.
    pub(super) fn help(&self) -> Option<String> {
        None
    }
}

/// What conditions are evaluated on.
pub(super) struct Variables;

impl Variables {
    /// The variables of one request.
    pub(super) fn new(_: &Value, _: Option<&Value>, _: &Value) -> Self {
        Self
    }
}

/// What came of a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(dead_code, reason = "without conditions nothing comes of one, but what asks about it is the same")]
pub(super) enum Outcome {
    /// The policy may be asked.
    Met,
    /// The policy is not asked.
    NotMet,
    /// Nobody can tell.
    Failed(String),
}

impl Condition {
    /// Refuses a condition: one that is passed over would be no condition.
    ///
    /// # Errors
    /// Always.
    pub fn compile(_: &str, _: &str) -> Result<Self, ConditionError> {
        Err(ConditionError::Unavailable)
    }

    /// What in the condition only an API server can answer.
    pub fn unknown(&self) -> impl Iterator<Item = &str> {
        iter::empty()
    }

    /// Whether the condition looks at who asks, which is made up offline.
    #[must_use]
    pub fn is_about_users(&self) -> bool {
        false
    }

    /// Evaluates the condition.
    pub(super) fn evaluate(&self, _: &Variables) -> Outcome {
        Outcome::Failed(ConditionError::Unavailable.to_string())
    }
}
