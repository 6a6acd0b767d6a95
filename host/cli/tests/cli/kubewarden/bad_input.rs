//! Policies that cannot be used: exit 2, with the place and what to write.

use super::{PODS, REGISTRY, cluster_policy};
use crate::forewarn::{BAD, Folder};

/// Runs with one file of policies, and gives standard error.
fn refused(name: &str, policies: &str) -> String {
    let folder = Folder::new(&[("pod.yaml", BAD), (name, policies)]);
    let outcome = folder.run(&["check", "--policies", name, "pod.yaml"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{policies}: {outcome:?}");
    outcome.stderr
}

#[track_caller]
fn says(policies: &str, words: &[&str]) {
    let said = refused("p.yaml", policies);
    for word in words {
        assert!(said.contains(word), "{policies}\n`{word}` is not in {said}");
    }
}

fn policy(spec: &str) -> String {
    cluster_policy("p", &format!("{REGISTRY}/privilege-escalation"), spec)
}

fn group(members: &str, expression: &str) -> String {
    format!(
        "apiVersion: policies.kubewarden.io/v1\nkind: ClusterAdmissionPolicyGroup\nmetadata: {{name: g}}\nspec:\n  \
         rules: [{PODS}]\n  message: denied\n  policies: {members}\n  expression: {expression}\n"
    )
}

#[test]
fn versions_and_kinds_that_nobody_knows() {
    let good = policy(&format!("mutating: false, rules: [{PODS}]"));
    says(
        &good.replace("/v1\n", "/v2\n"),
        &["p.yaml:1:13", "`policies.kubewarden.io/v2`", "policies.kubewarden.io/v1`"],
    );
    says(&good.replace("/v1\n", "/v1alpha1\n"), &["p.yaml:1:13", "not known"]);
    says(
        &good.replace("ClusterAdmissionPolicy", "ClusterAdmisionPolicy"),
        &["p.yaml:2:7", "did you mean `ClusterAdmissionPolicy`?"],
    );
}

#[test]
fn fields_that_are_missing_empty_or_of_the_wrong_type() {
    let rules = format!("rules: [{PODS}]");
    for (spec, words) in [
        (rules.clone(), vec!["p.yaml:4:", "`spec.mutating` is missing"]),
        ("mutating: false".to_owned(), vec!["`spec.rules` is missing"]),
        ("mutating: false, rules: []".to_owned(), vec!["`spec.rules` is empty", "never be asked"]),
        (format!("mutating: maybe, {rules}"), vec!["`spec.mutating` is the text `maybe`, not true or false"]),
        (format!("mutating: false, settings: [1], {rules}"), vec!["`spec.settings` is a list, not a mapping"]),
        (format!("mutating: false, mode: warn, {rules}"), vec!["`spec.mode` cannot be `warn`", "`monitor`"]),
        (format!("mutating: false, matchPolicy: exact, {rules}"), vec!["`Exact`"]),
        (format!("mutating: false, failurePolicy: fail, {rules}"), vec!["`Fail` or `Ignore`"]),
        (
            format!("mutating: false, {}", rules.replace("[CREATE, UPDATE]", "[CREATE, PATCH]")),
            vec!["`spec.rules[0].operations[1]` cannot be `PATCH`", "`CONNECT`"],
        ),
        (
            format!("mutating: false, {}", rules.replace("operations: [CREATE, UPDATE]", "operations: []")),
            vec!["`spec.rules[0].operations` is empty"],
        ),
        (
            format!("mutating: false, {}", rules.replace("apiVersions: [v1]", "apiVersions: v1")),
            vec!["`spec.rules[0].apiVersions` is the text `v1`, not a list"],
        ),
        (
            format!("mutating: false, {}", rules.replace("resources: [pods]", "resources: [pods], scope: cluster")),
            vec!["`spec.rules[0].scope` cannot be `cluster`", "`Cluster`"],
        ),
    ] {
        says(&policy(&spec), &words);
    }
    says("apiVersion: policies.kubewarden.io/v1\nkind: AdmissionPolicy\nmetadata: {name: x}\n", &["`spec` is missing"]);
    says("apiVersion: policies.kubewarden.io/v1\nkind: AdmissionPolicy\nspec: {}\n", &["`metadata` is missing"]);
}

#[test]
fn selectors_that_cannot_be_understood() {
    for (selector, words) in [
        ("matchExpressions: [{key: a, operator: in, values: [b]}]", vec!["no operator `in`", "write `In`"]),
        ("matchExpressions: [{key: a, operator: In}]", vec!["`In` compares with values"]),
        ("matchExpressions: [{key: a, operator: Exists, values: [b]}]", vec!["takes no values"]),
        ("matchExpressions: [{key: 'a b', operator: Exists}]", vec!["`a b` cannot be the key"]),
        ("matchExpressions: [{operator: Exists}]", vec!["`spec.namespaceSelector.matchExpressions[0].key` is missing"]),
        ("matchLabels: {a: 'b c'}", vec!["`b c` cannot be the value"]),
        ("matchLabels: {a: 1}", vec!["`spec.namespaceSelector.matchLabels.a` is `1`, not text"]),
    ] {
        let spec = format!("mutating: false, rules: [{PODS}], namespaceSelector: {{{selector}}}");
        says(&policy(&spec), &[words.as_slice(), &["p.yaml:4:"]].concat());
    }
}

#[test]
fn conditions_that_do_not_compile() {
    for (expression, words) in [
        ("object.metadata.name ==", vec!["the condition `c`", "line 1, column"]),
        ("objekt.metadata.name == \"x\"", vec!["no variable `objekt`", "did you mean `object`?"]),
        ("object.metadata.name.startWith(\"x\")", vec!["no function `startWith`", "did you mean `startsWith`?"]),
        ("1 + 1", vec!["not true or false"]),
    ] {
        let spec =
            format!("mutating: false, rules: [{PODS}],\n  matchConditions: [{{name: c, expression: '{expression}'}}]");
        says(&policy(&spec), &[words.as_slice(), &["p.yaml:5:43"]].concat());
    }
    let twice = "matchConditions: [{name: c, expression: 'true'}, {name: c, expression: 'true'}]";
    says(&policy(&format!("mutating: false, rules: [{PODS}], {twice}")), &["cannot be `c`", "each name once"]);
}

#[test]
fn group_expressions_that_cannot_be_evaluated() {
    let module = format!("{REGISTRY}/privilege-escalation");
    let members = format!("{{signed: {{module: '{module}'}}, trusted: {{module: '{module}'}}}}");
    for (expression, words) in [
        ("signed() && trustd()", vec!["no policy `trustd`", "did you mean `trusted`?"]),
        ("signed() && other()", vec!["no policy `other`", "its policies are `signed`, `trusted`"]),
        ("signed() and trusted()", vec!["`and` in column 10"]),
        ("signed(", vec!["the end in column 8"]),
        ("signed() ? true : false", vec!["`?` in column 10"]),
    ] {
        says(&group(&members, &format!("'{expression}'")), &[words.as_slice(), &["p.yaml:8:15"]].concat());
    }
    for name in ["default", "not-signed", "1st"] {
        let members = format!("{{{name}: {{module: '{module}'}}}}");
        says(&group(&members, "'true'"), &[&format!("`{name}` cannot name a policy of a group"), "p.yaml:7:"]);
    }
    says(&group("{}", "'true'"), &["`spec.policies` is empty"]);
    says(&group(&members, "''"), &["`spec.expression` is empty"]);
}

#[test]
fn a_policies_yml_that_cannot_be_used() {
    let module = format!("{REGISTRY}/privilege-escalation");
    for (text, words) in [
        (format!("a: {{module: '{module}', policyMode: Protect}}"), vec!["`a.policyMode` cannot be `Protect`"]),
        (format!("a: {{module: '{module}'}}\nb: 1"), vec!["p.yaml:2:4", "`b` is `1`, not a mapping"]),
        (format!("a/b: {{module: '{module}'}}"), vec!["`a/b`", "without `/`"]),
        (format!("a: {{module: '{module}', hostCapabilities: [net]}}"), vec!["cannot be `net`", "`<namespace>/*`"]),
        (format!("a: {{policies: {{x: {{module: '{module}'}}}}, expression: x()}}"), vec!["`a.message` is missing"]),
        ("a: {module: ''}".to_owned(), vec!["`a.module` is empty"]),
    ] {
        says(&text, &words);
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    let bad = policy("mutating: false");
    let said = refused("p.yaml", &format!("{bad}---\n{}", bad.replace("name: p", "name: q")));
    assert!(said.contains("p.yaml:4:7") && said.contains("p.yaml:9:7"), "{said}");
}

#[test]
fn two_policies_of_one_name() {
    let good = policy(&format!("mutating: false, rules: [{PODS}]"));
    says(&format!("{good}---\n{good}"), &["p.yaml:6:1", "two policies `p`", "p.yaml:1:1"]);
}

#[test]
fn yaml_that_does_not_parse_or_loses_a_value() {
    says("a: [\n", &["p.yaml:1:4", "unclosed"]);
    let good = policy(&format!("mutating: false, rules: [{PODS}]"));
    says(&format!("{good}spec: {{}}\n"), &["the key `spec` is already set in line 4"]);
}

#[test]
fn nothing_to_check_with_is_no_pass() {
    says("apiVersion: v1\nkind: Service\n", &["no policy in `p.yaml`", "ClusterAdmissionPolicy"]);
    let folder = Folder::new(&[("pod.yaml", BAD), ("empty/readme.md", ""), ("values.yaml", "replicas: 1\n")]);
    for path in ["missing.yaml", "empty", "values.yaml"] {
        let outcome = folder.run(&["check", "--policies", path, "pod.yaml"]);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{path}: {outcome:?}");
    }
}

#[test]
fn settings_that_the_policy_refuses() {
    let spec = format!("mutating: false, rules: [{PODS}],\n  settings: {{mutat: true}}");
    says(&policy(&spec), &["p.yaml:5:13", "refused", "`mutat`", "did you mean `mutate`"]);
}

#[test]
fn options_about_the_bundled_policies() {
    let good = policy(&format!("mutating: false, rules: [{PODS}]"));
    let folder = Folder::new(&[("pod.yaml", BAD), ("p.yaml", &good), ("s.yaml", "{}")]);
    for other in [["--policy", "root-user"], ["--settings", "s.yaml"]] {
        let outcome = folder.run(&["check", "--policies", "p.yaml", other[0], other[1], "pod.yaml"]);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{outcome:?}");
        assert!(outcome.stderr.contains(other[0]) && outcome.stderr.contains("help"), "{outcome:?}");
    }
}
