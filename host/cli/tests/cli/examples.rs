//! The examples: each situation of the article is found, and its repaired twin passes all policies.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples")
}

/// Exit code, and the codes of the denials.
fn denials(args: &[&str]) -> (i32, Vec<String>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_forewarn"));
    let output = command.args(args).args(["--format", "json"]).current_dir(examples()).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = report.get("findings").and_then(Value::as_array).unwrap();
    let denied = findings.iter().filter(|finding| finding.get("severity").unwrap() == "deny");
    let mut codes: Vec<_> = denied.map(|finding| finding.get("code").unwrap().as_str().unwrap().to_owned()).collect();
    codes.dedup();
    (output.status.code().unwrap(), codes)
}

#[track_caller]
fn pair(code: &str, broken: &[&str], repaired: &[&str]) {
    assert_eq!(denials(broken), (1, vec![code.to_owned()]));
    assert_eq!(denials(repaired), (0, Vec::new()));
}

/// A situation in one file.
#[track_caller]
fn file(name: &str, code: &str) {
    pair(code, &["check", &format!("{name}.yaml")], &["check", &format!("{name}.repaired.yaml")]);
}

/// A situation in a step from one folder to another.
#[track_caller]
fn step(folder: &str, name: &str, code: &str) {
    let before = format!("{folder}/before");
    let (broken, repaired) = (format!("{folder}/{name}"), format!("{folder}/{name}.repaired"));
    pair(code, &["check", "--against", &before, &broken], &["check", "--against", &before, &repaired]);
}

#[test]
fn probes_kill_kafka_while_it_repairs_its_indexes() {
    file("kafka-killed-by-liveness", "startup-kill/killed-during-startup");
}

#[test]
fn a_heap_of_8_gb_has_no_room_in_a_limit_of_8_gb() {
    file("heap-as-large-as-its-limit", "jvm-heap/heap-exceeds-limit");
}

#[test]
fn java_8_is_too_old() {
    file("java-8-image", "legacy-java/too-old");
}

#[test]
fn external_ips_fill_the_table_of_connections() {
    file("service-with-external-ips", "external-ips/not-allowed");
    let node = |name: &str| denials(&["node", "--proc", &format!("conntrack/{name}")]);
    assert_eq!(node("as-in-the-article"), (0, Vec::new()));
    assert_eq!(node("nearly-full"), (1, vec!["conntrack-saturation/saturated".to_owned()]));
    assert_eq!(node("nearly-full.repaired"), (0, Vec::new()));
}

#[test]
fn a_changed_value_is_a_patch_of_the_chart() {
    step("release", "wrong-bump", "release-bump/values-need-patch");
}

#[test]
fn a_cluster_is_upgraded_one_minor_version_at_a_time() {
    step("upgrade", "two-minors-at-once", "version-skip/skips-minor");
}

#[test]
fn security_contexts_are_where_kubernetes_reads_them() {
    for name in ["capabilities-in-one-string", "misplaced-security-context"] {
        assert_eq!(denials(&["check", &format!("{name}.yaml")]).0, 1);
        assert_eq!(denials(&["check", &format!("{name}.repaired.yaml")]), (0, Vec::new()));
    }
}

#[test]
fn the_suites_pass() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_forewarn"));
    let output = command.args(["test", "tests"]).current_dir(examples()).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{printed}");
    assert!(printed.ends_with("passed in 2 suites\n"), "{printed}");
}

#[test]
fn the_readme_shows_what_the_command_prints() {
    let root = examples().join("..");
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let shown = readme.split("```console\n$ forewarn ").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let (arguments, printed) = shown.split_once('\n').unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_forewarn"));
    let output = command.args(arguments.split(' ')).current_dir(root).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), printed);
}
