//! Makes the table of bundled policies from what `xtask wasm` left in `target/policies`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

fn main() -> Result<()> {
    println!("cargo::rerun-if-env-changed=FOREWARN_POLICIES_DIR");
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(env::var_os("OUT_DIR").context("cargo sets `OUT_DIR`")?);
    let folder = match env::var_os("FOREWARN_POLICIES_DIR") {
        Some(folder) => PathBuf::from(folder),
        None => target_folder(&out)?.join("policies"),
    };
    let index = folder.join("index.json");
    // Unlike the index, the checksums change with the modules only, not with every commit.
    println!("cargo::rerun-if-changed={}", folder.join("SHA256SUMS").display());
    let entries = if index.exists() {
        entries(&folder, &index)?
    } else {
        println!("cargo::warning=no policies are bundled, because they are not built yet; write `./bootstrap build`");
        String::new()
    };
    let table = format!("static POLICIES: &[BundledPolicy] = &[\n{entries}];\n");
    fs::write(out.join("policies.rs"), table)?;
    Ok(())
}

/// Cargo's output folder: `OUT_DIR` is `<folder>[/<triple>]/<profile>/build/<package>/out`.
fn target_folder(out: &Path) -> Result<&Path> {
    let folder = out.ancestors().nth(4).context("`OUT_DIR` is not where cargo puts it; set `FOREWARN_POLICIES_DIR`")?;
    let triple = env::var_os("TARGET").context("cargo sets `TARGET`")?;
    Ok(folder.parent().filter(|_| folder.file_name() == Some(&triple)).unwrap_or(folder))
}

fn entries(folder: &Path, index: &Path) -> Result<String> {
    let index: Value = serde_json::from_slice(&fs::read(index)?).context("cannot read the index of policies")?;
    // A build for another kind of machine still carries the modules, and compiles them when they are first called.
    let runs_here = text(&index, "architecture")? == env::var("CARGO_CFG_TARGET_ARCH")?
        && text(&index, "os")? == env::var("CARGO_CFG_TARGET_OS")?;
    let policies = index.get("policies").and_then(Value::as_array).context("the index lists no policies")?;
    let mut policies: Vec<_> = policies.iter().collect();
    policies.sort_by_key(|policy| policy.get("id").and_then(Value::as_str));
    let mut table = String::new();
    for policy in policies {
        let id = text(policy, "id")?;
        let wasm = checked(folder, &format!("{id}.wasm"), text(policy, "sha256")?)?;
        let precompiled = checked(folder, &format!("{id}.cwasm"), text(policy, "precompiledSha256")?)?;
        let precompiled = if runs_here { format!("Some(include_bytes!({precompiled:?}))") } else { "None".to_owned() };
        table += &format!(
            "    BundledPolicy {{ id: {id:?}, wasm: include_bytes!({wasm:?}), precompiled: {precompiled} }},\n"
        );
    }
    Ok(table)
}

/// The path of a file whose digest is the one in the index.
fn checked(folder: &Path, name: &str, digest: &str) -> Result<PathBuf> {
    let path = folder.join(name);
    println!("cargo::rerun-if-changed={}", path.display());
    let bytes = fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let found: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    ensure!(
        found == digest,
        "`{}` is not the file that was built; write `./bootstrap build` to build it again",
        path.display()
    );
    Ok(path)
}

fn text<'a>(value: &'a Value, key: &str) -> Result<&'a str> {
    value.get(key).and_then(Value::as_str).with_context(|| format!("the index of policies has no `{key}`"))
}
