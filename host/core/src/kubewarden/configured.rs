//! A policy as it is configured, with its modules.

use super::answer;
use super::definition::{Body, Definition, Group, Member};
use super::matching::Remark;
use super::{Namespaces, Situation};
use crate::engine::Engine;
use crate::finding::Finding;
use crate::metadata::Metadata;
use crate::policy::{Policy, PolicyError};
use crate::reply::{self, Verdict};
use std::collections::BTreeMap;

/// A definition whose modules are at hand.
#[derive(Debug)]
pub struct Configured<M> {
    definition: Definition,
    /// One per member, in their order.
    policies: Vec<Policy<M>>,
}

impl Member {
    /// The member's module as a policy, seeing what the configuration lets it see, whatever the module's metadata asks for.
    pub fn policy<M>(&self, id: &str, metadata: Metadata, module: M) -> Policy<M> {
        let context_aware_resources = self.context_aware_resources.clone();
        let metadata = Metadata { context_aware_resources, ..metadata };
        let mut policy = Policy::new(id, metadata, &self.settings, module);
        if let Some(capabilities) = &self.capabilities {
            policy.allow(capabilities);
        }
        policy
    }
}

impl<M> Configured<M> {
    /// Puts a definition and its modules together, one for each of [`Definition::members`] and in their order.
    #[must_use]
    pub fn new(definition: Definition, policies: Vec<Policy<M>>) -> Self {
        Self { definition, policies }
    }

    /// What it is called in reports.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.definition.id
    }

    /// What its module says about itself; nothing for a group, which has several.
    #[must_use]
    pub fn metadata(&self) -> Option<&Metadata> {
        match self.policies.as_slice() {
            [policy] if matches!(self.definition.body, Body::Single(_)) => Some(policy.metadata()),
            _ => None,
        }
    }

    /// The modules.
    pub fn policies_mut(&mut self) -> &mut [Policy<M>] {
        &mut self.policies
    }

    /// What the policy says about a request. `None` when it is not asked.
    pub(crate) fn ask<E: Engine<Module = M>>(
        &self,
        engine: &E,
        situation: &Situation<'_>,
        namespaces: &Namespaces,
        remarks: &mut Vec<Remark>,
    ) -> Option<Result<Vec<Finding>, PolicyError>> {
        let own_rules = || self.policies.iter().any(|policy| by_own_rules(policy, situation));
        match self.definition.matching.matches(self.id(), situation, namespaces, own_rules, remarks) {
            Ok(true) => {}
            Ok(false) => return None,
            Err(error) => return Some(Err(error)),
        }
        Some(match &self.definition.body {
            Body::Single(member) => self.single(engine, member, situation),
            Body::Group(group) => self.group(engine, group, situation),
        })
    }

    fn single<E: Engine<Module = M>>(
        &self,
        engine: &E,
        member: &Member,
        situation: &Situation<'_>,
    ) -> Result<Vec<Finding>, PolicyError> {
        // One module for the one member: without it there is nobody to ask.
        let Some(policy) = self.policies.first() else { return Ok(Vec::new()) };
        let verdict = verdict(engine, policy, situation)?;
        Ok(answer::of_policy(&self.definition, member.mutating, verdict))
    }

    fn group<E: Engine<Module = M>>(
        &self,
        engine: &E,
        group: &Group,
        situation: &Situation<'_>,
    ) -> Result<Vec<Finding>, PolicyError> {
        // A member's answer does not change, so it is asked once.
        let mut answers: BTreeMap<String, Verdict> = BTreeMap::new();
        let accepted = group.expression.evaluate(&mut |name: &str| -> Result<bool, PolicyError> {
            if let Some(known) = answers.get(name) {
                return Ok(answer::accepts(known));
            }
            let index = group.members.iter().position(|(member, _)| member == name);
            let Some(policy) = index.and_then(|index| self.policies.get(index)) else { return Ok(false) };
            let verdict = verdict(engine, policy, situation)
                .map_err(|error| PolicyError::Member { name: name.to_owned(), error: Box::new(error) })?;
            let accepted = answer::accepts(&verdict);
            answers.insert(name.to_owned(), verdict);
            Ok(accepted)
        })?;
        Ok(if accepted { Vec::new() } else { answer::of_group(&self.definition, &group.message, &answers) })
    }
}

fn verdict<E: Engine>(
    engine: &E,
    policy: &Policy<E::Module>,
    situation: &Situation<'_>,
) -> Result<Verdict, PolicyError> {
    let request = situation.request();
    let payload = request.payload(policy.settings());
    let reply = engine.call(policy.module(), "validate", &payload, policy.host())?;
    Ok(reply::verdict(policy.id(), &reply, request.object_json())?)
}

/// Whether a module asks for a request by itself. One that says nothing takes all.
fn by_own_rules<M>(policy: &Policy<M>, situation: &Situation<'_>) -> bool {
    policy.metadata().rules.is_empty()
        || policy.covers(situation.identity(), situation.resource(), situation.operation())
}
