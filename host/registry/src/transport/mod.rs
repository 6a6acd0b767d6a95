//! Requests to registries and web servers: authorised, retried, and never larger than allowed.
//!
//! oci-client makes the tokens. The requests are our own, because its responses are not bounded and it does not see
//! `Retry-After`.

mod authorization;
mod failure;
mod retry;

pub use failure::TransportError;
pub(crate) use retry::Attempts;

use std::collections::HashMap;
use std::sync::Mutex;

use bytes::Bytes;
use oci_client::RegistryOperation;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Response, StatusCode, Url};

use crate::options::{Options, OptionsError};
use crate::reference::Repository;

/// The largest error message that is read from a registry.
const MAX_MESSAGE_BYTES: u64 = 64 << 10;
const MAX_REDIRECTS: usize = 5;
const USER_AGENT: &str = concat!("forewarn/", env!("CARGO_PKG_VERSION"));

/// The connections to all registries of one run.
pub(crate) struct Transport {
    http: reqwest::Client,
    tokens: oci_client::Client,
    options: Options,
    authorizations: Mutex<HashMap<(Repository, bool), HeaderValue>>,
}

/// One request, which can be sent again.
#[derive(Clone)]
pub(crate) struct Request<'a> {
    method: Method,
    url: Url,
    /// The repository whose credentials apply; none for other web servers.
    repository: Option<&'a Repository>,
    operation: RegistryOperation,
    headers: HeaderMap,
    body: Option<Bytes>,
}

impl<'a> Request<'a> {
    /// A download from any web server.
    pub(crate) fn download(url: Url) -> Self {
        Self {
            method: Method::GET,
            url,
            repository: None,
            operation: RegistryOperation::Pull,
            headers: HeaderMap::new(),
            body: None,
        }
    }

    /// A question to a registry.
    pub(crate) fn pull(method: Method, url: Url, repository: &'a Repository) -> Self {
        Self { method, repository: Some(repository), ..Self::download(url) }
    }

    /// A change of a registry.
    pub(crate) fn push(method: Method, url: Url, repository: &'a Repository, body: Bytes) -> Self {
        Self { operation: RegistryOperation::Push, body: Some(body), ..Self::pull(method, url, repository) }
    }

    /// The same with a header.
    pub(crate) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// The same with the accepted media types.
    pub(crate) fn accepting(self, types: &'static str) -> Self {
        self.with(ACCEPT, HeaderValue::from_static(types))
    }

    /// The same with the body's media type.
    pub(crate) fn of_type(self, media_type: &'static str) -> Self {
        self.with(CONTENT_TYPE, HeaderValue::from_static(media_type))
    }
}

impl Transport {
    /// Prepares connections; none is made yet.
    pub(crate) fn new(options: Options) -> Result<Self, OptionsError> {
        options.check()?;
        let authorities = authorization::authorities(&options)?;
        Ok(Self {
            http: http_client(&options, &authorities)?,
            tokens: authorization::token_client(&options, &authorities),
            options,
            authorizations: Mutex::default(),
        })
    }

    /// How registries are talked to.
    pub(crate) fn options(&self) -> &Options {
        &self.options
    }

    /// The address of something in a repository, such as `manifests/v1`.
    pub(crate) fn url(&self, repository: &Repository, rest: &str) -> Result<Url, TransportError> {
        let text = format!("{}/v2/{}/{rest}", self.origin(repository), repository.name());
        Url::parse(&text).map_err(|error| TransportError::Address { url: text, reason: error.to_string() })
    }

    /// Scheme and host of a registry.
    fn origin(&self, repository: &Repository) -> String {
        let scheme = if self.options.is_insecure(repository.host()) { "http" } else { "https" };
        format!("{scheme}://{}", api_host(repository.host()))
    }

    /// Sends a request until there is an answer that is neither "busy" nor "who are you", and returns it.
    ///
    /// The answer's status may still be an error, because some (404) are a normal answer for some questions.
    pub(crate) async fn send(&self, request: Request<'_>) -> Result<Response, TransportError> {
        let mut attempts = Attempts::new(self.options.retry);
        self.send_within(request, &mut attempts).await
    }

    /// The same for a caller that counts its own tries, too.
    pub(crate) async fn send_within(
        &self,
        request: Request<'_>,
        attempts: &mut Attempts,
    ) -> Result<Response, TransportError> {
        let mut asked_for_credentials = false;
        loop {
            let (error, wait) = match self.send_once(&request).await {
                Ok(response) if response.status() == StatusCode::UNAUTHORIZED && !asked_for_credentials => {
                    asked_for_credentials = true;
                    self.authorize(&request, &response).await?;
                    continue;
                }
                Ok(response) if retry::is_busy(response.status()) => {
                    let wait = retry::retry_after(response.headers());
                    (self.refusal(response).await, wait)
                }
                Ok(response) => return Ok(response),
                Err(error) if retry::is_temporary(&error) => (TransportError::of(request.url.clone(), &error), None),
                Err(error) => return Err(TransportError::of(request.url.clone(), &error)),
            };
            attempts.wait(error, wait).await?;
        }
    }

    /// Sends a request and takes every status but success for an error.
    pub(crate) async fn send_ok(&self, request: Request<'_>) -> Result<Response, TransportError> {
        let response = self.send(request).await?;
        if response.status().is_success() { Ok(response) } else { Err(self.refusal(response).await) }
    }

    /// Sends a request; `None` when there is no such thing.
    pub(crate) async fn send_optional(&self, request: Request<'_>) -> Result<Option<Response>, TransportError> {
        let response = self.send(request).await?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        if response.status().is_success() { Ok(Some(response)) } else { Err(self.refusal(response).await) }
    }

    /// What an answer's error status means.
    pub(crate) async fn refusal(&self, response: Response) -> TransportError {
        let status = response.status();
        let url = response.url().clone();
        let body = read(response, MAX_MESSAGE_BYTES).await.unwrap_or_default();
        TransportError::of_status(url, status, &body)
    }

    async fn send_once(&self, request: &Request<'_>) -> Result<Response, reqwest::Error> {
        let mut builder =
            self.http.request(request.method.clone(), request.url.clone()).headers(request.headers.clone());
        if let Some(value) = self.authorization(request) {
            builder = builder.header(AUTHORIZATION, value);
        }
        if let Some(body) = &request.body {
            builder = builder.body(body.clone());
        }
        builder.send().await
    }

    /// The credentials to send along, as far as they are known and the request goes to their registry.
    ///
    /// A registry may name another host for an upload; that host must not learn the credentials.
    fn authorization(&self, request: &Request<'_>) -> Option<HeaderValue> {
        let repository = request.repository?;
        let origin = Url::parse(&self.origin(repository)).ok()?;
        if origin.origin() != request.url.origin() {
            return None;
        }
        let push = request.operation == RegistryOperation::Push;
        let known = self.authorizations.lock().ok()?;
        known.get(&(repository.clone(), push)).cloned()
    }

    /// Finds out, from what a registry answered, how to be let in.
    async fn authorize(&self, request: &Request<'_>, response: &Response) -> Result<(), TransportError> {
        let Some(repository) = request.repository else { return Ok(()) };
        let value = authorization::of_challenge(self, repository, request.operation, response).await?;
        if let Ok(mut known) = self.authorizations.lock() {
            let push = request.operation == RegistryOperation::Push;
            match value {
                Some(value) => known.insert((repository.clone(), push), value),
                None => known.remove(&(repository.clone(), push)),
            };
        }
        Ok(())
    }
}

/// Reads a body that is at most so large.
pub(crate) async fn read(mut response: Response, limit: u64) -> Result<Vec<u8>, TransportError> {
    let url = response.url().clone();
    let too_large = || TransportError::TooLarge { url: url.to_string(), limit };
    if response.content_length().is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| TransportError::of(url.clone(), &error))? {
        if body.len() as u64 + chunk.len() as u64 > limit {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The host that serves a registry's API. Docker's own registry has another name than its references say.
fn api_host(host: &str) -> &str {
    match host {
        "docker.io" | "index.docker.io" => "registry-1.docker.io",
        host => host,
    }
}

fn http_client(options: &Options, authorities: &[authorization::Authority]) -> Result<reqwest::Client, OptionsError> {
    let certificates: Vec<_> = authorities.iter().map(|authority| authority.certificate.clone()).collect();
    let builder = || {
        reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .connect_timeout(options.connect_timeout)
            .read_timeout(options.read_timeout)
            .redirect(reqwest::redirect::Policy::custom(follow))
    };
    builder()
        .tls_certs_merge(certificates.clone())
        .build()
        // A machine without any authority, such as a bare container, can still use those that were named.
        .or_else(|_| builder().tls_certs_only(certificates).build())
        .map_err(|error| OptionsError::Http { reason: failure::chain(&error) })
}

/// Follows a redirect, unless it leaves TLS or goes round in circles.
fn follow(attempt: reqwest::redirect::Attempt<'_>) -> reqwest::redirect::Action {
    if attempt.previous().len() > MAX_REDIRECTS {
        return attempt.error("too many redirects");
    }
    let was_secure = attempt.previous().last().is_some_and(|url| url.scheme() == "https");
    if was_secure && attempt.url().scheme() != "https" {
        return attempt.error("a redirect from HTTPS to plain HTTP");
    }
    attempt.follow()
}
