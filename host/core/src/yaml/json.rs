//! Documents as JSON text.

use super::{Document, Entry, Kind, Mapping, NodeId, ScalarKind};
use std::collections::HashSet;
use std::fmt::Write as _;

impl<'a> Document<'a> {
    /// Appends a node as compact JSON: aliases and merge keys expanded, keys sorted.
    ///
    /// Sorted keys are what a policy is given in a cluster, so it is given the same here.
    pub fn write_json(&self, node: NodeId, out: &mut String) {
        self.write(node, out, &mut Vec::new());
    }

    /// `order` is scratch space that nested mappings share: each sorts its keys at the end of it.
    fn write<'d>(&'d self, node: NodeId, out: &mut String, order: &mut Vec<&'d Entry<'a>>) {
        match &self.node(self.resolve(node)).kind {
            Kind::Scalar(scalar) if scalar.kind == ScalarKind::String => {
                write_string(&scalar.value, out);
            }
            Kind::Scalar(scalar) => out.push_str(&scalar.value),
            Kind::Sequence(sequence) => {
                out.push('[');
                for (index, item) in self.items_of(*sequence).iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    self.write(*item, out, order);
                }
                out.push(']');
            }
            Kind::Mapping(mapping) => self.write_mapping(*mapping, out, order),
            // An alias never refers to another one.
            Kind::Alias(_) => out.push_str("null"),
        }
    }

    fn write_mapping<'d>(&'d self, mapping: Mapping, out: &mut String, order: &mut Vec<&'d Entry<'a>>) {
        let first = order.len();
        if mapping.has_merge {
            self.collect_merged(mapping, &mut HashSet::new(), order);
        } else {
            order.extend(self.entries_of(mapping));
        }
        if let Some(own) = order.get_mut(first..) {
            own.sort_unstable_by(|a, b| a.key.text.cmp(&b.key.text));
        }
        out.push('{');
        let mut index = first;
        let end = order.len();
        while let Some(entry) = order.get(index).filter(|_| index < end).copied() {
            if index > first {
                out.push(',');
            }
            write_string(&entry.key.text, out);
            out.push(':');
            self.write(entry.value, out, order);
            index += 1;
        }
        out.push('}');
        order.truncate(first);
    }

    /// Adds the mapping's own entries, then those of merged mappings whose key is not there yet.
    pub(super) fn collect_merged<'d>(
        &'d self,
        mapping: Mapping,
        seen: &mut HashSet<&'d str>,
        out: &mut Vec<&'d Entry<'a>>,
    ) {
        let entries = self.entries_of(mapping);
        for entry in entries.iter().filter(|entry| !entry.key.merge) {
            if seen.insert(&entry.key.text) {
                out.push(entry);
            }
        }
        for merge in entries.iter().filter(|entry| entry.key.merge) {
            for source in self.merge_sources(merge) {
                if let Some(source) = self.mapping(*source) {
                    self.collect_merged(source, seen, out);
                }
            }
        }
    }
}

/// Appends a text as a JSON string.
pub fn write_string(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.bytes().position(needs_escape) {
        let (plain, escaped) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(plain);
        let mut characters = escaped.chars();
        match characters.next() {
            Some('"') => out.push_str("\\\""),
            Some('\\') => out.push_str("\\\\"),
            Some('\n') => out.push_str("\\n"),
            Some('\r') => out.push_str("\\r"),
            Some('\t') => out.push_str("\\t"),
            Some(control) => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            None => {}
        }
        rest = characters.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

fn needs_escape(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}
