//! YAML (and so JSON) read into trees whose every node knows where it was written.

mod build;
mod error;
mod form;
mod json;
mod locate;
mod scalar;
#[cfg(test)]
mod tests;
pub mod typed;

pub use build::{Documents, MAX_ALIAS_BYTES, MAX_DEPTH, MAX_FILE_BYTES, MAX_NODES};
pub use error::{YamlError, YamlErrorKind};
pub(crate) use form::{Form, Written};
pub use json::write_string;
pub use locate::Located;
pub use scalar::{Scalar, ScalarKind, Tag};

use crate::source::Span;
use std::borrow::Cow;
use std::ops::Range;

/// One YAML document: an arena of nodes that borrow from the file's text.
#[derive(Debug, Clone, Default)]
pub struct Document<'a> {
    nodes: Vec<Node<'a>>,
    entries: Vec<Entry<'a>>,
    items: Vec<NodeId>,
    flaws: Vec<YamlError>,
}

/// A node of a [`Document`]. It means nothing in another document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NodeId(u32);

/// A scalar, mapping, sequence or alias, and where it was written.
#[derive(Debug, Clone)]
pub struct Node<'a> {
    span: Span,
    kind: Kind<'a>,
}

#[derive(Debug, Clone)]
enum Kind<'a> {
    Scalar(Scalar<'a>),
    Mapping(Mapping),
    Sequence(Sequence),
    Alias(NodeId),
}

#[derive(Debug, Clone, Copy)]
struct Mapping {
    entries: Slice,
    block: bool,
    has_merge: bool,
}

#[derive(Debug, Clone, Copy)]
struct Sequence {
    items: Slice,
    block: bool,
}

/// A range of one of the document's vectors.
#[derive(Debug, Clone, Copy)]
struct Slice {
    start: u32,
    end: u32,
}

/// A key and its value, as written in one mapping.
#[derive(Debug, Clone)]
struct Entry<'a> {
    key: Key<'a>,
    value: NodeId,
}

/// A key as JSON has it: always text.
#[derive(Debug, Clone)]
struct Key<'a> {
    text: Cow<'a, str>,
    span: Span,
    /// Whether this is `<<`, which takes over the keys of other mappings.
    merge: bool,
}

const ROOT: NodeId = NodeId(0);

/// Stands in for a node of another document, so that looking up needs no panic.
const NO_NODE: Node<'static> = Node { span: Span::EMPTY, kind: Kind::Scalar(Scalar::NULL) };

impl<'a> Document<'a> {
    /// The document's only top-level node.
    #[must_use]
    pub fn root(&self) -> NodeId {
        ROOT
    }

    /// What is wrong with the document although it can be read: duplicate keys, of which the last one counts.
    #[must_use]
    pub fn flaws(&self) -> &[YamlError] {
        &self.flaws
    }

    /// Where a node was written. For a block collection: from its first key or item to its last character.
    #[must_use]
    pub fn span(&self, node: NodeId) -> Span {
        self.node(node).span
    }

    /// The value of a scalar; `None` for collections.
    #[must_use]
    pub fn scalar(&self, node: NodeId) -> Option<&Scalar<'a>> {
        match &self.node(self.resolve(node)).kind {
            Kind::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The text of a scalar that is a string.
    #[must_use]
    pub fn string(&self, node: NodeId) -> Option<&str> {
        self.scalar(node).filter(|scalar| scalar.kind == ScalarKind::String).map(|scalar| scalar.value.as_ref())
    }

    /// Whether the node, or the node it is an alias of, is a mapping.
    #[must_use]
    pub fn is_mapping(&self, node: NodeId) -> bool {
        self.mapping(node).is_some()
    }

    /// The items of a sequence; `None` for other nodes.
    #[must_use]
    pub fn items(&self, node: NodeId) -> Option<&[NodeId]> {
        match self.node(self.resolve(node)).kind {
            Kind::Sequence(sequence) => Some(self.items_of(sequence)),
            _ => None,
        }
    }

    /// The value of a key in a mapping, its own or merged into it.
    #[must_use]
    pub fn get(&self, mapping: NodeId, key: &str) -> Option<NodeId> {
        self.find(mapping, key).map(|found| found.entry.value)
    }

    /// Every scalar of the document, keys among them, with its text and where it was written.
    pub fn scalars(&self) -> impl Iterator<Item = (&str, Span)> {
        let keys = self.entries.iter().map(|entry| (entry.key.text.as_ref(), entry.key.span));
        let values = self.nodes.iter().filter_map(|node| match &node.kind {
            Kind::Scalar(scalar) => Some((scalar.value.as_ref(), node.span)),
            _ => None,
        });
        keys.chain(values)
    }

    fn node(&self, id: NodeId) -> &Node<'a> {
        self.nodes.get(id.0 as usize).unwrap_or(&NO_NODE)
    }

    /// Follows an alias. INVARIANT: an alias never refers to another alias.
    fn resolve(&self, id: NodeId) -> NodeId {
        match self.node(id).kind {
            Kind::Alias(target) => target,
            _ => id,
        }
    }

    fn mapping(&self, node: NodeId) -> Option<Mapping> {
        match self.node(self.resolve(node)).kind {
            Kind::Mapping(mapping) => Some(mapping),
            _ => None,
        }
    }

    fn entries_of(&self, mapping: Mapping) -> &[Entry<'a>] {
        self.entries.get(mapping.entries.range()).unwrap_or_default()
    }

    fn items_of(&self, sequence: Sequence) -> &[NodeId] {
        self.items.get(sequence.items.range()).unwrap_or_default()
    }

    /// Looks a key up: the mapping's own keys first, then the merged mappings, the earlier before the later.
    fn find(&self, mapping: NodeId, key: &str) -> Option<Found<'_, 'a>> {
        let mapping = self.mapping(mapping)?;
        let entries = self.entries_of(mapping);
        let own = entries.iter().find(|entry| !entry.key.merge && entry.key.text == key);
        if let Some(entry) = own {
            return Some(Found { entry, merged_at: None });
        }
        if !mapping.has_merge {
            return None;
        }
        entries.iter().filter(|entry| entry.key.merge).find_map(|merge| {
            self.merge_sources(merge)
                .iter()
                .find_map(|source| self.find(*source, key))
                .map(|found| Found { entry: found.entry, merged_at: Some(merge.key.span) })
        })
    }

    /// The mappings that a `<<` entry names.
    fn merge_sources<'d>(&'d self, merge: &'d Entry<'a>) -> &'d [NodeId] {
        self.items(merge.value).unwrap_or(std::slice::from_ref(&merge.value))
    }
}

/// An entry, and the `<<` through which it came into the mapping.
struct Found<'d, 'a> {
    entry: &'d Entry<'a>,
    merged_at: Option<Span>,
}

impl Slice {
    fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}
