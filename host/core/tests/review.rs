//! Whole files through the reviewer, with policies made of functions in place of Wasm.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use forewarn_core::engine::{Engine, EngineError};
use forewarn_core::host_calls::HostCalls;
use forewarn_core::metadata::Metadata;
use forewarn_core::policy::Policy;
use forewarn_core::report::text::TextReport;
use forewarn_core::report::{Summary, json};
use forewarn_core::review::{FileReview, Reviewer};
use serde_json::{Value, json};
use std::sync::Arc;

type Rule = fn(&Value) -> Result<Value, EngineError>;

struct Functions;

impl Engine for Functions {
    type Module = Rule;

    fn call(
        &self,
        rule: &Rule,
        operation: &str,
        payload: &[u8],
        _: &Arc<dyn HostCalls>,
    ) -> Result<Vec<u8>, EngineError> {
        assert_eq!(operation, "validate");
        let payload: Value = serde_json::from_slice(payload).unwrap();
        rule(&payload["request"]).map(|reply| reply.to_string().into_bytes())
    }
}

fn policy(id: &str, rule: Rule) -> Policy<Rule> {
    let metadata = json!({
        "rules": [{
            "apiGroups": ["", "apps"],
            "apiVersions": ["*"],
            "resources": ["pods", "deployments"],
            "operations": ["CREATE"],
        }],
        "mutating": false,
    });
    let metadata = Metadata::from_json(metadata.to_string().as_bytes()).unwrap();
    Policy::new(id, metadata, &serde_json::Map::new(), rule)
}

fn reply(findings: Vec<Value>) -> Value {
    let accepted = findings
        .iter()
        .all(|finding| finding["severity"] != "deny" || finding.get("suppressed").is_some_and(|by| !by.is_null()));
    let findings = json!({"version": 1, "findings": findings}).to_string();
    json!({"accepted": accepted, "audit_annotations": {"findings": findings}})
}

/// Denies every container that does not say `privileged: false`.
fn privileged(request: &Value) -> Result<Value, EngineError> {
    let pod = request["object"].pointer("/spec/template/spec").map_or("/spec", |_| "/spec/template/spec");
    let containers =
        request["object"].pointer(&format!("{pod}/containers")).and_then(Value::as_array).cloned().unwrap_or_default();
    let findings = containers
        .iter()
        .enumerate()
        .filter(|(_, container)| container["securityContext"]["privileged"] != false)
        .map(|(index, container)| {
            json!({
                "code": "privileged/unset",
                "severity": "deny",
                "pointer": format!("{pod}/containers/{index}/securityContext/privileged"),
                "container": container["name"],
                "message": "the container may be privileged",
                "help": "write `privileged: false`",
                "fix": [{"op": "add", "path": "/x", "value": false}],
            })
        })
        .collect();
    Ok(reply(findings))
}

fn review(policies: &[Policy<Rule>], text: &str) -> FileReview {
    Reviewer::new(&Functions, policies).review("a.yaml", text)
}

fn text(review: &FileReview, source: &str) -> String {
    TextReport::new(false).file(review, source)
}

const SHARED: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    spec:
      containers:
      - name: ä
        securityContext: &sc {privileged: true}
      - name: b
        securityContext: *sc
      - name: c
";

#[test]
fn findings_are_located_and_merged_where_containers_share_the_text() {
    let review = review(&[policy("privileged", privileged)], SHARED);
    assert_eq!((review.objects, review.evaluations), (1, 1));
    let places: Vec<_> = review
        .findings
        .iter()
        .map(|found| {
            let (start, end) = (found.start, found.end);
            (start.line, start.column, end.column, found.exact, found.via_alias)
        })
        .collect();
    assert_eq!(places, [(9, 43, 47, true, false), (9, 43, 47, true, true), (12, 9, 16, false, false)]);
    assert_eq!(
        text(&review, SHARED),
        "\
error[privileged/unset]: the container may be privileged
 --> a.yaml:9:43
  |
9 |         securityContext: &sc {privileged: true}
  |                                           ^^^^
  |
  = help: write `privileged: false`
  = note: in Deployment shop/web, containers `ä`, `b`

error[privileged/unset]: the container may be privileged
  --> a.yaml:12:9
   |
12 |       - name: c
   |         ^^^^^^^
   |
   = help: write `privileged: false`
   = note: in Deployment shop/web, container `c`

"
    );
}

#[test]
fn a_fingerprint_survives_a_move_to_another_file_and_line() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a}, {name: b}]}\n";
    let other = "# more lines\napiVersion: v1\nkind: Pod\nmetadata: {name: z}\nspec: {containers: [{name: a}]}\n---\n";
    let policies = [policy("privileged", privileged)];
    let reviewer = Reviewer::new(&Functions, &policies);
    let fingerprints = |review: FileReview| -> Vec<String> {
        review.findings.into_iter().map(|located| located.fingerprint).collect()
    };
    let before = fingerprints(reviewer.review("a.yaml", pod));
    let after = fingerprints(reviewer.review("b/c.yaml", &format!("{other}{pod}---\n{pod}")));
    assert_eq!(before.len(), 2);
    assert_eq!(before[..], after[1..3]);
    let unique: std::collections::BTreeSet<_> = after.iter().collect();
    assert_eq!(unique.len(), after.len(), "two objects of one name in a file are told apart");
}

#[test]
fn the_json_report_keeps_its_contract() {
    let source = "kind: Pod\napiVersion: v1\nspec:\n  containers: [{name: a}]\n---\na: 1\n---\nb: [\n";
    let reviews = [review(&[policy("privileged", privileged)], source)];
    let report: Value = serde_json::from_str(&json::render(&reviews, &[]).unwrap()).unwrap();
    assert_eq!(
        report,
        json!({
            "version": 1,
            "summary": {
                "files": 1, "objects": 1, "evaluations": 1,
                "denied": 1, "warned": 0, "suppressed": 0, "errors": 1, "skipped": 1, "fixed": 0, "unchanged": 0,
            },
            "findings": [{
                "policy": "privileged",
                "code": "privileged/unset",
                "severity": "deny",
                "message": "the container may be privileged",
                "help": "write `privileged: false`",
                "file": "a.yaml",
                "line": 4, "column": 16, "endLine": 4, "endColumn": 25,
                "object": {"apiVersion": "v1", "kind": "Pod", "namespace": null, "name": null},
                "container": "a",
                "pointer": "/spec/containers/0/securityContext/privileged",
                "fingerprint": "80e396fa230b319e262adf74fbefa7ff",
                "fixable": true, "notFixed": null,
                "suppressed": null,
            }],
            "errors": [{
                "kind": "input",
                "message": "not valid YAML: unclosed bracket '['",
                "help": null,
                "file": "a.yaml",
                "line": 8, "column": 4,
                "policy": null,
            }],
            "skipped": [{
                "file": "a.yaml",
                "line": 6,
                "reason": "not a Kubernetes object: a mapping with `apiVersion` and `kind` is expected",
                "hint": null,
            }],
            "notices": [],
        })
    );
}

#[test]
fn policies_are_asked_in_the_order_of_their_ids() {
    let warn: Rule = |_| Ok(json!({"accepted": true, "warnings": ["w"]}));
    let policies = [policy("b", warn), policy("c", warn), policy("a", warn)];
    let review = review(&policies, "kind: Pod\napiVersion: v1\n---\nkind: Pod\napiVersion: v1\n");
    let order: Vec<_> = review.findings.iter().map(|found| format!("{}{}", found.policy, found.start.line)).collect();
    assert_eq!(order, ["a1", "b1", "c1", "a4", "b4", "c4"]);
}

#[test]
fn only_covered_objects_are_evaluated() {
    let review = review(
        &[policy("privileged", privileged)],
        "kind: List\napiVersion: v1\nitems:\n- {kind: Secret, apiVersion: v1}\n- {kind: Pod, apiVersion: v1}\n",
    );
    assert_eq!((review.objects, review.evaluations), (2, 1));
}

#[test]
fn failures_and_nonsense_are_problems_not_findings() {
    let policies = [
        policy("loops", |_| Err(EngineError::OutOfFuel { limit: 7 })),
        policy("nonsense", |_| Ok(json!({"accepted": false, "audit_annotations": {"findings": "x"}}))),
        policy("privileged", privileged),
    ];
    let source = "# a Pod\nkind: Pod\napiVersion: v1\nmetadata: {name: p}\nspec: {containers: [{name: a}]}\n";
    let review = review(&policies, source);
    assert_eq!(review.findings.len(), 1);
    assert_eq!(review.evaluations, 3);
    let problems: Vec<_> =
        review.problems.iter().map(|problem| (problem.kind.name(), problem.policy.as_deref(), problem.line)).collect();
    assert_eq!(problems, [("engine", Some("loops"), Some(2)), ("engine", Some("nonsense"), Some(2))]);
    let rendered = text(&review, source);
    assert!(rendered.contains("error: `loops` gave no verdict on Pod p: the call ran out of fuel"), "{rendered}");
}

#[test]
fn malformed_fields_are_shown_once() {
    let malformed: Rule = |_| {
        Ok(reply(vec![
            json!({"code": "x/malformed", "severity": "deny", "pointer": "/spec/containers", "message": "not a list"}),
        ]))
    };
    let policies = [policy("a", malformed), policy("b", malformed), policy("c", malformed)];
    let source = "kind: Pod\napiVersion: v1\nmetadata: {name: p}\nspec:\n  containers: web\n";
    let review = review(&policies, source);
    assert_eq!(review.findings.len(), 3);
    assert_eq!(
        text(&review, source),
        "\
error[x/malformed]: not a list
 --> a.yaml:5:15
  |
5 |   containers: web
  |               ^^^
  |
  = note: in Pod p
  = note: also reported by `b`, `c`

"
    );
}

#[test]
fn suppressed_findings_are_counted_and_not_shown() {
    let suppressed: Rule = |_| {
        Ok(reply(vec![json!({
            "code": "x/y", "severity": "deny", "pointer": "", "message": "m",
            "suppressed": {"by": "settings", "reason": "because"},
        })]))
    };
    let source = "kind: Pod\napiVersion: v1\n";
    let review = review(&[policy("x", suppressed)], source);
    assert_eq!(text(&review, source), "");
    let summary = Summary::of(&[review], &[]);
    assert_eq!((summary.denied, summary.suppressed), (0, 1));
}

#[test]
fn helm_templates_are_skipped_with_a_hint() {
    let source = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Values.name }}\n";
    let review = review(&[policy("privileged", privileged)], source);
    assert_eq!((review.objects, review.skipped.len()), (0, 1));
    assert!(review.problems.is_empty());
    assert_eq!(
        text(&review, source),
        "\
note: skipped: unrendered Helm template
--> a.yaml:4
 = help: check what it renders to: `helm template … | forewarn check -`

"
    );
}

#[test]
fn input_errors_show_their_line() {
    let source = "kind: Pod\napiVersion: v1\nkind: Pod\n";
    let review = review(&[], source);
    assert_eq!(
        text(&review, source),
        "\
error: the key `kind` is already set in line 1, so one of the two values is lost
 --> a.yaml:3:1
  |
3 | kind: Pod
  | ^
  |
  = help: remove one of the two, or merge them

"
    );
}

#[test]
fn a_very_long_line_is_shown_in_part() {
    let many = vec![r#"{"name":"x","securityContext":{"privileged":false}}"#; 5000].join(",");
    let source =
        format!(r#"{{"apiVersion":"v1","kind":"Pod","spec":{{"containers":[{many},{{"name":"ä"}},{many}]}}}}"#);
    let review = review(&[policy("privileged", privileged)], &source);
    assert_eq!(review.findings.len(), 1);
    let column = source.split(r#"{"name":"ä"#).next().unwrap().len() + 1;
    assert_eq!(review.findings[0].start.column as usize, column);
    let rendered = text(&review, &source);
    assert!(rendered.contains(&format!("a.yaml:1:{column}\n")), "{rendered}");
    assert!(rendered.len() < 1000 && rendered.contains("ä"), "{rendered}");
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    let warn: Rule = |_| Ok(json!({"accepted": true, "warnings": ["\u{1b}[31mred"]}));
    let source = "kind: Pod\napiVersion: v1\nmetadata: {name: \"\\e[2J\"}\n";
    let review = review(&[policy("x", warn)], source);
    assert!(!text(&review, source).contains('\u{1b}'));
    assert!(TextReport::new(true).file(&review, source).contains("\u{1b}["));
}
