//! What is wrong with a typed document, in the words of its author.

use crate::source::Position;
use crate::yaml::YamlError;
use serde::de::{Error, Expected, Unexpected};
use std::fmt;
use thiserror::Error;

/// What is wrong with a document that a type is read from.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct TypedError {
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
    /// Where.
    pub position: Position,
    /// Whether the place is known yet; until then the nearest one around it is taken.
    placed: bool,
}

impl TypedError {
    /// A mistake at a place.
    #[must_use]
    pub fn new(position: Position, message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None, position, placed: true }
    }

    /// The same with what to write instead.
    #[must_use]
    pub fn with_help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    pub(super) fn of_yaml(error: &YamlError) -> Self {
        let help = error.kind.help().map(str::to_owned);
        Self { help, ..Self::new(error.position, error.to_string()) }
    }

    /// The same at this place, if it has none yet.
    pub(super) fn or_at(self, position: Position) -> Self {
        if self.placed { self } else { Self { position, placed: true, ..self } }
    }
}

impl Error for TypedError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { message: message.to_string(), help: None, position: Position { line: 1, column: 1 }, placed: false }
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let found = match unexpected {
            Unexpected::Bool(value) => format!("`{value}`"),
            Unexpected::Unsigned(value) => format!("the number `{value}`"),
            Unexpected::Signed(value) => format!("the number `{value}`"),
            Unexpected::Float(value) => format!("the number `{value}`"),
            Unexpected::Str(value) => format!("the text `{value}`"),
            Unexpected::Unit => "nothing".to_owned(),
            Unexpected::Seq => "a list".to_owned(),
            Unexpected::Map => "a mapping".to_owned(),
            Unexpected::Other(number) => format!("the number `{number}`"),
            other => other.to_string(),
        };
        let expected = plain(&expected.to_string());
        let is_quotable = matches!(
            unexpected,
            Unexpected::Bool(_) | Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_)
        );
        let quotes = if expected == "text" && is_quotable { "; put it in quotes if it is text" } else { "" };
        Self::custom(format!("{expected} is expected, not {found}{quotes}"))
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        match unexpected {
            Unexpected::Unsigned(value) => Self::out_of_range(&value.to_string(), expected),
            Unexpected::Signed(value) => Self::out_of_range(&value.to_string(), expected),
            _ => Self::invalid_type(unexpected, expected),
        }
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::unknown("key", field, expected)
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::unknown("value", variant, expected)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::custom(format!("the key `{field}` is missing"))
    }
}

impl TypedError {
    fn out_of_range(value: &str, expected: &dyn Expected) -> Self {
        Self::custom(format!("{value} is out of range: {} is expected", range(&expected.to_string())))
    }

    fn unknown(what: &str, word: &str, expected: &[&str]) -> Self {
        let hint = nearest(word, expected.iter().copied());
        let hint = hint.map(|known| format!(", did you mean `{known}`?")).unwrap_or_default();
        let expected: Vec<_> = expected.iter().map(|known| format!("`{known}`")).collect();
        Self::custom(format!("unknown {what} `{word}`{hint}"))
            .with_help(format!("the {what}s here are {}", expected.join(", ")))
    }
}

/// The known word that somebody meant who wrote this one, if there is one that near.
#[must_use]
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let distances = known.into_iter().map(|known| (strsim::damerau_levenshtein(word, known), known));
    distances.min().filter(|(distance, known)| *distance <= known.len().div_ceil(3)).map(|(_, known)| known)
}

/// Serde's words for what it expects, in ours.
fn plain(expected: &str) -> String {
    match expected {
        "a string" => "text".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "a mapping".to_owned(),
        "a boolean" => "`true` or `false`".to_owned(),
        "u8" | "u16" | "u32" | "u64" | "usize" | "i8" | "i16" | "i32" | "i64" | "isize" => "a number".to_owned(),
        other if other.starts_with("struct ") => "a mapping".to_owned(),
        other => other.to_owned(),
    }
}

fn range(expected: &str) -> String {
    match expected {
        "u8" => format!("a number from 0 to {}", u8::MAX),
        "u16" => format!("a number from 0 to {}", u16::MAX),
        "u32" => format!("a number from 0 to {}", u32::MAX),
        other => plain(other),
    }
}
