//! Core's engine on wasmtime.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use forewarn_core::engine::EngineError;
use forewarn_core::host_calls::HostCalls;
use wasmtime::Linker;

use crate::call::{State, call};
use crate::config::runtime;
use crate::failure::load_error;
use crate::limits::Limits;
use crate::module::Module;
use crate::wapc::linker;

/// Loads and calls policy modules; one per process is enough.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
    /// Those that were asked for, by the address of their code: mapping one costs more than many calls.
    precompiled: Arc<Mutex<HashMap<(usize, usize), Module>>>,
}

/// What an engine and its modules have in common.
pub(crate) struct Shared {
    pub(crate) engine: wasmtime::Engine,
    pub(crate) linker: Linker<State>,
    limits: Limits,
}

impl Engine {
    /// An engine whose calls have these bounds.
    ///
    /// # Errors
    ///
    /// [`EngineError::Load`] when wasmtime does not support this machine.
    pub fn new(limits: Limits) -> Result<Self, EngineError> {
        let engine = runtime()?;
        let linker = linker(&engine).map_err(|error| load_error(&error))?;
        Ok(Self { shared: Arc::new(Shared { engine, linker, limits }), precompiled: Arc::default() })
    }

    /// A module from Wasm bytes, compiled when it is first needed.
    #[must_use]
    pub fn module(&self, wasm: impl Into<Cow<'static, [u8]>>) -> Module {
        Module::from_wasm(Arc::clone(&self.shared), wasm.into())
    }

    /// A module from code that [`crate::precompile`] made at build time, mapped when it is first needed. The same code
    /// gives the same module, mapped once, for as long as the engine lives.
    ///
    /// # Safety
    ///
    /// `precompiled` is the unchanged output of [`crate::precompile`]: anything else is run as machine code.
    /// Bytes that were read from a disk or a network at run time never qualify.
    #[expect(unsafe_code, reason = "precompiled bytes are machine code")]
    #[must_use]
    pub unsafe fn precompiled_module(&self, precompiled: &'static [u8]) -> Module {
        // SAFETY: the caller promises what the callee asks for.
        let new = || unsafe { Module::from_precompiled(Arc::clone(&self.shared), precompiled) };
        let mut known = self.precompiled.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry((precompiled.as_ptr().addr(), precompiled.len())).or_insert_with(new).clone()
    }
}

impl forewarn_core::engine::Engine for Engine {
    type Module = Module;

    /// Calls one operation in a fresh instance, under the limits of the engine that made the module.
    fn call(
        &self,
        module: &Module,
        operation: &str,
        payload: &[u8],
        host: &Arc<dyn HostCalls>,
    ) -> Result<Vec<u8>, EngineError> {
        let shared = module.shared();
        call(module.guest()?, shared.limits, host, operation, payload)
    }
}
