//! Values in the place of others.

use super::flow;
use super::mapping::line_text;
use super::refusal::Refusal;
use super::site::{Site, Slot};
use super::splice::Splice;
use super::write::{body_lines, inline, lines_at, scalar};
use crate::yaml::Form;
use serde_json::Value;
use std::ops::Range;

/// Puts a value in the place of the one in a slot.
pub(super) fn replace(site: &Site<'_, '_, '_>, slot: &Slot<'_>, value: &Value) -> Result<Vec<Splice>, Refusal> {
    let extent = site.extent(slot);
    site.check_nothing_shared_in(&extent)?;
    let parent = slot.parent.ok_or(Refusal::Layout)?;
    if site.document.form(parent) == Form::Flow {
        let text = match value {
            Value::Object(_) | Value::Array(_) => flow::value(site, parent, extent.start, value),
            other => {
                let json = site.layout.flow(site.text, site.document, parent).json;
                scalar(other, quote(site, slot).or(json.then_some('"')), true)
            }
        };
        return Ok(vec![in_place(slot, extent, &text)]);
    }
    match on_one_line(site, slot, value) {
        Some(text) => Ok(one_line(site, slot, extent, &text)),
        None => lines(site, slot, extent, value),
    }
}

/// A value that does not need lines of its own.
fn on_one_line(site: &Site<'_, '_, '_>, slot: &Slot<'_>, value: &Value) -> Option<String> {
    let is_collection = match value {
        Value::Object(fields) => !fields.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    };
    if !is_collection {
        return Some(scalar(value, quote(site, slot), false));
    }
    let flow = site.layout.flow(site.text, site.document, slot.node);
    // What stood in braces or brackets still does; a mere `{}` said nothing about style.
    let keeps_flow = site.document.form(slot.node) == Form::Flow
        && match site.document.items(slot.node) {
            Some(items) => !items.is_empty() || is_list_of_scalars(value),
            None => site.document.written(slot.node).is_some_and(|entries| !entries.is_empty()),
        };
    keeps_flow.then(|| inline(value, &flow))
}

fn is_list_of_scalars(value: &Value) -> bool {
    value.as_array().is_some_and(|items| items.iter().all(|item| !item.is_object() && !item.is_array()))
}

/// The quotes of the old value.
fn quote(site: &Site<'_, '_, '_>, slot: &Slot<'_>) -> Option<char> {
    let old = site.source.slice(site.document.span(slot.node));
    let is_scalar = site.document.form(slot.node) == Form::Inline;
    old.chars().next().filter(|first| is_scalar && matches!(first, '"' | '\''))
}

/// Exchanges the text of a value, or writes one where there is none.
fn in_place(slot: &Slot<'_>, extent: Range<usize>, text: &str) -> Splice {
    if !extent.is_empty() {
        return Splice::new(extent, text);
    }
    let has_colon = slot.entry.is_none_or(|entry| slot.from > entry.key_span.end());
    Splice::insert(extent.start, if has_colon { format!(" {text}") } else { format!(": {text}") }).alone()
}

fn one_line(site: &Site<'_, '_, '_>, slot: &Slot<'_>, extent: Range<usize>, text: &str) -> Vec<Splice> {
    let is_block = site.document.form(slot.node) == Form::Block;
    if !is_block || site.text.same_line(slot.from, extent.start) {
        return vec![in_place(slot, extent, text)];
    }
    let at = site.text.after_properties(slot.from);
    let lines = site.text.line_end(at)..site.text.line_end(extent.end);
    vec![Splice::insert(at, format!(" {text}")), Splice::new(lines, "")]
}

fn lines(
    site: &Site<'_, '_, '_>,
    slot: &Slot<'_>,
    extent: Range<usize>,
    value: &Value,
) -> Result<Vec<Splice>, Refusal> {
    let line_break = site.layout.pretty.line_break;
    let Some(entry) = slot.entry else {
        return Ok(vec![item(site, slot, extent, value)]);
    };
    let column = site.text.column(entry.key_span.start());
    let body = body_lines(value, column, site.layout.steps).ok_or(Refusal::Layout)?;
    if extent.start != extent.end && !site.text.same_line(slot.from, extent.start) {
        let old = site.text.line_end(slot.from)..site.text.line_end(extent.end);
        return Ok(vec![Splice::new(old, format!("{line_break}{}", body.join(line_break)))]);
    }
    let mut splices = Vec::new();
    if !extent.is_empty() {
        splices.push(Splice::new(site.text.before_blanks(extent.start)..extent.end, ""));
    }
    let behind = site.text.next_line(extent.end);
    splices.push(Splice::insert(behind, line_text(site, behind, &body)).alone());
    Ok(splices)
}

/// The first line of the value stands behind the dash.
fn item(site: &Site<'_, '_, '_>, slot: &Slot<'_>, extent: Range<usize>, value: &Value) -> Splice {
    let column = if extent.is_empty() || !site.text.same_line(slot.from, extent.start) {
        site.text.column(slot.from) + 1
    } else {
        site.text.column(extent.start)
    };
    let lines = lines_at(value, column, site.layout.steps).join(site.layout.pretty.line_break);
    let text = lines.trim_start_matches(' ');
    if extent.is_empty() {
        return Splice::insert(extent.start, format!(" {text}")).alone();
    }
    let start = if site.text.same_line(slot.from, extent.start) { extent.start } else { slot.from };
    let space = if start == slot.from { " " } else { "" };
    Splice::new(start..extent.end, format!("{space}{text}"))
}
