//! Items of sequences: inserted and removed.

use super::flow;
use super::mapping::{line_behind, line_text, whole_lines};
use super::refusal::Refusal;
use super::replace::replace;
use super::site::{Site, Slot};
use super::splice::Splice;
use super::write::item_lines;
use crate::yaml::Form;
use serde_json::Value;

/// Inserts an item before the one at an index, or behind all.
pub(super) fn insert(
    site: &Site<'_, '_, '_>,
    sequence: &Slot<'_>,
    index: usize,
    value: &Value,
) -> Result<Vec<Splice>, Refusal> {
    let items = site.document.items(sequence.node).ok_or(Refusal::Layout)?;
    let (Some(first), Some(last)) = (items.first(), items.last()) else {
        return replace(site, sequence, &Value::Array(vec![value.clone()]));
    };
    let previous = index.checked_sub(1).and_then(|previous| items.get(previous));
    if site.document.form(sequence.node) == Form::Flow {
        let part = flow::Part::Item(value);
        return match items.get(index) {
            Some(next) => Ok(flow::prepend(site, sequence.node, site.document.span(*next).start(), &part)),
            None => Ok(flow::append(site, sequence.node, site.document.span(*first).start(), site.end(*last), &part)),
        };
    }
    let dash = site.dash(sequence, items, 0)?;
    let column = site.text.column(dash);
    let lines = item_lines(value, column, site.layout.steps);
    let at = match previous {
        Some(previous) => line_behind(site.text, site.end(*previous), column),
        None if site.text.indentation(dash).is_some() => site.text.line_start(dash),
        None => return Err(Refusal::Layout),
    };
    Ok(vec![Splice::lines(at, line_text(site, at, &lines), column, true)])
}

/// Removes an item.
pub(super) fn remove(site: &Site<'_, '_, '_>, sequence: &Slot<'_>, index: usize) -> Result<Vec<Splice>, Refusal> {
    let items = site.document.items(sequence.node).ok_or(Refusal::Layout)?;
    let item = items.get(index).copied().ok_or(Refusal::Layout)?;
    let previous = index.checked_sub(1).and_then(|previous| items.get(previous)).copied();
    let next = items.get(index + 1).copied();
    let range = if site.document.form(sequence.node) == Form::Flow {
        match (next, previous) {
            (Some(next), _) => site.document.span(item).start()..site.document.span(next).start(),
            (None, Some(previous)) => site.end(previous)..site.end(item),
            (None, None) => return Err(Refusal::Layout),
        }
    } else {
        let dash = site.dash(sequence, items, index)?;
        match site.text.indentation(dash) {
            Some(_) => whole_lines(site, dash, site.end(item).max(dash + 1)),
            // `- - a`: the next item takes the place on the line.
            None if next.is_some() => dash..site.dash(sequence, items, index + 1)?,
            None => return Err(Refusal::Layout),
        }
    };
    site.check_nothing_shared_in(&range)?;
    Ok(vec![Splice::new(range, "")])
}
