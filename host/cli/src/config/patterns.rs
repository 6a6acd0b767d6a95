//! Patterns of a configuration, made ready with their places at hand.

use forewarn_core::scope::{PatternError, Patterns, Scope};
use forewarn_core::yaml::typed::Placed;

use super::Config;
use super::file::Where;
use crate::exit::Failure;

/// A list of patterns as it is written.
pub(super) type Written = [Placed<String>];

impl Config {
    /// Patterns of paths; nothing where the list is empty.
    ///
    /// # Errors
    /// Exit 2 when one of them is no pattern.
    pub(super) fn paths(&self, written: &Written) -> Result<Option<Patterns>, Failure> {
        self.patterns(written, |patterns| Patterns::of_paths(patterns))
    }

    /// Patterns of names; nothing where the list is empty.
    ///
    /// # Errors
    /// Exit 2 when one of them is no pattern.
    pub(super) fn names(&self, written: &Written) -> Result<Option<Patterns>, Failure> {
        self.patterns(written, |patterns| Patterns::of_names(patterns))
    }

    /// To which objects something applies.
    ///
    /// # Errors
    /// Exit 2 when a pattern is none.
    pub(super) fn scope(&self, written: &Where) -> Result<Scope, Failure> {
        Ok(Scope {
            paths: self.paths(written.paths)?,
            namespaces: self.names(written.namespaces)?,
            kinds: self.names(written.kinds)?,
            names: self.names(written.names)?,
        })
    }

    fn patterns(
        &self,
        written: &Written,
        build: impl Fn(Vec<&str>) -> Result<Patterns, PatternError>,
    ) -> Result<Option<Patterns>, Failure> {
        if written.is_empty() {
            return Ok(None);
        }
        for pattern in written {
            build(vec![pattern]).map_err(|error| self.wrong(pattern.position, error.to_string()))?;
        }
        let all = build(written.iter().map(|pattern| pattern.as_str()).collect());
        all.map(Some).map_err(Failure::usage)
    }
}
