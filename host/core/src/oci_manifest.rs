//! The OCI manifest under which a module is published, the same bytes that kwctl pushes.
//!
//! It follows from the module alone, so the digest that a registry will know is known before anything is pushed.

use std::collections::BTreeMap;

use olpc_cjson::CanonicalFormatter;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::metadata::Metadata;

/// The manifest's own media type, which is said when it is pushed and not in it.
pub const MANIFEST_MEDIA_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";

/// The media type of the configuration.
pub const CONFIG_MEDIA_TYPE: &str = "application/vnd.wasm.config.v1+json";

/// The media type of the only layer: the module as it is.
pub const LAYER_MEDIA_TYPE: &str = "application/vnd.wasm.content.layer.v1+wasm";

/// The configuration: nothing.
pub const CONFIG: &[u8] = b"{}";

/// Where OCI tools look for the source code.
const OCI_SOURCE: &str = "org.opencontainers.image.source";

/// A module's manifest, serialised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OciManifest {
    /// The manifest's bytes: canonical JSON, by which the same content has the same digest whoever writes it.
    pub bytes: Vec<u8>,
    /// The digest of these bytes, which is what `@sha256:…` in a reference means.
    pub digest: String,
}

impl OciManifest {
    /// The manifest of a module; one without metadata has no annotations.
    ///
    /// # Errors
    ///
    /// When the annotations cannot be serialised.
    pub fn of(wasm: &[u8], metadata: Option<&Metadata>) -> Result<Self, serde_json::Error> {
        Self::with(wasm, metadata.map(annotations).unwrap_or_default())
    }

    /// The manifest of a module with these annotations, which are usually its [`annotations`].
    ///
    /// # Errors
    ///
    /// When the annotations cannot be serialised.
    pub fn with(wasm: &[u8], annotations: BTreeMap<String, String>) -> Result<Self, serde_json::Error> {
        let manifest = Manifest {
            annotations: (!annotations.is_empty()).then_some(annotations),
            config: Descriptor::of(CONFIG, CONFIG_MEDIA_TYPE),
            layers: [Descriptor::of(wasm, LAYER_MEDIA_TYPE)],
            schema_version: 2,
        };
        let mut bytes = Vec::new();
        manifest.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, CanonicalFormatter::new()))?;
        let digest = digest(&bytes);
        Ok(Self { bytes, digest })
    }
}

/// `sha256:` and the hash of the bytes in hexadecimal.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    hash.iter().fold(String::from("sha256:"), |text, byte| text + &format!("{byte:02x}"))
}

/// The metadata's annotations of one line; OCI tools show them, and the page of a policy is none.
#[must_use]
pub fn annotations(metadata: &Metadata) -> BTreeMap<String, String> {
    let short = metadata.annotations.iter().filter(|(_, value)| value.lines().count() <= 1);
    let mut annotations: BTreeMap<_, _> = short
        .map(|(key, value)| (key.clone(), value.trim().to_owned()))
        // Canonical JSON has no escape for control characters, so a manifest with them could not be read.
        .filter(|(key, value)| !key.contains(char::is_control) && !value.contains(char::is_control))
        .collect();
    if let Some(source) = annotations.get("io.kubewarden.policy.source").cloned() {
        annotations.entry(OCI_SOURCE.to_owned()).or_insert(source);
    }
    annotations
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<BTreeMap<String, String>>,
    config: Descriptor,
    layers: [Descriptor; 1],
    schema_version: u8,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    digest: String,
    media_type: &'static str,
    size: usize,
}

impl Descriptor {
    fn of(content: &[u8], media_type: &'static str) -> Self {
        Self { digest: digest(content), media_type, size: content.len() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(annotations: &[(&str, &str)]) -> Metadata {
        let annotations: BTreeMap<_, _> = annotations.iter().copied().collect();
        let json = serde_json::json!({"rules": [], "mutating": false, "annotations": annotations});
        Metadata::from_json(json.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn the_bytes_are_those_that_kwctl_pushes() {
        let metadata = metadata(&[
            ("io.kubewarden.policy.usage", "# Demo\n\nLong.\n"),
            ("io.kubewarden.policy.title", " demo\n"),
            ("io.kubewarden.policy.tab", "a\tb"),
            ("io.kubewarden.policy.source", "https://git.example/demo"),
        ]);
        let manifest = OciManifest::of(b"\0asm\x01\0\0\0", Some(&metadata)).unwrap();
        assert_eq!(
            String::from_utf8(manifest.bytes.clone()).unwrap(),
            concat!(
                r#"{"annotations":{"io.kubewarden.policy.source":"https://git.example/demo","#,
                r#""io.kubewarden.policy.title":"demo","#,
                r#""org.opencontainers.image.source":"https://git.example/demo"},"#,
                r#""config":{"digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","#,
                r#""mediaType":"application/vnd.wasm.config.v1+json","size":2},"#,
                r#""layers":[{"digest":"sha256:93a44bbb96c751218e4c00d479e4c14358122a389acca16205b1e4d0dc5f9476","#,
                r#""mediaType":"application/vnd.wasm.content.layer.v1+wasm","size":8}],"schemaVersion":2}"#
            )
        );
        assert_eq!(manifest.digest, digest(&manifest.bytes));
    }

    #[test]
    fn a_source_of_its_own_stays() {
        let metadata = metadata(&[("io.kubewarden.policy.source", "a"), (OCI_SOURCE, "b")]);
        assert_eq!(annotations(&metadata).get(OCI_SOURCE).map(String::as_str), Some("b"));
    }

    #[test]
    fn without_metadata_there_are_no_annotations() {
        for metadata in [None, Some(metadata(&[]))] {
            let manifest = OciManifest::of(b"", metadata.as_ref()).unwrap();
            assert!(manifest.bytes.starts_with(br#"{"config":"#));
        }
    }
}
