//! What a policy made of a case.

use super::expectation::Verdict;
use crate::finding::{Finding, Severity};
use serde_json::Value;

/// What came of asking a policy.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Its rules do not cover the object and the operation.
    Skipped,
    /// It gave no verdict; why.
    Failed(String),
    /// It answered.
    Answered(Answer),
}

/// A policy's answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// All findings, suppressed ones too.
    pub findings: Vec<Finding>,
    /// What it makes of the object, if it accepts and changes it.
    pub mutation: Option<Mutation>,
}

/// A changed object.
#[derive(Debug, Clone, PartialEq)]
pub struct Mutation {
    /// The object.
    pub object: Value,
    /// What the policy makes of that.
    pub again: Again,
}

/// What a policy makes of the object that it made.
#[derive(Debug, Clone, PartialEq)]
pub enum Again {
    /// It leaves it alone.
    Unchanged,
    /// It makes another one.
    Changed(Value),
    /// It rejects it, in these words.
    Denied(String),
    /// It fails; why.
    Failed(String),
}

impl Outcome {
    /// The verdict.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let answer = match self {
            Self::Skipped => return Verdict::Skip,
            Self::Failed(_) => return Verdict::Error,
            Self::Answered(answer) => answer,
        };
        if answer.findings.iter().any(Finding::denies) {
            Verdict::Deny
        } else if answer.mutation.is_some() {
            Verdict::Mutate
        } else if self.findings().next().is_some() {
            Verdict::Warn
        } else {
            Verdict::Pass
        }
    }

    /// The findings that count, denials first.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        let all = match self {
            Self::Answered(answer) => answer.findings.as_slice(),
            _ => &[],
        };
        let of = move |severity| {
            all.iter().filter(move |finding| finding.suppressed.is_none() && finding.severity == severity)
        };
        of(Severity::Deny).chain(of(Severity::Warn))
    }

    /// The codes of the findings that count, sorted.
    #[must_use]
    pub fn codes(&self) -> Vec<String> {
        let mut codes: Vec<_> = self.findings().map(|finding| finding.code.clone()).collect();
        codes.sort_unstable();
        codes.dedup();
        codes
    }

    /// The changed object.
    #[must_use]
    pub fn mutation(&self) -> Option<&Mutation> {
        match self {
            Self::Answered(answer) => answer.mutation.as_ref(),
            _ => None,
        }
    }
}
