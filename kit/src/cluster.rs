//! Other objects of the cluster, as far as the policy was granted access to them; offline, of the same input.
//!
//! The metadata's `contextAwareResources` names the kinds. Every question costs a call of the host, so a rule asks only
//! where the answer changes the verdict.

use crate::json::quote;

/// No answer: there is no such object, it must not be seen, or there is no cluster. Nothing follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unseen;

/// One object as JSON. `api_version` is `v1` or `<group>/<version>`.
///
/// # Errors
/// [`Unseen`], also where the object does not exist: a host does not tell the two apart.
pub fn get(api_version: &str, kind: &str, namespace: &str, name: &str) -> Result<String, Unseen> {
    let payload = format!(
        r#"{{"api_version":{},"kind":{},"namespace":{},"name":{},"disable_cache":false}}"#,
        quote(api_version),
        quote(kind),
        quote(namespace),
        quote(name)
    );
    call("get_resource", &payload)
}

/// All objects of a kind in a namespace, as JSON: a list with `items`, which may lack `apiVersion` and `kind`.
///
/// # Errors
/// [`Unseen`].
pub fn list(api_version: &str, kind: &str, namespace: &str) -> Result<String, Unseen> {
    let payload =
        format!(r#"{{"api_version":{},"kind":{},"namespace":{}}}"#, quote(api_version), quote(kind), quote(namespace));
    call("list_resources_by_namespace", &payload)
}

#[cfg(target_arch = "wasm32")]
fn call(operation: &str, payload: &str) -> Result<String, Unseen> {
    let reply = wapc_guest::host_call("kubewarden", "kubernetes", operation, payload.as_bytes());
    String::from_utf8(reply.map_err(|_| Unseen)?).map_err(|_| Unseen)
}

/// There is no host to ask: the rule runs natively, in a test or in the benchmark.
#[cfg(not(target_arch = "wasm32"))]
fn call(_: &str, _: &str) -> Result<String, Unseen> {
    Err(Unseen)
}
