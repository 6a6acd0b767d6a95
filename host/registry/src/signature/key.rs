//! Keys, as PEM.

use std::fmt;

use sigstore::crypto::signing_key::ecdsa::ECDSAKeys;
use sigstore::crypto::signing_key::{SigStoreKeyPair, SigStoreSigner};
use sigstore::crypto::{CosignVerificationKey, Signature, SigningScheme};
use thiserror::Error;

use crate::digest::Digest;

const ENCRYPTED: [&str; 2] = ["ENCRYPTED SIGSTORE PRIVATE KEY", "ENCRYPTED COSIGN PRIVATE KEY"];
const PKCS8: &str = "PRIVATE KEY";
const PUBLIC: &str = "PUBLIC KEY";

/// A private key. It is never shown.
pub struct SigningKey {
    signer: SigStoreSigner,
    public: PublicKey,
}

/// A public key: ECDSA on P-256 (SHA-256) or P-384 (SHA-384), RSA (PKCS #1, SHA-256) or Ed25519.
#[derive(Clone)]
pub struct PublicKey {
    key: CosignVerificationKey,
    fingerprint: Digest,
}

/// Why a text is no key to work with.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// No PEM block at all.
    #[error("there is no PEM block, so no key")]
    NoPem,
    /// Another kind of PEM block.
    #[error("a {expected} is expected, but the PEM block is a `{found}`")]
    Kind {
        /// What is expected.
        expected: &'static str,
        /// The block's label.
        found: String,
    },
    /// An encrypted key without its password.
    #[error("the private key is encrypted, and there is no password for it")]
    NoPassword,
    /// An encrypted key with another password.
    #[error("the private key cannot be decrypted: the password is not the right one, or the file is damaged")]
    WrongPassword,
    /// A key that cannot be read, or of an unusual kind.
    #[error("the key cannot be used: {reason}")]
    Unusable {
        /// Why not.
        reason: String,
    },
    /// The signing itself failed.
    #[error("cannot sign: {reason}")]
    Signing {
        /// Why not.
        reason: String,
    },
}

impl KeyError {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::NoPassword => Some("set `COSIGN_PASSWORD`"),
            Self::Kind { found, .. } if found == "EC PRIVATE KEY" || found == "RSA PRIVATE KEY" => {
                Some("convert it with `openssl pkcs8 -topk8 -nocrypt`")
            }
            Self::Kind { expected, .. } if *expected == "public key" => {
                Some("write the public part with `openssl pkey -pubout`")
            }
            _ => None,
        }
    }
}

impl SigningKey {
    /// Reads a private key: PKCS #8, or encrypted as cosign does it.
    ///
    /// # Errors
    /// No private key, one of an unusual kind, or a password that does not fit.
    pub fn from_pem(pem: &str, password: Option<&[u8]>) -> Result<Self, KeyError> {
        let label = label(pem)?;
        let pair = if ENCRYPTED.contains(&label) {
            let password = password.ok_or(KeyError::NoPassword)?;
            SigStoreKeyPair::from_encrypted_pem(pem.as_bytes(), password).map_err(|_| KeyError::WrongPassword)?
        } else if label == PKCS8 {
            SigStoreKeyPair::from_pem(pem.as_bytes()).map_err(unusable)?
        } else {
            return Err(KeyError::Kind { expected: "PKCS #8 private key", found: label.to_owned() });
        };
        let scheme = match &pair {
            SigStoreKeyPair::ECDSA(ECDSAKeys::P256(_)) => SigningScheme::ECDSA_P256_SHA256_ASN1,
            SigStoreKeyPair::ECDSA(ECDSAKeys::P384(_)) => SigningScheme::ECDSA_P384_SHA384_ASN1,
            SigStoreKeyPair::ED25519(_) => SigningScheme::ED25519,
            SigStoreKeyPair::RSA(_) => SigningScheme::RSA_PKCS1_SHA256(0),
            SigStoreKeyPair::ECDSA(_) => {
                return Err(KeyError::Unusable { reason: "kwctl does not read P-521".to_owned() });
            }
        };
        let public = PublicKey::from_spki(&pair.public_key_to_der().map_err(unusable)?)?;
        Ok(Self { signer: pair.to_sigstore_signer(&scheme).map_err(unusable)?, public })
    }

    /// The public part.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Signs a message.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.signer.sign(message).map_err(|error| KeyError::Signing { reason: error.to_string() })
    }
}

impl PublicKey {
    /// Reads a public key.
    ///
    /// # Errors
    /// No public key, or one of an unusual kind.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let label = label(pem)?;
        if label != PUBLIC {
            return Err(KeyError::Kind { expected: "public key", found: label.to_owned() });
        }
        let key = CosignVerificationKey::try_from_pem(pem.as_bytes()).map_err(unusable)?;
        Self::checked(key)
    }

    /// Reads a public key in DER.
    pub(super) fn from_spki(der: &[u8]) -> Result<Self, KeyError> {
        Self::checked(CosignVerificationKey::try_from_der(der).map_err(unusable)?)
    }

    fn checked(key: CosignVerificationKey) -> Result<Self, KeyError> {
        let der = match &key {
            CosignVerificationKey::ECDSA_P256_SHA256_ASN1(der)
            | CosignVerificationKey::ECDSA_P384_SHA384_ASN1(der)
            | CosignVerificationKey::RSA_PKCS1_SHA256(der)
            | CosignVerificationKey::ED25519(der) => der,
            _ => return Err(KeyError::Unusable { reason: "kwctl does not read keys of its kind".to_owned() }),
        };
        let fingerprint = Digest::of(der);
        Ok(Self { key, fingerprint })
    }

    /// The digest of the key, by which it can be told from others.
    #[must_use]
    pub fn fingerprint(&self) -> &Digest {
        &self.fingerprint
    }

    /// Whether the signature of the message was made with this key.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verify_signature(Signature::Raw(signature), message).is_ok()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SigningKey").field("public", &self.public).finish_non_exhaustive()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("PublicKey").field(&self.fingerprint).finish()
    }
}

/// The label of the first PEM block.
fn label(pem: &str) -> Result<&str, KeyError> {
    pem.lines().find_map(|line| line.trim().strip_prefix("-----BEGIN ")?.strip_suffix("-----")).ok_or(KeyError::NoPem)
}

fn unusable(error: impl fmt::Display) -> KeyError {
    KeyError::Unusable { reason: error.to_string() }
}
