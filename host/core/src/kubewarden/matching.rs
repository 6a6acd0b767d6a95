//! Which requests a policy is asked about: what a webhook configuration says, as the API server reads it.

use super::condition::{Condition, Outcome};
use super::definition::FailurePolicy;
use super::{Namespaces, Selector, Situation};
use crate::metadata::{Operation, Rule};
use crate::policy::PolicyError;
use crate::resource::Resource;
use crate::rules;

/// The namespace that Kubewarden is installed in unless somebody wants another one.
const CONTROLLER_NAMESPACE: &str = "kubewarden";

/// Resources that are the same under several groups. Within a group, all versions of a resource are the same.
const EQUIVALENT: [(&[&str], &[&str]); 4] = [
    (&["apps", "extensions"], &["daemonsets", "deployments", "replicasets"]),
    (&["networking.k8s.io", "extensions"], &["ingresses", "networkpolicies"]),
    (&["policy", "extensions"], &["podsecuritypolicies"]),
    (&["", "events.k8s.io"], &["events"]),
];

/// Everything that decides whether a policy is asked.
#[derive(Debug)]
pub struct Matching {
    /// The requests; `None` leaves it to the rules in the modules' own metadata.
    pub rules: Option<Vec<ScopedRule>>,
    /// Whether other versions of a resource count as the same.
    pub match_policy: MatchPolicy,
    /// The only namespace that the policy is about.
    pub namespace: Option<String>,
    /// Whether the namespace of Kubewarden's controller is left alone.
    pub spares_controller: bool,
    /// Which namespaces by their labels.
    pub namespace_selector: Selector,
    /// Which objects by their labels.
    pub object_selector: Selector,
    /// Further conditions; all must hold.
    pub conditions: Vec<Condition>,
    /// What follows when one of them cannot be evaluated.
    pub failure_policy: FailurePolicy,
}

/// A rule with a scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopedRule {
    /// Groups, versions, resources and operations.
    pub rule: Rule,
    /// Which of the resources.
    pub scope: Scope,
}

/// Which objects a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    All,
    /// Those in namespaces.
    Namespaced,
    /// Those of the whole cluster, namespaces among them.
    Cluster,
}

/// Whether a request for another version of a resource is a request for the resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatchPolicy {
    /// It is, as the API server converts the object.
    Equivalent,
    /// It is not.
    Exact,
}

/// Something that a reader should know about how an object was matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Remark {
    /// What happened.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) help: String,
}

impl Remark {
    pub(super) fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into() }
    }
}

impl Default for Matching {
    /// Whatever the modules' own rules say.
    fn default() -> Self {
        Self {
            rules: None,
            match_policy: MatchPolicy::Equivalent,
            namespace: None,
            spares_controller: false,
            namespace_selector: Selector::default(),
            object_selector: Selector::default(),
            conditions: Vec::new(),
            failure_policy: FailurePolicy::Fail,
        }
    }
}

impl Matching {
    /// Whether the policy `id` is asked about a request; `own_rules` tells what its modules would say.
    ///
    /// # Errors
    /// A condition that fails where the failure counts.
    pub(super) fn matches(
        &self,
        id: &str,
        situation: &Situation<'_>,
        namespaces: &Namespaces,
        own_rules: impl Fn() -> bool,
        remarks: &mut Vec<Remark>,
    ) -> Result<bool, PolicyError> {
        if is_exempt(situation) {
            return Ok(false);
        }
        let mut found = Vec::new();
        let asked = match &self.rules {
            None => own_rules(),
            Some(rules) => self.covered(id, rules, situation, &mut found),
        };
        if !asked || !self.in_namespace(situation) || !self.selects(situation) {
            return Ok(false);
        }
        if self.spares_controller && is_controllers(situation) {
            let message = format!(
                "policies of the whole cluster are not asked about what is in namespace `{CONTROLLER_NAMESPACE}`, which \
                 Kubewarden's controller leaves alone"
            );
            let help = "set `allowInsideAdmissionControllerNamespace: true` in those that should be";
            remarks.push(Remark::new(message, help));
            return Ok(false);
        }
        if !namespaces.select(&self.namespace_selector, situation, &mut found) {
            remarks.append(&mut found);
            return Ok(false);
        }
        let asked = self.conditions_hold(id, situation, &mut found)?;
        remarks.append(&mut found);
        Ok(asked)
    }

    fn covered(&self, id: &str, rules: &[ScopedRule], situation: &Situation<'_>, remarks: &mut Vec<Remark>) -> bool {
        let (resource, operation) = (situation.resource(), situation.operation());
        let mut in_scope = rules.iter().filter(|rule| rule.scope.covers(situation)).map(|rule| &rule.rule);
        if in_scope.clone().any(|rule| rules::matches(std::slice::from_ref(rule), resource, operation)) {
            return true;
        }
        if self.match_policy == MatchPolicy::Exact {
            return false;
        }
        let Some(rule) = in_scope.find(|rule| covers_equivalent(rule, resource, operation)) else { return false };
        let own = &situation.identity().api_version;
        let (groups, versions) = (listed(&rule.api_groups), listed(&rule.api_versions));
        let message = format!(
            "`{id}` asks for API groups {groups} in versions {versions}: the API server would convert this object \
             before it asks, and here it is asked about as `{own}`"
        );
        remarks.push(Remark::new(message, "write the object in a version that the policy asks for"));
        true
    }

    fn in_namespace(&self, situation: &Situation<'_>) -> bool {
        let Some(own) = &self.namespace else { return true };
        situation.is_namespaced() && situation.namespace() == Some(own)
    }

    /// Source: `k8s.io/apiserver/pkg/admission/plugin/webhook/predicates/object`.
    fn selects(&self, situation: &Situation<'_>) -> bool {
        let selector = &self.object_selector;
        selector.is_empty()
            || selector.matches(|key| situation.label(key))
            || situation.has_old_object() && selector.matches(|key| situation.old_label(key))
    }

    /// Source: the documentation of `matchConditions`: one that is false decides, whatever else fails.
    fn conditions_hold(
        &self,
        id: &str,
        situation: &Situation<'_>,
        remarks: &mut Vec<Remark>,
    ) -> Result<bool, PolicyError> {
        if self.conditions.is_empty() {
            return Ok(true);
        }
        let variables = situation.variables();
        let mut failed = None;
        for condition in &self.conditions {
            match condition.evaluate(variables) {
                Outcome::Met => {}
                Outcome::NotMet => return Ok(false),
                Outcome::Failed(reason) => failed = failed.or(Some((condition, reason))),
            }
        }
        let Some((condition, reason)) = failed else { return Ok(true) };
        let name = &condition.name;
        match self.failure_policy {
            FailurePolicy::Fail => Err(PolicyError::Condition { name: name.clone(), reason }),
            FailurePolicy::Ignore => {
                let message = format!(
                    "`{id}` is not asked, because its condition `{name}` fails ({reason}) and its `failurePolicy` is \
                     `Ignore`"
                );
                remarks
                    .push(Remark::new(message, "write the condition so that it holds for objects without the field"));
                Ok(false)
            }
        }
    }
}

impl Scope {
    /// Source: `k8s.io/apiserver/pkg/admission/plugin/webhook/predicates/rules`.
    fn covers(self, situation: &Situation<'_>) -> bool {
        let namespaced = situation.is_namespaced();
        match self {
            Self::All => true,
            Self::Namespaced => namespaced,
            Self::Cluster => !namespaced,
        }
    }
}

/// Objects that no webhook is asked about, so that nobody locks themselves out.
fn is_exempt(situation: &Situation<'_>) -> bool {
    let identity = situation.identity();
    identity.group() == "admissionregistration.k8s.io"
        && [
            "MutatingAdmissionPolicy",
            "MutatingAdmissionPolicyBinding",
            "MutatingWebhookConfiguration",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "ValidatingWebhookConfiguration",
        ]
        .contains(&identity.kind.as_str())
}

fn is_controllers(situation: &Situation<'_>) -> bool {
    situation.namespace() == Some(CONTROLLER_NAMESPACE)
}

/// Names in quotes; the core group has none.
fn listed(names: &[String]) -> String {
    let names: Vec<_> =
        names.iter().map(|name| if name.is_empty() { "`\"\"`".to_owned() } else { format!("`{name}`") }).collect();
    names.join(", ")
}

fn covers_equivalent(rule: &Rule, resource: &Resource<'_>, operation: Operation) -> bool {
    let any_version = Rule { api_versions: vec!["*".to_owned()], ..rule.clone() };
    let is_same = |groups: &[&str], plurals: &[&str]| {
        groups.contains(&resource.group) && plurals.contains(&resource.plural.as_ref())
    };
    let others = EQUIVALENT.iter().filter(|(groups, plurals)| is_same(groups, plurals)).flat_map(|(groups, _)| *groups);
    std::iter::once(&resource.group).chain(others).any(|group| {
        let resource = Resource { group, ..resource.clone() };
        rules::matches(std::slice::from_ref(&any_version), &resource, operation)
    })
}
