//! Modules in a file, for machines without a network: an OCI image layout as a tar archive.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use tar::{Archive, Builder, EntryType, Header};
use tempfile::TempDir;

use super::failure::{StoreError, at};
use super::{Content, Entry, Store};
use crate::annotations::MAGIC;
use crate::digest::{Digest, Hasher};
use crate::manifest::{Descriptor, Manifest, ModuleManifest};
use crate::reference::Reference;

const LAYOUT_FILE: &str = "oci-layout";
const INDEX_FILE: &str = "index.json";
const BLOBS: &str = "blobs/sha256/";
const LAYOUT_VERSION: &str = "1.0.0";
/// The annotation with the reference that leads to a manifest.
const REFERENCE: &str = "org.opencontainers.image.ref.name";
/// The largest `oci-layout` and `index.json` that are read.
const MAX_INDEX_BYTES: u64 = 4 << 20;
const BUFFER: usize = 64 << 10;

/// How much is taken from an archive.
#[derive(Debug, Clone, Copy)]
pub struct LoadLimits {
    /// The largest module, in bytes.
    pub module_bytes: u64,
    /// The most files.
    pub files: usize,
    /// All contents together, in bytes.
    pub total_bytes: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Layout {
    image_layout_version: String,
}

/// What was found in an archive.
struct Found {
    folder: TempDir,
    blobs: BTreeMap<Digest, u64>,
    index: Manifest,
}

impl Default for LoadLimits {
    fn default() -> Self {
        Self { module_bytes: 64 << 20, files: 10_000, total_bytes: 2 << 30 }
    }
}

impl Store {
    /// Writes the modules of some references (of all, if none is named) as an archive. The same modules give the same
    /// bytes.
    ///
    /// # Errors
    /// A reference that is not, or not undamaged, in the store.
    pub fn save(&self, references: &[Reference], out: impl Write) -> Result<Vec<Entry>, StoreError> {
        let _stable = super::Lock::shared(self.root())?;
        let entries = self.entries_of(references)?;
        let mut digests = BTreeSet::new();
        let mut manifests = Vec::new();
        for entry in &entries {
            let bytes = self.required_blob(&entry.digest)?;
            let malformed = |source| StoreError::Manifest { digest: entry.digest.clone(), source };
            let kind = Manifest::parse(&bytes).map_err(malformed)?.kind().to_owned();
            let name = BTreeMap::from([(REFERENCE.to_owned(), entry.reference.clone())]);
            manifests.push(Descriptor { annotations: Some(name), ..Descriptor::of(&kind, &bytes) });
            let parts = self.module_manifest(&entry.digest)?.map(|(_, parts)| parts);
            digests.extend(parts.ok_or_else(|| StoreError::Unknown { what: entry.reference.clone() })?);
        }
        let failed = |source| StoreError::ArchiveIo { source };
        let mut archive = Builder::new(out);
        let layout = Layout { image_layout_version: LAYOUT_VERSION.to_owned() };
        append(&mut archive, LAYOUT_FILE, &to_json(&layout)?).map_err(failed)?;
        append(&mut archive, INDEX_FILE, &to_json(&Manifest::index(manifests))?).map_err(failed)?;
        for digest in &digests {
            let bytes = self.required_blob(digest)?;
            append(&mut archive, &format!("{BLOBS}{}", digest.hex()), &bytes).map_err(failed)?;
        }
        archive.into_inner().and_then(|mut out| out.flush()).map_err(failed)?;
        Ok(entries)
    }

    /// Takes all modules of an archive, or none of them.
    ///
    /// # Errors
    /// An archive that is no OCI image layout, is too large, or has a content that is not what its digest says.
    pub fn load(&self, input: impl Read, limits: &LoadLimits) -> Result<Vec<Entry>, StoreError> {
        let found = self.unpack(input, limits)?;
        let mut entries = Vec::new();
        let mut wanted = BTreeSet::new();
        for descriptor in found.index.manifests.as_deref().unwrap_or_default() {
            let reference = reference_of(descriptor)?;
            let (module, parts) = found.module(descriptor, limits)?;
            wanted.extend(parts);
            entries.push(Entry {
                reference: reference.to_string(),
                digest: descriptor.digest.clone(),
                module: Some((module.layer.digest, module.layer.size)),
            });
        }
        if entries.is_empty() {
            return refused("its index names no module");
        }
        let contents = wanted.iter().map(|digest| Content::File(digest, found.path(digest))).collect();
        let references: Vec<_> = entries.iter().map(|entry| (entry.reference.clone(), entry.digest.clone())).collect();
        self.commit(contents, &references, || true)?;
        Ok(entries)
    }

    /// The entries of some references, or of all.
    fn entries_of(&self, references: &[Reference]) -> Result<Vec<Entry>, StoreError> {
        if references.is_empty() {
            return self.list();
        }
        let mut entries = Vec::new();
        for reference in references {
            let unknown = || StoreError::Unknown { what: reference.to_string() };
            let module = self.read(reference)?.ok_or_else(unknown)?;
            entries.push(Entry {
                reference: reference.to_string(),
                digest: module.digest,
                module: Some((module.manifest.layer.digest, module.manifest.layer.size)),
            });
        }
        entries.sort_by(|a, b| a.reference.cmp(&b.reference));
        entries.dedup();
        Ok(entries)
    }

    fn required_blob(&self, digest: &Digest) -> Result<Vec<u8>, StoreError> {
        // What is in the store was bounded when it came in.
        self.blob(digest, u64::MAX)?.ok_or_else(|| StoreError::Unknown { what: digest.to_string() })
    }

    /// Unpacks an archive into a folder of its own, where every content has been checked.
    fn unpack(&self, input: impl Read, limits: &LoadLimits) -> Result<Found, StoreError> {
        let tmp = self.tmp();
        let folder = TempDir::new_in(&tmp).map_err(at(&tmp))?;
        let (mut blobs, mut layout, mut index) = (BTreeMap::new(), None, None);
        let mut left = limits.total_bytes;
        let mut archive = Archive::new(input);
        for (count, entry) in archive.entries().map_err(unreadable)?.enumerate() {
            let mut entry = entry.map_err(unreadable)?;
            if count >= limits.files {
                return refused(format!("it has more than {} files", limits.files));
            }
            let name = String::from_utf8_lossy(&entry.path_bytes()).trim_start_matches("./").to_owned();
            match entry.header().entry_type() {
                EntryType::Regular | EntryType::Continuous => {}
                EntryType::Directory => continue,
                _ => return refused(format!("`{name}` is neither a file nor a folder")),
            }
            left = match left.checked_sub(entry.size()) {
                Some(left) => left,
                None => return refused(format!("its contents are larger than {} bytes together", limits.total_bytes)),
            };
            if name == LAYOUT_FILE {
                layout = Some(from_json::<Layout>(&name, &mut entry)?);
            } else if name == INDEX_FILE {
                index = Some(read_limited(&name, &mut entry)?);
            } else if let Some(hex) = name.strip_prefix(BLOBS) {
                let Ok(digest) = format!("sha256:{hex}").parse::<Digest>() else {
                    return refused(format!("`{name}` is not named by a digest"));
                };
                let size = unpack_blob(&mut entry, &digest, folder.path())?;
                blobs.insert(digest, size);
            } else if name.starts_with('/') || name.split(['/', '\\']).any(|part| part == "..") {
                return refused(format!("`{name}` leads out of the archive"));
            }
            // Other files are notes of other tools.
        }
        match layout {
            Some(layout) if layout.image_layout_version.starts_with("1.") => {}
            Some(layout) => return refused(format!("its layout has the version {}", layout.image_layout_version)),
            None => return refused(format!("it has no `{LAYOUT_FILE}`, so it is no OCI image layout")),
        }
        let Some(index) = index else { return refused(format!("it has no `{INDEX_FILE}`")) };
        let index = Manifest::parse(&index).map_err(|error| StoreError::Archive { reason: error.to_string() })?;
        Ok(Found { folder, blobs, index })
    }
}

impl Found {
    /// The module behind a manifest, and the digests of everything that belongs to it; all of it must be there.
    fn module(
        &self,
        descriptor: &Descriptor,
        limits: &LoadLimits,
    ) -> Result<(ModuleManifest, BTreeSet<Digest>), StoreError> {
        let refuse = |error: crate::manifest::ManifestError| StoreError::Archive { reason: error.to_string() };
        let mut parts = BTreeSet::from([descriptor.digest.clone()]);
        let mut manifest = self.manifest(&descriptor.digest)?;
        if manifest.is_index() {
            let chosen = manifest.for_this_platform().map_err(refuse)?.digest.clone();
            manifest = self.manifest(&chosen)?;
            parts.insert(chosen);
        }
        let module = ModuleManifest::of(&manifest, limits.module_bytes).map_err(refuse)?;
        for part in [&module.layer, &module.config] {
            if self.blobs.get(&part.digest) != Some(&part.size) {
                return refused(format!("{} is missing, or not of the size that its manifest says", part.digest));
            }
            parts.insert(part.digest.clone());
        }
        let path = self.path(&module.layer.digest);
        let mut start = Vec::new();
        let file = File::open(&path).map_err(at(&path))?;
        file.take(MAGIC.len() as u64).read_to_end(&mut start).map_err(at(&path))?;
        if start != MAGIC {
            return refused(format!("{} is not a Wasm module", module.layer.digest));
        }
        Ok((module, parts))
    }

    fn manifest(&self, digest: &Digest) -> Result<Manifest, StoreError> {
        if self.blobs.get(digest).is_none_or(|size| *size > crate::manifest::MAX_MANIFEST_BYTES) {
            return refused(format!("the manifest {digest} is missing"));
        }
        let path = self.path(digest);
        let bytes = std::fs::read(&path).map_err(at(&path))?;
        Manifest::parse(&bytes).map_err(|error| StoreError::Archive { reason: error.to_string() })
    }

    fn path(&self, digest: &Digest) -> std::path::PathBuf {
        self.folder.path().join(digest.hex())
    }
}

/// The reference that a descriptor in an index is named by.
fn reference_of(descriptor: &Descriptor) -> Result<Reference, StoreError> {
    let name = descriptor.annotations.as_ref().and_then(|annotations| annotations.get(REFERENCE));
    let Some(name) = name else { return refused(format!("{} has no reference (`{REFERENCE}`)", descriptor.digest)) };
    match name.parse::<Reference>() {
        Ok(Reference::File(_)) => refused(format!("`{name}` is a file, not a registry's reference")),
        Ok(Reference::Registry(reference)) if reference.digest().is_some_and(|digest| *digest != descriptor.digest) => {
            refused(format!("`{name}` leads to {}", descriptor.digest))
        }
        Ok(reference) => Ok(reference),
        Err(error) => refused(error.to_string()),
    }
}

/// Unpacks one content, and compares it with its name.
fn unpack_blob(entry: &mut impl Read, digest: &Digest, folder: &Path) -> Result<u64, StoreError> {
    let path = folder.join(digest.hex());
    let mut file = File::create(&path).map_err(at(&path))?;
    let mut hasher = Hasher::default();
    let mut buffer = vec![0; BUFFER];
    let mut size = 0;
    loop {
        let read = entry.read(&mut buffer).map_err(unreadable)?;
        if read == 0 {
            break;
        }
        let piece = buffer.get(..read).unwrap_or_default();
        hasher.update(piece);
        file.write_all(piece).map_err(at(&path))?;
        size += read as u64;
    }
    let actual = hasher.finish();
    if actual != *digest {
        return refused(format!("the content named {digest} has the digest {actual}"));
    }
    Ok(size)
}

fn read_limited(name: &str, entry: &mut impl Read) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::new();
    entry.take(MAX_INDEX_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_INDEX_BYTES {
        return refused(format!("`{name}` is larger than {MAX_INDEX_BYTES} bytes"));
    }
    Ok(bytes)
}

fn from_json<T: for<'a> Deserialize<'a>>(name: &str, entry: &mut impl Read) -> Result<T, StoreError> {
    let bytes = read_limited(name, entry)?;
    serde_json::from_slice(&bytes).map_err(|error| StoreError::Archive { reason: format!("`{name}`: {error}") })
}

fn to_json(value: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value).map_err(|error| StoreError::ArchiveIo { source: error.into() })
}

/// Adds a file that looks the same whenever and by whomever it is written.
fn append(archive: &mut Builder<impl Write>, name: &str, bytes: &[u8]) -> io::Result<()> {
    let mut header = Header::new_ustar();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    header.set_mtime(0);
    header.set_entry_type(EntryType::Regular);
    archive.append_data(&mut header, name, bytes)
}

/// An archive that ends too early is refused; one that cannot be read at all is an I/O error.
fn unreadable(error: io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::Other | io::ErrorKind::InvalidData => {
            StoreError::Archive { reason: format!("it cannot be read: {error}") }
        }
        _ => StoreError::ArchiveIo { source: error },
    }
}

fn refused<T>(reason: impl Into<String>) -> Result<T, StoreError> {
    Err(StoreError::Archive { reason: reason.into() })
}
