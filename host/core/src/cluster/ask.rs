//! The questions, as Kubewarden's SDKs write them.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::AskError;
use crate::metadata::ContextAwareResource;

/// The operation that asks for one object.
pub(super) const GET: &str = "get_resource";
/// The operation that asks for the objects of a namespace.
pub(super) const LIST: &str = "list_resources_by_namespace";
/// The operation that asks for the objects of all namespaces.
pub(super) const LIST_ALL: &str = "list_resources_all";

/// The payload of [`GET`].
#[derive(Debug, Deserialize)]
pub(super) struct Get {
    #[serde(flatten)]
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) namespace: Option<String>,
    #[expect(dead_code, reason = "there is no cache, but the field is mandatory in Kubewarden")]
    disable_cache: bool,
    pub(super) field_masks: Option<Vec<String>>,
}

/// The payload of [`LIST`] and of [`LIST_ALL`], which has no namespace.
#[derive(Debug, Deserialize)]
pub(super) struct List {
    #[serde(flatten)]
    pub(super) kind: Kind,
    pub(super) namespace: Option<String>,
    pub(super) label_selector: Option<String>,
    pub(super) field_selector: Option<String>,
    pub(super) field_masks: Option<Vec<String>>,
}

/// The kind that is asked about.
#[derive(Debug, Deserialize)]
pub(super) struct Kind {
    api_version: String,
    kind: String,
}

impl From<Kind> for ContextAwareResource {
    fn from(Kind { api_version, kind }: Kind) -> Self {
        Self { api_version, kind }
    }
}

/// Reads a payload.
pub(super) fn read<T: DeserializeOwned>(operation: &'static str, payload: &[u8]) -> Result<T, AskError> {
    serde_json::from_slice(payload).map_err(|error| AskError::Payload { operation, reason: error.to_string() })
}
