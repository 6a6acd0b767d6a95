//! Parser events become documents; everything that is limited is limited here.

use super::{
    Document, Entry, Key, Kind, Mapping, Node, NodeId, Scalar, ScalarKind, Sequence, Slice, Tag, YamlError,
    YamlErrorKind,
};
use crate::source::{Source, Span};
use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, StrInput, StructureStyle};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// The largest file that is looked at, in bytes. An object that the API server takes has at most 1.5 MiB; this leaves
/// room for a whole rendered platform.
pub const MAX_FILE_BYTES: usize = 32 << 20;
/// How deep mappings and sequences may be nested, aliases expanded.
pub const MAX_DEPTH: usize = 512;
/// How many mappings, sequences, scalars and aliases a document may have.
pub const MAX_NODES: usize = 4_000_000;
/// How much text a document's aliases may add to it, in bytes.
pub const MAX_ALIAS_BYTES: usize = 16 << 20;

/// How many duplicate keys of a document are told.
const MAX_FLAWS: usize = 100;
/// How long a key on one line may be. YAML's own limit of 1024 is too small for JSON, which has none; but the parser
/// holds back that much of a line before it knows that a `{` is no key, so a limit there must be.
const MAX_KEY_CHARACTERS: usize = 1 << 16;
/// What a node counts for in [`MAX_ALIAS_BYTES`] besides its text: quotes, colon and comma.
const NODE_BYTES: usize = 4;

/// Reads the documents of a file one after the other, so that only one is in memory.
///
/// Empty documents are left out. After a document with an error the reading goes on at the next `---`.
pub struct Documents<'s, 'a> {
    source: &'s Source<'a>,
    parser: Option<Parser<'a, StrInput<'a>>>,
    too_large: bool,
}

impl<'s, 'a> Documents<'s, 'a> {
    /// Starts at the beginning of the file.
    #[must_use]
    pub fn new(source: &'s Source<'a>) -> Self {
        let too_large = source.text().len() > MAX_FILE_BYTES;
        let options = granit_parser::options! {
            emit_comments: false,
            simple_key_max_lookahead: MAX_KEY_CHARACTERS,
            flow_nesting_limit: MAX_DEPTH + 1,
            block_nesting_limit: MAX_DEPTH + 1,
        };
        Self {
            source,
            parser: (!too_large).then(|| Parser::new_from_str_with_options(source.text(), options)),
            too_large,
        }
    }

    fn next_document(&mut self) -> Option<Result<Document<'a>, YamlError>> {
        let parser = self.parser.as_mut()?;
        let mut builder = Builder::new(self.source);
        loop {
            let failure = match parser.next_event()? {
                Ok((Event::DocumentEnd, _)) => return Some(Ok(builder.document)),
                Ok((event, span)) => match builder.event(event, span_of(&span)) {
                    Ok(()) => continue,
                    Err(failure) => failure,
                },
                Err(error) => syntax_failure(&error),
            };
            // The parser stays at its error unless there is another document to go on with.
            if !parser.proceed_next_document().unwrap_or(false) {
                self.parser = None;
            }
            return Some(Err(failure.at(self.source)));
        }
    }
}

impl<'a> Iterator for Documents<'_, 'a> {
    type Item = Result<Document<'a>, YamlError>;

    fn next(&mut self) -> Option<Self::Item> {
        if std::mem::take(&mut self.too_large) {
            let kind = YamlErrorKind::FileTooLarge { limit: MAX_FILE_BYTES };
            return Some(Err(Failure { offset: 0, kind }.at(self.source)));
        }
        loop {
            match self.next_document()? {
                Ok(document) if document.is_empty() => {}
                result => return Some(result),
            }
        }
    }
}

/// An error whose line is not counted yet.
struct Failure {
    offset: usize,
    kind: YamlErrorKind,
}

impl Failure {
    fn at(self, source: &Source<'_>) -> YamlError {
        YamlError { position: source.position(self.offset), kind: self.kind }
    }
}

impl YamlErrorKind {
    fn at(self, span: Span) -> Failure {
        Failure { offset: span.start(), kind: self }
    }
}

struct Builder<'s, 'a> {
    source: &'s Source<'a>,
    document: Document<'a>,
    open: Vec<Open<'a>>,
    /// Entries and items of open collections; a collection's own are the last ones when it closes.
    pending_entries: Vec<Entry<'a>>,
    pending_items: Vec<NodeId>,
    anchors: HashMap<usize, Anchored>,
    alias_bytes: usize,
}

/// A collection whose end has not been read.
struct Open<'a> {
    node: NodeId,
    start: Span,
    anchor: usize,
    block: bool,
    shape: Shape<'a>,
    size: Size,
    /// The end of the last child, where a block collection ends.
    end: usize,
}

enum Shape<'a> {
    Mapping { first: usize, key: Option<Key<'a>>, has_merge: bool },
    Sequence { first: usize },
}

/// How large a node is when its aliases are expanded.
#[derive(Clone, Copy)]
struct Size {
    bytes: usize,
    /// Levels of collections, 0 for a scalar.
    height: usize,
}

#[derive(Clone, Copy)]
struct Anchored {
    node: NodeId,
    size: Size,
}

impl<'s, 'a> Builder<'s, 'a> {
    fn new(source: &'s Source<'a>) -> Self {
        Self {
            source,
            document: Document::default(),
            open: Vec::new(),
            pending_entries: Vec::new(),
            pending_items: Vec::new(),
            anchors: HashMap::new(),
            alias_bytes: 0,
        }
    }

    fn event(&mut self, event: Event<'a>, span: Span) -> Result<(), Failure> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let tag = tag.as_deref().map(tag_of);
                // The parser writes a missing value as `~`.
                let text = if span.is_empty() { Cow::Borrowed("") } else { text };
                let plain = style == ScalarStyle::Plain;
                let merge = plain && tag.is_none() && text == "<<";
                let scalar = Scalar::resolve(text, plain, tag).map_err(|kind| kind.at(span))?;
                let block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
                let scalar = Scalar { block, ..scalar };
                self.scalar(scalar, merge, anchor, span)
            }
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::SequenceStart(style, anchor, _) => {
                let first = self.pending_items.len();
                self.start(style, anchor, span, Shape::Sequence { first })
            }
            Event::MappingStart(style, anchor, _) => {
                let shape = Shape::Mapping { first: self.pending_entries.len(), key: None, has_merge: false };
                self.start(style, anchor, span, shape)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            _ => Ok(()),
        }
    }

    fn scalar(&mut self, scalar: Scalar<'a>, merge: bool, anchor: usize, span: Span) -> Result<(), Failure> {
        let size = Size { bytes: scalar.value.len() + NODE_BYTES, height: 0 };
        if self.expects_key() {
            if anchor != 0 {
                let node = self.push(Kind::Scalar(scalar.clone()), span)?;
                self.anchors.insert(anchor, Anchored { node, size });
            }
            return self.key(scalar, merge, span);
        }
        let node = self.push(Kind::Scalar(scalar), span)?;
        self.complete(node, anchor, size, span.end())
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), Failure> {
        // An anchor is entered when its node is complete, so an unknown one is still open.
        let Some(target) = self.anchors.get(&anchor).copied() else {
            return Err(YamlErrorKind::AliasCycle.at(span));
        };
        self.alias_bytes = self.alias_bytes.saturating_add(target.size.bytes);
        if self.alias_bytes > MAX_ALIAS_BYTES {
            let limit = MAX_ALIAS_BYTES;
            return Err(YamlErrorKind::AliasesTooLarge { limit }.at(span));
        }
        if self.open.len() + target.size.height > MAX_DEPTH {
            return Err(YamlErrorKind::TooDeep { limit: MAX_DEPTH }.at(span));
        }
        if self.expects_key() {
            let Some(scalar) = self.document.scalar(target.node).cloned() else {
                return Err(YamlErrorKind::KeyNotScalar.at(span));
            };
            return self.key(scalar, false, span);
        }
        let node = self.push(Kind::Alias(target.node), span)?;
        self.complete(node, 0, target.size, span.end())
    }

    fn start(&mut self, style: StructureStyle, anchor: usize, span: Span, shape: Shape<'a>) -> Result<(), Failure> {
        if self.expects_key() {
            return Err(YamlErrorKind::KeyNotScalar.at(span));
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(YamlErrorKind::TooDeep { limit: MAX_DEPTH }.at(span));
        }
        let node = self.push(Kind::Scalar(Scalar::NULL), span)?;
        self.open.push(Open {
            node,
            start: span,
            anchor,
            block: style == StructureStyle::Block,
            shape,
            size: Size { bytes: NODE_BYTES, height: 1 },
            end: span.end(),
        });
        Ok(())
    }

    fn end(&mut self, span: Span) -> Result<(), Failure> {
        // The parser closes only what it opened.
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let kind = match open.shape {
            Shape::Mapping { first, has_merge, .. } => {
                self.keep_last_of_duplicates(first);
                Kind::Mapping(Mapping {
                    entries: take_tail(&mut self.pending_entries, first, &mut self.document.entries),
                    block: open.block,
                    has_merge,
                })
            }
            Shape::Sequence { first } => Kind::Sequence(Sequence {
                items: take_tail(&mut self.pending_items, first, &mut self.document.items),
                block: open.block,
            }),
        };
        // A block collection's end event comes with the next token, long after its last character.
        let end = if open.block { open.end } else { span.end() };
        if let Some(node) = self.document.nodes.get_mut(open.node.0 as usize) {
            *node = Node { span: Span::new(open.start.start(), end), kind };
        }
        self.complete(open.node, open.anchor, open.size, end)
    }

    /// Hands a complete node to its parent.
    fn complete(&mut self, node: NodeId, anchor: usize, size: Size, end: usize) -> Result<(), Failure> {
        if anchor != 0 {
            self.anchors.insert(anchor, Anchored { node, size });
        }
        let Some(parent) = self.open.last_mut() else {
            return Ok(());
        };
        parent.size.bytes = parent.size.bytes.saturating_add(size.bytes);
        parent.size.height = parent.size.height.max(size.height + 1);
        parent.end = end;
        match &mut parent.shape {
            Shape::Sequence { .. } => self.pending_items.push(node),
            Shape::Mapping { key, has_merge, .. } => {
                if let Some(key) = key.take() {
                    if key.merge {
                        *has_merge = true;
                        check_merge(&self.document, node)?;
                    }
                    self.pending_entries.push(Entry { key, value: node });
                }
            }
        }
        Ok(())
    }

    fn expects_key(&self) -> bool {
        matches!(self.open.last(), Some(Open { shape: Shape::Mapping { key: None, .. }, .. }))
    }

    fn key(&mut self, scalar: Scalar<'a>, merge: bool, span: Span) -> Result<(), Failure> {
        if scalar.kind == ScalarKind::Null {
            return Err(YamlErrorKind::KeyNull.at(span));
        }
        if let Some(Open { shape: Shape::Mapping { key, .. }, size, end, .. }) = self.open.last_mut() {
            size.bytes = size.bytes.saturating_add(scalar.value.len() + NODE_BYTES);
            *end = span.end();
            *key = Some(Key { text: scalar.value, span, merge });
        }
        Ok(())
    }

    fn push(&mut self, kind: Kind<'a>, span: Span) -> Result<NodeId, Failure> {
        let index = self.document.nodes.len();
        if index >= MAX_NODES {
            return Err(YamlErrorKind::TooManyNodes { limit: MAX_NODES }.at(span));
        }
        self.document.nodes.push(Node { span, kind });
        Ok(NodeId(index_u32(index)))
    }

    /// Of the entries from `first` on, keeps the last of each key, as Kubernetes' tools do, and notes the others.
    fn keep_last_of_duplicates(&mut self, first: usize) {
        let own = self.pending_entries.get(first..).unwrap_or_default();
        if !has_duplicate(own) {
            return;
        }
        let mut first_by_text = HashMap::with_capacity(own.len());
        let mut lost = HashSet::new();
        for (index, key) in own.iter().map(|entry| &entry.key).enumerate().filter(|(_, key)| !key.merge) {
            let Some((first_span, previous)) = first_by_text.insert(key.text.as_ref(), (key.span, index)) else {
                continue;
            };
            first_by_text.insert(key.text.as_ref(), (first_span, index));
            lost.insert(first + previous);
            if self.document.flaws.len() < MAX_FLAWS {
                let first_line = self.source.position(first_span.start()).line;
                let kind = YamlErrorKind::DuplicateKey { key: key.text.clone().into_owned(), first_line };
                self.document.flaws.push(kind.at(key.span).at(self.source));
            }
        }
        let mut index = 0;
        self.pending_entries.retain(|_| {
            index += 1;
            !lost.contains(&(index - 1))
        });
    }
}

impl Document<'_> {
    /// Whether nothing but comments, or a bare `---`, was there.
    fn is_empty(&self) -> bool {
        match self.nodes.as_slice() {
            [] => true,
            [node] => node.span.is_empty() && matches!(node.kind, Kind::Scalar(_)),
            _ => false,
        }
    }
}

/// Whether a key is set twice.
fn has_duplicate(entries: &[Entry<'_>]) -> bool {
    const COMPARED_PAIRWISE: usize = 12;
    let keys = entries.iter().map(|entry| &entry.key).filter(|key| !key.merge).map(|key| key.text.as_ref());
    if entries.len() <= COMPARED_PAIRWISE {
        return keys.clone().enumerate().any(|(index, key)| keys.clone().take(index).any(|other| other == key));
    }
    let mut seen = HashSet::with_capacity(entries.len());
    !keys.into_iter().all(|key| seen.insert(key))
}

fn check_merge(document: &Document<'_>, value: NodeId) -> Result<(), Failure> {
    let mergeable = match document.items(value) {
        Some(items) => items.iter().all(|item| document.is_mapping(*item)),
        None => document.is_mapping(value),
    };
    if mergeable { Ok(()) } else { Err(YamlErrorKind::MergeNotMapping.at(document.span(value))) }
}

/// Moves the elements from `first` on to the end of another vector.
fn take_tail<T>(pending: &mut Vec<T>, first: usize, into: &mut Vec<T>) -> Slice {
    let start = index_u32(into.len());
    into.extend(pending.drain(first.min(pending.len())..));
    Slice { start, end: index_u32(into.len()) }
}

/// INVARIANT: limits on the file and on nodes keep every index far below `u32::MAX`.
fn index_u32(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

fn tag_of(tag: &granit_parser::Tag) -> Tag<'_> {
    match tag.handle() {
        "tag:yaml.org,2002:" | "!!" => Tag::Core(tag.suffix()),
        _ => Tag::Foreign,
    }
}

fn span_of(span: &granit_parser::Span) -> Span {
    // Offsets are known for every span of a parser that reads from a string.
    let range = span.byte_range().unwrap_or_default();
    Span::new(range.start, range.end)
}

fn syntax_failure(error: &ScanError) -> Failure {
    let kind = match error.kind() {
        ErrorKind::RecursionLimitExceeded => YamlErrorKind::TooDeep { limit: MAX_DEPTH },
        _ => YamlErrorKind::Syntax(error.info()),
    };
    Failure { offset: error.marker().byte_offset().unwrap_or_default(), kind }
}
