//! Policy modules in OCI registries: pushing, pulling, signing and verifying them, and the local store.
//!
//! Everything is blocking: a command does one thing after the other, and the runtime underneath is nobody's concern.
//! A tag is resolved once; whatever follows is asked for by digest, so what was verified is what is pulled.

mod annotations;
mod client;
mod credentials;
mod digest;
mod download;
mod error;
mod manifest;
mod options;
mod publish;
mod pull;
mod push;
mod reference;
pub mod signature;
pub mod store;
mod transport;

pub use annotations::{AnnotationError, annotations_of};
pub use client::{Client, Resolved};
pub use credentials::CredentialError;
pub use digest::{Digest, DigestError};
pub use error::{Class, Error};
pub use manifest::{Descriptor, Manifest, ManifestError, ModuleManifest};
pub use options::{DockerConfig, Options, OptionsError, Retry};
pub use pull::{Pinned, PullError, Pulled};
pub use push::{PushError, Pushed};
pub use reference::{HttpsReference, Reference, ReferenceError, RegistryReference, Repository};
pub use transport::TransportError;
