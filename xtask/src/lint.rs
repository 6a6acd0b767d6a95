//! `cargo xtask lint`: clippy, for the host and for the guests.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::compile::{TARGET, has_target};
use crate::workspace::{Workspace, cargo};

/// What runs in Wasm besides the policies.
const GUEST_PACKAGES: [&str; 2] = ["forewarn-kit", "forewarn-core"];

/// Checks everything for the host, and what also runs in Wasm for Wasm. Warnings are errors.
pub(crate) fn lint(workspace: &Workspace) -> Result<()> {
    clippy(workspace, &["--workspace", "--all-targets"])?;
    if !has_target()? {
        eprintln!("note: the guests are not checked for `{TARGET}`, because the target is not installed");
        return Ok(());
    }
    let mut arguments = vec!["--target", TARGET];
    let policies = workspace.policies.iter().map(|policy| policy.name.as_str());
    for package in GUEST_PACKAGES.into_iter().chain(policies) {
        arguments.extend(["--package", package]);
    }
    clippy(workspace, &arguments)
}

fn clippy(workspace: &Workspace, arguments: &[&str]) -> Result<()> {
    let status = Command::new(cargo())
        .current_dir(&workspace.root)
        .args(["clippy", "--release"])
        .args(arguments)
        .args(["--", "--deny", "warnings"])
        .status()
        .context("cannot run `cargo clippy`")?;
    ensure!(status.success(), "clippy found something");
    Ok(())
}
