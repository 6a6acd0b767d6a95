//! What core asks of whoever runs the policy modules.

use crate::host_calls::HostCalls;
use std::sync::Arc;
use thiserror::Error;

/// Runs policy modules: wasmtime on the command line, the browser's own WebAssembly on the playground.
///
/// Loading is the implementer's business, because a browser compiles asynchronously.
pub trait Engine: Sync {
    /// A module that is loaded, or that loads itself at its first call.
    type Module: Send + Sync;

    /// Calls one waPC operation (`validate`, `validate_settings`, `protocol_version`) and returns the reply's bytes.
    /// What the module asks meanwhile, `host` answers.
    ///
    /// # Errors
    ///
    /// Every way in which a module can fail to reply. None of them is a verdict.
    fn call(
        &self,
        module: &Self::Module,
        operation: &str,
        payload: &[u8],
        host: &Arc<dyn HostCalls>,
    ) -> Result<Vec<u8>, EngineError>;
}

/// Why a module gave no reply.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The bytes are no WebAssembly module that can be run here.
    #[error("the module cannot be loaded: {reason}")]
    Load {
        /// What the loader said.
        reason: String,
    },
    /// The module asks for a function that a policy is not given.
    #[error("the module imports `{module}.{name}`, which is not available to a policy; only `wapc.*` is")]
    UnknownImport {
        /// The import's module, such as `env`.
        module: String,
        /// The import's name, such as `clock_gettime`.
        name: String,
    },
    /// The module lacks something that every waPC guest exports.
    #[error("the module does not export `{name}`, so it is not a waPC guest")]
    MissingExport {
        /// The export's name: `memory` or `__guest_call`.
        name: String,
    },
    /// The call needed more than its share of instructions.
    #[error("the call ran out of fuel: it took more than {limit} instructions")]
    OutOfFuel {
        /// The fuel of one call, roughly one per Wasm instruction.
        limit: u64,
    },
    /// The module needed more than its share of memory.
    #[error("the module ran out of memory: it asked for more than {limit} bytes")]
    OutOfMemory {
        /// The limit of linear memory in bytes.
        limit: usize,
    },
    /// The guest handed over an address outside its own memory.
    #[error("the guest passed `{function}` a range outside its memory: {len} bytes at address {ptr}")]
    BadPointer {
        /// The imported function that was called.
        function: String,
        /// The address, read as unsigned.
        ptr: u32,
        /// The length in bytes, read as unsigned.
        len: u32,
    },
    /// The guest handed over text that is not UTF-8.
    #[error("the guest passed `{function}` text that is not UTF-8")]
    BadUtf8 {
        /// The imported function that was called.
        function: String,
    },
    /// The guest stopped by a trap, such as a panic.
    #[error("the guest trapped: {reason}")]
    Trap {
        /// The trap's name.
        reason: String,
    },
    /// The guest itself reported that the operation failed.
    #[error("the guest reported an error: {message}")]
    Guest {
        /// The guest's words.
        message: String,
    },
    /// The guest returned without a reply and without an error.
    #[error("the guest returned neither a reply nor an error")]
    NoResponse,
}
