//! What a mixed folder of manifests cannot show: every format tells everything that a run has to tell.

use super::sarif::FileResults;
use super::{About, Run, github, gitlab, junit, markdown, policyreport, sarif};
use crate::edit::Refusal;
use crate::finding::{Finding, PatchOp, PatchOperation, Severity, Suppression};
use crate::metadata::Metadata;
use crate::object::Identity;
use crate::problem::{Problem, ProblemKind};
use crate::review::{FileReview, LocatedFinding, Notice, SkipReason, Skipped};
use crate::source::{Position, Span};
use serde_json::{Value, json};
use std::sync::Arc;

const FILE: &str = "a.yaml";
const TEXT: &str = "apiVersion: v1\nkind: Node\nspec: {a: 1}\n";

fn located(code: &str, severity: Severity) -> LocatedFinding {
    let identity =
        Identity { api_version: "v1".to_owned(), kind: "Node".to_owned(), namespace: None, name: Some("n".to_owned()) };
    let at = TEXT.find('1').unwrap();
    LocatedFinding {
        policy: "demo".to_owned(),
        finding: Finding {
            code: code.to_owned(),
            severity,
            pointer: "/spec/a".to_owned(),
            container: None,
            message: format!("this is {code}"),
            help: None,
            fix: vec![PatchOperation { op: PatchOp::Replace, path: "/spec/a".to_owned(), value: json!(2) }],
            suppressed: None,
        },
        object: Arc::new(identity),
        object_index: 0,
        span: Span::new(at, at + 1),
        start: Position { line: 3, column: 11 },
        end: Position { line: 3, column: 12 },
        exact: true,
        via_alias: false,
        not_fixed: None,
        fingerprint: format!("print-of-{code}"),
    }
}

fn review() -> FileReview {
    let mut refused = located("demo/refused", Severity::Deny);
    refused.not_fixed = Some(Refusal::NoFile);
    let mut exempt = located("demo/exempt", Severity::Warn);
    exempt.finding.suppressed = Some(Suppression { by: "exempt".to_owned(), reason: "a good reason".to_owned() });
    let engine = Problem::new(ProblemKind::Engine, "the policy ran out of fuel");
    let engine = Problem { policy: Some("demo".to_owned()), ..engine };
    FileReview {
        file: FILE.to_owned(),
        objects: 1,
        evaluations: 3,
        findings: vec![refused, exempt, located("demo/warned", Severity::Warn)],
        notices: vec![Notice {
            message: "it is compared with nothing".to_owned(),
            help: Some("give it a name".to_owned()),
            position: Position { line: 1, column: 1 },
        }],
        skipped: vec![Skipped { line: 2, reason: SkipReason::UnrenderedHelmTemplate }],
        problems: vec![engine.at(FILE, Position { line: 1, column: 1 })],
        fixed: 7,
        ..FileReview::default()
    }
}

/// The review in all formats but text and JSON, which have tests of their own.
fn reports() -> [(&'static str, String); 6] {
    let metadata = json!({"rules": [], "mutating": false, "annotations": {"io.kubewarden.policy.severity": "low"}});
    let metadata = Metadata::from_json(metadata.to_string().as_bytes()).unwrap();
    let problems = [
        Problem::new(ProblemKind::Configuration, "the settings are refused"),
        Problem { file: Some("b.yaml".to_owned()), ..Problem::new(ProblemKind::Input, "cannot read `b.yaml`") },
    ];
    let reviews = [review()];
    let run = Run {
        reviews: &reviews,
        problems: &problems,
        policies: &[About { id: "demo", metadata: &metadata }],
        failing: &[Severity::Deny],
    };
    [
        ("sarif", sarif::render(run, vec![FileResults::of(&reviews[0], TEXT)]).unwrap()),
        ("junit", junit::render(run).unwrap()),
        ("github", github::render(run)),
        ("gitlab", gitlab::render(run).unwrap()),
        ("markdown", markdown::render(run).replace('\\', "")),
        ("policyreport", policyreport::render(run).unwrap()),
    ]
}

fn parsed(wanted: &str) -> Value {
    let (_, report) = reports().into_iter().find(|(format, _)| *format == wanted).unwrap();
    serde_json::from_str(&report).unwrap()
}

#[test]
fn every_format_tells_everything() {
    for (format, report) in reports() {
        for words in [
            "this is demo/refused",
            "it was not read from a file",
            "demo/exempt",
            "a good reason",
            "this is demo/warned",
            "it is compared with nothing",
            "unrendered Helm template",
            "the policy ran out of fuel",
            "the settings are refused",
            "cannot read",
            "7",
        ] {
            assert!(report.contains(words), "{format} does not tell `{words}`:\n{report}");
        }
    }
}

#[test]
fn sarif_keeps_kinds_of_errors_apart_and_offers_fixes_that_can_be_made() {
    let report = parsed("sarif");
    let run = &report["runs"][0];
    let invocation = &run["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    let texts = |key: &str| -> Vec<(String, String)> {
        let notifications = invocation[key].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap().lines().next().unwrap().to_owned();
        notifications.map(|one| (text(&one["level"]), text(&one["message"]["text"]))).collect()
    };
    let all = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(level, text)| ((*level).to_owned(), (*text).to_owned())).collect()
    };
    assert_eq!(texts("toolConfigurationNotifications"), all(&[("error", "the settings are refused")]));
    assert_eq!(
        texts("toolExecutionNotifications"),
        all(&[
            ("error", "cannot read `b.yaml`"),
            ("error", "the policy ran out of fuel"),
            ("note", "it is compared with nothing"),
            ("note", "skipped: unrendered Helm template"),
        ])
    );
    let [refused, exempt, warned] = run["results"].as_array().unwrap().as_slice() else { panic!("{report}") };
    assert_eq!(
        exempt["suppressions"],
        json!([{"kind": "external", "status": "accepted", "justification": "exempt: a good reason"}])
    );
    assert!(refused["fixes"].is_null() && exempt["fixes"].is_null());
    let region = json!({"startLine": 3, "startColumn": 11, "endLine": 3, "endColumn": 12});
    assert_eq!(
        warned["fixes"][0]["artifactChanges"][0]["replacements"],
        json!([{"deletedRegion": region, "insertedContent": {"text": "2"}}])
    );
}

#[test]
fn gitlab_tells_severities_and_never_the_same_fingerprint_twice() {
    let (problems, reviews) = ([], [review(), FileReview { file: "copy.yaml".to_owned(), ..review() }]);
    let run = Run { reviews: &reviews, problems: &problems, policies: &[], failing: &[] };
    let report: Vec<Value> = serde_json::from_str(&gitlab::render(run).unwrap()).unwrap();
    let mut fingerprints: Vec<_> = report.iter().map(|issue| issue["fingerprint"].as_str().unwrap()).collect();
    fingerprints.sort_unstable();
    fingerprints.dedup();
    assert_eq!(fingerprints.len(), report.len());
    let severities: Vec<_> = report.iter().take(3).map(|issue| issue["severity"].clone()).collect();
    assert_eq!(severities, [json!("major"), json!("info"), json!("minor")]);
}

#[test]
fn a_policy_report_is_for_the_cluster_where_no_namespace_is() {
    let report = parsed("policyreport");
    let [cluster] = report["items"].as_array().unwrap().as_slice() else { panic!("{report}") };
    assert_eq!(cluster["kind"], "ClusterPolicyReport");
    assert_eq!(cluster["summary"], json!({"pass": 0, "fail": 1, "warn": 1, "error": 3, "skip": 1}));
    assert_eq!(cluster["results"][0]["severity"], "low");
    assert_eq!(cluster["metadata"]["annotations"]["forewarn.dev/fixed"], "7");
}

#[test]
fn a_run_without_anything_is_a_report_too() {
    let run = Run { reviews: &[], problems: &[], policies: &[], failing: &[] };
    assert_eq!(gitlab::render(run).unwrap(), "[]");
    assert!(markdown::render(run).starts_with("## Forewarn: ✅ no findings\n"));
    assert_eq!(github::render(run), "no findings in 0 objects of 0 files (0 evaluations)\n");
    assert!(junit::render(run).unwrap().contains("tests=\"0\" skipped=\"0\" failures=\"0\" errors=\"0\""));
    let sarif: Value = serde_json::from_str(&sarif::render(run, Vec::new()).unwrap()).unwrap();
    assert_eq!(sarif["runs"][0]["invocations"][0], json!({"executionSuccessful": true}));
    let policies: Value = serde_json::from_str(&policyreport::render(run).unwrap()).unwrap();
    assert_eq!(policies["items"][0]["results"], json!([]));
}
