//! `forewarn test`.

use std::fmt::Write as _;

use quick_junit::{NonSuccessKind, Report, TestCaseStatus};
use serde_json::{Value, json};

use crate::forewarn::{BAD, Folder, GOOD};
use crate::modules::guest;

/// Suites that pass, with all that a suite can say.
fn whole() -> Folder {
    let folder = Folder::new(&[
        ("bad.yaml", BAD),
        ("good.yaml", GOOD),
        ("both.yaml", &format!("{BAD}---\n{GOOD}")),
        ("repaired.yaml", &BAD.replace("allowPrivilegeEscalation: true", "allowPrivilegeEscalation: false")),
        ("account.yaml", ACCOUNT),
        ("tests/objects.test.yaml", OBJECTS),
        ("tests/cluster.forewarn-test.yaml", CLUSTER),
        ("tests/raw.test.yml", RAW),
        ("tests/deep/modules.test.yaml", MODULES),
        ("tests/no-suite.yaml", "cases: 1\n"),
        ("input.json", r#"{"count": 200, "max": 1000}"#),
    ]);
    folder.write("tests/deep/says-yes.wasm", &wat::parse_str(guest(YES)).unwrap());
    folder.write("tests/deep/traps.wasm", &wat::parse_str(guest("unreachable")).unwrap());
    folder.write("tests/deep/changes.wasm", &wat::parse_str(changing()).unwrap());
    folder
}

const YES: &str = "(call $response (i32.const 32) (i32.const 17)) (i32.const 1)";

/// A guest that makes one object of a long request and another one of a short request.
fn changing() -> String {
    let reply = |text: &str| (text.replace('"', "\\\""), text.len());
    let long = format!(r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"{}"}}}}"#, "n".repeat(200));
    let (long, long_length) = reply(&format!(r#"{{"accepted":true,"mutated_object":{long}}}"#));
    let (short, short_length) =
        reply(r#"{"accepted":true,"mutated_object":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"n"}}}"#);
    let body = format!(
        "(if (i32.lt_u (local.get $msg) (i32.const 500))
            (then (call $response (i32.const 8192) (i32.const {long_length})) (return (i32.const 1))))
        (call $response (i32.const 16384) (i32.const {short_length})) (i32.const 1)"
    );
    let data = format!(r#"(data (i32.const 8192) "{long}") (data (i32.const 16384) "{short}") (func (export"#);
    guest(&body).replacen("(func (export", &data, 1)
}

const ACCOUNT: &str = "\
apiVersion: v1
kind: ServiceAccount
metadata: {name: default, namespace: shop}
automountServiceAccountToken: false
";

const OBJECTS: &str = "\
policies:
  privilege-escalation: {settings: {grandfather: true}}
  repair: {module: privilege-escalation, settings: {mutate: true}}
cases:
  - name: denied, and repaired
    file: ../bad.yaml
    expect:
      privilege-escalation:
        verdict: deny
        codes: [privilege-escalation/allowed]
        message: may gain more power
        pointer: /spec/containers/0/securityContext/allowPrivilegeEscalation
      repair:
        mutated:
          - {op: replace, path: /spec/containers/0/securityContext/allowPrivilegeEscalation, value: false}
  - name: repaired as in a file
    file: ../both.yaml#Pod/web
    expect:
      repair: {verdict: mutate, mutated: ../repaired.yaml, contains: [privilege-escalation/allowed]}
  - name: repaired as it is written
    object: {apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a}]}}
    expect:
      repair:
        mutated:
          apiVersion: v1
          kind: Pod
          metadata: {name: a}
          spec: {containers: [{name: a, securityContext: {allowPrivilegeEscalation: false}}]}
  - name: nothing to say
    file: ../good.yaml
    expect: pass
  - name: not covered
    object: {apiVersion: v1, kind: Service, metadata: {name: a}}
    expect: skip
  - name: was there before
    object: &deployment
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: a}
      spec: {template: {spec: {containers: [{name: a}]}}}
    oldObject: *deployment
    expect:
      privilege-escalation: {verdict: warn, codes: [privilege-escalation/unset]}
  - name: a debug container
    file: ../good.yaml
    oldFile: ../good.yaml
    subresource: ephemeralcontainers
    expect: pass
  - name: a whole request
    request:
      uid: '1'
      operation: CREATE
      userInfo: {}
      kind: {group: '', version: v1, kind: Pod}
      resource: {group: '', version: v1, resource: pods}
      object: {apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a}]}}
    expect: {privilege-escalation: deny, repair: mutate}
";

const CLUSTER: &str = "\
policy: service-account-token
cases:
  - name: the account is not there
    object: &pod {apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a}]}}
    namespace: shop
    expect: deny
  - name: the account says false
    object: *pod
    namespace: shop
    cluster: [../account.yaml]
    expect: pass
  - name: the account of another namespace says false
    object: *pod
    cluster:
      - ../account.yaml
      - {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
    expect: deny
  - name: settings of its own
    object: *pod
    settings: {allowed: [default/default]}
    expect: pass
";

const RAW: &str = "\
policy: conntrack-saturation
settings: {denyAt: 0.95}
cases:
  - {name: empty, requestFile: ../input.json, expect: pass}
  - {name: full, request: {count: 99, max: 100}, expect: {verdict: deny, codes: [conntrack-saturation/saturated]}}
  - {name: nothing, request: null, expect: {verdict: deny, contains: [conntrack-saturation/malformed]}}
";

const MODULES: &str = "\
policies:
  yes: {module: says-yes.wasm}
  no: {module: 'file://traps.wasm'}
cases:
  - name: a deletion
    operation: DELETE
    oldObject: {apiVersion: v1, kind: Pod, metadata: {name: a}}
    expect: {yes: pass, no: {verdict: error, message: trap}}
";

#[test]
fn suites_are_found_and_pass() {
    let folder = whole();
    let outcome = folder.run(&["test", "tests"]);
    assert_eq!(outcome.code, 0, "{}{}", outcome.stdout, outcome.stderr);
    assert_eq!(
        outcome.stdout,
        "ok     tests/cluster.forewarn-test.yaml (4 passed)\n\
         ok     tests/deep/modules.test.yaml (2 passed)\n\
         ok     tests/objects.test.yaml (13 passed)\n\
         ok     tests/raw.test.yml (3 passed)\n\
         22 passed in 4 suites\n"
    );
    for jobs in ["1", "4"] {
        assert_eq!(folder.run(&["test", "--jobs", jobs]).stdout, outcome.stdout);
    }
    let nothing_to_do = folder.run(&["test", "--update"]);
    assert_eq!((nothing_to_do.code, nothing_to_do.stdout), (0, outcome.stdout));
}

const WRONG: &str = "\
policies:
  privilege-escalation:
  repair: {module: privilege-escalation, settings: {mutate: true}}
cases:
  - name: a good one
    file: good.yaml
    expect: pass
  - name: another verdict
    file: bad.yaml
    expect:
      privilege-escalation: pass   # it is not
  - name: other words
    file: bad.yaml
    expect:
      privilege-escalation:
        verdict: deny
        codes: [privilege-escalation/unset, privilege-escalation/allowed]
        contains: [privilege-escalation/malformed]
        message: no such words
        pointer: /spec
  - name: another object
    file: bad.yaml
    expect:
      repair:
        # the whole of it
        mutated:
          apiVersion: v1
          kind: Pod
          metadata: {name: web, namespace: shop}
          spec:
            containers:
              - name: web
                image: 'nginx:1.27'   # as it was
                securityContext: {}
  - name: another patch
    file: bad.yaml
    expect: {repair: {mutated: [{op: remove, path: /spec}]}}
  - {name: nothing yet, file: bad.yaml}
  - name: nothing of one of them
    file: good.yaml
    expect:
      privilege-escalation: pass
      repair:
  - name: not even asked
    object: {apiVersion: v1, kind: Service, metadata: {name: a}}
    expect: warn
";

fn wrong() -> Folder {
    Folder::new(&[("bad.yaml", BAD), ("good.yaml", GOOD), ("a.test.yaml", WRONG)])
}

#[test]
fn failures_show_what_differs_and_where() {
    let outcome = wrong().run(&["test"]);
    assert_eq!(outcome.code, 1);
    insta::assert_snapshot!("failures", outcome.stdout);
}

#[test]
fn an_update_writes_what_there_is_and_nothing_else() {
    let folder = wrong();
    let updated = folder.run(&["test", "--update"]);
    let read = || std::fs::read_to_string(folder.path().join("a.test.yaml")).unwrap();
    assert_eq!(updated.code, 0, "{}", updated.stdout);
    let text = read();
    insta::assert_snapshot!("updated", text);
    let again = folder.run(&["test"]);
    assert_eq!((again.code, again.stdout.as_str()), (0, "ok     a.test.yaml (12 passed)\n12 passed in 1 suite\n"));
    assert_eq!(folder.run(&["test", "--update"]).code, 0);
    assert_eq!(read(), text);
}

#[test]
fn an_update_reaches_files_of_mutated_objects() {
    let suite = "\
policy: privilege-escalation
settings: {mutate: true}
cases:
  - {name: a, file: bad.yaml, expect: {mutated: mutated.yaml}}
";
    let folder = Folder::new(&[("bad.yaml", BAD), ("a.test.yaml", suite)]);
    folder.write("mutated.yaml", format!("# what it makes of it\n{BAD}").as_bytes());
    assert_eq!(folder.run(&["test"]).code, 1);
    assert_eq!(folder.run(&["test", "--update"]).code, 0);
    let mutated = std::fs::read_to_string(folder.path().join("mutated.yaml")).unwrap();
    assert_eq!(mutated, format!("# what it makes of it\n{}", BAD.replace("Escalation: true", "Escalation: false")));
    assert_eq!(folder.run(&["test"]).code, 0);
}

#[test]
fn many_expectations_are_written_at_once() {
    let case = |n: usize| format!("  - {{name: case {n}, file: bad.yaml}}  # {n}\n");
    let suite = format!("policy: privilege-escalation\ncases:\n{}", (0..150).map(case).collect::<String>());
    let folder = Folder::new(&[("bad.yaml", BAD), ("a.test.yaml", &suite)]);
    let outcome = folder.run(&["test", "--update"]);
    assert_eq!((outcome.code, outcome.stdout.ends_with("0 passed, 150 updated in 1 suite\n")), (0, true));
    let expect = ", expect: {verdict: deny, codes: [privilege-escalation/allowed]}}";
    let text = std::fs::read_to_string(folder.path().join("a.test.yaml")).unwrap();
    assert_eq!(text, suite.replace("yaml}", &format!("yaml{expect}")));
}

#[test]
fn text_behind_an_alias_is_not_updated() {
    let suite = "\
policy: privilege-escalation
cases:
  - {name: a, file: bad.yaml, expect: &yes {verdict: pass}}
  - {name: b, file: bad.yaml, expect: *yes}
";
    let folder = Folder::new(&[("bad.yaml", BAD), ("a.test.yaml", suite)]);
    let outcome = folder.run(&["test", "--update"]);
    assert_eq!(outcome.code, 1);
    assert_eq!(outcome.stdout.matches("note: not updated: ").count(), 2, "{}", outcome.stdout);
    assert_eq!(std::fs::read_to_string(folder.path().join("a.test.yaml")).unwrap(), suite);
}

#[test]
fn what_cannot_be_expected_is_not_written() {
    let suite = "\
policies: {changes: {module: changes.wasm}, fails: {module: traps.wasm}}
cases:
  - name: restless
    object: {apiVersion: v1, kind: Pod, metadata: {name: a}}
    expect: {changes: mutate}
  - name: broken
    object: {apiVersion: v1, kind: Pod, metadata: {name: a}}
    expect: {fails: pass}
";
    let folder = Folder::new(&[("a.test.yaml", suite)]);
    folder.write("traps.wasm", &wat::parse_str(guest("unreachable")).unwrap());
    folder.write("changes.wasm", &wat::parse_str(changing()).unwrap());
    let outcome = folder.run(&["test", "--update"]);
    assert_eq!(outcome.code, 4, "{}", outcome.stdout);
    insta::assert_snapshot!("not-updated", outcome.stdout);
    assert_eq!(std::fs::read_to_string(folder.path().join("a.test.yaml")).unwrap(), suite);
}

#[test]
#[cfg(unix)]
fn a_suite_that_nobody_may_write_to_stays() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = wrong();
    let path = folder.path().join("a.test.yaml");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o444)).unwrap();
    let outcome = folder.run(&["test", "--update"]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.stdout.contains("not updated: the suite: it is read-only"), "{}", outcome.stdout);
    assert_eq!(std::fs::read_to_string(path).unwrap(), WRONG);
}

/// Each broken suite with the place of its mistake and words of the message and the help.
const BROKEN: &[(&str, &str, &[&str])] = &[
    ("", ":1:1", &["a suite is a mapping, not nothing"]),
    ("policy: root-user\ncases: []\n", ":1:1", &["no cases"]),
    ("cases: [{name: a, file: a.yaml}]\n", ":1:1", &["names no policy"]),
    ("policy: root-user\npolicies: {}\ncases: []\n", ":2:11", &["both there"]),
    ("policies: [root-user]\ncases: []\n", ":1:11", &["a mapping from ids"]),
    ("policies: {codes: {module: root-user}}\ncases: []\n", ":1:19", &["cannot be called `codes`"]),
    ("policies: {root-user: }\nsettings: {a: 1}\ncases: []\n", ":2:11", &["belong to none"]),
    ("policy: root-user\ncase: []\n", ":2:1", &["no key `case`, did you mean `cases`?"]),
    ("policy: root-user\ncases: [{name: a, file: a.yaml, expct: pass}]\n", ":2:33", &["did you mean `expect`?"]),
    ("policy: root-user\ncases: [{file: a.yaml}]\n", ":2:9", &["no name"]),
    ("policy: root-user\ncases: [{name: 1, file: a.yaml}]\n", ":2:16", &["`name` is a text, not `1`", "quotes"]),
    ("policy: root-user\ncases:\n- {name: a, file: a.yaml}\n- {name: a, file: a.yaml}\n", ":4:10", &["in line 3"]),
    ("policy: root-user\ncases: [{name: a, object: {}, file: a.yaml}]\n", ":2:37", &["both there"]),
    ("policy: root-user\ncases: [{name: a, object: a.yaml}]\n", ":2:27", &["write `file:`"]),
    ("policy: root-user\ncases: [{name: a}]\n", ":2:9", &["a CREATE needs the object"]),
    ("policy: root-user\ncases: [{name: a, file: a.yaml, operation: UPDATE}]\n", ":2:9", &["as it was"]),
    ("policy: root-user\ncases: [{name: a, file: a.yaml, operation: DELETE}]\n", ":2:25", &["`oldFile`"]),
    (
        "policy: root-user\ncases: [{name: a, file: a.yaml, oldFile: a.yaml, operation: CREATE}]\n",
        ":2:42",
        &["a CREATE has no object as it was"],
    ),
    ("policy: root-user\ncases: [{name: a, file: a.yaml, operation: PATCH}]\n", ":2:44", &["cannot be `PATCH`"]),
    ("policy: root-user\ncases: [{name: a, request: 1, file: a.yaml}]\n", ":2:37", &["beside a request"]),
    ("policy: root-user\ncases: [{name: a, request: 1}]\n", ":2:28", &["no AdmissionReview"]),
    ("policy: root-user\ncases: [{name: a, file: none.yaml}]\n", ":2:25", &["cannot read `none.yaml`", "folder"]),
    ("policy: root-user\ncases: [{name: a, file: two.yaml}]\n", ":2:25", &["2 objects", "`two.yaml#Pod/web`"]),
    ("policy: root-user\ncases: [{name: a, file: two.yaml#Pod/x}]\n", ":2:25", &["`Pod/web`, `Pod/good`"]),
    ("policy: root-user\ncases: [{name: a, file: broken.yaml}]\n", ":2:25", &["line 1, column"]),
    ("policy: root-user\ncases: [{name: a, object: {a: 1}}]\n", ":2:27", &["no Kubernetes object"]),
    ("policy: root-user\ncases: [{name: a, file: a.yaml, cluster: [none.yaml]}]\n", ":2:43", &["none.yaml"]),
    ("policy: root-user\ncases: [{name: a, file: a.yaml, cluster: [{a: 1}]}]\n", ":2:43", &["no Kubernetes object"]),
    ("policy: root-user\ncases: [{name: a, file: a.yaml, namespace: x}]\n", ":2:44", &["`shop`", "`x`"]),
    (
        "policy: root-user\ncases: [{name: a, object: {apiVersion: v1, kind: Node}, namespace: x}]\n",
        ":2:68",
        &["belongs to the whole cluster"],
    ),
    ("policy: rot-user\ncases: [{name: a, file: a.yaml}]\n", ":1:9", &["did you mean `root-user`?"]),
    ("policy: none.wasm\ncases: [{name: a, file: a.yaml}]\n", ":1:9", &["cannot read `none.wasm`"]),
    ("policy: registry://a/b:c\ncases: [{name: a, file: a.yaml}]\n", ":1:9", &["not on this machine"]),
    ("policy: root-user\nsettings: {mutat: true}\ncases: [{name: a, file: a.yaml}]\n", ":2:11", &["did you mean"]),
    (
        "policy: root-user\ncases: [{name: a, file: a.yaml, settings: {mutat: true}}]\n",
        ":2:43",
        &["`mutat`", "forewarn explain root-user"],
    ),
    (
        "policies: {root-user: , jvm-heap: }\ncases: [{name: a, file: a.yaml, settings: {}}]\n",
        ":2:43",
        &["which of the suite's policies"],
    ),
    ("policy: conntrack-saturation\ncases: [{name: a, file: a.yaml}]\n", ":2:16", &["raw policy", "`request:`"]),
    ("policy: root-user\ncases: [{name: a, file: a.yaml, expect: dney}]\n", ":2:41", &["did you mean `deny`?"]),
    ("policy: root-user\ncases: [{name: a, file: a.yaml, expect: {code: a}}]\n", ":2:42", &["did you mean `codes`?"]),
    ("policy: root-user\ncases: [{name: a, file: a.yaml, expect: {codes: [a]}}]\n", ":2:41", &["says no verdict"]),
    (
        "policy: root-user\ncases: [{name: a, file: a.yaml, expect: {verdict: pass, codes: [a]}}]\n",
        ":2:64",
        &["`codes` beside the verdict `pass`"],
    ),
    (
        "policy: root-user\ncases: [{name: a, file: a.yaml, expect: {root-user: pass, jvm-haep: pass}}]\n",
        ":2:59",
        &["no key `jvm-haep`"],
    ),
    (
        "policy: root-user\ncases: [{name: a, file: a.yaml, expect: {verdict: deny, pointer: spec}}]\n",
        ":2:66",
        &["a JSON Pointer, not `spec`"],
    ),
    ("policy: root-user\ncases: [{name: a, file: a.yaml, expect: {mutated: 1}}]\n", ":2:51", &["cannot be `1`"]),
    ("policy: root-user\ncases: [{name: a, file: a.yaml, expect: {mutated: [a]}}]\n", ":2:51", &["no JSON Patch"]),
    (
        "policy: root-user\ncases: [{name: a, file: a.yaml, expect: {mutated: [{op: remove, path: /x}]}}]\n",
        ":2:51",
        &["does not fit"],
    ),
    ("policy: root-user\npolicy: root-user\n", ":2:1", &["already set in line 1"]),
    ("policy: [\n", ":1:", &["not valid YAML"]),
    ("policy: root-user\ncases: [{name: a, file: a.yaml}]\n---\na: 1\n", ":1:1", &["more than one document"]),
];

#[test]
fn mistakes_have_their_place() {
    let mut wrong = String::new();
    for (suite, place, words) in BROKEN {
        let folder = Folder::new(&[
            ("a.yaml", BAD),
            ("two.yaml", &format!("{BAD}---\n{GOOD}")),
            ("broken.yaml", "a: [\n"),
            ("s.test.yaml", suite),
        ]);
        let outcome = folder.run(&["test"]);
        let said = outcome.stdout.contains(&format!("s.test.yaml{place}"))
            && words.iter().all(|word| outcome.stdout.contains(word))
            && outcome.stdout.starts_with("broken s.test.yaml\n")
            && outcome.stdout.ends_with("0 passed in 1 suite, 1 of them broken\n");
        if outcome.code != 2 || !said {
            writeln!(wrong, "{suite}{place} {words:?}\nexit {}:\n{}", outcome.code, outcome.stdout).unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn several_mistakes_are_told_at_once() {
    let suite = "policy: root-user\ncases:\n- {nam: a, file: a.yaml, expect: dney}\n- {name: b}\n";
    let folder = Folder::new(&[("s.test.yaml", suite)]);
    insta::assert_snapshot!("broken", folder.run(&["test", "s.test.yaml"]).stdout);
}

#[test]
fn the_suite_in_the_documentation_runs() {
    let documentation = include_str!("../../../../docs/test.md");
    let suite = documentation.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let user = "      securityContext: {runAsUser: 10001, runAsGroup: 10001, runAsNonRoot: true}\n";
    let (pod, _) = GOOD.split_once("      securityContext:").unwrap();
    let folder = Folder::new(&[("tests/root-user.test.yaml", suite), ("deploy/web.yaml", &format!("{pod}{user}"))]);
    let outcome = folder.run(&["test"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stdout);
    assert!(outcome.stdout.ends_with("2 passed in 1 suite\n"), "{}", outcome.stdout);
}

#[test]
fn a_filter_chooses_cases_by_their_names() {
    let folder = whole();
    let outcome = folder.run(&["test", "--filter", "account"]);
    assert_eq!(
        (outcome.code, outcome.stdout.as_str()),
        (0, "ok     tests/cluster.forewarn-test.yaml (3 passed)\n3 passed in 4 suites (13 filtered out)\n")
    );
    let nothing = folder.run(&["test", "--filter", "no such case"]);
    assert_eq!((nothing.code, nothing.stdout.as_str()), (2, ""));
    assert!(nothing.stderr.contains("`no such case`"), "{}", nothing.stderr);
}

#[test]
fn where_there_is_no_suite_nothing_passes() {
    let folder = Folder::new(&[("a/pod.yaml", BAD), ("b/readme.md", "")]);
    for path in ["a", "b", "none.test.yaml"] {
        let outcome = folder.run(&["test", path]);
        assert_eq!(outcome.code, 3, "{outcome:?}");
        assert!(outcome.stdout.contains(path), "{}", outcome.stdout);
    }
}

#[test]
fn a_policy_that_fails_is_no_verdict() {
    let suite = "policy: m.wasm\ncases: [{name: a, file: a.yaml, expect: pass}]\n";
    let folder = Folder::new(&[("a.yaml", BAD), ("s.test.yaml", suite)]);
    for (wasm, words) in [
        (wat::parse_str(guest("unreachable")).unwrap(), "trap"),
        (b"no module".to_vec(), "no Wasm module"),
        (wat::parse_str(r#"(module (import "env" "now" (func)))"#).unwrap(), "env.now"),
    ] {
        folder.write("m.wasm", &wasm);
        let outcome = folder.run(&["test"]);
        assert_eq!(outcome.code, 4, "{}", outcome.stdout);
        assert!(outcome.stdout.contains(words), "{}", outcome.stdout);
    }
}

#[test]
fn json_has_the_same_numbers() {
    let folder = wrong();
    folder.write("b.test.yaml", b"policy: root-user\n");
    let outcome = folder.run(&["test", "--format", "json"]);
    let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(outcome.code, 2);
    assert_eq!(
        report["summary"],
        json!({"passed": 3, "failed": 9, "errors": 0, "updated": 0, "filtered": 0, "suites": 2, "broken": 1})
    );
    let failed = &report["suites"][0]["tests"][2];
    assert_eq!(
        (&failed["case"], &failed["policy"], &failed["status"], &failed["verdict"], &failed["line"]),
        (&json!("another verdict"), &json!("privilege-escalation"), &json!("failed"), &json!("deny"), &json!(11))
    );
    assert_eq!(failed["difference"]["expected"], "verdict: pass\n");
    assert_eq!(report["suites"][1]["errors"][0]["line"], 1);
}

#[test]
fn junit_can_be_read_and_has_the_same_numbers() {
    let folder = wrong();
    folder.write("b.test.yaml", b"policy: root-user\n");
    let outcome = folder.run(&["test", "--format", "junit", "--junit", "out.xml"]);
    assert_eq!(outcome.code, 2);
    assert_eq!(std::fs::read_to_string(folder.path().join("out.xml")).unwrap(), outcome.stdout);
    assert!(outcome.stderr.contains("3 passed, 9 failed in 2 suites, 1 of them broken"), "{}", outcome.stderr);
    let report = Report::deserialize_from_str(&outcome.stdout).unwrap();
    assert_eq!((report.tests, report.failures, report.errors), (13, 9, 1));
    let cases = &report.test_suites[0].test_cases;
    let failed = cases.iter().find(|case| case.name.as_str() == "another verdict").unwrap();
    assert_eq!(failed.classname.as_ref().map(|name| name.as_str()), Some("privilege-escalation"));
    let TestCaseStatus::NonSuccess { kind: NonSuccessKind::Failure, description: Some(text), .. } = &failed.status
    else {
        panic!("{failed:?}")
    };
    assert!(text.as_str().contains("a.test.yaml:11:29"), "{text:?}");
}
