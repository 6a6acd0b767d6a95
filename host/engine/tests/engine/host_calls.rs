//! The guest's way to ask its host.

use forewarn_core::engine::EngineError;
use forewarn_core::host_calls::HostCalls;

use crate::guest::{call, call_answered, module};

/// A guest that asks `kubewarden` / `kubernetes` / `get_resource` with `{}` and replies with the answer or the error.
fn asking() -> String {
    module(
        r#"(data (i32.const 0) "kubewardenkubernetesget_resource{}\ff")
        (func (export "__guest_call") (param i32 i32) (result i32)
          (if (call $host_call (i32.const 0) (i32.const 10) (i32.const 10) (i32.const 10)
                (i32.const 20) (i32.const 12) (i32.const 32) (i32.const 2))
            (then (call $host_response (i32.const 100))
              (call $guest_response (i32.const 100) (call $host_response_len)))
            (else (call $host_error (i32.const 100))
              (call $guest_response (i32.const 100) (call $host_error_len))))
          (i32.const 1))"#,
    )
}

#[derive(Debug)]
struct Echo;

impl HostCalls for Echo {
    fn call(&self, binding: &str, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        Ok(format!("{binding} {namespace} {operation} {}", String::from_utf8_lossy(payload)).into_bytes())
    }
}

#[test]
fn offline_refuses_with_a_reason() {
    assert_eq!(call(&asking()), Ok(b"`kubernetes/get_resource` is not available offline".to_vec()));
}

#[test]
fn answers_reach_the_guest() {
    assert_eq!(call_answered(&asking(), Echo), Ok(b"kubewarden kubernetes get_resource {}".to_vec()));
}

#[test]
fn log_lines_are_accepted_and_dropped() {
    let wat = module(
        r#"(data (i32.const 0) "kubewardentracinglog{}")
        (func (export "__guest_call") (param i32 i32) (result i32)
          (i32.store8 (i32.const 100) (call $host_call (i32.const 0) (i32.const 10) (i32.const 10) (i32.const 7)
            (i32.const 17) (i32.const 3) (i32.const 20) (i32.const 2)))
          (i32.store8 (i32.const 101) (call $host_response_len))
          (i32.store8 (i32.const 102) (call $host_error_len))
          (call $console_log (i32.const 0) (i32.const 22))
          (call $guest_response (i32.const 100) (i32.const 3)) (i32.const 1))"#,
    );
    assert_eq!(call(&wat), Ok(vec![1, 0, 0]));
}

#[test]
fn names_are_utf8() {
    for position in 0..3 {
        let name = |at| if at == position { 34 } else { 0 };
        let wat = asking().replace(
            "(i32.const 0) (i32.const 10) (i32.const 10) (i32.const 10)\n                (i32.const 20) (i32.const 12)",
            &format!(
                "(i32.const {}) (i32.const 1) (i32.const {}) (i32.const 1) (i32.const {}) (i32.const 1)",
                name(0),
                name(1),
                name(2)
            ),
        );
        assert_eq!(call(&wat), Err(EngineError::BadUtf8 { function: "__host_call".to_owned() }), "{position}");
    }
}
