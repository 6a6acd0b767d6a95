//! What a developer runs besides cargo: `cargo xtask --help`.

mod api_table;
mod audit;
mod bench;
mod compile;
mod description;
mod generate;
mod lint;
mod metadata;
mod native;
mod new_policy;
mod package;
mod release;
mod reproduce;
mod try_template;
mod wasm;
mod workspace;

use clap::{Parser, Subcommand};

use crate::generate::Mode;
use crate::workspace::Workspace;

/// Builds the policies, and whatever else a developer needs besides cargo.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Measure the modules and the command
    Bench {
        /// Further files or folders to time `forewarn check` on
        paths: Vec<String>,
    },
    /// Build all policies into target/policies, as Wasm and precompiled for this machine
    Wasm,
    /// Write what is generated: from the policies, and from Kubernetes' own types
    Gen {
        /// Fail where something would change, and write nothing
        #[arg(long)]
        check: bool,
    },
    /// Write the files by which others find and install the policies
    Package {
        /// Fail where something would change, and write nothing
        #[arg(long)]
        check: bool,
    },
    /// Build policies in two copies of the work tree and compare their digests
    Reproduce {
        /// Only these policies
        #[arg(value_name = "ID")]
        ids: Vec<String>,
    },
    /// Check licences, sources and known flaws of the dependencies with cargo-deny
    Audit,
    /// Put together what is published, and with --registry publish the policies
    Release(release::Arguments),
    /// Let clippy check the host and the guests
    Lint,
    /// Make the folder of a new policy
    NewPolicy {
        /// The policy's id: kebab case, and named after the bad thing, such as `root-user`
        id: String,
    },
    /// Prove that a policy made from the template builds and passes its cases
    TryTemplate,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let workspace = Workspace::here()?;
    match arguments.task {
        Task::Bench { paths } => bench::bench(&workspace, &paths),
        Task::Wasm => wasm::build_all(&workspace),
        Task::Gen { check } => generate::generate(&workspace, Mode::of(check)),
        Task::Package { check } => package::package(&workspace, Mode::of(check)),
        Task::Reproduce { ids } => reproduce::reproduce(&workspace, &ids),
        Task::Audit => audit::audit(&workspace),
        Task::Release(arguments) => release::release(&workspace, &arguments),
        Task::Lint => lint::lint(&workspace),
        Task::NewPolicy { id } => new_policy::make(&workspace, &id),
        Task::TryTemplate => try_template::try_template(&workspace),
    }
}
