//! Changes to a text by byte ranges.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Range;

/// A piece of text that replaces a range of bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Splice {
    pub(super) range: Range<usize>,
    pub(super) text: String,
    /// Whether nothing else may be inserted at the same place.
    pub(super) alone: bool,
    /// How deep inserted lines are nested: of those at one place the deeper come first.
    depth: usize,
}

impl Splice {
    pub(super) fn new(range: Range<usize>, text: impl Into<String>) -> Self {
        Self { range, text: text.into(), alone: false, depth: 0 }
    }

    pub(super) fn insert(at: usize, text: impl Into<String>) -> Self {
        Self::new(at..at, text)
    }

    /// Lines that are inserted for a key or a dash at a column.
    pub(super) fn lines(at: usize, text: String, column: usize, is_item: bool) -> Self {
        // Dashes may stand at the column of the key that their list belongs to.
        Self { depth: 2 * column + usize::from(is_item), ..Self::insert(at, text) }
    }

    pub(super) fn alone(self) -> Self {
        Self { alone: true, ..self }
    }

    /// Whether two splices cannot both be made.
    pub(super) fn meets(&self, other: &Self) -> bool {
        let (a, b) = (&self.range, &other.range);
        if a.is_empty() && b.is_empty() {
            return a == b && (self.alone || other.alone);
        }
        a.start < b.end && b.start < a.end
    }
}

/// Splices that can all be made.
#[derive(Debug, Clone, Default)]
pub(super) struct Splices {
    /// By where they start; those at one place in the order they came.
    by_start: BTreeMap<usize, Vec<Splice>>,
}

impl Splices {
    /// Adds splices that belong together, and says whether none of them meets one that is there.
    pub(super) fn add(&mut self, new: Vec<Splice>) -> bool {
        if new.iter().any(|splice| self.meets(splice)) {
            return false;
        }
        for splice in new {
            self.by_start.entry(splice.range.start).or_default().push(splice);
        }
        true
    }

    fn meets(&self, new: &Splice) -> bool {
        // No two that are there overlap, so of those that start before only the last can reach so far.
        let before = self.by_start.range(..new.range.start).next_back();
        let within = self.by_start.range(new.range.start..=new.range.end);
        before.into_iter().chain(within).flat_map(|(_, splices)| splices).any(|splice| splice.meets(new))
    }

    /// The splices in the order of the text.
    pub(super) fn into_ordered(self) -> impl Iterator<Item = Splice> {
        self.by_start.into_values().flat_map(|mut splices| {
            // What is inserted before a range comes before what takes the range's place.
            splices.sort_by_key(|splice| (splice.range.end, Reverse(splice.depth)));
            splices
        })
    }

    /// The text with all splices made.
    pub(super) fn apply(self, text: &str) -> String {
        let mut out = String::with_capacity(text.len() + text.len() / 8);
        let mut at = 0;
        for splice in self.into_ordered() {
            out.push_str(text.get(at..splice.range.start).unwrap_or_default());
            out.push_str(&splice.text);
            at = splice.range.end.max(at);
        }
        out.push_str(text.get(at..).unwrap_or_default());
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splices_come_in_order() {
        let splices =
            vec![Splice::new(3..4, ""), Splice::insert(1, "x"), Splice::insert(1, "y"), Splice::new(1..2, "B")];
        let mut together = Splices::default();
        assert!(together.add(splices) && !together.add(vec![Splice::insert(9, ""), Splice::new(0..2, "")]));
        assert_eq!(together.apply("abcd"), "axyBc");
    }

    #[test]
    fn what_overlaps_meets() {
        let range = |start, end| Splice::new(start..end, "");
        assert!(range(1, 3).meets(&range(2, 4)) && range(1, 3).meets(&range(2, 2)));
        assert!(
            !range(1, 3).meets(&range(3, 4)) && !range(1, 3).meets(&range(1, 1)) && !range(2, 2).meets(&range(2, 2))
        );
        assert!(range(2, 2).alone().meets(&range(2, 2)));
    }
}
