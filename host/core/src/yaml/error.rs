//! What can be wrong with a YAML document.

use crate::source::Position;
use thiserror::Error;

/// A YAML document that cannot be read, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{kind}")]
pub struct YamlError {
    /// Where in the file.
    pub position: Position,
    /// What is wrong there.
    pub kind: YamlErrorKind,
}

/// What is wrong with a YAML document.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum YamlErrorKind {
    /// The text is not YAML.
    #[error("not valid YAML: {0}")]
    Syntax(String),
    /// A mapping has the same key twice, so that one of the values is lost.
    #[error("the key `{key}` is already set in line {first_line}, so one of the two values is lost")]
    DuplicateKey {
        /// The key.
        key: String,
        /// The line of its first occurrence, from 1.
        first_line: u32,
    },
    /// A mapping or sequence stands where a key is expected.
    #[error("a mapping or sequence stands where a key is expected")]
    KeyNotScalar,
    /// A key is null, which JSON cannot say.
    #[error("a key is null, which JSON does not have")]
    KeyNull,
    /// `<<` has something else than mappings as its value.
    #[error("the value of the merge key `<<` must be a mapping or a sequence of mappings")]
    MergeNotMapping,
    /// An alias stands inside the node that it refers to.
    #[error("the alias refers to the node that contains it")]
    AliasCycle,
    /// The aliases of a document repeat too much text.
    #[error("the document's aliases expand to more than {limit} bytes")]
    AliasesTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// Collections are nested too deeply.
    #[error("collections are nested more than {limit} levels deep")]
    TooDeep {
        /// The limit in levels.
        limit: usize,
    },
    /// The document has too many nodes.
    #[error("the document has more than {limit} values")]
    TooManyNodes {
        /// The limit in mappings, sequences and scalars.
        limit: usize,
    },
    /// The file is too large to be looked at.
    #[error("the file has more than {limit} bytes")]
    FileTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// A number that JSON does not have.
    #[error("`{0}` has no counterpart in JSON, so the API server cannot take it")]
    NotFinite(String),
    /// A value and its tag contradict each other.
    #[error("`{value}` cannot be read as `!!{tag}`")]
    TagMismatch {
        /// The value as written.
        value: String,
        /// The tag's name without `!!`.
        tag: String,
    },
    /// The tag is one that Kubernetes tools do not support.
    #[error("the tag `!!binary` is not supported by Kubernetes tools")]
    Binary,
}

impl YamlErrorKind {
    /// What to write instead, where that is not plain from the error.
    #[must_use]
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::DuplicateKey { .. } => Some("remove one of the two, or merge them"),
            Self::KeyNotScalar => Some("put a value that starts with `{` or `[` in quotes if it is text"),
            Self::KeyNull => Some("put the key in quotes if it is text"),
            Self::MergeNotMapping => Some("write `<<: *anchor`, the anchor being that of a mapping"),
            Self::NotFinite(_) => Some("put the value in quotes if it is text"),
            Self::TagMismatch { .. } => Some("remove the tag, or write a value of its type"),
            Self::Binary => Some("write the base64 text as a plain string"),
            Self::FileTooLarge { .. } | Self::TooManyNodes { .. } => Some("split the file"),
            _ => None,
        }
    }
}
