//! Where a module is: in a registry, behind an `https://` address, or in a file.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use thiserror::Error;

use crate::digest::Digest;

/// The tag that a reference without tag and digest stands for.
const DEFAULT_TAG: &str = "latest";
/// The longest repository and tag that the distribution specification allows.
const MAX_REPOSITORY: usize = 255;
const MAX_TAG: usize = 128;
const DIGEST_MARK: &str = "@sha256:";

/// Where a module is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reference {
    /// `registry://host[:port]/repository[:tag][@sha256:…]`
    Registry(RegistryReference),
    /// `https://host/path[@sha256:…]`
    Https(HttpsReference),
    /// `file://path`
    File(PathBuf),
}

/// A repository of a registry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Repository {
    host: String,
    name: String,
}

/// An artifact in a registry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegistryReference {
    repository: Repository,
    tag: Option<String>,
    digest: Option<Digest>,
}

/// A module behind an `https://` address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HttpsReference {
    url: String,
    digest: Option<Digest>,
}

/// Why a text is no reference.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ReferenceError {
    /// A scheme that is none of ours.
    #[error("`{text}`: the scheme `{scheme}://` is unknown")]
    Scheme {
        /// The whole text.
        text: String,
        /// The scheme.
        scheme: String,
    },
    /// Plain HTTP, which anybody on the way can change.
    #[error("`{text}`: modules are not downloaded over plain HTTP, because anybody on the way could replace them")]
    PlainHttp {
        /// The whole text.
        text: String,
    },
    /// No registry host.
    #[error("`{text}` names no registry host")]
    NoHost {
        /// The whole text.
        text: String,
    },
    /// A host or port that cannot be one.
    #[error("`{text}`: `{host}` is not a host with an optional port")]
    Host {
        /// The whole text.
        text: String,
        /// The host as written.
        host: String,
    },
    /// No repository, or one with characters that registries do not allow.
    #[error(
        "`{text}`: `{repository}` is not a repository: lower-case words joined by `/`, `-`, `_` or `.` are expected"
    )]
    Repository {
        /// The whole text.
        text: String,
        /// The repository as written.
        repository: String,
    },
    /// A tag with characters that registries do not allow.
    #[error("`{text}`: `{tag}` is not a tag: at most 128 letters, digits, `_`, `.` and `-` are expected")]
    Tag {
        /// The whole text.
        text: String,
        /// The tag as written.
        tag: String,
    },
    /// A digest that is none.
    #[error("`{text}`: `{digest}` is not a digest: `sha256:` and 64 lower-case hexadecimal digits are expected")]
    Digest {
        /// The whole text.
        text: String,
        /// The digest as written.
        digest: String,
    },
    /// No path, or one with characters that an address cannot have.
    #[error("`{text}` is not an address of a file")]
    Address {
        /// The whole text.
        text: String,
    },
}

impl ReferenceError {
    /// What to write instead.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::PlainHttp { .. } => "write `https://`, or push the module to a registry",
            Self::Address { .. } => "write `https://host/path/policy.wasm` or `file://path/policy.wasm`",
            _ => "write `registry://host[:port]/repository[:tag][@sha256:…]`",
        }
    }
}

impl Repository {
    /// The registry, with its port if one is written.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The repository's name within the registry.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The artifact of a tag.
    #[must_use]
    pub(crate) fn tagged(&self, tag: String) -> RegistryReference {
        RegistryReference { repository: self.clone(), tag: Some(tag), digest: None }
    }
}

impl RegistryReference {
    /// The repository.
    #[must_use]
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The tag as written.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest as written.
    #[must_use]
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// What the registry is asked for: the digest, else the tag, else `latest`.
    #[must_use]
    pub fn target(&self) -> &str {
        match &self.digest {
            Some(digest) => digest.as_str(),
            None => self.tag.as_deref().unwrap_or(DEFAULT_TAG),
        }
    }

    /// The same artifact by digest alone, which always means the same bytes.
    #[must_use]
    pub fn pinned(&self, digest: &Digest) -> Self {
        Self { repository: self.repository.clone(), tag: None, digest: Some(digest.clone()) }
    }
}

impl HttpsReference {
    /// The address, without a digest.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The digest that the module must have.
    #[must_use]
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }
}

impl Reference {
    /// The digest that the reference names, by which its content can never change.
    #[must_use]
    pub fn digest(&self) -> Option<&Digest> {
        match self {
            Self::Registry(reference) => reference.digest(),
            Self::Https(reference) => reference.digest(),
            Self::File(_) => None,
        }
    }

    /// The file of a `file://` reference.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            _ => None,
        }
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some((scheme, rest)) = text.split_once("://") else {
            return text.parse().map(Self::Registry);
        };
        match scheme {
            "registry" => text.parse().map(Self::Registry),
            "https" => https(text, rest).map(Self::Https),
            "http" => Err(ReferenceError::PlainHttp { text: text.to_owned() }),
            "file" if !rest.is_empty() => Ok(Self::File(PathBuf::from(rest))),
            "file" => Err(ReferenceError::Address { text: text.to_owned() }),
            _ => Err(ReferenceError::Scheme { text: text.to_owned(), scheme: scheme.to_owned() }),
        }
    }
}

impl FromStr for RegistryReference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rest = match text.split_once("://") {
            Some(("registry", rest)) => rest,
            Some((scheme, _)) => {
                return Err(ReferenceError::Scheme { text: text.to_owned(), scheme: scheme.to_owned() });
            }
            None => text,
        };
        let (rest, digest) = match rest.split_once('@') {
            Some((rest, digest)) => {
                let parsed = digest
                    .parse()
                    .map_err(|_| ReferenceError::Digest { text: text.to_owned(), digest: digest.to_owned() })?;
                (rest, Some(parsed))
            }
            None => (rest, None),
        };
        let (host, rest) = rest.split_once('/').ok_or_else(|| ReferenceError::NoHost { text: text.to_owned() })?;
        // Without a scheme, `team/policy` could be a repository of some default registry; there is none.
        if host.is_empty() || (!text.contains("://") && !host.contains(['.', ':']) && host != "localhost") {
            return Err(ReferenceError::NoHost { text: text.to_owned() });
        }
        if !is_host(host) {
            return Err(ReferenceError::Host { text: text.to_owned(), host: host.to_owned() });
        }
        let (name, tag) = match rest.split_once(':') {
            Some((name, tag)) => (name, Some(tag)),
            None => (rest, None),
        };
        if !is_repository(name) {
            return Err(ReferenceError::Repository { text: text.to_owned(), repository: name.to_owned() });
        }
        if let Some(tag) = tag.filter(|tag| !is_tag(tag)) {
            return Err(ReferenceError::Tag { text: text.to_owned(), tag: tag.to_owned() });
        }
        let repository = Repository { host: host.to_owned(), name: name.to_owned() };
        Ok(Self { repository, tag: tag.map(str::to_owned), digest })
    }
}

/// Whether a text is a host with an optional port.
pub(crate) fn is_host(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, rest)) => {
            if address.parse::<std::net::Ipv6Addr>().is_err() {
                return false;
            }
            match rest.strip_prefix(':') {
                Some(port) => return is_port(port),
                None => return rest.is_empty(),
            }
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let is_label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    host.split('.').all(is_label) && port.is_none_or(is_port)
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok_and(|port| port > 0)
}

fn is_repository(text: &str) -> bool {
    let is_alphanumeric = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9');
    let is_component = |component: &str| {
        component.bytes().all(|byte| is_alphanumeric(&byte) || matches!(byte, b'.' | b'_' | b'-'))
            && component.as_bytes().first().is_some_and(is_alphanumeric)
            && component.as_bytes().last().is_some_and(is_alphanumeric)
            && !component.contains("..")
    };
    text.len() <= MAX_REPOSITORY && text.split('/').all(is_component)
}

fn is_tag(text: &str) -> bool {
    text.len() <= MAX_TAG
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
        && text.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric() || first == b'_')
}

fn https(text: &str, rest: &str) -> Result<HttpsReference, ReferenceError> {
    let (url, digest) = match text.rfind(DIGEST_MARK).and_then(|at| text.split_at_checked(at)) {
        Some((url, digest)) => {
            let digest = digest.trim_start_matches('@');
            let parsed = digest
                .parse()
                .map_err(|_| ReferenceError::Digest { text: text.to_owned(), digest: digest.to_owned() })?;
            (url, Some(parsed))
        }
        None => (text, None),
    };
    let address = || ReferenceError::Address { text: text.to_owned() };
    let parsed = reqwest::Url::parse(url).map_err(|_| address())?;
    let has_path = rest.split_once('/').is_some_and(|(host, path)| !host.is_empty() && !path.is_empty());
    // Credentials in an address end up in logs, and a fragment names no other file.
    if !has_path || !parsed.username().is_empty() || parsed.password().is_some() || parsed.fragment().is_some() {
        return Err(address());
    }
    Ok(HttpsReference { url: url.to_owned(), digest })
}

impl fmt::Display for Repository {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.host, self.name)
    }
}

impl fmt::Display for RegistryReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "registry://{}", self.repository)?;
        if let Some(tag) = &self.tag {
            write!(formatter, ":{tag}")?;
        } else if self.digest.is_none() {
            write!(formatter, ":{DEFAULT_TAG}")?;
        }
        self.digest.iter().try_for_each(|digest| write!(formatter, "@{digest}"))
    }
}

impl fmt::Display for HttpsReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.url)?;
        self.digest.iter().try_for_each(|digest| write!(formatter, "@{digest}"))
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registry(reference) => reference.fmt(formatter),
            Self::Https(reference) => reference.fmt(formatter),
            Self::File(path) => write!(formatter, "file://{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

    fn error(text: &str) -> ReferenceError {
        text.parse::<Reference>().expect_err(text)
    }

    #[test]
    fn what_is_written_is_what_is_shown() {
        for (text, shown) in [
            ("registry://host.example/team/policy:v1", None),
            ("registry://127.0.0.1:5000/policy", Some("registry://127.0.0.1:5000/policy:latest")),
            ("registry://[::1]:5000/policy:v1", None),
            ("localhost/policy:v1", Some("registry://localhost/policy:v1")),
            ("host.example/team/policy", Some("registry://host.example/team/policy:latest")),
            ("https://host.example/a/policy.wasm", None),
            ("file:///tmp/policy.wasm", None),
            ("file://policy.wasm", None),
        ] {
            let reference: Reference = text.parse().expect(text);
            assert_eq!(reference.to_string(), shown.unwrap_or(text));
        }
    }

    #[test]
    fn digests() {
        for text in [
            format!("registry://host.example/policy:v1@sha256:{HEX}"),
            format!("registry://host.example/policy@sha256:{HEX}"),
            format!("https://host.example/policy.wasm@sha256:{HEX}"),
        ] {
            let reference: Reference = text.parse().expect(&text);
            assert_eq!(reference.digest().map(Digest::hex), Some(HEX), "{text}");
            assert_eq!(reference.to_string(), text);
        }
        let both: RegistryReference = format!("host.example/policy:v1@sha256:{HEX}").parse().expect("a reference");
        assert_eq!(both.target(), format!("sha256:{HEX}"), "the digest counts");
    }

    #[test]
    fn wrong_references() {
        assert!(matches!(error("http://host.example/p.wasm"), ReferenceError::PlainHttp { .. }));
        assert!(matches!(error("oci://host.example/policy"), ReferenceError::Scheme { scheme, .. } if scheme == "oci"));
        assert!(matches!(error("policy"), ReferenceError::NoHost { .. }));
        assert!(matches!(error("team/policy:v1"), ReferenceError::NoHost { .. }));
        assert!(matches!(error("registry:///policy"), ReferenceError::NoHost { .. }));
        for host in
            ["ho st.example", "host.example:0", "host.example:99999", "-host.example", "a..b", "[::g]:1", "host:"]
        {
            assert!(matches!(error(&format!("registry://{host}/policy")), ReferenceError::Host { .. }), "{host}");
        }
        for repository in ["", "Policy", "a//b", "../etc", "a/../b", "-a", "a?x=1", &"a".repeat(256)] {
            let error = error(&format!("registry://host.example/{repository}"));
            assert!(matches!(error, ReferenceError::Repository { .. }), "{repository}");
        }
        for tag in ["", "-a", "a b", "a/b", &"a".repeat(129)] {
            assert!(matches!(error(&format!("registry://host.example/p:{tag}")), ReferenceError::Tag { .. }), "{tag}");
        }
        assert!(matches!(error("registry://host.example/p@sha256:00"), ReferenceError::Digest { .. }));
        assert!(matches!(error("registry://host.example/p@sha512:00"), ReferenceError::Digest { .. }));
        assert!(matches!(error("https://host.example/p.wasm@sha256:00"), ReferenceError::Digest { .. }));
        for address in ["https://host.example", "https://host.example/", "https://u:p@host.example/a", "file://"] {
            assert!(matches!(error(address), ReferenceError::Address { .. }), "{address}");
        }
    }
}
