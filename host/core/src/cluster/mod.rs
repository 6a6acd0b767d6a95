//! The cluster that a policy can ask about: the objects of the input.
//!
//! Kubewarden answers such questions from a live cluster. Offline, what is applied together is the cluster: nothing else
//! is known, so what is not there is "not found" and never "does not exist".

mod ask;
mod error;
mod fields;
pub(crate) mod labels;
mod mask;
mod object;
mod reply;
mod view;

pub use error::AskError;
pub use object::{ClusterObject, objects_in};
pub use view::View;

use crate::metadata::ContextAwareResource;
use std::fmt::Debug;
use std::sync::{Arc, OnceLock};

/// Where the cluster's objects come from.
pub trait Inputs: Debug + Send + Sync {
    /// Every object of this kind in the inputs, in their order; see [`objects_in`].
    ///
    /// What cannot be read is left out, because the review itself reports it.
    fn objects(&self, kind: &ContextAwareResource) -> Vec<ClusterObject>;
}

/// Texts that are at hand.
impl Inputs for Vec<String> {
    fn objects(&self, kind: &ContextAwareResource) -> Vec<ClusterObject> {
        self.iter().flat_map(|text| objects_in(text, kind)).collect()
    }
}

/// The objects that policies may ask about, by kind. Those of one kind are looked for when the first policy asks about it.
///
/// Most runs never ask, and the kinds differ in weight: nobody should wait for all ConfigMaps because of a LimitRange.
#[derive(Debug)]
pub struct Cluster {
    inputs: Arc<dyn Inputs>,
    kinds: Vec<Seen>,
}

/// The objects of one kind.
#[derive(Debug)]
struct Seen {
    kind: ContextAwareResource,
    objects: OnceLock<Vec<ClusterObject>>,
}

impl Cluster {
    /// A cluster in which these kinds can be seen.
    pub fn new<'k>(inputs: Arc<dyn Inputs>, kinds: impl IntoIterator<Item = &'k ContextAwareResource>) -> Self {
        let mut seen: Vec<Seen> = Vec::new();
        for kind in kinds {
            if seen.iter().all(|seen| seen.kind != *kind) {
                seen.push(Seen { kind: kind.clone(), objects: OnceLock::new() });
            }
        }
        Self { inputs, kinds: seen }
    }

    /// The kinds that somebody has asked about.
    pub fn searched(&self) -> impl Iterator<Item = &ContextAwareResource> {
        self.kinds.iter().filter(|seen| seen.objects.get().is_some()).map(|seen| &seen.kind)
    }

    /// The objects of a kind that have this name, in whichever namespace.
    pub(crate) fn named(&self, kind: &ContextAwareResource, name: &str) -> impl Iterator<Item = &ClusterObject> {
        self.objects(kind).iter().filter(move |object| object.name.as_deref() == Some(name))
    }

    /// All objects of a kind, ordered by namespace and name; of several that are equal, one.
    fn objects(&self, kind: &ContextAwareResource) -> &[ClusterObject] {
        let Some(seen) = self.kinds.iter().find(|seen| seen.kind == *kind) else { return &[] };
        seen.objects.get_or_init(|| ordered(self.inputs.objects(kind)))
    }
}

fn ordered(mut objects: Vec<ClusterObject>) -> Vec<ClusterObject> {
    objects.sort_by(|a, b| a.identity().cmp(&b.identity()));
    let mut distinct: Vec<ClusterObject> = Vec::with_capacity(objects.len());
    for object in objects {
        let same_name = distinct.iter().rev().take_while(|other| other.identity() == object.identity());
        // Objects that get their names from the API server are several, however alike they are.
        if object.name.is_none() || !same_name.into_iter().any(|other| *other == object) {
            distinct.push(object);
        }
    }
    distinct
}
