//! A flat view of a JSON text: every value keeps its bytes, so that nothing is lost or rounded.
//!
//! The readers that rules call everywhere are never inlined: that was seven kilobytes of a module.

mod difference;
mod lex;
mod write;

pub use difference::first_difference;
pub use write::{quote, write_string};

use std::borrow::Cow;
use std::cell::RefCell;

use hifijson::SliceLexer;
use hifijson::str::LexAlloc as _;

/// A parsed JSON text. One entry per value and per key, in document order.
#[derive(Debug)]
pub struct Tape<'a> {
    text: &'a str,
    entries: Vec<Entry>,
    malformed: RefCell<Vec<Malformed>>,
}

/// Where a text stops being JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// Bytes from the start of the text.
    pub offset: usize,
}

/// A field whose type is not the one that Kubernetes gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// JSON Pointer from the root of the text.
    pub pointer: String,
    /// What the field should hold, for example `a list`.
    pub expected: &'static str,
    /// What it holds, for example `a string`.
    pub found: &'static str,
}

/// The JSON types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// Any number
    Number,
    /// A string
    String,
    /// A list
    Array,
    /// A mapping
    Object,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    kind: Kind,
    /// Whether a string has an escape in it, so that its bytes are not its contents.
    escaped: bool,
    start: u32,
    end: u32,
    /// The entry after this value and all that is inside it.
    next: u32,
}

/// One value of a [`Tape`].
///
/// The typed readers (`boolean`, `integer`, `string`, …) treat `null` as absent, as the API server does, and
/// note a value of another type in [`Tape::malformed`]: a rule reads a field as if it were well formed, and the
/// kit turns what was noted into findings.
#[derive(Debug, Clone, Copy)]
pub struct Node<'a> {
    tape: &'a Tape<'a>,
    index: u32,
}

impl Kind {
    /// The type's name in a message, with its article.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "a boolean",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Array => "a list",
            Self::Object => "a mapping",
        }
    }
}

impl<'a> Tape<'a> {
    /// Parses one JSON text. Nesting may be as deep as the text is long: nothing here recurses.
    ///
    /// # Errors
    /// When the text is not exactly one JSON value, or is larger than 4 GiB.
    pub fn parse(text: &'a str) -> Result<Self, SyntaxError> {
        if u32::try_from(text.len()).is_err() {
            return Err(SyntaxError { offset: 0 });
        }
        let mut lexer = SliceLexer::new(text.as_bytes());
        // Requests have a key or value every eight bytes or so; this saves the growing.
        let mut entries = Vec::with_capacity(text.len() / 8 + 4);
        match lex::lex(&mut lexer, text.len(), &mut entries) {
            Some(()) => Ok(Self { text, entries, malformed: RefCell::default() }),
            None => Err(SyntaxError { offset: text.len() - lexer.as_slice().len() }),
        }
    }

    /// The value that the text holds.
    pub fn root(&'a self) -> Node<'a> {
        Node { tape: self, index: 0 }
    }

    /// The fields that were read so far and have the wrong type, in the order of reading, each once.
    pub fn malformed(&self) -> Vec<Malformed> {
        self.malformed.borrow().clone()
    }
}

impl<'a> Node<'a> {
    fn entry(self) -> Entry {
        // INVARIANT: nodes are only made from indices of their own tape, which never shrinks.
        self.tape.entries.get(self.index as usize).copied().unwrap_or(Entry {
            kind: Kind::Null,
            escaped: false,
            start: 0,
            end: 0,
            next: u32::MAX,
        })
    }

    /// The value's type.
    pub fn kind(self) -> Kind {
        self.entry().kind
    }

    /// The value's bytes as they stand in the text.
    pub fn raw(self) -> &'a str {
        let entry = self.entry();
        self.tape.text.get(entry.start as usize..entry.end as usize).unwrap_or_default()
    }

    /// Where the value stands in the text, in bytes.
    pub fn span(self) -> std::ops::Range<usize> {
        let entry = self.entry();
        entry.start as usize..entry.end as usize
    }

    /// The tape that this value belongs to.
    pub fn tape(self) -> &'a Tape<'a> {
        self.tape
    }

    /// Whether the value is `null`.
    pub fn is_null(self) -> bool {
        self.kind() == Kind::Null
    }

    /// A string's contents; `None` for other types.
    #[inline(never)]
    pub fn as_str(self) -> Option<Cow<'a, str>> {
        (self.kind() == Kind::String).then(|| self.contents())
    }

    /// A string's contents, or a number's or boolean's digits and letters; `None` for other types.
    pub fn as_scalar(self) -> Option<Cow<'a, str>> {
        match self.kind() {
            Kind::String => Some(self.contents()),
            Kind::Number | Kind::Bool => Some(Cow::Borrowed(self.raw())),
            Kind::Null | Kind::Array | Kind::Object => None,
        }
    }

    /// The value of `key`, also when it is `null`. The last one counts where a key is given twice.
    pub fn get(self, key: &str) -> Option<Self> {
        self.members().filter(|(name, _)| name.is_key(key)).last().map(|(_, value)| value)
    }

    /// The value of `key` unless it is absent or `null`, whatever its type.
    #[inline(never)]
    pub fn field(self, key: &str) -> Option<Self> {
        self.get(key).filter(|node| !node.is_null())
    }

    /// The value that `keys` lead to, unless it or a step to it is absent or `null`.
    /// A step that is no mapping is noted as malformed.
    pub fn at(self, keys: &[&str]) -> Option<Self> {
        let (last, steps) = keys.split_last()?;
        let mut node = self;
        for step in steps {
            node = node.object(step)?;
        }
        node.field(last)
    }

    /// The value that a JSON Pointer leads to from here, also when it is `null`.
    pub fn resolve(self, pointer: &str) -> Option<Self> {
        crate::pointer::tokens(pointer).try_fold(self, |node, token| match node.kind() {
            Kind::Array => node.elements().nth(token.parse().ok()?),
            _ => node.get(&token),
        })
    }

    /// The items of a list; nothing for other types.
    pub fn elements(self) -> impl Iterator<Item = Self> + use<'a> {
        let end = if self.kind() == Kind::Array { self.entry().next } else { 0 };
        let mut index = self.index + 1;
        std::iter::from_fn(move || {
            let node = (index < end).then_some(Self { tape: self.tape, index })?;
            index = node.entry().next;
            Some(node)
        })
    }

    /// The members of a mapping, `null` ones included, with their keys as nodes; nothing for other types.
    fn members(self) -> impl Iterator<Item = (Self, Self)> + use<'a> {
        let end = if self.kind() == Kind::Object { self.entry().next } else { 0 };
        let mut index = self.index + 1;
        std::iter::from_fn(move || {
            let key = (index < end).then_some(Self { tape: self.tape, index })?;
            let value = Self { tape: self.tape, index: index + 1 };
            index = value.entry().next;
            Some((key, value))
        })
    }

    /// The members of a mapping that are not `null`; nothing for other types.
    pub fn fields(self) -> impl Iterator<Item = (Cow<'a, str>, Self)> + use<'a> {
        self.members().filter(|(_, value)| !value.is_null()).map(|(key, value)| (key.contents(), value))
    }

    fn is_key(self, key: &str) -> bool {
        let entry = self.entry();
        let plain = !entry.escaped && (entry.end - entry.start) as usize == key.len() + 2;
        (plain || entry.escaped) && self.contents() == key
    }

    /// What a string says. A lone surrogate leaves it as it is written.
    fn contents(self) -> Cow<'a, str> {
        let inner = self.raw().strip_prefix('"').unwrap_or_default();
        let plain = Cow::Borrowed(inner.strip_suffix('"').unwrap_or(inner));
        if self.entry().escaped { SliceLexer::new(inner.as_bytes()).str_string().unwrap_or(plain) } else { plain }
    }

    /// The mapping under `key`.
    pub fn object(self, key: &str) -> Option<Self> {
        self.field(key)?.expect(Kind::Object)
    }

    /// The items of the list under `key`; none when it is absent.
    pub fn list(self, key: &str) -> impl Iterator<Item = Self> + use<'a> {
        self.field(key).and_then(|node| node.expect(Kind::Array)).into_iter().flat_map(Self::elements)
    }

    /// The mappings in the list under `key`; other items are noted as malformed.
    pub fn objects(self, key: &str) -> impl Iterator<Item = Self> + use<'a> {
        self.list(key).filter_map(|item| item.expect(Kind::Object))
    }

    /// The strings in the list under `key`; other items are noted as malformed.
    pub fn strings(self, key: &str) -> impl Iterator<Item = (Self, Cow<'a, str>)> + use<'a> {
        self.list(key).filter_map(|item| Some((item, item.expect(Kind::String)?.as_str()?)))
    }

    /// The string under `key`.
    #[inline(never)]
    pub fn string(self, key: &str) -> Option<Cow<'a, str>> {
        self.field(key)?.expect(Kind::String)?.as_str()
    }

    /// The boolean under `key`.
    pub fn boolean(self, key: &str) -> Option<bool> {
        self.field(key)?.to_boolean()
    }

    /// The whole number under `key`.
    pub fn integer(self, key: &str) -> Option<i64> {
        self.field(key)?.to_integer()
    }

    /// This value as a boolean.
    pub fn to_boolean(self) -> Option<bool> {
        Some(self.expect(Kind::Bool)?.raw() == "true")
    }

    /// This value as a whole number of 64 bits.
    pub fn to_integer(self) -> Option<i64> {
        let number = self.raw().parse().ok().filter(|_| self.kind() == Kind::Number);
        if number.is_none() {
            let found = match self.kind() {
                Kind::Number if self.raw().contains(['.', 'e', 'E']) => "a fraction",
                Kind::Number => "a number of more than 64 bits",
                other => other.describe(),
            };
            self.note("a whole number", found);
        }
        number
    }

    /// This value if it is of type `kind`; otherwise it is noted as malformed.
    #[inline(never)]
    pub fn expect(self, kind: Kind) -> Option<Self> {
        if self.kind() == kind {
            return Some(self);
        }
        self.note(kind.describe(), self.kind().describe());
        None
    }

    /// Notes that this value is not what Kubernetes allows here.
    pub fn note(self, expected: &'static str, found: &'static str) {
        let malformed = Malformed { pointer: self.pointer(), expected, found };
        let mut noted = self.tape.malformed.borrow_mut();
        if noted.iter().all(|other| other.pointer != malformed.pointer) {
            noted.push(malformed);
        }
    }

    /// The JSON Pointer (RFC 6901) from the root of the text to this value.
    pub fn pointer(self) -> String {
        let mut pointer = String::new();
        let mut node = self.tape.root();
        while node.index != self.index {
            let holds = |child: Self| child.index <= self.index && self.index < child.entry().next;
            let step = match node.kind() {
                Kind::Object => node
                    .members()
                    .find(|(_, child)| holds(*child))
                    .map(|(key, child)| (crate::pointer::escape(&key.contents()).into_owned(), child)),
                _ => node
                    .elements()
                    .enumerate()
                    .find(|(_, child)| holds(*child))
                    .map(|(n, child)| (n.to_string(), child)),
            };
            // INVARIANT: a tape is a tree, so some child holds every index below its parent.
            let Some((token, child)) = step else { break };
            pointer.push('/');
            pointer.push_str(&token);
            node = child;
        }
        pointer
    }
}

impl PartialEq for Node<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.index == other.index && std::ptr::eq(self.tape, other.tape)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            "\\PC*|[\\x00-\\x1f\"\\\\/~]*".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 48, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
                prop::collection::btree_map("[a-c~/\"\\\\\u{e9}]{0,3}", inner, 0..5)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    /// Every node agrees with serde_json's value at the node's own pointer.
    fn agree(node: Node<'_>, root: &serde_json::Value) {
        let value = root.pointer(&node.pointer()).expect("the pointer leads to a value");
        assert_eq!(&serde_json::from_str::<serde_json::Value>(node.raw()).expect("raw text is JSON"), value);
        if let Some(text) = node.as_str() {
            assert_eq!(value, text.as_ref());
        }
        for (key, child) in node.fields() {
            assert_eq!(node.get(&key), Some(child));
            agree(child, root);
        }
        node.elements().for_each(|child| agree(child, root));
    }

    proptest! {
        #[test]
        fn reads_what_serde_json_writes(value in json(), pretty in any::<bool>()) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
            let text = text.expect("a value is JSON");
            let tape = Tape::parse(&text).expect("JSON parses");
            agree(tape.root(), &value);
        }

        #[test]
        fn accepts_exactly_json(text in "[\\[\\]{},:\"a0-9.eE+\\-ntrufls \\\\]{0,24}") {
            prop_assert_eq!(Tape::parse(&text).is_ok(), serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok(), "{}", text);
        }
    }

    #[test]
    fn says_where_a_text_breaks() {
        assert_eq!(Tape::parse("{\"a\": [1, }").expect_err("broken").offset, 11);
        assert!(Tape::parse("").is_err());
        assert!(Tape::parse("[,]").is_err());
        assert!(Tape::parse("{,}").is_err());
        assert!(Tape::parse("01").is_err());
    }

    #[test]
    fn is_not_afraid_of_depth() {
        let text = "[".repeat(100_000) + &"]".repeat(100_000);
        assert!(Tape::parse(&text).is_ok());
    }

    #[test]
    fn notes_wrong_types_once() {
        let tape = Tape::parse(r#"{"spec":{"containers":"web","hostUsers":null,"priority":1.5}}"#).expect("JSON");
        let spec = tape.root().object("spec").expect("a mapping");
        assert_eq!(spec.objects("containers").count(), 0);
        assert_eq!(spec.objects("containers").count(), 0);
        assert_eq!(spec.boolean("hostUsers"), None);
        assert_eq!(spec.integer("priority"), None);
        let noted: Vec<_> = tape.malformed().into_iter().map(|m| (m.pointer, m.expected, m.found)).collect();
        assert_eq!(
            noted,
            [
                ("/spec/containers".to_owned(), "a list", "a string"),
                ("/spec/priority".to_owned(), "a whole number", "a fraction"),
            ]
        );
    }
}
