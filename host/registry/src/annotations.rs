//! What a module's own metadata contributes to its manifest.

use std::collections::BTreeMap;

use forewarn_core::metadata::{Metadata, SECTION};
use forewarn_core::oci_manifest;
use thiserror::Error;
use wasmparser::{Parser, Payload};

/// How every Wasm file starts.
pub(crate) const MAGIC: &[u8] = b"\0asm";

/// Why a module cannot be pushed as a policy.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AnnotationError {
    /// It is no Wasm file.
    #[error("this is not a Wasm module")]
    NotWasm,
    /// It is a Wasm file that cannot be read.
    #[error("the Wasm module cannot be read: {reason}")]
    Malformed {
        /// Why not.
        reason: String,
    },
    /// Its metadata is none.
    #[error("the module's metadata cannot be read: {reason}")]
    Metadata {
        /// Why not.
        reason: String,
    },
    /// It has no metadata.
    #[error("the module has no Kubewarden metadata, so nobody could tell what it covers")]
    None,
}

/// The annotations for the manifest of a module, from its metadata.
///
/// As with kwctl, values of several lines are left out and the others are trimmed, and the source has a second name.
///
/// # Errors
/// A file that is no module, or a module without readable metadata.
pub fn annotations_of(module: &[u8]) -> Result<BTreeMap<String, String>, AnnotationError> {
    let section = metadata_section(module)?.ok_or(AnnotationError::None)?;
    let metadata: Metadata =
        serde_json::from_slice(section).map_err(|error| AnnotationError::Metadata { reason: error.to_string() })?;
    Ok(oci_manifest::annotations(&metadata))
}

/// The first section with metadata, which is the one that counts.
fn metadata_section(module: &[u8]) -> Result<Option<&[u8]>, AnnotationError> {
    if !module.starts_with(MAGIC) {
        return Err(AnnotationError::NotWasm);
    }
    for payload in Parser::new(0).parse_all(module) {
        match payload.map_err(|error| AnnotationError::Malformed { reason: error.to_string() })? {
            Payload::CustomSection(section) if section.name() == SECTION => return Ok(Some(section.data())),
            _ => {}
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module with nothing but custom sections; all lengths fit into one byte or two.
    fn module(sections: &[(&str, &str)]) -> Vec<u8> {
        let mut bytes = b"\0asm\x01\0\0\0".to_vec();
        for (name, data) in sections {
            let length = 1 + name.len() + data.len();
            bytes.push(0);
            bytes.extend([(length & 0x7f) as u8 | 0x80, (length >> 7) as u8]);
            bytes.push(name.len() as u8);
            bytes.extend(name.bytes().chain(data.bytes()));
        }
        bytes
    }

    #[test]
    fn what_is_taken_over() {
        let metadata = r#"{"rules":[],"annotations":{"a":" trimmed \n","b":"two\nlines"}}"#;
        let annotations = annotations_of(&module(&[("name", "x"), (SECTION, metadata), (SECTION, "second")]));
        assert_eq!(annotations, Ok(BTreeMap::from([("a".to_owned(), "trimmed".to_owned())])));
    }

    #[test]
    fn modules_that_cannot_be_policies() {
        assert_eq!(annotations_of(b"MZ"), Err(AnnotationError::NotWasm));
        assert_eq!(annotations_of(&module(&[])), Err(AnnotationError::None));
        assert!(matches!(annotations_of(b"\0asm\x01\0\0\0\0\xff"), Err(AnnotationError::Malformed { .. })));
        let broken = module(&[(SECTION, "{")]);
        assert!(matches!(annotations_of(&broken), Err(AnnotationError::Metadata { .. })));
    }
}
