//! What kept something from being checked. Never a finding, and never a pass.

use crate::object::Identity;
use crate::policy::PolicyError;
use crate::source::Position;
use crate::yaml::YamlError;

/// One problem, in the words of the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Whose fault it is.
    pub kind: ProblemKind,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The file concerned.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The column in characters, from 1.
    pub column: Option<u32>,
    /// The id of the policy concerned.
    pub policy: Option<String>,
    /// Whether the input was reviewed all the same, as the Kubernetes tools would read it.
    pub reviewed: bool,
}

/// Whose fault a problem is; each kind has its own exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProblemKind {
    /// Input that cannot be read.
    Input,
    /// An engine or a policy that failed.
    Engine,
    /// Wrong usage or settings.
    Configuration,
}

impl Problem {
    /// A problem without any further particulars.
    #[must_use]
    pub fn new(kind: ProblemKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            help: None,
            file: None,
            line: None,
            column: None,
            policy: None,
            reviewed: false,
        }
    }

    /// What is wrong with the YAML of a file.
    #[must_use]
    pub fn of_yaml(file: &str, error: &YamlError) -> Self {
        let problem = Self::new(ProblemKind::Input, error.to_string());
        Self { help: error.kind.help().map(str::to_owned), ..problem }.at(file, error.position)
    }

    /// A policy that gave no verdict.
    #[must_use]
    pub fn of_policy(policy: &str, object: &Identity, error: &PolicyError) -> Self {
        let message = format!("`{policy}` gave no verdict on {object}: {error}");
        Self { policy: Some(policy.to_owned()), ..Self::new(ProblemKind::Engine, message) }
    }

    /// The same problem, at a place in a file.
    #[must_use]
    pub fn at(self, file: &str, position: Position) -> Self {
        Self { file: Some(file.to_owned()), line: Some(position.line), column: Some(position.column), ..self }
    }
}

impl ProblemKind {
    /// The kind's name in reports: `input`, `engine` or `configuration`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Engine => "engine",
            Self::Configuration => "configuration",
        }
    }
}
