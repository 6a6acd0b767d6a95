//! The `policies.yml` of a policy-server.

use super::definition::{Body, Definition, Group, Member};
use super::field::{Field, Text};
use super::mistake::{Mistake, MistakeKind};
use super::resource::{self, group_members, mode, parse_expression};
use super::{Capability, Definitions, Matching};
use crate::review::Notice;
use serde_json::Value;

/// The fields of a policy.
const SINGLE: [&str; 9] = [
    "module",
    "policyMode",
    "allowedToMutate",
    "settings",
    "contextAwareResources",
    "message",
    "timeoutEvalSeconds",
    "hostCapabilities",
    // Written by Kubewarden's controller.
    "namespacedName",
];

/// The fields of a group.
const GROUP: [&str; 5] = ["policies", "expression", "message", "policyMode", "namespacedName"];

/// The fields of a policy in a group.
const MEMBER: [&str; 5] = ["module", "settings", "contextAwareResources", "timeoutEvalSeconds", "hostCapabilities"];

/// Reads a document if it has the shape: a map without `apiVersion` and `kind` in which something has a `module`, or
/// `policies` and an `expression`.
pub(super) fn read(text: &Text<'_>, found: &mut Definitions) {
    let Some(json) = text.json() else { return };
    let has = |value: &Value, keys: &[&str]| keys.iter().all(|key| value.get(key).is_some());
    let is_policy = |value: &Value| has(value, &["module"]) || has(value, &["policies", "expression"]);
    let is_one = json.as_object().is_some_and(|entries| entries.values().any(is_policy));
    if !is_one || has(&json, &["apiVersion", "kind"]) {
        return;
    }
    for (id, entry) in text.root(&json).entries().unwrap_or_default() {
        match definition(id, &entry, &mut found.notices) {
            Ok(definition) => found.definitions.push(definition),
            Err(mistake) => found.mistakes.push(mistake),
        }
    }
}

fn definition(id: &str, entry: &Field<'_>, notices: &mut Vec<Notice>) -> Result<Definition, Mistake> {
    if id.contains('/') {
        let kind = MistakeKind::Value { field: "id".to_owned(), value: id.to_owned(), allowed: "a name without `/`" };
        return Err(entry.mistake(kind));
    }
    entry.entries()?;
    let mode = mode(entry.get("policyMode"))?;
    let message = entry.get("message").map(|message| message.string()).transpose()?.map(str::to_owned);
    let (body, message) = if entry.get("module").is_some() {
        entry.only(&SINGLE, notices);
        let mutating = entry.get("allowedToMutate").map(|field| field.boolean()).transpose()?.unwrap_or(false);
        (Body::Single(member(entry, mutating)?), message)
    } else {
        entry.only(&GROUP, notices);
        let members = group_members(entry, notices, |entry, notices| {
            entry.only(&MEMBER, notices);
            member(entry, false)
        })?;
        let expression = parse_expression(entry, &members, notices)?;
        let message = entry.required("message")?.string()?.to_owned();
        (Body::Group(Group { expression, message, members }), None)
    };
    let (key, place) = (format!("policies.yml {id}"), entry.place());
    Ok(Definition { id: id.to_owned(), key, place, matching: Matching::default(), mode, message, body })
}

fn member(entry: &Field<'_>, mutating: bool) -> Result<Member, Mistake> {
    let member = resource::member(entry, mutating, true)?;
    let capabilities = entry.get("hostCapabilities").map(|list| list.items()).transpose()?.unwrap_or_default();
    let capabilities = capabilities.iter().map(|pattern| {
        let text = pattern.string()?;
        let allowed = "`*`, `<namespace>/*`, `<namespace>/v1/*`, or a host function such as `kubernetes/get_resource`";
        Capability::parse(text).ok_or_else(|| {
            let kind = MistakeKind::Value { field: pattern.path(), value: text.to_owned(), allowed };
            pattern.mistake(kind)
        })
    });
    // A policy-server refuses what is not listed.
    Ok(Member { capabilities: Some(capabilities.collect::<Result<_, _>>()?), ..member })
}
