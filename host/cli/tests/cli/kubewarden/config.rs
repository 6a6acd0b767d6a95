//! `kubewarden:` in `forewarn.yaml`, and what the file says of a cluster's policies.

use serde_json::Value;

use super::{PODS, REGISTRY, cluster_policy, denying};
use crate::forewarn::{BAD, Folder};

/// A repository with two policies of a cluster that both deny [`BAD`], one of them by findings of its own.
fn folder(config: &str) -> Folder {
    let module = format!("{REGISTRY}/privilege-escalation");
    let rules = format!("mutating: false, rules: [{PODS}]");
    let folder = Folder::new(&[
        ("forewarn.yaml", config),
        ("cluster/escalation.yaml", &cluster_policy("no-escalation", &module, &rules)),
        ("cluster/never.yaml", &cluster_policy("never", "file://never.wasm", &rules)),
        ("k8s/pod.yaml", BAD),
        ("k8s/dev/pod.yaml", BAD),
    ]);
    folder.write("cluster/never.wasm", &denying());
    folder
}

/// The exit code, and `file policy` of each finding that counts.
fn told(folder: &Folder, args: &[&str]) -> (i32, Vec<String>) {
    let (code, report) = folder.report(&[args, &["k8s", "--strict", "off"]].concat());
    let findings = report["findings"].as_array().unwrap().iter().filter(|finding| finding["suppressed"].is_null());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let tell = |finding: &Value| format!("{} {}", text(&finding["file"]), text(&finding["policy"]));
    (code, findings.map(tell).collect())
}

const USED: &str = "kubewarden: [cluster]\n";
const ALL: [&str; 4] =
    ["k8s/dev/pod.yaml never", "k8s/dev/pod.yaml no-escalation", "k8s/pod.yaml never", "k8s/pod.yaml no-escalation"];

fn some(indices: &[usize]) -> (i32, Vec<String>) {
    (1, indices.iter().map(|index| ALL[*index].to_owned()).collect())
}

#[test]
fn a_configured_cluster_is_like_a_named_one() {
    let flag = folder("").report(&["--policies", "cluster", "k8s"]);
    let configured = folder(USED);
    assert_eq!(configured.report(&["k8s"]), flag);
    assert_eq!(told(&configured, &[]), some(&[0, 1, 2, 3]));
    // Paths are relative to the file, wherever the command runs.
    let below = std::process::Command::new(env!("CARGO_BIN_EXE_forewarn"))
        .args(["check", "--format", "json", "."])
        .current_dir(configured.path().join("k8s"))
        .env_clear()
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&below.stdout).unwrap();
    assert_eq!(report["summary"]["denied"], flag.1["summary"]["denied"], "{report}");
}

#[test]
fn flags_win() {
    let folder = folder("kubewarden: [cluster]\nexemptions: [{policies: [never], reason: old}]\n");
    assert_eq!(told(&folder, &["--policies", "cluster/escalation.yaml"]), some(&[1, 3]));
    let (code, findings) = told(&folder, &["--policy", "privilege-escalation"]);
    assert_eq!((code, findings.len()), (1, 2));
    assert!(findings.iter().all(|finding| finding.ends_with(" privilege-escalation")), "{findings:?}");
    folder.write("settings.yaml", b"{}");
    let outcome = folder.run(&["check", "k8s", "--settings", "settings.yaml"]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.starts_with("error: `kubewarden:` cannot be used with `--settings`"), "{}", outcome.stderr);
}

#[test]
fn policies_of_a_cluster_are_switched() {
    for (said, expected) in [
        ("policies: {never: off}\n", vec![1, 3]),
        ("policies: {never: on}\n", vec![0, 1, 2, 3]),
        ("overrides: [{paths: [k8s/dev], policies: {no-escalation: off}}]\n", vec![0, 2, 3]),
        ("policies: {never: off}\noverrides: [{paths: [k8s/dev], policies: {never: on}}]\n", vec![0, 1, 3]),
        (
            "overrides: [{paths: [k8s], policies: {never: off}}, {paths: [k8s/dev], policies: {never: on}}]\n",
            vec![0, 1, 3],
        ),
        // What is said of bundled policies is for runs that ask them.
        ("policies: {root-user: off}\n", vec![0, 1, 2, 3]),
    ] {
        assert_eq!(told(&folder(&format!("{USED}{said}")), &[]), some(&expected), "{said}");
        assert_eq!(told(&folder(said), &["--policies", "cluster"]), some(&expected), "{said}");
    }
}

#[test]
fn policies_of_a_cluster_are_exempt_by_their_ids() {
    let exempt = |id: &str| format!("exemptions: [{{policies: [{id}], paths: [k8s/dev], reason: old}}]\n");
    for (id, expected) in [
        ("never", vec![1, 2, 3]),
        ("no-escalation", vec![0, 2, 3]),
        ("privilege-escalation/allowed", vec![0, 2, 3]),
        ("'ne*'", vec![1, 2, 3]),
    ] {
        assert_eq!(told(&folder(&format!("{USED}{}", exempt(id))), &[]), some(&expected), "{id}");
    }
    let namespaced = cluster_policy("mine", "file://never.wasm", &format!("mutating: false, rules: [{PODS}]"))
        .replace("Cluster", "")
        .replace("name: mine", "name: mine, namespace: shop");
    let folder = folder(&format!("kubewarden: [cluster/mine.yaml]\n{}", exempt("shop/mine")));
    folder.write("cluster/mine.yaml", namespaced.as_bytes());
    assert_eq!(told(&folder, &[]), (1, vec!["k8s/pod.yaml shop/mine".to_owned()]));
}

#[test]
fn mistakes_have_their_places() {
    for (said, expected) in [
        (
            "exemptions: [{policies: [neverr], reason: old}]\n",
            "forewarn.yaml:2:26: there is no policy `neverr`, did you mean `never`?",
        ),
        (
            "overrides: [{paths: [k8s], policies: {nevr: off}}]\n",
            "forewarn.yaml:2:39: there is no policy `nevr`, did you mean `never`?",
        ),
        (
            "policies: {never: {a: 1}}\n",
            "forewarn.yaml:2:12: `never` is a policy of the cluster: settings that stand here",
        ),
    ] {
        let outcome = folder(&format!("{USED}{said}")).run(&["check", "k8s"]);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{said}: {}", outcome.stderr);
        assert!(outcome.stderr.starts_with(&format!("error: {expected}")), "{said}: {}", outcome.stderr);
    }
    // Without the cluster's policies nobody knows the id.
    let outcome = folder("exemptions: [{policies: [never], reason: old}]\n").run(&["check", "k8s"]);
    assert_eq!(outcome.code, 2, "{}", outcome.stderr);
}
