//! The bundled modules as one file.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use lzma_rust2::{XzOptions, XzWriter};
use serde_json::{Value, json};

/// A built module.
pub(crate) struct Module {
    id: String,
    sha256: String,
    wasm: Vec<u8>,
}

/// The modules that `xtask wasm` built, as their index lists them.
pub(crate) fn modules(folder: &Path) -> Result<Vec<Module>> {
    let index = fs::read(folder.join("index.json")).context("the policies are not built; write `just build`")?;
    let index: Value = serde_json::from_slice(&index)?;
    let policies = index.get("policies").and_then(Value::as_array).context("the index lists no policies")?;
    let text = |policy: &Value, key: &str| -> Result<String> {
        Ok(policy.get(key).and_then(Value::as_str).with_context(|| format!("a policy has no `{key}`"))?.to_owned())
    };
    policies
        .iter()
        .map(|policy| {
            let id = text(policy, "id")?;
            let wasm = fs::read(folder.join(format!("{id}.wasm")))?;
            Ok(Module { sha256: text(policy, "sha256")?, id, wasm })
        })
        .collect()
}

/// Length of the head (4 bytes, little endian), head (JSON: id, size, sha256), the modules; all of it as `.xz`.
pub(crate) fn pack(modules: &[Module]) -> Result<Vec<u8>> {
    let head: Vec<_> = modules
        .iter()
        .map(|module| json!({"id": module.id, "size": module.wasm.len(), "sha256": module.sha256}))
        .collect();
    let head = Value::Array(head).to_string();
    let mut writer = XzWriter::new(Vec::new(), XzOptions::with_preset(9))?;
    writer.write_all(&u32::try_from(head.len())?.to_le_bytes())?;
    writer.write_all(head.as_bytes())?;
    for module in modules {
        writer.write_all(&module.wasm)?;
    }
    Ok(writer.finish()?)
}
