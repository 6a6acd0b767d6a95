//! Which policy says what about which object: a table of expected outcomes.
//!
//! The expectations come from Kubewarden's and Kubernetes' own rules, not from what the command prints: how a webhook is
//! matched (`k8s.io/apiserver/pkg/admission/plugin/webhook/predicates`), what the controller makes of a policy, and what
//! the policy-server makes of a module's answer. Each row names the rule that it is about.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{PODS, REGISTRY, cluster_policy, denying, trapping};
use crate::forewarn::Folder;

/// The objects, in the order of the columns of [`TABLE`]. `good` is the only one that `privilege-escalation` accepts of
/// those that it looks at. The namespace `nowhere` is not in the input. `db` was labelled `tier: web` before the change.
const OBJECTS: [(&str, &str); 12] = [
    (
        "bad",
        "{kind: Pod, apiVersion: v1, metadata: {name: bad, namespace: shop, labels: {tier: web, v: V}}, spec: BAD}",
    ),
    (
        "good",
        "{kind: Pod, apiVersion: v1, metadata: {name: good, namespace: shop, labels: {tier: web, v: V}}, spec: GOOD}",
    ),
    ("db", "{kind: Pod, apiVersion: v1, metadata: {name: db, namespace: lab, labels: {tier: TIER, v: V}}, spec: BAD}"),
    (
        "stray",
        "{kind: Pod, apiVersion: v1, metadata: {name: stray, namespace: nowhere, annotations: {v: V}}, spec: BAD}",
    ),
    (
        "app",
        "{kind: Deployment, apiVersion: apps/v1, metadata: {name: app, namespace: shop, annotations: {v: V}}, \
         spec: {template: {spec: BAD}}}",
    ),
    (
        "old",
        "{kind: Deployment, apiVersion: extensions/v1beta1, metadata: {name: old, namespace: shop, annotations: {v: V}}, \
         spec: {template: {spec: BAD}}}",
    ),
    ("shop", "{kind: Namespace, apiVersion: v1, metadata: {name: shop, labels: {team: a}, annotations: {v: V}}}"),
    ("lab", "{kind: Namespace, apiVersion: v1, metadata: {name: lab, labels: {team: b}, annotations: {v: V}}}"),
    (
        "role",
        "{kind: ClusterRole, apiVersion: rbac.authorization.k8s.io/v1, metadata: {name: role, annotations: {v: V}}}",
    ),
    (
        "own",
        "{kind: Pod, apiVersion: v1, metadata: {name: own, namespace: kubewarden, annotations: {v: V}}, spec: BAD}",
    ),
    (
        "hook",
        "{kind: ValidatingWebhookConfiguration, apiVersion: admissionregistration.k8s.io/v1, \
         metadata: {name: hook, annotations: {v: V}}}",
    ),
    // A custom resource whose name does not tell its scope; its namespace does.
    (
        "gear",
        "{kind: ClusterGear, apiVersion: example.com/v1, metadata: {name: gear, namespace: shop, annotations: {v: V}}}",
    ),
];

/// A policy, and the outcomes by object on CREATE and on UPDATE: `D` denied, `W` warned, `P` passed, `E` no verdict,
/// `-` not asked.
type Row = (&'static str, &'static str, &'static str, [&'static str; 2]);

/// The columns are   bad good db stray app old shop lab role own hook gear.
const TABLE: &[Row] = &[
    // Rules: groups, versions, resources and operations.
    ("pods", "escalation", "rules: [PODS]", ["D P D D - - - - - - - -", "D P D D - - - - - - - -"]),
    ("all", "escalation", "rules: [ALL]", ["D P D D D P P P P - - P", "D P D D D P P P P - - P"]),
    (
        "create",
        "deny",
        "rules: [{apiGroups: [''], apiVersions: ['*'], resources: ['*'], operations: [CREATE]}]",
        ["D D D D - - D D - - - -", "- - - - - - - - - - - -"],
    ),
    (
        "update",
        "deny",
        "rules: [{apiGroups: [''], apiVersions: ['*'], resources: ['*'], operations: [UPDATE]}]",
        ["- - - - - - - - - - - -", "D D D D - - D D - - - -"],
    ),
    (
        "delete",
        "deny",
        "rules: [{apiGroups: ['*'], apiVersions: ['*'], resources: ['*'], operations: [DELETE, CONNECT]}]",
        ["- - - - - - - - - - - -", "- - - - - - - - - - - -"],
    ),
    (
        "groups",
        "deny",
        "rules: [{apiGroups: [batch, apps], apiVersions: [v1], resources: ['*'], operations: ['*']}], \
        matchPolicy: Exact",
        ["- - - - D - - - - - - -", "- - - - D - - - - - - -"],
    ),
    // A subresource is not the resource, and `pods/*` is both.
    (
        "status",
        "deny",
        "rules: [{apiGroups: [''], apiVersions: [v1], resources: [pods/status], operations: ['*']}]",
        ["- - - - - - - - - - - -", "- - - - - - - - - - - -"],
    ),
    (
        "pods-all",
        "deny",
        "rules: [{apiGroups: [''], apiVersions: [v1], resources: ['pods/*'], operations: ['*']}]",
        ["D D D D - - - - - - - -", "D D D D - - - - - - - -"],
    ),
    // Several rules: one of them is enough.
    (
        "either",
        "deny",
        "rules: [{apiGroups: [''], apiVersions: [v1], resources: [namespaces], operations: ['*']}, \
        {apiGroups: [example.com], apiVersions: [v1], resources: [clustergears], operations: ['*']}]",
        ["- - - - - - D D - - - D", "- - - - - - D D - - - D"],
    ),
    // No webhook is asked about webhooks.
    ("everything", "deny", "rules: [ALL]", ["D D D D D D D D D - - D", "D D D D D D D D D - - D"]),
    // Scope: a namespace is an object of the whole cluster.
    (
        "namespaced",
        "deny",
        "rules: [{apiGroups: ['*'], apiVersions: ['*'], resources: ['*'], operations: ['*'], \
        scope: Namespaced}]",
        ["D D D D D D - - - - - D", "D D D D D D - - - - - D"],
    ),
    (
        "cluster",
        "deny",
        "rules: [{apiGroups: ['*'], apiVersions: ['*'], resources: ['*'], operations: ['*'], \
        scope: Cluster}]",
        ["- - - - - - D D D - - -", "- - - - - - D D D - - -"],
    ),
    // Equivalent is the default, across groups too; Exact is not.
    (
        "equivalent",
        "deny",
        "rules: [{apiGroups: [apps], apiVersions: [v1], resources: [deployments], operations: ['*']}]",
        ["- - - - D D - - - - - -", "- - - - D D - - - - - -"],
    ),
    (
        "exact",
        "deny",
        "rules: [{apiGroups: [apps], apiVersions: [v1], resources: [deployments], operations: ['*']}], \
        matchPolicy: Exact",
        ["- - - - D - - - - - - -", "- - - - D - - - - - - -"],
    ),
    (
        "other-version",
        "deny",
        "rules: [{apiGroups: [apps], apiVersions: [v1beta2], resources: [deployments], \
        operations: ['*']}]",
        ["- - - - D D - - - - - -", "- - - - D D - - - - - -"],
    ),
    // The controller's namespace is left alone unless that is switched off.
    (
        "inside",
        "escalation",
        "rules: [PODS], allowInsideAdmissionControllerNamespace: true",
        ["D P D D - - - - - D - -", "D P D D - - - - - D - -"],
    ),
    // Namespaces by labels: objects of the whole cluster are not filtered, a namespace is known by its own labels.
    (
        "team-a",
        "deny",
        "rules: [ALL], namespaceSelector: {matchExpressions: [{key: team, operator: In, values: [a]}]}",
        ["D D - - D D D - D - - D", "D D - - D D D - D - - D"],
    ),
    (
        "not-team-a",
        "deny",
        "rules: [ALL], namespaceSelector: {matchExpressions: [{key: team, operator: NotIn, \
        values: [a]}]}",
        ["- - D D - - - D D - - -", "- - D D - - - D D - - -"],
    ),
    (
        "any-team",
        "escalation",
        "rules: [PODS], namespaceSelector: {matchExpressions: [{key: team, operator: Exists}]}",
        ["D P D - - - - - - - - -", "D P D - - - - - - - - -"],
    ),
    (
        "no-team",
        "escalation",
        "rules: [PODS], namespaceSelector: {matchExpressions: [{key: team, \
        operator: DoesNotExist}]}",
        ["- - - D - - - - - - - -", "- - - D - - - - - - - -"],
    ),
    (
        "named",
        "escalation",
        "rules: [PODS], namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: nowhere}}",
        ["- - - D - - - - - - - -", "- - - D - - - - - - - -"],
    ),
    // Objects by labels; on UPDATE those of the old object count too.
    (
        "web",
        "escalation",
        "rules: [PODS], objectSelector: {matchLabels: {tier: web}}",
        ["D P - - - - - - - - - -", "D P D - - - - - - - - -"],
    ),
    (
        "no-tier",
        "escalation",
        "rules: [PODS], objectSelector: {matchExpressions: [{key: tier, operator: DoesNotExist}]}",
        ["- - - D - - - - - - - -", "- - - D - - - - - - - -"],
    ),
    (
        "web-in-b",
        "escalation",
        "rules: [PODS], objectSelector: {matchLabels: {tier: db}}, \
        namespaceSelector: {matchLabels: {team: b}}",
        ["- - D - - - - - - - - -", "- - D - - - - - - - - -"],
    ),
    // Conditions: all must hold, one that is false decides, a failure follows `failurePolicy`.
    (
        "condition",
        "escalation",
        "rules: [PODS], matchConditions: [{name: c, expression: object.metadata.name != 'bad'}]",
        ["- P D D - - - - - - - -", "- P D D - - - - - - - -"],
    ),
    (
        "new",
        "escalation",
        "rules: [PODS], matchConditions: [{name: c, expression: oldObject == null}]",
        ["D P D D - - - - - - - -", "- - - - - - - - - - - -"],
    ),
    (
        "both",
        "escalation",
        "rules: [PODS], matchConditions: [{name: c, expression: request.namespace == 'shop'}, \
        {name: d, expression: \"object.spec.containers.exists(c, has(c.securityContext))\"}]",
        ["- P - - - - - - - - - -", "- P - - - - - - - - - -"],
    ),
    (
        "fails",
        "escalation",
        "rules: [PODS], matchConditions: [{name: c, expression: object.metadata.labels.tier == 'web'}]",
        ["D P - E - - - - - - - -", "D P - E - - - - - - - -"],
    ),
    (
        "ignores",
        "escalation",
        "rules: [PODS], failurePolicy: Ignore, matchConditions: [{name: c, \
        expression: object.metadata.labels.tier == 'web'}]",
        ["D P - - - - - - - - - -", "D P - - - - - - - - - -"],
    ),
    (
        "decided",
        "escalation",
        "rules: [PODS], matchConditions: [{name: c, \
        expression: object.metadata.labels.tier == 'web'}, {name: d, expression: request.namespace != 'nowhere'}]",
        ["D P - - - - - - - - - -", "D P - - - - - - - - - -"],
    ),
    (
        "authorizer",
        "escalation",
        "rules: [PODS], matchConditions: [{name: c, \
        expression: \"!authorizer.group('').resource('pods').check('delete').allowed()\"}]",
        ["D P D D - - - - - - - -", "D P D D - - - - - - - -"],
    ),
    // The answer: monitor mode before everything, then mutation, which is the definition's to allow.
    ("monitor", "escalation", "rules: [PODS], mode: monitor", ["W P W W - - - - - - - -", "W P W W - - - - - - - -"]),
    ("monitor-trap", "trap", "rules: [PODS], mode: monitor", ["E E E E - - - - - - - -", "E E E E - - - - - - - -"]),
    (
        "mutates",
        "escalation",
        "rules: [WORKLOADS], MUTATE, settings: {mutate: true}",
        ["W P W W W - - - - - - -", "D P D D W - - - - - - -"],
    ),
    (
        "may-not-mutate",
        "escalation",
        "rules: [WORKLOADS], settings: {mutate: true}",
        ["D P D D D - - - - - - -", "D P D D D - - - - - - -"],
    ),
    (
        "monitored-mutation",
        "escalation",
        "rules: [WORKLOADS], mode: monitor, settings: {mutate: true}",
        ["W P W W W - - - - - - -", "W P W W W - - - - - - -"],
    ),
    // A policy in a namespace: its own namespace, and nothing of the whole cluster.
    ("shop/pods", "AP escalation", "rules: [PODS]", ["D P - - - - - - - - - -", "D P - - - - - - - - - -"]),
    (
        "shop/all",
        "AP deny",
        "rules: [{apiGroups: ['*'], apiVersions: ['*'], resources: ['*'], operations: ['*'], \
        scope: '*'}]",
        ["D D - - D D - - - - - D", "D D - - D D - - - - - D"],
    ),
    ("kubewarden/all", "AP deny", "rules: [ALL]", ["- - - - - - - - - D - -", "- - - - - - - - - D - -"]),
    // Groups: members are asked lazily and may not mutate; one that fails leaves the group without a verdict.
    (
        "group",
        "GROUP",
        "expression: 'good() || never()', rules: [PODS]",
        ["D P D D - - - - - - - -", "D P D D - - - - - - - -"],
    ),
    (
        "group-and",
        "GROUP",
        "expression: 'good() && !never()', rules: [PODS]",
        ["D P D D - - - - - - - -", "D P D D - - - - - - - -"],
    ),
    (
        "group-not",
        "GROUP",
        "expression: '!good()', rules: [PODS]",
        ["P D P P - - - - - - - -", "P D P P - - - - - - - -"],
    ),
    (
        "group-lazy",
        "GROUP",
        "expression: 'good() || broken()', rules: [PODS]",
        ["E P E E - - - - - - - -", "E P E E - - - - - - - -"],
    ),
    (
        "group-not-broken",
        "GROUP",
        "expression: '!broken()', rules: [PODS]",
        ["E E E E - - - - - - - -", "E E E E - - - - - - - -"],
    ),
    (
        "group-mutates",
        "GROUP",
        "expression: 'mutates()', rules: [WORKLOADS]",
        ["D P D D D - - - - - - -", "D P D D D - - - - - - -"],
    ),
    (
        "group-equal",
        "GROUP",
        "expression: 'good() == never()', rules: [PODS]",
        ["P D P P - - - - - - - -", "P D P P - - - - - - - -"],
    ),
    (
        "group-monitor",
        "GROUP",
        "expression: 'good()', rules: [PODS], mode: monitor, \
        namespaceSelector: {matchExpressions: [{key: team, operator: In, values: [b]}]}",
        ["- - W - - - - - - - - -", "- - W - - - - - - - - -"],
    ),
    (
        "lab/group",
        "APGROUP",
        "expression: 'good()', rules: [PODS]",
        ["- - D - - - - - - - - -", "- - D - - - - - - - - -"],
    ),
    // A `policies.yml` says nothing about objects, so the module's own rules do, and the controller is not there.
    ("served", "SERVER", "", ["D P D D D - - - - D - -", "D P D D D - - - - D - -"]),
    ("served-monitor", "SERVER", "policyMode: monitor", ["W P W W W - - - - W - -", "W P W W W - - - - W - -"]),
    ("served-mutation", "SERVER", "settings: {mutate: true}", ["D P D D D - - - - D - -", "D P D D D - - - - D - -"]),
    // A member whose module has no rules is asked about everything.
    (
        "served-group",
        "SERVERGROUP",
        "expression: 'good() && !mutates()', message: neither",
        ["D D D D D D D D D D - D", "D D D D D D D D D D - D"],
    ),
];

const MEMBERS: &str = "{good: {module: ESCALATION}, never: {module: DENY}, broken: {module: TRAP}, \
                       mutates: {module: ESCALATION, settings: {mutate: true}}}";

/// A row's policy as a file.
fn definition(id: &str, kind: &str, spec: &str) -> String {
    let all = "{apiGroups: ['*'], apiVersions: ['*'], resources: ['*'], operations: ['*']}";
    let workloads = "{apiGroups: ['', apps], apiVersions: [v1], resources: [pods, deployments], operations: ['*']}";
    let mutating = if spec.contains("MUTATE") { "mutating: true" } else { "mutating: false" };
    // Exact, because objects are not converted here.
    let spec = spec.replace("rules: [WORKLOADS]", "rules: [WORKLOADS], matchPolicy: Exact");
    let spec = spec.replace("MUTATE, ", "").replace("PODS", PODS).replace("ALL", all).replace("WORKLOADS", workloads);
    let escalation = format!("{REGISTRY}/privilege-escalation:v0.1.0");
    let module = |name: &str| match name {
        "deny" => "file://deny.wasm".to_owned(),
        "trap" => "file://trap.wasm".to_owned(),
        _ => escalation.clone(),
    };
    let (namespace, name) = id.split_once('/').unwrap_or(("", id));
    let resource = |kind: &str, spec: &str| {
        let namespace = if namespace.is_empty() { String::new() } else { format!(", namespace: {namespace}") };
        format!(
            "apiVersion: policies.kubewarden.io/v1\nkind: {kind}\nmetadata: {{name: {name}{namespace}}}\nspec: {{{spec}}}\n"
        )
    };
    let text = match kind {
        "SERVER" => {
            let separator = if spec.is_empty() { "" } else { ", " };
            format!("{name}: {{module: ESCALATION{separator}{spec}}}\n")
        }
        "SERVERGROUP" => format!("{name}: {{policies: {MEMBERS}, {spec}}}\n"),
        "GROUP" => resource("ClusterAdmissionPolicyGroup", &format!("policies: {MEMBERS}, message: neither, {spec}")),
        "APGROUP" => resource("AdmissionPolicyGroup", &format!("policies: {MEMBERS}, message: neither, {spec}")),
        kind => match kind.strip_prefix("AP ") {
            Some(name) => resource("AdmissionPolicy", &format!("module: '{}', {mutating}, {spec}", module(name))),
            None => cluster_policy(name, &module(kind), &format!("{mutating}, {spec}")),
        },
    };
    text.replace("ESCALATION", &escalation).replace("DENY", "file://deny.wasm").replace("TRAP", "file://trap.wasm")
}

/// The objects before (`old`) or after the change.
fn manifests(old: bool) -> String {
    let bad = "{containers: [{name: c, image: x}]}";
    let good = "{containers: [{name: c, image: x, securityContext: {allowPrivilegeEscalation: false}}]}";
    let (version, tier) = if old { ("'1'", "web") } else { ("'2'", "db") };
    let mut text = String::new();
    for (_, object) in OBJECTS {
        let object = object.replace("BAD", bad).replace("GOOD", good).replace("TIER", tier);
        let _ = writeln!(text, "---\n{}", object.replace("v: V", &format!("v: {version}")));
    }
    text
}

/// All rows in one directory, and each row in one of its own.
fn folder() -> Folder {
    let folder = Folder::new(&[("new/objects.yaml", &manifests(false)), ("old/objects.yaml", &manifests(true))]);
    for (index, (id, kind, spec, _)) in TABLE.iter().enumerate() {
        let text = definition(id, kind, spec);
        let name = format!("{index:02}.yaml");
        for directory in ["all".to_owned(), format!("each/{index:02}")] {
            folder.write(&format!("{directory}/{name}"), text.as_bytes());
            folder.write(&format!("{directory}/deny.wasm"), &denying());
            folder.write(&format!("{directory}/trap.wasm"), &trapping());
        }
    }
    folder
}

/// The outcomes in a report that are not silence, by policy and object.
fn outcomes(report: &serde_json::Value) -> BTreeMap<(String, String), char> {
    let mut outcomes = BTreeMap::new();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    for finding in report["findings"].as_array().unwrap() {
        let outcome = if finding["severity"] == "deny" { 'D' } else { 'W' };
        let key = (text(&finding["policy"]), text(&finding["object"]["name"]));
        let known = outcomes.entry(key).or_insert(outcome);
        *known = outcome.min(*known);
    }
    for error in report["errors"].as_array().unwrap() {
        assert_eq!(error["kind"], "engine", "{error}");
        let message = text(&error["message"]);
        let (object, _) = message.split_once(": ").unwrap();
        let name = object.rsplit(['/', ' ']).next().unwrap().to_owned();
        outcomes.insert((text(&error["policy"]), name), 'E');
    }
    outcomes
}

#[test]
fn every_policy_says_what_it_would_say_in_a_cluster() {
    let folder = folder();
    let mut rows = 0;
    for (column, against) in [(0, &[][..]), (1, &["--against", "old"][..])] {
        let (_, report) = folder.report(&[&["--policies", "all", "new"], against].concat());
        let together = outcomes(&report);
        let mut evaluations = 0;
        for (index, (id, .., expected)) in TABLE.iter().enumerate() {
            let policies = format!("each/{index:02}");
            let (code, report) = folder.report(&[&["--policies", &policies, "new"], against].concat());
            let alone = outcomes(&report);
            let cells: Vec<char> = expected[column].split(' ').filter_map(|cell| cell.chars().next()).collect();
            assert_eq!(cells.len(), OBJECTS.len(), "{id}");
            let asked = cells.iter().filter(|cell| **cell != '-').count();
            evaluations += asked;
            for ((object, _), cell) in OBJECTS.iter().zip(&cells) {
                rows += 1;
                let key = ((*id).to_owned(), (*object).to_owned());
                let expected = Some(*cell).filter(|cell| "DWE".contains(*cell));
                assert_eq!(alone.get(&key).copied(), expected, "`{id}` on {object} {against:?}: {report:#}");
                assert_eq!(together.get(&key), alone.get(&key), "`{id}` on {object} among all {against:?}");
            }
            // What passed and what was not asked look alike but for this.
            assert_eq!(report["summary"]["evaluations"], asked, "`{id}` {against:?}: {report:#}");
            let worst = if cells.contains(&'E') { 4 } else { i32::from(cells.contains(&'D')) };
            assert_eq!(code, worst, "`{id}` {against:?}");
        }
        assert_eq!(report["summary"]["evaluations"], evaluations, "{against:?}");
    }
    assert!(rows >= 1000, "{rows}");
}
