//! The examples menu: the article's situations.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::{Value, json};

/// Every example manifest with its text; a folder `<name>/before` is the earlier state of its sister folders.
pub(crate) fn json(folder: &Path) -> Result<String> {
    let mut examples = Vec::new();
    for path in sorted(folder)? {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if is_manifest(&path) {
            examples.push(json!({"name": name, "text": fs::read_to_string(&path)?}));
        } else if path.join("before").is_dir() {
            let before = joined(&path.join("before"))?;
            for change in sorted(&path)?.into_iter().filter(|change| change.is_dir() && !change.ends_with("before")) {
                let step = change.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let text = joined(&change)?;
                if !text.is_empty() {
                    examples.push(json!({"name": format!("{name}: {step}"), "text": text, "before": before}));
                }
            }
        }
    }
    Ok(Value::Array(examples).to_string())
}

fn joined(folder: &Path) -> Result<String> {
    let files = sorted(folder)?.into_iter().filter(|path| is_manifest(path));
    let texts = files.map(fs::read_to_string).collect::<Result<Vec<_>, _>>()?;
    Ok(texts.join("---\n"))
}

fn is_manifest(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml")
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}
