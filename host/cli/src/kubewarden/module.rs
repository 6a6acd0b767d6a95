//! Modules by reference: bundled, in a file, or fetched from elsewhere.

use std::fmt::Debug;
use std::path::Path;

use forewarn_bundle::BundledPolicy;
use forewarn_core::metadata::Metadata;
use forewarn_core::oci_manifest::OciManifest;
use forewarn_engine::{Engine, Module};

use super::reference::{Reference, Version};
use super::store::Store;
use crate::exit::Failure;
use crate::module;

/// Where a bundled policy is published, without a tag.
const OCI_URL: &str = "io.kubewarden.policy.ociUrl";
/// A bundled policy's version, without `v`.
const VERSION: &str = "io.kubewarden.policy.version";

/// Gets modules that are not at hand.
pub(super) trait Fetch: Debug {
    /// The module's bytes. `None` when this place does not have it.
    ///
    /// # Errors
    /// When it may have it and does not give it.
    fn fetch(&self, reference: &Reference) -> std::io::Result<Option<Vec<u8>>>;
}

/// Finds modules.
pub(super) struct Modules<'e> {
    engine: &'e Engine,
    bundled: Vec<(&'static BundledPolicy, Metadata)>,
    elsewhere: Vec<Box<dyn Fetch>>,
}

/// A module that was found.
pub(super) struct Found {
    /// The module.
    pub(super) module: Module,
    /// What it says about itself.
    pub(super) metadata: Metadata,
    /// What a reader should know about the choice.
    pub(super) notice: Option<String>,
}

/// A module that was not found.
#[derive(Debug)]
pub(super) struct Unfound {
    /// Why.
    pub(super) message: String,
    /// How to get it.
    pub(super) help: String,
}

impl<'e> Modules<'e> {
    /// The bundled policies and the local store.
    ///
    /// # Errors
    /// Exit 2 when the program was built without policies.
    pub(super) fn new(engine: &'e Engine) -> Result<Self, Failure> {
        Ok(Self { engine, bundled: module::all()?, elsewhere: vec![Box::new(Store::of_user())] })
    }

    /// Finds a module by what the definition in a file says.
    ///
    /// # Errors
    /// When it is nowhere, or is no policy.
    pub(super) fn find(&self, text: &str, definition: &Path) -> Result<Found, Unfound> {
        let reference = Reference::parse(text, definition);
        if let Reference::File(path) = &reference {
            let wasm = std::fs::read(path).map_err(|error| Unfound {
                message: format!("cannot read module `{}`: {error}", path.display()),
                help: "a relative path starts at the folder of the policy's file".to_owned(),
            })?;
            return self.given(&reference, wasm);
        }
        let bundled = self.bundled(&reference);
        if let Some(Bundled { policy, metadata, other: None }) = bundled {
            return Ok(self.take(policy, metadata, None));
        }
        for place in &self.elsewhere {
            let fetched = place.fetch(&reference).map_err(|error| Unfound {
                message: format!("cannot read module `{reference}` from the local store: {error}"),
                help: "pull it again".to_owned(),
            })?;
            if let Some(wasm) = fetched {
                return self.given(&reference, wasm);
            }
        }
        match bundled {
            Some(Bundled { policy, metadata, other: Some(Other::Tag(version)) }) => {
                let message = format!(
                    "the module is `{reference}`, and version {version} of `{}` is used, which this `forewarn` has bundled",
                    policy.id
                );
                Ok(self.take(policy, metadata, Some(message)))
            }
            Some(Bundled { policy, other: Some(Other::Digest(digest)), .. }) => Err(Unfound {
                message: format!(
                    "module `{reference}` is not the bundled `{}`, which has the digest {digest}",
                    policy.id
                ),
                help: get(&reference),
            }),
            _ => Err(Unfound {
                message: format!("module `{reference}` is neither bundled nor in the local store"),
                help: get(&reference),
            }),
        }
    }

    fn take(&self, policy: &'static BundledPolicy, metadata: &Metadata, notice: Option<String>) -> Found {
        Found { module: policy.module(self.engine), metadata: metadata.clone(), notice }
    }

    fn given(&self, reference: &Reference, wasm: Vec<u8>) -> Result<Found, Unfound> {
        let metadata = module::metadata_of(&wasm).map_err(|error| Unfound {
            message: format!("module `{reference}`: {error:#}"),
            help: "a module is a .wasm file of a Kubewarden policy".to_owned(),
        })?;
        // A module that says nothing is taken with whatever the definition says.
        let metadata = metadata.or_else(|| Metadata::from_json(b"{}").ok());
        let Some(metadata) = metadata else {
            return Err(Unfound { message: format!("module `{reference}` has no metadata"), help: String::new() });
        };
        Ok(Found { module: self.engine.module(wasm), metadata, notice: None })
    }

    fn bundled(&self, reference: &Reference) -> Option<Bundled<'_>> {
        let Reference::Registry { repository, version } = reference else { return None };
        let is_published_there = |metadata: &Metadata| metadata.annotation(OCI_URL) == Some(repository);
        let (policy, metadata) = self.bundled.iter().find(|(_, metadata)| is_published_there(metadata))?;
        let own = metadata.annotation(VERSION).unwrap_or_default();
        let other = match version {
            None => None,
            Some(Version::Tag(tag)) if tag.strip_prefix('v').unwrap_or(tag) == own => None,
            Some(Version::Tag(_)) => Some(Other::Tag(own)),
            Some(Version::Digest(digest)) => {
                // A reference names the manifest, not the module in it.
                let own = OciManifest::of(policy.wasm, Some(metadata)).map(|manifest| manifest.digest);
                let own = own.unwrap_or_default();
                (own != *digest).then_some(Other::Digest(own))
            }
        };
        Some(Bundled { policy, metadata, other })
    }
}

/// A bundled policy of the wanted name.
struct Bundled<'m> {
    policy: &'static BundledPolicy,
    metadata: &'m Metadata,
    /// How it is another than the wanted one.
    other: Option<Other<'m>>,
}

enum Other<'m> {
    /// It has this version.
    Tag(&'m str),
    /// It has this digest.
    Digest(String),
}

fn get(reference: &Reference) -> String {
    format!(
        "`kwctl pull {reference}` puts it into the local store (`$FOREWARN_CACHE`, else the user's cache folder), or write \
         `file://` with the path of the .wasm file"
    )
}
