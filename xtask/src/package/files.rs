//! Generated files: what they should be, compared with what is there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::generate::Mode;

/// Files by their paths in the workspace.
#[derive(Debug, Default)]
pub(crate) struct Files {
    wanted: BTreeMap<String, String>,
    /// Folders that hold nothing else, as far as names tell; see [`Files::keep_only`].
    folders: BTreeSet<String>,
}

impl Files {
    /// One more file.
    pub(crate) fn add(&mut self, path: impl Into<String>, text: String) {
        self.wanted.insert(path.into(), text);
    }

    /// In this folder, whatever is no version that was once released is generated.
    pub(crate) fn keep_only(&mut self, folder: impl Into<String>) {
        self.folders.insert(folder.into());
    }

    /// Writes what differs, or fails when something does.
    pub(crate) fn bring_up_to_date(&self, root: &Path, mode: Mode) -> Result<()> {
        let mut stale = Vec::new();
        for (path, text) in &self.wanted {
            if fs::read(root.join(path)).ok().as_deref() == Some(text.as_bytes()) {
                continue;
            }
            stale.push(path.clone());
            if mode == Mode::Write {
                let full = root.join(path);
                fs::create_dir_all(full.parent().unwrap_or(root))
                    .and_then(|()| fs::write(&full, text))
                    .with_context(|| format!("cannot write `{path}`"))?;
                println!("wrote {path}");
            }
        }
        for path in self.leftovers(root)? {
            if mode == Mode::Write {
                let full = root.join(&path);
                let removed = if full.is_dir() { fs::remove_dir_all(&full) } else { fs::remove_file(&full) };
                removed.with_context(|| format!("cannot remove `{path}`"))?;
                println!("removed {path}");
            }
            stale.push(path);
        }
        if mode == Mode::Check && !stale.is_empty() {
            bail!("not up to date: {}; write `just gen`", stale.join(", "));
        }
        Ok(())
    }

    /// What nobody generates any more. Versions that were released stay: users may have pinned them.
    fn leftovers(&self, root: &Path) -> Result<Vec<String>> {
        let mut leftovers = Vec::new();
        for folder in &self.folders {
            let Ok(entries) = fs::read_dir(root.join(folder)) else { continue };
            for entry in entries {
                let name = entry?.file_name().to_string_lossy().into_owned();
                let path = format!("{folder}/{name}");
                let within = format!("{path}/");
                let wanted = self.wanted.keys().any(|file| *file == path || file.starts_with(&within));
                if !wanted && !is_version(&name) {
                    leftovers.push(path);
                }
            }
        }
        leftovers.sort();
        Ok(leftovers)
    }
}

fn is_version(name: &str) -> bool {
    name.split('.').count() >= 3 && name.starts_with(|first: char| first.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> Files {
        let mut files = Files::default();
        files.add("hub/demo/0.2.0/page.yml", "new\n".to_owned());
        files.keep_only("hub");
        files.keep_only("hub/demo");
        files
    }

    #[test]
    fn what_is_written_is_up_to_date() {
        let root = tempfile::tempdir().unwrap();
        let error = files().bring_up_to_date(root.path(), Mode::Check).unwrap_err().to_string();
        assert!(error.contains("hub/demo/0.2.0/page.yml") && error.contains("just gen"), "{error}");
        files().bring_up_to_date(root.path(), Mode::Write).unwrap();
        files().bring_up_to_date(root.path(), Mode::Check).unwrap();
        fs::write(root.path().join("hub/demo/0.2.0/page.yml"), "old\n").unwrap();
        assert!(files().bring_up_to_date(root.path(), Mode::Check).is_err());
    }

    #[test]
    fn older_versions_stay_and_leftovers_go() {
        let root = tempfile::tempdir().unwrap();
        for folder in ["hub/demo/0.1.0", "hub/demo/notes", "hub/gone/0.1.0"] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        files().bring_up_to_date(root.path(), Mode::Write).unwrap();
        assert!(root.path().join("hub/demo/0.1.0").is_dir());
        assert!(!root.path().join("hub/demo/notes").exists() && !root.path().join("hub/gone").exists());
        fs::create_dir_all(root.path().join("hub/gone")).unwrap();
        let error = files().bring_up_to_date(root.path(), Mode::Check).unwrap_err().to_string();
        assert!(error.contains("hub/gone"), "{error}");
    }
}
