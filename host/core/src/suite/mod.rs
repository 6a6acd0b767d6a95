//! Suites: what policies are to say about which objects, and whether they do.

mod answer;
mod difference;
mod expectation;
mod given;
mod operations;
mod question;
mod read;
mod reader;
mod update;

pub use answer::{Again, Answer, Mutation, Outcome};
pub use difference::Difference;
pub use expectation::{Expectation, Mutated, Verdict, Wanted};
pub use given::{Given, GivenError, check_objects, json_in, object_in};
pub use operations::operations;
pub use question::{Question, QuestionError};
pub use update::{Update, applied, updated};

use crate::metadata::Operation;
use crate::source::Position;
use serde_json::{Map, Value};

/// A suite, as it is written. Its files are not read yet.
#[derive(Debug, Clone, Default)]
pub struct Suite {
    /// The policies under test, in the order of the text; at least one.
    pub policies: Vec<TestedPolicy>,
    /// Objects that every case has in its cluster.
    pub cluster: Vec<Placed<Given>>,
    /// The cases, in the order of the text; at least one.
    pub cases: Vec<Case>,
}

/// Something with the place where it is written.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed<T> {
    /// What it is.
    pub value: T,
    /// Where it is.
    pub position: Position,
}

/// A policy under test.
#[derive(Debug, Clone, PartialEq)]
pub struct TestedPolicy {
    /// What the suite calls it.
    pub id: String,
    /// The id of a bundled policy, or the path of a module.
    pub module: Placed<String>,
    /// Its settings.
    pub settings: Placed<Map<String, Value>>,
}

/// One question to the policies, and the answers that are expected.
#[derive(Debug, Clone)]
pub struct Case {
    /// What the case shows; no other case of the suite has this name.
    pub name: Placed<String>,
    /// What the policies are asked about.
    pub subject: Subject,
    /// Settings in place of the policy's own; only where the suite has one policy.
    pub settings: Option<Placed<Map<String, Value>>>,
    /// Further objects of the cluster.
    pub cluster: Vec<Placed<Given>>,
    /// What is expected.
    pub expect: Expect,
    /// The JSON Pointer of the case in the suite.
    pub pointer: String,
}

/// What policies are asked about.
#[derive(Debug, Clone, PartialEq)]
pub enum Subject {
    /// An operation on an object.
    Object(Box<Change>),
    /// An AdmissionReview, or for a raw policy any JSON.
    Request(Placed<Given>),
}

/// An operation on an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// What is done.
    pub operation: Operation,
    /// The object; none where it is deleted.
    pub object: Option<Placed<Given>>,
    /// The object as it was.
    pub old: Option<Placed<Given>>,
    /// The namespace that the object goes to if it names none itself.
    pub namespace: Option<Placed<String>>,
    /// The subresource that is changed, such as `ephemeralcontainers`.
    pub sub_resource: Option<String>,
}

/// What a case expects, as it is written.
#[derive(Debug, Clone, PartialEq)]
pub enum Expect {
    /// Nothing is written yet.
    Nothing,
    /// The same of every policy.
    All(Box<Expectation>, Value),
    /// Of each policy what stands beside its id, where `None` is nothing yet; others are not asked.
    Each(Vec<(String, Option<Expectation>)>, Value),
}

impl Expect {
    /// What is expected of a policy; `None` if it is not to be asked. The inner `None` stands for nothing written yet.
    #[must_use]
    pub fn of(&self, policy: &str) -> Option<Option<&Expectation>> {
        match self {
            Self::Nothing => Some(None),
            Self::All(expectation, _) => Some(Some(expectation)),
            Self::Each(each, _) => {
                each.iter().find(|(id, _)| id == policy).map(|(_, expectation)| expectation.as_ref())
            }
        }
    }
}

impl<T> Placed<T> {
    /// Something else at the same place.
    pub(crate) fn map<U>(self, make: impl FnOnce(T) -> U) -> Placed<U> {
        Placed { value: make(self.value), position: self.position }
    }
}
