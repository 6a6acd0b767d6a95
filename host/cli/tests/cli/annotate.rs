//! `forewarn annotate`, and what `inspect` says of what others annotated.

use serde_json::{Value, json};

use crate::forewarn::{Folder, Outcome};

const METADATA: &str = "\
rules:
  - apiGroups: [\"\"]
    apiVersions: [v1]
    resources: [pods]
    operations: [CREATE]
mutating: false
annotations:
  io.kubewarden.policy.title: demo
  io.kubewarden.policy.version: 0.1.0
";

/// A guest that replies to every operation with some bytes.
fn guest(reply: &str, sections: &str) -> Vec<u8> {
    let wat = format!(
        r#"(module
            (import "wapc" "__guest_request" (func (param i32 i32)))
            (import "wapc" "__guest_response" (func $response (param i32 i32)))
            {sections}
            (memory (export "memory") 1)
            (data (i32.const 0) "{}")
            (func (export "__guest_call") (param i32 i32) (result i32)
                (call $response (i32.const 0) (i32.const {})) (i32.const 1)))"#,
        reply.replace('"', "\\\""),
        reply.len()
    );
    wat::parse_str(wat).unwrap()
}

fn folder(metadata: &str) -> Folder {
    let folder = Folder::new(&[("metadata.yml", metadata), ("README.md", "# Demo\n\nA page.\n")]);
    folder.write("m.wasm", &guest("\"v1\"", ""));
    folder
}

fn annotate(folder: &Folder, more: &[&str]) -> Outcome {
    folder.run(&[&["annotate", "m.wasm", "--metadata", "metadata.yml", "--output", "out.wasm"], more].concat())
}

fn inspected(folder: &Folder, module: &str) -> Value {
    serde_json::from_str(&folder.run(&["inspect", module, "--format", "json"]).stdout).unwrap()
}

#[test]
fn metadata_and_page_are_written_in() {
    let folder = folder(METADATA);
    let outcome = annotate(&folder, &["--usage", "README.md"]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""));
    assert!(outcome.stdout.starts_with("out.wasm: ") && outcome.stdout.contains("sha256:"), "{}", outcome.stdout);
    let inspected = inspected(&folder, "out.wasm");
    assert_eq!(inspected["metadata"]["protocolVersion"], "v1");
    assert_eq!(inspected["metadata"]["annotations"]["io.kubewarden.policy.version"], "0.1.0");
    assert_eq!(inspected["metadata"]["annotations"]["io.kubewarden.policy.usage"], "# Demo\n\nA page.\n");
    assert_eq!(inspected["sections"][0]["name"], "io.kubewarden.metadata");
    assert_eq!(inspected["warnings"], json!([]));
}

#[test]
fn the_same_input_gives_the_same_bytes_in_place_too() {
    let folder = folder(METADATA);
    let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    assert_eq!(annotate(&folder, &[]).code, 0);
    let first = read("out.wasm");
    let again = folder.run(&["annotate", "out.wasm", "-m", "metadata.yml", "-o", "out.wasm"]);
    assert_eq!(again.code, 0, "{again:?}");
    assert_eq!(read("out.wasm"), first);
}

#[test]
fn old_metadata_is_replaced_though_it_cannot_be_read() {
    let folder = folder(METADATA);
    let old = r#"(@custom "io.kubewarden.metadata" "{\"rules\":3}") (@custom "io.kubewarden.metadata" "older")"#;
    folder.write("m.wasm", &guest("\"v1\"", old));
    assert_eq!(folder.run(&["inspect", "m.wasm"]).code, 4);
    assert_eq!(annotate(&folder, &[]).code, 0);
    let inspected = inspected(&folder, "out.wasm");
    let sections = inspected["sections"].as_array().unwrap().iter();
    assert_eq!(sections.filter(|section| section["name"] == "io.kubewarden.metadata").count(), 1);
}

#[test]
fn mistakes_in_the_metadata_have_a_place() {
    for (from, to, words) in [
        ("mutating: false", "mutating: no way", ["metadata.yml:6:11:", "invalid type"]),
        ("rules:", "rule:", ["metadata.yml:1:1:", "`rules` is missing"]),
        ("[CREATE]", "[READ]", ["metadata.yml:5:18:", "unknown variant `READ`"]),
        ("[CREATE]", "[]", ["metadata.yml:5:17:", "`operations` is empty"]),
        ("[pods]", "[\"*/*\", pods]", ["metadata.yml:4:17:", "already covers"]),
        ("title: demo", "title: [demo]", ["metadata.yml:8:31:", "an annotation is text"]),
        ("rules:", "minimumKubewardenVersion: 1.30\nrules:", ["metadata.yml:1:27:", "1.3"]),
        ("rules:", "executionMode: rego\nrules:", ["metadata.yml:1:16:", "no execution mode `rego`"]),
        ("mutating: false", "mutating: false\nmutating: true", ["metadata.yml:7:1:", "already set in line 6"]),
    ] {
        let folder = folder(&METADATA.replace(from, to));
        let outcome = annotate(&folder, &[]);
        assert_eq!(outcome.code, 2, "{to}: {outcome:?}");
        for word in words {
            assert!(outcome.stderr.contains(word), "{to}: {}", outcome.stderr);
        }
        assert!(!folder.path().join("out.wasm").exists());
    }
    let bad = METADATA.replace("[CREATE]", "[]").replace("[v1]", "[]");
    let outcome = annotate(&folder(&bad), &[]);
    assert!(outcome.stderr.contains(":3:") && outcome.stderr.contains(":5:"), "{}", outcome.stderr);
}

#[test]
fn keys_without_effect_are_told() {
    let folder = folder(&format!("contextAware: true\n{METADATA}"));
    let outcome = annotate(&folder, &[]);
    assert_eq!(outcome.code, 0);
    assert!(outcome.stderr.contains("warning: metadata.yml:1:"), "{}", outcome.stderr);
}

#[test]
fn the_module_says_which_protocol_it_speaks() {
    let folder = folder(METADATA);
    for (reply, word) in [("v1", "`v1`"), ("\"v2\"", "`\"v2\"`"), ("", "``")] {
        folder.write("m.wasm", &guest(reply, ""));
        let outcome = annotate(&folder, &[]);
        assert_eq!(outcome.code, 4, "{reply}: {outcome:?}");
        assert!(outcome.stderr.contains(word), "{}", outcome.stderr);
    }
    let wasi = r#"(module (import "wasi_snapshot_preview1" "fd_write" (func)) (memory (export "memory") 1)
        (func (export "__guest_call") (param i32 i32) (result i32) (i32.const 0)))"#;
    folder.write("m.wasm", &wat::parse_str(wasi).unwrap());
    let outcome = annotate(&folder, &[]);
    assert_eq!(outcome.code, 4);
    assert!(outcome.stderr.contains("wasi_snapshot_preview1.fd_write"), "{}", outcome.stderr);
}

#[test]
fn rego_needs_a_mode_of_its_own() {
    let rego = wat::parse_str(r#"(module (memory (export "memory") 1) (func (export "opa_eval")))"#).unwrap();
    let refused = folder(METADATA);
    refused.write("m.wasm", &rego);
    let outcome = annotate(&refused, &[]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains("is a Rego policy"), "{}", outcome.stderr);
    let with_mode = format!("executionMode: gatekeeper\n{METADATA}");
    let accepted = folder(&with_mode);
    accepted.write("m.wasm", &rego);
    assert_eq!(annotate(&accepted, &[]).code, 0);
    assert_eq!(inspected(&accepted, "out.wasm")["metadata"]["protocolVersion"], "Unknown");
    let outcome = annotate(&folder(&with_mode), &[]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains("is no Rego policy"), "{}", outcome.stderr);
}

#[test]
fn files_that_cannot_be_read_or_written_are_named() {
    let folder = folder(METADATA);
    let run = |module: &str, metadata: &str, usage: &str, output: &str| {
        folder.run(&["annotate", module, "-m", metadata, "-u", usage, "-o", output])
    };
    folder.write("text.wasm", b"no module");
    for (module, metadata, usage, output, code, word) in [
        ("none.wasm", "metadata.yml", "README.md", "out.wasm", 3, "none.wasm"),
        ("text.wasm", "metadata.yml", "README.md", "out.wasm", 4, "text.wasm"),
        ("m.wasm", "none.yml", "README.md", "out.wasm", 2, "none.yml"),
        ("m.wasm", "metadata.yml", "none.md", "out.wasm", 3, "none.md"),
        ("m.wasm", "metadata.yml", "README.md", "none/out.wasm", 3, "none/out.wasm"),
    ] {
        let outcome = run(module, metadata, usage, output);
        assert_eq!(outcome.code, code, "{outcome:?}");
        assert!(outcome.stderr.contains(word), "{}", outcome.stderr);
    }
}

#[test]
fn inspect_reads_what_others_annotated() {
    let folder = Folder::new(&[]);
    let first = r#"{\"rules\":[],\"mutating\":true,\"contextAware\":false,\"odd\":[1]}"#;
    let sections = format!(r#"(@custom "io.kubewarden.metadata" "{first}") (@custom "io.kubewarden.metadata" "{{}}")"#);
    folder.write("m.wasm", &guest("\"v1\"", &sections));
    let inspected = inspected(&folder, "m.wasm");
    let metadata = &inspected["metadata"];
    assert_eq!(metadata["mutating"], true);
    assert_eq!(metadata["backgroundAudit"], true);
    assert_eq!((&metadata["contextAware"], &metadata["odd"]), (&json!(false), &json!([1])));
    let text = folder.run(&["inspect", "m.wasm"]);
    assert_eq!(text.code, 0);
    assert!(text.stderr.contains("warning: there are 2 sections `io.kubewarden.metadata`"), "{}", text.stderr);
    assert!(text.stderr.contains("`/protocolVersion`"), "{}", text.stderr);
    assert!(text.stdout.contains("ignored   contextAware: false\n"), "{}", text.stdout);
}
