//! `cargo xtask wasm`: all policies, from source to the files that `host/bundle` embeds.

mod index;
mod revision;
mod sbom;

use std::env::consts;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use forewarn_core::metadata::Metadata;
use forewarn_core::oci_manifest::OciManifest;
use forewarn_engine::{annotate, compatibility, precompile, without_build_sections};
use sha2::{Digest as _, Sha256};

use self::index::BuiltPolicy;
pub(crate) use self::index::Index;
use self::sbom::Materials;
use crate::workspace::{Package, Workspace};
use crate::{compile, metadata};

/// One policy's module, as it is published.
pub(crate) struct BuiltModule<'a> {
    pub(crate) package: &'a Package,
    pub(crate) metadata: Metadata,
    pub(crate) wasm: Vec<u8>,
}

/// Compiles and annotates all policies of a workspace.
pub(crate) fn modules(workspace: &Workspace) -> Result<Vec<BuiltModule<'_>>> {
    let compiled = compile::policies(workspace)?.into_iter();
    compiled
        .map(|(package, wasm)| {
            let id = &package.name;
            let metadata = metadata::of(package)?;
            if let Some(flaw) = metadata.flaws().first() {
                bail!("the metadata of `{id}`, at `{}`: {flaw}; {}", flaw.pointer, flaw.kind.help());
            }
            let section = serde_json::to_vec(&metadata)?;
            let wasm = without_build_sections(&wasm).and_then(|wasm| annotate(&wasm, &section));
            let wasm = wasm.with_context(|| format!("cannot annotate `{id}`"))?;
            compile::check_paths(workspace, id, &wasm)?;
            Ok(BuiltModule { package, metadata, wasm })
        })
        .collect()
}

/// Builds all policies into `target/policies`, and leaves files alone that would not change.
pub(crate) fn build_all(workspace: &Workspace) -> Result<()> {
    let folder = workspace.built_policies();
    fs::create_dir_all(&folder).with_context(|| format!("cannot make `{}`", folder.display()))?;
    let previous = Index::read(&folder);
    let engine = compatibility()?;
    let modules = modules(workspace)?;
    let materials = Materials::of(workspace)?;
    let mut policies = Vec::new();
    for BuiltModule { package, metadata, wasm } in modules {
        let id = &package.name;
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
        let (sbom, bill) = (format!("{id}.cdx.json"), materials.bill(id, &digest)?);
        write(&folder.join(&sbom), bill.as_bytes())?;
        policies.push(BuiltPolicy {
            id: id.clone(),
            version: package.version.clone(),
            sha256: digest,
            size: wasm.len(),
            precompiled_sha256,
            sbom,
            sbom_sha256: sha256(bill.as_bytes()),
            manifest_digest: OciManifest::of(&wasm, Some(&metadata))?.digest,
            metadata: serde_json::to_value(&metadata)?,
        });
    }
    let (architecture, os) = (consts::ARCH.to_owned(), consts::OS.to_owned());
    let source = revision::of(&workspace.root);
    Index { engine, architecture, os, source, policies }.write(&folder)
}

/// Writes a file that would change.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    fs::write(path, bytes).with_context(|| format!("cannot write `{}`", path.display()))
}

/// The digest of some bytes in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_hexadecimal() {
        assert_eq!(sha256(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}
