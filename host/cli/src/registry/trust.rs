//! From the command line to required signatures.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use forewarn_registry::signature::{PublicKey, Requirements, TrustRoot, Verified};
use forewarn_registry::{Client, Error, Resolved};

use super::args::Required;
use super::failure::failure;
use crate::exit::Failure;

/// Signatures that are required, and whom to believe.
pub(super) struct Trust {
    requirements: Requirements,
    root: Option<TrustRoot>,
}

impl Required {
    /// Whether anything is required at all.
    pub(super) fn is_empty(&self) -> bool {
        self.key.is_empty() && self.verification_config.is_none()
    }

    /// Reads the files.
    pub(super) fn read(&self) -> Result<Trust, Failure> {
        let root = match &self.trust_root {
            Some(path) => Some(in_file(path, TrustRoot::parse(&read(path)?))?),
            None => None,
        };
        let requirements = match &self.verification_config {
            Some(path) => Requirements::parse(&path.display().to_string(), &read(path)?),
            None => {
                let keys = self.key.iter().map(|path| in_file(path, PublicKey::from_pem(&read(path)?)));
                Requirements::keys(keys.collect::<Result<_, _>>()?, &self.annotation.iter().cloned().collect())
            }
        };
        Ok(Trust { requirements: requirements.map_err(failure)?, root })
    }
}

impl Trust {
    /// Verifies a module.
    pub(super) fn verify(&self, client: &Client, module: Resolved) -> Result<Verified, Failure> {
        client.verify(module, &self.requirements, self.root.as_ref()).map_err(failure)
    }
}

/// The text of a small file.
pub(super) fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display())).map_err(Failure::input)
}

/// Says which file an error is about.
pub(super) fn in_file<T>(path: &Path, result: Result<T, impl Into<Error>>) -> Result<T, Failure> {
    result.map_err(|error| {
        let failure = failure(error);
        Failure { error: failure.error.context(format!("`{}`", path.display())), ..failure }
    })
}
