//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::Day;
use crate::registry::args::{Registry, Sources};

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
    /// Write a commented forewarn.yaml
    Init(Init),
    /// List the bundled policies
    List(List),
    /// Print a policy's page: what it checks, why, and what to write
    Explain(Explain),
    /// Show a Kubewarden module's metadata, imports, size and digest
    Inspect(Inspect),
    /// Write a policy's metadata into its module
    Annotate(Annotate),
    /// Print configuration by which a Kubewarden cluster runs the bundled policies
    Scaffold(Scaffold),
    /// Run one Kubewarden module on one admission request, or on any JSON
    Run(Run),
    /// Tell how full this machine's table of tracked connections is
    Node(Node),
    /// Review the next release of a Helm chart
    Chart(Chart),
    /// Run suites: what policies are to say about which objects
    Test(Test),
    /// Serve the playground on this machine: the same policies in a browser tab, without a network
    Playground(Playground),
    /// Print a script that completes commands in a shell
    Completions(Completions),
    /// Print the manual page, or write the pages of all commands
    Man(Man),
    #[command(flatten)]
    Registry(Registry),
}

/// `forewarn check`
#[derive(Debug, Clone, Args)]
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

    /// Apply the policies of a cluster in place of the bundled ones: Kubewarden's ClusterAdmissionPolicy, AdmissionPolicy
    /// and their groups, or a `policies.yml`; a file or a directory, may be repeated
    #[arg(long, value_name = "PATH")]
    pub(crate) policies: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) sources: Sources,

    /// The configuration to use, in place of the `forewarn.yaml` nearest above the first path
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Use no `forewarn.yaml`
    #[arg(long, conflicts_with = "config")]
    pub(crate) no_config: bool,

    /// Let the known findings in this file not fail the check, and tell which of them are gone
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,

    /// Write all findings to this file as known
    #[arg(long, value_name = "FILE", conflicts_with = "baseline")]
    pub(crate) write_baseline: Option<PathBuf>,

    /// Show suppressed findings too, and why they do not count
    #[arg(long)]
    pub(crate) show_suppressed: bool,

    /// The day by which exemptions expire
    #[arg(long, hide = true, value_name = "DAY")]
    pub(crate) today: Option<Day>,

    /// What to make of fields, types and kinds that the Kubernetes API does not know [default: warn, off with --policy]
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub(crate) strict: Option<Strictness>,

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
    #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
    pub(crate) format: ReportFormat,

    /// Write the findings to a file too, in any of the formats of `--format`; may be repeated
    #[arg(long, value_name = "FORMAT=FILE", value_parser = FileOutput::parse)]
    pub(crate) output: Vec<FileOutput>,

    /// The least severe finding that makes the check fail with exit code 1 [default: deny]
    #[arg(long, value_enum)]
    pub(crate) fail_on: Option<FailOn>,

    /// Print only the findings that make the check fail: no other findings, no hints, no summary
    #[arg(long, short)]
    pub(crate) quiet: bool,

    /// Review again when a file changes, until Ctrl-C ends it with the last review's exit code
    #[arg(long, conflicts_with_all = ["fix", "diff", "write_baseline"])]
    pub(crate) watch: bool,

    /// How many files are reviewed at the same time [default: the number of processors]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) jobs: Option<u16>,
}

impl Check {
    /// The least severe finding that makes the check fail.
    pub(crate) fn fail_on(&self) -> FailOn {
        self.fail_on.unwrap_or(FailOn::Deny)
    }
}

/// `forewarn init`
#[derive(Debug, Args)]
pub(crate) struct Init {
    /// The folder to write `forewarn.yaml` to
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) directory: PathBuf,

    /// Write it anew if there is one
    #[arg(long)]
    pub(crate) force: bool,

    /// Print the JSON Schema of `forewarn.yaml` instead, for editors that complete and check it
    #[arg(long, conflicts_with = "force")]
    pub(crate) schema: bool,
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

/// `forewarn annotate`
#[derive(Debug, Args)]
pub(crate) struct Annotate {
    /// The policy's .wasm file, annotated or not
    #[arg(value_name = "MODULE")]
    pub(crate) module: PathBuf,

    /// The policy's metadata.yml: rules, mutating, annotations and so on, as for `kwctl annotate`
    #[arg(long, short, value_name = "FILE")]
    pub(crate) metadata: PathBuf,

    /// The policy's page, usually its README.md, to embed
    #[arg(long, short, value_name = "FILE")]
    pub(crate) usage: Option<PathBuf>,

    /// Where to write the annotated module; it may be the module itself
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: PathBuf,
}

/// `forewarn scaffold`
#[derive(Debug, Args)]
pub(crate) struct Scaffold {
    /// Only this policy; may be repeated
    #[arg(long, value_name = "ID")]
    pub(crate) policy: Vec<String>,

    /// Whether what a policy denies is only reported, or refused
    #[arg(long, value_enum, default_value_t = ScaffoldMode::Monitor)]
    pub(crate) mode: ScaffoldMode,

    /// Settings of the policies: a YAML or JSON map from policy id to its settings
    #[arg(long, value_name = "FILE")]
    pub(crate) settings: Option<PathBuf>,

    /// What to print
    #[arg(long, value_enum, default_value_t = ScaffoldFormat::ClusterAdmissionPolicies)]
    pub(crate) format: ScaffoldFormat,

    /// Where the cluster gets the modules from, such as `registry.example/policies` [default: where they are published]
    #[arg(long, value_name = "HOST/PATH")]
    pub(crate) registry: Option<String>,

    /// Only in this namespace; may be repeated
    #[arg(long, value_name = "NAME", conflicts_with = "exclude_namespace")]
    pub(crate) namespace: Vec<String>,

    /// Not in this namespace; may be repeated, and an empty name excludes none [default: kube-node-lease, kube-system]
    #[arg(long, value_name = "NAME")]
    pub(crate) exclude_namespace: Vec<String>,

    /// The PolicyServer that runs the policies
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub(crate) policy_server: String,
}

/// What `forewarn scaffold` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScaffoldFormat {
    /// One ClusterAdmissionPolicy for each policy
    ClusterAdmissionPolicies,
    /// A policies.yml for a policy-server of its own
    PoliciesYml,
    /// One AdmissionPolicyGroup, as an example
    Group,
}

/// What becomes of a denial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScaffoldMode {
    /// It is reported
    Monitor,
    /// The request is refused
    Protect,
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

/// `forewarn test`
#[derive(Debug, Args)]
pub(crate) struct Test {
    /// Suites, or directories that are searched for *.test.yaml and *.forewarn-test.yaml
    #[arg(value_name = "PATH", default_value = ".")]
    pub(crate) paths: Vec<PathBuf>,

    /// Run only the cases with this text in their names
    #[arg(long, value_name = "TEXT")]
    pub(crate) filter: Option<String>,

    /// Rewrite expectations that do not hold, in place; comments and layout stay
    #[arg(long)]
    pub(crate) update: bool,

    /// How to print the results
    #[arg(long, value_enum, default_value_t = TestFormat::Text)]
    pub(crate) format: TestFormat,

    /// Write the results to this file too, as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,

    /// How many suites are run at the same time [default: the number of processors]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) jobs: Option<u16>,
}

/// Formats of test results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TestFormat {
    /// For people
    Text,
    /// For programs
    Json,
    /// For CI systems
    Junit,
}

/// `forewarn playground`
#[derive(Debug, Args)]
pub(crate) struct Playground {
    /// The port on loopback; 0 for any that is free
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub(crate) port: u16,
}

/// `forewarn completions`
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

/// `forewarn man`
#[derive(Debug, Args)]
pub(crate) struct Man {
    /// Write a page for every command to this folder, which is made if it is not there
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
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

/// The formats of a check's report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For people
    Text,
    /// For programs
    Json,
    /// SARIF 2.1.0, for code scanning and editors
    Sarif,
    /// JUnit XML, for CI servers
    Junit,
    /// Workflow commands, which GitHub Actions shows as annotations
    Github,
    /// GitLab's Code Quality report
    Gitlab,
    /// Tables for a job's summary or a pull request's comment
    Markdown,
    /// PolicyReport objects, for dashboards
    Policyreport,
}

/// A file that a report is written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileOutput {
    /// In which format.
    pub(crate) format: ReportFormat,
    /// The file.
    pub(crate) path: PathBuf,
}

impl FileOutput {
    /// Reads `FORMAT=FILE`.
    fn parse(text: &str) -> Result<Self, String> {
        let (format, path) =
            text.split_once('=').ok_or_else(|| format!("`{text}` names no file: write `FORMAT=FILE`"))?;
        let formats = || {
            let names = ReportFormat::value_variants().iter().filter_map(ValueEnum::to_possible_value);
            names.map(|value| value.get_name().to_owned()).collect::<Vec<_>>().join(", ")
        };
        let format = ReportFormat::from_str(format, false)
            .map_err(|_| format!("unknown format `{format}`: the formats are {}", formats()))?;
        match path {
            "" => Err(format!("`{text}` names no file: write `FORMAT=FILE`")),
            "-" => Err("`-` is no file: `--format` says how to print to standard output".to_owned()),
            path => Ok(Self { format, path: PathBuf::from(path) }),
        }
    }
}

/// What makes a check fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum FailOn {
    /// A denial
    Deny,
    /// A denial or a warning
    Warn,
    /// No finding
    Never,
}

/// What is made of what the Kubernetes API does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Strictness {
    /// Do not look for it
    Off,
    /// Warn
    Warn,
    /// Reject the object
    Deny,
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
