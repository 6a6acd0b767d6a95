//! Pushing modules.

use std::collections::BTreeMap;

use bytes::Bytes;
use forewarn_core::oci_manifest::{CONFIG, OciManifest};
use thiserror::Error;

use crate::annotations::MAGIC;
use crate::client::{Client, fetch};
use crate::digest::Digest;
use crate::error::Error;
use crate::manifest::{Manifest, unreadable};
use crate::publish::{put_blob, put_manifest};
use crate::reference::RegistryReference;

/// A pushed module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// The digest of the manifest.
    pub digest: Digest,
    /// The digest of the module.
    pub module: Digest,
    /// The reference by digest, which will always mean this module.
    pub immutable: RegistryReference,
    /// Whether the module's bytes were uploaded; if not, the repository had them.
    pub uploaded: bool,
}

/// Why a module is not pushed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PushError {
    /// The reference has a digest, which is not ours to choose.
    #[error("`{reference}` has a digest, but what is pushed gets its digest from its content")]
    Digest {
        /// The reference.
        reference: String,
    },
    /// It is no module.
    #[error("this is not a Wasm module")]
    NotWasm,
    /// It is larger than anyone would pull.
    #[error("the module has {size} bytes, more than the {limit} that are allowed")]
    TooLarge {
        /// The module's size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
}

impl PushError {
    /// What to write instead.
    #[must_use]
    pub fn help(&self) -> Option<&'static str> {
        matches!(self, Self::Digest { .. }).then_some("write a tag instead of the digest")
    }
}

impl Client {
    /// Pushes a module with the manifest that kwctl and policy-server read. The annotations are usually those of
    /// [`annotations_of`](crate::annotations_of). The same module and annotations always have the same digest.
    ///
    /// # Errors
    /// Something that is no module, or a registry that does not take it.
    pub fn push(
        &self,
        module: &[u8],
        annotations: BTreeMap<String, String>,
        reference: &RegistryReference,
    ) -> Result<Pushed, Error> {
        let limit = self.transport().options().max_module_bytes;
        let size = module.len() as u64;
        if reference.digest().is_some() {
            return Err(PushError::Digest { reference: reference.to_string() }.into());
        }
        if !module.starts_with(MAGIC) {
            return Err(PushError::NotWasm.into());
        }
        if size > limit {
            return Err(PushError::TooLarge { size, limit }.into());
        }
        let of_reference = |source| Error::Manifest { reference: reference.to_string(), source };
        let OciManifest { bytes, .. } =
            OciManifest::with(module, annotations).map_err(unreadable).map_err(of_reference)?;
        let manifest = Manifest::parse(&bytes).map_err(of_reference)?;
        let repository = reference.repository();
        self.run(async {
            let uploaded = put_blob(self.transport(), repository, &Bytes::copy_from_slice(module)).await?;
            put_blob(self.transport(), repository, &Bytes::from_static(CONFIG)).await?;
            put_manifest(self.transport(), repository, reference.target(), &manifest, &bytes).await?;
            let digest = Digest::of(&bytes);
            let immutable = reference.pinned(&digest);
            // Some registries rewrite manifests. What cannot be pulled by its digest was not pushed.
            fetch(self.transport(), &immutable).await?;
            Ok(Pushed { digest, module: Digest::of(module), immutable, uploaded })
        })
    }
}
