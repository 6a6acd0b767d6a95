//! What is expected of a policy.

use super::Placed;
use crate::source::Position;
use serde_json::Value;

/// What is expected of a policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectation {
    /// The verdict.
    pub verdict: Verdict,
    /// The codes of all findings that count.
    pub codes: Option<Vec<String>>,
    /// Codes that must be among them.
    pub contains: Option<Vec<String>>,
    /// A part of a finding's message, or of the error where the policy fails.
    pub message: Option<String>,
    /// The place of that finding.
    pub pointer: Option<String>,
    /// The object that the policy makes of it.
    pub mutated: Option<Placed<Mutated>>,
    /// Where it is written.
    pub position: Position,
}

/// A mutated object, as a suite describes it.
#[derive(Debug, Clone, PartialEq)]
pub enum Mutated {
    /// All of it.
    Object(Value),
    /// What is different, as a JSON Patch on the case's object.
    Patch(Value),
    /// All of it, in a file.
    File(String),
}

/// An expectation with the mutated object at hand.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'e> {
    /// The expectation.
    pub expectation: &'e Expectation,
    /// The mutated object, if one is described.
    pub mutated: Option<&'e Value>,
}

/// What a policy makes of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It accepts, and has nothing to say.
    Pass,
    /// Its rules do not cover it, so it is not asked.
    Skip,
    /// It accepts with warnings.
    Warn,
    /// It rejects.
    Deny,
    /// It accepts, and changes the object.
    Mutate,
    /// It fails.
    Error,
}

impl Verdict {
    /// All verdicts.
    pub(crate) const ALL: [Self; 6] = [Self::Pass, Self::Skip, Self::Warn, Self::Deny, Self::Mutate, Self::Error];

    /// The verdict in a suite.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Skip => "skip",
            Self::Warn => "warn",
            Self::Deny => "deny",
            Self::Mutate => "mutate",
            Self::Error => "error",
        }
    }

    /// Whether there can be findings.
    pub(crate) fn has_findings(self) -> bool {
        matches!(self, Self::Warn | Self::Deny | Self::Mutate)
    }
}
