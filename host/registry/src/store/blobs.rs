//! Contents by digest.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write as _};
use std::path::{Path, PathBuf};

use super::Store;
use super::failure::{StoreError, at};
use crate::digest::{Digest, Hasher};

const BUFFER: usize = 64 << 10;

impl Store {
    /// A content, checked; `None` if it is not there.
    pub(super) fn blob(&self, digest: &Digest, limit: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let path = self.blob_path(digest);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(at(&path)(error)),
        };
        let mut bytes = Vec::new();
        // One byte more tells too long from just long enough; its digest then cannot be the right one.
        file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(at(&path))?;
        let actual = Digest::of(&bytes);
        if actual == *digest { Ok(Some(bytes)) } else { Err(StoreError::Damaged { path, actual }) }
    }

    /// Whether a content is there in the right size. Its bytes are checked when they are read.
    pub(super) fn has_blob(&self, digest: &Digest, size: u64) -> bool {
        fs::metadata(self.blob_path(digest)).is_ok_and(|metadata| metadata.len() == size)
    }

    /// Whether a content is there with the right bytes.
    pub(crate) fn is_intact(&self, digest: &Digest, size: u64) -> bool {
        if !self.has_blob(digest, size) {
            return false;
        }
        let Ok(mut file) = File::open(self.blob_path(digest)) else { return false };
        hash(&mut file).is_ok_and(|(hasher, _)| hasher.finish() == *digest)
    }

    /// Writes a content, in place of a damaged one, too.
    pub(super) fn put_blob(&self, digest: &Digest, bytes: &[u8]) -> Result<(), StoreError> {
        if self.is_intact(digest, bytes.len() as u64) {
            return Ok(());
        }
        self.write_atomically(&self.blob_path(digest), bytes)
    }

    /// Takes over a complete and checked file.
    pub(super) fn adopt_blob(&self, digest: &Digest, file: &Path) -> Result<(), StoreError> {
        File::open(file).and_then(|file| file.sync_all()).map_err(at(file))?;
        let path = self.blob_path(digest);
        fs::rename(file, &path).map_err(at(&path))
    }

    /// Removes all other contents.
    pub(super) fn retain_blobs(&self, kept: &BTreeSet<Digest>) -> Result<(), StoreError> {
        let folder = self.blobs();
        for entry in fs::read_dir(&folder).map_err(at(&folder))? {
            let path = entry.map_err(at(&folder))?.path();
            if digest_of_name(&path).is_some_and(|digest| !kept.contains(&digest)) {
                fs::remove_file(&path).map_err(at(&path))?;
            }
        }
        Ok(())
    }

    /// Writes a file so that it is seen complete or not at all. What cannot be written leaves nothing behind.
    pub(super) fn write_atomically(&self, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        let tmp = self.tmp();
        let mut file = tempfile::NamedTempFile::new_in(&tmp).map_err(at(&tmp))?;
        file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(at(path))?;
        file.persist(path).map_err(|error| at(path)(error.error))?;
        Ok(())
    }

    /// Where a content is.
    pub(super) fn blob_path(&self, digest: &Digest) -> PathBuf {
        self.blobs().join(digest.hex())
    }
}

/// The digest that a file name stands for.
pub(super) fn digest_of_name(path: &Path) -> Option<Digest> {
    format!("sha256:{}", path.file_name()?.to_str()?).parse().ok()
}

/// Hashes the rest of a stream, and counts its bytes.
pub(super) fn hash(file: &mut impl Read) -> std::io::Result<(Hasher, u64)> {
    let mut hasher = Hasher::default();
    let mut length = 0;
    let mut buffer = vec![0; BUFFER];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok((hasher, length)),
            read => {
                hasher.update(buffer.get(..read).unwrap_or_default());
                length += read as u64;
            }
        }
    }
}
