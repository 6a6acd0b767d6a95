//! Container image references.
//!
//! Source: the grammar of `github.com/distribution/reference`, with Docker Hub's short names.

use std::fmt;

/// A parsed image reference; what the text leaves out is filled in as the container runtimes do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Host and perhaps port, `docker.io` where none is written.
    pub registry: String,
    /// Path in the registry, `library/nginx` for `nginx`.
    pub repository: String,
    /// The tag as written.
    pub tag: Option<String>,
    /// The digest as written, `sha256:…`.
    pub digest: Option<String>,
}

/// A text that is no image reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAnImage;

impl Image {
    /// Reads a reference.
    ///
    /// # Errors
    /// When the text is empty, has an upper-case repository, an empty tag, a bad digest, or characters that no
    /// reference may have.
    pub fn parse(text: &str) -> Result<Self, NotAnImage> {
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) if is_digest(digest) => (name, Some(digest.to_owned())),
            Some(_) => return Err(NotAnImage),
            None => (text, None),
        };
        // A colon before the last slash belongs to the registry's port.
        let (name, tag) = match name.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => {
                if !is_tag(tag) {
                    return Err(NotAnImage);
                }
                (name, Some(tag.to_owned()))
            }
            _ => (name, None),
        };
        let (registry, path) = match name.split_once('/') {
            Some((first, rest)) if is_registry(first) => (first, rest),
            _ => ("docker.io", name),
        };
        let registry = if registry == "index.docker.io" { "docker.io" } else { registry };
        let valid_registry = registry.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_:[]".contains(&b));
        if !valid_registry || !path.split('/').all(is_path_component) {
            return Err(NotAnImage);
        }
        let repository =
            if registry == "docker.io" && !path.contains('/') { format!("library/{path}") } else { path.to_owned() };
        Ok(Self { registry: registry.to_owned(), repository, tag, digest })
    }

    /// The last part of the repository: `kafka` of `docker.io/bitnami/kafka:3.7`.
    pub fn name(&self) -> &str {
        self.repository.rsplit('/').next().unwrap_or(&self.repository)
    }

    /// Whether the normalised reference matches a glob. A pattern may be written as short as an image:
    /// `nginx:*` stands for `docker.io/library/nginx:*`.
    pub fn matches(&self, pattern: &str) -> bool {
        crate::glob::matches(&normalised_pattern(pattern), &self.to_string())
    }
}

/// The normalised reference: `docker.io/library/nginx:latest` for `nginx`.
impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.repository)?;
        match (&self.tag, &self.digest) {
            (Some(tag), _) => write!(f, ":{tag}")?,
            (None, None) => f.write_str(":latest")?,
            (None, Some(_)) => {}
        }
        self.digest.as_ref().map_or(Ok(()), |digest| write!(f, "@{digest}"))
    }
}

fn normalised_pattern(pattern: &str) -> String {
    if !pattern.contains(['*', '?']) {
        return Image::parse(pattern).map_or_else(|_| pattern.to_owned(), |image| image.to_string());
    }
    match pattern.split_once('/') {
        Some((first, _)) if is_registry(first) || first.contains(['*', '?']) => pattern.to_owned(),
        Some(_) => format!("docker.io/{pattern}"),
        None if pattern.starts_with('*') => pattern.to_owned(),
        None => format!("docker.io/library/{pattern}"),
    }
}

fn is_registry(first: &str) -> bool {
    first == "localhost" || first.contains(['.', ':']) || first.bytes().any(|b| b.is_ascii_uppercase())
}

fn is_path_component(part: &str) -> bool {
    let separator = |b: u8| b".-_".contains(&b);
    let ends_well = |b: Option<&u8>| b.is_some_and(|b| !separator(*b));
    let bytes = part.as_bytes();
    ends_well(bytes.first())
        && ends_well(bytes.last())
        && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || separator(*b))
        && !part.contains("..")
        && !part.contains("___")
}

fn is_tag(tag: &str) -> bool {
    (1..=128).contains(&tag.len())
        && !tag.starts_with(['.', '-'])
        && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
}

fn is_digest(digest: &str) -> bool {
    digest.split_once(':').is_some_and(|(algorithm, hex)| {
        !algorithm.is_empty()
            && algorithm.bytes().all(|b| b.is_ascii_alphanumeric() || b"+._-".contains(&b))
            && hex.len() >= 32
            && hex.bytes().all(|b| b.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn fills_in_what_runtimes_fill_in() {
        for (text, normalised) in [
            ("nginx", "docker.io/library/nginx:latest"),
            ("nginx:1.27", "docker.io/library/nginx:1.27"),
            ("bitnami/kafka", "docker.io/bitnami/kafka:latest"),
            ("index.docker.io/nginx", "docker.io/library/nginx:latest"),
            ("reg:5000/app", "reg:5000/app:latest"),
            ("localhost/app:v1", "localhost/app:v1"),
            ("ghcr.io/acme/web/api:v1.2", "ghcr.io/acme/web/api:v1.2"),
        ] {
            assert_eq!(Image::parse(text).expect(text).to_string(), normalised);
        }
        let pinned = Image::parse(&format!("nginx@{DIGEST}")).expect("digest");
        assert_eq!(pinned.to_string(), format!("docker.io/library/nginx@{DIGEST}"));
        let both = Image::parse(&format!("reg:5000/a/b:v1@{DIGEST}")).expect("tag and digest");
        assert_eq!((both.tag.as_deref(), both.name()), (Some("v1"), "b"));
    }

    #[test]
    fn refuses_what_is_no_reference() {
        for text in
            ["", ":", "nginx:", "Nginx", "nginx@latest", "a//b", "-a", "nginx:a b", "reg:5000/", "nginx:latest:1"]
        {
            assert!(Image::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn matches_short_patterns() {
        let image = |text| Image::parse(text).expect(text);
        assert!(image("nginx").matches("nginx"));
        assert!(!image("nginx:1.27").matches("nginx"));
        assert!(image("nginx:1.27").matches("nginx:*"));
        assert!(image("bitnami/kafka:3").matches("bitnami/*"));
        assert!(image("quay.io/strimzi/kafka:3").matches("*/kafka:*"));
        assert!(image("quay.io/strimzi/kafka:3").matches("quay.io/*"));
        assert!(!image("quay.io/nginx:1").matches("nginx:*"));
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(text in "[a-zA-Z0-9./:@_-]{0,40}|\\PC*") {
            if let Ok(image) = Image::parse(&text) {
                let again = Image::parse(&image.to_string()).expect("a normalised reference parses");
                prop_assert_eq!(again.to_string(), image.to_string());
            }
        }
    }
}
