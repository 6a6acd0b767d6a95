//! `cargo xtask reproduce`: proves that a module follows from its source, wherever that lies.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use crate::wasm::{self, Index};
use crate::workspace::Workspace;

/// Builds some policies, or all, in two copies of the work tree, and compares their digests with each other and with those
/// in `target/policies`.
pub(crate) fn reproduce(workspace: &Workspace, ids: &[String]) -> Result<()> {
    let known = |id: &&String| workspace.policies.iter().any(|policy| policy.name == **id);
    if let Some(unknown) = ids.iter().find(|id| !known(id)) {
        bail!("there is no policy `{unknown}`");
    }
    let built: BTreeMap<_, _> = Index::read(&workspace.built_policies())
        .policies
        .into_iter()
        .map(|policy| (policy.id, policy.sha256))
        .collect();
    let places = [tempfile::tempdir()?, tempfile::Builder::new().prefix("another place, with spaces ").tempdir()?];
    let mut digests = Vec::new();
    for place in &places {
        copy(&workspace.root, place.path())?;
        digests.push(build(place.path(), ids)?);
    }
    let [here, there] = digests.as_slice() else { bail!("two copies are compared") };
    for (id, digest) in here {
        ensure!(there.get(id) == Some(digest), "`{id}` has other bytes when it is built in another folder");
        if let Some(built) = built.get(id) {
            ensure!(
                built == digest,
                "`{id}` in `target/policies` has other bytes than its source gives; write `just build` and try again"
            );
        }
        println!("{digest}  {id}.wasm");
    }
    Ok(())
}

/// The digests of the modules of a work tree.
fn build(root: &Path, ids: &[String]) -> Result<BTreeMap<String, String>> {
    let mut workspace = Workspace::at(root)?;
    ensure!(workspace.target.starts_with(root.canonicalize()?), "the copy does not build into a folder of its own");
    if !ids.is_empty() {
        workspace.policies.retain(|policy| ids.contains(&policy.name));
    }
    let modules = wasm::modules(&workspace)?;
    Ok(modules.into_iter().map(|module| (module.package.name.clone(), wasm::sha256(&module.wasm))).collect())
}

/// Copies the files that git tracks or would, as they are now.
fn copy(root: &Path, to: &Path) -> Result<()> {
    let listed = Command::new("git")
        .current_dir(root)
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .output()
        .context("cannot run `git`")?;
    ensure!(listed.status.success(), "`git ls-files` failed: {}", String::from_utf8_lossy(&listed.stderr));
    for name in String::from_utf8(listed.stdout)?.split('\0').filter(|name| !name.is_empty()) {
        let from = root.join(name);
        // A file may be deleted and that not be committed yet.
        if !from.is_file() {
            continue;
        }
        let to = to.join(name);
        fs::create_dir_all(to.parent().unwrap_or(&to))?;
        fs::copy(&from, &to).with_context(|| format!("cannot copy `{name}`"))?;
    }
    Ok(())
}
