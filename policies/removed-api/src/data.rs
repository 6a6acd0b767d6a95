//! Which APIs of Kubernetes were deprecated and removed in which version, and what took their place.
//!
//! Rows are sorted by `apiVersion`, then by version. To add one, read the type's `APILifecycle…` functions in
//! `k8s.io/api`, look whether the OpenAPI document of the release still has it, and move [`DATE`].
//!
//! Sources: Kubernetes' deprecated API migration guide; `zz_generated.prerelease-lifecycle.go` in `k8s.io/api`; the
//! OpenAPI documents of 1.11 to 1.36, which say what was really served: where they differ from a plan, they count.

use forewarn_kit::version::Version;

use crate::lifecycle::Lifecycle;

/// The day on which the rows were last compared with their sources.
pub(crate) const DATE: &str = "2026-11-28";

/// The newest version that the sources covered. What lies beyond it is a plan.
pub(crate) const NEWEST: Version = v(36);

/// Kinds of one API version that share their fate.
#[derive(Debug)]
pub(crate) struct Row {
    /// `group/version`, or the version alone for the core group.
    pub(crate) api_version: &'static str,
    /// The kinds.
    pub(crate) kinds: &'static [&'static str],
    /// When they were deprecated and removed. An alpha API that went without a word is deprecated when it goes.
    pub(crate) lifecycle: Lifecycle,
    /// What followed first; that may have a row, and a successor, of its own.
    pub(crate) successor: Successor<'static>,
}

/// What takes the place of an API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Successor<'r> {
    /// The same object under another name.
    Api {
        /// Its `group/version`.
        api_version: &'r str,
        /// Its kind, where that is another one.
        kind: Option<&'r str>,
        /// Since when it is served.
        since: Option<Version>,
        /// Whether fields were renamed or became required.
        fields: Fields,
    },
    /// Something else: what to do, as an order.
    Words(&'r str),
}

/// Whether the replaced API's fields can be kept as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fields {
    /// Only the `apiVersion` changes.
    Same,
    /// The migration guide names differences.
    Changed,
}

use Fields::{Changed, Same};

const fn v(minor: u16) -> Version {
    Version::new(1, minor)
}

/// `deprecated`, `removed`: minor versions.
const fn row(
    api_version: &'static str,
    kinds: &'static [&'static str],
    (deprecated, removed): (u16, u16),
    successor: Successor<'static>,
) -> Row {
    let lifecycle = Lifecycle { deprecated: Some(v(deprecated)), removed: Some(v(removed)) };
    Row { api_version, kinds, lifecycle, successor }
}

/// The same kind in another `apiVersion`, served since the minor version `since`.
const fn to(api_version: &'static str, since: u16, fields: Fields) -> Successor<'static> {
    Successor::Api { api_version, kind: None, since: Some(v(since)), fields }
}

const fn to_kind(api_version: &'static str, kind: &'static str, since: u16) -> Successor<'static> {
    Successor::Api { api_version, kind: Some(kind), since: Some(v(since)), fields: Changed }
}

const NOTHING_YET: Successor<'static> =
    Successor::Words("Kubernetes serves nothing newer in its place yet; keep it in view");
const POD_SECURITY: Successor<'static> = Successor::Words(
    "use its successor, Pod Security Admission (stable since Kubernetes 1.25): label each namespace \
     `pod-security.kubernetes.io/enforce: restricted` (or `baseline`); policies such as `privilege-escalation` and \
     `root-user` cover what goes beyond",
);

/// All rows.
#[rustfmt::skip]
pub(crate) const APIS: &[Row] = &[
    row("admissionregistration.k8s.io/v1alpha1", &["InitializerConfiguration"], (14, 14), Successor::Words("use a mutating webhook, or a mutating admission policy")),
    row("admissionregistration.k8s.io/v1alpha1", &["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"], (29, 32), to("admissionregistration.k8s.io/v1beta1", 28, Same)),
    row("admissionregistration.k8s.io/v1beta1", &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"], (16, 22), to("admissionregistration.k8s.io/v1", 16, Changed)),
    row("admissionregistration.k8s.io/v1beta1", &["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"], (31, 34), to("admissionregistration.k8s.io/v1", 30, Same)),
    row("apiextensions.k8s.io/v1beta1", &["CustomResourceDefinition"], (16, 22), to("apiextensions.k8s.io/v1", 16, Changed)),
    row("apiregistration.k8s.io/v1beta1", &["APIService"], (19, 22), to("apiregistration.k8s.io/v1", 10, Same)),
    row("apps/v1beta1", &["ControllerRevision", "Deployment", "StatefulSet"], (8, 16), to("apps/v1beta2", 8, Changed)),
    row("apps/v1beta2", &["ControllerRevision", "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"], (9, 16), to("apps/v1", 9, Changed)),
    row("auditregistration.k8s.io/v1alpha1", &["AuditSink"], (19, 19), Successor::Words("send audit events by the API server's flag `--audit-webhook-config-file`")),
    row("authentication.k8s.io/v1alpha1", &["SelfSubjectReview"], (29, 32), to("authentication.k8s.io/v1beta1", 27, Same)),
    row("authentication.k8s.io/v1beta1", &["TokenReview"], (19, 22), to("authentication.k8s.io/v1", 6, Same)),
    row("authentication.k8s.io/v1beta1", &["SelfSubjectReview"], (30, 33), to("authentication.k8s.io/v1", 28, Same)),
    row("authorization.k8s.io/v1beta1", &["LocalSubjectAccessReview", "SelfSubjectAccessReview", "SubjectAccessReview"], (19, 22), to("authorization.k8s.io/v1", 6, Changed)),
    row("authorization.k8s.io/v1beta1", &["SelfSubjectRulesReview"], (19, 22), to("authorization.k8s.io/v1", 8, Same)),
    row("autoscaling/v2beta1", &["HorizontalPodAutoscaler"], (22, 25), to("autoscaling/v2beta2", 12, Changed)),
    row("autoscaling/v2beta2", &["HorizontalPodAutoscaler"], (23, 26), to("autoscaling/v2", 23, Same)),
    row("batch/v1beta1", &["CronJob"], (21, 25), to("batch/v1", 21, Same)),
    row("batch/v2alpha1", &["CronJob"], (21, 21), to("batch/v1beta1", 8, Same)),
    row("certificates.k8s.io/v1alpha1", &["ClusterTrustBundle"], (34, 37), to("certificates.k8s.io/v1beta1", 33, Same)),
    row("certificates.k8s.io/v1alpha1", &["PodCertificateRequest"], (35, 35), to("certificates.k8s.io/v1beta1", 35, Changed)),
    row("certificates.k8s.io/v1beta1", &["CertificateSigningRequest"], (19, 22), to("certificates.k8s.io/v1", 19, Changed)),
    row("certificates.k8s.io/v1beta1", &["ClusterTrustBundle"], (36, 39), NOTHING_YET),
    row("certificates.k8s.io/v1beta1", &["PodCertificateRequest"], (38, 41), NOTHING_YET),
    row("coordination.k8s.io/v1alpha1", &["LeaseCandidate"], (32, 32), to("coordination.k8s.io/v1alpha2", 32, Changed)),
    Row { api_version: "coordination.k8s.io/v1alpha2", kinds: &["LeaseCandidate"], lifecycle: Lifecycle { deprecated: Some(v(35)), removed: None }, successor: to("coordination.k8s.io/v1beta1", 33, Same) },
    row("coordination.k8s.io/v1beta1", &["Lease"], (19, 22), to("coordination.k8s.io/v1", 14, Same)),
    row("coordination.k8s.io/v1beta1", &["LeaseCandidate"], (36, 39), NOTHING_YET),
    row("discovery.k8s.io/v1alpha1", &["EndpointSlice"], (17, 17), to("discovery.k8s.io/v1beta1", 17, Same)),
    row("discovery.k8s.io/v1beta1", &["EndpointSlice"], (21, 25), to("discovery.k8s.io/v1", 21, Changed)),
    row("events.k8s.io/v1beta1", &["Event"], (22, 25), to("events.k8s.io/v1", 19, Changed)),
    row("extensions/v1beta1", &["DaemonSet", "Deployment", "ReplicaSet"], (8, 16), to("apps/v1beta2", 8, Changed)),
    row("extensions/v1beta1", &["NetworkPolicy"], (9, 16), to("networking.k8s.io/v1", 8, Same)),
    row("extensions/v1beta1", &["PodSecurityPolicy"], (11, 16), to("policy/v1beta1", 10, Same)),
    row("extensions/v1beta1", &["Ingress"], (14, 22), to("networking.k8s.io/v1beta1", 14, Same)),
    row("flowcontrol.apiserver.k8s.io/v1alpha1", &["FlowSchema", "PriorityLevelConfiguration"], (21, 21), to("flowcontrol.apiserver.k8s.io/v1beta1", 20, Same)),
    row("flowcontrol.apiserver.k8s.io/v1beta1", &["FlowSchema", "PriorityLevelConfiguration"], (23, 26), to("flowcontrol.apiserver.k8s.io/v1beta2", 23, Same)),
    row("flowcontrol.apiserver.k8s.io/v1beta2", &["FlowSchema", "PriorityLevelConfiguration"], (26, 29), to("flowcontrol.apiserver.k8s.io/v1beta3", 26, Changed)),
    row("flowcontrol.apiserver.k8s.io/v1beta3", &["FlowSchema", "PriorityLevelConfiguration"], (29, 32), to("flowcontrol.apiserver.k8s.io/v1", 29, Changed)),
    row("networking.k8s.io/v1alpha1", &["ClusterCIDR"], (28, 29), Successor::Words("remove it: the feature was withdrawn, and ranges for nodes come from the network plugin")),
    row("networking.k8s.io/v1alpha1", &["IPAddress", "ServiceCIDR"], (31, 31), to("networking.k8s.io/v1beta1", 31, Same)),
    row("networking.k8s.io/v1beta1", &["Ingress", "IngressClass"], (19, 22), to("networking.k8s.io/v1", 19, Changed)),
    row("networking.k8s.io/v1beta1", &["IPAddress", "ServiceCIDR"], (34, 37), to("networking.k8s.io/v1", 33, Same)),
    row("node.k8s.io/v1alpha1", &["RuntimeClass"], (24, 24), to("node.k8s.io/v1beta1", 14, Changed)),
    row("node.k8s.io/v1beta1", &["RuntimeClass"], (22, 25), to("node.k8s.io/v1", 20, Same)),
    row("policy/v1beta1", &["PodDisruptionBudget"], (21, 25), to("policy/v1", 21, Changed)),
    row("policy/v1beta1", &["PodSecurityPolicy"], (21, 25), POD_SECURITY),
    row("policy/v1beta1", &["Eviction"], (22, 25), to("policy/v1", 22, Same)),
    row("rbac.authorization.k8s.io/v1alpha1", &["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"], (17, 23), to("rbac.authorization.k8s.io/v1", 8, Changed)),
    row("rbac.authorization.k8s.io/v1beta1", &["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"], (17, 22), to("rbac.authorization.k8s.io/v1", 8, Same)),
    row("resource.k8s.io/v1alpha1", &["ResourceClaim", "ResourceClaimTemplate", "ResourceClass"], (27, 27), to("resource.k8s.io/v1alpha2", 27, Changed)),
    row("resource.k8s.io/v1alpha1", &["PodScheduling"], (27, 27), to_kind("resource.k8s.io/v1alpha2", "PodSchedulingContext", 27)),
    row("resource.k8s.io/v1alpha2", &["PodSchedulingContext", "ResourceClaim", "ResourceClaimTemplate", "ResourceSlice"], (31, 31), to("resource.k8s.io/v1alpha3", 31, Changed)),
    row("resource.k8s.io/v1alpha2", &["ResourceClass"], (31, 31), to_kind("resource.k8s.io/v1alpha3", "DeviceClass", 31)),
    row("resource.k8s.io/v1alpha2", &["ResourceClaimParameters", "ResourceClassParameters"], (31, 31), Successor::Words("write the parameters into the ResourceClaim's or the DeviceClass's `spec.config`")),
    row("resource.k8s.io/v1alpha3", &["PodSchedulingContext"], (32, 32), Successor::Words("remove it: the scheduler allocates devices by itself")),
    row("resource.k8s.io/v1alpha3", &["DeviceClass", "ResourceClaim", "ResourceClaimTemplate", "ResourceSlice"], (34, 34), to("resource.k8s.io/v1beta1", 32, Changed)),
    Row { api_version: "resource.k8s.io/v1alpha3", kinds: &["DeviceTaintRule"], lifecycle: Lifecycle { deprecated: Some(v(36)), removed: None }, successor: to("resource.k8s.io/v1beta2", 36, Changed) },
    row("resource.k8s.io/v1beta1", &["DeviceClass", "ResourceClaim", "ResourceClaimTemplate", "ResourceSlice"], (35, 38), to("resource.k8s.io/v1", 34, Changed)),
    row("resource.k8s.io/v1beta2", &["DeviceClass", "ResourceClaim", "ResourceClaimTemplate", "ResourceSlice"], (36, 39), to("resource.k8s.io/v1", 34, Same)),
    row("scheduling.k8s.io/v1alpha1", &["PriorityClass"], (14, 23), to("scheduling.k8s.io/v1", 14, Same)),
    row("scheduling.k8s.io/v1alpha1", &["Workload"], (36, 36), to("scheduling.k8s.io/v1alpha2", 36, Changed)),
    row("scheduling.k8s.io/v1beta1", &["PriorityClass"], (14, 22), to("scheduling.k8s.io/v1", 14, Same)),
    row("settings.k8s.io/v1alpha1", &["PodPreset"], (20, 20), Successor::Words("write into the pods what it injected, or use a mutating admission policy")),
    row("storage.k8s.io/v1alpha1", &["VolumeAttachment"], (21, 23), to("storage.k8s.io/v1", 13, Same)),
    row("storage.k8s.io/v1alpha1", &["CSIStorageCapacity"], (21, 24), to("storage.k8s.io/v1beta1", 21, Same)),
    row("storage.k8s.io/v1alpha1", &["VolumeAttributesClass"], (32, 35), to("storage.k8s.io/v1beta1", 31, Same)),
    row("storage.k8s.io/v1beta1", &["CSINode"], (17, 22), to("storage.k8s.io/v1", 17, Same)),
    row("storage.k8s.io/v1beta1", &["CSIDriver"], (19, 22), to("storage.k8s.io/v1", 18, Same)),
    row("storage.k8s.io/v1beta1", &["StorageClass"], (19, 22), to("storage.k8s.io/v1", 6, Same)),
    row("storage.k8s.io/v1beta1", &["VolumeAttachment"], (19, 22), to("storage.k8s.io/v1", 13, Same)),
    row("storage.k8s.io/v1beta1", &["CSIStorageCapacity"], (24, 27), to("storage.k8s.io/v1", 24, Same)),
    row("storage.k8s.io/v1beta1", &["VolumeAttributesClass"], (34, 37), to("storage.k8s.io/v1", 34, Same)),
    row("storagemigration.k8s.io/v1alpha1", &["StorageVersionMigration"], (33, 35), to("storagemigration.k8s.io/v1beta1", 35, Changed)),
    Row { api_version: "v1", kinds: &["Endpoints"], lifecycle: Lifecycle { deprecated: Some(v(33)), removed: None }, successor: to_kind("discovery.k8s.io/v1", "EndpointSlice", 21) },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Deprecated by plan, three versions after it came; its successor came later than that.
    const DEPRECATED_BEFORE_ITS_SUCCESSOR: &[&str] = &["storagemigration.k8s.io/v1alpha1"];

    #[test]
    fn removed_after_deprecated_after_replaced() {
        for row in APIS {
            let Lifecycle { deprecated, removed } = row.lifecycle;
            assert!(removed.is_none() || removed >= deprecated, "{row:?}");
            if let Successor::Api { since, .. } = row.successor {
                let excepted = DEPRECATED_BEFORE_ITS_SUCCESSOR.contains(&row.api_version);
                assert!(since <= if excepted { removed } else { deprecated }, "{row:?}");
            }
        }
    }

    #[test]
    fn complete_and_sorted_without_repetitions() {
        let mut seen = BTreeSet::new();
        for row in APIS {
            assert!(!row.kinds.is_empty() && row.lifecycle.deprecated.is_some(), "{row:?}");
            for kind in row.kinds {
                assert!(seen.insert((row.api_version, kind)), "{} {kind} twice", row.api_version);
            }
        }
        assert!(APIS.is_sorted_by_key(|row| (row.api_version, row.lifecycle.deprecated)));
        assert!(APIS.iter().all(|row| row.kinds.is_sorted()));
    }

    /// The versions of other projects' APIs have nothing to do with Kubernetes' versions.
    #[test]
    fn only_kubernetes_own_groups() {
        for row in APIS {
            let group = row.api_version.split_once('/').map_or("", |(group, _)| group);
            assert!(!group.contains('.') || group.ends_with(".k8s.io"), "{row:?}");
            assert!(
                !["gateway", "metrics", "snapshot.storage"].iter().any(|other| group.starts_with(other)),
                "{row:?}"
            );
        }
    }

    #[test]
    fn successors_are_no_dead_ends() {
        let served = |api_version: &str, kind: &str| {
            APIS.iter().find(|row| row.api_version == api_version && row.kinds.contains(&kind))
        };
        for row in APIS {
            for kind in row.kinds {
                let (mut at, mut kind, mut steps) = (row, *kind, 0);
                while let Successor::Api { api_version, kind: other, since, .. } = at.successor {
                    kind = other.unwrap_or(kind);
                    let Some(next) = served(api_version, kind) else { break };
                    assert!(since < next.lifecycle.removed || next.lifecycle.removed.is_none(), "{next:?}");
                    at = next;
                    steps += 1;
                    assert!(steps < 6, "{row:?} leads in a circle");
                }
            }
        }
    }

    #[test]
    fn facts_that_others_have_wrong() {
        let find = |api_version: &str, kind: &str| {
            let row = APIS.iter().find(|row| row.api_version == api_version && row.kinds.contains(&kind));
            row.map(|row| (row.lifecycle.deprecated, row.lifecycle.removed))
        };
        let flow = find("flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema");
        assert_eq!(flow, Some((Some(v(29)), Some(v(32)))));
        assert_eq!(find("policy/v1beta1", "PodSecurityPolicy"), Some((Some(v(21)), Some(v(25)))));
        assert_eq!(find("cert-manager.io/v1alpha2", "Certificate"), None);
        assert_eq!(DATE.split('-').filter(|part| part.parse::<u16>().is_ok()).count(), 3);
    }
}
