//! The browser's own WebAssembly as core's engine.

use std::sync::Arc;

use forewarn_core::engine::{Engine, EngineError};
use forewarn_core::host_calls::HostCalls;
use serde::Deserialize;
use wasm_bindgen::prelude::*;

/// Where the page keeps the compiled module.
pub(crate) type ModuleIndex = u32;

#[wasm_bindgen(raw_module = "./engine.js")]
extern "C" {
    /// Calls one waPC operation in a fresh instance. Throws the JSON of a [`Thrown`].
    #[wasm_bindgen(catch, js_name = call)]
    fn call_guest(
        module: ModuleIndex,
        operation: &str,
        payload: &[u8],
        host: &mut dyn FnMut(String, String, String, Vec<u8>) -> Result<Vec<u8>, JsValue>,
    ) -> Result<Vec<u8>, JsValue>;
}

/// The engine of this browser.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Browser;

impl Engine for Browser {
    type Module = ModuleIndex;

    fn call(
        &self,
        module: &ModuleIndex,
        operation: &str,
        payload: &[u8],
        host: &Arc<dyn HostCalls>,
    ) -> Result<Vec<u8>, EngineError> {
        let mut answer = |binding: String, namespace: String, operation: String, payload: Vec<u8>| {
            host.call(&binding, &namespace, &operation, &payload).map_err(|error| JsValue::from_str(&error))
        };
        call_guest(*module, operation, payload, &mut answer).map_err(|thrown| engine_error(&thrown))
    }
}

/// What `engine.js` throws.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
enum Thrown {
    Load { reason: String },
    UnknownImport { module: String, name: String },
    MissingExport { name: String },
    OutOfMemory { limit: usize },
    BadPointer { function: String, ptr: u32, len: u32 },
    BadUtf8 { function: String },
    Trap { reason: String },
    Guest { message: String },
    NoResponse,
}

impl From<Thrown> for EngineError {
    fn from(thrown: Thrown) -> Self {
        match thrown {
            Thrown::Load { reason } => Self::Load { reason },
            Thrown::UnknownImport { module, name } => Self::UnknownImport { module, name },
            Thrown::MissingExport { name } => Self::MissingExport { name },
            Thrown::OutOfMemory { limit } => Self::OutOfMemory { limit },
            Thrown::BadPointer { function, ptr, len } => Self::BadPointer { function, ptr, len },
            Thrown::BadUtf8 { function } => Self::BadUtf8 { function },
            Thrown::Trap { reason } => Self::Trap { reason },
            Thrown::Guest { message } => Self::Guest { message },
            Thrown::NoResponse => Self::NoResponse,
        }
    }
}

fn engine_error(thrown: &JsValue) -> EngineError {
    let text = thrown.as_string().unwrap_or_else(|| format!("{thrown:?}"));
    match serde_json::from_str::<Thrown>(&text) {
        Ok(thrown) => thrown.into(),
        // Whatever else is thrown, it stopped the guest.
        Err(_) => EngineError::Trap { reason: text },
    }
}
