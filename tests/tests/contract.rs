//! What Kubewarden asks of every module, and what every Forewarn module promises.

use std::collections::BTreeSet;
use std::fs;

use forewarn_core::metadata::{Metadata, Operation, PolicyType};
use forewarn_engine::{METADATA_SECTION, inspect};
use forewarn_tests::ask::{Policy, policies};
use forewarn_tests::folder;
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::{Value, json};

/// The most that a module may weigh, in bytes.
const MAX_SIZE: usize = 200 * 1024;

type Check = fn(&Policy) -> Result<(), Failed>;

const CHECKS: &[(&str, Check)] = &[
    ("exports what a waPC host calls", exports),
    ("imports wapc only", imports),
    ("is small", size),
    ("has one metadata section that Kubewarden takes", metadata),
    ("speaks protocol v1", protocol),
    ("takes empty settings", empty_settings),
    ("refuses unknown settings by name", unknown_settings),
    ("refuses an operation that does not exist", unknown_operation),
    ("rejects a malformed object of every covered kind", malformed),
    ("accepts what holds nothing to check", nothing_to_check),
    ("replies to a request of the audit scanner", audit_scanner),
    ("does not depend on the order of keys", order_of_keys),
    ("describes itself", describes),
    ("names the bad thing", name),
];

fn main() {
    let arguments = Arguments::from_args();
    let trials = policies().iter().flat_map(|policy| {
        CHECKS.iter().map(|(what, check)| Trial::test(format!("{} {what}", policy.id), || check(policy)))
    });
    libtest_mimic::run(&arguments, trials.collect()).exit();
}

fn ensure(holds: bool, otherwise: impl Into<String>) -> Result<(), Failed> {
    if holds { Ok(()) } else { Err(otherwise.into().into()) }
}

fn exports(policy: &Policy) -> Result<(), Failed> {
    let info = inspect(policy.wasm)?;
    let names: BTreeSet<_> = info.exports.iter().map(|export| export.name.as_str()).collect();
    for wanted in ["memory", "__guest_call", "wapc_init"] {
        ensure(names.contains(wanted), format!("no export `{wanted}`"))?;
    }
    ensure(!info.has_start, "a start section, at which policy-server fails")?;
    ensure(!names.contains("_initialize"), "a host never calls `_initialize`")
}

fn imports(policy: &Policy) -> Result<(), Failed> {
    let info = inspect(policy.wasm)?;
    let other = info.imports.iter().find(|import| import.module != "wapc");
    ensure(other.is_none(), format!("{other:?}"))
}

fn size(policy: &Policy) -> Result<(), Failed> {
    ensure(policy.wasm.len() <= MAX_SIZE, format!("{} bytes", policy.wasm.len()))
}

fn metadata(policy: &Policy) -> Result<(), Failed> {
    let info = inspect(policy.wasm)?;
    let sections = info.custom_sections.iter().filter(|section| section.name == METADATA_SECTION).count();
    ensure(sections == 1, format!("{sections} sections"))?;
    let first = info.custom_sections.first();
    ensure(first.is_some_and(|section| section.name == METADATA_SECTION), format!("{first:?} comes first"))?;
    let section = info.metadata().unwrap_or_default();
    let metadata = Metadata::from_json(section)?;
    ensure(metadata.protocol_version.as_deref() == Some("v1"), "protocolVersion")?;
    ensure(metadata.execution_mode == "kubewarden-wapc", "executionMode")?;
    ensure(serde_json::to_vec(&metadata)? == section, "not the bytes that kwctl would write")?;
    ensure(metadata.flaws().is_empty(), format!("{:?}", metadata.flaws()))?;
    let raw = metadata.policy_type == PolicyType::Raw;
    ensure(raw || !metadata.rules.is_empty(), "no rules")?;
    ensure(
        raw == metadata.annotation("dev.forewarn.input").is_some(),
        "raw policies, and no others, name their input",
    )?;
    for rule in &metadata.rules {
        let lists = [&rule.api_groups, &rule.api_versions, &rule.resources];
        ensure(lists.iter().all(|list| !list.is_empty()) && !rule.operations.is_empty(), "a rule with an empty list")?;
    }
    let described = policy.call("describe", b"")?;
    ensure(
        metadata.annotation("dev.forewarn.mutate-setting").is_some() == metadata.mutating
            && (!metadata.mutating || described.pointer("/settings/properties/mutate").is_some()),
        "policies that mutate do so by the setting `mutate`, and say so",
    )?;
    let pods = metadata.rules.iter().find(|rule| rule.resources.iter().any(|resource| resource == "pods"));
    let debug = |rule: &forewarn_core::metadata::Rule| rule.resources.iter().any(|r| r == "pods/ephemeralcontainers");
    ensure(pods.is_none_or(debug), "pods without pods/ephemeralcontainers: kubectl debug would slip through")?;
    for key in [
        "title",
        "version",
        "description",
        "author",
        "url",
        "ociUrl",
        "source",
        "license",
        "usage",
        "severity",
        "category",
    ] {
        let value = metadata.annotation(&format!("io.kubewarden.policy.{key}"));
        ensure(value.is_some_and(|value| !value.is_empty()), format!("no annotation `{key}`"))?;
    }
    ensure(metadata.annotation("io.kubewarden.policy.title") == Some(policy.id), "the title is not the id")?;
    let readme = fs::read_to_string(folder(policy.id).join("README.md"))?;
    ensure(metadata.annotation("io.kubewarden.policy.usage") == Some(readme.as_str()), "usage is not the README")
}

fn protocol(policy: &Policy) -> Result<(), Failed> {
    ensure(policy.call("protocol_version", b"")? == json!("v1"), "not \"v1\"")
}

fn empty_settings(policy: &Policy) -> Result<(), Failed> {
    for settings in ["{}", "null", ""] {
        let reply = policy.call("validate_settings", settings.as_bytes())?;
        ensure(reply.get("valid") == Some(&json!(true)), format!("`{settings}`: {reply}"))?;
    }
    Ok(())
}

fn unknown_settings(policy: &Policy) -> Result<(), Failed> {
    let reply = policy.call("validate_settings", br#"{"unheardOf":1}"#)?;
    let message = reply.get("message").and_then(Value::as_str).unwrap_or_default();
    ensure(reply.get("valid") == Some(&json!(false)), "not refused")?;
    ensure(message.contains("`unheardOf`") && message.contains("allowed: "), message)?;
    let described = policy.call("describe", b"")?;
    let properties = described.pointer("/settings/properties").and_then(Value::as_object).cloned().unwrap_or_default();
    for key in properties.keys() {
        ensure(message.contains(&format!("`{key}`")), format!("`{key}` is not listed in: {message}"))?;
        // No setting is an object with this member or a number like this one.
        let bad = json!({ key: {"unheardOf": -0.5} });
        let reply = policy.call("validate_settings", bad.to_string().as_bytes())?;
        let message = reply.get("message").and_then(Value::as_str).unwrap_or_default();
        ensure(message.contains(key.as_str()), format!("`{key}` takes anything: {reply}"))?;
    }
    Ok(())
}

fn unknown_operation(policy: &Policy) -> Result<(), Failed> {
    ensure(policy.call("unheard_of", b"{}").is_err(), "a reply")
}

/// The kinds that the metadata's rules cover, with an object of each whose containers are no list.
fn malformed_objects(policy: &Policy) -> Result<Vec<Value>, Failed> {
    let metadata = Metadata::from_json(inspect(policy.wasm)?.metadata().unwrap_or_default())?;
    // CREATE where the rules ask for it, else UPDATE.
    let covered = |group: &str, resource: &str| {
        let rule = metadata
            .rules
            .iter()
            .find(|rule| rule.api_groups.iter().any(|g| g == group) && rule.resources.iter().any(|r| r == resource))?;
        Some(if rule.operations.contains(&Operation::Create) { "CREATE" } else { "UPDATE" })
    };
    let spec = json!({"containers": "web", "initContainers": 3});
    let template = json!({"spec": spec});
    let kinds = [
        ("", "Pod", "pods", json!({"spec": spec})),
        ("", "PodTemplate", "podtemplates", json!({"template": template})),
        ("", "ReplicationController", "replicationcontrollers", json!({"spec": {"template": template}})),
        ("apps", "Deployment", "deployments", json!({"spec": {"template": template}})),
        ("apps", "StatefulSet", "statefulsets", json!({"spec": {"template": template}})),
        ("apps", "DaemonSet", "daemonsets", json!({"spec": {"template": template}})),
        ("apps", "ReplicaSet", "replicasets", json!({"spec": {"template": template}})),
        ("batch", "Job", "jobs", json!({"spec": {"template": template}})),
        ("batch", "CronJob", "cronjobs", json!({"spec": {"jobTemplate": {"spec": {"template": template}}}})),
        ("argoproj.io", "Rollout", "rollouts", json!({"spec": {"template": template}})),
        ("serving.knative.dev", "Service", "services", json!({"spec": {"template": template}})),
        ("serving.knative.dev", "Configuration", "configurations", json!({"spec": {"template": template}})),
        ("apps.kruise.io", "CloneSet", "clonesets", json!({"spec": {"template": template}})),
        ("apps.kruise.io", "StatefulSet", "statefulsets", json!({"spec": {"template": template}})),
        ("apps.kruise.io", "DaemonSet", "daemonsets", json!({"spec": {"template": template}})),
    ];
    let requests = kinds.into_iter().filter_map(|(group, kind, plural, object)| {
        let operation = covered(group, plural)?;
        let mut request = request(group, kind, plural, operation, Some(object.clone()));
        if operation == "UPDATE"
            && let Some(fields) = request.get_mut("request").and_then(Value::as_object_mut)
        {
            fields.insert("oldObject".to_owned(), object);
        }
        Some(request)
    });
    Ok(requests.collect())
}

fn request(group: &str, kind: &str, plural: &str, operation: &str, object: Option<Value>) -> Value {
    let mut request = json!({
        "uid": "1",
        "kind": {"group": group, "version": "v1", "kind": kind},
        "resource": {"group": group, "version": "v1", "resource": plural},
        "operation": operation,
        "userInfo": {},
    });
    if let (Some(object), Some(fields)) = (object, request.as_object_mut()) {
        fields.insert("object".to_owned(), object);
    }
    json!({"request": request, "settings": {}})
}

fn malformed(policy: &Policy) -> Result<(), Failed> {
    for request in malformed_objects(policy)? {
        let reply = policy.call("validate", request.to_string().as_bytes())?;
        ensure(reply.get("accepted") == Some(&json!(false)), format!("accepted: {request}"))?;
        let code = reply.get("code").and_then(Value::as_u64).unwrap_or_default();
        ensure((400..500).contains(&code), format!("code {code}"))?;
        let findings = reply.pointer("/audit_annotations/findings").and_then(Value::as_str).unwrap_or_default();
        let findings: Value = serde_json::from_str(findings)?;
        let found = findings.pointer("/findings").and_then(Value::as_array).cloned().unwrap_or_default();
        let wanted = format!("{}/malformed", policy.id);
        let at_containers = |finding: &Value| {
            finding.get("code") == Some(&json!(wanted))
                && finding.get("pointer").and_then(Value::as_str).is_some_and(|p| p.ends_with("/spec/containers"))
        };
        ensure(found.iter().any(at_containers), format!("{request}: {findings}"))?;
    }
    Ok(())
}

/// policy-server sorts the keys of a request, other hosts need not. Findings are told in the order of the object.
fn order_of_keys(policy: &Policy) -> Result<(), Failed> {
    for request in malformed_objects(policy)? {
        let sorted = policy.call("validate", request.to_string().as_bytes())?;
        let mut reversed = String::new();
        write_reversed(&request, &mut reversed);
        ensure(serde_json::from_str::<Value>(&reversed)? == request, "the request changed")?;
        let reply = policy.call("validate", reversed.as_bytes())?;
        ensure(
            verdict(&reply) == verdict(&sorted) && findings(&reply)? == findings(&sorted)?,
            format!("{reversed}: {reply} instead of {sorted}"),
        )?;
    }
    Ok(())
}

fn verdict(reply: &Value) -> [Option<&Value>; 2] {
    ["accepted", "code"].map(|key| reply.get(key))
}

/// The findings of a reply, whatever their order.
fn findings(reply: &Value) -> Result<BTreeSet<String>, Failed> {
    let text = reply.pointer("/audit_annotations/findings").and_then(Value::as_str).unwrap_or("{}");
    let found: Value = serde_json::from_str(text)?;
    let found = found.get("findings").and_then(Value::as_array);
    Ok(found.into_iter().flatten().map(Value::to_string).collect())
}

/// JSON with the last key first.
fn write_reversed(value: &Value, out: &mut String) {
    let Value::Object(fields) = value else {
        out.push_str(&value.to_string());
        return;
    };
    out.push('{');
    for (index, (key, value)) in fields.iter().rev().enumerate() {
        if index > 0 {
            out.push(',');
        }
        out.push_str(&format!("{}:", Value::String(key.clone())));
        write_reversed(value, out);
    }
    out.push('}');
}

fn nothing_to_check(policy: &Policy) -> Result<(), Failed> {
    if policy.metadata()?.policy_type == PolicyType::Raw {
        return Ok(());
    }
    let bad = || Some(json!({"spec": {"containers": [{"name": "a"}]}}));
    let unknown = json!({"spec": {"template": {"spec": {"containers": "web"}}}});
    for request in [
        request("", "Pod", "pods", "CREATE", None),
        request("", "Pod", "pods", "DELETE", None),
        request("", "Pod", "pods", "DELETE", bad()),
        request("", "Pod", "pods", "CONNECT", bad()),
        request("batch.volcano.sh", "Job", "jobs", "CREATE", Some(unknown)),
        request("apps", "Deployment", "deployments", "CREATE", Some(json!({"metadata": {"name": "empty"}}))),
    ] {
        let reply = policy.call("validate", request.to_string().as_bytes())?;
        ensure(reply == json!({"accepted": true}), format!("{request}: {reply}"))?;
    }
    Ok(())
}

/// The scanner sends the kind where the plural belongs, an empty user, and always CREATE.
fn audit_scanner(policy: &Policy) -> Result<(), Failed> {
    let object =
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [{"name": "a"}]}});
    let ask = |plural| {
        let request = request("", "Pod", plural, "CREATE", Some(object.clone()));
        policy.call("validate", request.to_string().as_bytes())
    };
    ensure(ask("Pod")? == ask("pods")?, "the plural changes the verdict")
}

fn describes(policy: &Policy) -> Result<(), Failed> {
    let described = policy.call("describe", b"")?;
    ensure(described.get("id") == Some(&json!(policy.id)), "another id")?;
    let codes = described.get("codes").and_then(Value::as_array).cloned().unwrap_or_default();
    let own = |code: &Value| code.as_str().is_some_and(|code| code.starts_with(&format!("{}/", policy.id)));
    ensure(!codes.is_empty() && codes.iter().all(own), format!("{codes:?}"))?;
    let properties = described.pointer("/settings/properties").and_then(Value::as_object).cloned().unwrap_or_default();
    for (key, schema) in &properties {
        let about = schema.get("description").and_then(Value::as_str).unwrap_or_default();
        ensure(about.ends_with('.'), format!("setting `{key}` is not described by a sentence"))?;
    }
    Ok(())
}

/// Ids read well after "allow" and "explain".
fn name(policy: &Policy) -> Result<(), Failed> {
    let asks_for_the_good = ["disallow-", "no-", "require-", "avoid-", "do-not-", "prefer-"];
    ensure(!asks_for_the_good.iter().any(|prefix| policy.id.starts_with(prefix)), "the id asks for the good thing")?;
    let manifest = fs::read_to_string(folder(policy.id).join("Cargo.toml"))?;
    ensure(manifest.contains(&format!("name = \"{}\"", policy.id)), "folder, crate and id differ")
}
