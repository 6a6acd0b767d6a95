//! Where a Kubernetes version is written.

use std::borrow::Cow;

use forewarn_kit::image::Image;
use forewarn_kit::json::{Kind, Node};
use forewarn_kit::pointer;
use forewarn_kit::settings::Settings;

/// A field with a Kubernetes version, in all API versions of its kind.
#[derive(Debug)]
pub(crate) struct Field {
    group: Cow<'static, str>,
    kind: Cow<'static, str>,
    /// A JSON Pointer, in which `*` stands for each item of a list.
    path: Cow<'static, str>,
}

const fn field(group: &'static str, kind: &'static str, path: &'static str) -> Field {
    Field { group: Cow::Borrowed(group), kind: Cow::Borrowed(kind), path: Cow::Borrowed(path) }
}

const CLUSTER_API: &str = "cluster.x-k8s.io";
const CONTROL_PLANE: &str = "controlplane.cluster.x-k8s.io";
const EKS_ANYWHERE: &str = "anywhere.eks.amazonaws.com";
const PLAN: (&str, &str) = ("upgrade.cattle.io", "Plan");

/// Source: the API types of each project.
const BUILT_IN: &[Field] = &[
    field(CLUSTER_API, "Cluster", "/spec/topology/version"),
    field(CLUSTER_API, "Machine", "/spec/version"),
    field(CLUSTER_API, "MachineDeployment", "/spec/template/spec/version"),
    field(CLUSTER_API, "MachinePool", "/spec/template/spec/version"),
    field(CLUSTER_API, "MachineSet", "/spec/template/spec/version"),
    field(CONTROL_PLANE, "AWSManagedControlPlane", "/spec/version"),
    field(CONTROL_PLANE, "KubeadmControlPlane", "/spec/version"),
    field(CONTROL_PLANE, "RKE2ControlPlane", "/spec/version"),
    // Where v1alpha1 had it.
    field(CONTROL_PLANE, "RKE2ControlPlane", "/spec/agentConfig/version"),
    field(CONTROL_PLANE, "TalosControlPlane", "/spec/version"),
    field(PLAN.0, PLAN.1, "/spec/version"),
    field("provisioning.cattle.io", "Cluster", "/spec/kubernetesVersion"),
    field("kops.k8s.io", "Cluster", "/spec/kubernetesVersion"),
    field("kubeadm.k8s.io", "ClusterConfiguration", "/kubernetesVersion"),
    field(EKS_ANYWHERE, "Cluster", "/spec/kubernetesVersion"),
    field(EKS_ANYWHERE, "Cluster", "/spec/workerNodeGroupConfigurations/*/kubernetesVersion"),
];

/// The values, before and after a change, of all such fields in an object of the kind `(group, kind)`. A field that is
/// absent or `null` on either side is left out, and so is an item that either list lacks.
pub(crate) fn changes<'a>(
    (group, kind): (&str, &str),
    old: Node<'a>,
    new: Node<'a>,
    added: &[Field],
) -> Vec<(Node<'a>, Node<'a>)> {
    if (group, kind) == PLAN && !upgrades_kubernetes(new) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for field in BUILT_IN.iter().chain(added).filter(|field| field.group == group && field.kind == kind) {
        let steps: Vec<_> = pointer::tokens(&field.path).collect();
        pair(old, new, &steps, &mut found);
    }
    found
}

/// Walks two objects along the same steps. What is of the wrong type in the new one is noted as malformed.
fn pair<'a>(old: Node<'a>, new: Node<'a>, steps: &[String], found: &mut Vec<(Node<'a>, Node<'a>)>) {
    let Some((step, rest)) = steps.split_first() else {
        found.push((old, new));
        return;
    };
    if step == "*" {
        for item in new.expect(Kind::Array).into_iter().flat_map(Node::elements) {
            let name = item.expect(Kind::Object).and_then(|item| item.string("name"));
            let same = |old: &Node<'a>| name.is_some() && old.get("name").and_then(Node::as_str) == name;
            if let Some(before) = old.elements().find(same) {
                pair(before, item, rest, found);
            }
        }
    } else if let (Some(before), Some(after)) =
        (old.field(step), new.expect(Kind::Object).and_then(|new| new.field(step)))
    {
        pair(before, after, rest, found);
    }
}

/// The system-upgrade-controller carries out plans of any sort, also for the nodes' operating system.
fn upgrades_kubernetes(plan: Node<'_>) -> bool {
    let Some(spec) = plan.object("spec") else { return false };
    let distribution = |text: &str| text.contains("k3s") || text.contains("rke2");
    let image = spec.object("upgrade").and_then(|upgrade| upgrade.string("image"));
    let image = image.and_then(|image| Image::parse(&image).ok());
    image.is_some_and(|image| distribution(image.name()))
        || spec.field("version").and_then(Node::as_str).is_some_and(|version| distribution(&version))
}

impl Field {
    /// Reads the setting `kinds`.
    pub(crate) fn read(settings: &mut Settings<'_>) -> Vec<Self> {
        let about = "More fields with a Kubernetes version: API group, kind, and the JSON Pointer to the field; in it `*` \
                     stands for each item of a list, known by its `name`.";
        settings.list("kinds", about, |item| {
            let word = |text: &str| Some(text.to_owned());
            let group = item.parsed("group", "The API group.", None, "an API group", word).unwrap_or_default();
            let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            let kind = item.parsed("kind", "The kind.", None, "a kind", some);
            let pointer = |text: &str| text.starts_with('/').then(|| text.to_owned());
            let expected = "a JSON Pointer such as `/spec/version`";
            let path = item.parsed("path", "Where the version is.", None, expected, pointer);
            let (Some(kind), Some(path)) = (kind, path) else {
                item.refuse("`kind` and `path` are needed");
                return field("", "", "");
            };
            let same = |known: &&Self| known.group == group && known.kind == kind && known.path == path;
            if BUILT_IN.iter().any(|known| same(&known)) {
                item.refuse(&format!("`{path}` of `{kind}` is covered already"));
            }
            Self { group: group.into(), kind: kind.into(), path: path.into() }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::BUILT_IN;

    #[test]
    fn every_kind_has_a_rule() {
        let manifest = include_str!("../Cargo.toml");
        for field in BUILT_IN {
            let plural = format!("\"{}s\"", field.kind.to_lowercase());
            let rules = manifest.split("[[package.metadata.kubewarden.resources]]");
            let covered = rules.filter(|rule| rule.contains(&format!("\"{}\"", field.group)));
            assert!(covered.into_iter().any(|rule| rule.contains(&plural)), "{field:?}");
        }
    }
}
