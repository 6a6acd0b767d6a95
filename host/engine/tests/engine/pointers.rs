//! Addresses outside the guest's memory, through every import that takes one.

use forewarn_core::engine::EngineError;

use crate::guest::{call, guest};

/// Address and length pairs that leave a memory of one page.
const OUTSIDE: [(i32, i32); 6] = [(65_536, 1), (65_535, 2), (0, 65_537), (-1, 2), (i32::MIN, 1), (-1, -1)];

#[test]
fn ranges_that_the_host_reads() {
    for function in ["guest_response", "guest_error", "console_log"] {
        for (ptr, len) in OUTSIDE {
            let body = format!("(call ${function} (i32.const {ptr}) (i32.const {len})) (i32.const 1)");
            assert_bad(&body, function, ptr, len);
        }
    }
}

#[test]
fn ranges_of_a_host_call() {
    for argument in 0..4 {
        for (ptr, len) in OUTSIDE {
            let arguments: String = (0..4)
                .map(|position| {
                    let (ptr, len) = if position == argument { (ptr, len) } else { (0, 1) };
                    format!("(i32.const {ptr}) (i32.const {len})")
                })
                .collect();
            assert_bad(&format!("(call $host_call {arguments})"), "host_call", ptr, len);
        }
    }
}

#[test]
fn addresses_that_the_host_writes_the_request_to() {
    for (operation, payload) in [(65_529, 0), (-8, 0), (i32::MIN, 0)] {
        assert_bad(
            &format!("(call $guest_request (i32.const {operation}) (i32.const {payload})) (i32.const 1)"),
            "guest_request",
            operation,
            8,
        );
    }
    for payload in [65_535, 65_536, -1, i32::MIN] {
        assert_bad(
            &format!("(call $guest_request (i32.const 0) (i32.const {payload})) (i32.const 1)"),
            "guest_request",
            payload,
            2,
        );
    }
}

#[test]
fn addresses_that_the_host_writes_its_answer_to() {
    const CALL: &str = "(drop (call $host_call (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1)))";
    let error_len = "the host has no binding `\0`, only `kubewarden`".len();
    for ptr in [65_536 - 1, -1, i32::MIN] {
        assert_bad(
            &format!("{CALL} (call $host_error (i32.const {ptr})) (i32.const 1)"),
            "host_error",
            ptr,
            i32::try_from(error_len).unwrap(),
        );
    }
    // Without an answer nothing is written, but the address is still no address.
    assert_bad("(call $host_response (i32.const -1)) (i32.const 1)", "host_response", -1, 0);
}

#[test]
fn the_last_byte_is_inside() {
    let body = "(call $guest_response (i32.const 65535) (i32.const 1)) (i32.const 1)";
    assert_eq!(call(&guest(body)), Ok(vec![0]));
    let end = "(call $guest_response (i32.const 65536) (i32.const 0)) (i32.const 1)";
    assert_eq!(call(&guest(end)), Ok(Vec::new()));
}

fn assert_bad(body: &str, function: &str, ptr: i32, len: i32) {
    assert_eq!(
        call(&guest(body)),
        Err(EngineError::BadPointer {
            function: format!("__{function}"),
            ptr: ptr.cast_unsigned(),
            len: len.cast_unsigned(),
        }),
        "{body}"
    );
}
