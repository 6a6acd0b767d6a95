//! What a container, or the pod, says about one resource.

use std::borrow::Cow;
use std::fmt;

use forewarn_kit::finding::{Finding, Findings, Place, missing};
use forewarn_kit::json::Node;
use forewarn_kit::quantity::Quantity;
use forewarn_kit::workload::Container;

use crate::resource::Resource;
use crate::settings::Bounds;

/// Request and limit, as one owner states them.
#[derive(Debug, Clone)]
pub(crate) struct Stated<'a> {
    pub(crate) owner: Owner<'a>,
    pub(crate) resource: Resource,
    pub(crate) request: Value<'a>,
    pub(crate) limit: Value<'a>,
}

/// Who states it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Owner<'a> {
    /// One container, for itself.
    Container(&'a Container<'a>),
    /// The pod whose spec this is, for its containers together.
    Pod(Node<'a>),
}

/// One of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Request,
    Limit,
}

/// What stands in the field.
#[derive(Debug, Clone)]
pub(crate) enum Value<'a> {
    /// Nothing.
    Absent,
    /// Something that was reported already, so that nothing more is concluded from it.
    Unusable,
    /// A legal amount, perhaps zero.
    Amount(Written<'a>),
}

/// An amount and how it is written.
#[derive(Debug, Clone)]
pub(crate) struct Written<'a> {
    pub(crate) node: Node<'a>,
    pub(crate) text: Cow<'a, str>,
    pub(crate) value: Quantity,
}

impl<'a> Stated<'a> {
    /// An owner that states nothing.
    pub(crate) fn nothing(owner: Owner<'a>, resource: Resource) -> Self {
        Self { owner, resource, request: Value::Absent, limit: Value::Absent }
    }

    /// Reads both sides, and reports amounts that the API server refuses or that nobody can have meant.
    pub(crate) fn read(bounds: &Bounds, owner: Owner<'a>, resource: Resource, findings: &mut Findings<'a>) -> Self {
        let mut stated = Self::nothing(owner, resource);
        stated.request = stated.value(bounds, Side::Request, findings);
        stated.limit = stated.value(bounds, Side::Limit, findings);
        stated
    }

    /// A finding of this owner.
    pub(crate) fn report(&self, finding: Finding<'a>, findings: &mut Findings<'a>) {
        findings.push(match self.owner {
            Owner::Container(container) => finding.container(container),
            Owner::Pod(_) => finding,
        });
    }

    /// The place of a side that is not there.
    pub(crate) fn missing(&self, side: Side) -> Place<'a> {
        missing(self.owner.node(), side.keys(self.resource))
    }

    fn value(&self, bounds: &Bounds, side: Side, findings: &mut Findings<'a>) -> Value<'a> {
        let name = self.resource.name();
        let Some(node) = self.owner.node().at(side.keys(self.resource)) else { return Value::Absent };
        let (Some(read), Some(text)) = (Quantity::read(node), node.as_scalar()) else { return Value::Unusable };
        let subject = format!("{} has a {name} {} of `{text}`", self.owner, side.word());
        let value = read.ok().filter(|value| *value >= Quantity::ZERO);
        let Some(value) = value else {
            let what = if read.is_ok() { "less than nothing" } else { "no quantity" };
            let message = format!("{subject}, which is {what}: the API server refuses it");
            let finding = Finding::deny("invalid-quantity", node, message).help(self.resource.example());
            self.report(finding.value(format!("{name} {} {text}", side.word())), findings);
            return Value::Unusable;
        };
        let max = bounds.max.get(self.resource).as_ref().map(|max| max.value);
        if self.resource.is_suspicious(&text, value, max) {
            let (meaning, help) = self.resource.slip(&text, value);
            let message = format!("{subject}, which is {meaning}");
            let finding = Finding::deny("suspicious-unit", node, message).help(help);
            self.report(finding.value(format!("{name} {} {text}", side.word())), findings);
            return Value::Unusable;
        }
        Value::Amount(Written { node, text, value })
    }
}

impl<'a> Owner<'a> {
    /// The mapping that holds the owner's `resources`.
    pub(crate) fn node(self) -> Node<'a> {
        match self {
            Self::Container(container) => container.node,
            Self::Pod(spec) => spec,
        }
    }
}

/// How messages call the owner.
impl fmt::Display for Owner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Container(container) => container.fmt(f),
            Self::Pod(_) => f.write_str("the pod"),
        }
    }
}

impl Side {
    /// The keys that lead to the amount from the mapping that holds `resources`.
    pub(crate) fn keys(self, resource: Resource) -> &'static [&'static str] {
        match (self, resource) {
            (Self::Request, Resource::Cpu) => &["resources", "requests", "cpu"],
            (Self::Request, Resource::Memory) => &["resources", "requests", "memory"],
            (Self::Limit, Resource::Cpu) => &["resources", "limits", "cpu"],
            (Self::Limit, Resource::Memory) => &["resources", "limits", "memory"],
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Limit => "limit",
        }
    }
}

impl<'a> Value<'a> {
    /// The amount, also when it is zero.
    pub(crate) fn amount(&self) -> Option<&Written<'a>> {
        match self {
            Self::Amount(written) => Some(written),
            Self::Absent | Self::Unusable => None,
        }
    }

    /// The zero, where one is written: to Kubernetes it is the same as nothing.
    pub(crate) fn zero(&self) -> Option<&Written<'a>> {
        self.amount().filter(|written| written.value == Quantity::ZERO)
    }

    /// Whether something is written that is not zero.
    pub(crate) fn is_given(&self) -> bool {
        !matches!(self, Self::Absent) && self.zero().is_none()
    }
}
