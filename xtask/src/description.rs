//! What a module says of its settings.

use anyhow::{Context as _, Result};
use forewarn_core::engine::Engine as _;
use forewarn_core::host_calls::offline;
use forewarn_engine::Engine;
use serde::Deserialize;
use serde_json::{Map, Value};

/// What a module answers to the operation `describe`.
#[derive(Deserialize)]
pub(crate) struct Description {
    /// The JSON Schema of the settings.
    pub(crate) settings: Value,
}

impl Description {
    /// The settings, one by one.
    pub(crate) fn schema(&self) -> Result<Schema> {
        Schema::deserialize(&self.settings).context("the settings are described in another form")
    }
}

/// The part of JSON Schema that the kit writes.
#[derive(Deserialize)]
pub(crate) struct Schema {
    #[serde(default)]
    pub(crate) description: String,
    #[serde(rename = "type", default)]
    pub(crate) kind: Value,
    pub(crate) default: Option<Value>,
    #[serde(rename = "enum", default)]
    pub(crate) words: Vec<Value>,
    pub(crate) minimum: Option<i64>,
    pub(crate) maximum: Option<i64>,
    pub(crate) items: Option<Box<Schema>>,
    #[serde(default)]
    pub(crate) properties: Map<String, Value>,
}

/// Asks a module.
pub(crate) fn of(engine: &Engine, name: &str, wasm: Vec<u8>) -> Result<Description> {
    let reply = engine
        .call(&engine.module(wasm), "describe", b"", &offline())
        .with_context(|| format!("`{name}` does not describe itself"))?;
    serde_json::from_slice(&reply).with_context(|| format!("`{name}` describes itself in another form"))
}
