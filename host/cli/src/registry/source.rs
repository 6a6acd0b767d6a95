//! Modules that are not bundled: from the store, else pulled.

use std::cell::OnceCell;

use anyhow::anyhow;
use forewarn_registry::store::{Store, StoreError};
use forewarn_registry::{Client, Reference};

use super::args::Sources;
use super::failure::failure;
use super::kwctl;
use super::trust::Trust;
use crate::exit::Failure;

/// Gets modules by reference.
pub(crate) struct Source<'a> {
    args: &'a Sources,
    trust: Option<Trust>,
    /// Made when something has to be pulled, because it reads certificates.
    client: OnceCell<Client>,
}

impl<'a> Source<'a> {
    /// Reads the keys that signatures are required of; nothing is connected to yet.
    ///
    /// # Errors
    /// As of [`super::registry`].
    pub(crate) fn new(args: &'a Sources) -> Result<Self, Failure> {
        let trust = (!args.required.is_empty()).then(|| args.required.read()).transpose()?;
        Ok(Self { args, trust, client: OnceCell::new() })
    }

    /// The module's bytes; nothing if it is not in the store and must not be pulled.
    ///
    /// Where signatures are required they are asked of the registry each time, and the store only spares the download.
    ///
    /// # Errors
    /// As of [`super::registry`].
    pub(crate) fn get(&self, reference: &Reference) -> Result<Option<Vec<u8>>, Failure> {
        if self.trust.is_none()
            && let Some(bytes) = self.stored(reference)?
        {
            return Ok(Some(bytes));
        }
        if self.args.offline {
            return Ok(None);
        }
        let store = self.args.store.open()?;
        let client = self.client()?;
        match (reference, &self.trust) {
            (Reference::Registry(reference), trust) => {
                let resolved = client.resolve(reference).map_err(failure)?;
                match trust {
                    Some(trust) => client.pull(trust.verify(client, resolved)?, &store),
                    None => client.pull(resolved, &store),
                }
            }
            (Reference::Https(reference), None) => client.pull_https(reference, &store),
            (Reference::Https(_) | Reference::File(_), _) => return Err(unsigned(reference)),
        }
        .map_err(failure)?;
        let module = store.read(reference).map_err(failure)?;
        let removed = || Failure::input(anyhow!("`{reference}` was removed from the store while it was read"));
        module.map(|module| Some(module.bytes)).ok_or_else(removed)
    }

    /// Refuses what cannot be signed where signatures are required.
    ///
    /// # Errors
    /// Exit 4.
    pub(crate) fn check_file(&self, reference: &str) -> Result<(), Failure> {
        if self.trust.is_some() { Err(unsigned(reference)) } else { Ok(()) }
    }

    fn stored(&self, reference: &Reference) -> Result<Option<Vec<u8>>, Failure> {
        if let Some(folder) = self.args.store.existing()? {
            let read = Store::open(folder).and_then(|store| store.read(reference));
            match read {
                Ok(Some(module)) => return Ok(Some(module.bytes)),
                Ok(None) => {}
                // A damaged content is pulled again.
                Err(StoreError::Damaged { .. }) if !self.args.offline => return Ok(None),
                Err(error) => return Err(failure(error)),
            }
        }
        if self.args.store.folder.is_some() {
            return Ok(None);
        }
        kwctl::read(reference)
    }

    fn client(&self) -> Result<&Client, Failure> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = self.args.connection.client()?;
        Ok(self.client.get_or_init(|| client))
    }
}

fn unsigned(reference: impl std::fmt::Display) -> Failure {
    let error = anyhow!("`{reference}` is not in a registry, so it has no signatures, and signatures are required");
    Failure::engine(error).with_help("push the module to a registry and sign it there")
}
