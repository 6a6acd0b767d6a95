//! What a reference leads to.

use reqwest::Method;
use tokio::runtime::{Builder, Runtime};

use crate::digest::Digest;
use crate::error::Error;
use crate::manifest::{ACCEPTED, MAX_MANIFEST_BYTES, Manifest, ModuleManifest};
use crate::options::{Options, OptionsError};
use crate::pull::PullError;
use crate::reference::{RegistryReference, Repository};
use crate::transport::{Request, Transport, read};

/// The header in which a registry names the digest of what it sends.
const DIGEST_HEADER: &str = "docker-content-digest";

/// A client of registries and web servers.
pub struct Client {
    runtime: Runtime,
    transport: Transport,
}

/// A policy module in a registry, resolved: from here on everything is asked for by digest.
#[derive(Debug, Clone)]
pub struct Resolved {
    pub(crate) reference: RegistryReference,
    /// The manifest that the reference leads to.
    pub(crate) root: Fetched,
    /// The manifest for this platform, where the first one is an index.
    pub(crate) chosen: Option<Fetched>,
    pub(crate) module: ModuleManifest,
}

/// A manifest, and exactly the bytes that its digest is of.
#[derive(Debug, Clone)]
pub(crate) struct Fetched {
    pub(crate) digest: Digest,
    pub(crate) bytes: Vec<u8>,
    pub(crate) manifest: Manifest,
}

impl Resolved {
    /// The reference as asked for.
    #[must_use]
    pub fn reference(&self) -> &RegistryReference {
        &self.reference
    }

    /// The digest that the reference leads to, and that signatures are about.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        &self.root.digest
    }

    /// The reference by digest.
    #[must_use]
    pub fn immutable(&self) -> RegistryReference {
        self.reference.pinned(&self.root.digest)
    }

    /// The module's manifest.
    #[must_use]
    pub fn module(&self) -> &ModuleManifest {
        &self.module
    }
}

impl Client {
    /// Prepares a client; no connection is made yet.
    ///
    /// # Errors
    /// Options that cannot be honoured.
    pub fn new(options: Options) -> Result<Self, Error> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| OptionsError::Http { reason: error.to_string() })?;
        Ok(Self { runtime, transport: Transport::new(options)? })
    }

    /// The digest of whatever a reference leads to, a module or not.
    ///
    /// # Errors
    /// A registry that cannot be reached or has no such thing.
    pub fn digest(&self, reference: &RegistryReference) -> Result<Digest, Error> {
        self.run(async { Ok(fetch(&self.transport, reference).await?.digest) })
    }

    /// Finds out which module a reference means now.
    ///
    /// # Errors
    /// A registry that cannot be reached or has no such thing, or a thing that is no policy module.
    pub fn resolve(&self, reference: &RegistryReference) -> Result<Resolved, Error> {
        self.run(async {
            let root = fetch(&self.transport, reference).await?;
            let of_reference = |source| Error::Manifest { reference: reference.to_string(), source };
            let chosen = if root.manifest.is_index() {
                let digest = root.manifest.for_this_platform().map_err(of_reference)?.digest.clone();
                Some(fetch(&self.transport, &reference.pinned(&digest)).await?)
            } else {
                None
            };
            let manifest = &chosen.as_ref().unwrap_or(&root).manifest;
            let limit = self.transport.options().max_module_bytes;
            let module = ModuleManifest::of(manifest, limit).map_err(of_reference)?;
            Ok(Resolved { reference: reference.clone(), root, chosen, module })
        })
    }

    /// The connections.
    pub(crate) fn transport(&self) -> &Transport {
        &self.transport
    }

    /// Waits for something.
    pub(crate) fn run<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }
}

/// Fetches the manifest that a reference leads to.
pub(crate) async fn fetch(transport: &Transport, reference: &RegistryReference) -> Result<Fetched, Error> {
    match fetch_optional(transport, reference).await? {
        Some(fetched) => Ok(fetched),
        None => Err(PullError::NotFound { reference: reference.to_string() }.into()),
    }
}

/// The same; `None` where the registry has no such thing.
pub(crate) async fn fetch_optional(
    transport: &Transport,
    reference: &RegistryReference,
) -> Result<Option<Fetched>, Error> {
    let repository = reference.repository();
    let url = transport.url(repository, &format!("manifests/{}", reference.target()))?;
    let request = Request::pull(Method::GET, url, repository).accepting(ACCEPTED);
    let Some(response) = transport.send_optional(request).await? else { return Ok(None) };
    let told = response.headers().get(DIGEST_HEADER).and_then(|value| value.to_str().ok()?.parse::<Digest>().ok());
    let bytes = read(response, MAX_MANIFEST_BYTES).await?;
    let digest = Digest::of(&bytes);
    for expected in [reference.digest(), told.as_ref()].into_iter().flatten() {
        check(reference.to_string(), expected, &digest)?;
    }
    let manifest =
        Manifest::parse(&bytes).map_err(|source| Error::Manifest { reference: reference.to_string(), source })?;
    Ok(Some(Fetched { digest, bytes, manifest }))
}

/// Compares digests.
pub(crate) fn check(what: String, expected: &Digest, actual: &Digest) -> Result<(), PullError> {
    if expected == actual {
        return Ok(());
    }
    Err(PullError::DigestMismatch { what, expected: expected.clone(), actual: actual.clone() })
}

/// A small content of a repository, by digest.
pub(crate) async fn fetch_blob(
    transport: &Transport,
    repository: &Repository,
    digest: &Digest,
    limit: u64,
) -> Result<Vec<u8>, Error> {
    let url = transport.url(repository, &format!("blobs/{digest}"))?;
    let response = transport.send_ok(Request::pull(Method::GET, url, repository)).await?;
    let bytes = read(response, limit).await?;
    check(format!("{repository}@{digest}"), digest, &Digest::of(&bytes))?;
    Ok(bytes)
}
