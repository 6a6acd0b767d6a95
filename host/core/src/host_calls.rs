//! What a policy may ask of its host.

use std::fmt::Debug;
use std::sync::Arc;

/// The binding of every call that a Kubewarden policy makes.
const BINDING: &str = "kubewarden";

/// Kubewarden's capabilities besides log lines, as `<namespace>/<operation>`.
pub(crate) const CAPABILITIES: [&str; 11] = [
    "crypto/v1/is_certificate_trusted",
    "kubernetes/can_i",
    "kubernetes/get_resource",
    "kubernetes/list_resources_all",
    "kubernetes/list_resources_by_namespace",
    "net/v1/dns_lookup_host",
    "oci/v1/manifest_digest",
    "oci/v1/oci_manifest",
    "oci/v1/oci_manifest_config",
    "oci/v1/verify",
    "oci/v2/verify",
];

/// Answers a guest's host calls.
pub trait HostCalls: Debug + Send + Sync {
    /// Answers one call, such as binding `kubewarden`, namespace `kubernetes`, operation `get_resource`.
    ///
    /// # Errors
    ///
    /// The text that the guest gets to read; the guest decides what follows from it.
    fn call(&self, binding: &str, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String>;
}

/// Answers without a cluster or a network: log lines are dropped, everything else is refused.
#[derive(Debug, Clone, Copy, Default)]
pub struct Offline;

/// [`Offline`], as engines take it.
#[must_use]
pub fn offline() -> Arc<dyn HostCalls> {
    Arc::new(Offline)
}

impl HostCalls for Offline {
    fn call(&self, binding: &str, namespace: &str, operation: &str, _payload: &[u8]) -> Result<Vec<u8>, String> {
        if binding != BINDING {
            return Err(format!("the host has no binding `{binding}`, only `{BINDING}`"));
        }
        // A verdict does not depend on what is logged, so even a bad line is no error, as in Kubewarden.
        if (namespace, operation) == ("tracing", "log") {
            return Ok(Vec::new());
        }
        let capability = format!("{namespace}/{operation}");
        Err(if CAPABILITIES.contains(&capability.as_str()) {
            format!("`{capability}` is not available offline")
        } else {
            format!("the host has no capability `{capability}`")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{CAPABILITIES, HostCalls, Offline};

    #[test]
    fn every_capability_is_refused_by_name() {
        for capability in CAPABILITIES {
            let (namespace, operation) = capability.split_once('/').unwrap();
            let answer = Offline.call("kubewarden", namespace, operation, b"{}");
            assert_eq!(answer, Err(format!("`{capability}` is not available offline")));
        }
    }

    #[test]
    fn other_calls_are_errors_of_the_policy() {
        for (binding, namespace, operation, message) in [
            ("other", "tracing", "log", "the host has no binding `other`, only `kubewarden`"),
            ("kubewarden", "tracing", "log2", "the host has no capability `tracing/log2`"),
            ("kubewarden", "net", "lookup", "the host has no capability `net/lookup`"),
        ] {
            assert_eq!(Offline.call(binding, namespace, operation, b"{}"), Err(message.to_owned()));
        }
    }

    #[test]
    fn log_lines_are_dropped() {
        assert_eq!(Offline.call("kubewarden", "tracing", "log", b"no JSON"), Ok(Vec::new()));
    }
}
