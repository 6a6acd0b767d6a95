//! What the pod says beyond any one container.

use forewarn_kit::finding::{Finding, Findings};
use forewarn_kit::workload::Workload;

use crate::id;

/// Group 0 among the groups that every container gets besides its primary one.
pub(crate) fn root_groups<'a>(workload: &Workload<'a>, findings: &mut Findings<'a>) {
    let Some(context) = workload.security_context() else { return };
    if let Some(group) = context.field("fsGroup").filter(|group| id::read(*group) == Some(0)) {
        let message = "`fsGroup: 0` adds every container to root's group and gives that group the pod's volumes";
        let finding = Finding::deny("root-group", group, message).help("set `fsGroup` to the group that runs the pod");
        findings.push(finding.value("fsGroup"));
    }
    for group in context.list("supplementalGroups").filter(|group| id::read(*group) == Some(0)) {
        let message = "`supplementalGroups` adds every container to root's group, `0`";
        let finding = Finding::deny("root-group", group, message).help("remove `0` from `supplementalGroups`");
        findings.push(finding.value("supplementalGroups"));
    }
}

/// Values that no container inherits: the Pod Security Standard refuses them all the same.
/// Source: `check_runAsUser.go` and `check_runAsNonRoot.go` in `k8s.io/pod-security-admission`.
pub(crate) fn overridden<'a>(workload: &Workload<'a>, findings: &mut Findings<'a>) {
    let Some(context) = workload.security_context() else { return };
    let unused = |field: &str| workload.containers.iter().all(|container| container.security(field).is_some());
    let why = "for the whole pod is refused by the Pod Security Standard, though every container overrides it";
    if let Some(user) = context.field("runAsUser").filter(|user| unused("runAsUser") && id::read(*user) == Some(0)) {
        findings.push(Finding::deny("root", user, format!("`runAsUser: 0` {why}")).help("remove `runAsUser: 0`"));
    }
    let non_root = context.field("runAsNonRoot");
    if let Some(field) = non_root.filter(|field| unused("runAsNonRoot") && field.to_boolean() == Some(false)) {
        let message = format!("`runAsNonRoot: false` {why}");
        let finding = Finding::deny("non-root-false", field, message).help("set `runAsNonRoot: true`");
        findings.push(finding.fix(workload.spec, &["securityContext", "runAsNonRoot"], "true"));
    }
}
