//! What can go wrong with the store.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::digest::Digest;
use crate::manifest::ManifestError;

/// Why the store cannot do what it is asked for. It is whole all the same.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A file that cannot be read or written, for example on a full disk.
    #[error("cannot use {}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A content that is not what its digest says.
    #[error("{} is damaged: its content has the digest {actual}, so it is not used", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The digest of what is in it.
        actual: Digest,
    },
    /// A manifest that is not that of a module.
    #[error("{digest} in the store is no policy: {source}")]
    Manifest {
        /// The manifest's digest.
        digest: Digest,
        /// Why not.
        source: ManifestError,
    },
    /// Nothing in the store is meant.
    #[error("`{what}` is not in the store")]
    Unknown {
        /// The reference or digest as written.
        what: String,
    },
    /// Several contents are meant.
    #[error("`{what}` stands for several modules: {}", digests.join(", "))]
    Ambiguous {
        /// The digest as written.
        what: String,
        /// What it stands for.
        digests: Vec<String>,
    },
    /// An archive that is no OCI image layout with modules.
    #[error("the archive is refused, and nothing of it was taken: {reason}")]
    Archive {
        /// Why.
        reason: String,
    },
    /// An archive that cannot be read or written.
    #[error("cannot read or write the archive: {source}")]
    ArchiveIo {
        /// Why not.
        source: io::Error,
    },
}

impl StoreError {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::Damaged { .. } | Self::Manifest { .. } => Some("pull the module again"),
            Self::Unknown { .. } => Some("`forewarn store list` shows what there is"),
            Self::Ambiguous { .. } => Some("write more of the digest"),
            _ => None,
        }
    }
}

/// Says which file an I/O error is about.
pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> StoreError + use<> {
    let path = path.to_owned();
    move |source| StoreError::Io { path, source }
}
