//! Parts of collections in braces and brackets.

use super::site::Site;
use super::splice::Splice;
use super::write::{Flow, Pretty, inline, inline_entry, pretty, pretty_entry};
use crate::yaml::NodeId;
use serde_json::Value;

/// A new part of a flow collection.
pub(super) enum Part<'v> {
    /// Of a mapping.
    Entry(&'v str, &'v Value),
    /// Of a sequence.
    Item(&'v Value),
}

impl Part<'_> {
    fn on_one_line(&self, flow: &Flow) -> String {
        match self {
            Self::Entry(key, value) => inline_entry(key, value, flow),
            Self::Item(value) => inline(value, flow),
        }
    }

    /// On a line of its own that starts with `base`.
    fn on_its_line(&self, base: &str, style: &Pretty, flow: &Flow) -> String {
        match self {
            _ if !flow.json => self.on_one_line(flow),
            Self::Entry(key, value) => pretty_entry(key, value, base, style, flow),
            Self::Item(value) => pretty(value, base, style, flow),
        }
    }
}

/// Adds a part behind the last one. `first` is where the first part starts, `end` where the last one ends.
pub(super) fn append(site: &Site<'_, '_, '_>, node: NodeId, first: usize, end: usize, part: &Part<'_>) -> Vec<Splice> {
    let flow = site.layout.flow(site.text, site.document, node);
    let behind = site.text.after_gap(end);
    let has_comma = site.text.from(behind).starts_with(',');
    let line_break = site.layout.pretty.line_break;
    let Some(indent) = own_line(site, node, first) else {
        let part = part.on_one_line(&flow);
        let splice = if has_comma {
            Splice::insert(behind + 1, format!(" {part}")).alone()
        } else {
            Splice::insert(end, format!("{}{part}", flow.comma))
        };
        return vec![splice];
    };
    let part = part.on_its_line(indent, &site.layout.pretty, &flow);
    if has_comma {
        return vec![Splice::insert(site.text.line_end(behind), format!("{line_break}{indent}{part},"))];
    }
    let line_end = site.text.line_end(end);
    let has_comment = site.text.from(site.text.after_blanks(end)).starts_with('#');
    if has_comment {
        let line = Splice::insert(line_end, format!("{line_break}{indent}{part}"));
        return vec![Splice::insert(end, ",").alone(), line.alone()];
    }
    vec![Splice::insert(end, format!(",{line_break}{indent}{part}"))]
}

/// Adds a part before the one that starts at an offset.
pub(super) fn prepend(site: &Site<'_, '_, '_>, node: NodeId, next: usize, part: &Part<'_>) -> Vec<Splice> {
    let flow = site.layout.flow(site.text, site.document, node);
    let text = match own_line(site, node, next) {
        Some(indent) => {
            let part = part.on_its_line(indent, &site.layout.pretty, &flow);
            format!("{part},{}{indent}", site.layout.pretty.line_break)
        }
        None => format!("{}{}", part.on_one_line(&flow), flow.comma),
    };
    vec![Splice::insert(next, text)]
}

/// The indentation of a part that starts on a line of its own.
fn own_line<'a>(site: &Site<'_, '_, 'a>, node: NodeId, part: usize) -> Option<&'a str> {
    let open = site.document.span(node).start();
    site.text.indentation(part).filter(|_| !site.text.same_line(open, part))
}

/// A value that stands in a flow collection, or for one: on as many lines as its neighbours have.
pub(super) fn value(site: &Site<'_, '_, '_>, parent: NodeId, at: usize, value: &Value) -> String {
    let flow = site.layout.flow(site.text, site.document, parent);
    let line_start = site.text.after_blanks(site.text.line_start(at));
    match own_line(site, parent, line_start) {
        Some(indent) if flow.json => pretty(value, indent, &site.layout.pretty, &flow),
        _ => inline(value, &flow),
    }
}
