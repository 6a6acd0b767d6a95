//! What a guest may ask of its host.

/// Answers a guest's `__host_call`.
pub trait HostCalls: Send + Sync {
    /// Answers one capability call, such as binding `kubewarden`, namespace `kubernetes`, operation `get_resource`.
    ///
    /// # Errors
    ///
    /// The text that the guest gets to read; the guest decides what follows from it.
    fn call(&self, binding: &str, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String>;
}

/// Answers without a cluster or a network: log lines are dropped, everything else is refused.
#[derive(Debug, Clone, Copy, Default)]
pub struct Offline;

impl HostCalls for Offline {
    fn call(&self, binding: &str, namespace: &str, operation: &str, _payload: &[u8]) -> Result<Vec<u8>, String> {
        match (binding, namespace, operation) {
            ("kubewarden", "tracing", "log") => Ok(Vec::new()),
            _ => Err(format!("`{binding}/{namespace}/{operation}` is not available offline")),
        }
    }
}
