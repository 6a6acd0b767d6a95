//! Whom to believe about signers without keys: certificate authorities and transparency logs, from a file.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::{CertificateDer, TrustAnchor};
use serde::Deserialize;
use thiserror::Error;
use x509_cert::der::DateTime;

use super::key::PublicKey;
use crate::digest::Digest;

/// Certificate authorities and transparency logs that are believed.
///
/// It is Sigstore's `trusted_root.json`, or a trust config that contains it. Nothing is ever fetched.
#[derive(Debug, Clone)]
pub struct TrustRoot {
    authorities: Vec<Authority>,
    logs: BTreeMap<String, Log>,
}

/// A certificate authority.
#[derive(Debug, Clone)]
pub(super) struct Authority {
    pub(super) anchor: TrustAnchor<'static>,
    pub(super) intermediates: Vec<CertificateDer<'static>>,
    pub(super) period: Period,
}

/// A transparency log.
#[derive(Debug, Clone)]
pub(super) struct Log {
    pub(super) key: PublicKey,
    pub(super) period: Period,
}

/// When something is believed, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Period {
    start: u64,
    end: Option<u64>,
}

/// A trust root that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TrustRootError {
    /// It is not the JSON that it should be.
    #[error("the trust root cannot be read: {reason}")]
    Unreadable {
        /// Why not.
        reason: String,
    },
    /// It has no certificate authority or no log, so it would trust nobody.
    #[error("the trust root names no {missing}, so nobody could be trusted by it")]
    Incomplete {
        /// What it lacks.
        missing: &'static str,
    },
}

impl TrustRoot {
    /// Reads a trust root.
    ///
    /// # Errors
    /// Anything that is not one, or one that would trust nobody.
    pub fn parse(text: &str) -> Result<Self, TrustRootError> {
        let file: File = serde_json::from_str(text).map_err(unreadable)?;
        let root = match file {
            File::Config { trusted_root } => trusted_root,
            File::Root(root) => root,
        };
        let mut logs = BTreeMap::new();
        for log in root.tlogs {
            let der = decode(&log.public_key.raw_bytes)?;
            let key = PublicKey::from_spki(&der).map_err(unreadable)?;
            let period = Period::of(log.public_key.valid_for.as_ref())?;
            // A log is known by the digest of its key, which is computed, not believed.
            logs.insert(Digest::of(&der).hex().to_owned(), Log { key, period });
        }
        let mut authorities = Vec::new();
        for authority in root.certificate_authorities {
            let mut chain = Vec::new();
            for certificate in &authority.cert_chain.certificates {
                chain.push(CertificateDer::from(decode(&certificate.raw_bytes)?));
            }
            // The chain goes from the issuer of signers up to the root.
            let Some(top) = chain.pop() else { continue };
            let anchor = webpki::anchor_from_trusted_cert(&top).map_err(unreadable)?.to_owned();
            let period = Period::of(authority.valid_for.as_ref())?;
            authorities.push(Authority { anchor, intermediates: chain, period });
        }
        if authorities.is_empty() {
            return Err(TrustRootError::Incomplete { missing: "certificate authority" });
        }
        if logs.is_empty() {
            return Err(TrustRootError::Incomplete { missing: "transparency log" });
        }
        Ok(Self { authorities, logs })
    }

    /// The certificate authorities.
    pub(super) fn authorities(&self) -> &[Authority] {
        &self.authorities
    }

    /// The log with an id: the hexadecimal digest of its key.
    pub(super) fn log(&self, id: &str) -> Option<&Log> {
        self.logs.get(id)
    }
}

impl Period {
    fn of(range: Option<&Range>) -> Result<Self, TrustRootError> {
        let Some(range) = range else { return Ok(Self { start: 0, end: None }) };
        let start = range.start.as_deref().map_or(Ok(0), seconds)?;
        let end = range.end.as_deref().map(seconds).transpose()?;
        Ok(Self { start, end })
    }

    /// Whether a moment is within.
    pub(super) fn contains(self, moment: u64) -> bool {
        self.start <= moment && self.end.is_none_or(|end| moment <= end)
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum File {
    Config {
        #[serde(rename = "trustedRoot")]
        trusted_root: Root,
    },
    Root(Root),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Root {
    #[serde(default)]
    tlogs: Vec<WrittenLog>,
    #[serde(default)]
    certificate_authorities: Vec<WrittenAuthority>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WrittenLog {
    public_key: WrittenKey,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WrittenKey {
    raw_bytes: String,
    valid_for: Option<Range>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WrittenAuthority {
    cert_chain: Chain,
    valid_for: Option<Range>,
}

#[derive(Deserialize)]
struct Chain {
    #[serde(default)]
    certificates: Vec<WrittenCertificate>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WrittenCertificate {
    raw_bytes: String,
}

#[derive(Deserialize)]
struct Range {
    start: Option<String>,
    end: Option<String>,
}

fn decode(text: &str) -> Result<Vec<u8>, TrustRootError> {
    STANDARD.decode(text).map_err(unreadable)
}

/// The seconds of a timestamp such as `2021-01-12T11:53:27.000Z`.
fn seconds(text: &str) -> Result<u64, TrustRootError> {
    let whole = match text.split_once('.') {
        Some((whole, _)) => format!("{whole}Z"),
        None => text.to_owned(),
    };
    let moment: DateTime = whole.parse().map_err(|_| unreadable(format!("`{text}` is not a timestamp in UTC")))?;
    Ok(moment.unix_duration().as_secs())
}

fn unreadable(reason: impl std::fmt::Display) -> TrustRootError {
    TrustRootError::Unreadable { reason: reason.to_string() }
}
