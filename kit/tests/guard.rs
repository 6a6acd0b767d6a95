//! What all workload policies share, on a rule that wants every container to say `tty: false`.

#![expect(clippy::expect_used, reason = "a test fails by panicking, its helpers too")]

use forewarn_kit::finding::{Finding, Findings};
use forewarn_kit::guard::{Guard, WorkloadPolicy};
use forewarn_kit::policy::{describe, validate, validate_settings};
use forewarn_kit::settings::Settings;
use forewarn_kit::version::Version;
use forewarn_kit::workload::Workload;
use proptest::prelude::*;
use serde_json::{Value, json};

struct NoTerminal;

impl WorkloadPolicy for NoTerminal {
    const ID: &'static str = "terminal";
    const CODES: &'static [&'static str] = &["tty"];

    fn from_settings(_: &mut Settings<'_>, _: Version) -> Self {
        Self
    }

    fn check<'a>(&'a self, workload: &'a Workload<'a>, findings: &mut Findings<'a>) {
        for container in &workload.containers {
            match container.node.boolean("tty") {
                Some(false) => {}
                Some(true) => findings.push(
                    Finding::deny("tty", container.node.field("tty").expect("just read"), "has a terminal")
                        .container(container)
                        .fix(container.node, &["tty"], "false"),
                ),
                None => {
                    findings.push(
                        Finding::deny("tty", container.missing(&["tty"]), "may have a terminal")
                            .container(container)
                            .fix(container.node, &["tty"], "false"),
                    )
                }
            }
        }
    }
}

fn pod(containers: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": containers}})
}

fn request(operation: &str, object: Value) -> Value {
    json!({"operation": operation, "kind": {"group": "", "version": "v1", "kind": "Pod"}, "object": object, "userInfo": {}})
}

fn deployed(kind: &str, operation: &str, object: Value) -> Value {
    json!({"operation": operation, "kind": {"group": "apps", "version": "v1", "kind": kind}, "object": object})
}

fn ask(request: Value, settings: Value) -> Value {
    let payload = json!({"request": request, "settings": settings}).to_string();
    serde_json::from_str(&validate::<Guard<NoTerminal>>(payload.as_bytes()).expect("a reply")).expect("JSON")
}

fn findings(reply: &Value) -> Vec<Value> {
    let annotation = reply.pointer("/audit_annotations/findings").and_then(Value::as_str);
    let parsed: Value = annotation.map(|text| serde_json::from_str(text).expect("JSON")).unwrap_or_default();
    parsed.get("findings").and_then(Value::as_array).cloned().unwrap_or_default()
}

#[test]
fn reports_all_violations_with_pointers() {
    let object = pod(json!([{"name": "a"}, {"name": "b", "tty": true}, {"name": "c", "tty": false}]));
    let reply = ask(request("CREATE", object), json!({}));
    assert_eq!(reply["accepted"], false);
    assert_eq!(reply["code"], 403);
    let places: Vec<_> = findings(&reply).iter().map(|f| (f["pointer"].clone(), f["container"].clone())).collect();
    assert_eq!(places, [(json!("/spec/containers/0/tty"), json!("a")), (json!("/spec/containers/1/tty"), json!("b"))]);
}

#[test]
fn accepts_what_it_is_not_asked_about() {
    for request in [
        request("DELETE", pod(json!([{}]))),
        request("CONNECT", pod(json!([{}]))),
        json!({"operation": "CREATE", "kind": {"group": "", "kind": "Pod", "version": "v1"}}),
        json!({"operation": "CREATE", "kind": {"group": "batch.volcano.sh", "kind": "Job", "version": "v1"},
               "object": {"spec": {"template": {"spec": {"containers": [{}]}}}}}),
        json!({"operation": "CREATE", "kind": {"group": "apps", "kind": "Deployment", "version": "v1"}, "object": {"spec": {}}}),
        json!({}),
    ] {
        assert_eq!(ask(request.clone(), json!({})), json!({"accepted": true}), "{request}");
    }
}

#[test]
fn refuses_malformed_objects_at_the_place() {
    for (object, pointer) in [
        (pod(json!("web")), "/spec/containers"),
        (pod(json!([7])), "/spec/containers/0"),
        (pod(json!([{"name": "a", "tty": "yes"}])), "/spec/containers/0/tty"),
        (pod(json!([{"name": ["a"], "tty": false}])), "/spec/containers/0/name"),
        (json!({"spec": 3}), "/spec"),
        (json!("pod"), ""),
    ] {
        let reply = ask(request("CREATE", object.clone()), json!({}));
        let found = findings(&reply);
        assert_eq!(reply["accepted"], false, "{object}");
        assert!(
            found.iter().any(|f| f["code"] == "terminal/malformed" && f["pointer"] == pointer),
            "{object} {found:?}"
        );
        assert_eq!(found.iter().filter(|f| f["pointer"] == pointer).count(), 1, "{found:?}");
    }
}

#[test]
fn exempts_by_name_and_image() {
    let object = pod(json!([{"name": "agent-1", "image": "nginx"}, {"name": "web", "image": "reg:5000/web:1"}]));
    let settings = json!({"exempt": [{"containers": ["agent-*"], "images": ["nginx"], "reason": "needs one"}]});
    let reply = ask(request("CREATE", object.clone()), settings);
    let suppressed: Vec<_> = findings(&reply).iter().map(|f| f["suppressed"].clone()).collect();
    assert_eq!(suppressed, [json!({"by": "exempt", "reason": "needs one"}), Value::Null]);
    assert_eq!(reply["accepted"], false);
    let all = json!({"exempt": [{"containers": ["*"], "reason": "all"}]});
    assert_eq!(ask(request("CREATE", object), all)["accepted"], true);
}

#[test]
fn exempts_containers_without_a_name_by_their_own_image() {
    let object = pod(json!([{"image": "agent:1"}, {"image": "web:1"}, {"name": "", "image": "web:1"}]));
    let settings = json!({"exempt": [{"images": ["agent:*"], "reason": "needs one"}]});
    let reply = ask(request("CREATE", object), settings);
    let exempt: Vec<_> = findings(&reply).iter().map(|f| !f["suppressed"].is_null()).collect();
    assert_eq!((exempt, &reply["accepted"]), (vec![true, false, false], &json!(false)));
}

#[test]
fn honours_annotations_only_when_told_and_only_with_a_reason() {
    let mut object = pod(json!([{"name": "a"}]));
    object["metadata"]["annotations"] = json!({"forewarn.dev/allow.terminal": "debugging"});
    assert_eq!(ask(request("CREATE", object.clone()), json!({}))["accepted"], false);
    assert_eq!(ask(request("CREATE", object.clone()), json!({"honourAnnotations": true}))["accepted"], true);
    object["metadata"]["annotations"] = json!({"forewarn.dev/allow.terminal": " "});
    let reply = ask(request("CREATE", object), json!({"honourAnnotations": true}));
    assert_eq!(reply["accepted"], false);
    assert!(findings(&reply)[0]["help"].as_str().is_some_and(|help| help.contains("gives no reason")));
}

#[test]
fn takes_a_reason_from_the_pod_template_too() {
    let annotated = |reason: &str| json!({"annotations": {"forewarn.dev/allow.terminal": reason}});
    let object = json!({"metadata": annotated(""), "spec": {"template": {
        "metadata": annotated("debugging"), "spec": {"containers": [{"name": "a"}]}}}});
    let reply = ask(deployed("Deployment", "CREATE", object), json!({"honourAnnotations": true}));
    assert_eq!(findings(&reply)[0]["suppressed"], json!({"by": "annotation", "reason": "debugging"}));
}

#[test]
fn grandfathers_only_what_was_there() {
    let mut update = request("UPDATE", pod(json!([{"name": "a"}, {"name": "b"}])));
    update["oldObject"] = pod(json!([{"name": "a"}]));
    let settings = json!({"grandfather": true});
    let reply = ask(update.clone(), settings.clone());
    let severities: Vec<_> = findings(&reply).iter().map(|f| f["severity"].clone()).collect();
    assert_eq!(severities, ["warn", "deny"]);
    assert_eq!(ask(update.clone(), json!({}))["warnings"], Value::Null);
    update["oldObject"] = pod(json!([{"name": "a", "tty": true}, {"name": "b"}]));
    let severities: Vec<_> = findings(&ask(update, settings)).iter().map(|f| f["severity"].clone()).collect();
    assert_eq!(severities, ["deny", "warn"], "another value is another finding");
}

#[test]
fn an_old_violation_excuses_one_new_one() {
    let mut update = request("UPDATE", pod(json!([{"image": "a"}, {"image": "b"}])));
    update["oldObject"] = pod(json!([{"image": "a"}]));
    let severities: Vec<_> =
        findings(&ask(update, json!({"grandfather": true}))).iter().map(|f| f["severity"].clone()).collect();
    assert_eq!(severities, ["warn", "deny"]);
}

#[test]
fn lets_controllers_change_what_was_there_before_the_policy() {
    let mut old =
        json!({"metadata": {}, "spec": {"replicas": 3, "template": {"spec": {"containers": [{"name": "a"}]}}}});
    let mut update = deployed("ReplicaSet", "UPDATE", old.clone());
    update["object"]["spec"]["replicas"] = json!(0);
    update["oldObject"] = old.clone();
    assert_eq!(ask(update.clone(), json!({}))["accepted"], false);
    old["metadata"]["ownerReferences"] = json!([{"kind": "Deployment", "name": "d", "controller": true}]);
    update["oldObject"] = old;
    let reply = ask(update.clone(), json!({}));
    assert_eq!((&reply["accepted"], findings(&reply).len()), (&json!(true), 1));
    update["object"]["spec"]["template"]["spec"]["containers"] = json!([{"name": "a"}, {"name": "b"}]);
    assert_eq!(ask(update, json!({}))["accepted"], false, "nothing new gets in");
}

#[test]
fn lets_deleted_objects_go() {
    let mut going = pod(json!([{"name": "a"}]));
    going["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    let mut update = request("UPDATE", going.clone());
    update["oldObject"] = pod(json!([{"name": "a"}]));
    assert_eq!(ask(update.clone(), json!({}))["accepted"], false, "only the stored object is believed");
    update["oldObject"] = going.clone();
    assert_eq!(ask(update.clone(), json!({})), json!({"accepted": true}));
    update["object"]["spec"]["ephemeralContainers"] = json!([{"name": "debug"}]);
    update["subResource"] = json!("ephemeralcontainers");
    assert_eq!(ask(update, json!({}))["accepted"], false);
    assert_eq!(ask(request("CREATE", going), json!({}))["accepted"], false);
}

#[test]
fn repairs_and_keeps_what_it_does_not_know() {
    let mut object = pod(json!([{"name": "a", "future": {"x": 1}}, {"name": "b", "tty": true}]));
    object["spec"]["futurePodField"] = json!([1.0, "e"]);
    let reply = ask(request("CREATE", object.clone()), json!({"mutate": true}));
    assert_eq!(reply["accepted"], true);
    let mut expected = object;
    expected["spec"]["containers"][0]["tty"] = json!(false);
    expected["spec"]["containers"][1]["tty"] = json!(false);
    assert_eq!(reply["mutated_object"], expected);
    assert_eq!(reply["warnings"].as_array().map(Vec::len), Some(2));
    let again = ask(request("CREATE", expected), json!({"mutate": true}));
    assert_eq!(again, json!({"accepted": true}));
}

#[test]
fn leaves_alone_what_cannot_be_changed_or_is_exempt() {
    let object = pod(json!([{"name": "a"}]));
    let reply = ask(request("UPDATE", object.clone()), json!({"mutate": true}));
    assert_eq!((&reply["accepted"], &reply["mutated_object"]), (&json!(false), &Value::Null));
    let exempt = json!({"mutate": true, "exempt": [{"containers": ["a"], "reason": "r"}]});
    let reply = ask(request("CREATE", object), exempt);
    assert_eq!((&reply["accepted"], &reply["mutated_object"]), (&json!(true), &Value::Null));
}

#[test]
fn leaves_alone_what_a_deployment_compares_with_its_template() {
    let mut object = json!({"metadata": {}, "spec": {"template": {"spec": {"containers": [{"name": "a"}]}}}});
    let mutate = json!({"mutate": true});
    assert_eq!(ask(deployed("ReplicaSet", "CREATE", object.clone()), mutate.clone())["accepted"], true);
    object["metadata"]["ownerReferences"] = json!([{"kind": "Deployment", "name": "d", "controller": true}]);
    for operation in ["CREATE", "UPDATE"] {
        let reply = ask(deployed("ReplicaSet", operation, object.clone()), mutate.clone());
        assert_eq!((&reply["accepted"], &reply["mutated_object"]), (&json!(false), &Value::Null), "{operation}");
    }
}

#[test]
fn blames_a_debug_request_only_for_its_own_container() {
    let mut object = pod(json!([{"name": "old"}]));
    object["spec"]["ephemeralContainers"] = json!([{"name": "debug"}]);
    let mut update = request("UPDATE", object);
    update["subResource"] = json!("ephemeralcontainers");
    let containers: Vec<_> = findings(&ask(update, json!({}))).iter().map(|f| f["container"].clone()).collect();
    assert_eq!(containers, ["debug"]);
}

#[test]
fn refuses_malformed_debug_requests() {
    let mut object = pod(json!([{"name": "old"}]));
    object["spec"]["ephemeralContainers"] = json!("debug");
    let mut update = request("UPDATE", object);
    update["subResource"] = json!("ephemeralcontainers");
    let pointers: Vec<_> = findings(&ask(update, json!({}))).iter().map(|f| f["pointer"].clone()).collect();
    assert_eq!(pointers, ["/spec/ephemeralContainers"]);
}

#[test]
fn covers_added_kinds() {
    let settings = json!({"kinds": [{"group": "batch.volcano.sh", "kind": "Job", "path": "/spec/tasks"}]});
    let request = json!({"operation": "CREATE", "kind": {"group": "batch.volcano.sh", "kind": "Job", "version": "v1"},
                         "object": {"spec": {"tasks": {"containers": [{"name": "a"}]}}}});
    let found = findings(&ask(request, settings));
    assert_eq!(found[0]["pointer"], "/spec/tasks/containers/0/tty");

    let settings = json!({"kinds": [{"group": "batch.volcano.sh", "kind": "Job", "path": "/spec/tasks/1/spec"}]});
    for (tasks, pointer) in [
        (json!([{}, {"spec": {"containers": [{"name": "a"}]}}]), "/spec/tasks/1/spec/containers/0/tty"),
        (json!([{}, {"spec": "a"}]), "/spec/tasks/1/spec"),
        (json!("a"), "/spec/tasks"),
    ] {
        let request = json!({"operation": "CREATE", "kind": {"group": "batch.volcano.sh", "kind": "Job", "version": "v1"},
                             "object": {"spec": {"tasks": tasks}}});
        assert_eq!(findings(&ask(request, settings.clone()))[0]["pointer"], pointer);
    }

    let settings = json!({"kinds": [{"group": "batch.volcano.sh", "kind": "Job", "path": "/spec/tasks"}]});
    let request = json!({"operation": "CREATE", "kind": {"group": "batch.volcano.sh", "kind": "Job", "version": "v1"},
                         "object": {"spec": {"tasks": [{"containers": [{"name": "a"}]}]}}});
    assert_eq!(findings(&ask(request, settings))[0]["pointer"], "/spec/tasks", "a list is no pod spec");
}

#[test]
fn checks_the_common_settings() {
    for (settings, word) in [
        (json!({"mutat": true}), "did you mean `mutate`"),
        (json!({"exempt": [{"containers": ["a"]}]}), "`reason` is needed"),
        (json!({"exempt": [{"reason": "x"}]}), "`containers` or `images` is needed"),
        (json!({"kinds": [{"group": "g"}]}), "`kind` and `path` are needed"),
        (
            json!({"kinds": [{"group": "apps", "kind": "Deployment", "path": "/spec"}]}),
            "`Deployment` is covered already",
        ),
        (json!({"kubernetesVersion": "1.36.x"}), "in quotes"),
        (json!({"kubernetesVersion": 1.3}), "in quotes"),
        (json!({"grandfather": "yes"}), "true or false"),
    ] {
        let reply = validate_settings::<Guard<NoTerminal>>(settings.to_string().as_bytes()).expect("a reply");
        let reply: Value = serde_json::from_str(&reply).expect("JSON");
        assert_eq!(reply["valid"], false);
        assert!(reply["message"].as_str().is_some_and(|message| message.contains(word)), "{reply}");
        assert_eq!(ask(request("CREATE", pod(json!([]))), settings)["code"], 400);
    }
}

#[test]
fn describes_codes_and_settings() {
    let described: Value = serde_json::from_str(&describe::<Guard<NoTerminal>>()).expect("JSON");
    assert_eq!(described["codes"], json!(["terminal/tty", "terminal/malformed"]));
    assert_eq!(described["settings"]["properties"]["exempt"]["items"]["properties"]["reason"]["type"], "string");
}

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "\\PC{0,6}".prop_map(Value::from)
    ];
    let keys = "spec|containers|initContainers|metadata|annotations|name|tty|image|restartPolicy|securityContext|os";
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(keys, inner, 0..5).prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn never_accepts_containers_that_are_no_list(containers in anything(), mutate in any::<bool>()) {
        let bad = !containers.is_null() && !containers.is_array();
        let reply = ask(request("CREATE", pod(containers)), json!({"mutate": mutate}));
        prop_assert!(!bad || reply["accepted"] == false);
    }

    #[test]
    fn always_replies(object in anything(), old in anything(), settings in anything()) {
        let mut update = request("UPDATE", object);
        update["oldObject"] = old;
        ask(update.clone(), settings);
        ask(update, json!({"grandfather": true, "mutate": true, "honourAnnotations": true}));
    }
}

/// Says which containers are exempt.
struct Exempt;

impl WorkloadPolicy for Exempt {
    const ID: &'static str = "exempt";
    const CODES: &'static [&'static str] = &["seen"];

    fn from_settings(_: &mut Settings<'_>, _: Version) -> Self {
        Self
    }

    fn check<'a>(&'a self, workload: &'a Workload<'a>, findings: &mut Findings<'a>) {
        for container in workload.containers.iter().filter(|container| container.exempt) {
            findings.push(Finding::warn("seen", container.node, "is exempt").container(container));
        }
    }
}

#[test]
fn a_rule_sees_which_containers_are_exempt() {
    let containers = json!([{"name": "a", "image": "nginx:1"}, {"name": "b", "image": "nginx:1"}, {"name": "c"}]);
    let settings = json!({"exempt": [{"containers": ["b"], "images": ["nginx:*"], "reason": "r"}]});
    let payload = json!({"request": request("CREATE", pod(containers)), "settings": settings}).to_string();
    let reply = validate::<Guard<Exempt>>(payload.as_bytes()).expect("a reply");
    let seen: Vec<_> =
        findings(&serde_json::from_str(&reply).expect("JSON")).iter().map(|f| f["container"].clone()).collect();
    assert_eq!(seen, ["b"]);
}
