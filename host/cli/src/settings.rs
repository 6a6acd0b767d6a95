//! Settings files.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, anyhow};
use forewarn_core::source::Source;
use forewarn_core::yaml::{Documents, YamlError};
use serde_json::Value;
use serde_json::value::Map;

use crate::exit::Failure;

/// Reads a settings file, YAML or JSON, as a JSON object.
///
/// # Errors
/// Exit 2 when it cannot be read, does not parse, or is not a mapping.
pub(crate) fn read(path: &Path) -> Result<Map<String, Value>, Failure> {
    let context = || format!("settings file `{}`", path.display());
    let text = std::fs::read_to_string(path).with_context(context).map_err(Failure::usage)?;
    parse(&text).with_context(context).map_err(Failure::usage)
}

fn parse(text: &str) -> anyhow::Result<Map<String, Value>> {
    let source = Source::new(text);
    let mut documents = Documents::new(&source);
    let Some(document) = documents.next() else { return Ok(Map::new()) };
    let placed = |error: &YamlError| anyhow!("line {}, column {}: {error}", error.position.line, error.position.column);
    let document = document.map_err(|error| placed(&error))?;
    if let Some(flaw) = document.flaws().first() {
        return Err(placed(flaw));
    }
    if documents.next().is_some() {
        return Err(anyhow!("more than one document"));
    }
    let mut json = String::new();
    document.write_json(document.root(), &mut json);
    match serde_json::from_str(&json)? {
        Value::Object(settings) => Ok(settings),
        Value::Null => Ok(Map::new()),
        other => Err(anyhow!("a mapping is expected, not `{other}`")),
    }
}

/// Reads a file that maps policy ids to settings.
///
/// # Errors
/// Like [`read`], and exit 2 when a policy's settings are no mapping.
pub(crate) fn by_policy(path: &Path) -> Result<BTreeMap<String, Map<String, Value>>, Failure> {
    let entries = read(path)?.into_iter().map(|(id, settings)| match settings {
        Value::Object(settings) => Ok((id, settings)),
        Value::Null => Ok((id, Map::new())),
        other => Err(Failure::usage(anyhow!(
            "settings file `{}`: the settings of `{id}` are `{other}`, not a mapping",
            path.display()
        ))),
    });
    entries.collect()
}
