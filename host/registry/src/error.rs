//! All errors, and what a command exits with.

use thiserror::Error;

use crate::annotations::AnnotationError;
use crate::manifest::ManifestError;
use crate::options::OptionsError;
use crate::pull::PullError;
use crate::push::PushError;
use crate::reference::ReferenceError;
use crate::signature::{KeyError, Refusal, RequirementsError, TrustRootError};
use crate::store::StoreError;
use crate::transport::TransportError;

/// Whose fault an error is. The numbers are the exit codes of the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Wrong usage or configuration.
    Usage = 2,
    /// Something that cannot be read, reached or found.
    Input = 3,
    /// Something that is not what it should be, and is therefore refused.
    Integrity = 4,
}

/// Any error of this library.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// A text that is no reference.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// Options that cannot be honoured.
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// A registry that cannot be talked to, or says no.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// A manifest that is not that of a policy.
    #[error("{reference}: {source}")]
    Manifest {
        /// What leads to the manifest.
        reference: String,
        /// What is wrong with it.
        source: ManifestError,
    },
    /// A module whose metadata cannot be used.
    #[error(transparent)]
    Annotations(#[from] AnnotationError),
    /// A module that cannot be pushed.
    #[error(transparent)]
    Push(#[from] PushError),
    /// A module that cannot be pulled.
    #[error(transparent)]
    Pull(#[from] PullError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A key that cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A verification config that says nothing, or nonsense.
    #[error(transparent)]
    Requirements(#[from] RequirementsError),
    /// A trust root that cannot be used.
    #[error(transparent)]
    TrustRoot(#[from] TrustRootError),
    /// A module that is not trusted.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl Error {
    /// Whose fault it is.
    #[must_use]
    pub fn class(&self) -> Class {
        match self {
            Self::Reference(_) | Self::Options(_) | Self::Key(_) | Self::Requirements(_) | Self::TrustRoot(_) => {
                Class::Usage
            }
            Self::Annotations(AnnotationError::None) => Class::Usage,
            Self::Push(PushError::Digest { .. } | PushError::TooLarge { .. }) => Class::Usage,
            Self::Store(StoreError::Unknown { .. } | StoreError::Ambiguous { .. }) => Class::Usage,
            Self::Pull(PullError::DigestMismatch { .. } | PullError::TooLarge { .. }) => Class::Integrity,
            Self::Store(StoreError::Damaged { .. } | StoreError::Archive { .. }) => Class::Integrity,
            Self::Refused(refusal) => refusal.class(),
            _ => Class::Input,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        let help = match self {
            Self::Reference(error) => Some(error.help()),
            Self::Transport(error) => error.help(),
            Self::Annotations(AnnotationError::None) => {
                Some("write its metadata into it with `forewarn annotate`, or push it by force (`--force`)")
            }
            Self::Push(error) => error.help(),
            Self::Store(error) => error.help(),
            Self::Key(error) => error.help(),
            Self::Requirements(error) => error.help(),
            Self::Refused(refusal) => refusal.help(),
            _ => None,
        };
        help.map(str::to_owned)
    }
}
