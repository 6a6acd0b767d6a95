//! What the tests share: the modules as they are shipped, and the files that describe their behaviour.

pub mod ask;
pub mod case;
pub mod readme;

use std::path::PathBuf;

/// The environment variable that names another workspace to test, as `xtask try-template` does.
pub const WORKSPACE: &str = "FOREWARN_WORKSPACE";

/// The workspace's root.
#[must_use]
pub fn root() -> PathBuf {
    if let Some(other) = std::env::var_os(WORKSPACE) {
        return other.into();
    }
    let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().map(PathBuf::from).unwrap_or(manifest)
}

/// The folder of a policy.
#[must_use]
pub fn folder(id: &str) -> PathBuf {
    root().join("policies").join(id)
}
