//! Adding signatures to a repository, beside those that are there.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use forewarn_core::oci_manifest::{CONFIG, MANIFEST_MEDIA_TYPE};
use olpc_cjson::CanonicalFormatter;
use reqwest::Method;
use serde::Serialize as _;
use serde_json::{Value, json};

use super::{ARTIFACT_TYPE, PAYLOAD_MEDIA_TYPE, SIGNATURE, referrers_tag, signature_tag};
use crate::client::{Fetched, fetch_optional};
use crate::digest::Digest;
use crate::error::Error;
use crate::manifest::{
    ACCEPTED, Descriptor, INDEX_MEDIA_TYPE, MAX_MANIFEST_BYTES, Manifest, ManifestError, unreadable,
};
use crate::publish::{put_blob, put_manifest};
use crate::reference::{RegistryReference, Repository};
use crate::transport::{Request, Transport, TransportError, read};

const CONFIG_MEDIA_TYPE: &str = "application/vnd.oci.image.config.v1+json";
const EMPTY_MEDIA_TYPE: &str = "application/vnd.oci.empty.v1+json";
/// How often a list is written again because somebody else wrote it at the same time.
const MAX_ROUNDS: u32 = 5;
/// How a registry says that it lists referrers itself.
const SUBJECT_HEADER: &str = "oci-subject";

/// A signature, as a layer that manifests refer to.
pub(super) fn layer(payload: &[u8], signature: &[u8]) -> Descriptor {
    let annotations = [(SIGNATURE.to_owned(), STANDARD.encode(signature))];
    Descriptor { annotations: Some(annotations.into()), ..Descriptor::of(PAYLOAD_MEDIA_TYPE, payload) }
}

/// Adds a signature under the tag that kwctl and policy-server read.
pub(super) async fn add_to_tag(
    transport: &Transport,
    repository: &Repository,
    digest: &Digest,
    layer: &Descriptor,
) -> Result<RegistryReference, Error> {
    put_blob(transport, repository, &Bytes::from_static(CONFIG)).await?;
    let tag = signature_tag(repository, digest);
    let config = Descriptor::of(CONFIG_MEDIA_TYPE, CONFIG);
    let empty = json!({"schemaVersion": 2, "mediaType": MANIFEST_MEDIA_TYPE, "config": config, "layers": []});
    add_to_list(transport, &tag, "layers", layer, empty).await?;
    Ok(tag)
}

/// Adds a signature as an artifact that refers to the manifest, and sees to it that it is listed.
pub(super) async fn add_referrer(
    transport: &Transport,
    repository: &Repository,
    subject: &Fetched,
    layer: &Descriptor,
) -> Result<Digest, Error> {
    put_blob(transport, repository, &Bytes::from_static(CONFIG)).await?;
    let config = Descriptor::of(EMPTY_MEDIA_TYPE, CONFIG);
    let manifest = Manifest {
        media_type: Some(MANIFEST_MEDIA_TYPE.to_owned()),
        artifact_type: Some(ARTIFACT_TYPE.to_owned()),
        subject: Some(Descriptor::of(subject.manifest.kind(), &subject.bytes)),
        ..Manifest::new(config, vec![layer.clone()])
    };
    let of_reference = |source| Error::Manifest { reference: repository.to_string(), source };
    let bytes = manifest.to_bytes().map_err(of_reference)?;
    let digest = Digest::of(&bytes);
    let headers = put_manifest(transport, repository, digest.as_str(), &manifest, &bytes).await?;
    if !headers.contains_key(SUBJECT_HEADER)
        && listed_by_registry(transport, repository, &subject.digest).await?.is_none()
    {
        let entry =
            Descriptor { artifact_type: Some(ARTIFACT_TYPE.to_owned()), ..Descriptor::of(MANIFEST_MEDIA_TYPE, &bytes) };
        let empty = json!({"schemaVersion": 2, "mediaType": INDEX_MEDIA_TYPE, "manifests": []});
        add_to_list(transport, &referrers_tag(repository, &subject.digest), "manifests", &entry, empty).await?;
    }
    Ok(digest)
}

/// The artifacts that refer to a manifest.
pub(super) async fn referrers(
    transport: &Transport,
    repository: &Repository,
    digest: &Digest,
) -> Result<Vec<Descriptor>, Error> {
    let index = match listed_by_registry(transport, repository, digest).await? {
        Some(index) => Some(index),
        None => fetch_optional(transport, &referrers_tag(repository, digest)).await?.map(|fetched| fetched.manifest),
    };
    Ok(index.and_then(|index| index.manifests).unwrap_or_default())
}

/// The registry's own list of referrers; `None` if it keeps none.
async fn listed_by_registry(
    transport: &Transport,
    repository: &Repository,
    digest: &Digest,
) -> Result<Option<Manifest>, Error> {
    let url = transport.url(repository, &format!("referrers/{digest}"))?;
    let request = Request::pull(Method::GET, url, repository).accepting(ACCEPTED);
    let Some(response) = transport.send_optional(request).await? else { return Ok(None) };
    let bytes = read(response, MAX_MANIFEST_BYTES).await?;
    let of_reference = |source| Error::Manifest { reference: repository.to_string(), source };
    Manifest::parse(&bytes).map(Some).map_err(of_reference)
}

/// Adds an entry to the list in the manifest of a tag, and makes sure that it stays there.
///
/// Registries have no "write only if unchanged", so it is read again afterwards; fields that we do not know are kept.
async fn add_to_list(
    transport: &Transport,
    tag: &RegistryReference,
    list: &str,
    entry: &Descriptor,
    empty: Value,
) -> Result<(), Error> {
    let of_reference = |source| Error::Manifest { reference: tag.to_string(), source };
    let unreadable = |error| of_reference(unreadable(error));
    let entry = serde_json::to_value(entry).map_err(unreadable)?;
    for _ in 0..MAX_ROUNDS {
        let mut whole = match fetch_optional(transport, tag).await? {
            Some(fetched) => serde_json::from_slice::<Value>(&fetched.bytes).map_err(unreadable)?,
            None => empty.clone(),
        };
        let Some(entries) = whole.get_mut(list).and_then(Value::as_array_mut) else {
            return Err(of_reference(ManifestError::Kind { kind: format!("one without `{list}`") }));
        };
        if entries.contains(&entry) {
            return Ok(());
        }
        entries.push(entry.clone());
        let mut bytes = Vec::new();
        let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, CanonicalFormatter::new());
        whole.serialize(&mut serializer).map_err(unreadable)?;
        let manifest = Manifest::parse(&bytes).map_err(of_reference)?;
        put_manifest(transport, tag.repository(), tag.target(), &manifest, &bytes).await?;
    }
    let reason = "what is written there is overwritten at once".to_owned();
    Err(TransportError::Protocol { url: tag.to_string(), reason }.into())
}
