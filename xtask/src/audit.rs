//! `cargo xtask audit`: licences, sources and known flaws of the dependencies, by cargo-deny.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use crate::workspace::Workspace;

/// What cargo-deny says when the list of known flaws cannot be had.
const UNREACHABLE: &str = "failed to fetch advisory database";

/// Checks everything that `deny.toml` holds.
pub(crate) fn audit(workspace: &Workspace) -> Result<()> {
    let deny = cargo_deny(workspace)?;
    let run = |arguments: &[&str]| {
        Command::new(&deny).current_dir(&workspace.root).args(arguments).output().context("cannot run `cargo-deny`")
    };
    let local = run(&["--offline", "check", "bans", "licenses", "sources"])?;
    ensure!(local.status.success(), "cargo-deny refuses dependencies:\n{}", String::from_utf8_lossy(&local.stderr));
    let flaws = run(&["check", "advisories"])?;
    let said = String::from_utf8_lossy(&flaws.stderr);
    match flaws.status.success() {
        true => println!("licences, sources and advisories of all dependencies are in order"),
        false if said.contains(UNREACHABLE) => println!(
            "warning: known flaws of dependencies were not looked for, because the list of them cannot be fetched from \
             github.com; licences and sources are in order"
        ),
        false => bail!("cargo-deny knows flaws of dependencies:\n{said}"),
    }
    Ok(())
}

/// cargo-deny: from the `PATH`, or where `./bootstrap` puts it.
fn cargo_deny(workspace: &Workspace) -> Result<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let tools = workspace.target.join("tools/bin");
    let mut places = env::split_paths(&path).chain([tools]).map(|folder| folder.join("cargo-deny"));
    let found = places.find(|file| file.is_file());
    found.context("cargo-deny is missing; write `./bootstrap audit`, or `cargo install cargo-deny --locked`")
}
