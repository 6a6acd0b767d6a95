//! Credentials from Docker's configuration and its helpers.

use std::env;
use std::fs::File;
use std::io::{BufReader, ErrorKind};
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use docker_credential::{CredentialRetrievalError, DockerCredential};
use reqwest::header::HeaderValue;
use thiserror::Error;

use crate::options::DockerConfig;

/// The key under which Docker keeps the credentials of its own registry.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";
/// What credential helpers say when they have no entry for a host, which is no failure.
const HELPER_HAS_NONE: &str = "credentials not found";

/// A user and a password. Not `Debug`, so that they cannot end up in a log.
pub(crate) struct Credentials {
    /// The user.
    pub(crate) user: String,
    /// The password.
    pub(crate) password: String,
}

/// Credentials that are configured but cannot be had.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CredentialError {
    /// The configuration cannot be read.
    #[error("cannot read the credentials in {}: {reason}", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The credential helper failed.
    #[error("the credential helper for {host} failed: {reason}")]
    Helper {
        /// The registry.
        host: String,
        /// What it said.
        reason: String,
    },
    /// A token of a kind that needs a protocol of its own.
    #[error("the credentials for {host} are an identity token, which is not supported")]
    IdentityToken {
        /// The registry.
        host: String,
    },
}

impl CredentialError {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::IdentityToken { .. } => Some("log in with a user and a password or an access token"),
            _ => None,
        }
    }
}

impl Credentials {
    /// The header of HTTP basic authentication.
    pub(crate) fn basic(&self) -> Option<HeaderValue> {
        let encoded = STANDARD.encode(format!("{}:{}", self.user, self.password));
        let mut value = HeaderValue::from_str(&format!("Basic {encoded}")).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

/// The credentials of a registry; `None` where there are none, which means anonymous access.
///
/// They are looked up only when a registry asks for them, so that a broken helper harms nobody else.
pub(crate) fn credentials_for(host: &str, config: &DockerConfig) -> Result<Option<Credentials>, CredentialError> {
    let directory = match config {
        DockerConfig::None => return Ok(None),
        DockerConfig::Directory(directory) => Some(directory.clone()),
        DockerConfig::Default => default_directory(),
    };
    let Some(path) = directory.map(|directory| directory.join("config.json")) else { return Ok(None) };
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound && *config == DockerConfig::Default => return Ok(None),
        Err(error) => return Err(CredentialError::Config { path, reason: error.to_string() }),
    };
    let key = if matches!(host, "docker.io" | "index.docker.io") { DOCKER_HUB } else { host };
    match docker_credential::get_credential_from_reader(BufReader::new(file), key) {
        Ok(DockerCredential::UsernamePassword(user, password)) => Ok(Some(Credentials { user, password })),
        Ok(DockerCredential::IdentityToken(_)) => Err(CredentialError::IdentityToken { host: host.to_owned() }),
        Err(CredentialRetrievalError::NoCredentialConfigured) => Ok(None),
        Err(CredentialRetrievalError::HelperFailure { stdout, stderr, .. })
            if stdout.contains(HELPER_HAS_NONE) || stderr.contains(HELPER_HAS_NONE) =>
        {
            Ok(None)
        }
        Err(CredentialRetrievalError::HelperFailure { helper, stdout, stderr }) => {
            let said = if stderr.trim().is_empty() { stdout } else { stderr };
            Err(CredentialError::Helper { host: host.to_owned(), reason: format!("`{helper}` says: {}", said.trim()) })
        }
        Err(
            error @ (CredentialRetrievalError::HelperCommunicationError
            | CredentialRetrievalError::MalformedHelperResponse),
        ) => Err(CredentialError::Helper { host: host.to_owned(), reason: error.to_string() }),
        Err(error) => Err(CredentialError::Config { path, reason: error.to_string() }),
    }
}

fn default_directory() -> Option<PathBuf> {
    if let Some(directory) = env::var_os("DOCKER_CONFIG").filter(|value| !value.is_empty()) {
        return Some(PathBuf::from(directory));
    }
    env::home_dir().map(|home| home.join(".docker"))
}
