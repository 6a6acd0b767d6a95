//! The commands about facts that are no Kubernetes objects.

use std::process::Command;

use serde_json::{Value, json};

use crate::forewarn::{Folder, Outcome};

const COUNT: &str = "proc/sys/net/netfilter/nf_conntrack_count";
const MAX: &str = "proc/sys/net/netfilter/nf_conntrack_max";

fn node(files: &[(&str, &str)], more: &[&str]) -> Outcome {
    Folder::new(files).run(&[&["node", "--proc", "proc"], more].concat())
}

#[test]
fn node_tells_how_full_the_table_is() {
    let max = (MAX, "262144\n");
    let fine = node(&[(COUNT, "167012\n"), max], &[]);
    assert_eq!((fine.code, fine.stdout.as_str()), (0, "no findings in 1 object of 2 files (1 evaluation)\n"));
    let filling = node(&[(COUNT, "200000\n"), max], &[]);
    assert_eq!(filling.code, 0, "{filling:?}");
    assert!(filling.stdout.starts_with("warning[conntrack-saturation/filling]: "), "{}", filling.stdout);
    assert_eq!(node(&[(COUNT, "200000\n"), max], &["--fail-on", "warn"]).code, 1);
    let full = node(&[(COUNT, "262144\n"), max], &["--name", "worker-1"]);
    assert_eq!(full.code, 1);
    for part in [
        "error[conntrack-saturation/saturated]: the conntrack table of node `worker-1` is 100.0 % full",
        " --> proc/sys/net/netfilter/nf_conntrack_count:1:1\n",
        "1 | 262144\n",
        "note: in Node worker-1\n",
        "\n1 denied in 1 object of 2 files (1 evaluation)\n",
    ] {
        assert!(full.stdout.contains(part), "{part}: {}", full.stdout);
    }
    assert_eq!(node(&[(COUNT, "262144\n"), max], &["--fail-on", "never"]).code, 0);
}

#[test]
fn node_reports_as_json_and_takes_settings() {
    let files = [
        (COUNT, "167012\n"),
        ("proc/sys/net/nf_conntrack_max", "262144\n"),
        ("strict.yaml", "conntrack-saturation: {warnAt: 0.3, denyAt: 0.6}\n"),
        ("wrong.yaml", "conntrack-saturation: {warnAt: 0.9, denyAt: 0.6}\n"),
        ("unknown.yaml", "conntrack-saturatoin: {}\n"),
    ];
    let report = node(&files, &["--settings", "strict.yaml", "--format", "json"]);
    assert_eq!(report.code, 1);
    let report: Value = serde_json::from_str(&report.stdout).unwrap();
    assert_eq!(report["version"], 1);
    let found = &report["findings"][0];
    assert_eq!((&found["file"], &found["pointer"], &found["line"]), (&json!(COUNT), &json!("/count"), &json!(1)));
    assert_eq!(found["object"]["kind"], "Node");
    let wrong = node(&files, &["--settings", "wrong.yaml"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("`denyAt` is 0.6 and has to be above `warnAt`, which is 0.9"), "{}", wrong.stderr);
    let unknown = node(&files, &["--settings", "unknown.yaml"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.stderr.contains("did you mean `conntrack-saturation`?"), "{}", unknown.stderr);
}

#[test]
fn node_says_what_it_cannot_read() {
    let nothing = node(&[], &[]);
    assert_eq!(nothing.code, 3);
    for file in [COUNT, MAX] {
        assert!(nothing.stdout.contains(&format!("error: cannot read `{file}`: ")), "{}", nothing.stdout);
    }
    assert!(nothing.stdout.contains("`nf_conntrack` is not loaded"), "{}", nothing.stdout);
    for bad in ["", "many\n", "-1\n", "+1\n", "1.5\n", "99999999999999999999\n"] {
        let outcome = node(&[(COUNT, bad), (MAX, "262144\n")], &[]);
        let message = format!("`{COUNT}` holds `{}`, which is no number of connections", bad.trim());
        assert_eq!(outcome.code, 3, "{bad}");
        assert!(outcome.stdout.contains(&message), "{bad}: {}", outcome.stdout);
    }
    let unlimited = node(&[(COUNT, "1\n"), (MAX, "0\n")], &[]);
    assert_eq!(unlimited.code, 1);
    assert!(unlimited.stdout.contains(&format!("--> {MAX}:1:1")), "{}", unlimited.stdout);
}

#[test]
fn run_hands_json_to_a_raw_module() {
    let folder = Folder::new(&[
        ("full.json", r#"{"count": 9, "max": 10}"#),
        ("broken.json", "{\"count\": 9,\n}"),
        ("lenient.yaml", "denyAt: 1\n"),
    ]);
    let run = |more: &[&str]| folder.run(&[&["run", "--module", "conntrack-saturation"], more].concat());
    // The module's metadata says that it is raw.
    let full = run(&["--request", "full.json"]);
    let reply: Value = serde_json::from_str(&full.stdout).unwrap();
    assert_eq!((full.code, &reply["accepted"]), (1, &json!(false)));
    let message = reply["message"].as_str().unwrap();
    assert!(message.contains("90.0 % full"), "{message}");
    assert_eq!(run(&["--request", "full.json", "--settings", "lenient.yaml"]).code, 0);
    let input = folder.run_with_input(&["run", "--module", "conntrack-saturation", "--raw", "--request", "-"], "[]");
    assert_eq!(input.code, 1, "{input:?}");
    let broken = run(&["--request", "broken.json"]);
    assert_eq!(broken.code, 3);
    assert!(broken.stderr.contains("`broken.json` is not JSON") && broken.stderr.contains("line 2 column 1"));
    // Any module can be asked, whatever its metadata says.
    let other = folder.run(&["run", "--module", "root-user", "--request", "full.json"]);
    assert_eq!(other.code, 3, "{other:?}");
    let other = folder.run(&["run", "--module", "root-user", "--raw", "--request", "full.json"]);
    assert_eq!((other.code, other.stdout.trim()), (0, "{\n  \"accepted\": true\n}"));
}

#[test]
fn check_refuses_to_pass_a_policy_that_is_not_about_objects() {
    let folder =
        Folder::new(&[("pod.yaml", crate::forewarn::GOOD), ("settings.yaml", "conntrack-saturation: {warnAt: 0.5}\n")]);
    let outcome = folder.run(&["check", "pod.yaml", "--policy", "conntrack-saturation"]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains("`conntrack-saturation` is not about what this command reviews"), "{outcome:?}");
    // One settings file serves all commands.
    let only = ["check", "pod.yaml", "--settings", "settings.yaml", "--policy", "privilege-escalation"];
    assert_eq!(folder.run(&only).code, 0);
}

/// A folder with a chart that is committed.
fn chart() -> Folder {
    let folder = Folder::new(&[
        ("charts/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\nappVersion: 1.0.0\n"),
        ("charts/web/values.yaml", "image:\n  tag: 1.0.0\n"),
        ("charts/web/RELEASE.txt", "1.0.0\n"),
    ]);
    for arguments in [
        ["init", "--quiet", "--initial-branch", "main"].as_slice(),
        &["add", "--all"],
        &["commit", "--quiet", "--message", "release"],
    ] {
        let mut git = Command::new("git");
        git.current_dir(folder.path()).args(arguments).env("GIT_CONFIG_GLOBAL", "/dev/null");
        for role in ["AUTHOR", "COMMITTER"] {
            git.env(format!("GIT_{role}_NAME"), "Test").env(format!("GIT_{role}_EMAIL"), "test@example.org");
        }
        assert!(git.status().unwrap().success(), "{arguments:?}");
    }
    folder
}

#[test]
fn chart_says_what_it_cannot_read() {
    let folder = chart();
    let missing = folder.run(&["chart", "charts"]);
    assert_eq!(missing.code, 3);
    assert!(missing.stdout.starts_with("error: cannot read `charts/Chart.yaml`: "), "{}", missing.stdout);
    folder.write("charts/web/values.yaml", b"image:\n  tag: [\n");
    let broken = folder.run(&["chart", "charts/web"]);
    assert_eq!(broken.code, 3);
    assert!(broken.stdout.contains("--> charts/web/values.yaml:2:8\n"), "{}", broken.stdout);
    let broken = folder.run(&["chart", "--format", "json", "charts/web/"]);
    let report: Value = serde_json::from_str(&broken.stdout).unwrap();
    let error = &report["errors"][0];
    assert_eq!((broken.code, &error["file"], &error["line"]), (3, &json!("charts/web/values.yaml"), &json!(2)));
}

#[test]
fn chart_compares_with_a_commit_that_is_there() {
    let folder = chart();
    for (revision, said) in [("nowhere", "`nowhere` is no commit"), ("HEAD~1", "`HEAD~1` is no commit")] {
        let outcome = folder.run(&["chart", "charts/web", "--against", revision]);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{outcome:?}");
        assert!(outcome.stderr.contains(said) && outcome.stderr.contains("help: name a branch"), "{}", outcome.stderr);
    }
    let outside = Folder::new(&[("Chart.yaml", "name: web\nversion: 1.0.0\n")]);
    let outcome = outside.run(&["chart", ".", "--against", "HEAD"]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains("`.` is in no git working tree: not a git repository"), "{}", outcome.stderr);
}

#[test]
fn chart_asks_whether_the_version_tells_what_changed() {
    let folder = chart();
    let run = |more: &[&str]| folder.run(&[&["chart", "charts/web"], more].concat());
    let as_released = run(&["--against", "HEAD"]);
    assert_eq!(
        (as_released.code, as_released.stdout.as_str()),
        (0, "no findings in 1 object of 2 files (1 evaluation)\n")
    );
    let text = "apiVersion: v2\nname: web\nversion: 1.1.0\nappVersion: 1.0.0\n";
    folder.write("charts/web/Chart.yaml", text.as_bytes());
    folder.write("charts/web/values.yaml", b"image:\n  tag: 1.0.0\nreplicas: 2\n");
    folder.write("charts/web/RELEASE.txt", b"1.1.0\n");
    // Only the comparison shows that values alone are a patch.
    assert_eq!(run(&[]).code, 0);
    let minor = run(&["--against", "main"]);
    assert_eq!(minor.code, 1, "{minor:?}");
    assert!(minor.stdout.contains("--> charts/web/Chart.yaml:3:10\n"), "{}", minor.stdout);
    assert!(minor.stdout.contains("note: in Chart web\n"), "{}", minor.stdout);
    folder.write("charts/web/values.yaml", b"image:\n  tag: 0.9.0\n");
    let report = run(&["--format", "json"]);
    let report: Value = serde_json::from_str(&report.stdout).unwrap();
    let found = &report["findings"][0];
    assert_eq!((&found["file"], &found["line"]), (&json!("charts/web/values.yaml"), &json!(2)));
    assert_eq!((&found["code"], &found["pointer"]), (&json!("chart-release/tag-differs"), &json!("/values/image/tag")));
}
