//! Large downloads: bounded, hashed as they come, and taken up again where they broke.

use reqwest::header::{CONTENT_RANGE, ETAG, HeaderValue, IF_RANGE, RANGE};
use reqwest::{Response, StatusCode};

use crate::client::check;
use crate::digest::Digest;
use crate::error::Error;
use crate::pull::PullError;
use crate::store::Partial;
use crate::transport::{Attempts, Request, Transport, TransportError};

/// How often a download is taken up in all, however little each time brings.
const MAX_RESUMPTIONS: u32 = 32;

/// What is known of a content before it comes.
pub(crate) struct Expected<'a> {
    /// What it is called in errors.
    pub(crate) name: String,
    /// Its digest.
    pub(crate) digest: Option<&'a Digest>,
    /// Its size.
    pub(crate) size: Option<u64>,
    /// The most bytes that are taken.
    pub(crate) limit: u64,
}

/// How one try ended.
enum Outcome {
    /// With everything.
    Complete,
    /// Before the end.
    Broken(TransportError),
}

/// Downloads a content into `partial`, which may hold its beginning already. Afterwards it has the expected digest.
pub(crate) async fn download(
    transport: &Transport,
    request: &Request<'_>,
    expected: &Expected<'_>,
    partial: &mut Partial,
) -> Result<(), Error> {
    // A beginning that is already wrong costs one download more, not an error.
    let resumed = partial.length() > 0;
    let outcome = complete(transport, request, expected, partial).await;
    let outcome = match outcome {
        Err(Error::Pull(PullError::DigestMismatch { .. } | PullError::TooLarge { .. })) if resumed => {
            partial.restart()?;
            complete(transport, request, expected, partial).await
        }
        outcome => outcome,
    };
    if let Err(Error::Pull(_)) = outcome {
        partial.discard();
    }
    outcome
}

async fn complete(
    transport: &Transport,
    request: &Request<'_>,
    expected: &Expected<'_>,
    partial: &mut Partial,
) -> Result<(), Error> {
    let mut attempts = Attempts::new(transport.options().retry);
    let (mut version, mut furthest) = (None, partial.length());
    for _ in 0..MAX_RESUMPTIONS {
        match fetch(transport, request, expected, partial, &mut version, &mut attempts).await? {
            Outcome::Complete => {
                let actual = partial.digest();
                return expected.digest.map_or(Ok(()), |digest| Ok(check(expected.name.clone(), digest, &actual)?));
            }
            Outcome::Broken(error) => {
                // To come as far as before is no progress.
                if partial.length() > furthest {
                    furthest = partial.length();
                    attempts.reset();
                }
                attempts.wait(error, None).await?;
            }
        }
    }
    Err(PullError::Unsteady { name: expected.name.clone(), times: MAX_RESUMPTIONS }.into())
}

/// One try: asks for the rest, and takes it.
async fn fetch(
    transport: &Transport,
    request: &Request<'_>,
    expected: &Expected<'_>,
    partial: &mut Partial,
    version: &mut Option<HeaderValue>,
    attempts: &mut Attempts,
) -> Result<Outcome, Error> {
    if expected.size.is_some_and(|size| partial.length() == size) {
        return Ok(Outcome::Complete);
    }
    // Without a digest, only the server can tell whether the rest belongs to the beginning.
    if expected.digest.is_none() && version.is_none() {
        partial.restart()?;
    }
    let mut request = request.clone();
    if partial.length() > 0 {
        request = request.with(RANGE, range(partial.length())?);
        if let Some(version) = version.as_ref() {
            request = request.with(IF_RANGE, version.clone());
        }
    }
    let response = transport.send_within(request, attempts).await?;
    match response.status() {
        StatusCode::OK => partial.restart()?,
        StatusCode::PARTIAL_CONTENT if starts_at(&response, partial.length()) => {}
        StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE if partial.length() > 0 => {
            let reason = "it does not send the part that was asked for".to_owned();
            partial.restart()?;
            return Ok(Outcome::Broken(TransportError::Protocol { url: response.url().to_string(), reason }));
        }
        _ => return Err(transport.refusal(response).await.into()),
    }
    *version = response.headers().get(ETAG).filter(|tag| !tag.as_bytes().starts_with(b"W/")).cloned();
    receive(response, expected, partial).await
}

/// Takes what comes, as long as it may be the content.
async fn receive(mut response: Response, expected: &Expected<'_>, partial: &mut Partial) -> Result<Outcome, Error> {
    let url = response.url().clone();
    let limit = expected.size.unwrap_or(expected.limit).min(expected.limit);
    let too_large = || PullError::TooLarge { name: expected.name.clone(), limit };
    let end = response.content_length().map(|length| partial.length().saturating_add(length));
    if end.is_some_and(|end| end > limit) {
        return Err(too_large().into());
    }
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                if partial.length() + chunk.len() as u64 > limit {
                    return Err(too_large().into());
                }
                partial.append(&chunk)?;
            }
            Ok(None) if expected.size.is_some_and(|size| partial.length() < size) => {
                let reason = "the connection ended before the content did".to_owned();
                return Ok(Outcome::Broken(TransportError::Protocol { url: url.to_string(), reason }));
            }
            Ok(None) => return Ok(Outcome::Complete),
            Err(error) => return Ok(Outcome::Broken(TransportError::of(url, &error))),
        }
    }
}

fn range(from: u64) -> Result<HeaderValue, TransportError> {
    let text = format!("bytes={from}-");
    HeaderValue::from_str(&text).map_err(|error| TransportError::Address { url: text, reason: error.to_string() })
}

/// Whether a partial answer starts where the last one ended.
fn starts_at(response: &Response, offset: u64) -> bool {
    let range = response.headers().get(CONTENT_RANGE).and_then(|value| value.to_str().ok());
    let start = range.and_then(|range| range.strip_prefix("bytes ")?.split_once('-')?.0.trim().parse::<u64>().ok());
    start == Some(offset)
}
