//! Puts a policy's metadata into its module.

use anyhow::{Context as _, Result};
use forewarn_core::metadata::SECTION;
use wasm_encoder::{CustomSection, Module, RawSection};
use wasmparser::{Parser, Payload};

/// Sections that say how a module was built, and nothing of what it does.
const DROPPED: [&str; 3] = [SECTION, "name", "producers"];

/// The module with `metadata` as its only metadata section, and without sections about its build.
pub(crate) fn annotate(wasm: &[u8], metadata: &[u8]) -> Result<Vec<u8>> {
    let mut module = Module::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.context("not a WebAssembly module")?;
        if let Payload::CustomSection(section) = &payload
            && DROPPED.contains(&section.name())
        {
            continue;
        }
        if let Some((id, range)) = payload.as_section() {
            let data = wasm.get(range).context("a section leaves its module")?;
            module.section(&RawSection { id, data });
        }
    }
    module.section(&CustomSection { name: SECTION.into(), data: metadata.into() });
    Ok(module.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use forewarn_engine::inspect;

    const MODULE: &str = r#"(module $named
        (@custom "io.kubewarden.metadata" "old") (@custom "kept" "as it is")
        (import "wapc" "__guest_request" (func (param i32 i32)))
        (memory (export "memory") 1)
        (func $call (export "__guest_call") (param i32 i32) (result i32) (i32.const 1))
        (data (i32.const 0) "data")
        (@producers (language "Rust" "2024")) (@custom "io.kubewarden.metadata" "older"))"#;

    #[test]
    fn metadata_is_replaced_and_build_sections_go() {
        let before = wat::parse_str(MODULE).unwrap();
        let after = annotate(&before, b"new").unwrap();
        let (before, after_info) = (inspect(&before).unwrap(), inspect(&after).unwrap());
        let names: Vec<_> = after_info.custom_sections.iter().map(|section| section.name.as_str()).collect();
        assert_eq!(names, ["kept", SECTION]);
        assert_eq!(after_info.metadata(), Some(b"new".as_slice()));
        assert_eq!((after_info.imports, after_info.exports), (before.imports, before.exports));
        forewarn_engine::precompile(&after).unwrap();
    }

    #[test]
    fn annotating_twice_is_annotating_once() {
        let once = annotate(&wat::parse_str(MODULE).unwrap(), b"new").unwrap();
        assert_eq!(annotate(&once, b"new").unwrap(), once);
    }

    #[test]
    fn other_bytes_are_refused() {
        assert!(annotate(b"no module", b"{}").is_err());
    }
}
