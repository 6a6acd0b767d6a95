//! Exit codes.

use std::process::{ExitCode, Termination};

/// How the command ended. The order is the order of precedence: a failed policy hides nothing, and is never a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// Nothing to report.
    Clean = 0,
    /// Findings that fail the check.
    Denied = 1,
    /// Wrong usage or configuration.
    Usage = 2,
    /// An input could not be read.
    Input = 3,
    /// A policy or the engine failed.
    Engine = 4,
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(self as u8)
    }
}

/// An error with the exit code that it leads to.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The exit code.
    pub(crate) exit: Exit,
    /// What happened, in words for the user.
    pub(crate) error: anyhow::Error,
    /// What to do about it.
    pub(crate) help: Option<String>,
}

impl Failure {
    /// Wrong usage or configuration.
    pub(crate) fn usage(error: impl Into<anyhow::Error>) -> Self {
        Self { exit: Exit::Usage, error: error.into(), help: None }
    }

    /// An input that could not be read.
    pub(crate) fn input(error: impl Into<anyhow::Error>) -> Self {
        Self { exit: Exit::Input, error: error.into(), help: None }
    }

    /// A policy or the engine that failed.
    pub(crate) fn engine(error: impl Into<anyhow::Error>) -> Self {
        Self { exit: Exit::Engine, error: error.into(), help: None }
    }

    /// The same with a help line.
    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
