//! Questions about the cluster, answered from texts.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use forewarn_core::cluster::{Cluster, ClusterObject, Inputs, View, objects_in};
use forewarn_core::host_calls::HostCalls as _;
use forewarn_core::metadata::ContextAwareResource;
use serde_json::{Value, json};

const GET: &str = "get_resource";
const LIST: &str = "list_resources_by_namespace";
const LIST_ALL: &str = "list_resources_all";

fn kind(api_version: &str, kind: &str) -> ContextAwareResource {
    ContextAwareResource { api_version: api_version.to_owned(), kind: kind.to_owned() }
}

/// A view of these texts for a policy that declares ConfigMaps, Namespaces and Deployments.
fn view(texts: &[&str]) -> View {
    let declared = [kind("v1", "ConfigMap"), kind("v1", "Namespace"), kind("apps/v1", "Deployment")];
    let texts: Vec<_> = texts.iter().map(|text| (*text).to_owned()).collect();
    View::new(Arc::new(Cluster::new(Arc::new(texts), &declared)), &declared)
}

fn ask(view: &View, operation: &str, payload: &Value) -> Result<Value, String> {
    let reply = view.call("kubewarden", "kubernetes", operation, payload.to_string().as_bytes())?;
    Ok(serde_json::from_slice(&reply).unwrap())
}

/// The names in a list.
fn names(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|item| item["metadata"]["name"].as_str().unwrap_or("-")).collect()
}

fn config_map(name: &str, namespace: Option<&str>) -> Value {
    let mut question = json!({"api_version": "v1", "kind": "ConfigMap", "name": name, "disable_cache": false});
    if let Some(namespace) = namespace {
        question["namespace"] = json!(namespace);
    }
    question
}

const INPUT: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: {name: b, namespace: shop, labels: {app: web}}
data: {x: '1'}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: a}
---
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: a, namespace: shop, labels: {app: db}}
- {apiVersion: v1, kind: Secret, metadata: {name: s, namespace: shop}}
- {apiVersion: v1, kind: Namespace, metadata: {name: shop}}
";

#[test]
fn an_object_is_found_by_namespace_and_name() {
    let view = view(&[INPUT]);
    let found = ask(&view, GET, &config_map("b", Some("shop"))).unwrap();
    assert_eq!(
        found,
        json!({
            "apiVersion": "v1", "kind": "ConfigMap", "data": {"x": "1"},
            "metadata": {"name": "b", "namespace": "shop", "labels": {"app": "web"}},
        })
    );
    let missing = ask(&view, GET, &config_map("b", Some("default")));
    assert_eq!(missing, Err("the input holds no `ConfigMap` `default/b`".to_owned()));
}

#[test]
fn an_object_without_a_namespace_goes_to_default() {
    let found = ask(&view(&[INPUT]), GET, &config_map("a", Some("default"))).unwrap();
    assert_eq!(found["metadata"], json!({"name": "a", "namespace": "default"}));
}

#[test]
fn what_is_in_no_namespace_is_asked_for_without_one() {
    let namespace = |name| json!({"api_version": "v1", "kind": "Namespace", "name": name, "disable_cache": true});
    let found = ask(&view(&[INPUT]), GET, &namespace("shop")).unwrap();
    assert_eq!(found["metadata"], json!({"name": "shop"}));
    let missing = ask(&view(&[INPUT]), GET, &namespace("other"));
    assert_eq!(missing, Err("the input holds no `Namespace` `other`".to_owned()));
}

#[test]
fn lists_are_ordered_and_their_items_have_no_type() {
    let all = ask(&view(&[INPUT]), LIST_ALL, &json!({"api_version": "v1", "kind": "ConfigMap"})).unwrap();
    assert_eq!(
        all,
        json!({
            "apiVersion": "v1", "kind": "ConfigMapList", "metadata": {},
            "items": [
                {"metadata": {"name": "a", "namespace": "default"}},
                {"metadata": {"name": "a", "namespace": "shop", "labels": {"app": "db"}}},
                {"metadata": {"name": "b", "namespace": "shop", "labels": {"app": "web"}}, "data": {"x": "1"}},
            ],
        })
    );
    let shop = json!({"api_version": "v1", "kind": "ConfigMap", "namespace": "shop"});
    assert_eq!(names(&ask(&view(&[INPUT]), LIST, &shop).unwrap()), ["a", "b"]);
    let deployments = json!({"api_version": "apps/v1", "kind": "Deployment"});
    assert_eq!(ask(&view(&[INPUT]), LIST_ALL, &deployments).unwrap()["items"], json!([]));
}

#[test]
fn selectors_and_masks_narrow_a_list() {
    let list = |more: Value| {
        let mut question = json!({"api_version": "v1", "kind": "ConfigMap", "namespace": "shop"});
        question.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ask(&view(&[INPUT]), LIST, &question)
    };
    assert_eq!(names(&list(json!({"label_selector": "app in (web)"})).unwrap()), ["b"]);
    assert_eq!(names(&list(json!({"field_selector": "metadata.name!=b"})).unwrap()), ["a"]);
    assert_eq!(names(&list(json!({"label_selector": "app", "field_selector": null})).unwrap()), ["a", "b"]);
    let masked = list(json!({"field_selector": "metadata.name=b", "field_masks": ["data.y"]})).unwrap();
    assert_eq!(masked["items"][0]["data"], json!({}));
    let bad = list(json!({"label_selector": "app in"}));
    assert_eq!(bad, Err("`app in` is no label selector: the end where `(` is expected".to_owned()));
    let unknown = list(json!({"field_selector": "data.x=1"})).unwrap_err();
    assert!(unknown.contains("not `data.x`"), "{unknown}");
}

#[test]
fn lists_leave_out_what_a_tool_noted_for_itself() {
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  managedFields: [{manager: x}]\n  annotations:\n    \
                kubectl.kubernetes.io/last-applied-configuration: '{}'\n";
    let all = ask(&view(&[text]), LIST_ALL, &json!({"api_version": "v1", "kind": "ConfigMap"})).unwrap();
    assert_eq!(
        all["items"][0]["metadata"],
        json!({"name": "a", "namespace": "default", "managedFields": [], "annotations": {}})
    );
    let found = ask(&view(&[text]), GET, &config_map("a", Some("default"))).unwrap();
    assert_eq!(found["metadata"]["managedFields"], json!([{"manager": "x"}]));
}

#[test]
fn equal_objects_count_once_and_different_ones_are_not_chosen_from() {
    let text =
        |value: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{x: '{value}'}}\n");
    let all = json!({"api_version": "v1", "kind": "ConfigMap"});
    let same = view(&[&text("1"), &text("1")]);
    assert_eq!(ask(&same, GET, &config_map("a", Some("default"))).unwrap()["data"], json!({"x": "1"}));
    assert_eq!(names(&ask(&same, LIST_ALL, &all).unwrap()), ["a"]);
    let several = view(&[&text("1"), &text("2"), &text("1")]);
    let told = ask(&several, GET, &config_map("a", Some("default"))).unwrap_err();
    assert!(told.starts_with("the input holds 2 different objects `ConfigMap` `default/a`"), "{told}");
    assert_eq!(names(&ask(&several, LIST_ALL, &all).unwrap()), ["a", "a"]);
    let nameless = "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: a-}\n";
    assert_eq!(names(&ask(&view(&[nameless, nameless]), LIST_ALL, &all).unwrap()), ["-", "-"]);
}

#[test]
fn a_policy_sees_what_it_declares() {
    let secret = json!({"api_version": "v1", "kind": "Secret", "namespace": "shop"});
    let refused = Err("`v1` `Secret` is not among the policy's `contextAwareResources`".to_owned());
    assert_eq!(ask(&view(&[INPUT]), LIST, &secret), refused);
    assert_eq!(ask(&view(&[INPUT]), LIST_ALL, &secret), refused);
    let another_version = json!({"api_version": "apps/v1beta1", "kind": "Deployment"});
    assert!(ask(&view(&[INPUT]), LIST_ALL, &another_version).is_err());
    // Another policy's declaration opens nothing.
    let texts = Arc::new(vec![INPUT.to_owned()]);
    let cluster = Arc::new(Cluster::new(texts, &[kind("v1", "Secret"), kind("v1", "ConfigMap")]));
    let view = View::new(cluster, &[kind("v1", "ConfigMap")]);
    assert_eq!(ask(&view, LIST, &secret), refused);
}

#[test]
fn questions_without_sense_are_errors() {
    let view = view(&[INPUT]);
    for namespace in [None, Some("")] {
        let told = ask(&view, GET, &config_map("a", namespace));
        assert_eq!(told, Err("`ConfigMap` objects are in namespaces, and the question names none".to_owned()));
    }
    let by_namespace = json!({"api_version": "v1", "kind": "Namespace", "namespace": "shop"});
    let told = ask(&view, LIST, &by_namespace);
    assert_eq!(told, Err("`Namespace` objects are in no namespace, so they cannot be listed by one".to_owned()));
    let mut without_cache = config_map("a", Some("shop"));
    without_cache.as_object_mut().unwrap().remove("disable_cache");
    let told = ask(&view, GET, &without_cache).unwrap_err();
    assert!(told.contains("`kubernetes/get_resource`") && told.contains("disable_cache"), "{told}");
    // The payload is read before the declaration is asked for, as in Kubewarden.
    let told = ask(&view, LIST_ALL, &json!({"kind": "Secret"})).unwrap_err();
    assert!(told.contains("missing field `api_version`"), "{told}");
}

#[test]
fn everything_else_is_offline() {
    let view = view(&[INPUT]);
    let told = view.call("kubewarden", "kubernetes", "can_i", b"{}");
    assert_eq!(told, Err("`kubernetes/can_i` is not available offline".to_owned()));
    let told = view.call("kubewarden", "oci", "v2/verify", b"{}");
    assert_eq!(told, Err("`oci/v2/verify` is not available offline".to_owned()));
    assert!(view.call("other", "kubernetes", GET, config_map("b", Some("shop")).to_string().as_bytes()).is_err());
    assert_eq!(view.call("kubewarden", "tracing", "log", b"{}"), Ok(Vec::new()));
}

#[test]
fn what_cannot_be_read_holds_nothing() {
    for text in [
        "kind: ConfigMap\n",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: '{{ .Values.name }}'}\n",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: [\n",
        "apiVersion: v1\nkind: ConfigMapper\n",
        "apiVersion: example.com/v1\nkind: ConfigMap\n",
    ] {
        assert!(objects_in(text, &kind("v1", "ConfigMap")).is_empty(), "{text}");
    }
    // What is read stands, as in a review.
    assert_eq!(objects_in(&format!("{INPUT}---\na: [\n"), &kind("v1", "ConfigMap")).len(), 3);
}

#[derive(Debug, Default)]
struct Counted(Arc<AtomicUsize>);

impl Inputs for Counted {
    fn objects(&self, kind: &ContextAwareResource) -> Vec<ClusterObject> {
        self.0.fetch_add(1, Ordering::Relaxed);
        objects_in(INPUT, kind)
    }
}

#[test]
fn inputs_are_searched_once_for_a_kind_and_only_when_asked() {
    let searches = Arc::new(AtomicUsize::new(0));
    let declared = [kind("v1", "ConfigMap"), kind("v1", "Namespace")];
    let cluster = Arc::new(Cluster::new(Arc::new(Counted(Arc::clone(&searches))), &declared));
    let views = [View::new(Arc::clone(&cluster), &declared), View::new(cluster, &declared[..1])];
    assert!(ask(&views[0], LIST_ALL, &json!({"api_version": "v1", "kind": "Secret"})).is_err());
    assert_eq!(searches.load(Ordering::Relaxed), 0);
    for view in &views {
        assert_eq!(
            names(&ask(view, GET, &config_map("b", Some("shop"))).map(|b| json!({"items": [b]})).unwrap()),
            ["b"]
        );
    }
    assert_eq!(searches.load(Ordering::Relaxed), 1);
}
