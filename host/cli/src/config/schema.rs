//! The JSON Schema of `forewarn.yaml`, with the settings of every bundled policy.

use anyhow::Context as _;
use forewarn_core::engine::Engine as _;
use forewarn_core::host_calls::offline;
use forewarn_engine::{Engine, Limits};
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::file::File;
use crate::check::is_about_objects;
use crate::exit::Failure;
use crate::module;

/// Where the choices for every policy are defined.
const CHOICES: &str = "policies";

/// The schema as text.
///
/// # Errors
/// Exit 2 without bundled policies, 4 when one cannot be read.
pub(super) fn schema() -> Result<String, Failure> {
    let mut schema = SchemaGenerator::default().into_root_schema_for::<File>();
    schema.insert("title".to_owned(), json!("forewarn.yaml"));
    allow_nothing(schema.get_mut("properties"));
    allow_nothing(schema.pointer_mut("/$defs/Filter/properties"));
    let definitions = schema.ensure_object().entry("$defs").or_insert_with(|| json!({}));
    if let Some(definitions) = definitions.as_object_mut() {
        definitions.insert(CHOICES.to_owned(), policies()?);
    }
    let text = serde_json::to_string_pretty(&schema).map_err(Failure::engine)?;
    Ok(text + "\n")
}

/// Lets keys stand without a value, as where all below them is commented out.
fn allow_nothing(properties: Option<&mut Value>) {
    let properties =
        properties.and_then(Value::as_object_mut).into_iter().flat_map(|properties| properties.values_mut());
    for property in properties.filter_map(Value::as_object_mut) {
        property.remove("default");
        if property.get("type").is_some_and(|kind| kind == "array") {
            property.insert("type".to_owned(), json!(["array", "null"]));
        }
        if let Some(reference) = property.remove("$ref") {
            property.insert("anyOf".to_owned(), json!([{"$ref": reference}, {"type": "null"}]));
        }
    }
}

/// The schema of a mapping from ids to choices.
pub(super) fn choices(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"$ref": format!("#/$defs/{CHOICES}")})
}

fn policies() -> Result<Value, Failure> {
    let engine = Engine::new(Limits::DEFAULT).map_err(Failure::engine)?;
    let mut properties = serde_json::Map::new();
    for (policy, metadata) in module::all()?.into_iter().filter(|(_, metadata)| is_about_objects(metadata)) {
        let reply = engine.call(&policy.module(&engine), "describe", b"", &offline());
        let reply =
            reply.with_context(|| format!("`{}` does not describe itself", policy.id)).map_err(Failure::engine)?;
        let description: Value = serde_json::from_slice(&reply).map_err(Failure::engine)?;
        let settings = description.get("settings").cloned().unwrap_or_default();
        let about = metadata.annotation("io.kubewarden.policy.description").unwrap_or_default();
        let choice = json!({"description": about, "anyOf": [{"enum": ["on", "off", true, false, null]}, settings]});
        properties.insert(policy.id.to_owned(), choice);
    }
    Ok(json!({"type": ["object", "null"], "additionalProperties": false, "properties": properties}))
}
