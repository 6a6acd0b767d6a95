//! Guests in the text format, and the engine that runs them.

use std::sync::Arc;

use forewarn_core::engine::{Engine as _, EngineError};
use forewarn_core::host_calls::{HostCalls, offline};
use forewarn_engine::{Engine, Limits, Module};

/// Every waPC import, as functions named like their imports without the underscores.
const IMPORTS: &str = r#"
  (import "wapc" "__guest_request" (func $guest_request (param i32 i32)))
  (import "wapc" "__guest_response" (func $guest_response (param i32 i32)))
  (import "wapc" "__guest_error" (func $guest_error (param i32 i32)))
  (import "wapc" "__host_call" (func $host_call (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wapc" "__host_response_len" (func $host_response_len (result i32)))
  (import "wapc" "__host_response" (func $host_response (param i32)))
  (import "wapc" "__host_error_len" (func $host_error_len (result i32)))
  (import "wapc" "__host_error" (func $host_error (param i32)))
  (import "wapc" "__console_log" (func $console_log (param i32 i32)))
"#;

/// Limits that let a test's endless loop end soon.
pub(crate) const LIMITS: Limits = Limits { fuel: 10_000_000, memory: 4 << 20, table_elements: 1_000 };

/// A module with all waPC imports, one exported page of memory and these further items.
pub(crate) fn module(items: &str) -> String {
    format!("(module {IMPORTS} (memory (export \"memory\") 1) {items})")
}

/// A module whose `__guest_call` has this body; its parameters are `$operation` and `$payload`.
pub(crate) fn guest(body: &str) -> String {
    module(&format!("(func (export \"__guest_call\") (param $operation i32) (param $payload i32) (result i32) {body})"))
}

/// Calls `validate` with the payload `{}`.
pub(crate) fn call(wat: &str) -> Result<Vec<u8>, EngineError> {
    call_with(&Engine::new(LIMITS).unwrap(), wat, b"{}")
}

/// As [`call`], with host calls answered by `host_calls`.
pub(crate) fn call_answered(wat: &str, host_calls: impl HostCalls + 'static) -> Result<Vec<u8>, EngineError> {
    let engine = Engine::new(LIMITS).unwrap();
    let module = engine.module(wat::parse_str(wat).unwrap());
    let host: Arc<dyn HostCalls> = Arc::new(host_calls);
    engine.call(&module, "validate", b"{}", &host)
}

/// Calls `validate` on an engine of the test's own.
pub(crate) fn call_with(engine: &Engine, wat: &str, payload: &[u8]) -> Result<Vec<u8>, EngineError> {
    let module = engine.module(wat::parse_str(wat).unwrap());
    validate(engine, &module, payload)
}

/// Calls `validate` of a module, offline.
pub(crate) fn validate(engine: &Engine, module: &Module, payload: &[u8]) -> Result<Vec<u8>, EngineError> {
    engine.call(module, "validate", payload, &offline())
}
