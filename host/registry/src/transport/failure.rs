//! What can go wrong between us and a registry.

use std::error::Error;

use reqwest::{StatusCode, Url};
use serde::Deserialize;
use thiserror::Error;

use super::retry::is_certificate;
use crate::credentials::CredentialError;

/// The longest part of a server's own words that is shown.
const MAX_SHOWN: usize = 300;

/// Why there is no usable answer from a registry or web server.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TransportError {
    /// No connection, or one that broke.
    #[error("cannot reach {host}: {reason}")]
    Unreachable {
        /// The host.
        host: String,
        /// Why not.
        reason: String,
    },
    /// The server's certificate is not trusted, or it does not speak TLS.
    #[error("{host} is not trusted: {reason}")]
    Untrusted {
        /// The host.
        host: String,
        /// Why not.
        reason: String,
    },
    /// The server wants other credentials, or some.
    #[error("{host} refuses access: {reason}")]
    Unauthorized {
        /// The host.
        host: String,
        /// The server's words.
        reason: String,
    },
    /// The credentials cannot be found out.
    #[error(transparent)]
    Credentials(#[from] CredentialError),
    /// There is no such thing.
    #[error("{url} does not exist: {reason}")]
    NotFound {
        /// The address.
        url: String,
        /// The server's words.
        reason: String,
    },
    /// Another error status.
    #[error("{url} answers {status}: {reason}")]
    Status {
        /// The address.
        url: String,
        /// The status code.
        status: u16,
        /// The server's words.
        reason: String,
    },
    /// An answer that is larger than what was asked for can be.
    #[error("the answer from {url} is larger than {limit} bytes")]
    TooLarge {
        /// The address.
        url: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// A server that does not keep to the distribution specification.
    #[error("{url}: {reason}")]
    Protocol {
        /// The address.
        url: String,
        /// What it does.
        reason: String,
    },
    /// An address that is none.
    #[error("`{url}` is not an address: {reason}")]
    Address {
        /// The address.
        url: String,
        /// Why not.
        reason: String,
    },
}

impl TransportError {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::Untrusted { .. } => Some("name the certificate authority, or the host as one without TLS"),
            Self::Unauthorized { .. } => Some("log in with `docker login` or another tool that writes its config.json"),
            Self::Credentials(error) => error.help(),
            _ => None,
        }
    }

    /// What a failed request means.
    pub(crate) fn of(url: Url, error: &reqwest::Error) -> Self {
        let host = host(&url);
        let reason = chain(error);
        if is_certificate(error) { Self::Untrusted { host, reason } } else { Self::Unreachable { host, reason } }
    }

    /// What an error status means.
    pub(super) fn of_status(url: Url, status: StatusCode, body: &[u8]) -> Self {
        let reason = message(body).unwrap_or_else(|| status.canonical_reason().unwrap_or("no reason").to_owned());
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Self::Unauthorized { host: host(&url), reason },
            StatusCode::NOT_FOUND => Self::NotFound { url: url.to_string(), reason },
            _ => Self::Status { url: url.to_string(), status: status.as_u16(), reason },
        }
    }
}

/// The host of an address, with its port if one is written.
pub(super) fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// An error and its causes. The address is left out, because the message around it has the host.
pub(super) fn chain(error: &reqwest::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut cause: Option<&dyn Error> = error.source();
    while let Some(error) = cause {
        let part = error.to_string();
        // Some errors repeat their cause.
        if parts.last().is_none_or(|last| !last.contains(&part)) {
            parts.push(part);
        }
        cause = error.source();
    }
    if parts.is_empty() { error.to_string() } else { parts.join(": ") }
}

/// The words in a registry's error, which has a form of its own; else the text, if it is one.
fn message(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Envelope {
        errors: Vec<Item>,
    }
    #[derive(Deserialize)]
    struct Item {
        #[serde(default)]
        code: String,
        #[serde(default)]
        message: String,
    }
    let text = match serde_json::from_slice::<Envelope>(body) {
        Ok(envelope) => {
            let item = envelope.errors.into_iter().next()?;
            if item.message.is_empty() { item.code } else { item.message }
        }
        Err(_) => std::str::from_utf8(body).ok()?.to_owned(),
    };
    let line: String = text
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty())?
        .chars()
        .filter(|character| !character.is_control())
        .take(MAX_SHOWN)
        .collect();
    (!line.is_empty() && !line.starts_with('<')).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_registry() {
        let of = |body: &[u8]| message(body);
        let body = br#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":{}}]}"#;
        assert_eq!(of(body).as_deref(), Some("manifest unknown"));
        assert_eq!(of(br#"{"errors":[{"code":"DENIED"}]}"#).as_deref(), Some("DENIED"));
        assert_eq!(of(b"go away\nnow").as_deref(), Some("go away"));
        assert_eq!(of(b"a\x1b[31mb").as_deref(), Some("a[31mb"), "no terminal sequences");
        for nothing in [&b""[..], b"\xff", b"<html>", br#"{"errors":[]}"#] {
            assert_eq!(of(nothing), None);
        }
    }
}
