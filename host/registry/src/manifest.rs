//! Manifests: the one that a module is pushed with, and those that are taken.

use std::collections::BTreeMap;

use forewarn_core::oci_manifest::{LAYER_MEDIA_TYPE, MANIFEST_MEDIA_TYPE};
use olpc_cjson::CanonicalFormatter;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::digest::Digest;

pub(crate) const INDEX_MEDIA_TYPE: &str = "application/vnd.oci.image.index.v1+json";
const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_INDEX: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
/// Everything that may be behind a tag, for the `Accept` header.
pub(crate) const ACCEPTED: &str = "application/vnd.oci.image.manifest.v1+json, \
    application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.v2+json, \
    application/vnd.docker.distribution.manifest.list.v2+json";
/// The largest manifest that is read; the distribution specification names the same.
pub(crate) const MAX_MANIFEST_BYTES: u64 = 4 << 20;

/// A content, as manifests refer to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// What the content is.
    pub media_type: String,
    /// Its digest.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// What a manifest in an index is made for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// What kind of artifact a manifest in an index is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// Notes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<BTreeMap<String, String>>,
}

/// An operating system and a processor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Platform {
    /// The processor, in Go's words.
    #[serde(default)]
    pub architecture: String,
    /// The operating system, in Go's words.
    #[serde(default)]
    pub os: String,
}

/// A manifest of any kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Always 2.
    pub schema_version: u32,
    /// What kind of manifest this is; often only the HTTP header says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// What kind of artifact this is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// The configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<Descriptor>,
    /// The contents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layers: Option<Vec<Descriptor>>,
    /// The manifests of an index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifests: Option<Vec<Descriptor>>,
    /// What this artifact is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Descriptor>,
    /// Notes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<BTreeMap<String, String>>,
}

/// The manifest of a policy module, as far as it matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleManifest {
    /// The module.
    pub layer: Descriptor,
    /// The configuration, whose content does not matter.
    pub config: Descriptor,
    /// Notes, most of them from the module's metadata.
    pub annotations: BTreeMap<String, String>,
}

/// Why a manifest is not that of a policy module.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// It cannot be read.
    #[error("the manifest cannot be read: {reason}")]
    Unreadable {
        /// Why not.
        reason: String,
    },
    /// It is of a version or kind that nobody writes for modules.
    #[error("the manifest is of the kind `{kind}`, not an OCI image manifest")]
    Kind {
        /// Its media type or version.
        kind: String,
    },
    /// It lists manifests, none of them for this platform.
    #[error("the reference leads to an index without a manifest for {os}/{architecture}, so no module is meant")]
    NoPlatform {
        /// This machine's operating system.
        os: String,
        /// This machine's processor.
        architecture: String,
    },
    /// It has no contents.
    #[error("the artifact has no layer, so it holds no module")]
    NoLayer,
    /// It has a content that is no module.
    #[error("the artifact has a layer of the type `{media_type}`; a policy has one layer of `{LAYER_MEDIA_TYPE}`")]
    LayerType {
        /// The layer's media type.
        media_type: String,
    },
    /// It has several modules, and which of them is meant would be anybody's guess.
    #[error("the artifact has {count} modules, so it is not clear which one is meant")]
    SeveralModules {
        /// How many.
        count: usize,
    },
    /// Its module is larger than allowed.
    #[error("the module has {size} bytes, more than the {limit} that are allowed")]
    TooLarge {
        /// The module's size.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
}

impl Descriptor {
    /// The descriptor of some bytes.
    #[must_use]
    pub fn of(media_type: &str, bytes: &[u8]) -> Self {
        Self {
            media_type: media_type.to_owned(),
            digest: Digest::of(bytes),
            size: bytes.len() as u64,
            platform: None,
            artifact_type: None,
            annotations: None,
        }
    }
}

impl Manifest {
    /// Reads a manifest.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, ManifestError> {
        let manifest: Self = serde_json::from_slice(bytes).map_err(unreadable)?;
        if manifest.schema_version != 2 {
            return Err(ManifestError::Kind { kind: format!("schema version {}", manifest.schema_version) });
        }
        let known = [MANIFEST_MEDIA_TYPE, INDEX_MEDIA_TYPE, DOCKER_MANIFEST, DOCKER_INDEX];
        match &manifest.media_type {
            Some(kind) if !known.contains(&kind.as_str()) => Err(ManifestError::Kind { kind: kind.clone() }),
            _ => Ok(manifest),
        }
    }

    /// An image manifest without anything in it.
    pub(crate) fn new(config: Descriptor, layers: Vec<Descriptor>) -> Self {
        Self {
            schema_version: 2,
            media_type: None,
            artifact_type: None,
            config: Some(config),
            layers: Some(layers),
            manifests: None,
            subject: None,
            annotations: None,
        }
    }

    /// An index of manifests.
    pub(crate) fn index(manifests: Vec<Descriptor>) -> Self {
        Self {
            schema_version: 2,
            media_type: Some(INDEX_MEDIA_TYPE.to_owned()),
            artifact_type: None,
            config: None,
            layers: None,
            manifests: Some(manifests),
            subject: None,
            annotations: None,
        }
    }

    /// Whether this lists manifests instead of contents.
    pub(crate) fn is_index(&self) -> bool {
        self.manifests.is_some()
    }

    /// The media type, for registries that keep it beside the manifest.
    pub(crate) fn kind(&self) -> &str {
        let default = if self.is_index() { INDEX_MEDIA_TYPE } else { MANIFEST_MEDIA_TYPE };
        self.media_type.as_deref().unwrap_or(default)
    }

    /// The manifest for this machine, of those that an index lists.
    pub(crate) fn for_this_platform(&self) -> Result<&Descriptor, ManifestError> {
        let os = go_os();
        let architecture = go_architecture();
        let fits = |descriptor: &&Descriptor| {
            let platform = descriptor.platform.as_ref();
            platform.is_some_and(|platform| platform.os == os && platform.architecture == architecture)
        };
        let manifests = self.manifests.as_deref().unwrap_or_default();
        let missing = || ManifestError::NoPlatform { os: os.to_owned(), architecture: architecture.to_owned() };
        manifests.iter().find(fits).ok_or_else(missing)
    }

    /// The canonical bytes, by which the same content has the same digest whoever writes it.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, ManifestError> {
        let mut bytes = Vec::new();
        let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, CanonicalFormatter::new());
        self.serialize(&mut serializer).map_err(unreadable)?;
        Ok(bytes)
    }
}

impl ModuleManifest {
    /// Takes the manifest of a policy module, and no other.
    pub(crate) fn of(manifest: &Manifest, max_module_bytes: u64) -> Result<Self, ManifestError> {
        let layers = manifest.layers.as_deref().unwrap_or_default();
        if let Some(layer) = layers.iter().find(|layer| layer.media_type != LAYER_MEDIA_TYPE) {
            return Err(ManifestError::LayerType { media_type: layer.media_type.clone() });
        }
        let layer = match layers {
            [] => return Err(ManifestError::NoLayer),
            [layer] => layer.clone(),
            several => return Err(ManifestError::SeveralModules { count: several.len() }),
        };
        if layer.size > max_module_bytes {
            return Err(ManifestError::TooLarge { size: layer.size, limit: max_module_bytes });
        }
        let config = manifest
            .config
            .clone()
            .ok_or_else(|| ManifestError::Unreadable { reason: "it has no `config`".to_owned() })?;
        Ok(Self { layer, config, annotations: manifest.annotations.clone().unwrap_or_default() })
    }
}

/// A manifest that is no JSON, or not the right one.
#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
pub(crate) fn unreadable(error: serde_json::Error) -> ManifestError {
    ManifestError::Unreadable { reason: error.to_string() }
}

/// Go's name for this machine's operating system.
fn go_os() -> &'static str {
    match std::env::consts::OS {
        "macos" => "darwin",
        os => os,
    }
}

/// Go's name for this machine's processor.
fn go_architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        "powerpc64" => "ppc64le",
        architecture => architecture,
    }
}

#[cfg(test)]
mod tests {
    use forewarn_core::oci_manifest::CONFIG;

    use super::*;

    const LIMIT: u64 = 1000;

    fn layer(media_type: &str, size: u64) -> Descriptor {
        Descriptor { size, ..Descriptor::of(media_type, b"\0asm") }
    }

    fn accept(layers: Vec<Descriptor>) -> Result<ModuleManifest, ManifestError> {
        let config = Descriptor::of("application/vnd.oci.empty.v1+json", CONFIG);
        ModuleManifest::of(&Manifest::new(config, layers), LIMIT)
    }

    #[test]
    fn one_module_and_nothing_else_is_taken() {
        assert!(accept(vec![layer(LAYER_MEDIA_TYPE, LIMIT)]).is_ok());
        assert_eq!(accept(vec![]), Err(ManifestError::NoLayer));
        let other = "application/wasm".to_owned();
        assert_eq!(accept(vec![layer(&other, 4)]), Err(ManifestError::LayerType { media_type: other.clone() }));
        let extra = vec![layer(LAYER_MEDIA_TYPE, 4), layer(&other, 4)];
        assert_eq!(accept(extra), Err(ManifestError::LayerType { media_type: other }));
        let two = vec![layer(LAYER_MEDIA_TYPE, 4), layer(LAYER_MEDIA_TYPE, 4)];
        assert_eq!(accept(two), Err(ManifestError::SeveralModules { count: 2 }));
        let large = vec![layer(LAYER_MEDIA_TYPE, LIMIT + 1)];
        assert_eq!(accept(large), Err(ManifestError::TooLarge { size: LIMIT + 1, limit: LIMIT }));
    }

    #[test]
    fn other_manifests_are_refused() {
        let old = br#"{"schemaVersion":1,"name":"a"}"#;
        assert!(matches!(Manifest::parse(old), Err(ManifestError::Kind { .. })));
        let unknown = br#"{"schemaVersion":2,"mediaType":"application/vnd.cncf.helm"}"#;
        assert!(matches!(Manifest::parse(unknown), Err(ManifestError::Kind { .. })));
        for text in [&b"<html>"[..], b"{}", b"[]", br#"{"schemaVersion":2,"layers":[{"digest":"sha256:../x"}]}"#] {
            assert!(matches!(Manifest::parse(text), Err(ManifestError::Unreadable { .. })));
        }
    }

    #[test]
    fn an_index_is_followed_for_this_platform_only() {
        let entry = |os: &str, architecture: &str| Descriptor {
            platform: Some(Platform { os: os.to_owned(), architecture: architecture.to_owned() }),
            ..layer(MANIFEST_MEDIA_TYPE, 4)
        };
        let index = Manifest::index(vec![entry("plan9", "mips"), entry(go_os(), go_architecture())]);
        assert!(index.for_this_platform().is_ok());
        let index = Manifest::index(vec![entry("plan9", "mips"), layer(MANIFEST_MEDIA_TYPE, 4)]);
        assert!(matches!(index.for_this_platform(), Err(ManifestError::NoPlatform { .. })));
    }
}
