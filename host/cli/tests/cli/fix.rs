//! `forewarn check --fix` and `--diff`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::forewarn::{BAD, Folder, GOOD, ONLY};

fn fix(folder: &Folder, args: &[&str]) -> crate::forewarn::Outcome {
    folder.run(&[&["check", "--fix"], ONLY, args].concat())
}

fn read(folder: &Folder, name: &str) -> String {
    std::fs::read_to_string(folder.path().join(name)).unwrap()
}

/// Every file below a folder, with its bytes.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            files.insert(path.clone(), std::fs::read(&path).unwrap());
        }
    }
    files
}

/// What people write, in all its ways.
fn mixed() -> Folder {
    let commented = "\
# The shop's front.
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, labels: {app: 'shop'}}   # one line
spec:
    template:
        spec:
            # the sidecar comes first
            containers:
            - name: \"proxy\"
              image: envoy:1.30
              securityContext: {} # to do
              # ports: [80]

            - name: web
              securityContext:
                  runAsUser: 1000   # nobody
                  # runAsGroup: 1000
              image: 'nginx:1.27'
            volumes: []
...
---
apiVersion: v1
kind: Service
metadata: {name: shop}
";
    let aliases = "\
apiVersion: v1
kind: Pod
metadata: {name: twins}
spec:
  containers:
  - name: a
    securityContext: &open
      allowPrivilegeEscalation: true
  - name: b
    securityContext: *open
  - name: c
    securityContext:
      <<: *open
  - name: d
";
    let list = "\
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Pod
  spec: {containers: [{name: a, image: \"x:1\"}, {name: b, securityContext: {privileged: false}}]}
- apiVersion: v1
  kind: Pod
  spec:
    containers:
    - name: c
      args:
      - |
        serve

";
    let json = "{\n\t\"apiVersion\": \"v1\",\n\t\"kind\": \"Pod\",\n\t\"spec\": {\n\t\t\"containers\": [\n\t\t\t{\n\t\t\t\t\"name\": \"a\"\n\t\t\t}\n\t\t]\n\t}\n}\n";
    let compact = r#"{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"name":"a","securityContext":{}}]}}"#;
    Folder::new(&[
        ("aliases.yaml", aliases),
        ("commented.yaml", commented),
        ("compact.json", compact),
        ("crlf.yaml", &BAD.replace('\n', "\r\n")),
        ("good.yaml", GOOD),
        ("list.yaml", list),
        (
            "no-end.yaml",
            GOOD.replace("      securityContext:\n        allowPrivilegeEscalation: false\n", "").trim_end(),
        ),
        ("pretty.json", json),
        ("template.yaml", "kind: Pod\nname: {{ .Values.name }}\n"),
    ])
}

#[test]
fn the_diff_shows_only_what_the_fixes_name() {
    let folder = mixed();
    let before = files(folder.path());
    let outcome = folder.run(&[&["check", "--diff"], ONLY].concat());
    assert_eq!((outcome.code, files(folder.path())), (1, before));
    insta::assert_snapshot!("diff", outcome.stdout);
    insta::assert_snapshot!("diff-report", outcome.stderr);
}

#[test]
fn fixing_writes_what_the_diff_shows_and_once() {
    let folder = mixed();
    let diff = folder.run(&[&["check", "--diff"], ONLY].concat()).stdout;
    let outcome = fix(&folder, &["--diff"]);
    assert_eq!((outcome.code, &outcome.stdout), (1, &diff));
    insta::assert_snapshot!("fix-report", outcome.stderr);
    let once = files(folder.path());
    let outcome = fix(&folder, &[]);
    assert!(outcome.stdout.ends_with("fixed 0 findings in 0 files\n"), "{}", outcome.stdout);
    assert_eq!(files(folder.path()), once);
}

#[test]
fn the_exit_code_and_the_report_tell_what_remains() {
    let folder = Folder::new(&[("a/bad.yaml", BAD), ("a/good.yaml", GOOD)]);
    let (code, report) = folder.report(&[ONLY, &["--fix", "a"]].concat());
    assert_eq!((code, &report["summary"]["fixed"], &report["findings"]), (0, &json!(1), &json!([])));
    assert_eq!(read(&folder, "a/bad.yaml"), BAD.replace("true", "false"));
    let outcome = fix(&folder, &["a"]);
    let expected = "no findings in 2 objects of 2 files (2 evaluations)\nfixed 0 findings in 0 files\n";
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, expected));
}

#[test]
fn fixes_that_touch_the_same_place_are_all_made() {
    // Each of the three wants to add a `securityContext` where there is none.
    let policies = ["privilege-escalation", "excess-capabilities", "unconfined-seccomp"];
    let policies: Vec<_> = policies.iter().flat_map(|id| ["--policy", id]).collect();
    let (pod, _) = GOOD.split_once("      securityContext:").unwrap();
    let folder = Folder::new(&[("pod.yaml", pod)]);
    let (code, report) = folder.report(&[&["--fix", "pod.yaml"], policies.as_slice()].concat());
    assert_eq!((code, &report["summary"]["fixed"], &report["findings"]), (0, &json!(3), &json!([])), "{report}");
    let fixed = read(&folder, "pod.yaml");
    assert!(fixed.starts_with(pod), "{fixed}");
    for line in ["allowPrivilegeEscalation: false", "drop:", "type: RuntimeDefault"] {
        assert_eq!(fixed.matches(line).count(), 1, "{fixed}");
    }
    let (_, again) = folder.report(&[&["--fix", "pod.yaml"], policies.as_slice()].concat());
    assert_eq!((&again["summary"]["fixed"], read(&folder, "pod.yaml")), (&json!(0), fixed));
}

#[test]
fn what_an_exemption_covers_stays() {
    let settings = "privilege-escalation:\n  exempt: [{containers: [web], reason: a test}]\n";
    let folder = Folder::new(&[("pod.yaml", BAD), ("settings.yaml", settings)]);
    assert_eq!(fix(&folder, &["--settings", "settings.yaml", "pod.yaml"]).code, 0);
    assert_eq!(read(&folder, "pod.yaml"), BAD);
}

#[test]
fn standard_input_is_reported_and_its_diff_shown() {
    let folder = Folder::new(&[]);
    let outcome = folder.run_with_input(&[&["check", "--fix", "-"], ONLY].concat(), BAD);
    assert_eq!(outcome.code, 1);
    assert!(outcome.stdout.contains("not fixed: it was not read from a file"), "{}", outcome.stdout);
    let outcome = folder.run_with_input(&[&["check", "--diff", "-"], ONLY].concat(), BAD);
    assert!(outcome.stdout.contains("--- a/<stdin>") && outcome.stdout.contains("+        allowPriv"), "{outcome:?}");
    assert!(outcome.stderr.ends_with("would fix 1 finding in 1 file\n"), "{}", outcome.stderr);
}

#[test]
fn a_diff_is_no_json() {
    let folder = Folder::new(&[("pod.yaml", BAD)]);
    let outcome = folder.run(&["check", "--diff", "--format", "json", "pod.yaml"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""));
    assert!(outcome.stderr.contains("`--diff`"), "{}", outcome.stderr);
}

#[test]
#[cfg(unix)]
fn a_read_only_file_is_an_error_and_stays() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new(&[("a.yaml", BAD), ("b.yaml", BAD)]);
    let path = folder.path().join("a.yaml");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o444)).unwrap();
    let outcome = fix(&folder, &["a.yaml", "b.yaml"]);
    assert_eq!((outcome.code, read(&folder, "a.yaml").as_str()), (3, BAD));
    insta::assert_snapshot!("read-only", outcome.stdout);
    assert_eq!(read(&folder, "b.yaml"), BAD.replace("true", "false"));
    assert_eq!(files(folder.path()).len(), 2, "no temporary file is left");
}

#[test]
#[cfg(unix)]
fn permissions_and_links_stay() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new(&[("real/pod.yaml", BAD), ("links/readme", "")]);
    let (real, link) = (folder.path().join("real/pod.yaml"), folder.path().join("links/pod.yaml"));
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink("../real/pod.yaml", &link).unwrap();
    assert_eq!(fix(&folder, &["links"]).code, 0);
    assert!(link.is_symlink());
    assert_eq!(read(&folder, "real/pod.yaml"), BAD.replace("true", "false"));
    assert_eq!(std::fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
}

/// Lines that fixes of the five policies below may write, and keys whose value they may change.
const WRITTEN: &[&str] = &[
    "securityContext:",
    "capabilities:",
    "drop:",
    "- ALL",
    "allowPrivilegeEscalation: false",
    "automountServiceAccountToken: false",
    "runAsNonRoot: true",
    "seccompProfile:",
    "type: RuntimeDefault",
];

/// Real manifests, where they are at hand: beside the repository, or where `FOREWARN_CORPUS` says.
#[test]
fn real_manifests_change_by_the_intended_lines_only() {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus");
    let corpus = std::env::var_os("FOREWARN_CORPUS").map_or_else(|| PathBuf::from(beside), PathBuf::from);
    if !corpus.is_dir() {
        eprintln!("skipped: there is no corpus at {}", corpus.display());
        return;
    }
    let folder = Folder::new(&[]);
    for (path, bytes) in files(&corpus) {
        folder.write(path.strip_prefix(&corpus).unwrap().to_str().unwrap(), &bytes);
    }
    let before = files(folder.path());
    let policies =
        ["privilege-escalation", "excess-capabilities", "unconfined-seccomp", "service-account-token", "root-user"];
    let policies: Vec<_> = policies.iter().flat_map(|id| ["--policy", id]).collect();
    let (_, unfixed) = folder.report(&policies);
    let (_, fixed) = folder.report(&[&["--fix"], policies.as_slice()].concat());
    assert_eq!(fixed["errors"].as_array().map(Vec::len), unfixed["errors"].as_array().map(Vec::len));
    let count = |report: &serde_json::Value| report["findings"].as_array().unwrap().len() as u64;
    assert!(
        fixed["summary"]["fixed"].as_u64().unwrap() >= count(&unfixed) - count(&fixed)
            && count(&fixed) < count(&unfixed)
    );

    let after = files(folder.path());
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    for (path, old) in &before {
        let (old, new) = (String::from_utf8_lossy(old), String::from_utf8_lossy(&after[path]));
        let diff = similar::TextDiff::from_lines(old.as_ref(), new.as_ref());
        for change in diff.iter_all_changes() {
            let line = change.value().trim();
            let is_intended = match change.tag() {
                similar::ChangeTag::Equal => true,
                similar::ChangeTag::Insert => WRITTEN.contains(&line) || old.trim_end().ends_with(line),
                similar::ChangeTag::Delete => {
                    let key = line.split_inclusive(':').next().unwrap_or_default();
                    WRITTEN.iter().any(|written| written.starts_with(key)) || old.ends_with(line)
                }
            };
            assert!(is_intended, "{}: {:?} {}", path.display(), change.tag(), change.value());
        }
    }
    let (_, again) = folder.report(&[&["--fix"], policies.as_slice()].concat());
    assert_eq!((&again["summary"]["fixed"], files(folder.path())), (&json!(0), after));
}
