//! Reads and writes in a guest's memory that cannot leave it.

use forewarn_core::engine::EngineError;
use wasmtime::{Caller, Extern, Memory, Trap};

use crate::call::State;

/// The export that every waPC host reads and writes.
pub(crate) const MEMORY: &str = "memory";

/// Fuel for a call of the host: about what Wasm code of the same duration would use.
const HOST_FUEL: u64 = 100;

/// An address range as a guest passes it: two 32-bit numbers that Wasm calls signed.
#[derive(Clone, Copy)]
pub(crate) struct GuestRange {
    pub(crate) function: &'static str,
    pub(crate) ptr: i32,
    pub(crate) len: i32,
}

impl GuestRange {
    /// Copies the bytes out of the guest.
    pub(crate) fn read(self, caller: &mut Caller<'_, State>) -> wasmtime::Result<Vec<u8>> {
        let memory = memory(caller)?;
        let (start, len) = (self.ptr.cast_unsigned() as usize, self.len.cast_unsigned() as usize);
        let range = start..start.checked_add(len).ok_or_else(|| self.outside())?;
        // Checked before it is paid for, so that a bad pointer is told as one.
        memory.data(&*caller).get(range.clone()).ok_or_else(|| self.outside())?;
        charge(caller, len as u64)?;
        let bytes = memory.data(&*caller).get(range).ok_or_else(|| self.outside())?;
        Ok(bytes.to_vec())
    }

    /// Copies UTF-8 text out of the guest.
    pub(crate) fn read_text(self, caller: &mut Caller<'_, State>) -> wasmtime::Result<String> {
        let bytes = self.read(caller)?;
        String::from_utf8(bytes).map_err(|_| EngineError::BadUtf8 { function: self.function.to_owned() }.into())
    }

    fn outside(self) -> EngineError {
        EngineError::BadPointer {
            function: self.function.to_owned(),
            ptr: self.ptr.cast_unsigned(),
            len: self.len.cast_unsigned(),
        }
    }
}

/// Copies what `source` picks from the call's state to the guest's address `ptr`.
pub(crate) fn write(
    caller: &mut Caller<'_, State>,
    function: &'static str,
    ptr: i32,
    source: fn(&State) -> &[u8],
) -> wasmtime::Result<()> {
    let len = source(caller.data()).len();
    charge(caller, len as u64)?;
    let memory = memory(caller)?;
    let (data, state) = memory.data_and_store_mut(&mut *caller);
    let bytes = source(state);
    let start = ptr.cast_unsigned() as usize;
    let target =
        start.checked_add(len).and_then(|end| data.get_mut(start..end)).ok_or_else(|| EngineError::BadPointer {
            function: function.to_owned(),
            ptr: ptr.cast_unsigned(),
            len: u32::try_from(len).unwrap_or(u32::MAX),
        })?;
    target.copy_from_slice(bytes);
    Ok(())
}

fn memory(caller: &mut Caller<'_, State>) -> Result<Memory, EngineError> {
    caller
        .get_export(MEMORY)
        .and_then(Extern::into_memory)
        .ok_or_else(|| EngineError::MissingExport { name: MEMORY.to_owned() })
}

/// Takes fuel for one call of the host and for the bytes that it copies, so that a guest cannot keep the host busy for
/// free.
pub(crate) fn charge(caller: &mut Caller<'_, State>, bytes: u64) -> wasmtime::Result<()> {
    let price = HOST_FUEL.saturating_add(bytes);
    let fuel = caller.get_fuel()?;
    caller.set_fuel(fuel.saturating_sub(price))?;
    if fuel < price {
        return Err(Trap::OutOfFuel.into());
    }
    Ok(())
}
