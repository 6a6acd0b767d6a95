use super::Strict;
use crate::edit::{self, Fix};
use crate::object::Contents;
use crate::source::Source;
use crate::yaml::Documents;
use std::fmt::Write as _;
use std::sync::Arc;

/// One line for each finding: code, what is marked, and the help.
fn findings(text: &str) -> String {
    let source = Source::new(text);
    let mut out = String::new();
    for document in Documents::new(&source) {
        let document = document.unwrap();
        for object in &Contents::of(&document).objects {
            let identity = Arc::new(object.identity().clone());
            for located in Strict::Deny.findings(&source, &document, object, &identity) {
                let finding = &located.finding;
                let code = finding.code.strip_prefix("strict/").unwrap();
                let marked = source.slice(located.span);
                let line = located.start.line;
                writeln!(out, "{code} {line} `{marked}`: {}", finding.help.as_deref().unwrap_or("-")).unwrap();
            }
        }
    }
    out
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(findings(text), expected, "\n{text}");
}

#[track_caller]
fn check_pod(spec: &str, expected: &str) {
    check(&format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: web}}\nspec: {spec}\n"), expected);
}

#[test]
fn an_unknown_field_is_marked_at_its_key() {
    check_pod(
        "{containers: [{name: a, livenesProbe: {}}]}",
        "unknown-field 4 `livenesProbe`: did you mean `livenessProbe`?\n",
    );
    check_pod(
        "{containers: [{name: a, liveness_probe: {}}]}",
        "unknown-field 4 `liveness_probe`: did you mean `livenessProbe`?\n",
    );
    check_pod(
        "{containers: [{name: a, resources: {cpu: 1}}]}",
        "unknown-field 4 `cpu`: the fields are `claims`, `limits`, `requests`\n",
    );
    check_pod("{wishes: 1}", "unknown-field 4 `wishes`: `kubectl explain pod.spec` lists the fields that there are\n");
    check(
        "apiVersion: v1\nkind: Pod\nwishes: 1\n",
        "unknown-field 3 `wishes`: the fields are `apiVersion`, `kind`, `metadata`, `spec`, `status`\n",
    );
    // Near misses.
    check_pod("{containers: [{name: a, livenessProbe: {}}]}", "");
    check_pod("{containers: [{name: a, livenesProbe: }]}", "");
    check_pod("{wishes: ~}", "");
}

#[test]
fn a_misplaced_field_has_a_home() {
    check_pod(
        "{securityContext: {allowPrivilegeEscalation: false}}",
        "misplaced-field 4 `allowPrivilegeEscalation`: move it to `spec.containers[].securityContext`\n",
    );
    check_pod("{containers: [{name: a, hostNetwork: true}]}", "misplaced-field 4 `hostNetwork`: move it to `spec`\n");
    check_pod(
        "{containers: [{name: a, runAsUser: 1}]}",
        "misplaced-field 4 `runAsUser`: move it to `spec.containers[].securityContext`\n",
    );
    check_pod("{env: []}", "misplaced-field 4 `env`: move it to `spec.containers[]`\n");
    check(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  replicas: 3\n",
        "misplaced-field 5 `replicas`: move it to `spec`\n",
    );
    check(
        "apiVersion: apps/v1\nkind: Deployment\nspec:\n  template:\n    spec:\n      containers:\n      - name: a\n      securityContext:\n        privileged: true\n",
        "misplaced-field 9 `privileged`: move it to `spec.template.spec.containers[].securityContext`\n",
    );
    check(
        "apiVersion: v1\nkind: Service\nspec:\n  targetPort: 80\n",
        "misplaced-field 4 `targetPort`: move it to `spec.ports[]`\n",
    );
    // A field of another kind of volume has no home in it.
    check_pod(
        "{volumes: [{name: a, storageos: {pool: b}}]}",
        "unknown-field 4 `pool`: the fields are `fsType`, `readOnly`, `secretRef`, `volumeName`, `volumeNamespace`\n",
    );
    // The value is none that the field could hold.
    check_pod(
        "{securityContext: {allowPrivilegeEscalation: {}}}",
        "unknown-field 4 `allowPrivilegeEscalation`: `kubectl explain pod.spec.securityContext` lists the fields that there are\n",
    );
    check_pod("{securityContext: {runAsNonRoot: true}}", "");
}

#[test]
fn a_value_has_the_fields_type() {
    for (spec, expected) in [
        ("{hostNetwork: \"true\"}", "`\"true\"`: leave the quotes out"),
        ("{hostNetwork: \"yes\"}", "`\"yes\"`: -"),
        ("{priority: \"3\"}", "`\"3\"`: leave the quotes out"),
        ("{priority: high}", "`high`: -"),
        ("{priority: 1.5}", "`1.5`: -"),
        ("{priority: 4294967296}", "`4294967296`: -"),
        ("{nodeName: 7}", "`7`: put it in quotes: `\"7\"`"),
        ("{nodeName: yes}", "`yes`: put it in quotes: `\"yes\"`"),
        ("{nodeName: []}", "`[]`: -"),
        ("{containers: {}}", "`{}`: write a list: each item behind a `-`"),
        ("{containers: [a]}", "`a`: -"),
        ("{securityContext: []}", "`[]`: write a mapping: no `-` before its keys"),
        ("{nodeSelector: {disk: true}}", "`true`: put it in quotes: `\"true\"`"),
        ("{overhead: {cpu: [1]}}", "`[1]`: -"),
    ] {
        check_pod(spec, &format!("wrong-type 4 {expected}\n"));
    }
    // Near misses: what the API server's decoder takes.
    for spec in [
        "{hostNetwork: yes}",
        "{priority: 3.0}",
        "{priority: 0x10}",
        "{nodeName: \"7\"}",
        "{overhead: {cpu: 1, memory: 1.5, storage: 1Gi}}",
        "{containers: ~}",
        "{containers: [{name: a, livenessProbe: {httpGet: {port: http}}}, {name: b, livenessProbe: {httpGet: {port: 80}}}]}",
        "{terminationGracePeriodSeconds: 4294967296}",
    ] {
        check_pod(spec, "");
    }
}

#[test]
fn a_secret_is_not_told() {
    let text = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {pin: 4711}\n";
    check(text, "wrong-type 4 `4711`: put it in quotes\n");
}

#[test]
fn items_differ_in_their_keys() {
    check_pod(
        "{containers: [{name: a}, {name: b}, {name: a}]}",
        "duplicate-name 4 `a`: give each its own `name`, or remove one of them\n",
    );
    check_pod(
        "{volumes: [{name: a}, {name: a}]}",
        "duplicate-name 4 `a`: give each its own `name`, or remove one of them\n",
    );
    check_pod(
        "{containers: [{name: a, env: [{name: X, value: a}, {name: X}]}]}",
        "duplicate-name 4 `X`: remove one of them\n",
    );
    let ports = |ports| check_pod(&format!("{{containers: [{{name: a, ports: [{ports}]}}]}}"), "");
    ports("{containerPort: 53, protocol: UDP}, {containerPort: 53}");
    check_pod(
        "{containers: [{name: a, ports: [{containerPort: 53, protocol: TCP}, {containerPort: 53}]}]}",
        "duplicate-name 4 `53`: give each its own `containerPort`, or remove one of them\n",
    );
    check_pod("{containers: [{name: a}], initContainers: [{name: b}], volumes: [{name: a}]}", "");
    check_pod("{containers: [{image: x}], initContainers: [{image: x}]}", "");
    check_pod("{tolerations: [{key: a}, {key: a}]}", "");
    check_pod("{containers: [{image: x}, {image: x}]}", "");
}

#[test]
fn containers_of_all_lists_differ_in_their_names() {
    let help = "give each its own `name`, or remove one of them";
    check_pod(
        "{initContainers: [{name: b}, {name: a}], containers: [{name: a}, {name: c}], ephemeralContainers: [{name: b}]}",
        &format!("duplicate-name 4 `a`: {help}\nduplicate-name 4 `b`: {help}\n"),
    );
    // Two in one list are told once, and by that list alone.
    check_pod("{initContainers: [{name: b}, {name: b}]}", &format!("duplicate-name 4 `b`: {help}\n"));
}

/// The text with the fixes of all its findings made.
fn fixed(text: &str) -> String {
    let source = Source::new(text);
    let mut fixes = Vec::new();
    for document in Documents::new(&source) {
        let document = document.unwrap();
        for object in &Contents::of(&document).objects {
            let identity = Arc::new(object.identity().clone());
            fixes.extend(
                Strict::Deny.findings(&source, &document, object, &identity).into_iter().map(|f| f.finding.fix),
            );
        }
    }
    let fixes = fixes.iter().filter(|fix| !fix.is_empty()).map(|operations| Fix { object: 0, operations });
    edit::apply(text, &fixes.collect::<Vec<_>>()).text
}

#[test]
fn a_key_is_renamed_where_that_is_sure() {
    let pod = |spec: &str| format!("apiVersion: v1\nkind: Pod\nspec: # all\n{spec}\n");
    for (wrong, right) in [
        (
            "  containers:\n    - name: a\n      livenesProbe:   # why\n          httpGet: {port: 80}\n      tty: true",
            "  containers:\n    - name: a\n      livenessProbe:   # why\n          httpGet: {port: 80}\n      tty: true",
        ),
        ("  containers: [{\"nmae\": a, 'imag' : b}]", "  containers: [{\"name\": a, 'image' : b}]"),
        ("  Containers:\n  - name: a", "  containers:\n  - name: a"),
        ("  node_name:", "  node_name:"),
        ("  ? nodeNam\n  : a", "  ? nodeName\n  : a"),
    ] {
        assert_eq!(fixed(&pod(wrong)), pod(right));
    }
    for unsure in [
        // The right key is there, if only by a merge.
        "  nodeName: a\n  nodeNam: b",
        "  containers:\n  - &a {name: a}\n  - {<<: *a, nmae: b}",
        // Twice the same key: one of them would stay behind.
        "  nodeNam: a\n  nodeNam: c",
        "  nodeNam: a\n  nodename: b",
        // The value is none that the field could hold, or not all of it.
        "  containers:\n  - {name: a, livenesProbe: true}",
        "  containers:\n  - {name: a, comand: [[]]}",
        // Two fields are near.
        "  hostIPD: true",
        // The text is shared.
        "  containers:\n  - &a {name: a, imag: b}\n  - *a",
    ] {
        assert_eq!(fixed(&pod(unsure)), pod(unsure));
    }
}

#[test]
fn a_kind_belongs_to_its_group() {
    for (api_version, kind, expected) in [
        ("v1", "Deployment", "wrong-group 1 `v1`: write `apiVersion: apps/v1`\n"),
        ("apps", "Deployment", "wrong-group 1 `apps`: write `apiVersion: apps/v1`\n"),
        ("app/v1", "Deployment", "wrong-group 1 `app/v1`: write `apiVersion: apps/v1`\n"),
        ("apps/v2", "Deployment", "wrong-group 1 `apps/v2`: write `apiVersion: apps/v1`\n"),
        ("apps/v1", "CronJob", "wrong-group 1 `apps/v1`: write `apiVersion: batch/v1`\n"),
        ("v1", "HorizontalPodAutoscaler", "wrong-group 1 `v1`: write `apiVersion: autoscaling/v2`\n"),
        ("apps/v1", "Event", "wrong-group 1 `apps/v1`: write `apiVersion: v1` or `apiVersion: events.k8s.io/v1`\n"),
        (
            "rbac.authorisation.k8s.io/v1",
            "Role",
            "wrong-group 1 `rbac.authorisation.k8s.io/v1`: write `apiVersion: rbac.authorization.k8s.io/v1`\n",
        ),
        ("apps/v1", "Deploymnet", "unknown-kind 2 `Deploymnet`: did you mean `Deployment`?\n"),
        ("v1", "Deploymnet", "unknown-kind 2 `Deploymnet`: did you mean `Deployment`?\n"),
        ("v1", "service", "unknown-kind 2 `service`: did you mean `Service`?\n"),
        (
            "policy/v1",
            "PodSecurityPolicy",
            "unknown-kind 2 `PodSecurityPolicy`: `kubectl api-resources --api-group=policy` lists the kinds that there are\n",
        ),
        // Near misses: former versions, other programs' files, custom resources.
        ("extensions/v1beta1", "Deployment", ""),
        ("apps/v1beta2", "Deployment", ""),
        ("networking.k8s.io/v1beta1", "Ingress", ""),
        ("policy/v1beta1", "PodSecurityPolicy", ""),
        ("autoscaling/v2beta2", "HorizontalPodAutoscaler", ""),
        ("v1", "Config", ""),
        ("v1", "Template", ""),
        ("serving.knative.dev/v1", "Service", ""),
        ("networking.istio.io/v1", "Gateway", ""),
        ("example.com/v1", "Deployment", ""),
        ("gateway.networking.k8s.io/v1", "Gateway", ""),
    ] {
        check(&format!("apiVersion: {api_version}\nkind: {kind}\nwishes: 1\n"), expected);
    }
}

#[test]
fn what_is_free_form_is_not_looked_into() {
    check(
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec:\n  versions:\n  - name: v1\n    schema:\n      openAPIV3Schema:\n        type: object\n        x-kubernetes-preserve-unknown-fields: true\n        default: {a: [1]}\n        properties:\n          spec:\n            items: {type: string, example: 1, enum: [a, 2, ~]}\n            additionalProperties: false\n            minimum: 1.5\n",
        "",
    );
    check(
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec:\n  versions:\n  - schema:\n      openAPIV3Schema:\n        properties:\n          spec:\n            requird: [a]\n",
        "unknown-field 9 `requird`: did you mean `required`?\n",
    );
    check(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  creationTimestamp: 2020-01-01T00:00:00Z\n  managedFields: [{fieldsV1: {f:a: {}}}]\n  annotations: {any/thing: \"1\"}\ndata: {a.b: c}\n",
        "",
    );
    check("apiVersion: apps/v1\nkind: ControllerRevision\nrevision: 1\ndata: {spec: {any: [1]}}\n", "");
}

#[test]
fn orders_of_a_patch_are_no_fields() {
    check("$patch: delete\napiVersion: v1\nkind: Pod\nspec:\n  $setElementOrder/containers: [{name: a}]\n", "");
    check_pod(
        "{$patches: 1}",
        "unknown-field 4 `$patches`: `kubectl explain pod.spec` lists the fields that there are\n",
    );
}

#[test]
fn embedded_objects_are_typed() {
    let claim = "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: d}, spec: {acessModes: []}}";
    check(
        &format!("apiVersion: apps/v1\nkind: StatefulSet\nspec: {{volumeClaimTemplates: [{claim}]}}\n"),
        "unknown-field 3 `acessModes`: did you mean `accessModes`?\n",
    );
    check(
        "apiVersion: apps/v1\nkind: StatefulSet\nspec: {volumeClaimTemplates: [{metadata: {name: d}}, {metadata: {name: d}}]}\n",
        "duplicate-name 3 `d`: give each its own `metadata.name`, or remove one of them\n",
    );
}

#[test]
fn shared_text_is_marked_where_it_is_written() {
    let pod = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n";
    check(
        &format!("{pod}  - &a\n    name: a\n    imag: x\n  - <<: *a\n    name: b\n"),
        "unknown-field 7 `imag`: did you mean `image`?\nunknown-field 7 `imag`: did you mean `image`?\n",
    );
}

#[test]
fn items_of_a_list_are_objects() {
    check(
        "apiVersion: v1\nkind: PodList\nitems:\n- spec: {nodeNam: a}\n",
        "unknown-field 4 `nodeNam`: did you mean `nodeName`?\n",
    );
    check(
        "apiVersion: v1\nkind: DeploymentList\nitems:\n- metadata: {name: a}\n",
        "wrong-group 4 `metadata: {name: a}`: write `apiVersion: apps/v1`\n",
    );
}
