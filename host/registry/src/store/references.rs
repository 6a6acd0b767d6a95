//! Which reference leads to which manifest.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Store;
use super::failure::{StoreError, at};
use crate::digest::Digest;
use crate::reference::Reference;

/// The file of one reference.
#[derive(Serialize, Deserialize)]
struct Record {
    reference: String,
    digest: Digest,
}

impl Store {
    /// The digest of the manifest that a reference leads to.
    pub(super) fn digest_of(&self, reference: &Reference) -> Result<Option<Digest>, StoreError> {
        // A digest in the reference is that of the manifest, whatever other reference brought it here.
        if let Reference::Registry(registry) = reference
            && let Some(digest) = registry.digest()
        {
            return Ok(Some(digest.clone()));
        }
        let text = reference.to_string();
        let path = self.record_path(&text);
        match fs::read(&path) {
            Ok(bytes) => Ok(parse(&bytes).filter(|record| record.reference == text).map(|record| record.digest)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(at(&path)(error)),
        }
    }

    /// All references with the digests of their manifests, sorted. A damaged file is as good as none.
    pub(super) fn references(&self) -> Result<Vec<(String, Digest)>, StoreError> {
        let folder = self.folder("refs");
        let mut all = Vec::new();
        for entry in fs::read_dir(&folder).map_err(at(&folder))? {
            let path = entry.map_err(at(&folder))?.path();
            let record = fs::read(&path).ok().and_then(|bytes| parse(&bytes));
            // A file that was copied to another name is no reference.
            all.extend(record.filter(|record| self.record_path(&record.reference) == path));
        }
        let mut all: Vec<_> = all.into_iter().map(|record| (record.reference, record.digest)).collect();
        all.sort();
        Ok(all)
    }

    /// Lets a reference lead to a manifest.
    pub(super) fn remember(&self, reference: &str, digest: &Digest) -> Result<(), StoreError> {
        let path = self.record_path(reference);
        let record = Record { reference: reference.to_owned(), digest: digest.clone() };
        let bytes = serde_json::to_vec(&record).map_err(|error| at(&path)(error.into()))?;
        self.write_atomically(&path, &bytes)
    }

    /// Removes a reference.
    pub(super) fn forget(&self, reference: &str) -> Result<(), StoreError> {
        let path = self.record_path(reference);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(at(&path)(error)),
            _ => Ok(()),
        }
    }

    /// The file of a reference. References have characters that file names cannot have, so it is named by a digest.
    fn record_path(&self, reference: &str) -> PathBuf {
        self.folder("refs").join(Digest::of(reference.as_bytes()).hex())
    }
}

fn parse(bytes: &[u8]) -> Option<Record> {
    serde_json::from_slice(bytes).ok()
}
