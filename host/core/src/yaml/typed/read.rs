//! Serde's view of a document.

use super::{PLACED, TypedError};
use crate::source::{Position, Source, Span};
use crate::yaml::{Document, Entry, Kind, NodeId, ScalarKind};
use serde::de::value::{BorrowedStrDeserializer, StringDeserializer, U32Deserializer};
use serde::de::{DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess};
use serde::de::{Unexpected, VariantAccess, Visitor};
use serde::forward_to_deserialize_any;
use std::collections::HashSet;

/// A node that is read as a value.
#[derive(Clone, Copy)]
pub(super) struct Reader<'d, 'a> {
    source: &'d Source<'a>,
    document: &'d Document<'a>,
    node: NodeId,
}

impl<'d, 'a> Reader<'d, 'a> {
    pub(super) fn new(source: &'d Source<'a>, document: &'d Document<'a>, node: NodeId) -> Self {
        Self { source, document, node }
    }

    fn at(self, node: NodeId) -> Self {
        Self { node, ..self }
    }

    fn position(self) -> Position {
        self.place(self.document.span(self.node))
    }

    fn place(self, span: Span) -> Position {
        self.source.position(span.start())
    }

    fn visit<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypedError> {
        let document = self.document;
        match &document.node(document.resolve(self.node)).kind {
            Kind::Scalar(scalar) => match scalar.kind {
                ScalarKind::Null => visitor.visit_unit(),
                ScalarKind::Bool => visitor.visit_bool(scalar.value == "true"),
                ScalarKind::Int | ScalarKind::Float => match (scalar.value.parse(), scalar.value.parse()) {
                    (Ok(number), _) => visitor.visit_u64(number),
                    (_, Ok(number)) => visitor.visit_i64(number),
                    _ => match scalar.value.parse() {
                        Ok(number) => visitor.visit_f64(number),
                        Err(_) => Err(TypedError::custom(format!("`{}` is no number", scalar.value))),
                    },
                },
                ScalarKind::String => visitor.visit_str(&scalar.value),
            },
            Kind::Sequence(sequence) => visitor.visit_seq(Items { reader: self, left: document.items_of(*sequence) }),
            Kind::Mapping(mapping) => {
                let mut entries = Vec::new();
                document.collect_merged(*mapping, &mut HashSet::new(), &mut entries);
                visitor.visit_map(Entries { reader: self, left: entries.into_iter(), value: None })
            }
            // An alias never refers to another one.
            Kind::Alias(_) => visitor.visit_unit(),
        }
    }

    fn is_null(self) -> bool {
        self.document.scalar(self.node).is_some_and(|scalar| scalar.kind == ScalarKind::Null)
    }

    fn unexpected(self) -> Unexpected<'d> {
        let document = self.document;
        match &document.node(document.resolve(self.node)).kind {
            Kind::Mapping(_) => Unexpected::Map,
            Kind::Sequence(_) => Unexpected::Seq,
            Kind::Scalar(scalar) => match scalar.kind {
                ScalarKind::Null => Unexpected::Unit,
                ScalarKind::Bool => Unexpected::Bool(scalar.value == "true"),
                ScalarKind::Int | ScalarKind::Float => Unexpected::Other(&scalar.value),
                ScalarKind::String => Unexpected::Str(&scalar.value),
            },
            Kind::Alias(_) => Unexpected::Unit,
        }
    }
}

impl<'de> Deserializer<'de> for Reader<'_, '_> {
    type Error = TypedError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypedError> {
        self.visit(visitor).map_err(|error| error.or_at(self.position()))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypedError> {
        let value = if self.is_null() { visitor.visit_none() } else { visitor.visit_some(self) };
        value.map_err(|error| error.or_at(self.position()))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, TypedError> {
        visitor.visit_newtype_struct(self).map_err(|error: TypedError| error.or_at(self.position()))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, TypedError> {
        if name == PLACED {
            return visitor.visit_seq(Parts::new(self.position(), self));
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, TypedError> {
        let Some(word) = self.document.string(self.node) else {
            let expected = variants.iter().map(|variant| format!("`{variant}`")).collect::<Vec<_>>().join(" or ");
            let error = TypedError::invalid_type(self.unexpected(), &expected.as_str());
            return Err(error.or_at(self.position()));
        };
        visitor.visit_enum(Word(word)).map_err(|error| error.or_at(self.position()))
    }

    /// A key without a value is a list of nothing: what it held may be commented out.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypedError> {
        if self.is_null() {
            return visitor.visit_seq(Items { reader: self, left: &[] });
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypedError> {
        if self.is_null() {
            let nothing = Entries { reader: self, left: Vec::new().into_iter(), value: None };
            return visitor.visit_map(nothing).map_err(|error: TypedError| error.or_at(self.position()));
        }
        // Serde would take a list of the fields' values for the mapping.
        if !self.document.is_mapping(self.node) {
            return Err(TypedError::invalid_type(self.unexpected(), &"a mapping").or_at(self.position()));
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, TypedError> {
        self.deserialize_map(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct tuple
        identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, TypedError> for Reader<'_, '_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// A word of an enum; none of ours carries more.
struct Word<'d>(&'d str);

impl<'de> EnumAccess<'de> for Word<'_> {
    type Error = TypedError;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), TypedError> {
        let word: StringDeserializer<TypedError> = self.0.to_owned().into_deserializer();
        Ok((seed.deserialize(word)?, self))
    }
}

impl<'de> VariantAccess<'de> for Word<'_> {
    type Error = TypedError;

    fn unit_variant(self) -> Result<(), TypedError> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, TypedError> {
        seed.deserialize(BorrowedStrDeserializer::new(""))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, TypedError> {
        Err(TypedError::invalid_type(Unexpected::Str(self.0), &visitor))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, TypedError> {
        Err(TypedError::invalid_type(Unexpected::Str(self.0), &visitor))
    }
}

/// The items of a list.
struct Items<'d, 'a> {
    reader: Reader<'d, 'a>,
    left: &'d [NodeId],
}

impl<'de> SeqAccess<'de> for Items<'_, '_> {
    type Error = TypedError;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, TypedError> {
        let Some((next, left)) = self.left.split_first() else { return Ok(None) };
        self.left = left;
        seed.deserialize(self.reader.at(*next)).map(Some)
    }
}

/// The entries of a mapping.
struct Entries<'d, 'a> {
    reader: Reader<'d, 'a>,
    left: std::vec::IntoIter<&'d Entry<'a>>,
    value: Option<NodeId>,
}

impl<'de> MapAccess<'de> for Entries<'_, '_> {
    type Error = TypedError;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, TypedError> {
        let Some(entry) = self.left.next() else { return Ok(None) };
        self.value = Some(entry.value);
        let position = self.reader.place(entry.key.span);
        let key = KeyReader { text: entry.key.text.as_ref(), position };
        seed.deserialize(key).map(Some).map_err(|error| error.or_at(position))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, TypedError> {
        let value = self.value.take().ok_or_else(|| TypedError::custom("a value before its key"))?;
        seed.deserialize(self.reader.at(value))
    }
}

/// A key that is read as a value.
#[derive(Clone, Copy)]
struct KeyReader<'d> {
    text: &'d str,
    position: Position,
}

impl<'de> Deserializer<'de> for KeyReader<'_> {
    type Error = TypedError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypedError> {
        visitor.visit_str(self.text)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, TypedError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, TypedError> {
        if name == PLACED {
            return visitor.visit_seq(Parts::new(self.position, self));
        }
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        map struct enum identifier ignored_any option
    }
}

impl<'de> IntoDeserializer<'de, TypedError> for KeyReader<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// The parts of a [`super::Placed`]: line, column, value.
struct Parts<R> {
    numbers: std::array::IntoIter<u32, 2>,
    value: Option<R>,
}

impl<R> Parts<R> {
    fn new(position: Position, value: R) -> Self {
        Self { numbers: [position.line, position.column].into_iter(), value: Some(value) }
    }
}

impl<'de, R: Deserializer<'de, Error = TypedError>> SeqAccess<'de> for Parts<R> {
    type Error = TypedError;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, TypedError> {
        if let Some(number) = self.numbers.next() {
            let number: U32Deserializer<TypedError> = number.into_deserializer();
            return seed.deserialize(number).map(Some);
        }
        self.value.take().map(|value| seed.deserialize(value)).transpose()
    }
}
