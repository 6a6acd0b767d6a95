//! A policy module that is compiled or mapped when it is first needed.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use forewarn_core::engine::EngineError;
use wasmtime::{ExternType, FuncType, InstancePre, UnknownImportError, ValType};

use crate::call::{GUEST_CALL, STARTS, State};
use crate::engine::Shared;
use crate::failure::load_error;
use crate::memory::MEMORY;

/// A module, tied to the engine that made it. A clone is the same module.
#[derive(Clone)]
pub struct Module(Arc<Inner>);

struct Inner {
    shared: Arc<Shared>,
    source: Source,
    loaded: OnceLock<Result<InstancePre<State>, EngineError>>,
}

enum Source {
    Wasm(Cow<'static, [u8]>),
    Precompiled(&'static [u8]),
}

impl Module {
    pub(crate) fn from_wasm(shared: Arc<Shared>, wasm: Cow<'static, [u8]>) -> Self {
        Self::new(shared, Source::Wasm(wasm))
    }

    /// # Safety
    ///
    /// `precompiled` is the unchanged output of [`crate::precompile`].
    #[expect(unsafe_code, reason = "the promise is kept by the caller and used in `load`")]
    pub(crate) unsafe fn from_precompiled(shared: Arc<Shared>, precompiled: &'static [u8]) -> Self {
        Self::new(shared, Source::Precompiled(precompiled))
    }

    fn new(shared: Arc<Shared>, source: Source) -> Self {
        Self(Arc::new(Inner { shared, source, loaded: OnceLock::new() }))
    }

    /// Makes the module ready, once; otherwise its first call does.
    ///
    /// # Errors
    ///
    /// [`EngineError::Load`], [`EngineError::UnknownImport`] or [`EngineError::MissingExport`].
    /// A module that failed once fails again with the same error.
    pub fn load(&self) -> Result<(), EngineError> {
        self.guest().map(|_| ())
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.0.shared
    }

    pub(crate) fn guest(&self) -> Result<&InstancePre<State>, EngineError> {
        self.0.loaded.get_or_init(|| self.0.link()).as_ref().map_err(Clone::clone)
    }
}

impl Inner {
    fn link(&self) -> Result<InstancePre<State>, EngineError> {
        let module = self.compile().map_err(|error| load_error(&error))?;
        let guest = self.shared.linker.instantiate_pre(&module).map_err(|error| link_error(&error))?;
        check_exports(&module)?;
        Ok(guest)
    }

    fn compile(&self) -> wasmtime::Result<wasmtime::Module> {
        match &self.source {
            Source::Wasm(wasm) => wasmtime::Module::from_binary(&self.shared.engine, wasm),
            // SAFETY: `from_precompiled` demands the compiler's own, unchanged bytes, and `&'static` keeps them so.
            // wasmtime itself refuses bytes of another version or configuration.
            #[expect(unsafe_code, reason = "proven above")]
            Source::Precompiled(bytes) => unsafe { wasmtime::Module::deserialize(&self.shared.engine, bytes) },
        }
    }
}

fn link_error(error: &wasmtime::Error) -> EngineError {
    match error.downcast_ref::<UnknownImportError>() {
        Some(import) => {
            EngineError::UnknownImport { module: import.module().to_owned(), name: import.name().to_owned() }
        }
        None => load_error(error),
    }
}

/// Checks that the exports which the host uses are there and have waPC's types.
fn check_exports(module: &wasmtime::Module) -> Result<(), EngineError> {
    let missing = |name: &str| EngineError::MissingExport { name: name.to_owned() };
    module.get_export(MEMORY).filter(|export| export.memory().is_some()).ok_or_else(|| missing(MEMORY))?;
    let call = module.get_export(GUEST_CALL).ok_or_else(|| missing(GUEST_CALL))?;
    let engine = module.engine();
    let wanted = FuncType::new(engine, [ValType::I32, ValType::I32], [ValType::I32]);
    check_function(GUEST_CALL, &call, &wanted)?;
    for name in STARTS {
        if let Some(start) = module.get_export(name) {
            check_function(name, &start, &FuncType::new(engine, [], []))?;
        }
    }
    Ok(())
}

fn check_function(name: &str, export: &ExternType, wanted: &FuncType) -> Result<(), EngineError> {
    if export.func().is_some_and(|found| FuncType::eq(found, wanted)) {
        return Ok(());
    }
    Err(EngineError::Load { reason: format!("the export `{name}` does not have the type that waPC gives it") })
}
