//! The memory limit that counts for a container.

use std::borrow::Cow;

use forewarn_kit::json::Node;
use forewarn_kit::quantity::Quantity;
use forewarn_kit::workload::{Container, Workload};

/// The keys that lead to a memory limit from what holds `resources`.
pub(crate) const LIMIT: &[&str] = &["resources", "limits", "memory"];
/// The same for the request.
pub(crate) const REQUEST: &[&str] = &["resources", "requests", "memory"];

/// What limits a container's memory.
#[derive(Debug, Clone)]
pub(crate) struct Limit<'a> {
    pub(crate) node: Node<'a>,
    pub(crate) text: Cow<'a, str>,
    pub(crate) value: Quantity,
    /// It is the pod's, for all its containers together.
    pub(crate) of_pod: bool,
}

/// What is known about it.
#[derive(Debug, Clone)]
pub(crate) enum Known<'a> {
    /// It is there.
    Limit(Limit<'a>),
    /// There is none.
    Nothing,
    /// There is something that the API server refuses.
    Unusable,
}

impl<'a> Known<'a> {
    /// The container's own limit, else the pod's. Zero limits nothing.
    pub(crate) fn of(workload: &Workload<'a>, container: &Container<'a>) -> Self {
        match Self::at(container.node, false) {
            Self::Nothing => Self::at(workload.spec, true),
            found => found,
        }
    }

    fn at(holder: Node<'a>, of_pod: bool) -> Self {
        let Some(node) = holder.at(LIMIT) else { return Self::Nothing };
        match (Quantity::read(node), node.as_scalar()) {
            (Some(Ok(value)), Some(_)) if value == Quantity::ZERO => Self::Nothing,
            (Some(Ok(value)), Some(text)) if value > Quantity::ZERO => Self::Limit(Limit { node, text, value, of_pod }),
            _ => Self::Unusable,
        }
    }
}

impl Limit<'_> {
    /// `` `9G` (9000000000 bytes)``; a plain number counts bytes itself.
    pub(crate) fn in_bytes(&self) -> String {
        if self.text.ends_with(|c: char| c.is_ascii_digit()) {
            format!("`{}` bytes", self.text)
        } else {
            format!("`{}` ({} bytes)", self.text, self.value.ceil())
        }
    }
}
