//! The Helm chart, rendered by helm itself.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use forewarn_core::metadata::{Metadata, PolicyType};
use forewarn_core::oci_manifest::OciManifest;
use forewarn_core::source::Source;
use forewarn_core::yaml::Documents;
use serde_json::{Value, json};

use crate::forewarn::Folder;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap()
}

/// Helm: from the `PATH`, or where `./bootstrap test` puts it.
fn helm() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<_> = std::env::split_paths(&path).collect();
    folders.push(root().join("target/tools/bin"));
    let found = folders.into_iter().map(|folder| folder.join("helm")).find(|helm| helm.is_file());
    found.expect("helm is missing: `./bootstrap test` gets it on Linux x64; see https://helm.sh/docs/intro/install")
}

/// Runs helm on the chart: whether it went well, and what it printed.
fn run(command: &[&str], values: &str) -> (bool, String) {
    run_on(&root().join("deploy/chart"), command, values)
}

fn run_on(chart: &Path, command: &[&str], values: &str) -> (bool, String) {
    let home = Folder::new(&[("values.yaml", values)]);
    let output = Command::new(helm())
        .args(command)
        .arg(chart)
        .args(["--values", "values.yaml"])
        .current_dir(home.path())
        .env_clear()
        .env("HOME", home.path())
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

/// What the chart renders, by policy.
fn render(values: &str) -> BTreeMap<String, Value> {
    let (good, text) = run(&["template", "release"], values);
    assert!(good, "{text}");
    let source = Source::new(&text);
    let mut rendered = BTreeMap::new();
    for document in Documents::new(&source) {
        let document = document.unwrap_or_else(|error| panic!("{error}: {text}"));
        let mut json = String::new();
        document.write_json(document.root(), &mut json);
        let document: Value = serde_json::from_str(&json).unwrap();
        if !document.is_null() {
            rendered.insert(document["metadata"]["name"].as_str().unwrap().to_owned(), document);
        }
    }
    rendered
}

/// The bundled policies that are about objects.
fn policies() -> BTreeMap<&'static str, Metadata> {
    let metadata = |policy: &forewarn_bundle::BundledPolicy| {
        let info = forewarn_engine::inspect(policy.wasm).unwrap();
        Metadata::from_json(info.metadata().unwrap()).unwrap()
    };
    let all = forewarn_bundle::policies().iter().map(|policy| (policy.id, metadata(policy)));
    all.filter(|(_, metadata)| metadata.policy_type == PolicyType::Kubernetes).collect()
}

#[test]
fn the_manifests_say_what_the_modules_say() {
    let (rendered, policies) = (render(""), policies());
    assert_eq!(rendered.keys().map(String::as_str).collect::<Vec<_>>(), policies.keys().copied().collect::<Vec<_>>());
    for (id, metadata) in policies {
        let document = &rendered[id];
        assert_eq!(document["kind"], "ClusterAdmissionPolicy");
        let spec = &document["spec"];
        assert_eq!(spec["rules"], json!(metadata.rules), "{id}");
        let resources = spec.get("contextAwareResources").cloned().unwrap_or_else(|| json!([]));
        assert_eq!(resources, json!(metadata.context_aware_resources), "{id}");
        assert_eq!(spec["backgroundAudit"], json!(metadata.background_audit));
        let version = metadata.annotation("io.kubewarden.policy.version").unwrap();
        let url = metadata.annotation("io.kubewarden.policy.ociUrl").unwrap();
        assert_eq!(spec["module"], format!("registry://{url}:v{version}"));
        assert_eq!((&spec["mode"], &spec["failurePolicy"]), (&json!("monitor"), &json!("Ignore")));
        assert_eq!((&spec["mutating"], &spec["settings"]), (&json!(false), &json!({})));
        let expression = &spec["namespaceSelector"]["matchExpressions"];
        let wanted = json!([{"key": "kubernetes.io/metadata.name", "operator": "NotIn",
            "values": ["kube-node-lease", "kube-system"]}]);
        assert_eq!(*expression, wanted);
    }
}

#[test]
fn what_scaffold_prints_is_what_the_chart_installs() {
    let printed = Folder::new(&[]).run(&["scaffold", "--policy", "root-user"]).stdout;
    let source = Source::new(&printed);
    let document = Documents::new(&source).next().unwrap().unwrap();
    let mut json = String::new();
    document.write_json(document.root(), &mut json);
    let mut scaffolded: Value = serde_json::from_str(&json).unwrap();
    let mut rendered = render("").remove("root-user").unwrap();
    // A working copy has no digests.
    for document in [&mut scaffolded, &mut rendered] {
        document["spec"]["module"] = Value::Null;
    }
    assert_eq!(scaffolded["spec"], rendered["spec"]);
    assert_eq!(scaffolded["metadata"]["annotations"], rendered["metadata"]["annotations"]);
}

#[test]
fn values_change_all_or_one() {
    let bundled = forewarn_bundle::policies().iter().find(|policy| policy.id == "root-user").unwrap();
    let digest = OciManifest::of(bundled.wasm, policies().get("root-user")).unwrap().digest;
    let rendered = render(&format!(
        "installAll: false
registry: registry.corp:5000/team/
policyServer: reserved
namespaces: {{include: [shop, bank], exclude: [bank]}}
policies:
  root-user:
    enabled: true
    mode: protect
    digest: {digest}
    settings: {{mutate: true, user: {{min: 100}}}}
    message: 'see \"the\" wiki'
  jvm-heap:
    enabled: true
    failurePolicy: Fail
    namespaces: {{include: [jvm]}}
"
    ));
    assert_eq!(rendered.keys().collect::<Vec<_>>(), ["jvm-heap", "root-user"]);
    let spec = &rendered["root-user"]["spec"];
    assert_eq!(spec["module"], format!("registry://registry.corp:5000/team/root-user@{digest}"));
    assert_eq!((&spec["mode"], &spec["failurePolicy"]), (&json!("protect"), &json!("Fail")));
    assert_eq!((&spec["mutating"], &spec["policyServer"]), (&json!(true), &json!("reserved")));
    assert_eq!(spec["settings"], json!({"mutate": true, "user": {"min": 100}}));
    assert_eq!(spec["message"], "see \"the\" wiki");
    let expressions = spec["namespaceSelector"]["matchExpressions"].as_array().unwrap();
    let operators: Vec<_> = expressions.iter().map(|expression| expression["operator"].as_str().unwrap()).collect();
    assert_eq!(operators, ["In", "NotIn"]);
    let heap = &rendered["jvm-heap"]["spec"];
    assert_eq!((&heap["mode"], &heap["failurePolicy"]), (&json!("monitor"), &json!("Fail")));
    assert_eq!(heap["namespaceSelector"]["matchExpressions"][0]["values"], json!(["jvm"]));
    let everywhere = render("namespaces: {exclude: []}\n");
    assert_eq!(everywhere["root-user"]["spec"].get("namespaceSelector"), None);
}

#[test]
fn a_released_chart_names_modules_by_digest() {
    let digest = format!("sha256:{}", "0123456789abcdef".repeat(4));
    let chart = Folder::new(&[("files/digests.yaml", &format!("root-user: {digest}\n"))]);
    for name in
        ["Chart.yaml", "files/policies.yaml", "templates/_helpers.tpl", "templates/policies.yaml", "values.yaml"]
    {
        chart.write(name, &std::fs::read(root().join("deploy/chart").join(name)).unwrap());
    }
    let (good, text) = run_on(chart.path(), &["template", "release"], "");
    assert!(good, "{text}");
    assert!(text.contains(&format!("module: \"registry://ghcr.io/forewarn/policies/root-user@{digest}\"\n")), "{text}");
    assert!(text.contains("/jvm-heap:v"), "{text}");
}

#[test]
fn what_is_rendered_passes_a_check() {
    for values in ["", "mode: protect\n", "policies: {root-user: {settings: {mutate: true}}}\n"] {
        let (good, text) = run(&["template", "release"], values);
        assert!(good, "{text}");
        let outcome = Folder::new(&[]).run_with_input(&["check", "--fail-on", "warn", "-"], &text);
        assert_eq!(outcome.code, 0, "{outcome:?}");
        let objects = format!(" in {} objects ", policies().len());
        assert!(outcome.stdout.contains(&objects), "{}", outcome.stdout);
    }
}

#[test]
fn helm_finds_nothing_to_complain_about() {
    let (good, text) = run(&["lint", "--strict"], "mode: protect\n");
    assert!(good && text.contains("0 chart(s) failed"), "{text}");
}

#[test]
fn misspelled_values_are_refused() {
    for (values, word) in [
        ("policies: {root-usr: {}}\n", "root-usr"),
        ("policies: {root-user: {mod: protect}}\n", "mod"),
        ("policies: {root-user: {settings: {mutat: true}}}\n", "mutat"),
        ("policies: {root-user: {digest: sha256:12}}\n", "digest"),
        ("mode: block\n", "mode"),
        ("timeoutSeconds: 60\n", "timeoutSeconds"),
        ("polices: {}\n", "polices"),
    ] {
        let (good, text) = run(&["template", "release"], values);
        assert!(!good && text.contains(word), "{values}: {text}");
    }
}

#[test]
fn the_notes_tell_what_happens_next() {
    let values =
        "installAll: false\npolicies: {root-user: {enabled: true, mode: protect}, jvm-heap: {enabled: true}}\n";
    let (good, text) = run(&["install", "release", "--dry-run=client"], values);
    assert!(good, "{text}");
    let (_, notes) = text.split_once("NOTES:").unwrap();
    assert!(notes.contains("refuse what they deny: root-user.") && notes.contains("only report: jvm-heap."), "{notes}");
    assert!(notes.contains("--set policies.jvm-heap.mode=protect"), "{notes}");
}
