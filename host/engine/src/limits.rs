//! How much one call may use.

use forewarn_core::engine::EngineError;
use wasmtime::ResourceLimiter;

/// The bounds of one call, instantiation included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Fuel: about a unit for each Wasm instruction, more for those that take longer, and one for each byte that an
    /// instruction or the host copies.
    pub fuel: u64,
    /// Linear memory in bytes, over all memories of the module.
    pub memory: usize,
    /// Elements in each table.
    pub table_elements: usize,
}

impl Limits {
    /// The bounds that `forewarn check` uses.
    ///
    /// The fuel lets a policy read an object several times as large as etcd stores (1.5 MB), and ends an endless loop
    /// within seconds.
    pub const DEFAULT: Self = Self { fuel: 2_000_000_000, memory: 128 << 20, table_elements: 1 << 16 };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Counts what one instance has been given.
pub(crate) struct Meter {
    limits: Limits,
    memory: usize,
}

impl Meter {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, memory: 0 }
    }
}

impl ResourceLimiter for Meter {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        // The module's own maximum is its own business: `memory.grow` answers -1.
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let total = self.memory.saturating_add(desired.saturating_sub(current));
        if total > self.limits.memory {
            return Err(EngineError::OutOfMemory { limit: self.limits.memory }.into());
        }
        self.memory = total;
        Ok(true)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= self.limits.table_elements)
    }

    fn instances(&self) -> usize {
        1
    }
}
