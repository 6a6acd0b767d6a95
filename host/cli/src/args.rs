//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::registry::args::Registry;

/// Kubernetes policies that encode what other teams learned the hard way.
///
/// The policies are the same WebAssembly modules that Kubewarden's policy-server runs in a cluster.
#[derive(Debug, Parser)]
#[command(name = "forewarn", version, arg_required_else_help = true, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Colour the output
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = Color::Auto)]
    pub(crate) color: Color,
}

const EXIT_CODES: &str = "Exit codes: 0 nothing to report, 1 findings, 2 wrong usage or configuration, \
                          3 unreadable input or a file that cannot be written, 4 a policy or the engine failed, or \
                          something is not what its digest or signature says";

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Review manifests with all bundled policies
    Check(Check),
    /// List the bundled policies
    List(List),
    /// Print a policy's page: what it checks, why, and what to write
    Explain(Explain),
    /// Show a Kubewarden module's metadata, imports, size and digest
    Inspect(Inspect),
    /// Run one Kubewarden module on one admission request, or on any JSON
    Run(Run),
    /// Tell how full this machine's table of tracked connections is
    Node(Node),
    /// Review the next release of a Helm chart
    Chart(Chart),
    #[command(flatten)]
    Registry(Registry),
}

/// `forewarn check`
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Files, directories (searched for .yaml, .yml and .json, honouring .gitignore and .forewarnignore, hidden ones left
    /// out), or `-` for standard input
    #[arg(value_name = "PATH", default_value = ".")]
    pub(crate) paths: Vec<PathBuf>,

    /// Apply only this policy; may be repeated
    #[arg(long, value_name = "ID")]
    pub(crate) policy: Vec<String>,

    /// Settings of the policies: a YAML or JSON map from policy id to its settings
    #[arg(long, value_name = "FILE")]
    pub(crate) settings: Option<PathBuf>,

    /// Review what changed since a git revision or another directory: a changed object as an UPDATE of what it was, a new
    /// one as a CREATE, an unchanged one not at all
    #[arg(long, value_name = "REF|DIR")]
    pub(crate) against: Option<String>,

    /// With --against, review unchanged objects too
    #[arg(long, requires = "against")]
    pub(crate) all: bool,

    /// Apply the policies' safe fixes to the files, and report what remains
    #[arg(long)]
    pub(crate) fix: bool,

    /// Print what `--fix` changes as a unified diff, the report going to standard error; without `--fix` no file changes
    #[arg(long)]
    pub(crate) diff: bool,

    /// How to print the findings
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,

    /// The least severe finding that makes the check fail with exit code 1
    #[arg(long, value_enum, default_value_t = FailOn::Deny)]
    pub(crate) fail_on: FailOn,

    /// Print only the findings that make the check fail: no other findings, no hints, no summary
    #[arg(long, short)]
    pub(crate) quiet: bool,

    /// How many files are reviewed at the same time [default: the number of processors]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) jobs: Option<u16>,
}

/// `forewarn list`
#[derive(Debug, Args)]
pub(crate) struct List {
    /// How to print the list
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

/// `forewarn explain`
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The policy's id, or a finding's code such as `root-user/unset`
    #[arg(value_name = "ID")]
    pub(crate) id: String,
}

/// `forewarn inspect`
#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// A .wasm file, or the id of a bundled policy
    #[arg(value_name = "MODULE")]
    pub(crate) module: PathBuf,

    /// How to print what is known
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

/// `forewarn run`
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// A .wasm file, or the id of a bundled policy
    #[arg(long, value_name = "MODULE")]
    pub(crate) module: PathBuf,

    /// An AdmissionReview or AdmissionRequest as JSON, or for a raw policy any JSON; `-` for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) request: PathBuf,

    /// Hand the JSON over as it is; understood for a module whose metadata says that it is raw
    #[arg(long)]
    pub(crate) raw: bool,

    /// The policy's settings, as YAML or JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) settings: Option<PathBuf>,
}

/// `forewarn node`
#[derive(Debug, Args)]
pub(crate) struct Node {
    /// Where the proc file system of the machine is
    #[arg(long, value_name = "DIR", default_value = "/proc")]
    pub(crate) proc: PathBuf,

    /// What to call the machine
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,

    #[command(flatten)]
    pub(crate) reporting: Reporting,
}

/// `forewarn chart`
#[derive(Debug, Args)]
pub(crate) struct Chart {
    /// The folder that holds Chart.yaml
    #[arg(value_name = "DIR")]
    pub(crate) directory: PathBuf,

    /// Compare with the chart at this git revision, such as the last release's tag
    #[arg(long, value_name = "REF")]
    pub(crate) against: Option<String>,

    #[command(flatten)]
    pub(crate) reporting: Reporting,
}

/// What the commands about facts have in common.
#[derive(Debug, Args)]
pub(crate) struct Reporting {
    /// Settings of the policies: a YAML or JSON map from policy id to its settings
    #[arg(long, value_name = "FILE")]
    pub(crate) settings: Option<PathBuf>,

    /// How to print the findings
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,

    /// The least severe finding that makes the command fail with exit code 1
    #[arg(long, value_enum, default_value_t = FailOn::Deny)]
    pub(crate) fail_on: FailOn,
}

/// Output formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

/// What makes a check fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// A denial
    Deny,
    /// A denial or a warning
    Warn,
    /// No finding
    Never,
}

/// When to colour the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}
