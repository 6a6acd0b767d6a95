//! Signing.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::attach::{add_referrer, add_to_tag, layer};
use super::evidence::collect;
use super::key::{KeyError, SigningKey};
use super::payload::Payload;
use crate::client::{Client, Resolved};
use crate::digest::Digest;
use crate::error::Error;
use crate::publish::put_blob;
use crate::reference::RegistryReference;

/// Where a signature is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The digest that is signed.
    pub digest: Digest,
    /// The tag with the signatures, for kwctl and policy-server.
    pub tag: RegistryReference,
    /// The digest of the signature that refers to its subject.
    pub referrer: Digest,
    /// Whether the signature is new; if not, this key had signed the same before.
    pub new: bool,
}

impl Client {
    /// Signs a module with a key, beside the signatures that it has. Neither a transparency log nor any other service
    /// is asked.
    ///
    /// # Errors
    /// A key that cannot sign, or a registry that does not take the signature.
    pub fn sign(
        &self,
        module: &Resolved,
        key: &SigningKey,
        annotations: &BTreeMap<String, String>,
    ) -> Result<Signed, Error> {
        let repository = module.reference().repository();
        let payload = Payload::new(repository, module.digest(), annotations);
        let bytes = serde_json::to_vec(&payload).map_err(|error| KeyError::Signing { reason: error.to_string() })?;
        self.run(async {
            let transport = self.transport();
            let evidence = collect(transport, module.reference(), module.digest()).await?;
            let earlier = evidence.signatures.iter().find(|signature| {
                signature.bytes == bytes && key.public().verifies(&signature.bytes, &signature.signature)
            });
            let layer = match earlier {
                Some(earlier) => earlier.layer.clone(),
                None => layer(&bytes, &key.sign(&bytes)?),
            };
            put_blob(transport, repository, &Bytes::from(bytes.clone())).await?;
            let tag = add_to_tag(transport, repository, module.digest(), &layer).await?;
            let referrer = add_referrer(transport, repository, &module.root, &layer).await?;
            Ok(Signed { digest: module.digest().clone(), tag, referrer, new: earlier.is_none() })
        })
    }
}
