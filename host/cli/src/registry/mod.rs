//! The commands about registries and the store.

pub(crate) mod args;
mod connection;
mod digest;
mod failure;
mod folders;
mod kwctl;
mod pull;
mod push;
mod sign;
mod source;
mod store;
mod trust;
mod verify;

use crate::exit::{Exit, Failure};
use args::Registry;
pub(crate) use source::Source;

/// Runs one of these commands.
///
/// # Errors
/// Exit 2 for wrong usage or configuration, 3 for what cannot be reached, found or read, 4 for what is not what its digest
/// or signature says.
pub(crate) fn registry(command: &Registry) -> Result<Exit, Failure> {
    match command {
        Registry::Push(args) => push::push(args),
        Registry::Pull(args) => pull::pull(args),
        Registry::Digest(args) => digest::digest(args),
        Registry::Sign(args) => sign::sign(args),
        Registry::Verify(args) => verify::verify(args),
        Registry::Store(args) => store::store(args),
    }
}
