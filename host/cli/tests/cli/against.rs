//! `forewarn check --against`: what changed between two trees.

use crate::forewarn::{BAD, Folder, GOOD, ONLY};

/// What was there before is only a warning, which shows that the old object reaches the policy.
const GRANDFATHER: &str = "privilege-escalation: {grandfather: true}\n";

fn check(folder: &Folder, args: &[&str]) -> (i32, serde_json::Value) {
    folder.report(&[ONLY, &["--settings", "settings.json", "--against"], args].concat())
}

fn summary(report: &serde_json::Value) -> [u64; 4] {
    let count = |key| report.get("summary").and_then(|summary| summary.get(key)?.as_u64()).unwrap();
    ["evaluations", "denied", "warned", "unchanged"].map(count)
}

/// A pod like [`BAD`], of another image.
fn changed() -> String {
    BAD.replace("nginx:1.27", "nginx:1.28")
}

#[test]
fn reviews_what_changed_and_nothing_else() {
    let changed = changed();
    let folder = Folder::new(&[
        ("settings.json", GRANDFATHER),
        ("old/web.yaml", BAD),
        ("old/same.yaml", GOOD),
        ("new/moved/other-name.yaml", &changed),
        ("new/same.yaml", GOOD),
        ("new/new.yaml", &BAD.replace("name: web\n  namespace", "name: fresh\n  namespace")),
    ]);
    let (code, report) = check(&folder, &["old", "new"]);
    // The new pod is refused, the changed one has an old violation, the third is as it was.
    assert_eq!((code, summary(&report)), (1, [2, 1, 1, 1]), "{report:#}");
    assert_eq!(report["findings"][0]["file"], "new/moved/other-name.yaml");
    assert!(report["findings"][0]["message"].as_str().unwrap().starts_with("already there before this change: "));
    assert_eq!(report["findings"][1]["object"]["name"], "fresh");

    let (_, report) = check(&folder, &["old", "--all", "new"]);
    assert_eq!(summary(&report), [3, 1, 1, 0]);

    let (code, report) = check(&folder, &["new", "new"]);
    assert_eq!((code, summary(&report)), (0, [0, 0, 0, 3]));
    let text = folder.run(&[&["check"], ONLY, &["--against", "new", "new"]].concat());
    assert_eq!(text.stdout, "no findings in 3 objects of 3 files (0 evaluations), 3 unchanged\n");
}

#[test]
fn says_what_cannot_be_paired() {
    let generated = BAD.replace("name: web\n  namespace", "generateName: web-\n  namespace");
    let changed = changed();
    let twice = format!("{changed}---\n{}", BAD.replace("1.27", "1.29"));
    let folder = Folder::new(&[
        ("settings.json", GRANDFATHER),
        ("old/a.yaml", BAD),
        ("old/b.yaml", BAD),
        ("new/c.yaml", &twice),
        ("new/d.yaml", &generated),
    ]);
    let (code, report) = check(&folder, &["old", "new"]);
    assert_eq!((code, summary(&report)), (1, [3, 3, 0, 0]), "{report:#}");
    let notices: Vec<_> =
        report["notices"].as_array().unwrap().iter().map(|n| n["message"].as_str().unwrap()).collect();
    assert_eq!(notices.len(), 3);
    assert!(notices[0].contains("Pod shop/web cannot be compared") && notices[0].contains("`a.yaml`, `b.yaml`"));
    assert!(notices[2].contains("`generateName`"));
    let text = folder.run(&[&["check"], ONLY, &["--against", "old", "new/d.yaml"]].concat()).stdout;
    assert!(
        text.contains("warning: Pod shop/web- cannot be compared") && text.contains("help: give it a `name`"),
        "{text}"
    );
}

#[test]
fn a_file_that_cannot_be_read_before_makes_no_verdict_milder() {
    let folder = Folder::new(&[
        ("settings.json", GRANDFATHER),
        ("old/web.yaml", &format!("{BAD}a: [\n")),
        ("new/web.yaml", &changed()),
    ]);
    let (code, report) = check(&folder, &["old", "new"]);
    assert_eq!((code, summary(&report)), (1, [1, 1, 0, 0]));
    assert!(report["notices"][0]["message"].as_str().unwrap().contains("`web.yaml`, which cannot be read"));
}

/// A folder with a git history in which `files` are the first commit, tagged `before`.
fn history(files: &[(&str, &str)]) -> Folder {
    let folder = Folder::new(files);
    for arguments in [
        &["init", "--quiet"][..],
        &["add", "--all"],
        &["commit", "--quiet", "--message", "as it was"],
        &["tag", "before"],
    ] {
        let mut command = std::process::Command::new("git");
        command.args(arguments).current_dir(folder.path()).env("GIT_CONFIG_GLOBAL", "/dev/null");
        for role in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{role}_NAME"), "Test").env(format!("GIT_{role}_EMAIL"), "test@example.org");
        }
        assert!(command.status().unwrap().success(), "{arguments:?}");
    }
    folder
}

#[test]
fn reviews_what_changed_since_a_revision() {
    let folder = history(&[
        ("settings.json", GRANDFATHER),
        ("deploy/a b/web.yaml", BAD),
        ("deploy/same.yaml", GOOD),
        ("README.md", "a: [\n"),
        // A chart beside the manifests, and a broken file about something else, say nothing about the new pod.
        ("chart/templates/web.yaml", "kind: Pod\nmetadata:\n  name: fresh\n{{- if .Values.x }}\na: [\n{{- end }}\n"),
        ("broken.yaml", "kind: Pod\nmetadata:\n  name: other\na: [\n"),
    ]);
    std::fs::create_dir(folder.path().join("k8s")).unwrap();
    // Moved to another folder and name, and changed.
    std::fs::remove_file(folder.path().join("deploy/a b/web.yaml")).unwrap();
    folder.write("k8s/renamed.yaml", changed().as_bytes());
    folder.write("k8s/new.yaml", BAD.replace("name: web\n  namespace", "name: fresh\n  namespace").as_bytes());
    let (code, report) = check(&folder, &["before", "k8s", "deploy"]);
    assert_eq!((code, summary(&report)), (1, [2, 1, 1, 1]), "{report:#}");
    assert!(report["notices"].as_array().unwrap().is_empty(), "{report:#}");
    let (code, report) = check(&folder, &["HEAD", "deploy"]);
    assert_eq!((code, summary(&report)), (0, [0, 0, 0, 1]));
    // Rendered manifests come by standard input.
    let args = [&["check"], ONLY, &["--settings", "settings.json", "--against", "before", "-"]].concat();
    let outcome = folder.run_with_input(&args, &changed());
    assert!(outcome.stdout.contains("already there before this change"), "{outcome:?}");
}

#[test]
fn a_revision_that_is_not_there_is_wrong_usage() {
    let folder = history(&[("web.yaml", BAD)]);
    let outcome = folder.run(&["check", "--against", "no-such-branch", "web.yaml"]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains("`no-such-branch`") && outcome.stderr.contains("git fetch"), "{}", outcome.stderr);
    let outcome = folder.run(&["check", "--against", "--output=x", "web.yaml"]);
    assert_eq!(outcome.code, 2);
    let elsewhere = Folder::new(&[("web.yaml", BAD)]);
    let outcome = elsewhere.run(&["check", "--against", "main", "web.yaml"]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains("git"), "{}", outcome.stderr);
}
