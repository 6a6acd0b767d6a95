//! The formats of `forewarn check`, over one mixed folder.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::forewarn::{Folder, GOOD, Outcome};

const FORMATS: [&str; 8] = ["text", "json", "sarif", "junit", "github", "gitlab", "markdown", "policyreport"];

/// Two policies, so that there are denials, warnings and fixes, and not too many.
const POLICIES: &[&str] =
    &["--policy", "privilege-escalation", "--policy", "external-ips", "--settings", "settings.yaml"];

/// What a reviewer meets: good and bad objects, warnings, exemptions, what cannot be read, and what is no manifest.
fn mixed() -> Folder {
    let deployment = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: \"späti-😀\"
  namespace: shop
  labels: {\"größe|<b>\": \"1, 2: 100%\"}
spec:
  template:
    spec:
      containers:
        - {name: \"a😀|`b`\", image: \"x:1\", securityContext: {allowPrivilegeEscalation: true}}
        - name: '[web](https://example.com)'
          image: nginx:1.27
";
    let duplicate = "\
apiVersion: v1
kind: Pod
metadata: {name: twice, namespace: shop}
spec:
  containers:
    - name: web
      image: nginx:1.26
      image: nginx:1.27
      securityContext: {allowPrivilegeEscalation: true, privileged: false}
";
    let list = "\
apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: Pod
    metadata: {name: first}
    spec: {containers: [{name: a, image: \"x:1\"}]}
  - apiVersion: v1
    kind: Service
    metadata: {name: second, namespace: edge}
    spec:
      type: LoadBalancer
      ports: [{port: 80}]
  - just a text
";
    let suppressed = "\
apiVersion: v1
kind: Pod
metadata:
  name: debug
  namespace: shop
  annotations:
    forewarn.dev/allow.privilege-escalation: \"asked for by @ops, see [the ticket](x) | 100%: <until May>\"
spec:
  containers:
    - name: shell
      image: busybox:1.37
";
    let service = "\
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  ports: [{port: 80}]
  externalIPs: [192.0.2.10]
  externalTrafficPolicy: Cluster
";
    Folder::new(&[
        ("k8s/broken.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: 'open\n"),
        ("k8s/chart/templates/pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Release.Name }}\n"),
        ("k8s/clean.yaml", GOOD),
        ("k8s/duplicate.yaml", duplicate),
        ("k8s/größe, 100% #1.yaml", deployment),
        ("k8s/list.yaml", list),
        ("k8s/service.yaml", service),
        ("k8s/suppressed.yaml", suppressed),
        ("k8s/values.yaml", "replicas: 3\n"),
        ("settings.yaml", "privilege-escalation: {honourAnnotations: true}\n"),
    ])
}

fn check(folder: &Folder, args: &[&str]) -> Outcome {
    folder.run(&[&["check", "k8s", "missing.yaml"], POLICIES, args].concat())
}

fn rendered(format: &str) -> String {
    let outcome = check(&mixed(), &["--format", format]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (3, ""), "{format}");
    outcome.stdout
}

/// The report on the mixed folder in a format that is JSON.
pub(crate) fn parsed(format: &str) -> Value {
    serde_json::from_str(&rendered(format)).unwrap()
}

#[test]
fn every_format_has_a_snapshot() {
    for format in FORMATS {
        // The next release changes no report, nor does another word on a policy's page.
        let report = rendered(format).replace(concat!("\"", env!("CARGO_PKG_VERSION"), "\""), "\"VERSION\"");
        let is_page = |line: &str| line.trim_start().starts_with("\"markdown\": \"# ");
        let lines = report.lines().map(|line| if is_page(line) { "\"markdown\": (the policy's page)" } else { line });
        insta::assert_snapshot!(format, lines.collect::<Vec<_>>().join("\n"));
    }
}

/// Denied, warned, suppressed, errors.
type Numbers = [usize; 4];

fn count<'v>(items: impl IntoIterator<Item = &'v Value>, is_wanted: impl Fn(&Value) -> bool) -> usize {
    items.into_iter().filter(|item| is_wanted(item)).count()
}

fn array<'v>(value: &'v Value, pointer: &str) -> &'v Vec<Value> {
    value.pointer(pointer).and_then(Value::as_array).unwrap_or_else(|| panic!("no list at {pointer}"))
}

fn in_json() -> Numbers {
    let report = parsed("json");
    let number = |key: &str| report["summary"][key].as_u64().unwrap() as usize;
    let numbers = ["denied", "warned", "suppressed", "errors"].map(number);
    let findings = array(&report, "/findings");
    let listed = |severity: &str| count(findings, |f| f["severity"] == severity && f["suppressed"].is_null());
    let suppressed = count(findings, |finding| !finding["suppressed"].is_null());
    assert_eq!(numbers, [listed("deny"), listed("warn"), suppressed, array(&report, "/errors").len()]);
    numbers
}

fn in_text() -> Numbers {
    // Suppressed findings are only counted.
    let text = rendered("text");
    let summary = text.lines().last().unwrap();
    let number = |word: &str| {
        let (before, _) = summary.split_once(word).unwrap_or_else(|| panic!("no {word} in {summary}"));
        before.trim_end().rsplit(' ').next().unwrap().parse().unwrap()
    };
    [number(" denied"), number(" warned"), number(" suppressed"), number(" errors")]
}

fn in_sarif() -> Numbers {
    let report = parsed("sarif");
    let results = array(&report, "/runs/0/results");
    let is_suppressed = |result: &Value| result["suppressions"].is_array();
    let of = |level: &str| count(results, |result| result["level"] == level && !is_suppressed(result));
    let notifications = array(&report, "/runs/0/invocations/0/toolExecutionNotifications");
    let errors = count(notifications, |notification| notification["level"] == "error");
    [of("error"), of("warning"), count(results, is_suppressed), errors]
}

fn in_junit() -> Numbers {
    let report = rendered("junit");
    let standing = |name: &str| report.matches(&format!("<property name=\"standing\" value=\"{name}\"/>")).count();
    let numbers = [standing("denied"), standing("warned"), standing("suppressed"), report.matches("<error ").count()];
    let [denied, _, suppressed, errors] = numbers;
    assert_eq!(report.matches("<failure ").count(), denied);
    assert_eq!(report.matches("<skipped ").count(), suppressed);
    let totals = format!("skipped=\"{suppressed}\" failures=\"{denied}\" errors=\"{errors}\"");
    assert!(report.lines().nth(1).unwrap().ends_with(&format!("{totals}>")), "{report}");
    numbers
}

fn in_github() -> Numbers {
    let report = rendered("github");
    let of = |command: &str, title: &str| {
        let is_one = |line: &&str| line.starts_with(&format!("::{command} ")) && line.contains(title);
        report.lines().filter(is_one).count()
    };
    let errors = of("error", "title=forewarn%3A ");
    [of("error", "") - errors, of("warning", ""), of("notice", "(suppressed)::"), errors]
}

fn in_gitlab() -> Numbers {
    let report = parsed("gitlab");
    let issues = report.as_array().unwrap();
    let is_ours = |issue: &Value| issue["check_name"].as_str().unwrap().starts_with("forewarn/");
    let of = |severities: &[&str]| {
        count(issues, |issue| severities.contains(&issue["severity"].as_str().unwrap()) && !is_ours(issue))
    };
    let errors = count(issues, |issue| issue["severity"] == "blocker" && is_ours(issue));
    let mut fingerprints: Vec<_> = issues.iter().map(|issue| issue["fingerprint"].as_str().unwrap()).collect();
    fingerprints.sort_unstable();
    fingerprints.dedup();
    assert_eq!(fingerprints.len(), issues.len(), "every issue is one of its own");
    [of(&["critical", "major"]), of(&["minor"]), of(&["info"]), errors]
}

fn in_markdown() -> Numbers {
    let report = rendered("markdown");
    let rows = |heading: &str, is_wanted: &dyn Fn(&str) -> bool| {
        let (_, section) = report.split_once(heading).unwrap_or_else(|| panic!("no {heading}"));
        let table = section.lines().skip_while(|line| !line.starts_with('|')).skip(2);
        table.take_while(|line| line.starts_with('|')).filter(|line| is_wanted(line)).count()
    };
    [
        rows("### Findings", &|line| line.contains("❌ denied")),
        rows("### Findings", &|line| line.contains("⚠️ warned")),
        rows("<details>", &|_| true),
        rows("### Errors", &|_| true),
    ]
}

fn in_policyreport() -> Numbers {
    let report = parsed("policyreport");
    let mut counted: BTreeMap<&str, usize> = BTreeMap::new();
    for item in array(&report, "/items") {
        for key in ["fail", "warn", "skip", "error", "pass"] {
            let number = item["summary"][key].as_u64().unwrap() as usize;
            assert_eq!(number, count(array(item, "/results"), |result| result["result"] == key), "{key}");
            *counted.entry(key).or_default() += number;
        }
        let namespace = &item["metadata"]["namespace"];
        let kind = if namespace.is_null() { "ClusterPolicyReport" } else { "PolicyReport" };
        assert_eq!(item["kind"], kind);
        for resource in array(item, "/results").iter().filter_map(|result| result.pointer("/resources/0")) {
            assert_eq!(&resource["namespace"], namespace);
        }
    }
    ["fail", "warn", "skip", "error"].map(|key| counted[key])
}

#[test]
fn the_numbers_agree_between_formats() {
    let expected = in_json();
    assert!(expected.iter().all(|number| *number > 0), "the folder holds something of everything: {expected:?}");
    assert_eq!(in_text(), expected, "text");
    assert_eq!(in_sarif(), expected, "sarif");
    assert_eq!(in_junit(), expected, "junit");
    assert_eq!(in_github(), expected, "github");
    assert_eq!(in_gitlab(), expected, "gitlab");
    assert_eq!(in_markdown(), expected, "markdown");
    assert_eq!(in_policyreport(), expected, "policyreport");
}

#[test]
fn a_file_holds_what_standard_output_would() {
    let folder = mixed();
    let outputs: Vec<_> = FORMATS.iter().map(|format| format!("--output={format}=out/{format}")).collect();
    let outputs: Vec<_> = outputs.iter().map(String::as_str).collect();
    folder.write("out/json", b"the report of an earlier run");
    let outcome = check(&folder, &[&["--color", "always"], outputs.as_slice()].concat());
    assert_eq!(outcome.code, 3);
    assert!(outcome.stdout.contains('\u{1b}'));
    for format in FORMATS {
        let path = folder.path().join("out").join(format);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), rendered(format), "{format}");
    }
    assert_eq!(
        std::fs::read_dir(folder.path().join("out")).unwrap().count(),
        FORMATS.len(),
        "no temporary file is left"
    );
}

#[test]
fn warnings_fail_in_junit_where_they_fail_the_check() {
    let failures = |fail_on: &str| {
        let outcome = check(&mixed(), &["--format", "junit", "--fail-on", fail_on]);
        outcome.stdout.matches("<failure ").count()
    };
    let [denied, warned, ..] = in_json();
    assert_eq!([failures("never"), failures("deny"), failures("warn")], [0, denied, denied + warned]);
}

#[test]
fn any_number_of_jobs_gives_the_same_bytes() {
    let folder = mixed();
    for format in FORMATS {
        let run = |jobs: &str| check(&folder, &["--format", format, "--jobs", jobs]).stdout;
        assert_eq!(run("1"), run("7"), "{format}");
    }
}

#[test]
fn an_output_that_cannot_be_written_is_an_error_and_the_others_are_written() {
    let folder = mixed();
    let outcome =
        folder.run(&["check", "k8s/clean.yaml", "--output", "json=no/such/folder", "--output", "junit=out.xml"]);
    assert_eq!(outcome.code, 3);
    assert!(outcome.stderr.contains("cannot write `no/such/folder`: "), "{}", outcome.stderr);
    assert!(folder.path().join("out.xml").exists());
    let outcome = folder.run(&["check", "k8s/clean.yaml", "--output", "json=k8s"]);
    assert_eq!(outcome.code, 3);
    assert!(outcome.stderr.contains("cannot write `k8s`: "), "{}", outcome.stderr);
}

#[test]
#[cfg(unix)]
fn an_output_is_readable_like_any_file_and_keeps_its_permissions() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = mixed();
    let mode = |name: &str| std::fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777;
    folder.write("plain", b"");
    let usual = mode("plain");
    let path = folder.write("old.json", b"{}");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    check(&folder, &["--output", "json=new.json", "--output", "sarif=old.json"]);
    assert_eq!((mode("new.json"), mode("old.json")), (usual, 0o640));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o440)).unwrap();
    let outcome = check(&folder, &["--output", "json=old.json"]);
    assert_eq!(outcome.code, 3);
    assert!(outcome.stderr.contains("cannot write `old.json`: it is read-only"), "{}", outcome.stderr);
}

#[test]
fn wrong_outputs_are_refused_before_anything_is_done() {
    let folder = mixed();
    let refused = |outputs: &[&str], words: &str| {
        let outcome = check(&folder, outputs);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{outputs:?}");
        assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
    };
    refused(&["--output", "sarif=a", "--output", "json=./a"], "names `a` twice");
    refused(&["--output", "json=k8s/../missing.yaml"], "the report would take its place");
    refused(&["--output", "sarf=a"], "unknown format `sarf`: the formats are text, json, sarif, ");
    refused(&["--output", "sarif"], "write `FORMAT=FILE`");
    refused(&["--output", "sarif="], "write `FORMAT=FILE`");
    refused(&["--output", "sarif=-"], "`--format` says how to print to standard output");
    assert!(!folder.path().join("a").exists());
}

#[test]
fn the_report_of_an_earlier_run_is_not_reviewed() {
    let folder = mixed();
    let run = || folder.run(&["check", "--output", "policyreport=k8s/report.json", "--format", "json", "k8s"]).stdout;
    let first = run();
    assert!(folder.path().join("k8s/report.json").exists());
    assert_eq!(run(), first);
}

#[test]
fn a_diff_leaves_other_formats_to_files() {
    let folder = mixed();
    let outcome = check(&folder, &["--diff", "--output", "sarif=out.sarif", "--output", "text=out.txt"]);
    assert!(outcome.stdout.starts_with("--- a/k8s/"), "{}", outcome.stdout);
    let text = std::fs::read_to_string(folder.path().join("out.txt")).unwrap();
    assert_eq!(text, outcome.stderr);
    let sarif = std::fs::read_to_string(folder.path().join("out.sarif")).unwrap();
    assert_eq!(sarif, rendered("sarif"));
    let outcome = check(&folder, &["--diff", "--format", "sarif"]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains("--output"), "{}", outcome.stderr);
}

/// Makes SARIF's replacements in a text, as an editor would.
fn replaced(text: &str, replacements: &[Value]) -> String {
    let offset = |line: u64, column: u64| {
        let start: usize = text.split_inclusive('\n').take(line as usize - 1).map(str::len).sum();
        let mut units = 1;
        let rest = text.get(start..).unwrap();
        let mut characters = rest.char_indices().skip_while(|(_, character)| {
            let is_before = units < column as usize;
            units += if is_before { character.len_utf16() } else { 0 };
            is_before
        });
        start + characters.next().map_or(rest.len(), |(at, _)| at)
    };
    let mut out = text.to_owned();
    let mut edits: Vec<_> = replacements
        .iter()
        .map(|replacement| {
            let region = |key: &str| replacement["deletedRegion"][key].as_u64().unwrap();
            let start = offset(region("startLine"), region("startColumn"));
            let end = offset(region("endLine"), region("endColumn"));
            (start..end, replacement["insertedContent"]["text"].as_str().unwrap())
        })
        .collect();
    edits.sort_by_key(|(range, _)| range.start);
    for (range, new) in edits.into_iter().rev() {
        out.replace_range(range, new);
    }
    out
}

#[test]
fn a_fix_in_sarif_repairs_its_finding() {
    let folder = mixed();
    let report = parsed("sarif");
    let results = array(&report, "/runs/0/results");
    let fixable: Vec<_> = results.iter().filter(|result| result["properties"]["fixable"] == true).collect();
    assert!(fixable.len() > 3);
    for result in fixable {
        let is_suppressed = result["suppressions"].is_array();
        assert_eq!(result["fixes"].is_array(), !is_suppressed, "{result}");
        if is_suppressed {
            continue;
        }
        let file = result.pointer("/locations/0/physicalLocation/artifactLocation/uri").unwrap().as_str().unwrap();
        let file = if file.contains('%') { "k8s/größe, 100% #1.yaml" } else { file };
        let text = std::fs::read_to_string(folder.path().join(file)).unwrap();
        folder
            .write("fixed.yaml", replaced(&text, array(result, "/fixes/0/artifactChanges/0/replacements")).as_bytes());
        let fingerprints = |file: &str| -> Vec<Value> {
            let (_, report) = folder.report(&[POLICIES, &[file]].concat());
            array(&report, "/findings").iter().map(|finding| finding["fingerprint"].clone()).collect()
        };
        let mut expected = fingerprints(file);
        expected.retain(|fingerprint| *fingerprint != result["partialFingerprints"]["forewarn/v1"]);
        assert_eq!(fingerprints("fixed.yaml"), expected, "{result}");
    }
}

#[test]
fn sarif_counts_columns_in_code_units() {
    let report = parsed("sarif");
    let results = array(&report, "/runs/0/results");
    let is_beyond = |result: &&Value| result["properties"]["container"] == "a😀|`b`";
    let region = results.iter().find(is_beyond).unwrap().pointer("/locations/0/physicalLocation/region").unwrap();
    let line = "        - {name: \"a😀|`b`\", image: \"x:1\", securityContext: {allowPrivilegeEscalation: true}}";
    let (before, _) = line.split_once("true").unwrap();
    let column = before.encode_utf16().count() + 1;
    assert_eq!(region["startColumn"], json!(column));
    assert_eq!(region["endColumn"], json!(column + 4));
}
