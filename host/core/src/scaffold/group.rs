//! AdmissionPolicyGroup: several policies in one namespace, whose answers an expression combines.

use serde_json::{Value, json};
use thiserror::Error;

use super::{Installation, Options, WEBHOOK_TIMEOUT};
use crate::metadata::Rule;
use crate::yaml_writer::YamlWriter;

/// Why a policy cannot be a member of a group in a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum GroupError {
    /// It is about other things than Kubernetes objects.
    #[error("it is about facts, not about Kubernetes objects")]
    Raw,
    /// It changes objects.
    #[error("with these settings it changes objects, which a group takes for a denial")]
    Mutates,
    /// It reads other objects.
    #[error("it reads other objects, which a policy of a namespace must not")]
    Reads,
    /// It asks about all kinds.
    #[error("its rules cover all resources, which a policy of a namespace must not")]
    Everything,
}

impl Installation<'_> {
    /// Whether the policy can be a member of a group in a namespace.
    ///
    /// # Errors
    ///
    /// [`GroupError`] says why not.
    pub fn fits_a_group(&self) -> Result<(), GroupError> {
        let all = |rule: &Rule| rule.resources.iter().any(|resource| resource == "*" || resource == "*/*");
        match self {
            raw if raw.is_raw() => Err(GroupError::Raw),
            mutating if mutating.mutates() => Err(GroupError::Mutates),
            reading if !reading.metadata.context_aware_resources.is_empty() => Err(GroupError::Reads),
            broad if broad.metadata.rules.iter().any(all) => Err(GroupError::Everything),
            _ => Ok(()),
        }
    }
}

/// One group of all policies that fit into one, in a namespace.
#[must_use]
pub fn admission_policy_group(policies: &[Installation<'_>], namespace: &str, options: &Options) -> String {
    let members: Vec<_> = policies.iter().filter(|policy| policy.fits_a_group().is_ok()).collect();
    let mut rules: Vec<&Rule> = Vec::new();
    for rule in members.iter().flat_map(|policy| &policy.metadata.rules) {
        if !rules.contains(&rule) {
            rules.push(rule);
        }
    }
    let calls: Vec<_> = members.iter().map(|policy| format!("{}()", member(policy.id))).collect();
    let mut yaml = YamlWriter::new();
    yaml.comment(
        "Made by `forewarn scaffold`, as an example of a group: one namespace, and one answer from several policies.\n\
         What will have to change: the namespace, and the expression. `a() && b()` accepts what both accept, `a() || b()` \
         what either accepts; a member's denial becomes a cause in the group's.",
    );
    yaml.entry("apiVersion", "policies.kubewarden.io/v1");
    yaml.entry("kind", "AdmissionPolicyGroup");
    yaml.section("metadata", |about| {
        about.entry("name", "forewarn");
        about.entry("namespace", namespace);
    });
    yaml.section("spec", |spec| {
        spec.entry("policyServer", options.policy_server.as_str());
        spec.entry("mode", options.mode.word());
        spec.comment("Everything that one of the members is about; a member accepts what it is not about.");
        spec.entry("rules", json!(rules));
        spec.entry("expression", calls.join(" && "));
        spec.entry("message", "the object has flaws that `forewarn check` explains");
        spec.section("policies", |group| {
            for policy in &members {
                group.comment(policy.description());
                group.section(&member(policy.id), |entry| {
                    entry.entry("module", policy.module.as_str());
                    entry.entry("settings", Value::Object(policy.settings.clone()));
                });
            }
        });
        spec.comment("What happens while policy-server cannot be reached.");
        spec.entry("failurePolicy", options.mode.failure_policy());
        spec.entry("timeoutSeconds", WEBHOOK_TIMEOUT);
        spec.entry("backgroundAudit", true);
    });
    yaml.finish()
}

/// A member's name, in which an expression would take a hyphen for a minus.
fn member(id: &str) -> String {
    id.replace('-', "_")
}
