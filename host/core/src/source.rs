//! The text of one file, and where in it a byte is.

/// The text of one file with an index from byte offsets to lines and columns.
///
/// The index has one entry per 4 KiB, so that neither many lines nor a very long one make it large or slow.
#[derive(Debug, Clone)]
pub struct Source<'a> {
    text: &'a str,
    blocks: Vec<BlockStart>,
}

/// What comes before a block of [`BLOCK`] bytes.
#[derive(Debug, Clone, Copy, Default)]
struct BlockStart {
    newlines: u32,
    /// Characters since the last newline.
    characters: u32,
}

/// A half-open range of bytes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    start: u32,
    end: u32,
}

/// A place in a file, as editors count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line, from 1.
    pub line: u32,
    /// The column in characters (Unicode scalar values), from 1.
    pub column: u32,
}

const BLOCK: usize = 4096;
const BYTE_ORDER_MARK: char = '\u{feff}';

impl<'a> Source<'a> {
    /// Indexes a text.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        let mut at = BlockStart::default();
        let blocks = text
            .as_bytes()
            .chunks(BLOCK)
            .map(|block| {
                let start = at;
                at = start.advanced(block);
                start
            })
            .collect();
        Self { text, blocks }
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// The text of a span, empty if the span is not one of this file.
    #[must_use]
    pub fn slice(&self, span: Span) -> &'a str {
        self.text.get(span.range()).unwrap_or_default()
    }

    /// Line and column of a byte offset; an offset past the end counts as the end.
    #[must_use]
    pub fn position(&self, offset: usize) -> Position {
        let offset = self.boundary(offset);
        let block = (offset / BLOCK).min(self.blocks.len().saturating_sub(1));
        let start = self.blocks.get(block).copied().unwrap_or_default();
        let bytes = self.text.as_bytes().get(block * BLOCK..offset).unwrap_or_default();
        let at = start.advanced(bytes);
        let has_mark = at.newlines == 0 && offset > 0 && self.text.starts_with(BYTE_ORDER_MARK);
        Position { line: at.newlines.saturating_add(1), column: at.characters.saturating_add(1) - u32::from(has_mark) }
    }

    /// The line that holds a byte offset, without its line break.
    #[must_use]
    pub fn line_at(&self, offset: usize) -> Span {
        self.line_near(offset, self.text.len())
    }

    /// The part of the line at a byte offset that is at most `reach` bytes away from it.
    #[must_use]
    pub fn line_near(&self, offset: usize, reach: usize) -> Span {
        let offset = self.boundary(offset);
        let from = self.boundary(offset.saturating_sub(reach));
        let to = self.boundary(offset.saturating_add(reach));
        let before = self.text.get(from..offset).unwrap_or_default();
        let after = self.text.get(offset..to).unwrap_or_default();
        let start = before.rfind('\n').map_or(from, |newline| from + newline + 1);
        let end = after.find('\n').map_or(to, |newline| offset + newline);
        let line = self.text.get(start..end).unwrap_or_default();
        let shown = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
        let start = start + line.len() - shown.len();
        Span::new(start, start + shown.trim_end_matches('\r').len())
    }

    /// The line with a number, from 1, without its line break; empty at the end of the text if there are fewer lines.
    #[must_use]
    pub fn line(&self, number: u32) -> Span {
        let breaks = number.saturating_sub(1);
        let block = self.blocks.partition_point(|start| start.newlines < breaks).saturating_sub(1);
        let before = self.blocks.get(block).map_or(0, |start| start.newlines);
        let start = block * BLOCK;
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        let offset = match breaks.saturating_sub(before) {
            0 => Some(start),
            missing => rest
                .iter()
                .enumerate()
                .filter(|(_, byte)| **byte == b'\n')
                .nth(missing as usize - 1)
                .map(|(newline, _)| start + newline + 1),
        };
        self.line_at(offset.unwrap_or(self.text.len()))
    }

    /// The offset of the character that a byte belongs to.
    pub(crate) fn boundary(&self, offset: usize) -> usize {
        self.text.floor_char_boundary(offset)
    }
}

impl BlockStart {
    /// What comes before the end of the bytes, if `self` comes before their start.
    fn advanced(self, bytes: &[u8]) -> Self {
        let last_newline = bytes.iter().rposition(|byte| *byte == b'\n');
        let line = last_newline.map_or(bytes, |newline| bytes.get(newline + 1..).unwrap_or_default());
        let before = if last_newline.is_some() { 0 } else { self.characters };
        Self {
            newlines: self.newlines.saturating_add(count(bytes, |byte| byte == b'\n')),
            characters: before.saturating_add(count(line, starts_character)),
        }
    }
}

impl Span {
    pub(crate) const EMPTY: Self = Self { start: 0, end: 0 };

    /// The bytes from `start` up to `end`.
    #[must_use]
    pub fn new(start: usize, end: usize) -> Self {
        let clamp = |offset| u32::try_from(offset).unwrap_or(u32::MAX);
        Self { start: clamp(start), end: clamp(end.max(start)) }
    }

    /// The offset of the first byte.
    #[must_use]
    pub fn start(self) -> usize {
        self.start as usize
    }

    /// The offset behind the last byte.
    #[must_use]
    pub fn end(self) -> usize {
        self.end as usize
    }

    /// The span as a range of byte offsets.
    #[must_use]
    pub fn range(self) -> std::ops::Range<usize> {
        self.start()..self.end()
    }

    /// Whether the span covers nothing.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }
}

fn count(bytes: &[u8], counts: impl Fn(u8) -> bool) -> u32 {
    let count = bytes.iter().filter(|byte| counts(**byte)).count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Whether a byte of UTF-8 is not the continuation of a character.
fn starts_character(byte: u8) -> bool {
    byte & 0b1100_0000 != 0b1000_0000
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(line: u32, column: u32) -> Position {
        Position { line, column }
    }

    #[test]
    fn columns_count_characters() {
        let source = Source::new("a: ä€😀x\nb: 1\n");
        assert_eq!(source.position(0), at(1, 1));
        assert_eq!(source.position("a: ä€😀".len()), at(1, 7));
        assert_eq!(source.position("a: ä€😀x\nb".len()), at(2, 2));
    }

    #[test]
    fn a_byte_order_mark_has_no_column() {
        let source = Source::new("\u{feff}a: 1\n");
        assert_eq!(source.position(3), at(1, 1));
        assert_eq!(source.slice(source.line_at(3)), "a: 1");
    }

    #[test]
    fn the_end_of_the_text_has_a_position() {
        let text = "x\n".repeat(BLOCK / 2);
        let source = Source::new(&text);
        assert_eq!(source.position(text.len()), at(BLOCK as u32 / 2 + 1, 1));
        assert_eq!(source.position(text.len() + 9), at(BLOCK as u32 / 2 + 1, 1));
        assert_eq!(Source::new("").position(0), at(1, 1));
    }

    #[test]
    fn a_line_has_no_line_break() {
        let source = Source::new("one\r\ntwo\r\n");
        assert_eq!(source.slice(source.line_at(1)), "one");
        assert_eq!(source.slice(source.line_at(6)), "two");
        assert_eq!(source.slice(source.line_at(99)), "");
        assert_eq!(source.slice(source.line(2)), "two");
        assert_eq!(source.slice(source.line(99)), "");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn lines_agree_with_counting(text in "\u{feff}?[a\nä€]{0,6000}|\u{feff}?[aä€]{0,6000}", at in 0usize..9000) {
            let source = Source::new(&text);
            let mut end = at.min(text.len());
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            let before = text.get(..end).unwrap();
            let line = before.split('\n').next_back().unwrap_or_default();
            let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
            prop_assert_eq!(
                source.position(at),
                Position {
                    line: before.matches('\n').count() as u32 + 1,
                    column: line.chars().count() as u32 + 1,
                }
            );
            let number = source.position(at).line;
            prop_assert_eq!(
                source.slice(source.line(number)),
                text.trim_start_matches(BYTE_ORDER_MARK).split('\n').nth(number as usize - 1).unwrap_or_default()
            );
        }
    }
}
