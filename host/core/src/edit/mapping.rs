//! Entries of mappings: added and removed.

use super::flow;
use super::refusal::Refusal;
use super::replace::replace;
use super::site::{Site, Slot};
use super::splice::Splice;
use super::text::Text;
use super::write::{entry_lines, scalar};
use crate::yaml::{Form, Written};
use serde_json::{Map, Value};

/// Adds a key that a mapping does not have.
pub(super) fn add(
    site: &Site<'_, '_, '_>,
    mapping: &Slot<'_>,
    key: &str,
    value: &Value,
) -> Result<Vec<Splice>, Refusal> {
    let entries = site.document.written(mapping.node).ok_or(Refusal::Layout)?;
    let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
        let fields = Map::from_iter([(key.to_owned(), value.clone())]);
        return replace(site, mapping, &Value::Object(fields));
    };
    if site.document.form(mapping.node) == Form::Flow {
        let part = flow::Part::Entry(key, value);
        return Ok(flow::append(site, mapping.node, first.key_span.start(), site.entry_end(last), &part));
    }
    let column = site.text.column(first.key_span.start());
    let lines = entry_lines(key, value, column, site.layout.steps);
    let at = line_behind(site.text, site.entry_end(last), column);
    Ok(vec![Splice::lines(at, line_text(site, at, &lines), column, false)])
}

/// Removes an entry.
pub(super) fn remove(site: &Site<'_, '_, '_>, slot: &Slot<'_>, entry: &Written<'_>) -> Result<Vec<Splice>, Refusal> {
    let parent = slot.parent.ok_or(Refusal::Layout)?;
    let entries = site.document.written(parent).ok_or(Refusal::Layout)?;
    let start = entry.key_span.start();
    let next = entries.get(slot.index + 1).map(|next| next.key_span.start());
    let previous = slot.index.checked_sub(1).and_then(|previous| entries.get(previous));
    let range = match (site.document.form(parent), next, previous) {
        (Form::Block, Some(next), _) if site.text.indentation(start).is_none() => start..next,
        (Form::Block, _, Some(_)) | (Form::Block, Some(_), None) => whole_lines(site, start, site.entry_end(entry)),
        (Form::Flow, Some(next), _) => start..next,
        (Form::Flow, None, Some(previous)) => site.entry_end(previous)..site.entry_end(entry),
        _ => return Err(Refusal::Layout),
    };
    site.check_nothing_shared_in(&range)?;
    Ok(vec![Splice::new(range, "")])
}

/// Gives an entry another key, in the quotes of the old one.
pub(super) fn rename(
    site: &Site<'_, '_, '_>,
    mapping: &Slot<'_>,
    entry: &Written<'_>,
    key: &str,
) -> Result<Vec<Splice>, Refusal> {
    // The other key may come by a merge, and would be hidden.
    if site.document.get(mapping.node, key).is_some() {
        return Err(Refusal::Layout);
    }
    let old = site.source.slice(entry.key_span);
    let quote = old.chars().next().filter(|first| matches!(first, '"' | '\''));
    let text = scalar(&Value::from(key), quote, site.document.form(mapping.node) == Form::Flow);
    Ok(vec![Splice::new(entry.key_span.range(), &text)])
}

/// The lines from one offset to another; at the end of a text without a last line break, the break before them.
pub(super) fn whole_lines(site: &Site<'_, '_, '_>, start: usize, end: usize) -> std::ops::Range<usize> {
    let start = site.text.line_start(start);
    let next = site.text.next_line(end);
    if next == site.text.len() && !site.text.slice(0..next).ends_with('\n') {
        let before = start.saturating_sub(1);
        return site.text.line_end(site.text.line_start(before))..next;
    }
    start..next
}

/// The start of the line behind a value, and behind comments below it that are indented deeper than a column: they
/// belong to the value.
pub(super) fn line_behind(text: Text<'_>, end: usize, column: usize) -> usize {
    let mut behind = text.next_line(end);
    let mut at = behind;
    while at < text.len() {
        let start = text.after_blanks(at);
        let next = text.next_line(at);
        if text.from(start).starts_with('#') {
            if text.column(start) <= column {
                break;
            }
            behind = next;
        } else if text.line_end(start) != start {
            break;
        }
        at = next;
    }
    behind
}

/// What inserts lines at the start of a line, or at the end of the text.
pub(super) fn line_text(site: &Site<'_, '_, '_>, at: usize, lines: &[String]) -> String {
    let line_break = site.layout.pretty.line_break;
    let lines = lines.join(line_break);
    let open_end = at == site.text.len() && at > 0 && !site.text.slice(0..at).ends_with('\n');
    if open_end { format!("{line_break}{lines}") } else { format!("{lines}{line_break}") }
}
