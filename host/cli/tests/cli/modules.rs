//! Modules that fail: always exit 4 with the reason, never a verdict.

use crate::forewarn::Folder;

const REQUEST: &str = r#"{"uid":"1","operation":"CREATE","userInfo":{},"kind":{"group":"","version":"v1","kind":"Pod"},
    "resource":{"group":"","version":"v1","resource":"pods"},"object":{}}"#;

/// A guest that takes any settings, and does `validate` as `body` says. At 0, 32 and 64 of its memory are replies; `$msg` is
/// the request's length, and the request is at 2048.
pub(crate) fn guest(body: &str) -> String {
    format!(
        r#"(module
            (import "wapc" "__guest_request" (func $request (param i32 i32)))
            (import "wapc" "__guest_response" (func $response (param i32 i32)))
            (import "wapc" "__guest_error" (func $error (param i32 i32)))
            (memory (export "memory") 2)
            (data (i32.const 0) "{{\"valid\":true}}")
            (data (i32.const 32) "{{\"accepted\":true}}")
            (data (i32.const 64) "nonsense")
            (func (export "__guest_call") (param $op i32) (param $msg i32) (result i32)
                (call $request (i32.const 1024) (i32.const 2048))
                (if (i32.eq (local.get $op) (i32.const 17))
                    (then (call $response (i32.const 0) (i32.const 14)) (return (i32.const 1))))
                {body}))"#
    )
}

fn run(wat: &str) -> crate::forewarn::Outcome {
    let folder = Folder::new(&[("request.json", REQUEST)]);
    folder.write("m.wasm", &wat::parse_str(wat).unwrap());
    folder.run(&["run", "--module", "m.wasm", "--request", "request.json"])
}

#[test]
fn a_good_guest_is_a_pass() {
    let outcome = run(&guest("(call $response (i32.const 32) (i32.const 17)) (i32.const 1)"));
    assert_eq!(outcome.code, 0, "{outcome:?}");
}

#[test]
fn failures_are_no_verdict() {
    for (body, word) in [
        ("unreachable", "trap"),
        ("(loop $l (br $l)) (i32.const 1)", "fuel"),
        ("(loop $l (drop (memory.grow (i32.const 64))) (br $l)) (i32.const 1)", "memory"),
        ("(call $response (i32.const 131000) (i32.const 4096)) (i32.const 1)", "outside its memory"),
        ("(call $response (i32.const -8) (i32.const 4)) (i32.const 1)", "outside its memory"),
        ("(call $response (i32.const 64) (i32.const 8)) (i32.const 1)", "not JSON"),
        ("(call $response (i32.const 0) (i32.const 14)) (i32.const 1)", "does not say `accepted`"),
        ("(call $error (i32.const 64) (i32.const 8)) (i32.const 0)", "nonsense"),
        ("(i32.const 0)", "neither a reply nor an error"),
    ] {
        let outcome = run(&guest(body));
        assert_eq!((outcome.code, outcome.stdout.as_str()), (4, ""), "{body}: {outcome:?}");
        assert!(outcome.stderr.contains(word), "{body}: {}", outcome.stderr);
    }
}

#[test]
fn unknown_imports_are_named() {
    for (module, name) in [("env", "now"), ("wasi_snapshot_preview1", "fd_write")] {
        let outcome = run(&format!(
            r#"(module (import "{module}" "{name}" (func)) (memory (export "memory") 1)
                (func (export "__guest_call") (param i32 i32) (result i32) (i32.const 0)))"#
        ));
        assert_eq!(outcome.code, 4);
        assert!(outcome.stderr.contains(&format!("{module}.{name}")), "{}", outcome.stderr);
    }
}
