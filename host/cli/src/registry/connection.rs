//! From the command line to the library's client and store.

use std::path::PathBuf;

use anyhow::anyhow;
use forewarn_registry::store;
use forewarn_registry::{Client, DockerConfig, Options, Reference, RegistryReference};

use super::args::{Connection, StoreFolder};
use super::failure::failure;
use super::folders::store_folder;
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
        store::Store::open(self.path()?).map_err(failure)
    }

    /// The store's folder if there is one. Reading alone is to leave nothing behind.
    pub(super) fn existing(&self) -> Result<Option<PathBuf>, Failure> {
        Ok(Some(self.path()?).filter(|folder| folder.is_dir()))
    }

    fn path(&self) -> Result<PathBuf, Failure> {
        self.folder.clone().or_else(store_folder).ok_or_else(|| {
            let error = anyhow!("there is no home folder, so it is not clear where the store is");
            Failure::usage(error).with_help("name it with --store, or the cache folder with FOREWARN_CACHE")
        })
    }
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
