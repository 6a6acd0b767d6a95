//! Repairs in the text of a file: patches of objects become changes of byte ranges, and every change is proved.
//!
//! Nothing is written anew but what a patch names: comments, order, quotes and line breaks stay as they are. What is
//! written is read again, and must be exactly the patched objects with everything else unchanged; what is not is
//! refused, so that no mistake in here can damage a file.

mod alone;
mod conflict;
mod flow;
mod layout;
mod mapping;
mod operation;
mod proof;
#[cfg(test)]
mod properties;
mod refusal;
mod replace;
mod sequence;
mod site;
mod splice;
#[cfg(test)]
mod tests;
mod text;
pub(crate) mod write;

pub use alone::{Replacement, alone};
pub(crate) use conflict::touch;
pub use refusal::Refusal;

use crate::finding::PatchOperation;
use crate::object::Contents;
use crate::source::Source;
use crate::yaml::{Document, Documents};
use site::Site;
use splice::{Splice, Splices};
use std::collections::HashMap;

/// How many proofs one call may take. What is left over then waits, so that many fixes that cannot be proved do not make
/// a large file take forever.
const MAX_PROOFS: usize = 100;

/// The patch of one object of a file.
#[derive(Debug, Clone, Copy)]
pub struct Fix<'f> {
    /// Which of the file's objects, from 0 in the order of the text.
    pub object: usize,
    /// What to do to it. All or nothing is done.
    pub operations: &'f [PatchOperation],
}

/// What a fix counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// The Kubernetes objects of a file.
    Object,
    /// The documents of a file.
    Document,
}

impl Unit {
    /// The pointers to the units in a document.
    fn pointers(self, document: &Document<'_>) -> Vec<String> {
        match self {
            Self::Object => Contents::of(document).objects.iter().map(|object| object.pointer().to_owned()).collect(),
            Self::Document => vec![String::new()],
        }
    }
}

/// What became of a fix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is in the text.
    Made,
    /// It touches the place of another fix that was made; it may be made next, if it is still wanted.
    Waits,
    /// It cannot be made.
    Refused(Refusal),
}

/// A text with fixes made in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// The new text.
    pub text: String,
    /// What became of each fix, in the order given.
    pub outcomes: Vec<Outcome>,
}

/// Makes as many of the fixes as can be made at once. Where two touch each other's places, the earlier is made.
#[must_use]
pub fn apply(text: &str, fixes: &[Fix<'_>]) -> Edited {
    apply_to(Unit::Object, text, fixes)
}

/// Like [`apply`], but a fix counts the file's documents, whatever they hold.
#[must_use]
pub fn apply_to_documents(text: &str, fixes: &[Fix<'_>]) -> Edited {
    apply_to(Unit::Document, text, fixes)
}

/// A value as YAML lines, in the manner of new text in a document that shows no other.
pub(crate) fn yaml(value: &serde_json::Value) -> String {
    let lines = write::lines_at(value, 0, write::Steps { mapping: 2, sequence: 2 });
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn apply_to(unit: Unit, text: &str, fixes: &[Fix<'_>]) -> Edited {
    let mut edited = Edited { text: text.to_owned(), outcomes: vec![Outcome::Waits; fixes.len()] };
    let mut chosen = Vec::new();
    let mut chosen_by_object: HashMap<usize, Vec<&Fix<'_>>> = HashMap::new();
    for (index, fix) in fixes.iter().enumerate() {
        let others = chosen_by_object.entry(fix.object).or_default();
        if others.iter().all(|other| !touch(fix.operations, other.operations)) {
            others.push(fix);
            chosen.push(index);
        }
    }
    let is_entangled = |index: &usize| fixes.get(*index).is_some_and(conflict::is_entangled);
    let (entangled, simple): (Vec<_>, Vec<_>) = chosen.into_iter().partition(is_entangled);
    let mut proofs = MAX_PROOFS;
    edited.make_together(unit, fixes, &simple, &mut proofs);
    for index in entangled.into_iter().take(MAX_PROOFS) {
        if let Some(fix) = fixes.get(index) {
            edited.make_step_by_step(unit, index, fix);
        }
    }
    edited
}

impl Edited {
    /// Makes fixes that do not touch each other. Those that cannot be proved together are tried in halves.
    fn make_together(&mut self, unit: Unit, fixes: &[Fix<'_>], chosen: &[usize], proofs: &mut usize) {
        let Some(left) = proofs.checked_sub(1) else { return };
        let wanted: Vec<_> = chosen.iter().filter_map(|index| Some((*index, fixes.get(*index)?))).collect();
        let mut splices = Splices::default();
        let mut made = Vec::new();
        for (index, result) in find_splices(unit, &self.text, &wanted) {
            match result {
                Err(refusal) => self.set(index, Outcome::Refused(refusal)),
                Ok(new) => {
                    if splices.add(new) {
                        made.push(index);
                    }
                }
            }
        }
        if made.is_empty() {
            return;
        }
        *proofs = left;
        let text = splices.apply(&self.text);
        let proved: Vec<_> = made.iter().filter_map(|index| fixes.get(*index)).collect();
        if proof::holds(unit, &self.text, &text, &proved) {
            self.text = text;
            made.into_iter().for_each(|index| self.set(index, Outcome::Made));
            return;
        }
        match made.split_at(made.len() / 2) {
            ([], [index]) => self.set(*index, Outcome::Refused(Refusal::Unproven)),
            (first, second) => {
                self.make_together(unit, fixes, first, proofs);
                self.make_together(unit, fixes, second, proofs);
            }
        }
    }

    /// Makes a fix whose operations build upon each other.
    fn make_step_by_step(&mut self, unit: Unit, index: usize, fix: &Fix<'_>) {
        let mut text = self.text.clone();
        for operation in fix.operations {
            let step = Fix { operations: std::slice::from_ref(operation), ..*fix };
            match find_splices(unit, &text, &[(index, &step)]).pop() {
                Some((_, Ok(new))) => {
                    let mut splices = Splices::default();
                    splices.add(new);
                    text = splices.apply(&text);
                }
                Some((_, Err(refusal))) => return self.set(index, Outcome::Refused(refusal)),
                None => return self.set(index, Outcome::Refused(Refusal::Unproven)),
            }
        }
        if proof::holds(unit, &self.text, &text, &[fix]) {
            self.text = text;
            self.set(index, Outcome::Made);
        } else {
            self.set(index, Outcome::Refused(Refusal::Unproven));
        }
    }

    fn set(&mut self, index: usize, outcome: Outcome) {
        if let Some(place) = self.outcomes.get_mut(index) {
            *place = outcome;
        }
    }
}

/// The changes that each fix makes in the text.
fn find_splices(unit: Unit, text: &str, fixes: &[(usize, &Fix<'_>)]) -> Vec<(usize, Result<Vec<Splice>, Refusal>)> {
    let source = Source::new(text);
    let by_object = by_object(fixes.iter().map(|(index, fix)| (*index, *fix)));
    let mut found = Vec::with_capacity(fixes.len());
    let mut objects = 0..;
    for document in Documents::new(&source).flatten() {
        let mut site = None;
        for (object, number) in unit.pointers(&document).iter().zip(&mut objects) {
            for (index, fix) in by_object.get(&number).into_iter().flatten() {
                let site = site.get_or_insert_with(|| Site::new(&source, &document));
                let splices = fix.operations.iter().map(|operation| operation::splices(site, object, operation));
                found.push((*index, splices.collect::<Result<Vec<_>, _>>().map(|splices| splices.concat())));
            }
        }
    }
    found
}

/// Fixes by the object that they are for, each with something to know it by.
fn by_object<'f, T>(fixes: impl Iterator<Item = (T, &'f Fix<'f>)>) -> HashMap<usize, Vec<(T, &'f Fix<'f>)>> {
    let mut by_object: HashMap<usize, Vec<_>> = HashMap::new();
    for (index, fix) in fixes {
        by_object.entry(fix.object).or_default().push((index, fix));
    }
    by_object
}
