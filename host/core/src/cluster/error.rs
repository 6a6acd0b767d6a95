//! Why a question about the cluster gets no answer.

use thiserror::Error;

/// What a policy gets to read instead of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AskError {
    /// The question itself cannot be read.
    #[error("the payload of `kubernetes/{operation}` cannot be read: {reason}")]
    Payload {
        /// The operation, such as `get_resource`.
        operation: &'static str,
        /// What is wrong, with line and column.
        reason: String,
    },
    /// The policy's metadata does not name the kind.
    #[error("`{api_version}` `{kind}` is not among the policy's `contextAwareResources`")]
    NotDeclared {
        /// Group and version.
        api_version: String,
        /// The kind.
        kind: String,
    },
    /// The kind needs a namespace and none is given.
    #[error("`{kind}` objects are in namespaces, and the question names none")]
    NoNamespace {
        /// The kind.
        kind: String,
    },
    /// The kind is in no namespace and one is searched.
    #[error("`{kind}` objects are in no namespace, so they cannot be listed by one")]
    NotNamespaced {
        /// The kind.
        kind: String,
    },
    /// The input holds no such object.
    #[error("the input holds no `{kind}` `{name}`")]
    NotFound {
        /// The kind.
        kind: String,
        /// `<namespace>/<name>`, or the name alone.
        name: String,
    },
    /// The input holds several objects of that name, and they differ.
    #[error("the input holds {count} different objects `{kind}` `{name}`, and which one counts cannot be told")]
    Ambiguous {
        /// The kind.
        kind: String,
        /// `<namespace>/<name>`, or the name alone.
        name: String,
        /// How many there are.
        count: usize,
    },
    /// The text is no label selector.
    #[error("`{selector}` is no label selector: {reason}")]
    LabelSelector {
        /// The text.
        selector: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The text is no field selector, or one that only an API server can answer.
    #[error("`{selector}` is no field selector that can be answered offline: {reason}")]
    FieldSelector {
        /// The text.
        selector: String,
        /// What is wrong with it.
        reason: String,
    },
}
