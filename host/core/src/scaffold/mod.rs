//! Configuration for a cluster, ready to be read, changed and applied.

mod cluster_policy;
mod group;
mod server;

pub use cluster_policy::cluster_admission_policies;
pub use group::{GroupError, admission_policy_group};
pub use server::policies_yml;

use serde_json::{Map, Value, json};

use crate::metadata::{Metadata, PolicyType};

/// An annotation that names the setting without which a mutating policy only refuses.
const MUTATE_SETTING: &str = "dev.forewarn.mutate-setting";

/// The label that every namespace has by its name, set by the API server.
const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

/// How long the API server waits for an answer, in seconds.
const WEBHOOK_TIMEOUT: u8 = 10;

/// How long policy-server lets a policy think, in seconds: the least that Kubewarden takes.
const EVALUATION_TIMEOUT: u8 = 2;

/// One policy as it is to be installed.
#[derive(Debug, Clone)]
pub struct Installation<'a> {
    /// The policy's id.
    pub id: &'a str,
    /// What its module says about itself.
    pub metadata: &'a Metadata,
    /// Where the cluster gets the module, such as `registry://host/path@sha256:…`.
    pub module: String,
    /// Its settings.
    pub settings: Map<String, Value>,
}

/// What all policies have in common.
#[derive(Debug, Clone)]
pub struct Options {
    /// What becomes of what they deny.
    pub mode: Mode,
    /// The PolicyServer that runs them.
    pub policy_server: String,
    /// Where they apply.
    pub namespaces: Namespaces,
}

/// What becomes of a denied request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It is let through, and reported.
    Monitor,
    /// It is refused.
    Protect,
}

/// The namespaces in which policies apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Namespaces {
    /// In these alone.
    Only(Vec<String>),
    /// In all but these.
    Except(Vec<String>),
}

impl Installation<'_> {
    /// Whether the policy is about anything else than Kubernetes objects, so that no webhook can ask it.
    #[must_use]
    pub fn is_raw(&self) -> bool {
        self.metadata.policy_type == PolicyType::Raw
    }

    /// Whether the policy changes objects with these settings. One that does not is better asked after all that do.
    fn mutates(&self) -> bool {
        let setting = self.metadata.annotation(MUTATE_SETTING);
        self.metadata.mutating
            && setting.is_none_or(|setting| self.settings.get(setting).and_then(Value::as_bool) == Some(true))
    }

    fn description(&self) -> &str {
        self.metadata.annotation("io.kubewarden.policy.description").unwrap_or(self.id)
    }

    fn rules(&self) -> Value {
        json!(self.metadata.rules)
    }
}

impl Mode {
    /// The mode as Kubewarden writes it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Monitor => "monitor",
            Self::Protect => "protect",
        }
    }

    /// What the API server does when policy-server cannot be reached: only a policy that may refuse may also block.
    fn failure_policy(self) -> &'static str {
        match self {
            Self::Monitor => "Ignore",
            Self::Protect => "Fail",
        }
    }
}

impl Namespaces {
    /// As a label selector; nothing where all namespaces are meant.
    ///
    /// Kubewarden takes over `matchExpressions` only, and drops `matchLabels`.
    fn selector(&self) -> Option<Value> {
        let (operator, names) = match self {
            Self::Only(names) => ("In", names),
            Self::Except(names) => ("NotIn", names),
        };
        let expression = || json!([{ "key": NAMESPACE_NAME, "operator": operator, "values": names }]);
        (!names.is_empty()).then(|| json!({ "matchExpressions": expression() }))
    }
}

#[cfg(test)]
mod tests;
