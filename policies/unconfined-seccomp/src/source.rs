//! Where a container's seccomp profile comes from.

use std::borrow::Cow;

use forewarn_kit::json::Node;
use forewarn_kit::workload::{Container, Effective, Origin, Workload};

use crate::profile::Profile;

/// The annotation for all containers of a pod.
const POD_ANNOTATION: &str = "seccomp.security.alpha.kubernetes.io/pod";
/// The annotation for one container, followed by its name.
const CONTAINER_ANNOTATION: &str = "container.seccomp.security.alpha.kubernetes.io/";

/// A profile that somebody wrote for a container or for its pod.
#[derive(Debug)]
pub(crate) struct Source<'a> {
    /// What it says.
    pub(crate) profile: Profile<'a>,
    /// The node that a finding about it points at.
    pub(crate) node: Node<'a>,
    /// For the container alone, or for the whole pod.
    pub(crate) origin: Origin,
    /// The annotation's key; `None` when it is the field.
    pub(crate) annotation: Option<Cow<'static, str>>,
}

impl Source<'_> {
    /// Words to follow the value that say where it comes from; none when it is the container's own field.
    pub(crate) fn whose(&self) -> String {
        match &self.annotation {
            Some(key) => format!(" (by the annotation `{key}`)"),
            None => Effective { node: self.node, origin: self.origin }.whose().to_owned(),
        }
    }
}

/// The field that counts: the container's, else the pod's.
pub(crate) fn field<'a>(workload: &Workload<'a>, container: &Container<'a>) -> Option<Source<'a>> {
    let effective = workload.effective(container, "seccompProfile")?;
    let (profile, node) = Profile::from_field(effective.node);
    Some(Source { profile, node, origin: effective.origin, annotation: None })
}

/// The annotation that counted up to Kubernetes 1.26: the container's, else the pod's.
pub(crate) fn annotation<'a>(workload: &Workload<'a>, container: &Container<'a>) -> Option<Source<'a>> {
    container_annotation(workload, container).or_else(|| pod_annotation(workload))
}

/// The annotation for this container alone.
pub(crate) fn container_annotation<'a>(workload: &Workload<'a>, container: &Container<'a>) -> Option<Source<'a>> {
    let key = format!("{CONTAINER_ANNOTATION}{}", container.name.as_ref()?);
    read(workload, key.into(), Origin::Container)
}

/// The annotation for the whole pod.
pub(crate) fn pod_annotation<'a>(workload: &Workload<'a>) -> Option<Source<'a>> {
    read(workload, POD_ANNOTATION.into(), Origin::Pod)
}

/// What decided up to Kubernetes 1.26. The API server then copied an annotation into the field of its own level where
/// that was empty.
/// Source: `applySeccompVersionSkew` in `k8s.io/kubernetes/pkg/registry/core/pod`, up to Kubernetes 1.26.
pub(crate) fn field_or_annotation<'a>(workload: &Workload<'a>, container: &Container<'a>) -> Option<Source<'a>> {
    let field = field(workload, container);
    let annotation = annotation(workload, container);
    match (&field, &annotation) {
        (Some(Source { origin: Origin::Pod, .. }), Some(Source { origin: Origin::Container, .. })) => annotation,
        _ => field.or(annotation),
    }
}

fn read<'a>(workload: &Workload<'a>, key: Cow<'static, str>, origin: Origin) -> Option<Source<'a>> {
    let annotations = workload.pod_metadata?.object("annotations")?;
    let node = annotations.field(&key)?;
    let profile = annotations.string(&key).map_or(Profile::Malformed, Profile::from_annotation);
    Some(Source { profile, node, origin, annotation: Some(key) })
}
