//! Putting contents and manifests into a repository.

use bytes::Bytes;
use forewarn_core::oci_manifest::MANIFEST_MEDIA_TYPE;
use reqwest::header::{HeaderMap, LOCATION};
use reqwest::{Method, StatusCode, Url};

use crate::client::check;
use crate::digest::Digest;
use crate::error::Error;
use crate::manifest::{INDEX_MEDIA_TYPE, Manifest};
use crate::reference::Repository;
use crate::transport::{Attempts, Request, Transport, TransportError};

const OCTETS: &str = "application/octet-stream";
const DIGEST_HEADER: &str = "docker-content-digest";
/// How often an upload starts again because the registry forgot it.
const MAX_UPLOADS: u32 = 3;

/// Uploads a content, unless the repository has it. Tells whether it was uploaded.
pub(crate) async fn put_blob(transport: &Transport, repository: &Repository, bytes: &Bytes) -> Result<bool, Error> {
    let digest = Digest::of(bytes);
    let url = transport.url(repository, &format!("blobs/{digest}"))?;
    let known = Request::push(Method::HEAD, url, repository, Bytes::new());
    if transport.send_optional(known).await?.is_some() {
        return Ok(false);
    }
    let mut last = None;
    for _ in 0..MAX_UPLOADS {
        match upload(transport, repository, bytes, &digest).await {
            Ok(()) => return Ok(true),
            // After a failure in between, the upload's address may be gone.
            Err(error @ (TransportError::NotFound { .. } | TransportError::Status { status: 416, .. })) => {
                last = Some(error);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(last.map_or_else(|| protocol(repository, "it forgets uploads"), Error::from))
}

/// Uploads a manifest under a tag or its digest, and returns the answer's headers.
pub(crate) async fn put_manifest(
    transport: &Transport,
    repository: &Repository,
    target: &str,
    manifest: &Manifest,
    bytes: &[u8],
) -> Result<HeaderMap, Error> {
    let url = transport.url(repository, &format!("manifests/{target}"))?;
    let kind = if manifest.is_index() { INDEX_MEDIA_TYPE } else { MANIFEST_MEDIA_TYPE };
    let request = Request::push(Method::PUT, url, repository, Bytes::copy_from_slice(bytes)).of_type(kind);
    let mut attempts = Attempts::new(transport.options().retry);
    let headers = loop {
        match transport.send_ok(request.clone()).await {
            Ok(response) => break response.headers().clone(),
            // Some registries say so while somebody else uploads the same small content.
            Err(error @ TransportError::Status { status: 400, .. }) => attempts.wait(error, None).await?,
            Err(error) => return Err(error.into()),
        }
    };
    let told = headers.get(DIGEST_HEADER).and_then(|value| value.to_str().ok()?.parse::<Digest>().ok());
    if let Some(told) = told {
        check(format!("the manifest that {repository} keeps"), &Digest::of(bytes), &told)?;
    }
    Ok(headers)
}

/// Asks for an address, and sends everything there.
async fn upload(
    transport: &Transport,
    repository: &Repository,
    bytes: &Bytes,
    digest: &Digest,
) -> Result<(), TransportError> {
    let start = transport.url(repository, "blobs/uploads/")?;
    let response = transport.send_ok(Request::push(Method::POST, start.clone(), repository, Bytes::new())).await?;
    let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    let target = location.and_then(|location| start.join(location).ok());
    let wrong = |reason: &str| TransportError::Protocol { url: start.to_string(), reason: reason.to_owned() };
    let mut target: Url = target.ok_or_else(|| wrong("it does not say where to upload to"))?;
    if start.scheme() == "https" && target.scheme() != "https" {
        return Err(wrong("it wants an upload over plain HTTP"));
    }
    target.query_pairs_mut().append_pair("digest", digest.as_str());
    let request = Request::push(Method::PUT, target, repository, bytes.clone()).of_type(OCTETS);
    let response = transport.send_ok(request).await?;
    if response.status() == StatusCode::ACCEPTED {
        return Err(wrong("it does not finish the upload"));
    }
    Ok(())
}

fn protocol(repository: &Repository, reason: &str) -> Error {
    TransportError::Protocol { url: repository.to_string(), reason: reason.to_owned() }.into()
}
