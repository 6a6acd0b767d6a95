//! Fields and annotations that Kubernetes has dropped, or drops next.

use forewarn_kit::finding::{Finding, Findings};
use forewarn_kit::json::{Kind, Node};
use forewarn_kit::workload::Workload;

use crate::lifecycle::{Lifecycle, Target};

/// Source: KEP-135, "seccomp to GA"; the annotations lost their meaning with 1.27.
const SECCOMP_ANNOTATIONS: Lifecycle = Lifecycle::new(19, Some(27));
const SECCOMP_POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP_CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/";

/// Source: KEP-5707.
const EXTERNAL_IPS: Lifecycle = Lifecycle::new(36, Some(43));

/// Source: KEP-536; the field was alpha, and left the API with 1.22.
const TOPOLOGY_KEYS: Lifecycle = Lifecycle::new(21, Some(22));

/// Reports what pods say in ways of old.
pub(crate) fn check_pods<'a>(target: Target, workload: &Workload<'a>, findings: &mut Findings<'a>) {
    seccomp_annotations(target, workload, findings);
    service_account(workload, findings);
}

/// Reports what a Service says in ways of old.
pub(crate) fn check_service<'a>(target: Target, object: Node<'a>, findings: &mut Findings<'a>) {
    let Some(spec) = object.object("spec") else { return };
    let list = |key| {
        spec.field(key)
            .and_then(|node: Node<'a>| node.expect(Kind::Array))
            .filter(|list| list.elements().next().is_some())
    };
    if let (Some(node), Some(phase)) = (list("externalIPs"), target.phase(EXTERNAL_IPS)) {
        let help =
            "use a Service of `type: LoadBalancer` or a Gateway; the policy `external-ips` tells what the field costs";
        findings.push(target.finding(phase, "`externalIPs`", "nothing listens on the addresses", node).help(help));
    }
    if let (Some(node), Some(phase)) = (list("topologyKeys"), target.phase(TOPOLOGY_KEYS)) {
        let consequence = "the API server drops it, and traffic goes to endpoints anywhere";
        let help = "write `trafficDistribution: PreferClose`, stable since Kubernetes 1.33, to keep traffic near";
        findings.push(target.finding(phase, "`topologyKeys`", consequence, node).help(help));
    }
}

fn seccomp_annotations<'a>(target: Target, workload: &Workload<'a>, findings: &mut Findings<'a>) {
    let Some(phase) = target.phase(SECCOMP_ANNOTATIONS) else { return };
    let pod_field = workload.security_context().and_then(|context| context.field("seccompProfile"));
    for (name, node) in workload.pod_annotations() {
        let (of_container, field) = match name.strip_prefix(SECCOMP_CONTAINER) {
            Some(container) => {
                let named = workload.containers.iter().find(|other| other.name.as_deref() == Some(container));
                (Some(container), named.and_then(|container| container.security("seccompProfile")))
            }
            None if name == SECCOMP_POD => (None, None),
            None => continue,
        };
        let profile = node.as_str().unwrap_or_default();
        let subject = format!("annotation `{name}`");
        let finding = if field.or(pod_field).is_some() {
            let message = format!("{subject} is a leftover: the field `seccompProfile` says what counts");
            Finding::warn("deprecated", node, message).help("remove the annotation")
        } else {
            let consequence = format!("it has no effect, so `{profile}` is not applied");
            let place = match of_container {
                Some(container) => format!("of container `{container}`"),
                None => "of the pod".to_owned(),
            };
            let help = format!(
                "write the profile into the field `securityContext.seccompProfile` {place}, available since Kubernetes 1.19, \
                 and remove the annotation"
            );
            target.finding(phase, &subject, &consequence, node).help(help)
        };
        findings.push(finding);
    }
}

/// The API server writes the alias beside every `serviceAccountName`, so it is told of only where it stands alone.
fn service_account<'a>(workload: &Workload<'a>, findings: &mut Findings<'a>) {
    let Some(node) = workload.spec.field("serviceAccount").and_then(|node| node.expect(Kind::String)) else { return };
    let (alias, name) = (node.as_str().unwrap_or_default(), workload.spec.string("serviceAccountName"));
    if name.as_deref() == Some(&alias) {
        return;
    }
    let (message, help) = match name {
        None => (
            "`serviceAccount` is a deprecated alias of `serviceAccountName`".to_owned(),
            format!("write `serviceAccountName: {alias}`"),
        ),
        Some(name) => (
            format!(
                "`serviceAccount` is a deprecated alias of `serviceAccountName`, and is ignored beside it: the pod runs \
                 as `{name}`, not as `{alias}`"
            ),
            format!("remove `serviceAccount`, and write `serviceAccountName: {alias}` if that one is meant"),
        ),
    };
    findings.push(Finding::warn("deprecated", node, message).help(help));
}
