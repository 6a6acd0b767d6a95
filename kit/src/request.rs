//! The admission request that a policy is asked about.

use std::borrow::Cow;

use crate::json::Node;

/// What is done to the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// It is new.
    Create,
    /// It is changed; the request also holds the object before the change.
    Update,
    /// It is removed.
    Delete,
    /// A subresource is connected to, or something unknown is done.
    Other,
}

/// The `request` of the payload. Everything but the object may be missing.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    node: Node<'a>,
}

impl<'a> Request<'a> {
    /// The request in `node`.
    pub fn new(node: Node<'a>) -> Self {
        Self { node }
    }

    /// The whole request: of a raw policy, what it is asked about.
    pub fn node(&self) -> Node<'a> {
        self.node
    }

    /// What is done to the object.
    pub fn operation(&self) -> Operation {
        match self.text("operation").as_deref() {
            Some("CREATE") => Operation::Create,
            Some("UPDATE") => Operation::Update,
            Some("DELETE") => Operation::Delete,
            _ => Operation::Other,
        }
    }

    /// The object as it would be stored. Absent for DELETE.
    pub fn object(&self) -> Option<Node<'a>> {
        self.node.field("object")
    }

    /// The object as it is stored now. Present for UPDATE and DELETE.
    pub fn old_object(&self) -> Option<Node<'a>> {
        self.node.field("oldObject")
    }

    /// The object that an UPDATE of the whole object replaces.
    pub fn stored(&self) -> Option<Node<'a>> {
        let whole = self.operation() == Operation::Update && self.sub_resource().is_none();
        self.old_object().filter(|_| whole)
    }

    /// API group and kind: the request's, else the object's own.
    pub fn group_kind(&self) -> (Cow<'a, str>, Cow<'a, str>) {
        let kind = self.node.field("kind");
        let part = |key| kind.and_then(|kind| kind.field(key)).and_then(Node::as_str);
        if let Some(name) = part("kind") {
            return (part("group").unwrap_or_default(), name);
        }
        let own = |key| self.object().and_then(|object| object.field(key)).and_then(Node::as_str).unwrap_or_default();
        let group = match own("apiVersion") {
            Cow::Borrowed(version) => Cow::Borrowed(version.split_once('/').map_or("", |(group, _)| group)),
            Cow::Owned(version) => Cow::Owned(version.split_once('/').map_or("", |(group, _)| group).to_owned()),
        };
        (group, own("kind"))
    }

    /// The subresource that is changed, such as `ephemeralcontainers`.
    pub fn sub_resource(&self) -> Option<Cow<'a, str>> {
        self.text("subResource").filter(|name| !name.is_empty())
    }

    /// The namespace that the object goes to.
    pub fn namespace(&self) -> Option<Cow<'a, str>> {
        let own = || self.object()?.field("metadata")?.field("namespace")?.as_str();
        self.text("namespace").or_else(own).filter(|name| !name.is_empty())
    }

    fn text(&self, key: &str) -> Option<Cow<'a, str>> {
        self.node.field(key).and_then(Node::as_str)
    }
}
