//! Places in a text as SARIF counts them: columns in UTF-16 code units, from 1.

use super::log::RegionDto;
use crate::source::{Position, Source, Span};
use std::ops::Range;

/// The region of a range of bytes.
pub(super) fn of(source: &Source<'_>, range: Range<usize>) -> RegionDto {
    let (start_line, start_column) = place(source, range.start);
    let (end_line, end_column) = place(source, range.end);
    RegionDto { start_line, start_column, end_line, end_column }
}

/// The region of the character at a position, which is empty at the end of a line.
pub(super) fn at(source: &Source<'_>, position: Position) -> RegionDto {
    let line = source.line(position.line);
    let before = position.column.saturating_sub(1) as usize;
    let mut characters = source.slice(line).char_indices().skip(before);
    let offset = characters.next().map_or(line.end(), |(offset, _)| line.start() + offset);
    let end = characters.next().map_or(line.end(), |(offset, _)| line.start() + offset);
    let region = of(source, offset..end);
    // What is not in the text is where it was said to be.
    if region.start_line == position.line {
        return region;
    }
    let Position { line, column } = position;
    RegionDto { start_line: line, start_column: column, end_line: line, end_column: column }
}

fn place(source: &Source<'_>, offset: usize) -> (u32, u32) {
    let position = source.position(offset);
    let line = source.line_at(offset);
    let before = source.slice(Span::new(line.start(), offset.clamp(line.start(), line.end())));
    // Characters beyond the basic plane are two units each.
    let beyond = before.chars().filter(|character| character.len_utf16() == 2).count();
    (position.line, position.column.saturating_add(u32::try_from(beyond).unwrap_or(u32::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(start: (u32, u32), end: (u32, u32)) -> RegionDto {
        RegionDto { start_line: start.0, start_column: start.1, end_line: end.0, end_column: end.1 }
    }

    #[test]
    fn columns_count_code_units() {
        let text = "\u{feff}a: ä😀x\r\nb: 😀\n";
        let source = Source::new(text);
        let x = text.find('x').unwrap();
        assert_eq!(of(&source, x..x + 1), region((1, 7), (1, 8)));
        assert_eq!(of(&source, x..text.len()), region((1, 7), (3, 1)));
        assert_eq!(at(&source, Position { line: 2, column: 4 }), region((2, 4), (2, 6)));
        assert_eq!(at(&source, Position { line: 2, column: 9 }), region((2, 6), (2, 6)));
        assert_eq!(at(&source, Position { line: 9, column: 2 }), region((9, 2), (9, 2)));
    }
}
