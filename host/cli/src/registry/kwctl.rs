//! The store of kwctl, which is read and never written.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use forewarn_registry::Reference;

use super::folders::cache_folder;
use crate::exit::Failure;

/// A module that kwctl has pulled. Where a digest is wanted there is none: kwctl keeps no manifest to compare it with.
///
/// # Errors
/// Exit 3 for a file that cannot be read.
pub(super) fn read(reference: &Reference) -> Result<Option<Vec<u8>>, Failure> {
    if reference.digest().is_some() {
        return Ok(None);
    }
    let (Some(cache), Some(path)) = (cache_folder(), path(reference)) else { return Ok(None) };
    let path = cache.join("kubewarden").join("store").join(path);
    match std::fs::read(&path) {
        Ok(module) => Ok(Some(module)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read `{}`", path.display())).map_err(Failure::input),
    }
}

/// `<scheme>/<host>/<path>`. Nothing for what is kept in no store, and for what would lead out of it.
fn path(reference: &Reference) -> Option<PathBuf> {
    let (scheme, address) = match reference {
        Reference::Registry(reference) => {
            let repository = reference.repository();
            ("registry", format!("{}/{}:{}", repository.host(), repository.name(), reference.target()))
        }
        Reference::Https(reference) => ("https", reference.url().strip_prefix("https://")?.to_owned()),
        Reference::File(_) => return None,
    };
    let is_name = |part: &str| !part.is_empty() && part != "." && part != ".." && !part.contains('\\');
    address.split('/').all(is_name).then(|| Path::new(scheme).join(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(text: &str) -> Option<PathBuf> {
        path(&text.parse().unwrap())
    }

    #[test]
    fn the_layout_is_that_of_kwctl() {
        for (text, expected) in [
            ("ghcr.io/acme/demo:v1", "registry/ghcr.io/acme/demo:v1"),
            ("registry://localhost:5000/demo", "registry/localhost:5000/demo:latest"),
            ("https://example.com/a/demo.wasm", "https/example.com/a/demo.wasm"),
        ] {
            assert_eq!(stored(text), Some(PathBuf::from(expected)));
        }
    }

    #[test]
    fn nothing_leads_out_of_the_store() {
        for text in ["https://example.com/../../etc/passwd", "https://example.com//etc/passwd", "file:///x"] {
            assert_eq!(stored(text), None, "{text}");
        }
    }
}
