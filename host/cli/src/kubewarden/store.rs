//! The local store of pulled modules, laid out as kwctl's.

use std::path::{Path, PathBuf};

use super::module::Fetch;
use super::reference::{Reference, Version};

/// Folders in which modules are looked for, `<folder>/<scheme>/<host>/<path>`.
#[derive(Debug, Clone)]
pub(super) struct Store {
    folders: Vec<PathBuf>,
}

impl Store {
    /// The store in `$FOREWARN_CACHE`, else those of Forewarn and kwctl in the user's cache folder.
    pub(super) fn of_user() -> Self {
        let folders = match set("FOREWARN_CACHE") {
            Some(cache) => vec![cache.join("store")],
            None => {
                let folders = cache_folder().into_iter();
                folders
                    .flat_map(|cache| ["forewarn", "kubewarden"].map(|owner| cache.join(owner).join("store")))
                    .collect()
            }
        };
        Self { folders }
    }
}

impl Fetch for Store {
    fn fetch(&self, reference: &Reference) -> std::io::Result<Option<Vec<u8>>> {
        let Some(path) = path(reference) else { return Ok(None) };
        for folder in &self.folders {
            match std::fs::read(folder.join(&path)) {
                Ok(wasm) => return Ok(Some(wasm)),
                Err(error) if is_absent(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }
}

fn is_absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
}

/// Where a module is in a store. `None` for what is kept in none, and for what would lead out of it.
fn path(reference: &Reference) -> Option<PathBuf> {
    let (scheme, address) = match reference {
        Reference::File(_) => return None,
        Reference::Url { scheme, address } => (*scheme, address.clone()),
        Reference::Registry { repository, version } => {
            let name = match version {
                None => format!("{repository}:latest"),
                Some(Version::Tag(tag)) => format!("{repository}:{tag}"),
                Some(Version::Digest(digest)) => format!("{repository}@{digest}"),
            };
            ("registry", name)
        }
    };
    let is_name = |part: &str| !part.is_empty() && part != "." && part != ".." && !part.contains('\\');
    address.split('/').all(is_name).then(|| Path::new(scheme).join(address))
}

fn cache_folder() -> Option<PathBuf> {
    if cfg!(windows) {
        return set("LOCALAPPDATA");
    }
    if cfg!(target_os = "macos") {
        return Some(set("HOME")?.join("Library/Caches"));
    }
    set("XDG_CACHE_HOME").filter(|path| path.is_absolute()).or_else(|| Some(set("HOME")?.join(".cache")))
}

fn set(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(text: &str) -> Option<PathBuf> {
        path(&Reference::parse(text, Path::new("policies.yml")))
    }

    #[test]
    fn the_layout_is_that_of_kwctl() {
        for (text, expected) in [
            ("ghcr.io/acme/demo:v1", "registry/ghcr.io/acme/demo:v1"),
            ("registry://localhost:5000/demo", "registry/localhost:5000/demo:latest"),
            ("ghcr.io/acme/demo@sha256:ab", "registry/ghcr.io/acme/demo@sha256:ab"),
            ("https://example.com/a/demo.wasm", "https/example.com/a/demo.wasm"),
        ] {
            assert_eq!(stored(text), Some(PathBuf::from(expected)));
        }
    }

    #[test]
    fn nothing_leads_out_of_the_store() {
        for text in ["https://example.com/../../etc/passwd", "ghcr.io/../../x:v1", "https:///etc/passwd", "file:///x"] {
            assert_eq!(stored(text), None, "{text}");
        }
    }
}
