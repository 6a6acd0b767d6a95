//! What `target/policies` holds.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::revision::Revision;
use super::{sha256, write};

/// `index.json`: what was built, from which source, and for which engine and kind of machine it was precompiled.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Index {
    pub(crate) engine: String,
    pub(crate) architecture: String,
    pub(crate) os: String,
    #[serde(default)]
    pub(crate) source: Option<Revision>,
    pub(crate) policies: Vec<BuiltPolicy>,
}

/// One policy of the index. `host/bundle/build.rs` reads it too.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BuiltPolicy {
    pub(crate) id: String,
    pub(crate) version: String,
    pub(crate) sha256: String,
    pub(crate) size: usize,
    pub(crate) precompiled_sha256: String,
    /// The file with the bill of materials, and its digest.
    #[serde(default)]
    pub(crate) sbom: String,
    #[serde(default)]
    pub(crate) sbom_sha256: String,
    /// The digest of the manifest under which the module is published.
    #[serde(default)]
    pub(crate) manifest_digest: String,
    pub(crate) metadata: Value,
}

impl Index {
    const FILE: &str = "index.json";

    /// The digests of all files, as `sha256sum --check` reads them. `host/bundle/build.rs` watches this one, because
    /// unlike the index it says nothing about the source, and so changes only when a module does.
    const CHECKSUMS: &str = "SHA256SUMS";

    /// The last build's index; an empty one when there is none that can be read.
    pub(crate) fn read(folder: &Path) -> Self {
        fs::read(folder.join(Self::FILE)).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }

    /// Writes the index and the checksums if they changed, and removes what is not in them.
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        write(&folder.join(Self::FILE), (serde_json::to_string_pretty(self)? + "\n").as_bytes())?;
        write(&folder.join(Self::CHECKSUMS), self.checksums().as_bytes())?;
        let files: Vec<_> = self.policies.iter().flat_map(BuiltPolicy::files).map(|(name, _)| name).collect();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let known =
                files.iter().any(|file| *file == name) || [Self::FILE, Self::CHECKSUMS].contains(&name.as_ref());
            if !known {
                fs::remove_file(&path).with_context(|| format!("cannot remove `{}`", path.display()))?;
            }
        }
        Ok(())
    }

    fn checksums(&self) -> String {
        let mut text = String::new();
        for (name, digest) in self.policies.iter().flat_map(BuiltPolicy::files) {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{digest}  {name}");
        }
        text
    }
}

impl BuiltPolicy {
    /// The policy's files with their digests.
    fn files(&self) -> [(String, &str); 3] {
        [
            (format!("{}.wasm", self.id), &self.sha256),
            (format!("{}.cwasm", self.id), &self.precompiled_sha256),
            (self.sbom.clone(), &self.sbom_sha256),
        ]
    }

    /// Whether the module and its machine code still are what the index says.
    pub(crate) fn is_intact(&self, folder: &Path) -> bool {
        let holds =
            |(name, digest): &(String, &str)| fs::read(folder.join(name)).is_ok_and(|bytes| sha256(&bytes) == *digest);
        self.files().iter().take(2).all(holds)
    }
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
            sbom: format!("{id}.cdx.json"),
            sbom_sha256: sha256(b"{}"),
            manifest_digest: "sha256:0".to_owned(),
            metadata: Value::Null,
        }
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
        for name in ["root-user.wasm", "root-user.cwasm", "root-user.cdx.json", "renamed.wasm", "renamed.cdx.json"] {
            fs::write(folder.path().join(name), b"").unwrap();
        }
        let source = Some(Revision { commit: "c".to_owned(), modified: false });
        let policies = vec![policy("root-user", b"", b"")];
        let index = Index { engine: "e".to_owned(), source: source.clone(), policies, ..Index::default() };
        index.write(folder.path()).unwrap();
        let mut names: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, ["SHA256SUMS", "index.json", "root-user.cdx.json", "root-user.cwasm", "root-user.wasm"]);
        let read = Index::read(folder.path());
        assert_eq!((read.engine.as_str(), read.policies.len(), read.source), ("e", 1, source));
        assert!(read.policies.iter().all(|policy| policy.is_intact(folder.path())));
        let sums = fs::read_to_string(folder.path().join("SHA256SUMS")).unwrap();
        assert_eq!(sums.lines().count(), 3);
        assert!(sums.starts_with(&format!("{}  root-user.wasm\n", sha256(b""))), "{sums}");
    }

    #[test]
    fn an_index_that_cannot_be_read_is_empty() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Index::read(folder.path()).policies.is_empty());
        fs::write(folder.path().join("index.json"), b"{").unwrap();
        assert!(Index::read(folder.path()).policies.is_empty());
    }
}
