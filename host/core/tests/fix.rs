//! Files repaired with policies made of functions in place of Wasm.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use forewarn_core::engine::{Engine, EngineError};
use forewarn_core::fix::FileFix;
use forewarn_core::host_calls::HostCalls;
use forewarn_core::metadata::Metadata;
use forewarn_core::policy::Policy;
use forewarn_core::review::Reviewer;
use serde_json::{Value, json};
use std::sync::Arc;

/// Gives the findings for an object.
type Rule = fn(&Value) -> Vec<Value>;

struct Functions;

impl Engine for Functions {
    type Module = Rule;

    fn call(&self, rule: &Rule, _: &str, payload: &[u8], _: &Arc<dyn HostCalls>) -> Result<Vec<u8>, EngineError> {
        let payload: Value = serde_json::from_slice(payload).unwrap();
        let findings = rule(&payload["request"]["object"]);
        if findings.iter().any(Value::is_null) {
            return Err(EngineError::NoResponse);
        }
        let text = json!({"version": 1, "findings": findings}).to_string();
        let accepted = findings.iter().all(|finding| finding["severity"] != "deny");
        Ok(json!({"accepted": accepted, "audit_annotations": {"findings": text}}).to_string().into_bytes())
    }
}

fn fix(rules: &[(&str, Rule)], text: &str) -> FileFix {
    let metadata = json!({
        "rules": [{"apiGroups": [""], "apiVersions": ["*"], "resources": ["pods"], "operations": ["CREATE"]}],
        "mutating": false,
    });
    let metadata = Metadata::from_json(metadata.to_string().as_bytes()).unwrap();
    let policies: Vec<_> =
        rules.iter().map(|(id, rule)| Policy::new(*id, metadata.clone(), &serde_json::Map::new(), *rule)).collect();
    Reviewer::new(&Functions, &policies).fix("a.yaml", text)
}

fn finding(code: &str, pointer: &str, fix: Value) -> Value {
    json!({"code": code, "severity": "deny", "pointer": pointer, "message": "m", "fix": fix})
}

/// Wants `spec.<name>` to be `value`; makes the spec where there is none.
fn wants(object: &Value, code: &str, name: &str, value: Value) -> Vec<Value> {
    let pointer = format!("/spec/{name}");
    let fix = match &object["spec"] {
        Value::Null => json!({"op": "add", "path": "/spec", "value": {name: value}}),
        spec if spec.get(name).is_none() => json!({"op": "add", "path": pointer, "value": value}),
        spec if spec[name] == value => return Vec::new(),
        _ => json!({"op": "replace", "path": pointer, "value": value}),
    };
    vec![finding(code, &pointer, json!([fix]))]
}

const POD: &str = "apiVersion: v1\nkind: Pod\n";

fn not_fixed(fix: &FileFix) -> Vec<String> {
    fix.after.findings.iter().map(|located| located.not_fixed.as_ref().unwrap().to_string()).collect()
}

#[test]
fn fixes_that_meet_take_turns() {
    let rules: [(&str, Rule); 3] = [
        ("a", |object| wants(object, "a/x", "x", json!(1))),
        ("b", |object| wants(object, "b/y", "z", json!({"w": "no"}))),
        ("c", |object| wants(object, "c/z", "list", json!(["v"]))),
    ];
    let fixed = fix(&rules, POD);
    assert_eq!(fixed.text, format!("{POD}spec:\n  x: 1\n  z:\n    w: \"no\"\n  list:\n    - v\n"));
    assert_eq!((fixed.before.findings.len(), fixed.after.findings.len(), fixed.after.fixed), (3, 0, 3));
    let again = fix(&rules, &fixed.text);
    assert_eq!((again.text, again.after.fixed), (fixed.text, 0));
}

#[test]
fn fixes_that_undo_each_other_are_not_made() {
    let rules: [(&str, Rule); 3] = [
        ("a", |object| wants(object, "a/one", "x", json!(1))),
        ("b", |object| wants(object, "b/two", "x", json!(2))),
        ("c", |object| wants(object, "c/other", "z", json!(3))),
    ];
    let text = format!("{POD}spec: {{x: 0}}\n");
    let fixed = fix(&rules, &text);
    assert_eq!(fixed.text, format!("{POD}spec: {{x: 0, z: 3}}\n"));
    let reason = "`a/one` and `b/two` want different things here, so that no fix would last";
    assert_eq!((not_fixed(&fixed), fixed.after.fixed), (vec![reason.to_owned(); 2], 1));
    assert_eq!(fix(&rules, &fixed.text).text, fixed.text);
}

#[test]
fn a_fix_that_does_not_help_is_not_made() {
    let rules: [(&str, Rule); 1] =
        [("a", |_| vec![finding("a/x", "/spec", json!([{"op": "add", "path": "/spec", "value": {}}]))])];
    let fixed = fix(&rules, POD);
    assert_eq!(fixed.text, POD.to_owned() + "spec: {}\n");
    assert_eq!(not_fixed(&fixed), ["the fix changes nothing"]);
    let rules: [(&str, Rule); 1] = [("a", |object| {
        let value = object["spec"]["x"].as_u64().unwrap_or_default() + 1;
        wants(object, "a/x", "x", json!(value))
    })];
    let fixed = fix(&rules, &format!("{POD}spec:\n  x: 0\n"));
    assert_eq!(fixed.text, format!("{POD}spec:\n  x: 0\n"));
    assert_eq!(not_fixed(&fixed), ["the policies' fixes never come to an end"]);
}

#[test]
fn a_fix_that_breaks_a_policy_is_not_made() {
    let rules: [(&str, Rule); 2] = [
        ("a", |object| wants(object, "a/x", "x", json!(1))),
        ("b", |object| if object["spec"]["x"] == 1 { vec![Value::Null] } else { Vec::new() }),
    ];
    let fixed = fix(&rules, POD);
    assert_eq!((fixed.text.as_str(), fixed.after.fixed), (POD, 0));
    assert_eq!(not_fixed(&fixed), ["a policy gives no verdict on the fixed object"]);
}

#[test]
fn what_is_shared_stays_and_says_why() {
    let rules: [(&str, Rule); 1] = [("a", |object| wants(object, "a/x", "x", json!(1)))];
    let text = format!("{POD}spec: &s\n  x: 2\n---\n{POD}base: &s\n  x: 2\nspec: *s\n");
    let fixed = fix(&rules, &text);
    assert_eq!(fixed.text, text.replacen("x: 2", "x: 1", 1));
    assert_eq!(fixed.after.fixed, 1);
    assert_eq!(
        not_fixed(&fixed),
        ["the value comes through an alias, and a change of it would reach every place that uses it"]
    );
}
