//! `cargo xtask new-policy`: a folder that builds, passes its cases and waits for a rule.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};

use crate::workspace::Workspace;

/// A policy's id names the bad thing, so it cannot begin with an order.
const ORDERS: [&str; 8] = ["allow-", "avoid-", "check-", "disallow-", "forbid-", "no-", "prefer-", "require-"];

/// Copies `xtask/templates/policy` to `policies/<id>`.
pub(crate) fn make(workspace: &Workspace, id: &str) -> Result<()> {
    check_id(id)?;
    let folder = workspace.root.join("policies").join(id);
    ensure!(!folder.exists(), "`policies/{id}` exists already");
    fill_folder(workspace, &folder, id)?;
    println!("made policies/{id}; try it with `just cases {id}`");
    Ok(())
}

/// Makes the policy's folder from the template.
pub(crate) fn fill_folder(workspace: &Workspace, folder: &Path, id: &str) -> Result<()> {
    copy(&workspace.root.join("xtask/templates/policy"), folder, id)?;
    // The first run of the cases fills it.
    fs::create_dir_all(folder.join("cases/snapshots"))?;
    Ok(())
}

fn check_id(id: &str) -> Result<()> {
    let word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    ensure!(
        id.starts_with(|first: char| first.is_ascii_lowercase()) && id.split('-').all(word),
        "`{id}` is not in kebab case, which a policy's folder, crate and module share; write something like `root-user`"
    );
    if let Some(order) = ORDERS.into_iter().find(|order| id.starts_with(order)) {
        let rest = id.strip_prefix(order).unwrap_or(id);
        bail!(
            "`{id}` says what to do, but a policy is named after the bad thing, so that `exempt {id}` reads well; \
             write something like `{rest}`"
        );
    }
    ensure!(id.len() <= 63, "`{id}` is longer than the 63 bytes that a Kubernetes name can have");
    Ok(())
}

/// Copies the template's folder, with the policy's names filled in.
fn copy(from: &Path, to: &Path, id: &str) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("cannot make `{}`", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read `{}`", from.display()))? {
        let from = entry?.path();
        let name = from.file_name().unwrap_or_default().to_string_lossy();
        if from.is_dir() {
            copy(&from, &to.join(name.as_ref()), id)?;
            continue;
        }
        // Cargo would take a template called `Cargo.toml` for a package.
        let to = to.join(name.trim_end_matches(".template"));
        let text = fs::read_to_string(&from).with_context(|| format!("cannot read `{}`", from.display()))?;
        fs::write(&to, fill(&text, id)).with_context(|| format!("cannot write `{}`", to.display()))?;
    }
    Ok(())
}

/// Fills in `{{id}}`, `{{Title}}` (in words) and `{{Type}}` (a Rust type's name).
fn fill(template: &str, id: &str) -> String {
    let capital = |word: &str| word.get(..1).unwrap_or("").to_ascii_uppercase() + word.get(1..).unwrap_or("");
    template
        .replace("{{id}}", id)
        .replace("{{Title}}", &capital(&id.replace('-', " ")))
        .replace("{{Type}}", &id.split('-').map(capital).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_name_the_bad_thing_in_kebab_case() {
        for id in ["root-user", "x", "http2-plaintext", "nobody"] {
            check_id(id).unwrap();
        }
        for id in ["", "-", "a-", "-a", "a--b", "Root", "root_user", "1st", "rößt", "a b", "../a", &"a".repeat(64)] {
            assert!(check_id(id).is_err(), "{id}");
        }
        for id in ["disallow-root", "no-root", "require-probes", "avoid-latest"] {
            let error = check_id(id).unwrap_err().to_string();
            assert!(error.contains("bad thing"), "{error}");
        }
    }

    #[test]
    fn names_are_filled_in() {
        assert_eq!(fill("{{id}} {{Title}} {{Type}}", "root-user"), "root-user Root user RootUser");
    }

    #[test]
    fn folders_are_copied_whole() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        fs::create_dir_all(from.join("src")).unwrap();
        fs::write(from.join("Cargo.toml.template"), "name = \"{{id}}\"").unwrap();
        fs::write(from.join("src/lib.rs"), "struct {{Type}};").unwrap();
        copy(&from, &to, "root-user").unwrap();
        assert_eq!(fs::read_to_string(to.join("Cargo.toml")).unwrap(), "name = \"root-user\"");
        assert_eq!(fs::read_to_string(to.join("src/lib.rs")).unwrap(), "struct RootUser;");
    }
}
