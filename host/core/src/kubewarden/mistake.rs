//! What is wrong with a configuration, and where.

use super::{ConditionError, ExpressionError, SelectorError};
use crate::source::Position;
use crate::yaml::YamlError;
use thiserror::Error;

/// A configuration that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{file}:{}:{}: {kind}", position.line, position.column)]
pub struct Mistake {
    /// The file.
    pub file: String,
    /// Where in it.
    pub position: Position,
    /// What is wrong there.
    pub kind: MistakeKind,
}

/// What is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MistakeKind {
    /// The file is no YAML.
    #[error("{message}")]
    Yaml {
        /// The words of the reader.
        message: String,
        /// What to write instead.
        help: Option<&'static str>,
    },
    /// The resource has a version that nobody knows.
    #[error("`{api_version}` `{kind}` is of a version that is not known, so its fields cannot be trusted")]
    Version {
        /// Group and version.
        api_version: String,
        /// The kind.
        kind: String,
    },
    /// The group has no such kind.
    #[error("Kubewarden has no kind `{kind}`")]
    Kind {
        /// The kind.
        kind: String,
        /// The nearest that there is.
        near: Option<&'static str>,
    },
    /// A field that has to be there is not.
    #[error("`{field}` is missing")]
    Missing {
        /// The field's path.
        field: String,
    },
    /// A field has the wrong type.
    #[error("`{field}` is {found}, not {expected}")]
    Type {
        /// The field's path.
        field: String,
        /// What it is.
        found: String,
        /// What it should be.
        expected: &'static str,
    },
    /// A list or text that has to say something is empty.
    #[error("`{field}` is empty, so the policy would never be asked")]
    Empty {
        /// The field's path.
        field: String,
    },
    /// A field has a value that it cannot have.
    #[error("`{field}` cannot be `{value}`")]
    Value {
        /// The field's path.
        field: String,
        /// The value.
        value: String,
        /// The values that it can have.
        allowed: &'static str,
    },
    /// Two policies have the same name.
    #[error("there are two policies `{id}`, here and in {other}, and a cluster can have only one")]
    Duplicate {
        /// The name.
        id: String,
        /// Where the other one is.
        other: String,
    },
    /// A label selector cannot be understood.
    #[error("`{field}`: {error}")]
    Selector {
        /// The field's path.
        field: String,
        /// Why.
        error: SelectorError,
    },
    /// A group's expression cannot be understood.
    #[error("the expression of the group: {0}")]
    Expression(ExpressionError),
    /// A match condition cannot be understood.
    #[error("the condition `{name}`: {error}")]
    Condition {
        /// The condition's name.
        name: String,
        /// Why.
        error: ConditionError,
    },
    /// The policy's module refuses its settings, or cannot be had.
    #[error("{message}")]
    Module {
        /// What is wrong.
        message: String,
        /// What to do about it.
        help: Option<String>,
    },
}

impl Mistake {
    /// What is wrong with the YAML of a file.
    pub(super) fn of_yaml(file: &str, error: &YamlError) -> Self {
        let kind = MistakeKind::Yaml { message: error.to_string(), help: error.kind.help() };
        Self { file: file.to_owned(), position: error.position, kind }
    }
}

impl MistakeKind {
    /// What to write instead, where that is not plain from the error.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Yaml { help, .. } => help.map(str::to_owned),
            Self::Version { .. } => Some("write `apiVersion: policies.kubewarden.io/v1`".to_owned()),
            Self::Kind { near, .. } => near.map(|near| format!("did you mean `{near}`?")),
            Self::Value { allowed, .. } => Some(format!("write {allowed}")),
            Self::Duplicate { .. } => Some("rename one of them, or give one file at a time".to_owned()),
            Self::Selector { error, .. } => error.help().map(str::to_owned),
            Self::Expression(error) => error.help(),
            Self::Condition { error, .. } => error.help(),
            Self::Module { help, .. } => help.clone(),
            Self::Missing { .. } | Self::Type { .. } | Self::Empty { .. } => None,
        }
    }
}
