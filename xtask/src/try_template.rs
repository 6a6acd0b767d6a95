//! `cargo xtask try-template`: proves that a generated policy builds and passes its cases.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::workspace::{Workspace, cargo};
use crate::{generate, new_policy, wasm};

/// The generated policy's id.
const ID: &str = "made-from-template";

/// Makes a policy in a workspace of its own below cargo's output folder, so that this one stays as it is.
pub(crate) fn try_template(workspace: &Workspace) -> Result<()> {
    let root = workspace.target.join("template");
    make_workspace(workspace, &root)?;
    new_policy::fill_folder(workspace, &root.join("policies").join(ID), ID)?;
    let scratch = Workspace::at(&root)?;
    // A policy begins with its settings undescribed, as a developer who runs `just new-policy` sees it.
    generate::generate_pages(&scratch, generate::Mode::Write)?;
    wasm::build_all(&scratch)?;
    let output = Command::new(cargo())
        .current_dir(&workspace.root)
        .args(["test", "--release", "--package", "forewarn-tests", "--test", "cases", "--", ID])
        // The harness then takes policies and modules from here.
        .env("FOREWARN_WORKSPACE", &root)
        // The template holds no snapshots, but verdicts that the files' names assert.
        .env("INSTA_UPDATE", "always")
        .output()
        .context("cannot run `cargo test`")?;
    let shown = String::from_utf8_lossy(&output.stdout);
    ensure!(
        output.status.success() && shown.contains(ID),
        "the cases of a generated policy fail:\n{shown}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    println!("a policy made from the template builds and passes its cases");
    Ok(())
}

/// A copy of the root manifest whose only members are the kit and the policies.
fn make_workspace(workspace: &Workspace, root: &Path) -> Result<()> {
    if root.join("policies").exists() {
        fs::remove_dir_all(root.join("policies"))?;
    }
    fs::create_dir_all(root.join("policies"))?;
    let manifest = fs::read_to_string(workspace.root.join("Cargo.toml"))?;
    let manifest: String = manifest
        .lines()
        .filter(|line| !line.starts_with("default-members"))
        .map(|line| if line.starts_with("members") { "members = [\"kit\", \"policies/*\"]" } else { line })
        .flat_map(|line| [line, "\n"])
        .collect();
    fs::write(root.join("Cargo.toml"), manifest)?;
    fs::copy(workspace.root.join("Cargo.lock"), root.join("Cargo.lock"))?;
    copy_folder(&workspace.root.join("kit"), &root.join("kit"))
}

/// Copies without touching files that are the same, so that the kit is compiled again only when it changed.
fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let from = entry?.path();
        let to = to.join(from.file_name().unwrap_or_default());
        if from.is_dir() {
            copy_folder(&from, &to)?;
        } else if fs::read(&from)? != fs::read(&to).unwrap_or_default() {
            fs::copy(&from, &to)?;
        }
    }
    Ok(())
}
