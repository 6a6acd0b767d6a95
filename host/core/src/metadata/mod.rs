//! What a module says about itself in its custom section `io.kubewarden.metadata`.

mod file;
mod flaw;

pub use file::{MetadataFile, MetadataFileError, MetadataNote};
pub use flaw::{MetadataFlaw, MetadataFlawKind, WAPC};

use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;

/// The name of the custom section that holds the metadata as JSON.
pub const SECTION: &str = "io.kubewarden.metadata";

/// Kubewarden's policy metadata. Unknown fields are ignored; serialised in the order that kwctl writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// `v1` for every module that can be run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol_version: Option<String>,
    /// What the policy is to be asked about; empty for raw policies.
    #[serde(default, deserialize_with = "null_as_default")]
    pub rules: Vec<Rule>,
    /// Titles, descriptions and whatever else the author noted.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// Whether the policy may answer with a changed object.
    #[serde(default, deserialize_with = "null_as_default")]
    pub mutating: bool,
    /// Whether the audit scanner runs the policy.
    #[serde(default = "yes")]
    pub background_audit: bool,
    /// `kubewarden-wapc` for waPC modules, the only ones that Forewarn runs.
    #[serde(default = "wapc")]
    pub execution_mode: String,
    /// Whether requests are admission requests or anything else.
    #[serde(default)]
    pub policy_type: PolicyType,
    /// The cluster resources that the policy wants to read.
    #[serde(default, deserialize_with = "null_as_default")]
    pub context_aware_resources: Vec<ContextAwareResource>,
    /// The host functions that the policy says it calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_capabilities: Option<Vec<String>>,
    /// The oldest Kubewarden that can run the policy, as `X.Y.Z`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_kubewarden_version: Option<String>,
}

/// Which requests a policy is to be asked about, as in a webhook configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// API groups, `""` for the core group, `*` for all.
    pub api_groups: Vec<String>,
    /// API versions, `*` for all.
    pub api_versions: Vec<String>,
    /// Plural resource names, with `/subresource` where one is meant, `*` for all.
    pub resources: Vec<String>,
    /// Operations on those resources.
    pub operations: Vec<Operation>,
}

/// What is done to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Operation {
    /// A new object.
    Create,
    /// A changed object.
    Update,
    /// A deleted object.
    Delete,
    /// A connection to an object, such as `kubectl exec`.
    Connect,
    /// In a rule: every operation.
    #[serde(rename = "*")]
    All,
}

/// What a policy's requests are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PolicyType {
    /// Kubernetes admission requests.
    #[default]
    Kubernetes,
    /// Any JSON.
    Raw,
}

/// A kind of object that a policy wants to read from the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContextAwareResource {
    /// Group and version, such as `apps/v1`.
    pub api_version: String,
    /// The kind, such as `Deployment`.
    pub kind: String,
}

impl Metadata {
    /// The names of the fields that Kubewarden knows, in the order in which they are written.
    pub const FIELDS: [&str; 10] = [
        "protocolVersion",
        "rules",
        "annotations",
        "mutating",
        "backgroundAudit",
        "executionMode",
        "policyType",
        "contextAwareResources",
        "hostCapabilities",
        "minimumKubewardenVersion",
    ];

    /// Reads the custom section.
    ///
    /// # Errors
    ///
    /// When the section is not JSON or a field has the wrong type.
    pub fn from_json(section: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(section)
    }

    /// An annotation's value.
    #[must_use]
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.get(key).map(String::as_str)
    }
}

fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

fn yes() -> bool {
    true
}

fn wapc() -> String {
    WAPC.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_kwctl_writes_is_read_and_written_back() {
        let text = concat!(
            r#"{"protocolVersion":"v1","rules":[{"apiGroups":[""],"apiVersions":["v1"],"resources":["pods"],"#,
            r#""operations":["CREATE","*"]}],"annotations":{"io.kubewarden.policy.title":"demo"},"mutating":false,"#,
            r#""backgroundAudit":true,"executionMode":"kubewarden-wapc","policyType":"kubernetes","#,
            r#""contextAwareResources":[]}"#
        );
        let metadata = Metadata::from_json(text.as_bytes()).unwrap();
        assert_eq!(metadata.annotation("io.kubewarden.policy.title"), Some("demo"));
        assert_eq!(serde_json::to_string(&metadata).unwrap(), text);
    }

    #[test]
    fn missing_null_and_unknown_fields_are_fine() {
        let metadata = Metadata::from_json(
            br#"{"rules":null,"mutating":true,"contextAware":false,"annotations":null,"policyType":"raw"}"#,
        )
        .unwrap();
        assert!(metadata.rules.is_empty() && metadata.background_audit);
        assert_eq!(metadata.policy_type, PolicyType::Raw);
        assert_eq!(metadata.execution_mode, "kubewarden-wapc");
    }

    #[test]
    fn every_field_is_named() {
        let mut metadata = Metadata::from_json(br#"{"rules":[],"mutating":false}"#).unwrap();
        metadata.protocol_version = Some("v1".to_owned());
        metadata.annotations.insert("a".to_owned(), "b".to_owned());
        metadata.host_capabilities = Some(Vec::new());
        metadata.minimum_kubewarden_version = Some("1.0.0".to_owned());
        let json = serde_json::to_string(&metadata).unwrap();
        let places: Vec<_> = Metadata::FIELDS.iter().map(|field| json.find(&format!("\"{field}\":"))).collect();
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{json}");
        let fields: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&json).unwrap();
        assert_eq!(fields.len(), Metadata::FIELDS.len());
    }

    #[test]
    fn unknown_operations_are_refused() {
        let text = br#"{"rules":[{"apiGroups":[""],"apiVersions":["v1"],"resources":["pods"],"operations":["READ"]}]}"#;
        assert!(Metadata::from_json(text).is_err());
    }
}
