//! Places in the text of a document that is about to be edited.

use super::layout::Layout;
use super::refusal::Refusal;
use super::text::Text;
use crate::source::Source;
use crate::yaml::{Document, Form, NodeId, Written};
use std::collections::HashMap;
use std::ops::Range;

/// A document that is about to be edited.
pub(super) struct Site<'s, 'd, 'a> {
    pub(super) source: &'s Source<'a>,
    pub(super) text: Text<'a>,
    pub(super) document: &'d Document<'a>,
    pub(super) layout: Layout,
    /// Nodes that aliases refer to, with the offset of the first alias.
    shared: HashMap<NodeId, usize>,
}

/// A value, and how it is reached.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot<'d> {
    pub(super) node: NodeId,
    /// The collection that holds the value; the root has none.
    pub(super) parent: Option<NodeId>,
    /// Which of its entries or items it is, as written.
    pub(super) index: usize,
    /// The entry, if the parent is a mapping.
    pub(super) entry: Option<Written<'d>>,
    /// The offset behind the colon or the dash; of other values the offset where they start.
    pub(super) from: usize,
}

impl<'s, 'd, 'a> Site<'s, 'd, 'a> {
    pub(super) fn new(source: &'s Source<'a>, document: &'d Document<'a>) -> Self {
        let text = Text::new(source.text());
        let mut shared = HashMap::new();
        for (target, alias) in document.aliases() {
            shared.entry(target).or_insert(alias.start());
        }
        Self { source, text, document, layout: Layout::of(text, document), shared }
    }

    /// The value that a pointer leads to from the document's root.
    ///
    /// # Errors
    /// When there is none, or its text is shared with another place.
    pub(super) fn find(&self, pointer: &str) -> Result<Slot<'d>, Refusal> {
        let root = self.document.root();
        let from = self.document.span(root).start();
        let mut slot = Slot { node: root, parent: None, index: 0, entry: None, from };
        for token in pointer.split('/').skip(1) {
            let no_place = || Refusal::NoPlace { path: pointer.to_owned() };
            slot = self.child(&slot, token)?.ok_or_else(no_place)?;
        }
        self.check_unshared(slot.node)?;
        Ok(slot)
    }

    /// The value that one token of a pointer leads to; `None` if it is missing.
    ///
    /// # Errors
    /// When the text of the collection, or of the value as far as it is merged, is shared with another place.
    pub(super) fn child(&self, parent: &Slot<'d>, token: &str) -> Result<Option<Slot<'d>>, Refusal> {
        self.check_unshared(parent.node)?;
        if let Some(items) = self.document.items(parent.node) {
            let canonical = token == "0" || token.starts_with(|c: char| ('1'..='9').contains(&c));
            let index = token.parse::<usize>().ok().filter(|index| canonical && *index < items.len());
            return index.map(|index| self.item(parent, items, index)).transpose();
        }
        let Some(entries) = self.document.written(parent.node) else {
            return Ok(None);
        };
        let key = unescaped(token);
        let own = entries.iter().enumerate().find(|(_, entry)| !entry.merge && entry.key == key);
        match own {
            Some((index, entry)) => Ok(Some(Slot {
                node: entry.value,
                parent: Some(parent.node),
                index,
                entry: Some(*entry),
                from: self.behind_colon(entry),
            })),
            None if self.document.is_merged(parent.node, &key) => Err(Refusal::Merge),
            None => Ok(None),
        }
    }

    fn item(&self, parent: &Slot<'d>, items: &[NodeId], index: usize) -> Result<Slot<'d>, Refusal> {
        let node = items.get(index).copied().ok_or(Refusal::Layout)?;
        let from = match self.document.form(parent.node) {
            Form::Block => self.dash(parent, items, index)? + 1,
            _ => self.document.span(node).start(),
        };
        Ok(Slot { node, parent: Some(parent.node), index, entry: None, from })
    }

    /// The offset of an item's dash.
    pub(super) fn dash(&self, sequence: &Slot<'d>, items: &[NodeId], index: usize) -> Result<usize, Refusal> {
        let before = index.checked_sub(1).and_then(|previous| items.get(previous));
        let from = before.map_or(sequence.from, |previous| self.end(*previous));
        let dash = self.text.after_gap(self.text.after_properties(from));
        if self.text.from(dash).starts_with('-') { Ok(dash) } else { Err(Refusal::Layout) }
    }

    /// The offset behind the colon of an entry; behind its key if there is none.
    pub(super) fn behind_colon(&self, entry: &Written<'_>) -> usize {
        let key_end = entry.key_span.end();
        let colon = self.text.after_gap(key_end);
        if self.text.from(colon).starts_with(':') { colon + 1 } else { key_end }
    }

    /// The offset behind an entry.
    pub(super) fn entry_end(&self, entry: &Written<'_>) -> usize {
        self.end(entry.value).max(self.behind_colon(entry))
    }

    /// The offset behind the last character of a value, without the last line break. Blank lines count only where the
    /// value has them.
    pub(super) fn end(&self, node: NodeId) -> usize {
        let span = self.document.span(node);
        match self.document.form(node) {
            Form::BlockScalar => self.block_scalar_end(span.range()),
            Form::Block => match (self.document.written(node), self.document.items(node)) {
                (Some(entries), _) => entries.last().map_or(span.end(), |entry| self.entry_end(entry)),
                (_, Some(items)) => items.last().map_or(span.end(), |item| self.end(*item)),
                _ => span.end(),
            },
            Form::Inline if span.is_empty() => self.text.slice(0..span.end()).trim_end().len(),
            _ => span.end(),
        }
    }

    fn block_scalar_end(&self, content: Range<usize>) -> usize {
        let header_end = self.text.slice(0..content.start).trim_end().len();
        let header = self.text.slice(self.text.line_start(header_end)..header_end);
        let header = header.split(" #").next().unwrap_or_default();
        let keeps_blank_lines = header.split(' ').next_back().is_some_and(|indicator| indicator.contains('+'));
        if keeps_blank_lines {
            // The span may reach into the indentation of the next line.
            let end = self.text.indentation(content.end).map_or(content.end, |blank| content.end - blank.len());
            let kept = self.text.slice(content.start..end);
            let last_break = kept.strip_suffix('\n').map(|text| text.strip_suffix('\r').unwrap_or(text));
            return content.start + last_break.unwrap_or(kept).len();
        }
        let text = self.text.slice(content.clone()).trim_end_matches([' ', '\t', '\r', '\n']);
        if text.is_empty() { header_end } else { content.start + text.len() }
    }

    /// The text of a value, without anchors and tags; where nothing is written, the place to write it.
    pub(super) fn extent(&self, slot: &Slot<'_>) -> Range<usize> {
        let span = self.document.span(slot.node);
        let start = match self.document.form(slot.node) {
            // The parser places what is not written behind comments.
            Form::Inline if span.is_empty() => {
                let at = self.text.after_properties(slot.from);
                return at..at;
            }
            Form::BlockScalar => self.text.after_blanks(self.text.after_properties(slot.from)),
            Form::Block => self.text.after_gap(self.text.after_properties(slot.from)),
            _ => span.start(),
        };
        start..self.end(slot.node).max(start)
    }

    /// # Errors
    /// When a node is an alias, or an alias refers to it.
    pub(super) fn check_unshared(&self, node: NodeId) -> Result<(), Refusal> {
        if self.document.form(node) == Form::Alias {
            return Err(Refusal::Alias);
        }
        match self.shared.get(&node) {
            Some(alias) => Err(self.anchor(*alias)),
            None => Ok(()),
        }
    }

    /// # Errors
    /// When an alias refers to something in a range that is going to be removed.
    pub(super) fn check_nothing_shared_in(&self, range: &Range<usize>) -> Result<(), Refusal> {
        let inside = |node: &NodeId| range.contains(&self.document.span(*node).start());
        match self.shared.iter().filter(|(node, _)| inside(node)).map(|(_, alias)| *alias).min() {
            Some(alias) => Err(self.anchor(alias)),
            None => Ok(()),
        }
    }

    fn anchor(&self, alias: usize) -> Refusal {
        Refusal::Anchor { line: self.source.position(alias).line }
    }
}

/// A token of a JSON Pointer as the key that it stands for.
pub(super) fn unescaped(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}
