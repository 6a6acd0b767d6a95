//! From the library's errors to the command's.

use anyhow::anyhow;
use forewarn_registry::{Class, Error};

use crate::exit::{Exit, Failure};

/// The exit code and the help of an error.
pub(super) fn failure(error: impl Into<Error>) -> Failure {
    let error = error.into();
    let exit = match error.class() {
        Class::Usage => Exit::Usage,
        Class::Input => Exit::Input,
        Class::Integrity => Exit::Engine,
    };
    // The library's messages hold their causes already; printed as a chain they would come twice.
    Failure { exit, help: error.help(), error: anyhow!("{error}") }
}
