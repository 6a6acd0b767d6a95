//! What the worker holds: policies, and the review with them.

use forewarn_core::engine::Engine as _;
use forewarn_core::host_calls::offline;
use forewarn_core::metadata::Metadata;
use forewarn_core::policy::{Policy, SettingsError};
use serde_json::{Map, Value, json};
use wasm_bindgen::prelude::*;

use crate::engine::{Browser, ModuleIndex};
use crate::review::{Reviewed, Wish};

/// The policies of the page.
#[wasm_bindgen]
#[derive(Debug, Default)]
pub struct Session {
    known: Vec<Known>,
}

/// A policy that can be asked.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) id: String,
    pub(crate) metadata: Metadata,
    pub(crate) module: ModuleIndex,
}

impl Known {
    /// The policy with settings that nobody has checked.
    pub(crate) fn policy(&self, settings: &Map<String, Value>) -> Policy<ModuleIndex> {
        Policy::new(&self.id, self.metadata.clone(), settings, self.module)
    }
}

#[wasm_bindgen]
impl Session {
    /// A session without policies.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a module that the page has compiled; one of the same id takes the place of the earlier.
    ///
    /// `metadata` is the module's section `io.kubewarden.metadata`. Returns as JSON what the page shows of it: `id`,
    /// `title`, `description`, `chapter` and `raw`. The module is not asked anything yet: a first call compiles it.
    ///
    /// # Errors
    /// What is wrong with the metadata.
    pub fn add(&mut self, id: &str, module: ModuleIndex, metadata: Option<Vec<u8>>) -> Result<String, JsError> {
        let section = metadata.ok_or_else(|| {
            JsError::new("the module has no section `io.kubewarden.metadata`; annotate it with `kwctl annotate`")
        })?;
        let metadata = Metadata::from_json(&section)?;
        let shown = json!({
            "id": id,
            "title": metadata.annotation("io.artifacthub.displayName").or(metadata.annotation("io.kubewarden.policy.title")),
            "description": metadata.annotation("io.kubewarden.policy.description"),
            "chapter": metadata.annotation("dev.forewarn.chapter"),
            "raw": metadata.policy_type == forewarn_core::metadata::PolicyType::Raw,
        });
        self.known.retain(|known| known.id != id);
        self.known.push(Known { id: id.to_owned(), metadata, module });
        Ok(shown.to_string())
    }

    /// A module's own description, as JSON: its settings and its codes; `null` where it has none.
    #[must_use]
    pub fn describe(&self, id: &str) -> String {
        let known = self.known.iter().find(|known| known.id == id);
        let json = known.and_then(|known| Browser.call(&known.module, "describe", b"", &offline()).ok());
        let description: Value = json.and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or(Value::Null);
        description.to_string()
    }

    /// Removes a policy, if it is there.
    pub fn remove(&mut self, id: &str) {
        self.known.retain(|known| known.id != id);
    }

    /// Asks a policy whether it takes these settings, a JSON object; returns its objection.
    ///
    /// # Errors
    /// When the settings are no JSON object, or the policy failed.
    pub fn check_settings(&self, id: &str, settings: &str) -> Result<Option<String>, JsError> {
        let settings: Map<String, Value> = serde_json::from_str(settings)?;
        let Some(known) = self.known.iter().find(|known| known.id == id) else { return Ok(None) };
        match known.policy(&settings).check_settings(&Browser) {
            Ok(()) => Ok(None),
            Err(SettingsError::Refused { message }) => Ok(Some(message)),
            Err(error) => Err(error.into()),
        }
    }

    /// Reviews a text as the wish (JSON, see [`Wish`]) says, and returns a JSON report, version 1.
    ///
    /// # Errors
    /// When the wish cannot be read.
    pub fn review(&self, wish: &str) -> Result<String, JsError> {
        Ok(self.reviewed(wish)?.json()?)
    }

    /// The same review as SARIF 2.1.0.
    ///
    /// # Errors
    /// As of [`Session::review`].
    pub fn sarif(&self, wish: &str) -> Result<String, JsError> {
        let wish: Wish = serde_json::from_str(wish)?;
        Ok(wish.review(&self.known).sarif(&self.known, wish.text())?)
    }

    /// The same with every safe fix made: `{"text", "diff", "fixed"}` as JSON.
    ///
    /// # Errors
    /// As of [`Session::review`].
    pub fn fix(&self, wish: &str) -> Result<String, JsError> {
        let wish: Wish = serde_json::from_str(wish)?;
        Ok(wish.fix(&self.known).to_string())
    }
}

impl Session {
    fn reviewed(&self, wish: &str) -> Result<Reviewed, serde_json::Error> {
        let wish: Wish = serde_json::from_str(wish)?;
        Ok(wish.review(&self.known))
    }
}
