//! Signatures of modules, in the layouts of cosign.
//!
//! A signature is about the digest of a manifest, and so about the module. It is kept in the module's repository twice:
//! under the tag `sha256-<hex>.sig`, which kwctl and policy-server read, and as a referrer of the manifest.

mod attach;
mod evidence;
mod identity;
mod key;
mod payload;
mod requirements;
mod sign;
mod trust_root;
mod verify;

pub use key::{KeyError, PublicKey, SigningKey};
pub use requirements::{ConfigErrorKind, Requirements, RequirementsError};
pub use sign::Signed;
pub use trust_root::{TrustRoot, TrustRootError};
pub use verify::{Refusal, Unmet, Verified};

use crate::digest::Digest;
use crate::reference::{RegistryReference, Repository};

/// The media type of what is signed.
const PAYLOAD_MEDIA_TYPE: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
/// The artifact type of a signature that refers to its subject.
const ARTIFACT_TYPE: &str = "application/vnd.dev.cosign.artifact.sig.v1+json";
/// The annotation with the signature of a layer.
const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
/// The annotation with the certificate of a layer's signature.
const CERTIFICATE: &str = "dev.sigstore.cosign/certificate";
/// The annotation with the proof that a signature is in the transparency log.
const BUNDLE: &str = "dev.sigstore.cosign/bundle";

/// Where the signatures of a manifest are, in the layout that everyone reads.
fn signature_tag(repository: &Repository, digest: &Digest) -> RegistryReference {
    repository.tagged(format!("sha256-{}.sig", digest.hex()))
}

/// Where the referrers of a manifest are listed, if the registry cannot list them itself.
fn referrers_tag(repository: &Repository, digest: &Digest) -> RegistryReference {
    repository.tagged(format!("sha256-{}", digest.hex()))
}
