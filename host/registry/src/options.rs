//! How registries are talked to.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

use crate::reference::is_host;

/// How registries are talked to. Proxies are taken from the environment, as everywhere.
#[derive(Debug, Clone)]
pub struct Options {
    /// Hosts (`host` or `host:port`, exactly as in the reference) that are talked to over plain HTTP.
    pub insecure: BTreeSet<String>,
    /// PEM files with certificate authorities that are trusted besides the system's.
    pub certificate_authorities: Vec<PathBuf>,
    /// Where credentials come from.
    pub docker_config: DockerConfig,
    /// The largest module that is downloaded, in bytes.
    pub max_module_bytes: u64,
    /// How often and how long to wait for a registry that is busy or away.
    pub retry: Retry,
    /// How long a connection may take to be made.
    pub connect_timeout: Duration,
    /// How long a registry may be silent.
    pub read_timeout: Duration,
}

/// Where credentials come from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum DockerConfig {
    /// `$DOCKER_CONFIG/config.json`, else `~/.docker/config.json`.
    #[default]
    Default,
    /// `config.json` in this directory.
    Directory(PathBuf),
    /// Nowhere: all access is anonymous.
    None,
}

/// How often and how long to wait for a registry that is busy or away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// The number of tries in all, at least one.
    pub attempts: u32,
    /// The wait before the second try; it doubles from then on.
    pub first_delay: Duration,
    /// The longest wait, also when the registry asks for a longer one.
    pub max_delay: Duration,
}

/// Options that cannot be honoured.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OptionsError {
    /// An insecure host that is no host.
    #[error("`{host}` is not a host with an optional port, so no registry can be reached insecurely by it")]
    Host {
        /// The text.
        host: String,
    },
    /// A file of certificate authorities that cannot be read.
    #[error("cannot read the certificate authorities in {}: {source}", path.display())]
    UnreadableAuthority {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A file without a certificate.
    #[error("{} holds no PEM certificate, so it makes nothing trusted", path.display())]
    NoAuthority {
        /// The file.
        path: PathBuf,
    },
    /// A certificate that TLS does not take.
    #[error("{}: not a certificate of an authority: {reason}", path.display())]
    Authority {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The HTTP client cannot be made, for example for a proxy that is no address.
    #[error("cannot set up HTTP: {reason}")]
    Http {
        /// Why not.
        reason: String,
    },
}

impl Default for Options {
    fn default() -> Self {
        Self {
            insecure: BTreeSet::new(),
            certificate_authorities: Vec::new(),
            docker_config: DockerConfig::Default,
            max_module_bytes: 64 << 20,
            retry: Retry::default(),
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(30),
        }
    }
}

impl Default for Retry {
    fn default() -> Self {
        Self { attempts: 4, first_delay: Duration::from_millis(250), max_delay: Duration::from_secs(30) }
    }
}

impl Options {
    /// Whether the host was named as one without TLS.
    pub(crate) fn is_insecure(&self, host: &str) -> bool {
        self.insecure.contains(host)
    }

    /// Complains about what cannot be a host.
    pub(crate) fn check(&self) -> Result<(), OptionsError> {
        match self.insecure.iter().find(|host| !is_host(host)) {
            Some(host) => Err(OptionsError::Host { host: host.clone() }),
            None => Ok(()),
        }
    }
}
