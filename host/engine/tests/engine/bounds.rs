//! Guests that want more than they get.

use forewarn_core::engine::EngineError;
use forewarn_engine::{Engine, Limits};

use crate::guest::{LIMITS, call, call_with, guest, module, validate};

const OUT_OF_FUEL: Result<Vec<u8>, EngineError> = Err(EngineError::OutOfFuel { limit: LIMITS.fuel });
const OUT_OF_MEMORY: Result<Vec<u8>, EngineError> = Err(EngineError::OutOfMemory { limit: LIMITS.memory });

#[test]
fn endless_loop_runs_out_of_fuel() {
    assert_eq!(call(&guest("(loop $forever (br $forever)) unreachable")), OUT_OF_FUEL);
}

#[test]
fn endless_start_section_runs_out_of_fuel() {
    let wat = module(
        r#"(func $main (loop $forever (br $forever))) (start $main)
        (func (export "__guest_call") (param i32 i32) (result i32) (i32.const 1))"#,
    );
    assert_eq!(call(&wat), OUT_OF_FUEL);
}

#[test]
fn endless_init_runs_out_of_fuel() {
    let wat = module(
        r#"(func (export "wapc_init") (loop $forever (br $forever)))
        (func (export "__guest_call") (param i32 i32) (result i32) (i32.const 1))"#,
    );
    assert_eq!(call(&wat), OUT_OF_FUEL);
}

/// An instruction that takes the engine longer than others must cost more than others.
#[test]
fn calls_into_the_engine_cost_fuel() {
    for work in [
        "(drop (memory.grow (i32.const 0)))",
        "(memory.fill (i32.const 0) (i32.const 0) (i32.const 0))",
        "(call $console_log (i32.const 0) (i32.const 0))",
        "(drop (call $host_error_len))",
        "(drop (call $host_response_len))",
        "(call $host_response (i32.const 0))",
    ] {
        let wat = guest(&format!(
            "(local $i i32)
             (loop $again {work}
               (local.set $i (i32.add (local.get $i) (i32.const 1)))
               (br_if $again (i32.lt_u (local.get $i) (i32.const 200000))))
             (i32.const 1)"
        ));
        assert_eq!(call(&wat), OUT_OF_FUEL, "{work}");
    }
}

/// A few instructions that make the machine move a page at a time must cost what they move.
#[test]
fn bulk_work_costs_fuel() {
    for work in [
        "(memory.fill (i32.const 0) (i32.const 1) (i32.const 65536))",
        "(memory.copy (i32.const 0) (i32.const 1) (i32.const 65535))",
        "(call $guest_response (i32.const 0) (i32.const 65536))",
        "(call $guest_error (i32.const 0) (i32.const 65536))",
        "(call $console_log (i32.const 0) (i32.const 65536))",
        "(drop (call $host_call (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 65536)))",
    ] {
        let wat = guest(&format!(
            "(local $i i32)
             (loop $again {work}
               (local.set $i (i32.add (local.get $i) (i32.const 1)))
               (br_if $again (i32.lt_u (local.get $i) (i32.const 200))))
             (i32.const 1)"
        ));
        assert_eq!(call(&wat), OUT_OF_FUEL, "{work}");
    }
}

#[test]
fn fuel_is_the_same_on_every_run() {
    let wat = guest(
        "(local $i i32)
         (loop $again
           (local.set $i (i32.add (local.get $i) (i32.const 1)))
           (br_if $again (i32.lt_u (local.get $i) (i32.const 1000))))
         (call $guest_response (i32.const 0) (i32.const 0)) (i32.const 1)",
    );
    let enough = |fuel| {
        let engine = Engine::new(Limits { fuel, ..LIMITS }).unwrap();
        call_with(&engine, &wat, b"{}").is_ok()
    };
    let needed = (0..100_000).collect::<Vec<u64>>().partition_point(|fuel| !enough(*fuel));
    let needed = u64::try_from(needed).unwrap();
    for _ in 0..10 {
        assert!(enough(needed));
        assert!(!enough(needed - 1));
    }
}

#[test]
fn unbounded_growth_runs_out_of_memory() {
    let wat = guest("(loop $more (drop (memory.grow (i32.const 1))) (br $more)) unreachable");
    assert_eq!(call(&wat), OUT_OF_MEMORY);
}

#[test]
fn one_huge_growth_runs_out_of_memory() {
    assert_eq!(call(&guest("(drop (memory.grow (i32.const 65535))) (i32.const 1)")), OUT_OF_MEMORY);
}

#[test]
fn huge_initial_memory_runs_out_of_memory() {
    let wat = r#"(module (memory (export "memory") 65)
        (func (export "__guest_call") (param i32 i32) (result i32) (i32.const 1)))"#;
    assert_eq!(call(wat), OUT_OF_MEMORY);
}

#[test]
fn the_limit_counts_all_memories() {
    let wat = r#"(module (memory (export "memory") 33) (memory 32)
        (func (export "__guest_call") (param i32 i32) (result i32) (i32.const 1)))"#;
    assert_eq!(call(wat), OUT_OF_MEMORY);
}

#[test]
fn growth_up_to_the_limit_is_granted() {
    let wat = guest(
        "(if (i32.ne (memory.grow (i32.const 63)) (i32.const 1)) (then unreachable))
         (call $guest_response (i32.const 4194300) (i32.const 4)) (i32.const 1)",
    );
    assert_eq!(call(&wat), Ok(vec![0; 4]));
}

#[test]
fn growth_beyond_the_modules_own_maximum_only_fails() {
    let wat = r#"(module (import "wapc" "__guest_response" (func $guest_response (param i32 i32)))
        (memory (export "memory") 1 2)
        (func (export "__guest_call") (param i32 i32) (result i32)
          (i32.store (i32.const 0) (memory.grow (i32.const 65535)))
          (call $guest_response (i32.const 0) (i32.const 4)) (i32.const 1)))"#;
    assert_eq!(call(wat), Ok(vec![0xff; 4]));
}

#[test]
fn table_growth_beyond_the_limit_only_fails() {
    let wat = module(
        r#"(table $t 1 funcref)
        (func (export "__guest_call") (param i32 i32) (result i32)
          (i32.store (i32.const 0) (table.grow $t (ref.null func) (i32.const 1000)))
          (call $guest_response (i32.const 0) (i32.const 4)) (i32.const 1))"#,
    );
    assert_eq!(call(&wat), Ok(vec![0xff; 4]));
}

#[test]
fn payload_beyond_the_memory_limit_is_refused() {
    let payload = vec![b' '; LIMITS.memory + 1];
    assert_eq!(call_with(&Engine::new(LIMITS).unwrap(), &guest("(i32.const 1)"), &payload), OUT_OF_MEMORY);
}

#[test]
fn deep_recursion_traps() {
    let wat = module(
        r#"(func $down (param i32) (result i32) (i32.add (call $down (local.get 0)) (i32.const 1)))
        (func (export "__guest_call") (param i32 i32) (result i32) (call $down (i32.const 0)))"#,
    );
    assert_trap(call(&wat), "call stack exhausted");
}

#[test]
fn traps_are_named() {
    assert_trap(call(&guest("unreachable")), "wasm `unreachable` instruction executed");
    assert_trap(call(&guest("(i32.div_u (i32.const 1) (i32.const 0))")), "integer divide by zero");
    assert_trap(call(&guest("(i32.load (i32.const 65536))")), "out of bounds memory access");
}

#[test]
fn a_trap_before_the_call_is_a_trap() {
    for item in [
        "(func $main unreachable) (start $main)",
        r#"(func (export "_start") unreachable)"#,
        r#"(func (export "wapc_init") unreachable)"#,
    ] {
        let wat =
            module(&format!(r#"{item} (func (export "__guest_call") (param i32 i32) (result i32) (i32.const 1))"#));
        assert_trap(call(&wat), "wasm `unreachable` instruction executed");
    }
}

#[test]
fn the_next_call_is_not_affected() {
    let engine = Engine::new(LIMITS).unwrap();
    let module = engine.module(
        wat::parse_str(guest(
            "(if (i32.eq (local.get $payload) (i32.const 1)) (then unreachable))
             (if (i32.eq (local.get $payload) (i32.const 2)) (then (loop $forever (br $forever))))
             (call $guest_response (i32.const 0) (i32.const 0)) (i32.const 1)",
        ))
        .unwrap(),
    );
    for _ in 0..3 {
        assert_trap(validate(&engine, &module, b"1"), "wasm `unreachable` instruction executed");
        assert_eq!(validate(&engine, &module, b"12"), OUT_OF_FUEL);
        assert_eq!(validate(&engine, &module, b"123"), Ok(Vec::new()));
    }
}

/// NaN bits and relaxed operations differ between processors unless the engine pins them.
#[test]
fn floats_and_vectors_give_pinned_bits() {
    let wat = guest(
        "(f64.store (i32.const 0) (f64.div (f64.const 0) (f64.const 0)))
         (v128.store (i32.const 8) (f32x4.relaxed_madd
           (f32x4.mul (v128.const f32x4 nan:0x200001 1 2 3) (v128.const f32x4 1 1 1 1))
           (v128.const f32x4 4 5 6 7) (v128.const f32x4 8 9 10 11)))
         (v128.store (i32.const 24) (i8x16.relaxed_swizzle
           (v128.const i8x16 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
           (v128.const i8x16 16 31 32 127 -128 -1 0 1 2 3 4 5 6 7 8 9)))
         (call $guest_response (i32.const 0) (i32.const 40)) (i32.const 1)",
    );
    let reply = call(&wat).unwrap();
    assert_eq!(f64::NAN.to_le_bytes(), reply[0..8]);
    assert_eq!(f32::NAN.to_le_bytes(), reply[8..12]);
    assert_eq!(14_f32.to_le_bytes(), reply[12..16]);
    assert_eq!([0, 0, 0, 0, 0, 0, 0, 1], reply[24..32]);
}

fn assert_trap(result: Result<Vec<u8>, EngineError>, name: &str) {
    assert_eq!(result, Err(EngineError::Trap { reason: name.to_owned() }));
}
