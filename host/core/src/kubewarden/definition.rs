//! A policy as it is configured, whichever way that was written.

use super::{Capability, Expression, Matching};
use crate::metadata::ContextAwareResource;
use crate::source::Position;
use serde_json::{Map, Value};

/// One policy, or a group of them, of a cluster or a policy-server.
#[derive(Debug)]
pub struct Definition {
    /// What it is called in reports: its name, or `<namespace>/<name>`.
    pub id: String,
    /// What makes it the same policy as another one: `<kind> <id>`.
    pub key: String,
    /// Where it is written.
    pub place: Place,
    /// Which requests it is asked about.
    pub matching: Matching,
    /// Whether its denials count.
    pub mode: Mode,
    /// What users are told instead of the policy's own words when it denies.
    pub message: Option<String>,
    /// What it asks.
    pub body: Body,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: String,
    /// Where in it.
    pub position: Position,
}

/// What a denial does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The object is rejected.
    Protect,
    /// The object is accepted, and the denial is noted.
    Monitor,
}

/// What becomes of a request when it cannot be told whether the policy is to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailurePolicy {
    /// It fails.
    Fail,
    /// The policy is passed over.
    Ignore,
}

/// Who answers.
#[derive(Debug)]
pub enum Body {
    /// One module.
    Single(Member),
    /// Several, whose answers an expression combines.
    Group(Group),
}

/// Several modules.
#[derive(Debug)]
pub struct Group {
    /// How their answers are combined.
    pub expression: Expression,
    /// What users are told when the expression is false.
    pub message: String,
    /// The modules by name.
    pub members: Vec<(String, Member)>,
}

/// A module and how it is asked.
#[derive(Debug)]
pub struct Member {
    /// Where the module comes from, as written.
    pub module: String,
    /// Where that is written.
    pub place: Place,
    /// The settings.
    pub settings: Map<String, Value>,
    /// Where they are written; where the module is, if there are none.
    pub settings_place: Place,
    /// Whether the object may be changed.
    pub mutating: bool,
    /// The kinds that the policy may ask about.
    pub context_aware_resources: Vec<ContextAwareResource>,
    /// The host functions that it may call; `None` for all.
    pub capabilities: Option<Vec<Capability>>,
}

impl Definition {
    /// The modules, with the names that they have in a group.
    pub fn members(&self) -> impl Iterator<Item = (Option<&str>, &Member)> {
        let (single, group) = match &self.body {
            Body::Single(member) => (Some(member), None),
            Body::Group(group) => (None, Some(group)),
        };
        let group = group.into_iter().flat_map(|group| &group.members);
        single.into_iter().map(|member| (None, member)).chain(group.map(|(name, member)| (Some(name.as_str()), member)))
    }
}
