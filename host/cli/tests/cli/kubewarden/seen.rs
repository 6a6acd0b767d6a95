//! What policies see of the cluster: what their definition says, not what their module asks for.

use super::{REGISTRY, cluster_policy};
use crate::forewarn::Folder;

/// A pod without resources, in a namespace whose LimitRange gives it some.
const INPUT: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: c, image: x}]}
---
apiVersion: v1
kind: LimitRange
metadata: {name: defaults, namespace: shop}
spec:
  limits:
    - type: Container
      default: {cpu: 500m, memory: 256Mi}
      defaultRequest: {cpu: 100m, memory: 128Mi}
";

/// How many findings deny.
fn denied(policies: &str) -> u64 {
    let folder = Folder::new(&[("p.yaml", policies), ("in/all.yaml", INPUT)]);
    let (code, report) = folder.report(&["--policies", "p.yaml", "in"]);
    assert!(code < 2, "{report:#}");
    assert_eq!(report["summary"]["evaluations"], 1, "{report:#}");
    report["summary"]["denied"].as_u64().unwrap()
}

const RANGES: &str = "contextAwareResources: [{apiVersion: v1, kind: LimitRange}]";

fn policy(more: &str) -> String {
    let module = format!("{REGISTRY}/unbounded-resources");
    let rules = "rules: [{apiGroups: [''], apiVersions: [v1], resources: [pods], operations: [CREATE]}]";
    cluster_policy("p", &module, &format!("mutating: false, {rules}{more}"))
}

#[test]
fn a_policy_of_the_cluster_sees_the_kinds_that_it_is_given() {
    assert_eq!(denied(&policy(&format!(", {RANGES}"))), 0);
    assert!(denied(&policy("")) > 0);
}

#[test]
fn a_policy_in_a_namespace_sees_nothing() {
    let own = policy(&format!(", {RANGES}")).replace("ClusterAdmissionPolicy", "AdmissionPolicy");
    assert!(denied(&own.replace("{name: p}", "{name: p, namespace: shop}")) > 0);
}

#[test]
fn a_policy_server_grants_host_functions_one_by_one() {
    let served = |more: &str| format!("p: {{module: '{REGISTRY}/unbounded-resources', {RANGES}{more}}}\n");
    assert!(denied(&served("")) > 0);
    assert!(denied(&served(", hostCapabilities: [oci/*]")) > 0);
    assert_eq!(denied(&served(", hostCapabilities: [kubernetes/*]")), 0);
    assert_eq!(denied(&served(", hostCapabilities: ['*']")), 0);
}

#[test]
fn policies_come_from_a_list_and_from_several_files() {
    let policy = policy(&format!(", {RANGES}"));
    let item = policy.lines().map(|line| format!("    {line}\n")).collect::<String>().replacen("    api", "  - api", 1);
    let list = format!("apiVersion: v1\nkind: List\nitems:\n{item}");
    assert_eq!(denied(&list), 0);
    let folder = Folder::new(&[("a.yaml", &list), ("b/p.yaml", &policy.replace("name: p", "name: q"))]);
    folder.write("in/all.yaml", INPUT.as_bytes());
    let (_, report) = folder.report(&["--policies", "a.yaml", "--policies", "b", "in"]);
    assert_eq!(report["summary"]["evaluations"], 2);
}
