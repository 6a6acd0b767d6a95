//! Where caches are.

use std::env;
use std::path::PathBuf;

/// Where the store is if the command line does not say: in `$FOREWARN_CACHE`, else in the user's cache folder.
pub(super) fn store_folder() -> Option<PathBuf> {
    let own = || cache_folder().map(|cache| cache.join("forewarn"));
    variable("FOREWARN_CACHE").or_else(own).map(|cache| cache.join("store"))
}

/// The user's cache folder.
pub(super) fn cache_folder() -> Option<PathBuf> {
    if cfg!(windows) {
        return variable("LOCALAPPDATA");
    }
    let home = || env::home_dir().filter(|path| !path.as_os_str().is_empty());
    if cfg!(target_os = "macos") {
        return home().map(|home| home.join("Library").join("Caches"));
    }
    // The specification of XDG_CACHE_HOME says that a relative path is to be ignored.
    let named = variable("XDG_CACHE_HOME").filter(|path| path.is_absolute());
    named.or_else(|| home().map(|home| home.join(".cache")))
}

fn variable(name: &str) -> Option<PathBuf> {
    env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}
