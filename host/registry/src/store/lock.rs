//! Locks between processes. They are files that are never removed, because removing a lock file is a race.

use std::fs::{File, OpenOptions};
use std::path::Path;

use super::failure::{StoreError, at};
use crate::digest::Digest;

/// A lock, held until it is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// For adding: others may add, too, but nobody removes.
    pub(super) fn shared(root: &Path) -> Result<Self, StoreError> {
        Self::take(root, "store", |file| file.lock_shared())
    }

    /// For removing: nobody else adds or removes.
    pub(super) fn exclusive(root: &Path) -> Result<Self, StoreError> {
        Self::take(root, "store", File::lock)
    }

    /// For downloading a content: nobody else downloads the same one.
    pub(super) fn of_content(root: &Path, digest: &Digest) -> Result<Self, StoreError> {
        Self::take(root, shard(digest), File::lock)
    }

    /// The same, unless somebody is downloading it.
    pub(super) fn try_of_content(root: &Path, digest: &Digest) -> Result<Option<Self>, StoreError> {
        let path = root.join("locks").join(shard(digest));
        let file = open(&path)?;
        Ok(file.try_lock().is_ok().then_some(Self { _file: file }))
    }

    fn take(root: &Path, name: &str, lock: impl FnOnce(&File) -> std::io::Result<()>) -> Result<Self, StoreError> {
        let path = root.join("locks").join(name);
        let file = open(&path)?;
        lock(&file).map_err(at(&path))?;
        Ok(Self { _file: file })
    }
}

/// One lock for a 256th of all contents, so that the number of lock files is bounded.
fn shard(digest: &Digest) -> &str {
    digest.hex().get(..2).unwrap_or_default()
}

fn open(path: &Path) -> Result<File, StoreError> {
    OpenOptions::new().create(true).truncate(false).write(true).open(path).map_err(at(path))
}
