//! Case files: a manifest named by its verdict, with what else there is to say in comment lines at its top.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use serde_json::value::Map;

/// What a case's name asserts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// No finding that counts.
    Accept,
    /// Warnings, and no denial.
    Warn,
    /// At least one denial.
    Reject,
    /// With `mutate: true` the module repairs the object.
    Fix,
}

/// One case.
#[derive(Debug, Clone)]
pub struct Case {
    /// The file's name without its ending.
    pub name: String,
    /// The verdict in the name.
    pub verdict: Verdict,
    /// The whole file.
    pub text: String,
    /// The policy's settings.
    pub settings: Map<String, Value>,
    /// The subresource that the request is for.
    pub sub_resource: Option<String>,
    /// The manifest before the change; makes the request an UPDATE.
    pub old: Option<String>,
}

/// The cases in a folder, by name.
///
/// # Errors
/// A sentence about the first file that is no case.
pub fn cases(folder: &Path) -> Result<Vec<Case>, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|path| path.is_file());
    files.sort();
    let old = |path: &&PathBuf| path.to_string_lossy().ends_with(".old.yaml");
    files.iter().filter(|path| !old(path)).map(|path| read(path)).collect()
}

fn read(path: &Path) -> Result<Case, String> {
    let problem = |what: &str| format!("{}: {what}", path.display());
    let name = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".yaml"));
    let name = name.ok_or_else(|| problem("not a .yaml file"))?;
    if !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
        return Err(problem("a case's name has small letters, digits and dashes"));
    }
    let verdict = match name.split_once('-').map(|(verdict, _)| verdict) {
        Some("accept") => Verdict::Accept,
        Some("warn") => Verdict::Warn,
        Some("reject") => Verdict::Reject,
        Some("fix") => Verdict::Fix,
        _ => return Err(problem("the name starts with accept-, warn-, reject- or fix-")),
    };
    let text = fs::read_to_string(path).map_err(|error| problem(&error.to_string()))?;
    let mut settings = Map::new();
    let mut sub_resource = None;
    for line in text.lines().map_while(|line| line.strip_prefix("#!")) {
        match line.trim().split_once(": ") {
            Some(("settings", flow)) => settings = crate::ask::mapping(flow).map_err(|error| problem(&error))?,
            Some(("subresource", name)) => sub_resource = Some(name.to_owned()),
            _ => return Err(problem("a `#!` line is `settings: {…}` or `subresource: …`")),
        }
    }
    let old = fs::read_to_string(path.with_extension("old.yaml")).ok();
    Ok(Case { name: name.to_owned(), verdict, text, settings, sub_resource, old })
}
