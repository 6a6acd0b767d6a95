//! The nine functions that a waPC host gives its guests.

use wasmtime::{Caller, Engine, Linker};

use crate::call::State;
use crate::memory::{GuestRange, charge, write};

/// The import module of all waPC functions.
const NAMESPACE: &str = "wapc";

/// A linker with the waPC functions and nothing else.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    link_request(&mut linker)?;
    link_reply(&mut linker)?;
    link_host_call(&mut linker)?;
    Ok(linker)
}

fn link_request(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    const REQUEST: &str = "__guest_request";
    linker.func_wrap(NAMESPACE, REQUEST, |mut caller: Caller<'_, State>, operation: i32, payload: i32| {
        write(&mut caller, REQUEST, operation, |state| &state.operation)?;
        write(&mut caller, REQUEST, payload, |state| &state.payload)
    })?;
    Ok(())
}

fn link_reply(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    const RESPONSE: &str = "__guest_response";
    const ERROR: &str = "__guest_error";
    const LOG: &str = "__console_log";
    linker.func_wrap(NAMESPACE, RESPONSE, |mut caller: Caller<'_, State>, ptr: i32, len: i32| {
        let reply = GuestRange { function: RESPONSE, ptr, len }.read(&mut caller)?;
        caller.data_mut().reply = Some(reply);
        wasmtime::Result::Ok(())
    })?;
    linker.func_wrap(NAMESPACE, ERROR, |mut caller: Caller<'_, State>, ptr: i32, len: i32| {
        let error = GuestRange { function: ERROR, ptr, len }.read_text(&mut caller)?;
        caller.data_mut().error = Some(error);
        wasmtime::Result::Ok(())
    })?;
    // Log lines are no part of a verdict. They are read, so that a bad pointer shows here as in any other function, and dropped.
    linker.func_wrap(NAMESPACE, LOG, |mut caller: Caller<'_, State>, ptr: i32, len: i32| {
        GuestRange { function: LOG, ptr, len }.read(&mut caller)?;
        wasmtime::Result::Ok(())
    })?;
    Ok(())
}

fn link_host_call(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    const CALL: &str = "__host_call";
    const REPLY: &str = "__host_response";
    const ERROR: &str = "__host_error";
    linker.func_wrap(
        NAMESPACE,
        CALL,
        |mut caller: Caller<'_, State>,
         binding: i32,
         binding_len: i32,
         namespace: i32,
         namespace_len: i32,
         operation: i32,
         operation_len: i32,
         payload: i32,
         payload_len: i32| {
            let range = |ptr, len| GuestRange { function: CALL, ptr, len };
            let binding = range(binding, binding_len).read_text(&mut caller)?;
            let namespace = range(namespace, namespace_len).read_text(&mut caller)?;
            let operation = range(operation, operation_len).read_text(&mut caller)?;
            let payload = range(payload, payload_len).read(&mut caller)?;
            let state = caller.data_mut();
            let answer = state.host.call(&binding, &namespace, &operation, &payload);
            let succeeded = i32::from(answer.is_ok());
            (state.host_reply, state.host_error) = match answer {
                Ok(reply) => (reply, String::new()),
                Err(error) => (Vec::new(), error),
            };
            wasmtime::Result::Ok(succeeded)
        },
    )?;
    linker.func_wrap(NAMESPACE, REPLY, |mut caller: Caller<'_, State>, ptr: i32| {
        write(&mut caller, REPLY, ptr, |state| &state.host_reply)
    })?;
    linker.func_wrap(NAMESPACE, "__host_response_len", |mut caller: Caller<'_, State>| {
        charge(&mut caller, 0)?;
        wasmtime::Result::Ok(length(&caller.data().host_reply))
    })?;
    linker.func_wrap(NAMESPACE, ERROR, |mut caller: Caller<'_, State>, ptr: i32| {
        write(&mut caller, ERROR, ptr, |state| state.host_error.as_bytes())
    })?;
    linker.func_wrap(NAMESPACE, "__host_error_len", |mut caller: Caller<'_, State>| {
        charge(&mut caller, 0)?;
        wasmtime::Result::Ok(length(caller.data().host_error.as_bytes()))
    })?;
    Ok(())
}

/// A length as a guest reads it; one beyond 32 bits could not be copied anyway, and fails there.
fn length(bytes: &[u8]) -> i32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX).cast_signed()
}
