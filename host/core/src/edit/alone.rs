//! Fixes each by itself, for whoever lets people choose among them.

use super::splice::{Splice, Splices};
use super::{Fix, Unit, conflict, find_splices, proof};
use std::ops::Range;

/// How many bytes are read to prove the fixes of a file. What is left over stays unproved, and is not offered.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// A piece of text that takes the place of a range of bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// The bytes that go.
    pub range: Range<usize>,
    /// What comes in their place.
    pub text: String,
}

/// What each fix replaces when it is made alone; nothing for one that cannot be made, or whose result is not proved to be
/// the patched object.
#[must_use]
pub fn alone(text: &str, fixes: &[Fix<'_>]) -> Vec<Option<Vec<Replacement>>> {
    let mut replacements = vec![None; fixes.len()];
    // The text is read anew for every fix.
    let mut left = MAX_BYTES / text.len().max(1);
    // Operations that build upon each other have no places in the text as it is.
    let wanted: Vec<_> = fixes.iter().enumerate().filter(|(_, fix)| !conflict::is_entangled(fix)).collect();
    for (index, splices) in find_splices(Unit::Object, text, &wanted) {
        let (Ok(splices), Some(fix)) = (splices, fixes.get(index)) else { continue };
        let Some(rest) = left.checked_sub(1) else { break };
        left = rest;
        let mut together = Splices::default();
        if !together.add(splices) {
            continue;
        }
        if proof::holds(Unit::Object, text, &together.clone().apply(text), &[fix])
            && let Some(place) = replacements.get_mut(index)
        {
            *place = Some(joined(together));
        }
    }
    replacements
}

/// Splices as replacements in the order of the text. Those that meet are one, so that nobody has to know their order.
fn joined(splices: Splices) -> Vec<Replacement> {
    let mut joined: Vec<Replacement> = Vec::new();
    for Splice { range, text, .. } in splices.into_ordered() {
        match joined.last_mut().filter(|last| last.range.end == range.start) {
            Some(last) => {
                last.range.end = range.end;
                last.text.push_str(&text);
            }
            None => joined.push(Replacement { range, text }),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{PatchOp, PatchOperation};
    use serde_json::json;

    #[test]
    fn every_fix_stands_by_itself() {
        let text = "apiVersion: v1\nkind: Pod\nspec: {a: 1, b: 2}\n";
        let replace = |path: &str| PatchOperation { op: PatchOp::Replace, path: path.to_owned(), value: json!(3) };
        let operations = [vec![replace("/spec/a")], vec![replace("/spec/a")], vec![replace("/spec/none/x")]];
        let fixes: Vec<_> = operations.iter().map(|operations| Fix { object: 0, operations }).collect();
        let at = text.find("1, b").unwrap();
        let made = Some(vec![Replacement { range: at..at + 1, text: "3".to_owned() }]);
        assert_eq!(alone(text, &fixes), [made.clone(), made, None]);
    }

    #[test]
    fn what_meets_is_one_replacement() {
        let mut splices = Splices::default();
        assert!(splices.add(vec![Splice::new(3..4, "c"), Splice::insert(3, "b"), Splice::insert(9, "x")]));
        let replacement = |range, text: &str| Replacement { range, text: text.to_owned() };
        assert_eq!(joined(splices), [replacement(3..4, "bc"), replacement(9..9, "x")]);
    }
}
