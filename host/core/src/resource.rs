//! Kinds and the resources that serve them: plural names and scope.

use std::borrow::Cow;

/// The resource that serves a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource<'a> {
    /// The API group, empty for the core group.
    pub group: &'a str,
    /// The API version.
    pub version: &'a str,
    /// The plural name, such as `deployments`.
    pub plural: Cow<'a, str>,
    /// Whether objects live in a namespace.
    pub namespaced: bool,
}

impl<'a> Resource<'a> {
    /// Looks a kind up among Kubernetes' own; for others the plural and the scope are guessed from the name.
    #[must_use]
    pub fn of(group: &'a str, version: &'a str, kind: &str) -> Self {
        let (plural, namespaced) = match built_in(group, kind) {
            Some((plural, namespaced)) => (Cow::Borrowed(plural), namespaced),
            // Nearly every custom kind that is not namespaced says so: ClusterIssuer, ClusterPolicy.
            None => (Cow::Owned(guess_plural(kind)), !kind.starts_with("Cluster")),
        };
        Self { group, version, plural, namespaced }
    }

    /// Whether the kind is one of Kubernetes' own, so that nothing about it is guessed.
    #[must_use]
    pub fn is_built_in(group: &str, kind: &str) -> bool {
        built_in(group, kind).is_some()
    }
}

/// The plural of one of Kubernetes' own kinds, and whether it is namespaced.
fn built_in(group: &str, kind: &str) -> Option<(&'static str, bool)> {
    BUILT_IN
        .iter()
        .filter(|(groups, ..)| groups.contains(&group))
        .flat_map(|(_, namespaced, kinds)| kinds.iter().map(move |(name, plural)| (name, *plural, *namespaced)))
        .find(|(name, ..)| **name == kind)
        .map(|(_, plural, namespaced)| (plural, namespaced))
}

/// The plural as Kubernetes' own tools guess it for kinds they have not seen.
fn guess_plural(kind: &str) -> String {
    let singular = kind.to_ascii_lowercase();
    if let Some(stem) = singular.strip_suffix('y')
        && !stem.ends_with(['a', 'e', 'i', 'o', 'u'])
    {
        return format!("{stem}ies");
    }
    if singular.ends_with("endpoints") {
        return singular;
    }
    if ["s", "x", "ch", "sh"].iter().any(|ending| singular.ends_with(ending)) {
        return format!("{singular}es");
    }
    format!("{singular}s")
}

type Kinds = &'static [(&'static str, &'static str)];

/// Groups, whether namespaced, kinds with their plurals.
const BUILT_IN: &[(&[&str], bool, Kinds)] = &[
    (
        &[""],
        true,
        &[
            ("Binding", "bindings"),
            ("ConfigMap", "configmaps"),
            ("Endpoints", "endpoints"),
            ("Event", "events"),
            ("LimitRange", "limitranges"),
            ("PersistentVolumeClaim", "persistentvolumeclaims"),
            ("Pod", "pods"),
            ("PodTemplate", "podtemplates"),
            ("ReplicationController", "replicationcontrollers"),
            ("ResourceQuota", "resourcequotas"),
            ("Secret", "secrets"),
            ("Service", "services"),
            ("ServiceAccount", "serviceaccounts"),
        ],
    ),
    (&[""], false, &[("Namespace", "namespaces"), ("Node", "nodes"), ("PersistentVolume", "persistentvolumes")]),
    (
        &["apps", "extensions"],
        true,
        &[
            ("ControllerRevision", "controllerrevisions"),
            ("DaemonSet", "daemonsets"),
            ("Deployment", "deployments"),
            ("ReplicaSet", "replicasets"),
            ("StatefulSet", "statefulsets"),
        ],
    ),
    (&["batch"], true, &[("CronJob", "cronjobs"), ("Job", "jobs")]),
    (&["autoscaling"], true, &[("HorizontalPodAutoscaler", "horizontalpodautoscalers")]),
    (&["networking.k8s.io", "extensions"], true, &[("Ingress", "ingresses"), ("NetworkPolicy", "networkpolicies")]),
    (
        &["networking.k8s.io"],
        false,
        &[("IngressClass", "ingressclasses"), ("IPAddress", "ipaddresses"), ("ServiceCIDR", "servicecidrs")],
    ),
    (&["policy"], true, &[("PodDisruptionBudget", "poddisruptionbudgets")]),
    (&["policy", "extensions"], false, &[("PodSecurityPolicy", "podsecuritypolicies")]),
    (&["rbac.authorization.k8s.io"], true, &[("Role", "roles"), ("RoleBinding", "rolebindings")]),
    (
        &["rbac.authorization.k8s.io"],
        false,
        &[("ClusterRole", "clusterroles"), ("ClusterRoleBinding", "clusterrolebindings")],
    ),
    (&["storage.k8s.io"], true, &[("CSIStorageCapacity", "csistoragecapacities")]),
    (
        &["storage.k8s.io"],
        false,
        &[
            ("CSIDriver", "csidrivers"),
            ("CSINode", "csinodes"),
            ("StorageClass", "storageclasses"),
            ("VolumeAttachment", "volumeattachments"),
            ("VolumeAttributesClass", "volumeattributesclasses"),
        ],
    ),
    (
        &["admissionregistration.k8s.io"],
        false,
        &[
            ("MutatingAdmissionPolicy", "mutatingadmissionpolicies"),
            ("MutatingAdmissionPolicyBinding", "mutatingadmissionpolicybindings"),
            ("MutatingWebhookConfiguration", "mutatingwebhookconfigurations"),
            ("ValidatingAdmissionPolicy", "validatingadmissionpolicies"),
            ("ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings"),
            ("ValidatingWebhookConfiguration", "validatingwebhookconfigurations"),
        ],
    ),
    (&["apiextensions.k8s.io"], false, &[("CustomResourceDefinition", "customresourcedefinitions")]),
    (&["apiregistration.k8s.io"], false, &[("APIService", "apiservices")]),
    (
        &["certificates.k8s.io"],
        false,
        &[("CertificateSigningRequest", "certificatesigningrequests"), ("ClusterTrustBundle", "clustertrustbundles")],
    ),
    (&["coordination.k8s.io"], true, &[("Lease", "leases")]),
    (&["discovery.k8s.io"], true, &[("EndpointSlice", "endpointslices")]),
    (&["events.k8s.io"], true, &[("Event", "events")]),
    (
        &["flowcontrol.apiserver.k8s.io"],
        false,
        &[("FlowSchema", "flowschemas"), ("PriorityLevelConfiguration", "prioritylevelconfigurations")],
    ),
    (&["node.k8s.io"], false, &[("RuntimeClass", "runtimeclasses")]),
    (
        &["resource.k8s.io"],
        true,
        &[("ResourceClaim", "resourceclaims"), ("ResourceClaimTemplate", "resourceclaimtemplates")],
    ),
    (&["resource.k8s.io"], false, &[("DeviceClass", "deviceclasses"), ("ResourceSlice", "resourceslices")]),
    (&["scheduling.k8s.io"], false, &[("PriorityClass", "priorityclasses")]),
    (&["gateway.networking.k8s.io"], false, &[("GatewayClass", "gatewayclasses")]),
    (&["gateway.networking.k8s.io"], true, &[("Gateway", "gateways")]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(group: &str, kind: &str, plural: &str, namespaced: bool) {
        let resource = Resource::of(group, "v1", kind);
        assert_eq!((resource.plural.as_ref(), resource.namespaced), (plural, namespaced), "{kind}");
    }

    #[test]
    fn built_in_kinds_are_known() {
        check("", "Pod", "pods", true);
        check("", "Endpoints", "endpoints", true);
        check("", "Namespace", "namespaces", false);
        check("extensions", "Ingress", "ingresses", true);
        check("rbac.authorization.k8s.io", "ClusterRole", "clusterroles", false);
    }

    #[test]
    fn other_kinds_follow_english() {
        check("argoproj.io", "Rollout", "rollouts", true);
        check("example.com", "Policy", "policies", true);
        check("example.com", "Relay", "relays", true);
        check("example.com", "Prefix", "prefixes", true);
        check("example.com", "Batch", "batches", true);
        check("cert-manager.io", "ClusterIssuer", "clusterissuers", false);
        // The same kind in another group is another thing.
        check("example.com", "Namespace", "namespaces", true);
    }

    #[test]
    fn guesses_agree_with_the_table() {
        for (_, _, kinds) in BUILT_IN {
            for (kind, plural) in *kinds {
                assert_eq!(guess_plural(kind), *plural);
            }
        }
    }
}
