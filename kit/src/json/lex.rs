//! From the bytes of a text to the entries of a tape.

use hifijson::SliceLexer;
use hifijson::num::Lex as _;
use hifijson::str::Lex as _;
use hifijson::token::Lex as _;

use super::{Entry, Kind};

/// Fills `entries`; `None` where the text is no JSON, with the lexer standing at the place.
pub(super) fn lex(lexer: &mut SliceLexer<'_>, length: usize, entries: &mut Vec<Entry>) -> Option<()> {
    let mut open: Vec<u32> = Vec::with_capacity(32);
    let at = |lexer: &SliceLexer<'_>| (length - lexer.as_slice().len()) as u32;
    let mut next = lexer.ws_peek()?;
    loop {
        // A value starts here.
        let start = at(lexer);
        let index = entries.len();
        let kind = match next {
            b'{' => Kind::Object,
            b'[' => Kind::Array,
            b'"' => Kind::String,
            b'-' | b'0'..=b'9' => Kind::Number,
            b'n' => Kind::Null,
            _ => Kind::Bool,
        };
        entries.push(Entry { kind, escaped: false, start, end: start, next: 0 });
        match kind {
            Kind::Object | Kind::Array => {
                lexer.discarded();
                open.push(index as u32);
                next = lexer.ws_peek()?;
                if kind == Kind::Object && next == b'"' {
                    key(lexer, length, entries)?;
                    next = lexer.ws_peek()?;
                    continue;
                }
                if kind == Kind::Array && next != b']' {
                    continue;
                }
            }
            Kind::String => {
                let escaped = skip_string(lexer)?;
                close(entries, index, at(lexer))?.escaped = escaped;
            }
            Kind::Number => {
                lexer.num_ignore().validate().ok()?;
                close(entries, index, at(lexer))?;
            }
            Kind::Null | Kind::Bool => {
                lexer.null_or_bool()?;
                close(entries, index, at(lexer))?;
            }
        }
        // A value ended: close what ends with it, then go to the next member.
        loop {
            let Some(&container) = open.last() else {
                return lexer.ws_peek().is_none().then_some(());
            };
            let in_object = entries.get(container as usize)?.kind == Kind::Object;
            let just_opened = container as usize + 1 == entries.len();
            let end = if in_object { b'}' } else { b']' };
            let byte = lexer.ws_peek()?;
            if byte == end {
                lexer.discarded();
                open.pop();
                close(entries, container as usize, at(lexer))?;
                continue;
            }
            if byte != b',' || just_opened {
                return None;
            }
            lexer.discarded();
            next = lexer.ws_peek()?;
            if in_object {
                key(lexer, length, entries)?;
                next = lexer.ws_peek()?;
            }
            break;
        }
    }
}

/// Reads `"key":`.
fn key(lexer: &mut SliceLexer<'_>, length: usize, entries: &mut Vec<Entry>) -> Option<()> {
    let start = (length - lexer.as_slice().len()) as u32;
    let escaped = skip_string(lexer)?;
    let end = (length - lexer.as_slice().len()) as u32;
    let next = entries.len() as u32 + 1;
    entries.push(Entry { kind: Kind::String, escaped, start, end, next });
    lexer.expect(SliceLexer::ws_peek, b':')
}

/// Skips a quoted string; tells whether it has an escape. Nearly all are plain, and the lexer's state machine only sees
/// the others.
fn skip_string(lexer: &mut SliceLexer<'_>) -> Option<bool> {
    let rest = lexer.as_slice().strip_prefix(b"\"")?;
    let end = first_special(rest)?;
    match rest.split_at_checked(end)?.1.split_first()? {
        (b'"', after) => {
            *lexer = SliceLexer::new(after);
            Some(false)
        }
        _ => lexer.discarded().str_ignore().ok().map(|()| true),
    }
}

/// Where the first byte is that cannot stand in a string as it is: a quote, a backslash or a control character.
/// Eight bytes are looked at together, because most of a request is strings.
pub(super) fn first_special(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    // The high bit of each byte that is zero; a byte above the first such one may have it by mistake.
    let zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    let mut rest = bytes;
    while let Some((chunk, after)) = rest.split_first_chunk() {
        let word = u64::from_le_bytes(*chunk);
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        let special = zero(word ^ (ONES * u64::from(b'"'))) | zero(word ^ (ONES * u64::from(b'\\'))) | control;
        if special != 0 {
            return Some(bytes.len() - rest.len() + special.trailing_zeros() as usize / 8);
        }
        rest = after;
    }
    let tail = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f))?;
    Some(bytes.len() - rest.len() + tail)
}

/// Ends the value at `index` and all that is inside it.
fn close(entries: &mut [Entry], index: usize, end: u32) -> Option<&mut Entry> {
    let next = entries.len() as u32;
    let entry = entries.get_mut(index)?;
    entry.end = end;
    entry.next = next;
    Some(entry)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::first_special;

    proptest! {
        #[test]
        fn finds_the_first_special_byte(bytes in prop::collection::vec(prop_oneof![4 => 0x20u8..=0xff, 1 => any::<u8>()], 0..40)) {
            let naive = bytes.iter().position(|byte| *byte < 0x20 || *byte == b'"' || *byte == b'\\');
            prop_assert_eq!(first_special(&bytes), naive);
        }
    }
}
