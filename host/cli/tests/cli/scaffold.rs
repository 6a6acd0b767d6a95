//! `forewarn scaffold`

use serde_json::Value;

use crate::forewarn::{Folder, Outcome};

fn scaffold(args: &[&str]) -> Outcome {
    let folder = Folder::new(&[
        ("settings.yaml", "root-user: {mutate: true}\n"),
        ("raw.yaml", "conntrack-saturation: {}\n"),
        ("wrong.yaml", "root-user: {mutat: true}\n"),
    ]);
    folder.run(&[&["scaffold"], args].concat())
}

fn inspected(id: &str) -> Value {
    let outcome = Folder::new(&[]).run(&["inspect", id, "--format", "json"]);
    serde_json::from_str(&outcome.stdout).unwrap()
}

#[test]
fn one_policy_is_printed_whole() {
    let outcome = scaffold(&["--policy", "root-user"]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""));
    // The digest follows from the compiler too.
    let digest = outcome.stdout.split("@sha256:").nth(1).unwrap().split_whitespace().next().unwrap();
    assert_eq!(digest.len(), 64);
    insta::assert_snapshot!(outcome.stdout.replace(digest, "<digest>"));
}

#[test]
fn every_policy_about_objects_is_printed_in_every_format() {
    let listed: Value = serde_json::from_str(&Folder::new(&[]).run(&["list", "--format", "json"]).stdout).unwrap();
    let ids: Vec<_> =
        listed["policies"].as_array().unwrap().iter().map(|policy| policy["id"].as_str().unwrap()).collect();
    let manifests = scaffold(&[]);
    assert_eq!(manifests.code, 0);
    let server = scaffold(&["--format", "policies-yml"]);
    assert_eq!((server.code, server.stderr.as_str()), (0, ""));
    for id in ids {
        let raw = inspected(id)["metadata"]["policyType"] == "raw";
        assert_eq!(manifests.stdout.contains(&format!("\n  name: {id}\n")), !raw, "{id}");
        assert_eq!(manifests.stderr.contains(&format!("warning: `{id}` is left out")), raw, "{id}");
        assert!(
            server.stdout.contains(&format!("\n{id}:\n  module: registry://ghcr.io/forewarn/policies/{id}@sha256:"))
        );
    }
    let group = scaffold(&["--format", "group", "--namespace", "shop"]);
    assert_eq!(group.code, 0);
    assert!(group.stdout.contains("  namespace: shop\n"), "{}", group.stdout);
    assert!(group.stderr.contains("`jvm-heap` is left out: it reads other objects"), "{}", group.stderr);
}

#[test]
fn what_is_printed_passes_a_check() {
    for args in [&[] as &[_], &["--mode", "protect"], &["--format", "group"], &["--settings", "settings.yaml"]] {
        let printed = scaffold(args).stdout;
        let outcome = Folder::new(&[]).run_with_input(&["check", "--fail-on", "warn", "-"], &printed);
        assert_eq!(outcome.code, 0, "{args:?}: {outcome:?}");
    }
}

#[test]
fn settings_decide_whether_a_policy_mutates() {
    let without = scaffold(&["--policy", "root-user", "--mode", "protect"]).stdout;
    assert!(without.contains("\n  mutating: false\n") && without.contains("\n  mode: protect\n"), "{without}");
    let with = scaffold(&["--policy", "root-user", "--settings", "settings.yaml"]).stdout;
    assert!(with.contains("\n  mutating: true\n") && with.contains("\n    mutate: true\n"), "{with}");
}

#[test]
fn what_cannot_be_printed_is_refused() {
    for (args, words) in [
        (&["--policy", "root-usr"] as &[_], "did you mean `root-user`?"),
        (&["--policy", "conntrack-saturation"], "not about Kubernetes objects"),
        (&["--policy", "jvm-heap", "--format", "group"], "reads other objects"),
        (&["--policy", "root-user", "--format", "group", "--settings", "settings.yaml"], "changes objects"),
        (&["--settings", "wrong.yaml"], "did you mean `mutate`"),
        (&["--settings", "none.yaml"], "none.yaml"),
        (&["--format", "policies-yml", "--namespace", "shop"], "cannot name namespaces"),
        (&["--format", "group", "--namespace", "a", "--namespace", "b"], "one namespace"),
        (&["--namespace", "a", "--exclude-namespace", "b"], "cannot be used with"),
    ] {
        let outcome = scaffold(args);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{args:?}: {outcome:?}");
        assert!(outcome.stderr.contains(words), "{args:?}: {}", outcome.stderr);
    }
    assert_eq!(scaffold(&["--policy", "conntrack-saturation", "--format", "policies-yml"]).code, 0);
}
