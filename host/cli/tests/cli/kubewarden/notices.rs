//! What a configuration says and what has no effect here, and the words of denials.

use serde_json::{Value, json};

use super::{PODS, REGISTRY, cluster_policy};
use crate::forewarn::{BAD, Folder};

fn report(files: &[(&str, &str)], input: &str) -> Value {
    let folder = Folder::new(files);
    folder.write("pod.yaml", input.as_bytes());
    folder.report(&["--policies", "p.yaml", "pod.yaml"]).1
}

fn escalation(spec: &str) -> String {
    let module = format!("{REGISTRY}/privilege-escalation");
    cluster_policy("p", &module, &format!("mutating: false, rules: [{PODS}],\n  {spec}"))
}

/// The notices about the configuration as `line:column message`.
fn notices(policies: &str, input: &str) -> Vec<String> {
    let report = report(&[("p.yaml", policies)], input);
    let notices = report["notices"].as_array().unwrap().iter();
    notices
        .map(|notice| {
            let text = |key: &str| notice[key].as_str().unwrap_or_default().to_owned();
            format!("{}:{}:{} {} {}", text("file"), notice["line"], notice["column"], text("message"), text("help"))
        })
        .collect()
}

#[test]
fn fields_without_effect_are_named() {
    for (spec, words) in [
        ("modee: monitor", vec!["p.yaml:5:10", "unknown field `spec.modee`", "did you mean `mode`?"]),
        ("namespaceSelector: {matchLables: {a: b}}", vec!["unknown field", "did you mean `matchLabels`?"]),
        (
            "namespaceSelector: {matchLabels: {a: b}}",
            vec!["drops it", "`allowInsideAdmissionControllerNamespace`", "matchExpressions"],
        ),
        (
            "matchConditions: [{name: c, expression: \"authorizer.path('/x').check('get').allowed()\"}]",
            vec!["`spec.matchConditions[0].expression` needs", "`authorizer`", "counts as met"],
        ),
        (
            "matchConditions: [{name: c, expression: \"request.userInfo.username != 'x'\"}]",
            vec!["`request.userInfo`", "the user is `forewarn`"],
        ),
    ] {
        let notices = notices(&escalation(spec), BAD);
        assert!(words.iter().all(|word| notices[0].contains(word)), "{spec}: {notices:?}");
    }
}

#[test]
fn fields_that_change_no_verdict_are_not_worth_a_word() {
    let spec =
        "policyServer: other, timeoutSeconds: 5, timeoutEvalSeconds: 2, sideEffects: None, backgroundAudit: false";
    assert_eq!(notices(&escalation(spec), BAD), Vec::<String>::new());
}

#[test]
fn a_deprecated_version_is_told_and_works() {
    let old = escalation("mode: protect").replace("kubewarden.io/v1\n", "kubewarden.io/v1alpha2\n");
    let report = report(&[("p.yaml", &old)], BAD);
    assert!(report["notices"][0]["message"].as_str().unwrap().contains("deprecated"), "{report}");
    assert_eq!(report["notices"][0]["line"], 1);
    assert_eq!(report["summary"]["denied"], 1);
    assert_eq!(report["summary"]["files"], 1);
}

#[test]
fn a_policy_in_a_namespace_has_no_field_of_the_cluster() {
    let own =
        escalation("namespaceSelector: {}, contextAwareResources: [], allowInsideAdmissionControllerNamespace: true")
            .replace("ClusterAdmissionPolicy", "AdmissionPolicy");
    let notices = notices(&own, BAD);
    assert_eq!(notices.len(), 3, "{notices:?}");
    assert!(notices.iter().all(|notice| notice.contains("unknown field")), "{notices:?}");
}

#[test]
fn what_is_not_known_about_an_object_is_said_once() {
    let selector = "namespaceSelector: {matchExpressions: [{key: team, operator: NotIn, values: [a]}]}";
    let two = format!("{BAD}---\n{}", BAD.replace("name: web\n  namespace", "name: db\n  namespace"));
    let told = notices(&escalation(selector), &two);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("pod.yaml:1:1 the labels of namespace `shop` are not known"), "{told:?}");
    // With the name alone nothing is missing.
    let by_name = "namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: Exists}]}";
    assert_eq!(notices(&escalation(by_name), &two), Vec::<String>::new());
}

#[test]
fn namespaces_that_contradict_each_other_select_a_policy() {
    let selector = "namespaceSelector: {matchExpressions: [{key: team, operator: In, values: [a]}]}";
    let namespace = |team: &str| {
        format!("---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: shop, labels: {{team: {team}}}}}\n")
    };
    let input = format!("{BAD}{}{}", namespace("a"), namespace("b"));
    let report = report(&[("p.yaml", &escalation(selector))], &input);
    assert_eq!(report["summary"]["denied"], 1, "{report}");
    assert!(report["notices"][0]["message"].as_str().unwrap().contains("several Namespaces `shop`"), "{report}");
}

#[test]
fn a_skipped_condition_and_a_converted_object_are_told() {
    let failing = "failurePolicy: Ignore, matchConditions: [{name: c, expression: \"object.spec.x == 'y'\"}]";
    let told = notices(&escalation(failing), BAD);
    assert!(told[0].contains("`p` is not asked") && told[0].contains("there is no field `x`"), "{told:?}");
    let other = escalation("mode: protect").replace("apiVersions: [v1]", "apiVersions: [v2]");
    let told = notices(&other, BAD);
    assert!(told[0].contains("asked about as `v1`"), "{told:?}");
}

#[test]
fn the_custom_message_is_the_headline_and_the_policys_words_are_the_help() {
    let plain = report(&[("p.yaml", &escalation("mode: protect"))], BAD);
    let custom = report(&[("p.yaml", &escalation("message: ask the platform team"))], BAD);
    let (plain, custom) = (&plain["findings"][0], &custom["findings"][0]);
    assert_eq!(custom["message"], "ask the platform team");
    let help = custom["help"].as_str().unwrap();
    assert!(help.contains(plain["message"].as_str().unwrap()), "{help}");
    assert!(help.contains(plain["help"].as_str().unwrap()), "{help}");
    assert_eq!((&custom["code"], &custom["line"]), (&plain["code"], &plain["line"]));
    assert_eq!(custom["policy"], "p");
}

#[test]
fn monitor_mode_says_so() {
    let report = report(&[("p.yaml", &escalation("mode: monitor, message: unused"))], BAD);
    let finding = &report["findings"][0];
    assert_eq!(finding["severity"], "warn");
    let message = finding["message"].as_str().unwrap();
    assert!(message.contains("monitor mode") && !message.contains("unused"), "{message}");
}

#[test]
fn a_group_names_its_causes() {
    let module = format!("{REGISTRY}/privilege-escalation");
    let root = format!("{REGISTRY}/root-user");
    let group = format!(
        "apiVersion: policies.kubewarden.io/v1\nkind: ClusterAdmissionPolicyGroup\nmetadata: {{name: g}}\nspec:\n  \
         rules: [{PODS}]\n  message: neither\n  expression: a() || b()\n  \
         policies: {{a: {{module: '{module}'}}, b: {{module: '{root}'}}, c: {{module: '{root}'}}}}\n"
    );
    let report = report(&[("p.yaml", &group)], BAD);
    let finding = &report["findings"][0];
    assert_eq!((&finding["code"], &finding["message"], &finding["line"]), (&json!("g"), &json!("neither"), &json!(1)));
    let help = finding["help"].as_str().unwrap();
    assert!(help.contains("`a`: ") && help.contains("`b`: ") && !help.contains("`c`"), "{help}");
    assert_eq!(report["summary"]["denied"], 1);
    let told = report["notices"][0]["message"].as_str().unwrap();
    assert!(told.contains("does not name `c`"), "{told}");
}

#[test]
fn a_group_with_one_cause_marks_its_place() {
    let module = format!("{REGISTRY}/privilege-escalation");
    let group = format!(
        "apiVersion: policies.kubewarden.io/v1\nkind: AdmissionPolicyGroup\nmetadata: {{name: g, namespace: shop}}\nspec:\n  \
         rules: [{PODS}]\n  message: denied\n  expression: a()\n  policies: {{a: {{module: '{module}'}}}}\n"
    );
    let report = report(&[("p.yaml", &group)], BAD);
    let finding = &report["findings"][0];
    assert_eq!((&finding["policy"], &finding["line"]), (&json!("shop/g"), &json!(11)), "{report:#}");
}

#[test]
fn people_see_the_place_in_the_configuration() {
    let folder = Folder::new(&[("pod.yaml", BAD), ("p.yaml", &escalation("modee: monitor"))]);
    let outcome = folder.run(&["check", "--policies", "p.yaml", "pod.yaml"]);
    insta::assert_snapshot!(outcome.stdout);
    let quiet = folder.run(&["check", "--quiet", "--policies", "p.yaml", "pod.yaml"]);
    assert!(!quiet.stdout.contains("modee"), "{}", quiet.stdout);
}

#[test]
fn the_report_does_not_depend_on_the_number_of_threads() {
    let folder = Folder::new(&[("p.yaml", &escalation("namespaceSelector: {matchLabels: {team: a}}"))]);
    for number in 0..8 {
        folder.write(&format!("in/{number}.yaml"), BAD.as_bytes());
    }
    let run = |jobs| folder.run(&["check", "--format", "json", "--policies", "p.yaml", "--jobs", jobs, "in"]).stdout;
    assert_eq!(run("1"), run("4"));
}
