//! The signatures that a repository has about a manifest. None of them is believed yet.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::attach::referrers;
use super::payload::Payload;
use super::{ARTIFACT_TYPE, BUNDLE, CERTIFICATE, PAYLOAD_MEDIA_TYPE, SIGNATURE, signature_tag};
use crate::client::{Fetched, fetch, fetch_blob, fetch_optional};
use crate::digest::Digest;
use crate::error::Error;
use crate::manifest::Descriptor;
use crate::reference::RegistryReference;
use crate::transport::{Transport, TransportError};

/// The most signatures that are looked at.
const MAX_SIGNATURES: usize = 128;
const MAX_REFERRERS: usize = 64;
const MAX_PAYLOAD_BYTES: u64 = 1 << 20;

/// What a repository has about a manifest.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    /// Signatures of payloads that name the manifest.
    pub(super) signatures: Vec<Signature>,
    /// Why others are of no use.
    pub(super) discarded: Vec<String>,
}

/// A signature of a payload that names the manifest.
#[derive(Debug, Clone)]
pub(super) struct Signature {
    /// The bytes that are signed.
    pub(super) bytes: Vec<u8>,
    /// What they say.
    pub(super) payload: Payload,
    /// The signature as in the annotation, without line breaks.
    pub(super) encoded: String,
    /// The signature.
    pub(super) signature: Vec<u8>,
    /// The signer's certificate, as PEM.
    pub(super) certificate: Option<String>,
    /// The proof that the signature is in the transparency log, as JSON.
    pub(super) bundle: Option<String>,
    /// The layer that it was found in.
    pub(super) layer: Descriptor,
}

/// Collects the signatures of a manifest. What cannot be read is put aside; a registry that fails is an error, because
/// it must not look as if there were nothing.
pub(super) async fn collect(
    transport: &Transport,
    reference: &RegistryReference,
    digest: &Digest,
) -> Result<Evidence, Error> {
    let mut evidence = Evidence::default();
    let repository = reference.repository();
    let tag = signature_tag(repository, digest);
    match usable_anyway(fetch_optional(transport, &tag).await)? {
        Ok(Some(fetched)) => add(transport, &tag, fetched, digest, &mut evidence).await?,
        Ok(None) => {}
        Err(reason) => evidence.discarded.push(reason),
    }
    let referrers = referrers(transport, repository, digest).await?;
    let ours = referrers.iter().filter(|entry| entry.artifact_type.as_deref().is_none_or(|kind| kind == ARTIFACT_TYPE));
    for descriptor in ours.take(MAX_REFERRERS) {
        let referrer = reference.pinned(&descriptor.digest);
        let fetched = match usable_anyway(fetch(transport, &referrer).await)? {
            Ok(fetched) => fetched,
            Err(reason) => {
                evidence.discarded.push(reason);
                continue;
            }
        };
        if fetched.manifest.artifact_type.as_deref() != Some(ARTIFACT_TYPE) {
            continue;
        }
        if fetched.manifest.subject.as_ref().is_none_or(|subject| subject.digest != *digest) {
            evidence.discarded.push(format!("{} refers to something else", descriptor.digest));
            continue;
        }
        add(transport, &referrer, fetched, digest, &mut evidence).await?;
    }
    Ok(evidence)
}

/// Adds the signatures of one manifest of signatures.
async fn add(
    transport: &Transport,
    reference: &RegistryReference,
    fetched: Fetched,
    digest: &Digest,
    evidence: &mut Evidence,
) -> Result<(), Error> {
    let Some(layers) = fetched.manifest.layers else {
        evidence.discarded.push(format!("{reference} is not a list of signatures"));
        return Ok(());
    };
    for layer in layers {
        if evidence.signatures.len() >= MAX_SIGNATURES {
            evidence.discarded.push(format!("only the first {MAX_SIGNATURES} signatures are looked at"));
            break;
        }
        // The same signature is usually there in both layouts.
        if evidence.signatures.iter().any(|known| known.layer == layer) {
            continue;
        }
        match signature_of(transport, reference, layer, digest).await? {
            Ok(signature) => evidence.signatures.push(signature),
            Err(reason) => evidence.discarded.push(reason),
        }
    }
    Ok(())
}

/// The signature in one layer, or why it is of no use.
async fn signature_of(
    transport: &Transport,
    reference: &RegistryReference,
    layer: Descriptor,
    digest: &Digest,
) -> Result<Result<Signature, String>, Error> {
    let (encoded, signature) = match usable(&layer) {
        Ok(usable) => usable,
        Err(reason) => return Ok(Err(reason)),
    };
    let fetched = fetch_blob(transport, reference.repository(), &layer.digest, MAX_PAYLOAD_BYTES).await;
    let bytes = match usable_anyway(fetched)? {
        Ok(bytes) => bytes,
        Err(reason) => return Ok(Err(reason)),
    };
    Ok(about(&bytes, digest).map(|payload| {
        let note = |key| layer.annotations.as_ref().and_then(|notes| notes.get(key)).cloned();
        let (certificate, bundle) = (note(CERTIFICATE), note(BUNDLE));
        Signature { bytes, payload, encoded, signature, certificate, bundle, layer }
    }))
}

/// Puts aside what is only this signature's fault. Others may be good; a registry that fails stays an error.
fn usable_anyway<T>(fetched: Result<T, Error>) -> Result<Result<T, String>, Error> {
    match fetched {
        Ok(fetched) => Ok(Ok(fetched)),
        Err(
            error @ (Error::Manifest { .. }
            | Error::Pull(_)
            | Error::Transport(TransportError::NotFound { .. } | TransportError::TooLarge { .. })),
        ) => Ok(Err(error.to_string())),
        Err(error) => Err(error),
    }
}

/// The signature of a layer.
fn usable(layer: &Descriptor) -> Result<(String, Vec<u8>), String> {
    if layer.media_type != PAYLOAD_MEDIA_TYPE {
        return Err(format!("a signature has the type `{}` instead of `{PAYLOAD_MEDIA_TYPE}`", layer.media_type));
    }
    if layer.size > MAX_PAYLOAD_BYTES {
        return Err(format!("a signed document has {} bytes, more than {MAX_PAYLOAD_BYTES}", layer.size));
    }
    let encoded = layer.annotations.as_ref().and_then(|annotations| annotations.get(SIGNATURE));
    let Some(encoded) = encoded else { return Err(format!("a signed document has no `{SIGNATURE}`")) };
    let encoded: String = encoded.chars().filter(|character| !matches!(character, '\n' | '\r')).collect();
    let signature = STANDARD.decode(&encoded).map_err(|error| format!("a signature is not base64: {error}"))?;
    Ok((encoded, signature))
}

/// What a signed document says, if it is about the manifest.
fn about(bytes: &[u8], digest: &Digest) -> Result<Payload, String> {
    let payload: Payload =
        serde_json::from_slice(bytes).map_err(|error| format!("a signed document cannot be read: {error}"))?;
    if payload.digest() == digest {
        Ok(payload)
    } else {
        Err(format!("a signature is about {} instead of {digest}", payload.digest()))
    }
}
