//! Pushes the modules to a registry and signs them, with the command that users have too.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::wasm::Index;
use crate::workspace::Workspace;

/// Pushes every module under its version, and signs its manifest by digest, so that nothing can be put in between.
pub(crate) fn publish(
    workspace: &Workspace,
    index: &Index,
    registry: &str,
    key: &Path,
    insecure: Option<&str>,
) -> Result<()> {
    let registry = registry.trim_start_matches("registry://").trim_end_matches('/');
    let forewarn = workspace.target.join("release").join(format!("forewarn{}", std::env::consts::EXE_SUFFIX));
    let run = |arguments: &[&str]| -> Result<()> {
        let connection = insecure.map(|host| ["--insecure", host]);
        let status = Command::new(&forewarn).args(arguments).args(connection.iter().flatten()).status();
        let status = status.with_context(|| format!("cannot run `{}`", forewarn.display()))?;
        ensure!(status.success(), "`forewarn {}` failed", arguments.join(" "));
        Ok(())
    };
    let key = key.to_str().context("the key's path is not UTF-8")?;
    for policy in &index.policies {
        let module = workspace.built_policies().join(format!("{}.wasm", policy.id));
        let module = module.to_str().context("the workspace's path is not UTF-8")?;
        let repository = format!("registry://{registry}/{}", policy.id);
        run(&["push", module, &format!("{repository}:v{}", policy.version)])?;
        run(&["sign", "--key", key, &format!("{repository}@{}", policy.manifest_digest)])?;
        println!("published {repository}@{}", policy.manifest_digest);
    }
    Ok(())
}
