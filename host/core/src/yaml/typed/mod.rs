//! Typed reading of YAML by serde, where every mistake has its place in the text.

mod error;
mod read;

pub use error::{TypedError, nearest};

use super::Documents;
use crate::source::{Position, Source};
use read::Reader;
use serde::de::{DeserializeOwned, Deserializer, Error as _, SeqAccess, Visitor};
use serde::{Deserialize, de};
use std::cmp::Ordering;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

/// The name by which a [`Placed`] tells the reader that it wants its place. It is no name that a type could have.
const PLACED: &str = "$placed";

/// Reads a text of one YAML (or JSON) document as a `T`. An empty text is an empty mapping.
///
/// # Errors
///
/// What is wrong with it first, and where.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, TypedError> {
    let source = Source::new(text);
    let mut documents = Documents::new(&source);
    let document = match documents.next() {
        Some(document) => document.map_err(|error| TypedError::of_yaml(&error))?,
        None => return T::deserialize(de::value::MapDeserializer::new(std::iter::empty::<(String, String)>())),
    };
    if let Some(flaw) = document.flaws().first() {
        return Err(TypedError::of_yaml(flaw));
    }
    match documents.next() {
        Some(Ok(second)) => {
            let error = TypedError::custom("a second document, and only one is read");
            return Err(error.or_at(source.position(second.span(second.root()).start())));
        }
        Some(Err(error)) => return Err(TypedError::of_yaml(&error)),
        None => {}
    }
    T::deserialize(Reader::new(&source, &document, document.root()))
}

/// A value, and where it was written. Compared by the value alone.
#[derive(Debug, Clone)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// Where it was written.
    pub position: Position,
}

impl<T> Deref for Placed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: PartialEq> PartialEq for Placed<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Placed<T> {}

impl<T: Ord> PartialOrd for Placed<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: Ord> Ord for Placed<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.value.cmp(&other.value)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Placed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_tuple_struct(PLACED, 3, PlacedVisitor(PhantomData))
    }
}

struct PlacedVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for PlacedVisitor<T> {
    type Value = Placed<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value with its place")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Self::Value, A::Error> {
        let missing = || A::Error::custom("a value without its place");
        let line = parts.next_element()?.ok_or_else(missing)?;
        let column = parts.next_element()?.ok_or_else(missing)?;
        let value = parts.next_element()?.ok_or_else(missing)?;
        Ok(Placed { value, position: Position { line, column } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::collections::BTreeMap;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    struct Config {
        #[serde(default)]
        fail_on: Option<Level>,
        #[serde(default)]
        names: Vec<Placed<String>>,
        #[serde(default)]
        by_key: BTreeMap<Placed<String>, Value>,
        #[serde(default)]
        inner: Option<Inner>,
    }

    #[derive(Debug, Deserialize, PartialEq, Eq)]
    #[serde(rename_all = "lowercase")]
    enum Level {
        Deny,
        Warn,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        reason: String,
        #[serde(default)]
        count: u8,
    }

    fn error(text: &str) -> String {
        let error = read::<Config>(text).unwrap_err();
        format!("{}:{}: {error}", error.position.line, error.position.column)
    }

    #[test]
    fn values_know_their_place() {
        let text = "names:\n  - a\n  - &b b\n  - *b\nbyKey:\n  x: [1, -2, 1.5, yes, ~, \"s\"]\nfailOn: warn\n";
        let config: Config = read(text).unwrap();
        let names: Vec<_> = config.names.iter().map(|name| (name.value.as_str(), name.position.line)).collect();
        assert_eq!(names, [("a", 2), ("b", 3), ("b", 4)]);
        let (key, value) = config.by_key.first_key_value().unwrap();
        assert_eq!((key.position.line, key.position.column), (6, 3));
        assert_eq!(*value, serde_json::json!([1, -2, 1.5, true, null, "s"]));
        assert_eq!(config.fail_on, Some(Level::Warn));
        let inner = read::<Config>("inner: {reason: x, count: 255}").unwrap().inner.unwrap();
        assert_eq!((inner.reason.as_str(), inner.count), ("x", 255));
        assert!(read::<Config>("").unwrap().names.is_empty());
        assert!(read::<Config>("# only a comment\n").unwrap().names.is_empty());
    }

    #[test]
    fn mistakes_have_their_place() {
        for (text, expected) in [
            ("namse: []\n", "1:1: unknown key `namse`, did you mean `names`?"),
            ("zzz: []\n", "1:1: unknown key `zzz`"),
            ("names: a\n", "1:8: a list is expected, not the text `a`"),
            ("names:\n  - a\n  - {}\n", "3:5: text is expected, not a mapping"),
            ("names: [1]\n", "1:9: text is expected, not the number `1`; put it in quotes if it is text"),
            ("names: [off]\n", "1:9: text is expected, not `false`; put it in quotes if it is text"),
            ("failOn: wran\n", "1:9: unknown value `wran`, did you mean `warn`?"),
            ("inner: {count: 1}\n", "1:8: the key `reason` is missing"),
            ("inner:\n  reason: x\n  count: 300\n", "3:10: 300 is out of range: a number from 0 to 255 is expected"),
            ("inner:\n  reason: x\n  count: many\n", "3:10: a number is expected, not the text `many`"),
            ("names: []\nnames: []\n", "2:1: the key `names` is already set in line 1"),
            ("a: [\n", "1:4: not valid YAML"),
            ("names: []\n---\nnames: []\n", "3:1: a second document, and only one is read"),
            ("[]\n", "1:1: a mapping is expected, not a list"),
            ("text\n", "1:1: a mapping is expected, not the text `text`"),
        ] {
            let error = error(text);
            assert!(error.starts_with(expected), "{text:?}: {error:?} is not {expected:?}");
        }
    }
}
