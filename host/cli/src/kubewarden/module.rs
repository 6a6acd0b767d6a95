//! Modules by reference: bundled, in a file, in the local store, or pulled.

use std::path::Path;

use forewarn_bundle::BundledPolicy;
use forewarn_core::metadata::Metadata;
use forewarn_core::oci_manifest::OciManifest;
use forewarn_engine::{Engine, Module};
use forewarn_registry::Reference;

use super::reference;
use crate::exit::Failure;
use crate::module;
use crate::registry::Source;
use crate::registry::args::Sources;

/// Where a bundled policy is published, without a tag.
const OCI_URL: &str = "io.kubewarden.policy.ociUrl";
/// A bundled policy's version, without `v`.
const VERSION: &str = "io.kubewarden.policy.version";

/// Finds modules.
pub(super) struct Modules<'e> {
    engine: &'e Engine,
    bundled: Vec<(&'static BundledPolicy, Metadata)>,
    elsewhere: Source<'e>,
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

/// Why there is no module.
#[derive(Debug)]
pub(super) enum Unfound {
    /// The definition cannot mean any.
    Mistake {
        /// Why.
        message: String,
        /// How to get it.
        help: String,
    },
    /// It could not be had.
    Failure(Failure),
}

impl<'e> Modules<'e> {
    /// The bundled policies, the local store, and what can be pulled.
    ///
    /// # Errors
    /// Exit 2 when the program was built without policies, and for keys that cannot be used.
    pub(super) fn new(engine: &'e Engine, sources: &'e Sources) -> Result<Self, Failure> {
        Ok(Self { engine, bundled: module::all()?, elsewhere: Source::new(sources)? })
    }

    /// Finds a module by what the definition in a file says.
    ///
    /// # Errors
    /// When it is nowhere, cannot be had, or is no policy.
    pub(super) fn find(&self, text: &str, definition: &Path) -> Result<Found, Unfound> {
        let reference = reference::parse(text, definition).map_err(|error| Unfound::Mistake {
            message: format!("module {error}"),
            help: format!("{}, or `file://` with the path of a .wasm file", error.help()),
        })?;
        if let Reference::File(path) = &reference {
            self.elsewhere.check_file(text).map_err(Unfound::Failure)?;
            let wasm = std::fs::read(path).map_err(|error| Unfound::Mistake {
                message: format!("cannot read module `{}`: {error}", path.display()),
                help: "a relative path starts at the folder of the policy's file".to_owned(),
            })?;
            return self.given(&reference, wasm);
        }
        let bundled = self.bundled(&reference);
        if let Some(Bundled { policy, metadata, other: None }) = bundled {
            return Ok(self.take(policy, metadata, None));
        }
        if let Some(wasm) = self.elsewhere.get(&reference).map_err(Unfound::Failure)? {
            return self.given(&reference, wasm);
        }
        match bundled {
            Some(Bundled { policy, metadata, other: Some(Other::Tag(version)) }) => {
                let message = format!(
                    "the module is `{reference}`, and version {version} of `{}` is used, which this `forewarn` has bundled",
                    policy.id
                );
                Ok(self.take(policy, metadata, Some(message)))
            }
            Some(Bundled { policy, other: Some(Other::Digest(digest)), .. }) => Err(Unfound::Mistake {
                message: format!(
                    "module `{reference}` is not the bundled `{}`, which has the digest {digest}",
                    policy.id
                ),
                help: get(&reference),
            }),
            _ => Err(Unfound::Mistake {
                message: format!("module `{reference}` is neither bundled nor in the local store"),
                help: get(&reference),
            }),
        }
    }

    fn take(&self, policy: &'static BundledPolicy, metadata: &Metadata, notice: Option<String>) -> Found {
        Found { module: policy.module(self.engine), metadata: metadata.clone(), notice }
    }

    fn given(&self, reference: &Reference, wasm: Vec<u8>) -> Result<Found, Unfound> {
        let metadata = module::metadata_of(&wasm).map_err(|error| Unfound::Mistake {
            message: format!("module `{reference}`: {error:#}"),
            help: "a module is a .wasm file of a Kubewarden policy".to_owned(),
        })?;
        // A module that says nothing is taken with whatever the definition says.
        let metadata = metadata.or_else(|| Metadata::from_json(b"{}").ok());
        let Some(metadata) = metadata else {
            let message = format!("module `{reference}` has no metadata");
            return Err(Unfound::Mistake { message, help: "annotate it with `forewarn annotate`".to_owned() });
        };
        // The same bytes need not be compiled again.
        let bundled = self.bundled.iter().find(|(policy, _)| policy.wasm == wasm).map(|(policy, _)| policy);
        let module = bundled.map_or_else(|| self.engine.module(wasm), |policy| policy.module(self.engine));
        Ok(Found { module, metadata, notice: None })
    }

    fn bundled(&self, reference: &Reference) -> Option<Bundled<'_>> {
        let Reference::Registry(reference) = reference else { return None };
        let repository = reference.repository().to_string();
        let is_published_there = |metadata: &Metadata| metadata.annotation(OCI_URL) == Some(&repository);
        let (policy, metadata) = self.bundled.iter().find(|(_, metadata)| is_published_there(metadata))?;
        let own = metadata.annotation(VERSION).unwrap_or_default();
        let other = match (reference.digest(), reference.tag()) {
            (None, None) => None,
            (None, Some(tag)) => (tag.strip_prefix('v').unwrap_or(tag) != own).then_some(Other::Tag(own)),
            (Some(digest), _) => {
                // A reference names the manifest, not the module in it.
                let own = OciManifest::of(policy.wasm, Some(metadata)).map(|manifest| manifest.digest);
                let own = own.unwrap_or_default();
                (own != digest.as_str()).then_some(Other::Digest(own))
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
        "without `--offline` it is pulled; `forewarn pull {reference}` puts it into the local store, `forewarn store load` \
         takes it from an archive"
    )
}
