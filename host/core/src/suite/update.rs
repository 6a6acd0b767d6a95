//! Expectations rewritten to what there is.

use super::answer::Outcome;
use super::expectation::{Expectation, Mutated, Verdict};
use super::operations::{child, operations};
use super::{Case, Expect};
use crate::finding::{PatchOp, PatchOperation};
use serde_json::{Map, Value, json};

/// What becomes of a case's expectations.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Update {
    /// Changes of the suite.
    pub suite: Vec<PatchOperation>,
    /// Changes of files that hold mutated objects: the file as the suite names it, and its new object.
    pub files: Vec<(String, Value)>,
}

/// How a case's expectations are to be written so that they agree with what the policies said. `asked` are the policies
/// that were asked, in the suite's order, `object` is the case's object.
#[must_use]
pub fn updated(case: &Case, asked: &[(&str, &Outcome)], object: &Value) -> Update {
    let mut update = Update::default();
    let mut new = |outcome: &Outcome, old: Option<(&Expectation, &Value)>| match old {
        Some((expectation, written)) => rewritten(expectation, written, outcome, object, &mut update.files),
        None => fresh(outcome),
    };
    let pointer = format!("{}/expect", case.pointer);

    let alike = |values: Vec<(&str, Value)>| match values.split_first() {
        Some(((_, first), others)) if others.iter().all(|(_, other)| other == first) => first.clone(),
        _ => Value::Object(values.into_iter().map(|(id, value)| (id.to_owned(), value)).collect()),
    };
    match &case.expect {
        Expect::Nothing => {
            let value = alike(asked.iter().map(|(id, outcome)| (*id, new(outcome, None))).collect());
            // A null that is written already is a place to write to.
            update.suite.push(PatchOperation { op: PatchOp::Add, path: pointer, value });
        }
        Expect::All(expectation, written) => {
            let all = asked.iter().map(|(id, outcome)| (*id, new(outcome, Some((expectation, written)))));
            let value = alike(all.collect());
            update.suite = operations(&pointer, written, &value);
        }
        Expect::Each(each, written) => {
            let mut value = written.clone();
            for (id, outcome) in asked {
                let expectation = each.iter().find(|(known, _)| known == id).map(|(_, expectation)| expectation);
                let own = match expectation {
                    Some(Some(expectation)) => new(outcome, written.get(*id).map(|own| (expectation, own))),
                    _ => new(outcome, None),
                };
                if let Some(values) = value.as_object_mut() {
                    values.insert((*id).to_owned(), own);
                }
            }
            update.suite = operations(&pointer, written, &value);
        }
    }
    update.suite = verdicts_first(update.suite);
    update
}

/// Writes codes after the verdict, where people look for them; a new mapping has its keys in the order of the alphabet.
fn verdicts_first(operations: Vec<PatchOperation>) -> Vec<PatchOperation> {
    let mut ordered = Vec::with_capacity(operations.len());
    for mut operation in operations {
        let mut later = Vec::new();
        let path = operation.path.clone();
        take_codes(&mut operation.value, &path, &mut later);
        if let Value::Object(by_policy) = &mut operation.value {
            by_policy.iter_mut().for_each(|(id, own)| take_codes(own, &child(&path, id), &mut later));
        }
        ordered.push(operation);
        ordered.append(&mut later);
    }
    ordered
}

fn take_codes(value: &mut Value, path: &str, later: &mut Vec<PatchOperation>) {
    const CODES: &str = "codes";
    let expectation = value.as_object_mut().filter(|fields| fields.contains_key("verdict"));
    if let Some(codes) = expectation.and_then(|fields| fields.remove(CODES)) {
        later.push(PatchOperation { op: PatchOp::Add, path: child(path, CODES), value: codes });
    }
}

/// An expectation where there was none: whatever is known but the words, which change most often.
fn fresh(outcome: &Outcome) -> Value {
    let verdict = outcome.verdict();
    match verdict {
        Verdict::Warn | Verdict::Deny => json!({"verdict": verdict.name(), "codes": outcome.codes()}),
        _ => verdict.name().into(),
    }
}

/// An expectation in its own form, as far as the outcome has such things.
fn rewritten(
    expectation: &Expectation,
    written: &Value,
    outcome: &Outcome,
    object: &Value,
    files: &mut Vec<(String, Value)>,
) -> Value {
    let verdict = outcome.verdict();
    let Value::Object(written) = written else { return verdict.name().into() };
    let mut new: Map<String, Value> = written.clone();
    let mutation = outcome.mutation().map(|mutation| &mutation.object);
    if let (Some(mutated), Some(is)) = (&expectation.mutated, mutation) {
        match &mutated.value {
            Mutated::Object(_) => drop(new.insert("mutated".to_owned(), is.clone())),
            Mutated::Patch(patch) if applied(patch, object).as_ref() == Some(is) => {}
            Mutated::Patch(_) => drop(new.insert("mutated".to_owned(), patch(object, is))),
            Mutated::File(path) => files.push((path.clone(), is.clone())),
        }
    } else {
        new.remove("mutated");
    }
    if verdict != expectation.verdict || new.contains_key("verdict") {
        new.insert("verdict".to_owned(), verdict.name().into());
    }
    let codes = outcome.codes();
    if let Some(wanted) = &expectation.codes
        && !same_codes(wanted, &codes)
    {
        new.insert("codes".to_owned(), codes.clone().into());
    }
    if let Some(wanted) = &expectation.contains
        && !wanted.iter().all(|code| codes.contains(code))
    {
        new.insert("contains".to_owned(), codes.into());
    }
    let fits = |message: &str, pointer: &str| {
        expectation.message.as_deref().is_none_or(|part| message.contains(part))
            && expectation.pointer.as_deref().is_none_or(|own| own == pointer)
    };
    let is_met = match outcome {
        Outcome::Failed(error) => fits(error, ""),
        _ => outcome.findings().any(|finding| fits(&finding.message, &finding.pointer)),
    };
    if !is_met {
        let first = outcome.findings().next();
        let message = match outcome {
            Outcome::Failed(error) => Some(error.as_str()),
            _ => first.map(|finding| finding.message.as_str()),
        };
        let pointer = first.map(|finding| finding.pointer.as_str());
        for (key, value) in [("message", message), ("pointer", pointer)] {
            if let (true, Some(value)) = (new.contains_key(key), value) {
                new.insert(key.to_owned(), value.into());
            }
        }
    }
    let allowed = |key: &str| match key {
        "codes" | "contains" | "pointer" => verdict.has_findings(),
        "message" => verdict.has_findings() || verdict == Verdict::Error,
        _ => true,
    };
    new.retain(|key, _| allowed(key));
    Value::Object(new)
}

fn same_codes(wanted: &[String], codes: &[String]) -> bool {
    wanted.iter().all(|code| codes.contains(code)) && codes.iter().all(|code| wanted.contains(code))
}

/// What a patch makes of an object; `None` if it does not fit.
pub fn applied(patch: &Value, object: &Value) -> Option<Value> {
    let patch: json_patch::Patch = serde_json::from_value(patch.clone()).ok()?;
    let mut object = object.clone();
    json_patch::patch(&mut object, &patch).ok()?;
    Some(object)
}

/// The JSON Patch between two objects, as a suite writes it.
fn patch(object: &Value, mutated: &Value) -> Value {
    let operations = operations("", object, mutated);
    operations.iter().map(PatchOperation::to_json).collect()
}
