//! Being let in: certificate authorities, credentials, and the tokens that registries give for them.

use std::fs;

use oci_client::RegistryOperation;
use oci_client::client::{Certificate, CertificateEncoding, ClientConfig, ClientProtocol};
use oci_client::errors::OciDistributionError;
use oci_client::secrets::RegistryAuth;
use reqwest::Response;
use reqwest::header::{HeaderValue, WWW_AUTHENTICATE};

use super::failure::TransportError;
use super::{Transport, api_host};
use crate::credentials::{Credentials, credentials_for};
use crate::options::{Options, OptionsError};
use crate::reference::Repository;

/// A certificate authority, for both clients.
pub(super) struct Authority {
    /// For our own requests.
    pub(super) certificate: reqwest::Certificate,
    /// For oci-client's.
    der: Vec<u8>,
}

/// Reads the certificate authorities that the options name.
pub(super) fn authorities(options: &Options) -> Result<Vec<Authority>, OptionsError> {
    let mut authorities = Vec::new();
    for path in &options.certificate_authorities {
        let pem = fs::read(path).map_err(|source| OptionsError::UnreadableAuthority { path: path.clone(), source })?;
        let refused = |reason: String| OptionsError::Authority { path: path.clone(), reason };
        let chain = x509_cert::Certificate::load_pem_chain(&pem)
            .map_err(|_| OptionsError::NoAuthority { path: path.clone() })?;
        if chain.is_empty() {
            return Err(OptionsError::NoAuthority { path: path.clone() });
        }
        for certificate in chain {
            let der = x509_cert::der::Encode::to_der(&certificate).map_err(|error| refused(error.to_string()))?;
            let certificate = reqwest::Certificate::from_der(&der).map_err(|error| refused(error.to_string()))?;
            authorities.push(Authority { certificate, der });
        }
    }
    Ok(authorities)
}

/// The client that turns credentials into tokens.
pub(super) fn token_client(options: &Options, authorities: &[Authority]) -> oci_client::Client {
    let certificate =
        |authority: &Authority| Certificate { encoding: CertificateEncoding::Der, data: authority.der.clone() };
    oci_client::Client::new(ClientConfig {
        protocol: ClientProtocol::HttpsExcept(options.insecure.iter().cloned().collect()),
        extra_root_certificates: authorities.iter().map(certificate).collect(),
        connect_timeout: Some(options.connect_timeout),
        read_timeout: Some(options.read_timeout),
        user_agent: super::USER_AGENT,
        ..ClientConfig::default()
    })
}

/// What to send along, after the registry asked for it. `None` if it asked in a way that nobody can answer.
pub(super) async fn of_challenge(
    transport: &Transport,
    repository: &Repository,
    operation: RegistryOperation,
    response: &Response,
) -> Result<Option<HeaderValue>, TransportError> {
    let challenge = response.headers().get(WWW_AUTHENTICATE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let credentials = credentials_for(repository.host(), &transport.options.docker_config)?;
    let is_basic = challenge.split_whitespace().next().is_some_and(|scheme| scheme.eq_ignore_ascii_case("basic"));
    if is_basic {
        return Ok(credentials.as_ref().and_then(Credentials::basic));
    }
    let auth = match credentials {
        Some(credentials) => RegistryAuth::Basic(credentials.user, credentials.password),
        None => RegistryAuth::Anonymous,
    };
    let reference = oci_client::Reference::with_tag(
        api_host(repository.host()).to_owned(),
        repository.name().to_owned(),
        "latest".to_owned(),
    );
    let token = transport.tokens.auth(&reference, &auth, operation).await.map_err(|error| match error {
        OciDistributionError::RequestError(error) => TransportError::of(response.url().clone(), &error),
        error => TransportError::Unauthorized { host: repository.host().to_owned(), reason: error.to_string() },
    })?;
    Ok(token.and_then(|token| secret(&format!("Bearer {token}"))))
}

/// A header that is not shown in logs.
pub(crate) fn secret(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}
