//! How a document is laid out, so that new text looks like the old.

use super::text::Text;
use super::write::{Flow, Pretty, Steps};
use crate::yaml::{Document, Form, NodeId};
use std::collections::BTreeMap;

/// How many collections are looked at.
const SAMPLES: usize = 500;

/// The habits of a document.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub(super) steps: Steps,
    pub(super) pretty: Pretty,
    /// Whether the document is JSON.
    json: bool,
}

impl Layout {
    pub(super) fn of(text: Text<'_>, document: &Document<'_>) -> Self {
        let root = document.root();
        let first_key = document.written(root).and_then(|entries| entries.first().map(|entry| entry.key_span.start()));
        let first_key = first_key.filter(|_| document.form(root) == Form::Flow);
        let unit = first_key.and_then(|key| text.indentation(key)).filter(|unit| !unit.is_empty());
        Self {
            steps: steps(text, document),
            pretty: Pretty { line_break: text.line_break(), unit: unit.unwrap_or("  ").to_owned() },
            json: first_key.is_some_and(|key| text.from(key).starts_with('"')),
        }
    }

    /// How the parts of a flow collection are written.
    pub(super) fn flow(&self, text: Text<'_>, document: &Document<'_>, node: NodeId) -> Flow {
        let near = document.written(node).filter(|entries| !entries.is_empty());
        let entries = near.or_else(|| document.written(document.root()).filter(|_| self.json)).unwrap_or_default();
        let mut keys = entries.iter().map(|entry| entry.key_span);
        let first_item = document.items(node).and_then(|items| items.first().copied());
        let quoted = |at| text.from(at).starts_with('"');
        let json = match keys.next() {
            Some(key) => quoted(key.start()),
            None => self.json || first_item.is_some_and(|item| quoted(document.span(item).start())),
        };
        let compact = entries.first().is_some_and(|entry| {
            let colon = text.after_blanks(entry.key_span.end());
            json && text.from(colon).starts_with(':') && document.span(entry.value).start() == colon + 1
        });
        if compact { Flow { json, colon: ":", comma: "," } } else { Flow { json, colon: ": ", comma: ", " } }
    }
}

/// The most frequent steps of the document's block collections.
fn steps(text: Text<'_>, document: &Document<'_>) -> Steps {
    let mut mapping = BTreeMap::new();
    let mut sequence = BTreeMap::new();
    let entries = document.block_nodes().filter_map(|node| document.written(node)).take(SAMPLES).flatten();
    for entry in entries.filter(|entry| document.form(entry.value) == Form::Block) {
        let colon = text.after_gap(entry.key_span.end());
        let value = text.after_gap(text.after_properties(colon + 1));
        let Some(step) = text.column(value).checked_sub(text.column(entry.key_span.start())) else {
            continue;
        };
        let counts = if document.is_mapping(entry.value) { &mut mapping } else { &mut sequence };
        *counts.entry(step).or_insert(0_usize) += 1;
    }
    let most = |counts: &BTreeMap<usize, usize>| {
        counts.iter().max_by_key(|(step, count)| (**count, std::cmp::Reverse(**step))).map(|(step, _)| *step)
    };
    let mapping = most(&mapping).filter(|step| *step > 0).unwrap_or(2);
    Steps { mapping, sequence: most(&sequence).unwrap_or(mapping) }
}
