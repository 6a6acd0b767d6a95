//! The repair of one file: the policies' fixes, made until nothing is left to fix.

use crate::edit::{self, Fix, Outcome, Refusal};
use crate::engine::Engine;
use crate::finding::PatchOp;
use crate::review::{FileReview, LocatedFinding, Reviewer};
use std::collections::HashMap;

/// How often a file is reviewed again. Policies whose fixes meet at one place take a round each.
const MAX_ROUNDS: usize = 32;
/// How often the repair starts anew without fixes that do not last.
const MAX_ATTEMPTS: usize = 8;

/// A file with its fixes made.
#[derive(Debug, Clone)]
pub struct FileFix {
    /// The new text.
    pub text: String,
    /// What was found in the text as it was.
    pub before: FileReview,
    /// What is found in the new text, and how many findings are gone.
    pub after: FileReview,
}

/// What a finding is known by from one round to the next.
type Key = (usize, String, String, Option<String>);

/// Why fixes are not made.
type Refusals = HashMap<Key, Refusal>;

impl<E: Engine> Reviewer<'_, E> {
    /// Reviews a text and makes every fix that lasts. A second run has nothing to do.
    ///
    /// What has a fix that was not made is still among the findings, with the reason. Policies whose fixes undo each
    /// other are left alone, because neither would last.
    #[must_use]
    pub fn fix(&self, file: &str, text: &str) -> FileFix {
        let before = self.review(file, text);
        let mut unsettled = Refusals::new();
        for _ in 0..MAX_ATTEMPTS {
            match self.attempt(text, &before, &unsettled) {
                Ok(fix) => return fix,
                Err(more) => unsettled.extend(more),
            }
        }
        let all = before.findings.iter().filter(|located| is_fixable(located));
        unsettled = all.map(|located| (key(located), Refusal::Unsettled { codes: Vec::new() })).collect();
        finish(text.to_owned(), before.clone(), before, &unsettled)
    }

    /// Makes fixes round by round.
    ///
    /// # Errors
    /// The fixes that had to be made again, or never came to an end.
    fn attempt(&self, text: &str, before: &FileReview, unsettled: &Refusals) -> Result<FileFix, Refusals> {
        let mut text = text.to_owned();
        let mut review = before.clone();
        let mut refusals = unsettled.clone();
        let mut made: Vec<LocatedFinding> = Vec::new();
        for _ in 0..MAX_ROUNDS {
            let is_wanted = |located: &&LocatedFinding| is_fixable(located) && !refusals.contains_key(&key(located));
            let mut wanted: Vec<_> = review.findings.iter().filter(is_wanted).collect();
            // A key that is put right comes first: others may look for what is below it, and add it anew.
            wanted.sort_by_key(|located| !located.finding.fix.iter().any(|operation| operation.op == PatchOp::Rename));
            if wanted.is_empty() {
                return Ok(finish(text, before.clone(), review, &refusals));
            }
            let fixes = wanted
                .iter()
                .map(|located| Fix { object: located.object_index, operations: located.finding.fix.as_slice() });
            let edited = edit::apply(&text, &fixes.collect::<Vec<_>>());
            let outcomes = || wanted.iter().zip(&edited.outcomes);
            refusals.extend(outcomes().filter_map(|(located, outcome)| match outcome {
                Outcome::Refused(refusal) => Some((key(located), refusal.clone())),
                _ => None,
            }));
            let new: Vec<LocatedFinding> = outcomes()
                .filter(|(_, outcome)| **outcome == Outcome::Made)
                .map(|(located, _)| (*located).clone())
                .collect();
            if new.is_empty() {
                continue;
            }
            let next = self.review(&before.file, &edited.text);
            if next.problems.len() > before.problems.len() {
                refusals.extend(new.iter().map(|located| (key(located), Refusal::Unreviewable)));
                continue;
            }
            let repeated = repeated(&made, &new);
            if !repeated.is_empty() {
                return Err(repeated);
            }
            made.extend(new);
            (text, review) = (edited.text, next);
        }
        Err(made.iter().map(|located| (key(located), Refusal::Unsettled { codes: Vec::new() })).collect())
    }
}

/// The fixes that are made once more, with those that undid them.
fn repeated(made: &[LocatedFinding], new: &[LocatedFinding]) -> Refusals {
    let mut refusals = Refusals::new();
    let mut by_key: HashMap<Key, Vec<usize>> = HashMap::new();
    for (index, earlier) in made.iter().enumerate() {
        by_key.entry(key(earlier)).or_default().push(index);
    }
    for again in new {
        let is_same = |index: &usize| made.get(*index).is_some_and(|earlier| earlier.finding.fix == again.finding.fix);
        let Some(since) = by_key.get(&key(again)).into_iter().flatten().copied().find(is_same) else {
            continue;
        };
        let rivals: Vec<_> = made.iter().skip(since).filter(|other| touches(other, again)).collect();
        let mut codes: Vec<_> = rivals.iter().map(|located| located.finding.code.clone()).collect();
        codes.sort_unstable();
        codes.dedup();
        refusals.extend(rivals.iter().map(|rival| (key(rival), Refusal::Unsettled { codes: codes.clone() })));
    }
    refusals
}

fn touches(a: &LocatedFinding, b: &LocatedFinding) -> bool {
    a.object_index == b.object_index && edit::touch(&a.finding.fix, &b.finding.fix)
}

fn finish(text: String, mut before: FileReview, mut after: FileReview, refusals: &Refusals) -> FileFix {
    for located in before.findings.iter_mut().chain(&mut after.findings) {
        located.not_fixed = refusals.get(&key(located)).cloned();
    }
    after.fixed = gone(&before, &after);
    FileFix { text, before, after }
}

/// How many findings that counted are there no more.
fn gone(before: &FileReview, after: &FileReview) -> usize {
    let counts = |located: &&LocatedFinding| located.finding.suppressed.is_none();
    let mut remaining: HashMap<Key, usize> = HashMap::new();
    for located in after.findings.iter().filter(counts) {
        *remaining.entry(key(located)).or_default() += 1;
    }
    before
        .findings
        .iter()
        .filter(counts)
        .filter(|located| match remaining.get_mut(&key(located)) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        })
        .count()
}

fn is_fixable(located: &LocatedFinding) -> bool {
    !located.finding.fix.is_empty() && located.finding.suppressed.is_none()
}

fn key(located: &LocatedFinding) -> Key {
    let finding = &located.finding;
    (located.object_index, finding.code.clone(), finding.pointer.clone(), finding.container.clone())
}
