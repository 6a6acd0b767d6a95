//! How an outcome differs from what was expected.

use super::answer::{Again, Outcome};
use super::expectation::{Verdict, Wanted};
use crate::edit::yaml;
use crate::finding::Finding;
use serde_json::{Value, json};

/// How an outcome differs from what was expected, as two texts to compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What was expected, as YAML.
    pub expected: String,
    /// What there is, as YAML.
    pub actual: String,
    /// What else there is to say.
    pub notes: Vec<String>,
}

/// One side of a comparison.
#[derive(Default)]
struct Side(Vec<(&'static str, Value)>);

impl Difference {
    /// Compares an outcome with what was expected; `None` if it is the same.
    #[must_use]
    pub fn between(wanted: Wanted<'_>, outcome: &Outcome) -> Option<Self> {
        let (mut expected, mut actual) = (Side::default(), Side::default());
        let expectation = wanted.expectation;
        expected.add("verdict", expectation.verdict.name());
        actual.add("verdict", outcome.verdict().name());

        let codes = outcome.codes();
        if let Some(wanted) = &expectation.codes {
            expected.add("codes", sorted(wanted));
            actual.add_some("codes", &codes);
        }
        if let Some(wanted) = &expectation.contains {
            let wanted = sorted(wanted);
            let has_all = wanted.iter().all(|code| codes.contains(code));
            if has_all {
                actual.add("contains", wanted.clone());
            } else {
                actual.add_some("contains", &codes);
            }
            expected.add("contains", wanted);
        }
        let (message, pointer) = (expectation.message.as_deref(), expectation.pointer.as_deref());
        if let Outcome::Failed(error) = outcome {
            if let Some(message) = message.filter(|message| !error.contains(message)) {
                expected.add("message", message);
                actual.add("message", error.as_str());
            }
        } else {
            let is_met = outcome.findings().any(|finding| fits(finding, message, pointer));
            let nearest = outcome
                .findings()
                .max_by_key(|finding| u8::from(fits(finding, message, None)) + u8::from(fits(finding, None, pointer)));
            for (key, wanted) in [("message", message), ("pointer", pointer)] {
                let Some(wanted) = wanted.filter(|_| !is_met) else { continue };
                expected.add(key, wanted);
                match (key, nearest) {
                    ("message", Some(nearest)) if fits(nearest, message, None) => actual.add(key, wanted),
                    ("message", Some(nearest)) => actual.add(key, nearest.message.as_str()),
                    (_, Some(nearest)) => actual.add(key, nearest.pointer.as_str()),
                    (_, None) => {}
                }
            }
        }
        // Where the verdict is another one, a whole object that is missing says nothing more.
        if let (Some(wanted), Some(mutation)) = (wanted.mutated, outcome.mutation()) {
            expected.add("mutated", wanted.clone());
            actual.add("mutated", mutation.object.clone());
        }

        let mut notes = Vec::new();
        if let Outcome::Failed(error) = outcome
            && expectation.verdict != Verdict::Error
        {
            notes.push(format!("the policy gives no verdict: {error}"));
        }
        if let Some(again) = outcome.mutation().and_then(|mutation| again(&mutation.again)) {
            expected.add("idempotent", true);
            actual.add("idempotent", false);
            notes.push(again);
        }
        (expected.0 != actual.0).then(|| Self { expected: expected.text(), actual: actual.text(), notes })
    }
}

impl Difference {
    /// What there is where nothing is expected yet.
    #[must_use]
    pub fn from_nothing(outcome: &Outcome) -> Self {
        let mut actual = Side::default();
        actual.add("verdict", outcome.verdict().name());
        actual.add_some("codes", &outcome.codes());
        let mut notes = vec!["the case expects nothing yet; `--update` writes down what there is".to_owned()];
        if let Outcome::Failed(error) = outcome {
            notes.push(format!("the policy gives no verdict: {error}"));
        }
        notes.extend(outcome.mutation().and_then(|mutation| again(&mutation.again)));
        Self { expected: String::new(), actual: actual.text(), notes }
    }
}

fn again(again: &Again) -> Option<String> {
    let what = match again {
        Again::Unchanged => return None,
        Again::Changed(object) => format!("changes it again, into\n{}", yaml(object)),
        Again::Denied(message) => format!("rejects it: {message}"),
        Again::Failed(error) => format!("gives no verdict: {error}"),
    };
    Some(format!("asked about the object that it made, the policy {what}"))
}

fn fits(finding: &Finding, message: Option<&str>, pointer: Option<&str>) -> bool {
    message.is_none_or(|message| finding.message.contains(message))
        && pointer.is_none_or(|pointer| finding.pointer == pointer)
}

fn sorted(codes: &[String]) -> Vec<String> {
    let mut codes = codes.to_vec();
    codes.sort_unstable();
    codes.dedup();
    codes
}

impl Side {
    fn add(&mut self, key: &'static str, value: impl Into<Value>) {
        self.0.push((key, value.into()));
    }

    /// What is not there takes no line.
    fn add_some(&mut self, key: &'static str, codes: &[String]) {
        if !codes.is_empty() {
            self.add(key, codes.to_vec());
        }
    }

    fn text(&self) -> String {
        self.0.iter().map(|(key, value)| yaml(&json!({*key: value}))).collect()
    }
}
