//! Writes a policy's metadata into its module.

use wasm_encoder::{CustomSection, Module, RawSection};
use wasmparser::{Encoding, Parser, Payload};

use crate::inspect::{InspectError, METADATA_SECTION, check_magic};

/// Sections that say how a module was built, and nothing of what it does.
const BUILD_SECTIONS: [&str; 2] = ["name", "producers"];

/// The module with `metadata` as its first custom section and its only metadata.
///
/// Of several such sections Kubewarden reads the first, so one that was only added would be shadowed by an old one.
/// Everything else stays as it is, and the same module and metadata give the same bytes.
///
/// # Errors
///
/// [`InspectError`] when the bytes are no WebAssembly module.
pub fn annotate(wasm: &[u8], metadata: &[u8]) -> Result<Vec<u8>, InspectError> {
    let mut module = Module::new();
    module.section(&CustomSection { name: METADATA_SECTION.into(), data: metadata.into() });
    copy(wasm, &mut module, &[METADATA_SECTION])?;
    Ok(module.finish())
}

/// The module without the sections that tell how it was built.
///
/// # Errors
///
/// As of [`annotate`].
pub fn without_build_sections(wasm: &[u8]) -> Result<Vec<u8>, InspectError> {
    let mut module = Module::new();
    copy(wasm, &mut module, &BUILD_SECTIONS)?;
    Ok(module.finish())
}

/// Appends all sections but the custom ones of these names, byte for byte.
fn copy(wasm: &[u8], module: &mut Module, dropped: &[&str]) -> Result<(), InspectError> {
    check_magic(wasm)?;
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload?;
        match &payload {
            Payload::Version { encoding: Encoding::Component, .. } => return Err(InspectError::Component),
            Payload::CustomSection(section) if dropped.contains(&section.name()) => continue,
            _ => {}
        }
        if let Some((id, range)) = payload.as_section() {
            let left = || InspectError::Malformed {
                offset: range.start as u64,
                reason: "a section leaves its module".to_owned(),
            };
            let data = wasm.get(range.clone()).ok_or_else(left)?;
            module.section(&RawSection { id, data });
        }
    }
    Ok(())
}
