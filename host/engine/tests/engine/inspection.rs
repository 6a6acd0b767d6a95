//! What `inspect` reads from a module.

use forewarn_engine::{Export, Import, InspectError, ItemKind, METADATA_SECTION, inspect};

#[test]
fn interface_and_sections_are_listed_in_order() {
    let wasm = wat::parse_str(
        r#"(module
        (import "wapc" "__guest_request" (func (param i32 i32)))
        (import "env" "memory" (memory 1))
        (table (export "table") 1 funcref)
        (global (export "version") i32 (i32.const 1))
        (func (export "__guest_call") (param i32 i32) (result i32) (i32.const 1))
        (@custom "io.kubewarden.metadata" "first")
        (@custom "io.kubewarden.metadata" "second")
        (@custom "note" ""))"#,
    )
    .unwrap();
    let info = inspect(&wasm).unwrap();
    assert_eq!(info.size, wasm.len());
    assert_eq!(info.metadata(), Some(b"first".as_slice()));
    let import = |module: &str, name: &str, kind| Import { module: module.to_owned(), name: name.to_owned(), kind };
    assert_eq!(
        info.imports,
        [import("wapc", "__guest_request", ItemKind::Function), import("env", "memory", ItemKind::Memory),]
    );
    let export = |name: &str, kind| Export { name: name.to_owned(), kind };
    assert_eq!(
        info.exports,
        [
            export("table", ItemKind::Table),
            export("version", ItemKind::Global),
            export("__guest_call", ItemKind::Function),
        ]
    );
    let names: Vec<_> = info.custom_sections.iter().map(|section| section.name.as_str()).collect();
    assert_eq!(names, [METADATA_SECTION, METADATA_SECTION, "note"]);
}

#[test]
fn a_start_section_is_seen() {
    let with = wat::parse_str("(module (func $start) (start $start))").unwrap();
    assert!(inspect(&with).unwrap().has_start);
    assert!(!inspect(&wat::parse_str("(module (func))").unwrap()).unwrap().has_start);
}

#[test]
fn a_module_without_metadata_has_none() {
    assert_eq!(inspect(&wat::parse_str("(module)").unwrap()).unwrap().metadata(), None);
}

#[test]
fn other_bytes_are_refused_with_their_offset() {
    let whole = wat::parse_str("(module (memory (export \"memory\") 1))").unwrap();
    for end in (0..whole.len()).filter(|end| *end != 8) {
        let error = inspect(&whole[..end]).err();
        // A module may end after any section.
        if let Some(error) = error {
            assert!(matches!(error, InspectError::Malformed { offset, .. } if offset <= whole.len() as u64));
        }
    }
    assert!(matches!(inspect(b""), Err(InspectError::Malformed { offset: 0, .. })));
    assert!(matches!(inspect(b"\x7fELF\0\0\0\0"), Err(InspectError::Malformed { .. })));
    let component = wat::parse_str("(component)").unwrap();
    assert_eq!(inspect(&component), Err(InspectError::Component));
}
