//! Lines and gaps of a text.

use std::ops::Range;

/// A file's text, asked about its lines.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'a>(&'a str);

impl<'a> Text<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self(text)
    }

    pub(super) fn len(self) -> usize {
        self.0.len()
    }

    /// The text in a range, empty if there is no such range.
    pub(super) fn slice(self, range: Range<usize>) -> &'a str {
        self.0.get(range).unwrap_or_default()
    }

    pub(super) fn from(self, at: usize) -> &'a str {
        self.slice(at..self.len())
    }

    /// Where the line of an offset starts, behind a byte order mark.
    pub(super) fn line_start(self, at: usize) -> usize {
        match self.slice(0..at).rfind('\n') {
            Some(newline) => newline + 1,
            None => self.0.len() - self.0.trim_start_matches('\u{feff}').len(),
        }
    }

    /// Where the line of an offset ends, before its line break.
    pub(super) fn line_end(self, at: usize) -> usize {
        let line = self.from(at).split('\n').next().unwrap_or_default();
        at + line.strip_suffix('\r').unwrap_or(line).len()
    }

    /// Where the next line starts; the end of the text if there is none.
    pub(super) fn next_line(self, at: usize) -> usize {
        self.from(at).find('\n').map_or(self.len(), |newline| at + newline + 1)
    }

    /// How many characters stand before an offset in its line.
    pub(super) fn column(self, at: usize) -> usize {
        self.slice(self.line_start(at)..at).chars().count()
    }

    /// What stands before an offset in its line, if that is only white space.
    pub(super) fn indentation(self, at: usize) -> Option<&'a str> {
        let before = self.slice(self.line_start(at)..at);
        before.trim_matches([' ', '\t']).is_empty().then_some(before)
    }

    pub(super) fn same_line(self, a: usize, b: usize) -> bool {
        !self.slice(a.min(b)..a.max(b)).contains('\n')
    }

    pub(super) fn after_blanks(self, at: usize) -> usize {
        let rest = self.from(at);
        at + rest.len() - rest.trim_start_matches([' ', '\t']).len()
    }

    pub(super) fn before_blanks(self, at: usize) -> usize {
        self.slice(0..at).trim_end_matches([' ', '\t']).len()
    }

    /// The offset of the next thing that is no white space, line break or comment.
    pub(super) fn after_gap(self, mut at: usize) -> usize {
        loop {
            let rest = self.from(at);
            let gap = rest.len() - rest.trim_start().len();
            at += gap;
            let comment_may_start = gap > 0 || self.line_start(at) == at;
            if !comment_may_start || !self.from(at).starts_with('#') {
                return at;
            }
            at = self.next_line(at);
        }
    }

    /// The offset behind anchors and tags, and the gaps between them; `at` itself if there are none.
    pub(super) fn after_properties(self, mut at: usize) -> usize {
        loop {
            let start = self.after_blanks(at);
            let rest = self.from(start);
            if !rest.starts_with(['&', '!']) {
                return at;
            }
            at = start + rest.find(|c: char| c.is_whitespace() || ",[]{}".contains(c)).unwrap_or(rest.len());
        }
    }

    /// The line break that the file uses.
    pub(super) fn line_break(self) -> &'static str {
        match self.0.find('\n') {
            Some(newline) if self.slice(0..newline).ends_with('\r') => "\r\n",
            _ => "\n",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_before_their_break() {
        let text = Text::new("\u{feff}ab: 1 \r\n  c\n");
        assert_eq!((text.line_start(5), text.line_end(5), text.next_line(5)), (3, 9, 11));
        assert_eq!((text.column(5), text.column(13)), (2, 2));
        assert_eq!((text.indentation(13), text.indentation(5)), (Some("  "), None));
        assert_eq!((text.line_end(13), text.next_line(13), text.line_break()), (14, 15, "\r\n"));
        assert_eq!((text.line_start(15), text.next_line(15)), (15, 15));
    }

    #[test]
    fn gaps_hold_comments() {
        let text = Text::new("a: # b\n  # c\n x#d");
        assert_eq!(text.from(text.after_gap(2)), "x#d");
        assert_eq!(text.after_gap(15), 15);
    }

    #[test]
    fn properties_are_anchors_and_tags() {
        let text = Text::new("a: &x !!map  b");
        assert_eq!((text.after_properties(2), text.after_properties(13)), (11, 13));
        assert_eq!(Text::new("[&x,1]").after_properties(1), 3);
    }
}
