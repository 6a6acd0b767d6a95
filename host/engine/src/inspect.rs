//! What a module says about itself, read without running it.

use thiserror::Error;
use wasmparser::{ExternalKind, Parser, Payload, TypeRef};

/// The custom section that holds a policy's metadata as JSON.
pub use forewarn_core::metadata::SECTION as METADATA_SECTION;

/// Reads a module's interface and custom sections.
///
/// # Errors
///
/// [`InspectError`] when the bytes are no WebAssembly module, with the offset of the first bad byte.
pub fn inspect(wasm: &[u8]) -> Result<ModuleInfo, InspectError> {
    check_magic(wasm)?;
    let mut info = ModuleInfo {
        size: wasm.len(),
        imports: Vec::new(),
        exports: Vec::new(),
        has_start: false,
        custom_sections: Vec::new(),
    };
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::Version { encoding: wasmparser::Encoding::Component, .. } => return Err(InspectError::Component),
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import?;
                    info.imports.push(Import {
                        module: import.module.to_owned(),
                        name: import.name.to_owned(),
                        kind: import_kind(import.ty),
                    });
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    info.exports.push(Export { name: export.name.to_owned(), kind: export_kind(export.kind) });
                }
            }
            Payload::StartSection { .. } => info.has_start = true,
            Payload::CustomSection(section) => info
                .custom_sections
                .push(CustomSection { name: section.name().to_owned(), data: section.data().to_vec() }),
            _ => {}
        }
    }
    Ok(info)
}

/// Refuses what does not begin as Wasm does; the parser would spell the bytes out.
pub(crate) fn check_magic(wasm: &[u8]) -> Result<(), InspectError> {
    if wasm.starts_with(b"\0asm") {
        return Ok(());
    }
    Err(InspectError::Malformed { offset: 0, reason: "`\\0asm` is expected".to_owned() })
}

/// A module's outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleInfo {
    /// The module's length in bytes.
    pub size: usize,
    /// What the module asks its host for, in order.
    pub imports: Vec<Import>,
    /// What the module offers its host, in order.
    pub exports: Vec<Export>,
    /// Whether a function runs when the module is instantiated, which policy-server by default refuses.
    pub has_start: bool,
    /// The custom sections, in order.
    pub custom_sections: Vec<CustomSection>,
}

impl ModuleInfo {
    /// The policy's metadata: the first section of that name counts, as in Kubewarden.
    #[must_use]
    pub fn metadata(&self) -> Option<&[u8]> {
        self.metadata_sections().next()
    }

    /// Everything that could be taken for metadata; only the first counts.
    pub fn metadata_sections(&self) -> impl Iterator<Item = &[u8]> {
        let sections = self.custom_sections.iter().filter(|section| section.name == METADATA_SECTION);
        sections.map(|section| section.data.as_slice())
    }
}

/// One thing that a module asks its host for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// The import's module, such as `wapc`.
    pub module: String,
    /// The import's name, such as `__guest_request`.
    pub name: String,
    /// What it is.
    pub kind: ItemKind,
}

/// One thing that a module offers its host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// The export's name, such as `__guest_call`.
    pub name: String,
    /// What it is.
    pub kind: ItemKind,
}

/// What an import or an export is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemKind {
    /// A function.
    Function,
    /// A table of references.
    Table,
    /// A linear memory.
    Memory,
    /// A global variable.
    Global,
    /// An exception tag.
    Tag,
}

/// A named section that the engine ignores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomSection {
    /// The section's name; a module can hold several of one name.
    pub name: String,
    /// The section's contents.
    pub data: Vec<u8>,
}

/// Why bytes could not be inspected.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InspectError {
    /// The bytes are not WebAssembly, or are cut short.
    #[error("not a WebAssembly module: {reason} at byte {offset}")]
    Malformed {
        /// Where the reader stopped.
        offset: u64,
        /// What the reader said.
        reason: String,
    },
    /// The bytes are a component, and Kubewarden's policies are core modules.
    #[error("a WebAssembly component, not a core module")]
    Component,
}

impl From<wasmparser::BinaryReaderError> for InspectError {
    fn from(error: wasmparser::BinaryReaderError) -> Self {
        Self::Malformed { offset: error.offset() as u64, reason: error.message().to_owned() }
    }
}

fn import_kind(ty: TypeRef) -> ItemKind {
    match ty {
        TypeRef::Func(_) | TypeRef::FuncExact(_) => ItemKind::Function,
        TypeRef::Table(_) => ItemKind::Table,
        TypeRef::Memory(_) => ItemKind::Memory,
        TypeRef::Global(_) => ItemKind::Global,
        TypeRef::Tag(_) => ItemKind::Tag,
    }
}

fn export_kind(kind: ExternalKind) -> ItemKind {
    match kind {
        ExternalKind::Func | ExternalKind::FuncExact => ItemKind::Function,
        ExternalKind::Table => ItemKind::Table,
        ExternalKind::Memory => ItemKind::Memory,
        ExternalKind::Global => ItemKind::Global,
        ExternalKind::Tag => ItemKind::Tag,
    }
}
