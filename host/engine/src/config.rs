//! The one wasmtime configuration, for compiling and for running.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use forewarn_core::engine::EngineError;
use target_lexicon::Triple;
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, OperatorCost, PoolingAllocationConfig};

use crate::failure::load_error;

/// Address space of one linear memory.
///
/// With all that 32 bits can name reserved, compiled code needs no bounds checks.
const MEMORY_RESERVATION: u64 = 4 << 30;
/// Wasm stack in bytes, as in Kubewarden.
const STACK: usize = 512 << 10;
/// Fuel for an instruction that the engine carries out in a function of its own.
const ENGINE_FUEL: u8 = 50;
/// Instances that can live at once in the pool; a further one waits.
const POOL: u32 = 64;
/// Memories, and tables, that one module can have.
const PARTS: u32 = 4;
/// Bytes of a used memory that stay mapped for the next instance of the same module.
const KEEP_RESIDENT: usize = 1 << 20;

/// Compiles a module ahead of time, for any machine with this one's architecture and operating system.
///
/// # Errors
///
/// [`EngineError::Load`] when the bytes are no module that the engine accepts.
pub fn precompile(wasm: &[u8]) -> Result<Vec<u8>, EngineError> {
    compiler()?.precompile_module(wasm).map_err(|error| load_error(&error))
}

/// A short text that changes whenever [`precompile`]'s output of an earlier build can no longer be loaded.
///
/// # Errors
///
/// [`EngineError::Load`] when there is no compiler for this machine.
pub fn compatibility() -> Result<String, EngineError> {
    let engine = compiler()?;
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    Ok(format!("{}-{:016x}", engine_target(), hasher.finish()))
}

/// The engine that calls run in: pooled where the address space allows it, else on demand.
pub(crate) fn runtime() -> Result<Engine, EngineError> {
    let mut config = base()?;
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool()));
    if let Ok(engine) = Engine::new(&config) {
        return Ok(engine);
    }
    config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
    Engine::new(&config).map_err(|error| load_error(&error))
}

fn compiler() -> Result<Engine, EngineError> {
    let mut config = base()?;
    config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
    Engine::new(&config).map_err(|error| load_error(&error))
}

/// What decides about compiled code and about the guest's behaviour.
///
/// Threads, garbage collection, exceptions and components are not compiled into this engine.
fn base() -> Result<Config, EngineError> {
    let mut config = Config::new();
    // A named target keeps the host's own CPU features out, so code from one machine runs on the next.
    config.target(&engine_target()).map_err(|error| load_error(&error))?;
    config
        .consume_fuel(true)
        .operator_cost(operator_cost())
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        .max_wasm_stack(STACK)
        .memory_reservation(MEMORY_RESERVATION)
        .memory_may_move(false)
        // Traps are reported by name only, so the tables behind backtraces would be dead weight.
        .wasm_backtrace_max_frames(None)
        .generate_address_map(false)
        .native_unwind_info(false);
    Ok(config)
}

/// Fuel for the instructions that call into the engine, each about what other code of the same duration would use.
///
/// What they copy or fill costs a unit for each byte or element besides.
fn operator_cost() -> OperatorCost {
    OperatorCost {
        MemoryGrow: ENGINE_FUEL,
        MemoryCopy: ENGINE_FUEL,
        MemoryFill: ENGINE_FUEL,
        MemoryInit: ENGINE_FUEL,
        DataDrop: ENGINE_FUEL,
        TableGrow: ENGINE_FUEL,
        TableCopy: ENGINE_FUEL,
        TableFill: ENGINE_FUEL,
        TableInit: ENGINE_FUEL,
        ElemDrop: ENGINE_FUEL,
        ..OperatorCost::new()
    }
}

fn pool() -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(POOL)
        .total_memories(POOL)
        .total_tables(POOL)
        .max_memories_per_module(PARTS)
        .max_tables_per_module(PARTS)
        .table_elements(crate::Limits::DEFAULT.table_elements);
    // Without the scan, wasmtime would clear all of these bytes after each call, which costs more than mapping them anew.
    if PoolingAllocationConfig::is_pagemap_scan_available() {
        pool.pagemap_scan(Enabled::Yes).linear_memory_keep_resident(KEEP_RESIDENT).table_keep_resident(KEEP_RESIDENT);
    }
    pool
}

fn engine_target() -> String {
    Triple::host().to_string()
}
