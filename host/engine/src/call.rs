//! One waPC call, from a fresh instance to the reply's bytes.

use std::sync::Arc;

use forewarn_core::engine::EngineError;
use forewarn_core::host_calls::HostCalls;
use wasmtime::{Instance, InstancePre, PoolConcurrencyLimitError, Store};

use crate::failure::call_error;
use crate::limits::{Limits, Meter};

/// The export that every waPC guest is called through.
pub(crate) const GUEST_CALL: &str = "__guest_call";
/// Exports that a host runs before the first call, in this order, where they exist.
pub(crate) const STARTS: [&str; 2] = ["_start", "wapc_init"];

/// What the imported functions share during one call.
pub(crate) struct State {
    pub(crate) operation: Vec<u8>,
    pub(crate) payload: Vec<u8>,
    pub(crate) reply: Option<Vec<u8>>,
    pub(crate) error: Option<String>,
    pub(crate) host_reply: Vec<u8>,
    pub(crate) host_error: String,
    pub(crate) host: Arc<dyn HostCalls>,
    meter: Meter,
}

/// Calls `operation` in a fresh instance that is dropped afterwards.
pub(crate) fn call(
    guest: &InstancePre<State>,
    limits: Limits,
    host: &Arc<dyn HostCalls>,
    operation: &str,
    payload: &[u8],
) -> Result<Vec<u8>, EngineError> {
    let lengths = (guest_len(operation.as_bytes(), limits)?, guest_len(payload, limits)?);
    let state = || State {
        operation: operation.as_bytes().to_vec(),
        payload: payload.to_vec(),
        reply: None,
        error: None,
        host_reply: Vec::new(),
        host_error: String::new(),
        host: Arc::clone(host),
        meter: Meter::new(limits),
    };
    let failed = |error: wasmtime::Error| call_error(&error, limits);
    let (mut store, instance) = instantiate(guest, limits, state).map_err(failed)?;
    let answer = run(instance, &mut store, lengths).map_err(failed)?;
    let State { reply, error, .. } = store.into_data();
    match (answer, reply, error) {
        (1.. | ..=-1, Some(reply), _) => Ok(reply),
        (_, _, Some(message)) => Err(EngineError::Guest { message }),
        (_, _, None) => Err(EngineError::NoResponse),
    }
}

fn instantiate(
    guest: &InstancePre<State>,
    limits: Limits,
    state: impl Fn() -> State,
) -> wasmtime::Result<(Store<State>, Instance)> {
    loop {
        let mut store = Store::new(guest.module().engine(), state());
        // Both limits stand before instantiation, because a start section already runs guest code.
        store.limiter(|state| &mut state.meter);
        store.set_fuel(limits.fuel)?;
        match guest.instantiate(&mut store) {
            // Every instance ends with its call, and every call ends with its fuel, so a place gets free.
            Err(error) if error.is::<PoolConcurrencyLimitError>() => std::thread::yield_now(),
            other => return Ok((store, other?)),
        }
    }
}

fn run(instance: Instance, store: &mut Store<State>, lengths: (i32, i32)) -> wasmtime::Result<i32> {
    for name in STARTS {
        if let Some(start) = instance.get_func(&mut *store, name) {
            start.typed::<(), ()>(&*store)?.call(&mut *store, ())?;
        }
    }
    instance.get_typed_func::<(i32, i32), i32>(&mut *store, GUEST_CALL)?.call(store, lengths)
}

/// A length as the guest is told it; what exceeds the guest's memory is refused before it is copied.
fn guest_len(bytes: &[u8], limits: Limits) -> Result<i32, EngineError> {
    match i32::try_from(bytes.len()) {
        Ok(len) if bytes.len() <= limits.memory => Ok(len),
        _ => Err(EngineError::OutOfMemory { limit: limits.memory }),
    }
}
