//! Signers without keys of their own: certificates for minutes, and a log that says when they were used.
//!
//! A certificate is believed for the moment at which the log took the signature in. So the log entry must be about this
//! very signature and certificate; otherwise an old entry could lend its time to a stolen key.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::{CertificateDer, UnixTime};
use serde::{Deserialize, Serialize};
use webpki::{EndEntityCert, KeyUsage};
use x509_cert::Certificate;
use x509_cert::der::asn1::{ObjectIdentifier, Utf8StringRef};
use x509_cert::der::{Decode as _, DecodePem as _, Encode as _};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use super::evidence::Signature;
use super::key::PublicKey;
use super::trust_root::TrustRoot;
use crate::digest::Digest;

const GITHUB_ISSUER: &str = "https://token.actions.githubusercontent.com";
const GITHUB: &str = "https://github.com/";
/// The issuer, as bare text, and as a DER string in newer certificates.
const OLD_ISSUER: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.1.1");
const ISSUER: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.1.8");
/// The repository whose workflow signed.
const GITHUB_REPOSITORY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.1.5");
/// The extended key usage "code signing", 1.3.6.1.5.5.7.3.3, as DER without tag and length.
const CODE_SIGNING: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x03];

/// Whom a certificate authority vouches for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    issuer: String,
    subjects: Vec<String>,
    repository: Option<String>,
}

/// Who is required.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Somebody whom an issuer knows.
    Issuer {
        /// The issuer.
        issuer: String,
        /// The name that it knows.
        subject: Subject,
    },
    /// A workflow on GitHub.
    GitHub {
        /// The owner of its repository.
        owner: String,
        /// The repository's name.
        repository: Option<String>,
    },
}

/// A name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Subject {
    /// Exactly this.
    Equal(String),
    /// An address below this one, which ends with a slash.
    UrlPrefix(String),
}

/// An entry that a log has taken in.
#[derive(Debug)]
pub(super) struct LogEntry {
    moment: u64,
    body: String,
}

impl Subject {
    /// Addresses below one. The slash is added, so that `…/acme` does not let `…/acme-evil` in.
    pub(super) fn url_prefix(mut text: String) -> Self {
        if !text.ends_with('/') {
            text.push('/');
        }
        Self::UrlPrefix(text)
    }

    fn fits(&self, name: &str) -> bool {
        match self {
            Self::Equal(text) => text == name,
            Self::UrlPrefix(prefix) => name.starts_with(prefix.as_str()),
        }
    }
}

impl Wanted {
    /// Whether an identity is the required one.
    pub(super) fn fits(&self, identity: &Identity) -> Result<(), String> {
        let issuer = match self {
            Self::Issuer { issuer, .. } => issuer,
            Self::GitHub { .. } => GITHUB_ISSUER,
        };
        if identity.issuer != *issuer {
            return Err(format!("a signature is by somebody whom {} vouches for", identity.issuer));
        }
        let others = || format!("a signature is by {}", identity.subjects.join(", "));
        match self {
            Self::Issuer { subject, .. } => {
                identity.subjects.iter().any(|name| subject.fits(name)).then_some(()).ok_or_else(others)
            }
            Self::GitHub { owner, repository } => {
                if !identity.subjects.iter().any(|name| name.starts_with(GITHUB)) {
                    return Err(others());
                }
                let signed_by = identity.repository.as_deref().unwrap_or_default();
                let fits = signed_by.split_once('/').is_some_and(|(own_owner, own_repository)| {
                    own_owner == owner && repository.as_ref().is_none_or(|repository| repository == own_repository)
                });
                if fits { Ok(()) } else { Err(format!("a signature is by the GitHub repository `{signed_by}`")) }
            }
        }
    }
}

/// Checks that a log has taken an entry in, as the log's own signature says.
pub(super) fn proven(bundle: &str, trust: &TrustRoot) -> Result<LogEntry, String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Bundle {
        signed_entry_timestamp: String,
        payload: Entry,
    }
    // The order is that of canonical JSON, which is what the log signs.
    #[derive(Serialize, Deserialize)]
    struct Entry {
        body: String,
        #[serde(rename = "integratedTime")]
        integrated_time: u64,
        #[serde(rename = "logID")]
        log_id: String,
        #[serde(rename = "logIndex")]
        log_index: u64,
    }
    let bundle: Bundle = serde_json::from_str(bundle).map_err(|error| error.to_string())?;
    let entry = bundle.payload;
    let log =
        trust.log(&entry.log_id).ok_or_else(|| format!("the trust root does not know the log {}", entry.log_id))?;
    if !log.period.contains(entry.integrated_time) {
        return Err("it is from a time at which its log is not trusted".to_owned());
    }
    let signed = serde_json::to_vec(&entry).map_err(|error| error.to_string())?;
    let signature = STANDARD.decode(&bundle.signed_entry_timestamp).map_err(|error| error.to_string())?;
    if !log.key.verifies(&signed, &signature) {
        return Err("it is not signed by its log".to_owned());
    }
    Ok(LogEntry { moment: entry.integrated_time, body: entry.body })
}

/// Checks who made a signature: certificate, moment, signature, and that the log entry is about them.
pub(super) fn proven_identity(signature: &Signature, entry: &LogEntry, trust: &TrustRoot) -> Result<Identity, String> {
    let pem = signature.certificate.as_deref().ok_or("it has no certificate")?;
    let certificate = Certificate::from_pem(pem).map_err(|error| format!("its certificate cannot be read: {error}"))?;
    let der = certificate.to_der().map_err(|error| format!("its certificate cannot be read: {error}"))?;
    entry.is_about(signature, &der)?;
    issued(&der, entry.moment, trust)?;
    let key = certificate.tbs_certificate().subject_public_key_info().to_der().map_err(|error| error.to_string())?;
    let key = PublicKey::from_spki(&key).map_err(|error| error.to_string())?;
    if !key.verifies(&signature.bytes, &signature.signature) {
        return Err("it was not made with the key of its certificate".to_owned());
    }
    Identity::of(&certificate)
}

impl LogEntry {
    /// Checks that this is about a signature and a certificate.
    fn is_about(&self, signature: &Signature, certificate: &[u8]) -> Result<(), String> {
        let body = STANDARD.decode(&self.body).map_err(|error| format!("its log entry cannot be read: {error}"))?;
        let body: HashedRekord =
            serde_json::from_slice(&body).map_err(|error| format!("its log entry cannot be read: {error}"))?;
        let (spec, kind) = (body.spec, body.kind);
        let hash = spec.data.hash;
        let logged = STANDARD
            .decode(&spec.signature.public_key.content)
            .ok()
            .and_then(|pem| Certificate::from_pem(pem).ok()?.to_der().ok());
        let is_about = kind == "hashedrekord"
            && hash.algorithm == "sha256"
            && hash.value == Digest::of(&signature.bytes).hex()
            && spec.signature.content == signature.encoded
            && logged.as_deref() == Some(certificate);
        if is_about { Ok(()) } else { Err("its log entry is about another signature".to_owned()) }
    }
}

#[derive(Deserialize)]
struct HashedRekord {
    kind: String,
    spec: Spec,
}

#[derive(Deserialize)]
struct Spec {
    data: Data,
    signature: LoggedSignature,
}

#[derive(Deserialize)]
struct Data {
    hash: Hash,
}

#[derive(Deserialize)]
struct Hash {
    algorithm: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LoggedSignature {
    content: String,
    public_key: LoggedKey,
}

#[derive(Deserialize)]
struct LoggedKey {
    content: String,
}

/// Checks that a certificate was valid, for signing, at a moment, and comes from an authority that is trusted for it.
fn issued(certificate: &[u8], moment: u64, trust: &TrustRoot) -> Result<(), String> {
    let der = CertificateDer::from(certificate);
    let end = EndEntityCert::try_from(&der).map_err(|error| format!("its certificate is refused: {error}"))?;
    let time = UnixTime::since_unix_epoch(Duration::from_secs(moment));
    let mut reason = "no authority is trusted at that time".to_owned();
    for authority in trust.authorities().iter().filter(|authority| authority.period.contains(moment)) {
        let path = end.verify_for_usage(
            webpki::ALL_VERIFICATION_ALGS,
            std::slice::from_ref(&authority.anchor),
            &authority.intermediates,
            time,
            KeyUsage::required(CODE_SIGNING),
            None,
            None,
        );
        match path {
            Ok(_) => return Ok(()),
            Err(error) => reason = error.to_string(),
        }
    }
    Err(format!("its certificate is not trusted: {reason}"))
}

impl Identity {
    /// What a certificate says. It must have been checked.
    fn of(certificate: &Certificate) -> Result<Self, String> {
        let refused = |error: x509_cert::der::Error| format!("its certificate cannot be read: {error}");
        let body = certificate.tbs_certificate();
        let names = body.get_extension::<SubjectAltName>().map_err(refused)?;
        let subjects = names.into_iter().flat_map(|(_, names)| names.0).filter_map(|name| match name {
            GeneralName::Rfc822Name(text) => Some(text.as_str().to_owned()),
            GeneralName::UniformResourceIdentifier(text) => Some(text.as_str().to_owned()),
            _ => None,
        });
        let text = |id: ObjectIdentifier| {
            let extension = body.extensions()?.iter().find(|extension| extension.extn_id == id)?;
            Some(extension.extn_value.as_bytes())
        };
        let bare = |id| text(id).and_then(|bytes| std::str::from_utf8(bytes).ok()).map(str::to_owned);
        let issuer = text(ISSUER)
            .and_then(|bytes| Utf8StringRef::from_der(bytes).ok())
            .map(|text| text.as_str().to_owned())
            .or_else(|| bare(OLD_ISSUER))
            .ok_or("its certificate does not say who vouches for the signer")?;
        Ok(Self { issuer, subjects: subjects.collect(), repository: bare(GITHUB_REPOSITORY) })
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Equal(text) => formatter.write_str(text),
            Self::UrlPrefix(text) => write!(formatter, "{text}…"),
        }
    }
}
