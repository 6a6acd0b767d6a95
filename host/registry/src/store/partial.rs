//! Downloads that are not complete yet.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use tempfile::TempPath;

use super::Store;
use super::blobs::{digest_of_name, hash};
use super::failure::{StoreError, at};
use super::lock::Lock;
use crate::annotations::MAGIC;
use crate::digest::{Digest, Hasher};

/// A download that is not complete yet, hashed as far as it goes.
#[derive(Debug)]
pub(crate) struct Partial {
    file: File,
    place: Place,
    hasher: Hasher,
    length: u64,
    _lock: Option<Lock>,
}

/// Where the bytes are.
#[derive(Debug)]
enum Place {
    /// In a file that the next run takes up where this one stopped.
    Kept(PathBuf),
    /// In a file that goes when this value goes.
    Temporary(TempPath),
}

impl Partial {
    /// The download of a content, taken up where an earlier one stopped. Waits while another process downloads it.
    pub(crate) fn of_content(store: &Store, digest: &Digest) -> Result<Self, StoreError> {
        let lock = Lock::of_content(store.root(), digest)?;
        let path = store.folder("partial").join(digest.hex());
        let open = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path);
        let mut file = open.map_err(at(&path))?;
        let length = file.metadata().map_err(at(&path))?.len();
        let (hasher, length) = hash(&mut (&mut file).take(length)).map_err(at(&path))?;
        Ok(Self { file, place: Place::Kept(path), hasher, length, _lock: Some(lock) })
    }

    /// The download of a content whose digest is not known.
    pub(crate) fn unnamed(store: &Store) -> Result<Self, StoreError> {
        let tmp = store.tmp();
        let (file, path) = tempfile::NamedTempFile::new_in(&tmp).map_err(at(&tmp))?.into_parts();
        Ok(Self { file, place: Place::Temporary(path), hasher: Hasher::default(), length: 0, _lock: None })
    }

    /// How many bytes there are.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// The digest of what there is.
    pub(crate) fn digest(&self) -> Digest {
        self.hasher.clone().finish()
    }

    /// Whether the bytes start as a Wasm module does.
    pub(crate) fn is_wasm(&mut self) -> Result<bool, StoreError> {
        let mut start = [0; MAGIC.len()];
        let read = self.file.seek(SeekFrom::Start(0)).and_then(|_| self.file.read(&mut start));
        let read = read.map_err(at(self.path()))?;
        Ok(start.get(..read) == Some(MAGIC))
    }

    /// Adds bytes. If they cannot be written, the file is removed, because a full disk does not need it.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        if let Err(error) = self.file.write_all(bytes) {
            self.discard();
            return Err(at(self.path())(error));
        }
        self.hasher.update(bytes);
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Starts again from nothing.
    pub(crate) fn restart(&mut self) -> Result<(), StoreError> {
        if self.length == 0 {
            return Ok(());
        }
        let emptied = self.file.set_len(0).and_then(|()| self.file.seek(SeekFrom::Start(0)));
        emptied.map_err(at(self.path()))?;
        self.hasher = Hasher::default();
        self.length = 0;
        Ok(())
    }

    /// Removes the file, because its bytes are of no use.
    pub(crate) fn discard(&mut self) {
        // If it cannot be removed, the next run finds out from its digest.
        let _ = fs::remove_file(self.path());
    }

    /// Where the bytes are.
    pub(crate) fn path(&self) -> &Path {
        match &self.place {
            Place::Kept(path) => path,
            Place::Temporary(path) => path,
        }
    }
}

/// Removes the downloads that nobody is working on.
pub(super) fn remove_abandoned(store: &Store) -> Result<(), StoreError> {
    let folder = store.folder("partial");
    for entry in fs::read_dir(&folder).map_err(at(&folder))? {
        let path = entry.map_err(at(&folder))?.path();
        let Some(digest) = digest_of_name(&path) else { continue };
        if Lock::try_of_content(store.root(), &digest)?.is_some() {
            fs::remove_file(&path).map_err(at(&path))?;
        }
    }
    Ok(())
}
