//! Modules that cannot be loaded, and precompiled ones that can.

use forewarn_core::engine::EngineError;
use forewarn_engine::{Engine, compatibility, precompile};

use crate::guest::{LIMITS, call, guest, validate};

#[test]
fn unknown_imports_are_named() {
    for (module, name) in [
        ("env", "clock"),
        ("wapc", "__guest_exit"),
        ("wasi_snapshot_preview1", "fd_write"),
        ("__wbindgen_placeholder__", "__wbindgen_describe"),
    ] {
        let wat = format!(
            r#"(module (import "{module}" "{name}" (func)) (memory (export "memory") 1)
            (func (export "__guest_call") (param i32 i32) (result i32) (i32.const 1)))"#
        );
        assert_eq!(call(&wat), Err(EngineError::UnknownImport { module: module.to_owned(), name: name.to_owned() }));
    }
}

#[test]
fn imports_of_another_type_are_refused() {
    let wat = r#"(module (import "wapc" "__guest_request" (func (param i64)))
        (memory (export "memory") 1)
        (func (export "__guest_call") (param i32 i32) (result i32) (i32.const 1)))"#;
    assert!(matches!(call(wat), Err(EngineError::Load { .. })));
}

#[test]
fn missing_exports_are_named() {
    let missing = |name: &str| Err(EngineError::MissingExport { name: name.to_owned() });
    let call_only = r#"(func (export "__guest_call") (param i32 i32) (result i32) (i32.const 1))"#;
    assert_eq!(call(&format!("(module (memory 1) {call_only})")), missing("memory"));
    assert_eq!(
        call(&format!("(module (global (export \"memory\") i32 (i32.const 0)) {call_only})")),
        missing("memory")
    );
    assert_eq!(call(r#"(module (memory (export "memory") 1))"#), missing("__guest_call"));
}

#[test]
fn exports_of_another_type_are_refused() {
    for items in [
        r#"(func (export "__guest_call") (param i64 i32) (result i32) (i32.const 1))"#,
        r#"(func (export "__guest_call") (param i32 i32))"#,
        r#"(global (export "__guest_call") i32 (i32.const 0))"#,
        r#"(func (export "__guest_call") (param i32 i32) (result i32) (i32.const 1))
           (func (export "wapc_init") (result i32) (i32.const 1))"#,
        r#"(func (export "__guest_call") (param i32 i32) (result i32) (i32.const 1))
           (func (export "_start") (param i32))"#,
    ] {
        let wat = format!(r#"(module (memory (export "memory") 1) {items})"#);
        assert!(matches!(call(&wat), Err(EngineError::Load { .. })), "{items}");
    }
}

#[test]
fn bytes_that_are_no_module_are_refused() {
    let engine = Engine::new(LIMITS).unwrap();
    let valid = wat::parse_str(guest("(i32.const 1)")).unwrap();
    let component = wat::parse_str("(component)").unwrap();
    let cases = [
        Vec::new(),
        b"no module at all".to_vec(),
        valid[..valid.len() / 2].to_vec(),
        component,
        precompile(&valid).unwrap(),
        b"(module)".to_vec(),
    ];
    for wasm in cases {
        let module = engine.module(wasm.clone());
        let first = module.load();
        assert!(matches!(first, Err(EngineError::Load { .. })), "{wasm:?}");
        // A failed module stays failed, with the same words.
        assert_eq!(module.load(), first);
        assert_eq!(validate(&engine, &module, b"{}"), first.map(|()| Vec::new()));
    }
}

#[test]
fn threads_and_exceptions_are_refused() {
    for items in ["(memory (export \"memory\") 1 1 shared)", "(memory (export \"memory\") 1) (tag)"] {
        let wat =
            format!(r#"(module {items} (func (export "__guest_call") (param i32 i32) (result i32) (i32.const 1)))"#);
        assert!(matches!(call(&wat), Err(EngineError::Load { .. })), "{items}");
    }
}

#[test]
fn precompiled_code_runs_like_its_source() {
    let wasm = wat::parse_str(guest("(call $guest_response (i32.const 0) (i32.const 2)) (i32.const 1)")).unwrap();
    let precompiled: &'static [u8] = precompile(&wasm).unwrap().leak();
    let engine = Engine::new(LIMITS).unwrap();
    // SAFETY: these bytes come from `precompile` three lines above.
    #[expect(unsafe_code, reason = "the function under test")]
    let module = unsafe { engine.precompiled_module(precompiled) };
    assert_eq!(module.load(), Ok(()));
    assert_eq!(validate(&engine, &module, b"{}"), Ok(vec![0, 0]));
    assert_eq!(validate(&engine, &module, b"{}"), validate(&engine, &engine.module(wasm), b"{}"));
}

#[test]
fn compiling_is_reproducible() {
    let wasm = wat::parse_str(guest("(i32.const 1)")).unwrap();
    assert_eq!(precompile(&wasm), precompile(&wasm));
    assert_eq!(compatibility(), compatibility());
}

#[test]
fn a_start_section_runs() {
    let wat = crate::guest::module(
        r#"(func $main (i32.store8 (i32.const 0) (i32.const 7))) (start $main)
        (func (export "__guest_call") (param i32 i32) (result i32)
          (call $guest_response (i32.const 0) (i32.const 1)) (i32.const 1))"#,
    );
    assert_eq!(call(&wat), Ok(vec![7]));
}
