//! Where pod specs are, and what is in them.

use std::borrow::Cow;
use std::fmt;

use crate::finding::{Place, missing};
use crate::image::Image;
use crate::json::{Kind, Node};
use crate::leniency;
use crate::settings::Settings;

/// A kind of object that holds a pod spec.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkloadKind {
    /// API group; empty for the core group.
    pub group: &'static str,
    /// The kind's name.
    pub kind: &'static str,
    /// The resource's name in rules.
    pub plural: &'static str,
    /// The keys that lead from the object to the pod template; none for a Pod, which is its own.
    pub template: &'static [&'static str],
}

const TEMPLATE: &[&str] = &["spec", "template"];

const fn kind(group: &'static str, kind: &'static str, plural: &'static str) -> WorkloadKind {
    WorkloadKind { group, kind, plural, template: TEMPLATE }
}

/// The kinds that every workload policy covers, in all versions of their groups.
pub const KINDS: &[WorkloadKind] = &[
    WorkloadKind { template: &[], ..kind("", "Pod", "pods") },
    WorkloadKind { template: &["template"], ..kind("", "PodTemplate", "podtemplates") },
    kind("", "ReplicationController", "replicationcontrollers"),
    kind("apps", "Deployment", "deployments"),
    kind("apps", "StatefulSet", "statefulsets"),
    kind("apps", "DaemonSet", "daemonsets"),
    kind("apps", "ReplicaSet", "replicasets"),
    kind("batch", "Job", "jobs"),
    WorkloadKind { template: &["spec", "jobTemplate", "spec", "template"], ..kind("batch", "CronJob", "cronjobs") },
    kind("argoproj.io", "Rollout", "rollouts"),
    kind("serving.knative.dev", "Service", "services"),
    kind("serving.knative.dev", "Configuration", "configurations"),
    kind("apps.kruise.io", "CloneSet", "clonesets"),
    kind("apps.kruise.io", "StatefulSet", "statefulsets"),
    kind("apps.kruise.io", "DaemonSet", "daemonsets"),
];

/// A kind that the user added by the setting `kinds`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtraKind {
    /// API group; empty for the core group.
    pub group: String,
    /// The kind's name.
    pub kind: String,
    /// The keys that lead from the object to its pod spec.
    pub path: Vec<String>,
}

/// What a container is in its pod's life, which decides what the API server allows it to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// One of `containers`.
    Regular,
    /// One of `initContainers` with `restartPolicy: Always`: started before the others, and kept running.
    Sidecar,
    /// One of the other `initContainers`: runs to its end before the pod starts.
    Init,
    /// One of `ephemeralContainers`: put into a running pod to debug it.
    Ephemeral,
}

impl Class {
    /// Whether the API server allows `resources`.
    /// Source: `validateEphemeralContainers` in `k8s.io/kubernetes/pkg/apis/core/validation`.
    pub fn may_have_resources(self) -> bool {
        self != Self::Ephemeral
    }

    /// Whether the API server allows probes and lifecycle hooks.
    /// Source: `validateInitContainers` and `validateEphemeralContainers`.
    pub fn may_have_probes(self) -> bool {
        matches!(self, Self::Regular | Self::Sidecar)
    }
}

/// One container of a pod spec.
#[derive(Debug, Clone)]
pub struct Container<'a> {
    /// The container's mapping.
    pub node: Node<'a>,
    /// Its name; the API server demands one, a manifest may lack it.
    pub name: Option<Cow<'a, str>>,
    /// What it is in the pod's life.
    pub class: Class,
    /// Whether the setting `exempt` covers it: a fix for the whole pod must leave it as it is.
    pub exempt: bool,
}

/// How messages call a container: ``container `web` ``, ``init container `migrate` ``.
impl fmt::Display for Container<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let class = match self.class {
            Class::Regular => "container",
            Class::Sidecar => "sidecar",
            Class::Init => "init container",
            Class::Ephemeral => "ephemeral container",
        };
        match &self.name {
            Some(name) => write!(f, "{class} `{name}`"),
            None => write!(f, "{class} without a name"),
        }
    }
}

impl<'a> Container<'a> {
    /// The container's own securityContext.
    pub fn security_context(&self) -> Option<Node<'a>> {
        self.node.object("securityContext")
    }

    /// The field of the container's own securityContext, unless it is absent or `null`.
    pub fn security(&self, field: &str) -> Option<Node<'a>> {
        self.security_context()?.field(field)
    }

    /// The image reference, when there is one and it can be read.
    pub fn image(&self) -> Option<Image> {
        Image::parse(&self.node.string("image")?).ok()
    }

    /// The place of the missing field that `keys` would lead to.
    pub fn missing(&self, keys: &'a [&'a str]) -> Place<'a> {
        missing(self.node, keys)
    }
}

/// Where an effective value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// In the container itself.
    Container,
    /// In the pod's securityContext; the container says nothing about it.
    Pod,
}

/// The value that counts for a container: its own, else the pod's.
#[derive(Debug, Clone, Copy)]
pub struct Effective<'a> {
    /// The value.
    pub node: Node<'a>,
    /// Where it is written.
    pub origin: Origin,
}

impl Effective<'_> {
    /// `""`, or the words that say that the pod decides: `" (set for the whole pod)"`.
    pub fn whose(&self) -> &'static str {
        match self.origin {
            Origin::Container => "",
            Origin::Pod => " (set for the whole pod)",
        }
    }
}

/// An object with a pod spec in it.
#[derive(Debug, Clone)]
pub struct Workload<'a> {
    /// The whole object.
    pub object: Node<'a>,
    /// Its API group; empty for the core group.
    pub group: Cow<'a, str>,
    /// Its kind.
    pub kind: Cow<'a, str>,
    /// The namespace that it goes to, when known.
    pub namespace: Option<Cow<'a, str>>,
    /// What holds the pod spec and the pods' metadata: the pod template; a Pod itself.
    pub template: Node<'a>,
    /// The pod spec.
    pub spec: Node<'a>,
    /// The metadata of the pods it makes; a Pod's own.
    pub pod_metadata: Option<Node<'a>>,
    /// All containers, in document order.
    pub containers: Vec<Container<'a>>,
}

impl<'a> Workload<'a> {
    /// The workload that `object` is; `None` when its kind holds no pod spec, or this one has none.
    /// A step to the pod spec that is no mapping is noted as malformed.
    pub fn find(
        object: Node<'a>,
        (group, kind): (Cow<'a, str>, Cow<'a, str>),
        namespace: Option<Cow<'a, str>>,
        extra: &[ExtraKind],
    ) -> Option<Self> {
        let (template, spec, pod_metadata) =
            if let Some(known) = KINDS.iter().find(|k| k.group == group && k.kind == kind) {
                let object = object.expect(Kind::Object)?;
                let template = known.template.iter().try_fold(object, |node, key| node.object(key))?;
                (template, template.object("spec")?, template.object("metadata"))
            } else {
                let added = extra.iter().find(|k| k.group == group && k.kind == kind)?;
                let object = object.expect(Kind::Object)?;
                let (last, steps) = added.path.split_last()?;
                let template = steps.iter().try_fold(object, |node, key| step(node, key))?;
                (
                    template,
                    step(template, last)?.expect(Kind::Object)?,
                    template.field("metadata").filter(|metadata| metadata.kind() == Kind::Object),
                )
            };
        Some(Self { object, group, kind, namespace, template, spec, pod_metadata, containers: containers(spec) })
    }

    /// The pod's securityContext.
    pub fn security_context(&self) -> Option<Node<'a>> {
        self.spec.object("securityContext")
    }

    /// The value of a securityContext field that counts for `container`: container level beats pod level, field by field.
    /// Source: `DetermineEffectiveSecurityContext` in `k8s.io/kubernetes/pkg/securitycontext`.
    pub fn effective(&self, container: &Container<'a>, field: &str) -> Option<Effective<'a>> {
        let own = container.security(field).map(|node| Effective { node, origin: Origin::Container });
        own.or_else(|| Some(Effective { node: self.security_context()?.field(field)?, origin: Origin::Pod }))
    }

    /// Where a fix for `container` should write a securityContext field: with the pod, so that one line repairs all
    /// containers, unless it would not reach this one, or would reach one that is exempt.
    pub fn fix_level(&self, container: &Container<'a>, field: &str) -> Origin {
        let container_alone = container.security(field).is_some()
            // A running pod takes nothing but the ephemeral container itself.
            || container.class == Class::Ephemeral
            // Knative Serving refuses a pod's securityContext unless the cluster switches it on.
            || self.group == "serving.knative.dev"
            || self.containers.iter().any(|other| other.exempt && other.security(field).is_none());
        if container_alone { Origin::Container } else { Origin::Pod }
    }

    /// Whether the pod runs on Windows: Linux-only fields mean nothing there, and the API server refuses them.
    pub fn on_windows(&self) -> bool {
        self.spec.object("os").and_then(|os| os.string("name")).as_deref() == Some("windows")
    }

    /// Whether the pods run to an end instead of serving until they are stopped; probes have no use there.
    pub fn runs_to_completion(&self) -> bool {
        let job = self.group == "batch" && matches!(self.kind.as_ref(), "Job" | "CronJob");
        let ends = matches!(self.spec.string("restartPolicy").as_deref(), Some("Never" | "OnFailure"));
        let own = self.metadata();
        let owned_by_job = || {
            own.into_iter().flat_map(|metadata| metadata.objects("ownerReferences")).any(|owner| {
                owner.string("kind").as_deref() == Some("Job")
                    && owner.string("apiVersion").is_some_and(|version| version.starts_with("batch/"))
            })
        };
        let job_pod = self.group.is_empty() && self.kind == "Pod" && owned_by_job();
        let hook = || own.and_then(|metadata| metadata.object("annotations")?.string("helm.sh/hook")).is_some();
        job || ends || job_pod || hook()
    }

    /// Whether another object made this one and keeps it as it is, as a Deployment does its ReplicaSets.
    pub fn is_controlled(&self) -> bool {
        leniency::is_controlled(self.object)
    }

    /// The container that the release is about: of the regular ones the one named like the label
    /// `app.kubernetes.io/name`, else like the object, else the first.
    pub fn main_container(&self) -> Option<&Container<'a>> {
        let regular = || self.containers.iter().filter(|container| container.class == Class::Regular);
        let named = |name: Option<Node<'a>>| {
            let name = name?.as_str()?;
            regular().find(|container| container.name.as_ref() == Some(&name))
        };
        let own_name = || self.metadata()?.field("name");
        named(self.label("app.kubernetes.io/name")).or_else(|| named(own_name())).or_else(|| regular().next())
    }

    /// The label of the pods, else the object's own. An undone rollout brings back the pods' labels, not the object's.
    pub fn label(&self, name: &str) -> Option<Node<'a>> {
        let label = |metadata: Node<'a>| metadata.object("labels")?.field(name)?.expect(Kind::String);
        [self.pod_metadata, self.metadata()].into_iter().flatten().find_map(label)
    }

    /// The object's annotation, else the pod template's.
    pub fn annotation(&self, name: &str) -> Option<Cow<'a, str>> {
        [self.metadata(), self.pod_metadata]
            .into_iter()
            .flatten()
            .find_map(|metadata| metadata.object("annotations")?.string(name))
    }

    /// The annotations of the pods, in document order.
    pub fn pod_annotations(&self) -> impl Iterator<Item = (Cow<'a, str>, Node<'a>)> + use<'a> {
        self.pod_metadata.and_then(|metadata| metadata.object("annotations")).into_iter().flat_map(Node::fields)
    }

    /// The object's own metadata.
    pub fn metadata(&self) -> Option<Node<'a>> {
        self.object.object("metadata")
    }
}

/// The mapping under a key, or in a list the one at an index.
fn step<'a>(node: Node<'a>, key: &str) -> Option<Node<'a>> {
    if node.kind() == Kind::Array {
        return node.elements().nth(key.parse().ok()?)?.expect(Kind::Object);
    }
    let child = node.field(key)?;
    if child.kind() == Kind::Array { Some(child) } else { child.expect(Kind::Object) }
}

/// In the order of the document, because the lists are taken as they come.
fn containers<'a>(spec: Node<'a>) -> Vec<Container<'a>> {
    let mut containers = Vec::new();
    for (key, _) in spec.fields() {
        let of_list: fn(Node<'_>) -> Class = match key.as_ref() {
            "containers" => |_| Class::Regular,
            "initContainers" => |node| match node.string("restartPolicy").as_deref() {
                Some("Always") => Class::Sidecar,
                _ => Class::Init,
            },
            "ephemeralContainers" => |_| Class::Ephemeral,
            _ => continue,
        };
        containers.extend(spec.objects(&key).map(|node| Container {
            node,
            name: node.string("name").filter(|name| !name.is_empty()),
            class: of_list(node),
            exempt: false,
        }));
    }
    containers
}

impl ExtraKind {
    /// Reads the setting `kinds`.
    pub fn read(settings: &mut Settings<'_>) -> Vec<Self> {
        let about = "More kinds with a pod spec in them: API group, kind, and the JSON Pointer to the pod spec.";
        settings.list("kinds", about, |item| {
            let word = |text: &str| Some(text.to_owned());
            let path = |text: &str| text.starts_with('/').then(|| crate::pointer::tokens(text).collect::<Vec<_>>());
            let group = item.parsed("group", "The API group.", None, "an API group", word);
            let kind = item.parsed("kind", "The kind.", None, "a kind", |t| (!t.is_empty()).then(|| t.to_owned()));
            let path = item.parsed(
                "path",
                "Where the pod spec is.",
                None,
                "a JSON Pointer such as `/spec/template/spec`",
                path,
            );
            if kind.is_none() || path.is_none() {
                item.refuse("`kind` and `path` are needed");
            }
            let known =
                KINDS.iter().find(|known| Some(known.group) == group.as_deref() && Some(known.kind) == kind.as_deref());
            if let Some(known) = known {
                item.refuse(&format!("`{}` is covered already", known.kind));
            }
            Self { group: group.unwrap_or_default(), kind: kind.unwrap_or_default(), path: path.unwrap_or_default() }
        })
    }
}
