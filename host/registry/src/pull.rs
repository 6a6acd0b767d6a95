//! Pulling modules into the store.

use std::collections::BTreeMap;

use forewarn_core::oci_manifest::{CONFIG, OciManifest};
use reqwest::{Method, Url};
use thiserror::Error;

use crate::annotations::annotations_of;
use crate::client::{Client, Fetched, Resolved, fetch_blob};
use crate::digest::Digest;
use crate::download::{Expected, download};
use crate::error::Error;
use crate::manifest::{Descriptor, unreadable};
use crate::reference::HttpsReference;
use crate::signature::Verified;
use crate::store::{Content, Partial, Store, StoreError};
use crate::transport::{Request, TransportError};

/// The largest configuration that is kept; nobody reads it.
const MAX_CONFIG_BYTES: u64 = 1 << 20;
/// How often a pull starts again because another process removes what it needs.
const MAX_ROUNDS: u32 = 8;

/// What is to be pulled: a resolved module, or a verified one. Both are by digest.
#[derive(Debug, Clone)]
pub struct Pinned {
    resolved: Resolved,
}

/// A pulled module, which is now in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulled {
    /// The digest of the manifest.
    pub digest: Digest,
    /// The digest of the module.
    pub module: Digest,
    /// The module's size in bytes.
    pub size: u64,
    /// Whether the module's bytes were downloaded; if not, they were already there.
    pub downloaded: bool,
}

/// Why a module cannot be pulled.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PullError {
    /// There is no such thing.
    #[error("{reference} does not exist")]
    NotFound {
        /// The reference.
        reference: String,
    },
    /// Bytes that are not what was asked for.
    #[error("{what} is not what was asked for: it has the digest {actual} instead of {expected}")]
    DigestMismatch {
        /// What was asked for.
        what: String,
        /// Its digest.
        expected: Digest,
        /// The digest of what came.
        actual: Digest,
    },
    /// More bytes than there can be.
    #[error("{name} is larger than the {limit} bytes that it may have")]
    TooLarge {
        /// What was asked for.
        name: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// Something else than a module.
    #[error("{name} is not a Wasm module")]
    NotWasm {
        /// What was asked for.
        name: String,
    },
    /// A connection that breaks again and again.
    #[error("{name} is still not complete after {times} tries")]
    Unsteady {
        /// What was asked for.
        name: String,
        /// How often.
        times: u32,
    },
    /// Other processes keep removing what was downloaded.
    #[error("{name} cannot be kept: it is removed from the store as soon as it is there")]
    Removed {
        /// What was asked for.
        name: String,
    },
}

impl From<Resolved> for Pinned {
    fn from(resolved: Resolved) -> Self {
        Self { resolved }
    }
}

impl From<Verified> for Pinned {
    fn from(verified: Verified) -> Self {
        Self { resolved: verified.into_resolved() }
    }
}

impl Client {
    /// Pulls a module into the store, where its reference then leads to it. What is already there, undamaged, is not
    /// downloaded again.
    ///
    /// The tag is not asked again: what was resolved or verified is what is pulled.
    ///
    /// # Errors
    /// A registry or a store that fails, or bytes that are not what their digest says. The store is whole in any case.
    pub fn pull(&self, what: impl Into<Pinned>, store: &Store) -> Result<Pulled, Error> {
        let resolved = what.into().resolved;
        self.run(async {
            let config = self.config(&resolved).await?;
            let layer = &resolved.module.layer;
            let mut contents = manifests(&resolved);
            contents.push((resolved.module.config.digest.clone(), config));
            let references = [(resolved.reference.to_string(), resolved.root.digest.clone())];
            let pulled = |downloaded| Pulled {
                digest: resolved.root.digest.clone(),
                module: layer.digest.clone(),
                size: layer.size,
                downloaded,
            };
            for _ in 0..MAX_ROUNDS {
                let bytes = contents.iter().map(|(digest, bytes)| Content::Bytes(digest, bytes));
                if store.commit(bytes.collect(), &references, || store.is_intact(&layer.digest, layer.size))? {
                    return Ok(pulled(false));
                }
                let Some(partial) = self.layer(&resolved, store).await? else { continue };
                let file = Content::File(&layer.digest, partial.path().to_owned());
                let bytes = contents.iter().map(|(digest, bytes)| Content::Bytes(digest, bytes));
                store.commit(std::iter::once(file).chain(bytes).collect(), &references, || true)?;
                return Ok(pulled(true));
            }
            Err(PullError::Removed { name: resolved.reference.to_string() }.into())
        })
    }

    /// Pulls a module from a web server into the store, with the manifest that it would have in a registry.
    ///
    /// # Errors
    /// As for [`Client::pull`]. Without a digest in the reference, TLS alone says that the bytes are the right ones.
    pub fn pull_https(&self, reference: &HttpsReference, store: &Store) -> Result<Pulled, Error> {
        self.run(async {
            let name = reference.to_string();
            let url = Url::parse(reference.url()).map_err(|error| TransportError::Address {
                url: reference.url().to_owned(),
                reason: error.to_string(),
            })?;
            let limit = self.transport().options().max_module_bytes;
            let expected = Expected { name: name.clone(), digest: reference.digest(), size: None, limit };
            let mut partial = Partial::unnamed(store)?;
            download(self.transport(), &Request::download(url), &expected, &mut partial).await?;
            if !partial.is_wasm()? {
                return Err(PullError::NotWasm { name }.into());
            }
            let path = partial.path().to_owned();
            let module = std::fs::read(&path).map_err(|source| StoreError::Io { path: path.clone(), source })?;
            // A module without metadata can be pulled; what it covers is then for the caller to say.
            let annotations = annotations_of(&module).unwrap_or_else(|_| BTreeMap::new());
            let manifest = OciManifest::with(&module, annotations).map_err(unreadable);
            let of_reference = |source| Error::Manifest { reference: name.clone(), source };
            let OciManifest { bytes, .. } = manifest.map_err(of_reference)?;
            let (digest, config) = (Digest::of(&bytes), Digest::of(CONFIG));
            let (layer, size) = (partial.digest(), partial.length());
            let contents =
                vec![Content::File(&layer, path), Content::Bytes(&config, CONFIG), Content::Bytes(&digest, &bytes)];
            store.commit(contents, &[(name, digest.clone())], || true)?;
            Ok(Pulled { digest: digest.clone(), module: layer.clone(), size, downloaded: true })
        })
    }

    /// Downloads the module's bytes; `None` if another process was faster.
    async fn layer(&self, resolved: &Resolved, store: &Store) -> Result<Option<Partial>, Error> {
        let layer = &resolved.module.layer;
        let repository = resolved.reference.repository();
        let mut partial = Partial::of_content(store, &layer.digest)?;
        if store.is_intact(&layer.digest, layer.size) {
            partial.discard();
            return Ok(None);
        }
        let url = self.transport().url(repository, &format!("blobs/{}", layer.digest))?;
        let name = format!("the module of {}", resolved.reference);
        let expected = Expected {
            name: name.clone(),
            digest: Some(&layer.digest),
            size: Some(layer.size),
            limit: self.transport().options().max_module_bytes,
        };
        let request = Request::pull(Method::GET, url, repository);
        download(self.transport(), &request, &expected, &mut partial).await?;
        if !partial.is_wasm()? {
            partial.discard();
            return Err(PullError::NotWasm { name }.into());
        }
        Ok(Some(partial))
    }

    /// The bytes of the configuration, which belong into an archive although nobody reads them.
    async fn config(&self, resolved: &Resolved) -> Result<Vec<u8>, Error> {
        let Descriptor { digest, .. } = &resolved.module.config;
        if *digest == Digest::of(CONFIG) {
            return Ok(CONFIG.to_vec());
        }
        fetch_blob(self.transport(), resolved.reference.repository(), digest, MAX_CONFIG_BYTES).await
    }
}

/// The manifests on the way to the module.
fn manifests(resolved: &Resolved) -> Vec<(Digest, Vec<u8>)> {
    let both = [Some(&resolved.root), resolved.chosen.as_ref()].into_iter().flatten();
    both.map(|Fetched { digest, bytes, .. }| (digest.clone(), bytes.clone())).collect()
}
