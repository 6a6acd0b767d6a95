//! What the tests share: the modules as they are shipped, and the files that describe their behaviour.

pub mod ask;
pub mod case;
pub mod readme;

use std::path::PathBuf;

/// The workspace's root.
#[must_use]
pub fn root() -> PathBuf {
    let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().map(PathBuf::from).unwrap_or(manifest)
}

/// The folder of a policy.
#[must_use]
pub fn folder(id: &str) -> PathBuf {
    root().join("policies").join(id)
}
