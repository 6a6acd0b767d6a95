//! `forewarn check --policies`: a cluster's own policies.

mod bad_input;
mod config;
mod matching;
mod modules;
mod notices;
mod seen;

/// The registry in which the bundled policies are published.
const REGISTRY: &str = "registry://ghcr.io/forewarn/policies";

/// A rule for pods.
const PODS: &str = "{apiGroups: [''], apiVersions: [v1], resources: [pods], operations: [CREATE, UPDATE]}";

/// A ClusterAdmissionPolicy; `spec` is the inside of a flow mapping.
fn cluster_policy(name: &str, module: &str, spec: &str) -> String {
    format!(
        "apiVersion: policies.kubewarden.io/v1\nkind: ClusterAdmissionPolicy\nmetadata: {{name: {name}}}\n\
         spec: {{module: '{module}', {spec}}}\n"
    )
}

/// A guest that takes any settings and does `validate` as `body` says. At 32 is an acceptance, at 64 a denial, both
/// without findings.
fn guest(body: &str) -> Vec<u8> {
    let wat = format!(
        r#"(module
            (import "wapc" "__guest_request" (func $request (param i32 i32)))
            (import "wapc" "__guest_response" (func $response (param i32 i32)))
            (memory (export "memory") 8)
            (data (i32.const 0) "{{\"valid\":true}}")
            (data (i32.const 32) "{{\"accepted\":true}}")
            (data (i32.const 64) "{{\"accepted\":false,\"message\":\"never\"}}")
            (func (export "__guest_call") (param $op i32) (param $msg i32) (result i32)
                (call $request (i32.const 1024) (i32.const 2048))
                (if (i32.eq (local.get $op) (i32.const 17))
                    (then (call $response (i32.const 0) (i32.const 14)) (return (i32.const 1))))
                {body}))"#
    );
    wat::parse_str(&wat).unwrap()
}

/// Denies everything.
fn denying() -> Vec<u8> {
    guest("(call $response (i32.const 64) (i32.const 36)) (i32.const 1)")
}

/// Gives no verdict.
fn trapping() -> Vec<u8> {
    guest("unreachable")
}
