//! How nodes are written: what an edit of the text needs to know.

use super::{Document, Kind, NodeId};
use crate::source::Span;

/// How a node is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A scalar in one piece; its span covers it, quotes included.
    Inline,
    /// A scalar with a `|` or `>` before its span.
    BlockScalar,
    /// A mapping or sequence of lines.
    Block,
    /// A mapping or sequence in braces or brackets.
    Flow,
    /// An alias.
    Alias,
}

/// A key and its value, as written in one mapping.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Written<'d> {
    /// The key as JSON has it.
    pub(crate) key: &'d str,
    /// Where the key is written.
    pub(crate) key_span: Span,
    /// Whether the key is `<<`.
    pub(crate) merge: bool,
    /// The value; an alias is not followed.
    pub(crate) value: NodeId,
}

impl Document<'_> {
    /// How a node is written; an alias is not followed.
    pub(crate) fn form(&self, node: NodeId) -> Form {
        match &self.node(node).kind {
            Kind::Scalar(scalar) if scalar.block => Form::BlockScalar,
            Kind::Scalar(_) => Form::Inline,
            Kind::Mapping(mapping) if mapping.block => Form::Block,
            Kind::Sequence(sequence) if sequence.block => Form::Block,
            Kind::Mapping(_) | Kind::Sequence(_) => Form::Flow,
            Kind::Alias(_) => Form::Alias,
        }
    }

    /// The entries that are written in a mapping, in the order of the text. `None` for other nodes.
    pub(crate) fn written(&self, mapping: NodeId) -> Option<Vec<Written<'_>>> {
        let entries = self.entries_of(self.mapping(mapping)?).iter();
        let written = entries.map(|entry| Written {
            key: &entry.key.text,
            key_span: entry.key.span,
            merge: entry.key.merge,
            value: entry.value,
        });
        Some(written.collect())
    }

    /// Whether a key comes into a mapping by way of `<<` only.
    pub(crate) fn is_merged(&self, mapping: NodeId, key: &str) -> bool {
        self.find(mapping, key).is_some_and(|found| found.merged_at.is_some())
    }

    /// Every alias: the node it refers to, and where the alias is written.
    pub(crate) fn aliases(&self) -> impl Iterator<Item = (NodeId, Span)> {
        self.nodes.iter().filter_map(|node| match node.kind {
            Kind::Alias(target) => Some((target, node.span)),
            _ => None,
        })
    }

    /// Every entry of a mapping: its key, where the key is written, and where the entry ends.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&str, Span, usize, NodeId)> {
        self.entries.iter().map(|entry| {
            let end = self.node(entry.value).span.end().max(entry.key.span.end());
            (entry.key.text.as_ref(), entry.key.span, end, entry.value)
        })
    }

    /// Where every item of a sequence is written.
    pub(crate) fn item_spans(&self) -> impl Iterator<Item = Span> {
        self.items.iter().map(|item| self.node(*item).span)
    }

    /// Every mapping and sequence that is written in lines.
    pub(crate) fn block_nodes(&self) -> impl Iterator<Item = NodeId> {
        let nodes = (0..).map(NodeId).take(self.nodes.len());
        nodes.filter(|node| self.form(*node) == Form::Block)
    }
}
