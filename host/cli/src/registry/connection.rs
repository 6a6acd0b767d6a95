//! From the command line to the library's client and store.

use std::env;
use std::path::PathBuf;

use anyhow::anyhow;
use forewarn_registry::store;
use forewarn_registry::{Client, DockerConfig, Options, Reference, RegistryReference};

use super::args::{Connection, StoreFolder};
use super::failure::failure;
use crate::exit::Failure;

impl Connection {
    /// The client.
    pub(super) fn client(&self) -> Result<Client, Failure> {
        let options = Options {
            insecure: self.insecure.iter().cloned().collect(),
            certificate_authorities: self.ca.clone(),
            docker_config: self.docker_config.clone().map_or(DockerConfig::Default, DockerConfig::Directory),
            max_module_bytes: u64::from(self.max_size) << 20,
            ..Options::default()
        };
        Client::new(options).map_err(failure)
    }
}

impl StoreFolder {
    /// The store, made if there is none.
    pub(super) fn open(&self) -> Result<store::Store, Failure> {
        let folder = self.folder.clone().or_else(default_folder).ok_or_else(|| {
            let error = anyhow!("there is no home folder, so it is not clear where the store is");
            Failure::usage(error).with_help("name it with --store, or the cache folder with FOREWARN_CACHE")
        })?;
        store::Store::open(folder).map_err(failure)
    }
}

/// Where the store is if the command line does not say.
fn default_folder() -> Option<PathBuf> {
    let folder = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    // The specification of XDG_CACHE_HOME says that a relative path is to be ignored.
    let cache = || folder("XDG_CACHE_HOME").filter(|path| path.is_absolute());
    let home = || env::home_dir().filter(|path| !path.as_os_str().is_empty()).map(|home| home.join(".cache"));
    let own = || cache().or_else(home).map(|cache| cache.join("forewarn"));
    folder("FOREWARN_CACHE").or_else(own).map(|cache| cache.join("store"))
}

/// Any reference.
pub(super) fn reference(text: &str) -> Result<Reference, Failure> {
    text.parse().map_err(|error: forewarn_registry::ReferenceError| failure(error))
}

/// A reference to a registry; nothing else can do what is asked for.
pub(super) fn registry_reference(text: &str) -> Result<RegistryReference, Failure> {
    match reference(text)? {
        Reference::Registry(reference) => Ok(reference),
        _ => Err(Failure::usage(anyhow!("`{text}` is not in a registry"))
            .with_help("write `registry://host[:port]/repository[:tag][@sha256:…]`")),
    }
}
