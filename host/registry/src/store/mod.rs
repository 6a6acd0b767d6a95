//! The local store: modules by content, and which reference leads to which content.
//!
//! ```text
//! blobs/sha256/<hex>   manifests, configurations and modules, each named by its digest
//! refs/<hex>           one small file per reference: its text, and the digest of its manifest
//! partial/<hex>        downloads that were interrupted, to be resumed
//! locks/, tmp/         for processes that work at the same time
//! ```
//!
//! Nothing is believed because it is there: every content is hashed when it is read. Nothing is visible before it is
//! complete: files are written elsewhere and renamed.

mod archive;
mod blobs;
mod failure;
mod lock;
mod partial;
mod references;

pub use archive::LoadLimits;
pub use failure::StoreError;
pub(crate) use partial::Partial;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::digest::Digest;
use crate::manifest::{Manifest, ModuleManifest};
use crate::reference::Reference;
use failure::at;
use lock::Lock;

/// The fewest hexadecimal digits that stand for a content.
const MIN_PREFIX: usize = 4;

/// The local store.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
}

/// A module of the store, with its bytes as its digest says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredModule {
    /// The digest of the manifest that the reference leads to.
    pub digest: Digest,
    /// The module's manifest.
    pub manifest: ModuleManifest,
    /// The module.
    pub bytes: Vec<u8>,
}

/// What a reference in the store leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The reference, as `Display` of [`Reference`] shows it.
    pub reference: String,
    /// The digest of its manifest.
    pub digest: Digest,
    /// The module's digest and size; `None` if a part is missing or damaged, so that it has to be pulled again.
    pub module: Option<(Digest, u64)>,
}

/// A content on its way into the store.
pub(crate) enum Content<'a> {
    /// Bytes in memory.
    Bytes(&'a Digest, &'a [u8]),
    /// A file in the store's own folder, complete and checked.
    File(&'a Digest, PathBuf),
}

impl Store {
    /// Opens the store in a folder, and makes it if there is none.
    ///
    /// # Errors
    /// A folder that cannot be made.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let store = Self { root: root.into() };
        for folder in [store.blobs(), store.folder("refs"), store.folder("partial"), store.folder("locks"), store.tmp()]
        {
            fs::create_dir_all(&folder).map_err(at(&folder))?;
        }
        Ok(store)
    }

    /// The store's folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The module that a reference leads to; `None` if it is not, or not completely, in the store.
    ///
    /// # Errors
    /// A content that is not what its digest says: pull it again.
    pub fn read(&self, reference: &Reference) -> Result<Option<StoredModule>, StoreError> {
        match self.digest_of(reference)? {
            Some(digest) => self.read_digest(&digest),
            None => Ok(None),
        }
    }

    /// The same for the digest of a manifest.
    fn read_digest(&self, digest: &Digest) -> Result<Option<StoredModule>, StoreError> {
        let Some((manifest, _)) = self.module_manifest(digest)? else { return Ok(None) };
        let bytes = self.blob(&manifest.layer.digest, manifest.layer.size)?;
        Ok(bytes.map(|bytes| StoredModule { digest: digest.clone(), manifest, bytes }))
    }

    /// The manifest of the module behind the digest, and all digests that belong to it.
    fn module_manifest(&self, digest: &Digest) -> Result<Option<(ModuleManifest, BTreeSet<Digest>)>, StoreError> {
        let malformed = |source| StoreError::Manifest { digest: digest.clone(), source };
        let mut parts = BTreeSet::from([digest.clone()]);
        let Some(mut manifest) = self.manifest(digest)? else { return Ok(None) };
        if manifest.is_index() {
            let chosen = manifest.for_this_platform().map_err(malformed)?.digest.clone();
            parts.insert(chosen.clone());
            let Some(inner) = self.manifest(&chosen)? else { return Ok(None) };
            manifest = inner;
        }
        let module = ModuleManifest::of(&manifest, u64::MAX).map_err(malformed)?;
        parts.extend([module.layer.digest.clone(), module.config.digest.clone()]);
        Ok(Some((module, parts)))
    }

    fn manifest(&self, digest: &Digest) -> Result<Option<Manifest>, StoreError> {
        let Some(bytes) = self.blob(digest, crate::manifest::MAX_MANIFEST_BYTES)? else { return Ok(None) };
        let parsed = Manifest::parse(&bytes);
        parsed.map(Some).map_err(|source| StoreError::Manifest { digest: digest.clone(), source })
    }

    /// All references, sorted.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub fn list(&self) -> Result<Vec<Entry>, StoreError> {
        let entry = |(reference, digest): (String, Digest)| {
            let module = match self.module_manifest(&digest) {
                Ok(Some((manifest, _))) => {
                    let present = self.has_blob(&manifest.layer.digest, manifest.layer.size);
                    present.then_some((manifest.layer.digest, manifest.layer.size))
                }
                Ok(None) | Err(_) => None,
            };
            Entry { reference, digest, module }
        };
        Ok(self.references()?.into_iter().map(entry).collect())
    }

    /// Removes what a reference, or the beginning of a digest (of a manifest or a module), stands for, and then every
    /// content that no reference leads to.
    ///
    /// # Errors
    /// Nothing in the store is meant, or several contents are.
    pub fn remove(&self, what: &str) -> Result<Vec<Entry>, StoreError> {
        let _alone = Lock::exclusive(&self.root)?;
        let entries = self.list()?;
        let removed = select(&entries, what)?;
        for entry in &removed {
            self.forget(&entry.reference)?;
        }
        self.collect_garbage()?;
        Ok(removed)
    }

    /// Puts contents into the store, and then the reference that leads to them.
    ///
    /// `complete` is asked under the lock whether everything else that belongs to them is still there; if not, nothing
    /// is done and the answer is false.
    pub(crate) fn commit(
        &self,
        contents: Vec<Content<'_>>,
        references: &[(String, Digest)],
        complete: impl FnOnce() -> bool,
    ) -> Result<bool, StoreError> {
        let _with_others = Lock::shared(&self.root)?;
        if !complete() {
            return Ok(false);
        }
        for content in contents {
            match content {
                Content::Bytes(digest, bytes) => self.put_blob(digest, bytes)?,
                Content::File(digest, path) => self.adopt_blob(digest, &path)?,
            }
        }
        for (reference, digest) in references {
            self.remember(reference, digest)?;
        }
        Ok(true)
    }

    /// Removes every content that no reference leads to. INVARIANT: the caller holds the exclusive lock.
    fn collect_garbage(&self) -> Result<(), StoreError> {
        let mut reachable = BTreeSet::new();
        for (_, digest) in self.references()? {
            // What cannot be read has to be pulled again anyhow.
            if let Ok(Some((_, parts))) = self.module_manifest(&digest) {
                reachable.extend(parts);
            }
        }
        self.retain_blobs(&reachable)?;
        partial::remove_abandoned(self)
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    fn blobs(&self) -> PathBuf {
        self.root.join("blobs").join("sha256")
    }

    /// Where files are written before they are renamed.
    pub(crate) fn tmp(&self) -> PathBuf {
        self.folder("tmp")
    }
}

/// The entries that a reference or the beginning of a digest stands for.
fn select(entries: &[Entry], what: &str) -> Result<Vec<Entry>, StoreError> {
    let unknown = || StoreError::Unknown { what: what.to_owned() };
    if let Ok(reference) = what.parse::<Reference>() {
        let text = reference.to_string();
        let found: Vec<Entry> = entries.iter().filter(|entry| entry.reference == text).cloned().collect();
        return if found.is_empty() { Err(unknown()) } else { Ok(found) };
    }
    let prefix = what.strip_prefix("sha256:").unwrap_or(what);
    if prefix.len() < MIN_PREFIX || !prefix.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(unknown());
    }
    let fits = |entry: &&Entry| {
        let module = entry.module.as_ref().map(|(digest, _)| digest);
        [Some(&entry.digest), module].into_iter().flatten().any(|digest| digest.hex().starts_with(prefix))
    };
    let found: Vec<Entry> = entries.iter().filter(fits).cloned().collect();
    let meant: BTreeSet<String> = found.iter().map(|entry| entry.digest.to_string()).collect();
    match meant.len() {
        0 => Err(unknown()),
        1 => Ok(found),
        _ => Err(StoreError::Ambiguous { what: what.to_owned(), digests: meant.into_iter().collect() }),
    }
}
