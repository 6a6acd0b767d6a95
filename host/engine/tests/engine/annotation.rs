//! Metadata written into modules.

use forewarn_engine::{InspectError, METADATA_SECTION, annotate, inspect, precompile, without_build_sections};

const MODULE: &str = r#"(module $named
    (@custom "kept" "as it is") (@custom "io.kubewarden.metadata" "old")
    (import "wapc" "__guest_request" (func (param i32 i32)))
    (memory (export "memory") 1)
    (func $call (export "__guest_call") (param i32 i32) (result i32) (i32.const 1))
    (data (i32.const 0) "data")
    (@producers (language "Rust" "2024")) (@custom "io.kubewarden.metadata" "older"))"#;

fn module() -> Vec<u8> {
    wat::parse_str(MODULE).unwrap()
}

fn names(wasm: &[u8]) -> Vec<String> {
    inspect(wasm).unwrap().custom_sections.into_iter().map(|section| section.name).collect()
}

#[test]
fn metadata_comes_first_and_replaces_what_was_there() {
    let (before, after) = (module(), annotate(&module(), b"new").unwrap());
    let others = names(&before).into_iter().filter(|name| name != METADATA_SECTION);
    let expected: Vec<_> = std::iter::once(METADATA_SECTION.to_owned()).chain(others).collect();
    assert_eq!(names(&after), expected);
    assert_eq!(expected.len(), 4, "kept, name, producers");
    // Behind the magic number and the version.
    assert_eq!(after.get(8), Some(&0));
    let (before, info) = (inspect(&before).unwrap(), inspect(&after).unwrap());
    assert_eq!(info.metadata(), Some(b"new".as_slice()));
    assert_eq!((info.imports, info.exports), (before.imports, before.exports));
    precompile(&after).unwrap();
}

#[test]
fn annotating_twice_is_annotating_once() {
    let once = annotate(&module(), b"new").unwrap();
    assert_eq!(annotate(&once, b"new").unwrap(), once);
    assert_eq!(annotate(&annotate(&module(), b"another").unwrap(), b"new").unwrap(), once);
}

#[test]
fn build_sections_go_and_others_stay() {
    let stripped = without_build_sections(&module()).unwrap();
    assert_eq!(names(&stripped), ["kept", METADATA_SECTION, METADATA_SECTION]);
    assert_eq!(without_build_sections(&stripped).unwrap(), stripped);
}

#[test]
fn other_bytes_are_refused() {
    assert!(matches!(annotate(b"no module", b"{}"), Err(InspectError::Malformed { offset: 0, .. })));
    let whole = module();
    let cut = whole.get(..whole.len() - 3).unwrap();
    assert!(matches!(annotate(cut, b"{}"), Err(InspectError::Malformed { .. })));
    let component = wat::parse_str("(component)").unwrap();
    assert_eq!(annotate(&component, b"{}"), Err(InspectError::Component));
}
