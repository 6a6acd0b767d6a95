//! `forewarn test --update`

use std::collections::BTreeMap;
use std::path::Path;

use forewarn_core::edit::{self, Edited, Fix};
use forewarn_core::finding::PatchOperation;
use forewarn_core::suite::{Again, Outcome, json_in, operations, updated};
use serde_json::Value;

use super::run::{Status, SuiteRun, Test};
use crate::inputs::Input;
use crate::write::exchange;

/// Rewrites the expectations of a suite that do not hold, in the suite and in the files that it names. What cannot be
/// expected (a policy that fails, or that never comes to an end) is left as it is.
pub(super) fn update(run: &mut SuiteRun) {
    let Some(path) = run.path.clone() else {
        refuse(run, |_| true, "the suite was not read from a file");
        return;
    };
    let mut updates = Vec::new();
    for (index, ran) in run.cases.iter().enumerate() {
        let tests: Vec<_> = run.tests.iter().filter(|test| test.case == index).collect();
        let differs = tests.iter().any(|test| test.difference.is_some());
        if differs && tests.iter().all(|test| can_be_expected(test)) {
            let asked: Vec<_> = tests.iter().map(|test| (test.policy.as_str(), &test.outcome)).collect();
            updates.push((index, updated(&ran.case, &asked, &ran.object)));
        }
    }
    refuse(run, |test| !can_be_expected(test), "this cannot be expected");

    let mut refused: BTreeMap<usize, String> = BTreeMap::new();
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut written: BTreeMap<&str, &Value> = BTreeMap::new();
    for (index, update) in &updates {
        for (file, object) in &update.files {
            let result = match written.insert(file, object) {
                Some(other) if other != object => Err("another case expects something else of its file".to_owned()),
                Some(_) => Ok(()),
                None => update_file(&folder.join(file), object),
            };
            if let Err(reason) = result {
                refused.insert(*index, format!("`{file}`: {reason}"));
            }
        }
    }
    let in_suite: Vec<_> = updates.iter().filter(|(_, update)| !update.suite.is_empty()).collect();
    let mut text = run.text.clone();
    let mut waiting = in_suite.clone();
    while !waiting.is_empty() {
        let fixes: Vec<_> = waiting.iter().map(|(_, update)| Fix { object: 0, operations: &update.suite }).collect();
        let edited = edit::apply_to_documents(&text, &fixes);
        let is_stuck = edited.text == text;
        text = edited.text;
        let mut next = Vec::new();
        for (case, outcome) in waiting.into_iter().zip(&edited.outcomes) {
            match outcome {
                // A call makes no more than so many edits; the rest is for the next one.
                edit::Outcome::Waits if !is_stuck => next.push(case),
                outcome => {
                    if let Some(reason) = reason(outcome) {
                        refused.entry(case.0).or_insert(reason);
                    }
                }
            }
        }
        waiting = next;
    }
    if text != run.text
        && let Err(error) = exchange(&path, &run.text, &text)
    {
        refused.extend(in_suite.iter().map(|(index, _)| (*index, format!("the suite: {error}"))));
    }
    let changed: Vec<usize> = updates.iter().map(|(index, _)| *index).collect();
    for test in run.tests.iter_mut().filter(|test| changed.contains(&test.case) && test.difference.is_some()) {
        match refused.get(&test.case) {
            None => test.status = Status::Updated,
            Some(reason) => note(test, reason),
        }
    }
}

fn can_be_expected(test: &Test) -> bool {
    let lasts = test.outcome.mutation().is_none_or(|mutation| mutation.again == Again::Unchanged);
    lasts && (test.difference.is_none() || !matches!(test.outcome, Outcome::Failed(_)))
}

fn refuse(run: &mut SuiteRun, which: impl Fn(&Test) -> bool, reason: &str) {
    for test in run.tests.iter_mut().filter(|test| test.difference.is_some()) {
        if which(test) {
            note(test, reason);
        }
    }
}

fn note(test: &mut Test, reason: &str) {
    if let Some(difference) = &mut test.difference {
        difference.notes.push(format!("not updated: {reason}"));
    }
}

/// Why an edit was not made.
fn reason(outcome: &edit::Outcome) -> Option<String> {
    match outcome {
        edit::Outcome::Made => None,
        edit::Outcome::Waits => Some("another update touches the same place".to_owned()),
        edit::Outcome::Refused(refusal) => Some(refusal.to_string()),
    }
}

/// Makes the object of a file another one.
fn update_file(path: &Path, object: &Value) -> Result<(), String> {
    let text = Input::named(path).read().map_err(|error| error.to_string())?.unwrap_or_default();
    let json = json_in(&text).map_err(|error| error.to_string())?;
    let old: Value = serde_json::from_str(&json).map_err(|error| error.to_string())?;
    let operations: Vec<PatchOperation> = operations("", &old, object);
    if operations.is_empty() {
        return Ok(());
    }
    let Edited { text: new, outcomes } = edit::apply_to_documents(&text, &[Fix { object: 0, operations: &operations }]);
    match outcomes.first().and_then(reason) {
        Some(reason) => Err(reason),
        None => exchange(path, &text, &new).map_err(|error| error.to_string()),
    }
}
