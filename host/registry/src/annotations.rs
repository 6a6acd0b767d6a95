//! What a module's own metadata contributes to its manifest.

use std::collections::BTreeMap;

use forewarn_core::metadata::{Metadata, SECTION};
use thiserror::Error;
use wasmparser::{Parser, Payload};

/// How every Wasm file starts.
pub(crate) const MAGIC: &[u8] = b"\0asm";
const OWN_SOURCE: &str = "io.kubewarden.policy.source";
const OCI_SOURCE: &str = "org.opencontainers.image.source";

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
    Ok(for_manifest(metadata.annotations))
}

/// Keeps what fits into a manifest.
fn for_manifest(annotations: BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut kept: BTreeMap<String, String> = annotations
        .into_iter()
        .filter(|(_, value)| value.lines().count() <= 1)
        .map(|(key, value)| (key, value.trim().to_owned()))
        // Canonical JSON has no escape for control characters, so a manifest with them could not be read.
        .filter(|(key, value)| !key.contains(char::is_control) && !value.contains(char::is_control))
        .collect();
    if let Some(source) = kept.get(OWN_SOURCE).cloned() {
        kept.entry(OCI_SOURCE.to_owned()).or_insert(source);
    }
    kept
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
        let metadata = r#"{"rules":[],"annotations":{"a":" trimmed \n","b":"two\nlines","c":"tab\there","io.kubewarden.policy.source":"https://git.example/a"}}"#;
        let annotations = annotations_of(&module(&[("name", "x"), (SECTION, metadata), (SECTION, "second")]));
        let expected = [
            ("a", "trimmed"),
            ("io.kubewarden.policy.source", "https://git.example/a"),
            ("org.opencontainers.image.source", "https://git.example/a"),
        ];
        let expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(annotations, Ok(BTreeMap::from(expected)));
    }

    #[test]
    fn a_source_that_is_set_stays() {
        let metadata = r#"{"annotations":{"io.kubewarden.policy.source":"a","org.opencontainers.image.source":"b"}}"#;
        let annotations = annotations_of(&module(&[(SECTION, metadata)])).expect("annotations");
        assert_eq!(annotations.get(OCI_SOURCE).map(String::as_str), Some("b"));
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
