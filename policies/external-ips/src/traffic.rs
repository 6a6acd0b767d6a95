//! How traffic from outside gets to the pods: `externalTrafficPolicy`.

use forewarn_kit::finding::{Finding, Severity, missing};
use forewarn_kit::json::Node;

const FIELD: &[&str] = &["externalTrafficPolicy"];

/// Reports a Service whose traffic from outside may take a detour over a second node. Unset is `Cluster`
/// (`SetDefaults_Service` in `k8s.io/kubernetes/pkg/apis/core/v1`).
pub(crate) fn check(spec: Node<'_>, severity: Severity) -> Option<Finding<'_>> {
    let written = spec.field("externalTrafficPolicy");
    let text = spec.string("externalTrafficPolicy");
    // Any other word is refused by the API server.
    let is_cluster = written.is_none() || text.as_deref() == Some("Cluster");
    let public = reached_by(spec).filter(|_| is_cluster)?;
    let (place, cause) = match written {
        Some(node) => (node.into(), "`externalTrafficPolicy: Cluster`"),
        None => (missing(spec, FIELD), "`externalTrafficPolicy` is not set, which means `Cluster`, and"),
    };
    let message = format!(
        "{cause} replaces the source address of every connection to {public} (SNAT) and may send it on to a second node, \
         so that both track it and the pods do not see who calls"
    );
    let help = "set `externalTrafficPolicy: Local` and run a pod on every node that gets this traffic";
    // What the API server fills in is the same violation as what was not written.
    Some(Finding::new(severity, "cluster-traffic-policy", place, message).help(help).value("Cluster"))
}

/// By what a Service is reached from outside, if kube-proxy makes it reachable at all.
fn reached_by(spec: Node<'_>) -> Option<&'static str> {
    let kind = spec.string("type");
    let headless = spec.string("clusterIP").as_deref() == Some("None");
    match kind.as_deref().unwrap_or("ClusterIP") {
        "LoadBalancer" => Some("this load balancer"),
        "ClusterIP" | "NodePort" if !headless && spec.list("externalIPs").next().is_some() => {
            Some("its external addresses")
        }
        _ => None,
    }
}
