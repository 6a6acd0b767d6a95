//! `forewarn digest`

use super::args::Digest;
use super::connection::registry_reference;
use super::failure::failure;
use crate::exit::{Exit, Failure};
use crate::output::print;

/// Prints a reference with the digest that it leads to now.
///
/// # Errors
/// As of [`super::registry`].
pub(super) fn digest(args: &Digest) -> Result<Exit, Failure> {
    let reference = registry_reference(&args.reference)?;
    let digest = args.connection.client()?.digest(&reference).map_err(failure)?;
    let shown = reference.to_string();
    let pinned = if reference.digest().is_some() { shown } else { format!("{shown}@{digest}") };
    print(&format!("{pinned}\n")).map(|()| Exit::Clean)
}
