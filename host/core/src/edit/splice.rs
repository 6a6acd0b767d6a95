//! Changes to a text by byte ranges.

use std::ops::Range;

/// A piece of text that replaces a range of bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Splice {
    pub(super) range: Range<usize>,
    pub(super) text: String,
    /// Whether nothing else may be inserted at the same place.
    pub(super) alone: bool,
}

impl Splice {
    pub(super) fn new(range: Range<usize>, text: impl Into<String>) -> Self {
        Self { range, text: text.into(), alone: false }
    }

    pub(super) fn insert(at: usize, text: impl Into<String>) -> Self {
        Self::new(at..at, text)
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

/// The text with all splices made. Insertions at one place come in the order given.
pub(super) fn splice(text: &str, mut splices: Vec<Splice>) -> String {
    splices.sort_by_key(|splice| (splice.range.start, splice.range.end));
    let mut out = String::with_capacity(text.len() + splices.iter().map(|splice| splice.text.len()).sum::<usize>());
    let mut at = 0;
    for splice in splices {
        out.push_str(text.get(at..splice.range.start).unwrap_or_default());
        out.push_str(&splice.text);
        at = splice.range.end.max(at);
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splices_come_in_order() {
        let splices =
            vec![Splice::new(3..4, ""), Splice::insert(1, "x"), Splice::insert(1, "y"), Splice::new(1..2, "B")];
        assert_eq!(splice("abcd", splices), "axyBc");
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
