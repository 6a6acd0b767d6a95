//! What a call gives, by what the guest returned and what it handed over.

use forewarn_core::engine::EngineError;
use forewarn_engine::Engine;

use crate::guest::{LIMITS, call, call_with, guest, module, validate};

const REPLY: &str = "(call $guest_response (i32.const 0) (i32.const 5))";
const ERROR: &str = "(call $guest_error (i32.const 8) (i32.const 3))";

/// A guest with `reply` at 0 and `bad` at 8.
fn answering(body: &str) -> String {
    module(&format!(
        r#"(data (i32.const 0) "reply") (data (i32.const 8) "bad")
        (func (export "__guest_call") (param i32 i32) (result i32) {body})"#
    ))
}

#[test]
fn request_is_copied_and_echoed() {
    let echo = guest(
        "(call $guest_request (i32.const 100) (i32.const 200))
         (call $guest_response (i32.const 100) (i32.add (i32.const 100) (local.get $payload)))
         (i32.const 1)",
    );
    let reply = call_with(&Engine::new(LIMITS).unwrap(), &echo, b"payload").unwrap();
    assert!(reply.starts_with(b"validate\0"));
    assert!(reply.ends_with(b"payload"));
}

#[test]
fn any_non_zero_return_counts_with_a_reply() {
    for value in [1, 7, -1] {
        let wat = answering(&format!("{REPLY} (i32.const {value})"));
        assert_eq!(call(&wat), Ok(b"reply".to_vec()), "{value}");
    }
}

#[test]
fn non_zero_with_a_reply_beats_an_error() {
    assert_eq!(call(&answering(&format!("{ERROR} {REPLY} (i32.const 1)"))), Ok(b"reply".to_vec()));
}

#[test]
fn zero_with_an_error_is_the_guests_error() {
    let expected = Err(EngineError::Guest { message: "bad".to_owned() });
    assert_eq!(call(&answering(&format!("{ERROR} (i32.const 0)"))), expected);
    assert_eq!(call(&answering(&format!("{REPLY} {ERROR} (i32.const 0)"))), expected);
    assert_eq!(call(&answering(&format!("{ERROR} (i32.const 1)"))), expected);
}

#[test]
fn nothing_handed_over_is_no_response() {
    for body in ["(i32.const 0)", "(i32.const 1)", &format!("{REPLY} (i32.const 0)")] {
        assert_eq!(call(&answering(body)), Err(EngineError::NoResponse), "{body}");
    }
}

#[test]
fn empty_reply_is_a_reply() {
    let wat = guest("(call $guest_response (i32.const 0) (i32.const 0)) (i32.const 1)");
    assert_eq!(call(&wat), Ok(Vec::new()));
}

#[test]
fn error_text_is_utf8() {
    let wat = module(
        r#"(data (i32.const 0) "\ff\fe")
        (func (export "__guest_call") (param i32 i32) (result i32)
          (call $guest_error (i32.const 0) (i32.const 2)) (i32.const 0))"#,
    );
    assert_eq!(call(&wat), Err(EngineError::BadUtf8 { function: "__guest_error".to_owned() }));
}

#[test]
fn starts_run_in_order_before_the_call() {
    let wat = module(
        r#"(global $order (mut i32) (i32.const 0))
        (func (export "wapc_init") (global.set $order (i32.add (i32.mul (global.get $order) (i32.const 10)) (i32.const 2))))
        (func (export "_start") (global.set $order (i32.add (i32.mul (global.get $order) (i32.const 10)) (i32.const 1))))
        (func (export "_initialize") unreachable)
        (func (export "__guest_call") (param i32 i32) (result i32)
          (i32.store8 (i32.const 0) (global.get $order))
          (call $guest_response (i32.const 0) (i32.const 1)) (i32.const 1))"#,
    );
    assert_eq!(call(&wat), Ok(vec![12]));
}

#[test]
fn no_state_survives_a_call() {
    let counter = wat::parse_str(module(
        r#"(global $calls (mut i32) (i32.const 0)) (table 1 funcref) (data (i32.const 1) "\01")
        (func (export "__guest_call") (param i32 i32) (result i32)
          (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
          (i32.store8 (i32.const 0) (i32.add (i32.load8_u (i32.const 0)) (global.get $calls)))
          (i32.store8 (i32.const 1) (i32.add (i32.load8_u (i32.const 1)) (i32.const 1)))
          (i32.store8 (i32.const 2) (i32.sub (memory.grow (i32.const 1)) (table.size)))
          (call $guest_response (i32.const 0) (i32.const 3)) (i32.const 1))"#,
    ))
    .unwrap();
    let engine = Engine::new(LIMITS).unwrap();
    let module = engine.module(counter);
    for _ in 0..5 {
        assert_eq!(validate(&engine, &module, b"{}"), Ok(vec![1, 2, 0]));
    }
}

#[test]
fn more_threads_than_pooled_instances_all_get_a_reply() {
    let engine = Engine::new(LIMITS).unwrap();
    let module = engine.module(
        wat::parse_str(guest(
            "(local $i i32)
             (loop $wait
               (local.set $i (i32.add (local.get $i) (i32.const 1)))
               (br_if $wait (i32.lt_u (local.get $i) (i32.const 100000))))
             (call $guest_response (i32.const 0) (i32.const 0)) (i32.const 1)",
        ))
        .unwrap(),
    );
    std::thread::scope(|scope| {
        let calls: Vec<_> = (0..100).map(|_| scope.spawn(|| validate(&engine, &module, b"{}"))).collect();
        for call in calls {
            assert_eq!(call.join().unwrap(), Ok(Vec::new()));
        }
    });
}
