//! Where a module comes from, as a policy's `module` says it.

use std::path::{Path, PathBuf};

use forewarn_registry::{Reference, ReferenceError};

/// Reads a reference. Paths are relative to the folder of the file that holds the definition, and need no scheme.
///
/// # Errors
/// For a text that is neither a path nor a reference.
pub(super) fn parse(text: &str, definition: &Path) -> Result<Reference, ReferenceError> {
    let folder = definition.parent().unwrap_or(Path::new(""));
    let path = || Ok(Reference::File(folder.join(text)));
    let is_path = ["/", "./", "../"].iter().any(|start| text.starts_with(start))
        || text.ends_with(".wasm") && !text.contains("://") && (!text.contains('/') || folder.join(text).is_file());
    if is_path {
        return path();
    }
    Ok(match text.parse()? {
        Reference::File(path) => Reference::File(folder.join::<PathBuf>(path)),
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Reference {
        parse(text, Path::new("conf/policies.yml")).unwrap()
    }

    #[test]
    fn the_scheme_of_a_registry_may_be_left_out() {
        for (text, expected) in [
            ("ghcr.io/acme/demo:v1.0.0", "registry://ghcr.io/acme/demo:v1.0.0"),
            ("registry://localhost:5000/demo:v1", "registry://localhost:5000/demo:v1"),
            ("ghcr.io/acme/demo.wasm:v1", "registry://ghcr.io/acme/demo.wasm:v1"),
            ("https://example.com/demo.wasm", "https://example.com/demo.wasm"),
        ] {
            assert_eq!(parsed(text).to_string(), expected);
        }
    }

    #[test]
    fn paths_are_relative_to_the_definition() {
        for (text, path) in [
            ("file:///srv/demo.wasm", "/srv/demo.wasm"),
            ("file://demo.wasm", "conf/demo.wasm"),
            ("./demo.wasm", "conf/./demo.wasm"),
            ("../demo.wasm", "conf/../demo.wasm"),
            ("/srv/demo.wasm", "/srv/demo.wasm"),
            ("demo.wasm", "conf/demo.wasm"),
        ] {
            assert_eq!(parsed(text), Reference::File(PathBuf::from(path)), "{text}");
        }
    }

    #[test]
    fn what_is_neither_is_refused() {
        for text in ["demo", "http://example.com/demo.wasm", "ftp://example.com/demo.wasm", "ghcr.io/Acme/demo"] {
            assert!(parse(text, Path::new("policies.yml")).is_err(), "{text}");
        }
    }
}
