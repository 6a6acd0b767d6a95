//! From a JSON Pointer to the place in the text that a reader should look at.

use super::{Document, Kind, NodeId, ScalarKind};
use crate::source::{Source, Span};

/// The place that a JSON Pointer stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Located {
    /// What to mark.
    pub span: Span,
    /// Whether the pointer's value exists. If not, the nearest parent that exists is marked.
    pub exact: bool,
    /// Whether the walk went through an alias or a merge key, so that the text is shared with another place.
    pub via_alias: bool,
}

/// A node on the way, and how it was reached.
#[derive(Clone, Copy)]
struct Step {
    /// The node as referred to: an alias is not followed yet.
    node: NodeId,
    /// The key in front of the node; the root and items have none.
    key: Option<Span>,
}

/// The way that a pointer led.
struct Walk {
    /// How far it came.
    at: Step,
    /// Where the text began to be shared with another place.
    shared_from: Option<Step>,
    /// Whether it came to its end.
    exact: bool,
}

impl Document<'_> {
    /// Finds the place of a JSON Pointer (RFC 6901) that is relative to a node.
    ///
    /// A scalar, or a collection written on one line, is marked itself. A longer collection or a missing value is
    /// marked at its key, and where there is no key (the root, a sequence's item) by its first line. What an alias
    /// brings in is marked where it is written; what is missing below an alias is marked where the alias is used.
    #[must_use]
    pub fn locate(&self, source: &Source<'_>, root: NodeId, pointer: &str) -> Located {
        let walk = self.walk(root, pointer);
        self.located(source, &walk, |at| self.mark(source, at))
    }

    /// Finds the key of a JSON Pointer that is relative to a node: what [`Document::locate`] finds where there is none.
    #[must_use]
    pub fn locate_key(&self, source: &Source<'_>, root: NodeId, pointer: &str) -> Located {
        let walk = self.walk(root, pointer);
        self.located(source, &walk, |at| at.key.unwrap_or_else(|| self.mark(source, at)))
    }

    /// Goes as far as the pointer's tokens exist.
    fn walk(&self, root: NodeId, pointer: &str) -> Walk {
        let mut at = Step { node: root, key: None };
        let mut shared_from = self.is_alias(root).then_some(at);
        for token in pointer.split('/').skip(1) {
            let Some((next, merged_at)) = self.step(at.node, token) else {
                return Walk { at, shared_from, exact: false };
            };
            if shared_from.is_none() {
                // A merged field is in this place only by way of the `<<`.
                shared_from = match merged_at {
                    Some(merge) => Some(Step { node: next.node, key: Some(merge) }),
                    None => self.is_alias(next.node).then_some(next),
                };
            }
            at = next;
        }
        Walk { at, shared_from, exact: true }
    }

    /// The place at the end of a walk; a missing value has its own marks.
    fn located(&self, source: &Source<'_>, walk: &Walk, mark: impl Fn(Step) -> Span) -> Located {
        let span = match walk.shared_from {
            Some(use_place) if !walk.exact => use_place.key.unwrap_or_else(|| self.node(use_place.node).span),
            _ if walk.exact => mark(walk.at),
            _ => self.mark(source, walk.at),
        };
        Located { span, exact: walk.exact, via_alias: walk.shared_from.is_some() }
    }

    /// Goes one token down, and tells through which `<<` if through one.
    fn step(&self, node: NodeId, token: &str) -> Option<(Step, Option<Span>)> {
        if let Some(items) = self.items(node) {
            // RFC 6901 has no leading zeros or signs.
            let canonical = token == "0" || token.starts_with(|c: char| ('1'..='9').contains(&c));
            let index = token.parse::<usize>().ok().filter(|_| canonical)?;
            let node = *items.get(index)?;
            return Some((Step { node, key: None }, None));
        }
        let found = if token.contains('~') {
            self.find(node, &token.replace("~1", "/").replace("~0", "~"))?
        } else {
            self.find(node, token)?
        };
        let step = Step { node: found.entry.value, key: Some(found.entry.key.span) };
        Some((step, found.merged_at))
    }

    /// What to mark for a node that exists.
    fn mark(&self, source: &Source<'_>, at: Step) -> Span {
        let target = self.resolve(at.node);
        let node = self.node(target);
        let one_line = !source.slice(node.span).contains('\n');
        let shows_itself = match &node.kind {
            Kind::Scalar(scalar) => scalar.kind != ScalarKind::Null && one_line,
            Kind::Mapping(mapping) => !mapping.block && one_line,
            Kind::Sequence(sequence) => !sequence.block && one_line,
            Kind::Alias(_) => false,
        };
        if shows_itself {
            return node.span;
        }
        if let Some(key) = at.key {
            return key;
        }
        if node.span.is_empty() {
            return last_character_before(source, node.span.start());
        }
        let first_line = source.slice(node.span).lines().next().unwrap_or_default().trim_end();
        Span::new(node.span.start(), node.span.start() + first_line.len())
    }

    fn is_alias(&self, node: NodeId) -> bool {
        matches!(self.node(node).kind, Kind::Alias(_))
    }
}

/// The dash of an item without a value.
fn last_character_before(source: &Source<'_>, offset: usize) -> Span {
    let before = source.slice(Span::new(0, offset)).trim_end();
    let width = before.chars().next_back().map_or(0, char::len_utf8);
    Span::new(before.len() - width, before.len())
}
