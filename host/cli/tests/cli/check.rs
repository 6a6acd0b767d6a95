//! `forewarn check` on input that can be read.

use serde_json::{Value, json};

use crate::forewarn::{BAD, Folder, GOOD, ONLY};

fn check(folder: &Folder, args: &[&str]) -> crate::forewarn::Outcome {
    folder.run(&[&["check"], ONLY, args].concat())
}

fn places(report: &Value) -> Vec<(String, u64, u64)> {
    let findings = report["findings"].as_array().unwrap();
    findings
        .iter()
        .map(|f| (f["file"].as_str().unwrap().to_owned(), f["line"].as_u64().unwrap(), f["column"].as_u64().unwrap()))
        .collect()
}

#[test]
fn shows_the_line_and_the_summary() {
    let folder = Folder::new(&[("pod.yaml", BAD)]);
    let outcome = check(&folder, &["pod.yaml"]);
    assert_eq!(outcome.code, 1);
    insta::assert_snapshot!(outcome.stdout);
    assert_eq!(outcome.stderr, "");
}

#[test]
fn a_clean_check_says_so() {
    let folder = Folder::new(&[("pod.yaml", GOOD)]);
    let outcome = check(&folder, &["pod.yaml"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "no findings in 1 object of 1 file (1 evaluation)\n"));
}

#[test]
fn the_json_report_is_the_contract() {
    let folder = Folder::new(&[("a/pod.yaml", BAD)]);
    let (code, report) = folder.report(&[ONLY, &["a"]].concat());
    assert_eq!(code, 1);
    assert_eq!(report["version"], 1);
    assert_eq!(
        report["summary"],
        json!({"files": 1, "objects": 1, "evaluations": 1, "denied": 1, "warned": 0, "suppressed": 0, "errors": 0, "skipped": 0, "fixed": 0, "unchanged": 0})
    );
    let finding = &report["findings"][0];
    let fields: Vec<_> = finding.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        fields,
        [
            "code",
            "column",
            "container",
            "endColumn",
            "endLine",
            "file",
            "fingerprint",
            "fixable",
            "help",
            "line",
            "message",
            "notFixed",
            "object",
            "pointer",
            "policy",
            "severity",
            "suppressed"
        ]
    );
    assert_eq!(finding["code"], "privilege-escalation/allowed");
    assert_eq!(finding["pointer"], "/spec/containers/0/securityContext/allowPrivilegeEscalation");
    assert_eq!((&finding["line"], &finding["column"]), (&json!(11), &json!(35)));
    assert_eq!((&finding["endLine"], &finding["endColumn"]), (&json!(11), &json!(39)));
    assert_eq!(finding["object"], json!({"apiVersion": "v1", "kind": "Pod", "namespace": "shop", "name": "web"}));
    assert_eq!((&finding["container"], &finding["fixable"]), (&json!("web"), &json!(true)));
}

#[test]
fn reads_what_yaml_allows() {
    let crlf = BAD.replace('\n', "\r\n");
    let bom = format!("\u{feff}{BAD}");
    let two = format!("{GOOD}---\n{BAD}...\n# the end\n---\n");
    let list = format!(
        "apiVersion: v1\nkind: List\nitems:\n{}",
        BAD.lines().enumerate().map(|(n, l)| format!("{}{l}\n", if n == 0 { "- " } else { "  " })).collect::<String>()
    );
    let alias = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: a\n    securityContext: &open\n      \
                 allowPrivilegeEscalation: true\n  - name: b\n    securityContext: *open\n  - name: c\n    \
                 securityContext:\n      <<: *open\n";
    let json = "{\n\t\"apiVersion\": \"v1\", \"kind\": \"Pod\",\n\t\"spec\": {\"containers\": [\n\t\t{\"name\": \"a\"}\n\t]}}\n";
    let folder = Folder::new(&[
        ("alias.yaml", alias),
        ("bom.yaml", &bom),
        ("crlf.yaml", &crlf),
        ("list.yml", &list),
        ("pod.json", json),
        ("two.yaml", &two),
    ]);
    let (code, report) = folder.report(&[ONLY, &["."]].concat());
    assert_eq!(report["errors"], json!([]));
    assert_eq!(code, 1);
    let expected = [
        ("alias.yaml", 7, 33),
        ("alias.yaml", 7, 33),
        ("alias.yaml", 7, 33),
        ("bom.yaml", 11, 35),
        ("crlf.yaml", 11, 35),
        ("list.yml", 14, 37),
        ("pod.json", 4, 3),
        ("two.yaml", 22, 35),
    ];
    assert_eq!(places(&report), expected.map(|(file, line, column)| (file.to_owned(), line, column)));
}

#[test]
fn reads_standard_input() {
    let folder = Folder::new(&[]);
    let outcome = folder.run_with_input(&[&["check", "-"], ONLY].concat(), BAD);
    assert_eq!(outcome.code, 1);
    assert!(outcome.stdout.contains("--> <stdin>:11:35"), "{}", outcome.stdout);
}

#[test]
fn counts_what_is_no_object_and_hints_at_helm() {
    let folder = Folder::new(&[
        ("values.yaml", "replicas: 3\n"),
        ("templates/pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Release.Name }}\n"),
        ("rules.yaml", "apiVersion: v1\nkind: ConfigMap\ndata:\n  alert: 'on {{ $labels.instance }}'\n"),
        ("tsconfig.json", "{ // no JSON at all\n}"),
    ]);
    let outcome = check(&folder, &["."]);
    assert_eq!(outcome.code, 0);
    insta::assert_snapshot!(outcome.stdout);
}

#[test]
fn honours_ignore_files() {
    let folder = Folder::new(&[
        (".gitignore", "build/\n"),
        (".forewarnignore", "vendor/*.yaml\n!vendor/kept.yaml\n"),
        ("build/a.yaml", BAD),
        ("vendor/b.yaml", BAD),
        ("vendor/kept.yaml", BAD),
        ("notes.txt", BAD),
    ]);
    let (_, report) = folder.report(&[ONLY, &["."]].concat());
    assert_eq!(places(&report), [("vendor/kept.yaml".to_owned(), 11, 35)]);
    // What the user names is reviewed all the same.
    let (_, report) = folder.report(&[ONLY, &["build/a.yaml", "notes.txt"]].concat());
    assert_eq!(report["summary"]["files"], 2);
}

#[test]
fn reviews_the_current_directory_without_a_path() {
    let folder = Folder::new(&[("a/pod.yaml", BAD)]);
    let (_, report) = folder.report(ONLY);
    assert_eq!(places(&report), [("a/pod.yaml".to_owned(), 11, 35)]);
}

#[test]
fn what_a_machine_or_another_tool_ignores_is_reviewed() {
    let folder = Folder::new(&[
        (".ignore", "a.yaml\n"),
        (".git/info/exclude", "b.yaml\n"),
        ("home/.config/git/ignore", "c.yaml\n"),
        ("a.yaml", BAD),
        ("b.yaml", BAD),
        ("c.yaml", BAD),
    ]);
    let home = folder.path().join("home");
    let outcome = folder.run_in_home(&[&["check", "--quiet", "."], ONLY].concat(), &home);
    assert_eq!(outcome.stdout.matches("--> ").count(), 3, "{}", outcome.stdout);
}

#[test]
fn a_file_named_twice_is_reviewed_once() {
    let folder = Folder::new(&[("a/pod.yaml", BAD)]);
    let spellings = ["a/pod.yaml", "a", "./a", "a/../a/pod.yaml", "./a/pod.yaml"];
    let (_, report) = folder.report(&[ONLY, &spellings].concat());
    assert_eq!((&report["summary"]["files"], &report["errors"]), (&json!(1), &json!([])));
}

#[test]
fn fail_on_decides_about_the_exit_code() {
    let folder = Folder::new(&[("pod.yaml", BAD), ("good.yaml", GOOD)]);
    let code = |args: &[&str]| check(&folder, args).code;
    assert_eq!(code(&["pod.yaml"]), 1);
    assert_eq!(code(&["pod.yaml", "--fail-on", "never"]), 0);
    assert_eq!(code(&["pod.yaml", "--fail-on", "warn"]), 1);
    assert_eq!(code(&["good.yaml", "--fail-on", "warn"]), 0);
}

#[test]
fn quiet_prints_only_what_fails() {
    let folder = Folder::new(&[("pod.yaml", BAD), ("good.yaml", GOOD), ("v.yaml", "a: 1\n")]);
    assert_eq!(check(&folder, &["-q", "good.yaml", "v.yaml"]).stdout, "");
    let outcome = check(&folder, &["-q", "pod.yaml"]);
    assert!(outcome.stdout.contains("privilege-escalation/allowed") && !outcome.stdout.contains("denied"));
    assert_eq!(check(&folder, &["-q", "--fail-on", "never", "pod.yaml"]).stdout, "");
}

#[test]
fn settings_reach_the_policy() {
    let folder = Folder::new(&[
        ("pod.yaml", BAD),
        ("settings.yaml", "privilege-escalation:\n  exempt: [{containers: [w*], reason: a test}]\n"),
    ]);
    let (code, report) = folder.report(&[ONLY, &["--settings", "settings.yaml", "pod.yaml"]].concat());
    assert_eq!((code, &report["summary"]["suppressed"]), (0, &json!(1)));
    assert_eq!(report["findings"][0]["suppressed"], json!({"by": "exempt", "reason": "a test"}));
}

#[test]
fn more_kinds_by_settings() {
    let object = "apiVersion: batch.volcano.sh/v1alpha1\nkind: Job\nmetadata: {name: j}\nspec:\n  template:\n    spec:\n      \
                  containers:\n      - name: a\n";
    let settings =
        "privilege-escalation:\n  kinds: [{group: batch.volcano.sh, kind: Job, path: /spec/template/spec}]\n";
    let folder = Folder::new(&[("job.yaml", object), ("settings.yaml", settings)]);
    assert_eq!(check(&folder, &["job.yaml"]).code, 0);
    let (code, report) = folder.report(&[ONLY, &["--settings", "settings.yaml", "job.yaml"]].concat());
    assert_eq!((code, places(&report)), (1, vec![("job.yaml".to_owned(), 8, 9)]));
}

#[test]
fn any_number_of_jobs_gives_the_same_bytes() {
    let folder = Folder::new(&[]);
    for n in 0..40 {
        let text =
            if n % 3 == 0 { format!("{GOOD}---\n{BAD}") } else { BAD.to_owned() + &"# padding\n".repeat(n * 50) };
        folder.write(&format!("{n:02}.yaml"), text.as_bytes());
    }
    folder.write("broken.yaml", b"a: [\n");
    for format in ["json", "text"] {
        let run = |jobs| folder.run(&["check", "--format", format, "--jobs", jobs, "."]);
        let one = run("1");
        assert_eq!(one.code, 3);
        for jobs in ["2", "8"] {
            assert_eq!(run(jobs).stdout, one.stdout);
        }
    }
}

#[test]
fn colours_only_when_asked() {
    let folder = Folder::new(&[("pod.yaml", BAD)]);
    assert!(!check(&folder, &["pod.yaml"]).stdout.contains('\u{1b}'));
    assert!(!check(&folder, &["--color", "never", "pod.yaml"]).stdout.contains('\u{1b}'));
    assert!(check(&folder, &["--color", "always", "pod.yaml"]).stdout.contains('\u{1b}'));
}
