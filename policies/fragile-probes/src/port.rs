//! The port that a probe asks.

use std::borrow::Cow;

use forewarn_kit::json::{Kind, Node};
use forewarn_kit::workload::Container;

/// A port as it is written in a probe.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Port<'a> {
    Number(i64),
    Name(Cow<'a, str>),
}

impl<'a> Port<'a> {
    /// The port under `port` in a handler. A value that is neither a whole number nor a string is noted as malformed.
    pub(crate) fn of(handler: Node<'a>) -> Option<Self> {
        let node = handler.field("port")?;
        match node.kind() {
            Kind::String => node.as_str().map(Self::Name),
            Kind::Number => node.to_integer().map(Self::Number),
            other => {
                node.note("a port's number or name", other.describe());
                None
            }
        }
    }

    /// The same port by its number, where the container declares its name.
    pub(crate) fn resolved(self, container: &Container<'a>) -> Self {
        match &self {
            Self::Name(name) => declared(container, name).map_or(self, Self::Number),
            Self::Number(_) => self,
        }
    }
}

/// The number of the port that the container declares as `name`.
pub(crate) fn declared(container: &Container<'_>, name: &str) -> Option<i64> {
    container.node.objects("ports").find(|port| port.string("name").as_deref() == Some(name))?.integer("containerPort")
}

/// Whether the API server takes `name` for a port's name.
/// Source: `IsValidPortName` in `k8s.io/apimachinery/pkg/util/validation`.
pub(crate) fn is_name(name: &str) -> bool {
    name.len() <= 15
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && name.bytes().any(|byte| byte.is_ascii_lowercase())
        && !name.contains("--")
        && !name.starts_with('-')
        && !name.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::is_name;

    #[test]
    fn knows_names() {
        for name in ["http", "h2", "8080-tcp", "a", "metrics-and-foo"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "8080", "HTTP", "my_port", "a--b", "-a", "a-", "metrics-and-more", "http "] {
            assert!(!is_name(name), "{name}");
        }
    }
}
