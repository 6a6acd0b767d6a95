//! Which host functions a policy of a `policies.yml` may call.

use crate::host_calls::{CAPABILITIES, HostCalls};
use std::sync::Arc;

/// A pattern of host functions: `*`, `<namespace>/*`, `<namespace>/v1/*`, or one by its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capability(String);

impl Capability {
    /// Reads a pattern. `None` when it covers nothing that exists.
    pub(super) fn parse(pattern: &str) -> Option<Self> {
        let capability = Self(pattern.to_owned());
        CAPABILITIES.iter().any(|path| capability.covers(path)).then_some(capability)
    }

    fn covers(&self, path: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some("") => true,
            Some(prefix) => prefix.ends_with('/') && path.starts_with(prefix),
            None => self.0 == path,
        }
    }
}

/// A host that answers only what a policy is allowed to ask; everything where nothing is said.
pub(crate) fn gate(host: Arc<dyn HostCalls>, allowed: Option<&[Capability]>) -> Arc<dyn HostCalls> {
    match allowed {
        Some(allowed) => Arc::new(Gate { host, allowed: allowed.to_vec() }),
        None => host,
    }
}

#[derive(Debug)]
struct Gate {
    host: Arc<dyn HostCalls>,
    allowed: Vec<Capability>,
}

impl HostCalls for Gate {
    fn call(&self, binding: &str, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        let path = format!("{namespace}/{operation}");
        let is_gated = binding == "kubewarden" && namespace != "tracing";
        if is_gated && !self.allowed.iter().any(|capability| capability.covers(&path)) {
            return Err(format!("`{path}` is not among the policy's `hostCapabilities`"));
        }
        self.host.call(binding, namespace, operation, payload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host_calls::offline;

    #[test]
    fn patterns_cover_what_exists() {
        for pattern in ["*", "oci/*", "oci/v1/*", "kubernetes/can_i"] {
            assert!(Capability::parse(pattern).is_some(), "{pattern}");
        }
        for pattern in ["", "oci", "oci*", "oci/v3/*", "kubernetes/can", "*/v1", "kubernetes/can_i/*", "tracing/log"] {
            assert!(Capability::parse(pattern).is_none(), "{pattern}");
        }
    }

    #[test]
    fn what_is_not_allowed_is_refused_before_it_is_asked() {
        let gate = |pattern: &str| Gate { host: offline(), allowed: Capability::parse(pattern).into_iter().collect() };
        let call = |pattern, operation| gate(pattern).call("kubewarden", "kubernetes", operation, b"{}").unwrap_err();
        assert!(call("oci/*", "can_i").contains("hostCapabilities"));
        assert!(call("kubernetes/*", "can_i").contains("offline"));
        assert_eq!(gate("").call("kubewarden", "tracing", "log", b""), Ok(Vec::new()));
    }
}
