//! Where a module comes from, as a policy's `module` says it.

use std::fmt;
use std::path::{Path, PathBuf};

/// A reference to a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reference {
    /// A file.
    File(PathBuf),
    /// Something to download as it is.
    Url {
        /// `http` or `https`.
        scheme: &'static str,
        /// Host and path.
        address: String,
    },
    /// An artifact in a registry.
    Registry {
        /// Host and repository.
        repository: String,
        /// What in it; nothing means `latest`.
        version: Option<Version>,
    },
}

/// Which artifact of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Version {
    /// By its tag.
    Tag(String),
    /// By the digest of its manifest.
    Digest(String),
}

impl Reference {
    /// Reads a reference. Paths are relative to the folder of the file that holds the definition.
    pub(crate) fn parse(text: &str, definition: &Path) -> Self {
        let folder = definition.parent().unwrap_or(Path::new(""));
        if let Some(path) = text.strip_prefix("file://") {
            return Self::File(folder.join(path));
        }
        for scheme in ["https", "http"] {
            if let Some(address) = text.strip_prefix(scheme).and_then(|rest| rest.strip_prefix("://")) {
                return Self::Url { scheme, address: address.to_owned() };
            }
        }
        let (artifact, is_registry) = match text.strip_prefix("registry://") {
            Some(artifact) => (artifact, true),
            None => (text, false),
        };
        let is_path = ["/", "./", "../"].iter().any(|start| text.starts_with(start))
            || text.ends_with(".wasm") && (!text.contains('/') || folder.join(text).is_file());
        if is_path && !is_registry {
            return Self::File(folder.join(text));
        }
        if let Some((repository, digest)) = artifact.split_once('@') {
            // A tag beside a digest says nothing.
            let repository = tagged(repository).0.to_owned();
            return Self::Registry { repository, version: Some(Version::Digest(digest.to_owned())) };
        }
        let (repository, tag) = tagged(artifact);
        Self::Registry { repository: repository.to_owned(), version: tag.map(|tag| Version::Tag(tag.to_owned())) }
    }
}

/// Repository and tag. A colon before the last slash belongs to a port.
fn tagged(artifact: &str) -> (&str, Option<&str>) {
    match artifact.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, Some(tag)),
        _ => (artifact, None),
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Url { scheme, address } => write!(f, "{scheme}://{address}"),
            Self::Registry { repository, version: None } => write!(f, "registry://{repository}:latest"),
            Self::Registry { repository, version: Some(Version::Tag(tag)) } => {
                write!(f, "registry://{repository}:{tag}")
            }
            Self::Registry { repository, version: Some(Version::Digest(digest)) } => {
                write!(f, "registry://{repository}@{digest}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Reference {
        Reference::parse(text, Path::new("conf/policies.yml"))
    }

    #[test]
    fn the_scheme_of_a_registry_may_be_left_out() {
        for (text, expected) in [
            ("ghcr.io/acme/demo", "registry://ghcr.io/acme/demo:latest"),
            ("ghcr.io/acme/demo:v1.0.0", "registry://ghcr.io/acme/demo:v1.0.0"),
            ("registry://localhost:5000/demo", "registry://localhost:5000/demo:latest"),
            ("registry://localhost:5000/demo:v1", "registry://localhost:5000/demo:v1"),
            ("ghcr.io/acme/demo:v1@sha256:ab", "registry://ghcr.io/acme/demo@sha256:ab"),
            ("https://example.com/demo.wasm", "https://example.com/demo.wasm"),
        ] {
            assert_eq!(parse(text).to_string(), expected);
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
            assert_eq!(parse(text), Reference::File(PathBuf::from(path)), "{text}");
        }
    }
}
