//! From wasmtime's errors to core's.

use forewarn_core::engine::EngineError;
use wasmtime::{Error, Trap};

use crate::limits::Limits;

/// Why a module could not be made ready.
pub(crate) fn load_error(error: &Error) -> EngineError {
    EngineError::Load { reason: one_line(error) }
}

/// Why a guest stopped before it returned.
pub(crate) fn call_error(error: &Error, limits: Limits) -> EngineError {
    if let Some(own) = error.downcast_ref::<EngineError>() {
        return own.clone();
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => EngineError::OutOfFuel { limit: limits.fuel },
        Some(trap) => {
            let text = trap.to_string();
            EngineError::Trap { reason: text.strip_prefix("wasm trap: ").unwrap_or(&text).to_owned() }
        }
        None => EngineError::Trap { reason: one_line(error) },
    }
}

/// The error and its causes, joined, because a reason is shown within a sentence.
fn one_line(error: &Error) -> String {
    format!("{error:#}").split_whitespace().collect::<Vec<_>>().join(" ")
}
