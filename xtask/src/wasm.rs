//! `cargo xtask wasm`: all policies, from source to the files that `host/bundle` embeds.

use std::env::consts;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use forewarn_engine::{compatibility, precompile};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::annotate::annotate;
use crate::workspace::Workspace;
use crate::{compile, metadata};

/// Builds all policies into `target/policies`, and leaves files alone that would not change.
pub(crate) fn build_all(workspace: &Workspace) -> Result<()> {
    let folder = workspace.built_policies();
    fs::create_dir_all(&folder).with_context(|| format!("cannot make `{}`", folder.display()))?;
    let previous = Index::read(&folder);
    let engine = compatibility()?;
    let mut policies = Vec::new();
    for (package, wasm) in compile::policies(workspace)? {
        let id = &package.name;
        let metadata = serde_json::to_string(&metadata::of(package)?)?;
        let wasm = annotate(&wasm, metadata.as_bytes()).with_context(|| format!("cannot annotate `{id}`"))?;
        compile::check_paths(workspace, id, &wasm)?;
        let digest = sha256(&wasm);
        let kept = previous
            .policies
            .iter()
            .find(|policy| policy.id == *id && policy.sha256 == digest && previous.engine == engine)
            .filter(|policy| policy.is_intact(&folder));
        let precompiled_sha256 = match kept {
            Some(policy) => policy.precompiled_sha256.clone(),
            None => {
                let precompiled = precompile(&wasm).with_context(|| format!("cannot precompile `{id}`"))?;
                write(&folder.join(format!("{id}.wasm")), &wasm)?;
                write(&folder.join(format!("{id}.cwasm")), &precompiled)?;
                println!("built {id}: {} bytes", wasm.len());
                sha256(&precompiled)
            }
        };
        policies.push(BuiltPolicy {
            id: id.clone(),
            version: package.version.clone(),
            sha256: digest,
            size: wasm.len(),
            precompiled_sha256,
            metadata: serde_json::from_str(&metadata)?,
        });
    }
    let (architecture, os) = (consts::ARCH.to_owned(), consts::OS.to_owned());
    Index { engine, architecture, os, policies }.write(&folder)
}

/// `index.json`: what was built, and for which engine and kind of machine it was precompiled.
#[derive(Default, Serialize, Deserialize)]
struct Index {
    engine: String,
    architecture: String,
    os: String,
    policies: Vec<BuiltPolicy>,
}

/// One policy of the index. `host/bundle/build.rs` reads it too.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct BuiltPolicy {
    id: String,
    version: String,
    sha256: String,
    size: usize,
    precompiled_sha256: String,
    metadata: Value,
}

impl Index {
    const FILE: &str = "index.json";

    /// The last build's index; an empty one when there is none that can be read.
    fn read(folder: &Path) -> Self {
        fs::read(folder.join(Self::FILE)).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }

    /// Writes the index if it changed, and removes what is not in it.
    fn write(&self, folder: &Path) -> Result<()> {
        let path = folder.join(Self::FILE);
        let text = serde_json::to_string_pretty(self)? + "\n";
        if fs::read(&path).ok().as_deref() != Some(text.as_bytes()) {
            write(&path, text.as_bytes())?;
        }
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let known =
                path.file_stem().is_some_and(|stem| self.policies.iter().any(|policy| stem == policy.id.as_str()));
            if !known && path.file_name().is_some_and(|name| name != Self::FILE) {
                fs::remove_file(&path).with_context(|| format!("cannot remove `{}`", path.display()))?;
            }
        }
        Ok(())
    }
}

impl BuiltPolicy {
    /// Whether both files still hold what the index says.
    fn is_intact(&self, folder: &Path) -> bool {
        let holds = |extension: &str, digest: &str| {
            fs::read(folder.join(format!("{}.{extension}", self.id))).is_ok_and(|bytes| sha256(&bytes) == digest)
        };
        holds("wasm", &self.sha256) && holds("cwasm", &self.precompiled_sha256)
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).with_context(|| format!("cannot write `{}`", path.display()))
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(id: &str, wasm: &[u8], precompiled: &[u8]) -> BuiltPolicy {
        BuiltPolicy {
            id: id.to_owned(),
            version: "0.1.0".to_owned(),
            sha256: sha256(wasm),
            size: wasm.len(),
            precompiled_sha256: sha256(precompiled),
            metadata: Value::Null,
        }
    }

    #[test]
    fn digests_are_hexadecimal() {
        assert_eq!(sha256(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }

    #[test]
    fn a_changed_file_is_not_intact() {
        let folder = tempfile::tempdir().unwrap();
        let built = policy("root-user", b"wasm", b"code");
        assert!(!built.is_intact(folder.path()));
        fs::write(folder.path().join("root-user.wasm"), b"wasm").unwrap();
        fs::write(folder.path().join("root-user.cwasm"), b"code").unwrap();
        assert!(built.is_intact(folder.path()));
        fs::write(folder.path().join("root-user.cwasm"), b"edoc").unwrap();
        assert!(!built.is_intact(folder.path()));
    }

    #[test]
    fn the_index_is_read_back_and_leftovers_go() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["root-user.wasm", "root-user.cwasm", "renamed.wasm", "renamed.cwasm"] {
            fs::write(folder.path().join(name), b"").unwrap();
        }
        let index = Index { engine: "e".to_owned(), policies: vec![policy("root-user", b"", b"")], ..Index::default() };
        index.write(folder.path()).unwrap();
        let mut names: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, ["index.json", "root-user.cwasm", "root-user.wasm"]);
        let read = Index::read(folder.path());
        assert_eq!((read.engine.as_str(), read.policies.len()), ("e", 1));
        assert!(read.policies.iter().all(|policy| policy.is_intact(folder.path())));
    }

    #[test]
    fn an_index_that_cannot_be_read_is_empty() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Index::read(folder.path()).policies.is_empty());
        fs::write(folder.path().join("index.json"), b"{").unwrap();
        assert!(Index::read(folder.path()).policies.is_empty());
    }
}
