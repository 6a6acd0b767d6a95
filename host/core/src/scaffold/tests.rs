use super::*;
use crate::source::Source;
use crate::yaml::Documents;

const DIGEST: &str = "registry://registry.example/policies/demo@sha256:0123";

fn metadata(change: impl FnOnce(&mut Value)) -> Metadata {
    let mut metadata = json!({
        "protocolVersion": "v1", "mutating": true,
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE", "UPDATE"]}],
        "annotations": {
            "io.kubewarden.policy.description": "Pods that are bad",
            "io.kubewarden.policy.severity": "high",
            "io.kubewarden.policy.category": "Pods",
            "dev.forewarn.mutate-setting": "mutate",
        },
    });
    change(&mut metadata);
    Metadata::from_json(metadata.to_string().as_bytes()).unwrap()
}

fn installation<'a>(id: &'a str, metadata: &'a Metadata, settings: &Value) -> Installation<'a> {
    Installation { id, metadata, module: DIGEST.to_owned(), settings: settings.as_object().unwrap().clone() }
}

fn options(mode: Mode) -> Options {
    let namespaces = Namespaces::Except(vec!["kube-system".to_owned()]);
    Options { mode, policy_server: "default".to_owned(), namespaces }
}

fn documents(text: &str) -> Vec<Value> {
    let source = Source::new(text);
    let json = |document: crate::yaml::Document<'_>| {
        assert_eq!(document.flaws(), []);
        let mut json = String::new();
        document.write_json(document.root(), &mut json);
        serde_json::from_str(&json).unwrap()
    };
    Documents::new(&source).map(|document| json(document.unwrap())).collect()
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// Fails on a field that Kubewarden does not have, and on one that it wants and that is missing.
fn only(value: &Value, required: &[&str], optional: &[&str]) {
    let found = keys(value);
    assert!(required.iter().all(|field| found.contains(field)), "{required:?} are not all in {found:?}");
    let known = |field: &&str| required.contains(field) || optional.contains(field);
    assert!(found.iter().all(known), "{found:?} are not all known");
}

#[test]
fn cluster_policies_have_the_fields_of_their_kind() {
    let (plain, raw) = (metadata(|_| ()), metadata(|metadata| metadata["policyType"] = json!("raw")));
    let reading = metadata(|metadata| {
        metadata["contextAwareResources"] = json!([{"apiVersion": "v1", "kind": "ConfigMap"}]);
    });
    let policies = [
        installation("a", &plain, &json!({})),
        installation("b", &raw, &json!({})),
        installation("c", &reading, &json!({"mutate": true, "user": {"min": 1}})),
    ];
    let found = documents(&cluster_admission_policies(&policies, &options(Mode::Monitor)));
    let names: Vec<_> = found.iter().map(|document| document["metadata"]["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["a", "c"]);
    for document in &found {
        only(document, &["apiVersion", "kind", "metadata", "spec"], &[]);
        assert_eq!(document["apiVersion"], "policies.kubewarden.io/v1");
        assert_eq!(document["kind"], "ClusterAdmissionPolicy");
        let spec = &document["spec"];
        only(
            spec,
            &["module", "mutating", "rules"],
            &[
                "policyServer",
                "mode",
                "settings",
                "contextAwareResources",
                "namespaceSelector",
                "failurePolicy",
                "timeoutSeconds",
                "timeoutEvalSeconds",
                "backgroundAudit",
            ],
        );
        assert_eq!((&spec["module"], &spec["mode"]), (&json!(DIGEST), &json!("monitor")));
        assert_eq!(spec["rules"], json!(plain.rules));
        assert_eq!(spec["failurePolicy"], "Ignore");
        let (evaluation, webhook) = (spec["timeoutEvalSeconds"].as_u64(), spec["timeoutSeconds"].as_u64());
        assert!(evaluation >= Some(2) && evaluation <= webhook && webhook <= Some(30));
        let [expression] = spec["namespaceSelector"]["matchExpressions"].as_array().unwrap().as_slice() else {
            panic!("{spec}")
        };
        only(expression, &["key", "operator", "values"], &[]);
        assert_eq!(expression["operator"], "NotIn");
    }
    assert_eq!((&found[0]["spec"]["mutating"], &found[1]["spec"]["mutating"]), (&json!(false), &json!(true)));
    assert_eq!(found[1]["spec"]["settings"], json!({"mutate": true, "user": {"min": 1}}));
    assert_eq!(found[1]["spec"]["contextAwareResources"], json!([{"apiVersion": "v1", "kind": "ConfigMap"}]));
    assert_eq!(found[0]["metadata"]["annotations"]["io.kubewarden.policy.severity"], "high");
}

#[test]
fn who_protects_fails_closed() {
    let plain = metadata(|_| ());
    let only = Namespaces::Only(vec!["shop".to_owned()]);
    let options = Options { namespaces: only, ..options(Mode::Protect) };
    let [document] = documents(&cluster_admission_policies(&[installation("a", &plain, &json!({}))], &options))
        .try_into()
        .unwrap_or_else(|found| panic!("{found:?}"));
    assert_eq!(document["spec"]["mode"], "protect");
    assert_eq!(document["spec"]["failurePolicy"], "Fail");
    let expression = &document["spec"]["namespaceSelector"]["matchExpressions"][0];
    let wanted = json!({"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["shop"]});
    assert_eq!(*expression, wanted);
    let everywhere = Options { namespaces: Namespaces::Except(Vec::new()), ..options };
    let text = cluster_admission_policies(&[installation("a", &plain, &json!({}))], &everywhere);
    assert!(!text.contains("namespaceSelector:"), "{text}");
}

#[test]
fn other_peoples_mutating_policies_mutate() {
    let foreign = metadata(|metadata| metadata["annotations"] = json!({}));
    let found =
        documents(&cluster_admission_policies(&[installation("a", &foreign, &json!({}))], &options(Mode::Protect)));
    assert_eq!(found[0]["spec"]["mutating"], true);
    assert_eq!(found[0]["metadata"].get("annotations"), None);
}

#[test]
fn a_server_gets_raw_policies_and_capabilities_too() {
    let raw = metadata(|metadata| metadata["policyType"] = json!("raw"));
    let reading = metadata(|metadata| {
        metadata["contextAwareResources"] = json!([{"apiVersion": "v1", "kind": "ConfigMap"}]);
    });
    let declaring = metadata(|metadata| metadata["hostCapabilities"] = json!(["oci/v1/verify"]));
    let policies = [
        installation("a", &raw, &json!({})),
        installation("b", &reading, &json!({"mutate": true})),
        installation("c", &declaring, &json!({})),
    ];
    let [file] = documents(&policies_yml(&policies, &options(Mode::Protect)))
        .try_into()
        .unwrap_or_else(|found| panic!("{found:?}"));
    assert_eq!(keys(&file), ["a", "b", "c"]);
    for (id, entry) in file.as_object().unwrap() {
        assert!(!id.contains('/'));
        only(
            entry,
            &["module"],
            &[
                "policyMode",
                "allowedToMutate",
                "settings",
                "contextAwareResources",
                "hostCapabilities",
                "timeoutEvalSeconds",
            ],
        );
        assert_eq!(entry["policyMode"], "protect");
    }
    assert_eq!(file["b"]["hostCapabilities"], json!(["kubernetes/*"]));
    assert_eq!(file["b"]["allowedToMutate"], true);
    assert_eq!(file["c"]["hostCapabilities"], json!(["oci/v1/verify"]));
    assert_eq!(file["a"].get("hostCapabilities"), None);
}

#[test]
fn a_group_has_the_members_that_fit() {
    let plain = metadata(|_| ());
    let raw = metadata(|metadata| metadata["policyType"] = json!("raw"));
    let reading = metadata(|metadata| {
        metadata["contextAwareResources"] = json!([{"apiVersion": "v1", "kind": "ConfigMap"}]);
    });
    let broad = metadata(|metadata| metadata["rules"][0]["resources"] = json!(["*"]));
    let other = metadata(|metadata| metadata["rules"][0]["resources"] = json!(["services"]));
    let policies = [
        installation("root-user", &plain, &json!({})),
        installation("raw", &raw, &json!({})),
        installation("reading", &reading, &json!({})),
        installation("broad", &broad, &json!({})),
        installation("mutating", &plain, &json!({"mutate": true})),
        installation("external-ips", &other, &json!({"a": 1})),
    ];
    let fits: Vec<_> = policies.iter().map(Installation::fits_a_group).collect();
    let wanted = [GroupError::Raw, GroupError::Reads, GroupError::Everything, GroupError::Mutates].map(Err);
    assert_eq!(fits, [&[Ok(())], wanted.as_slice(), &[Ok(())]].concat());
    let [group] = documents(&admission_policy_group(&policies, "shop", &options(Mode::Monitor)))
        .try_into()
        .unwrap_or_else(|found| panic!("{found:?}"));
    only(&group, &["apiVersion", "kind", "metadata", "spec"], &[]);
    assert_eq!(group["kind"], "AdmissionPolicyGroup");
    assert_eq!(group["metadata"]["namespace"], "shop");
    let spec = &group["spec"];
    only(
        spec,
        &["rules", "expression", "message", "policies"],
        &["policyServer", "mode", "failurePolicy", "timeoutSeconds", "backgroundAudit"],
    );
    assert_eq!(spec["expression"], "root_user() && external_ips()");
    assert_eq!(keys(&spec["policies"]), ["external_ips", "root_user"]);
    assert_eq!(spec["rules"].as_array().map(Vec::len), Some(2));
    for member in spec["policies"].as_object().unwrap().values() {
        only(member, &["module"], &["settings"]);
    }
}
