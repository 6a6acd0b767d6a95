//! A policy that is ready to be asked: module, metadata, settings, and what it may ask itself.

use crate::cluster::{Cluster, View};
use crate::engine::{Engine, EngineError};
use crate::host_calls::{HostCalls, offline};
use crate::kubewarden::{Capability, gate};
use crate::metadata::{Metadata, Operation};
use crate::object::Identity;
use crate::reply::ReplyError;
use crate::resource::Resource;
use crate::rules;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::sync::Arc;
use thiserror::Error;

/// An annotation that names the setting in which a policy is told of further kinds that it covers.
///
/// The setting is a list of mappings with `group` and `kind`.
const KINDS_SETTING: &str = "dev.forewarn.kinds-setting";

/// A module with what is needed to ask it.
#[derive(Debug, Clone)]
pub struct Policy<M> {
    id: String,
    metadata: Metadata,
    settings: String,
    further_kinds: Vec<GroupKind>,
    module: M,
    host: Arc<dyn HostCalls>,
    /// The host functions that it may call; `None` for all.
    capabilities: Option<Vec<Capability>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct GroupKind {
    #[serde(default)]
    group: String,
    kind: String,
}

/// Why a policy gave no verdict.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PolicyError {
    /// The module did not reply.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The module replied nonsense.
    #[error(transparent)]
    Reply(#[from] ReplyError),
    /// A policy of a group gave no verdict, so that the group has none.
    #[error("its policy `{name}` gave none: {error}")]
    Member {
        /// The policy's name in the group.
        name: String,
        /// Why.
        error: Box<PolicyError>,
    },
    /// A match condition cannot be evaluated, so that it is not known whether the policy is to be asked.
    #[error("its condition `{name}` fails: {reason}")]
    Condition {
        /// The condition's name.
        name: String,
        /// Why.
        reason: String,
    },
}

/// Why a policy cannot be used with its settings.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SettingsError {
    /// The policy refuses the settings.
    #[error("{message}")]
    Refused {
        /// The policy's words.
        message: String,
    },
    /// The policy did not say.
    #[error(transparent)]
    Failed(#[from] PolicyError),
}

impl<M> Policy<M> {
    /// Puts a policy together. The settings are not checked, see [`Policy::check_settings`]; it sees no cluster, see
    /// [`Policy::see`].
    #[must_use]
    pub fn new(id: impl Into<String>, metadata: Metadata, settings: &Map<String, Value>, module: M) -> Self {
        let further_kinds = metadata
            .annotation(KINDS_SETTING)
            .and_then(|key| settings.get(key)?.as_array())
            .map(|kinds| kinds.iter().filter_map(|kind| GroupKind::deserialize(kind).ok()))
            .into_iter()
            .flatten()
            .collect();
        let settings = Value::Object(settings.clone()).to_string();
        Self { id: id.into(), metadata, settings, further_kinds, module, host: offline(), capabilities: None }
    }

    /// Shows the policy what its metadata declares of a cluster.
    pub fn see(&mut self, cluster: &Arc<Cluster>) {
        let view = View::new(Arc::clone(cluster), &self.metadata.context_aware_resources);
        self.host = gate(Arc::new(view), self.capabilities.as_deref());
    }

    /// Lets the policy call these host functions only, from the next [`Policy::see`] on.
    pub(crate) fn allow(&mut self, capabilities: &[Capability]) {
        self.capabilities = Some(capabilities.to_vec());
    }

    /// The policy's id, such as `privilege-escalation`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What the module says about itself.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The settings as a JSON object.
    #[must_use]
    pub fn settings(&self) -> &str {
        &self.settings
    }

    /// The module, for the engine.
    #[must_use]
    pub fn module(&self) -> &M {
        &self.module
    }

    /// Who answers what the module asks.
    #[must_use]
    pub fn host(&self) -> &Arc<dyn HostCalls> {
        &self.host
    }

    /// Whether the policy is to be asked about an operation on such an object; `resource` is the object's own.
    #[must_use]
    pub fn covers(&self, object: &Identity, resource: &Resource, operation: Operation) -> bool {
        rules::matches(&self.metadata.rules, resource, operation)
            || self.further_kinds.iter().any(|further| further.group == object.group() && further.kind == object.kind)
    }

    /// Asks the module whether it takes its settings.
    ///
    /// # Errors
    ///
    /// When it refuses them, or gives no answer.
    pub fn check_settings<E>(&self, engine: &E) -> Result<(), SettingsError>
    where
        E: Engine<Module = M>,
    {
        #[derive(Deserialize)]
        struct Response {
            valid: bool,
            #[serde(default)]
            message: Option<String>,
        }
        let reply = engine
            .call(&self.module, "validate_settings", self.settings.as_bytes(), &self.host)
            .map_err(PolicyError::from)?;
        let response: Response = serde_json::from_slice(&reply)
            .map_err(|error| PolicyError::from(ReplyError::Unreadable { reason: error.to_string() }))?;
        if response.valid {
            return Ok(());
        }
        Err(SettingsError::Refused {
            message: response.message.unwrap_or_else(|| "the settings are refused without a reason".to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn policy(settings: &Value) -> Policy<&'static str> {
        let metadata = json!({
            "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]}],
            "mutating": false,
            "annotations": {"dev.forewarn.kinds-setting": "kinds"},
        });
        let metadata = Metadata::from_json(metadata.to_string().as_bytes()).unwrap();
        Policy::new("p", metadata, settings.as_object().unwrap(), "module")
    }

    fn identity(api_version: &str, kind: &str) -> Identity {
        Identity { api_version: api_version.to_owned(), kind: kind.to_owned(), namespace: None, name: None }
    }

    #[test]
    fn rules_and_the_kinds_setting_decide_what_is_covered() {
        let covers = |policy: &Policy<_>, object: &Identity| {
            policy.covers(object, &Resource::of(object.group(), object.version(), &object.kind), Operation::Create)
        };
        let plain = policy(&json!({}));
        assert!(covers(&plain, &identity("v1", "Pod")));
        assert!(!covers(&plain, &identity("example.com/v1", "App")));
        let more = policy(&json!({"kinds": [{"group": "example.com", "kind": "App", "path": "/spec"}, 3]}));
        assert!(covers(&more, &identity("example.com/v2", "App")));
        assert!(!covers(&more, &identity("example.org/v2", "App")));
    }

    struct Answer(&'static str);

    impl Engine for Answer {
        type Module = &'static str;

        fn call(
            &self,
            _: &&'static str,
            operation: &str,
            payload: &[u8],
            _: &Arc<dyn HostCalls>,
        ) -> Result<Vec<u8>, EngineError> {
            assert_eq!((operation, payload), ("validate_settings", b"{}".as_slice()));
            Ok(self.0.into())
        }
    }

    #[test]
    fn the_policy_judges_its_settings() {
        let check = |reply| policy(&json!({})).check_settings(&Answer(reply));
        assert_eq!(check(r#"{"valid":true}"#), Ok(()));
        assert_eq!(
            check(r#"{"valid":false,"message":"unknown key `x`"}"#),
            Err(SettingsError::Refused { message: "unknown key `x`".to_owned() })
        );
        assert!(matches!(check(r#"{"valid":false}"#), Err(SettingsError::Refused { .. })));
        assert!(matches!(check("{}"), Err(SettingsError::Failed(PolicyError::Reply(_)))));
    }
}
