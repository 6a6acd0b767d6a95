//! What Kubewarden or the API server would not take of a module's metadata.

use thiserror::Error;

use super::{Metadata, Operation, Rule};

/// The mode of waPC modules, the only one that Forewarn runs.
pub const WAPC: &str = "kubewarden-wapc";

/// The modes of Kubewarden's policies.
const MODES: [&str; 4] = [WAPC, "opa", "gatekeeper", "wasi"];

/// The only version of the protocol.
const PROTOCOL: &str = "v1";

/// Something wrong with the metadata, and where in it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{kind}")]
pub struct MetadataFlaw {
    /// A JSON Pointer into the metadata.
    pub pointer: String,
    /// What is wrong there.
    pub kind: MetadataFlawKind,
}

/// What can be wrong with metadata whose fields have the right types.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MetadataFlawKind {
    /// A list of a rule says nothing.
    #[error("`{field}` is empty, so the rule never applies and the API server refuses it")]
    EmptyList {
        /// The list's name.
        field: &'static str,
    },
    /// A value that has to say something does not.
    #[error("a value of `{field}` is empty")]
    EmptyValue {
        /// The field's name.
        field: &'static str,
    },
    /// `*` and other values in one list.
    #[error("`{wildcard}` in `{field}` already covers the other values, and the API server refuses them beside it")]
    NotAlone {
        /// The list's name.
        field: &'static str,
        /// The value that covers everything.
        wildcard: &'static str,
    },
    /// A resource that an earlier one covers.
    #[error("`{resource}` is already covered by `{wildcard}`, and the API server refuses it beside that")]
    Covered {
        /// The resource.
        resource: String,
        /// What covers it.
        wildcard: String,
    },
    /// A version that is none.
    #[error("`{value}` is no full version, and policy-server refuses to read metadata with it")]
    MinimumVersion {
        /// The value.
        value: String,
    },
    /// A mode that Kubewarden does not have.
    #[error("there is no execution mode `{value}`")]
    Mode {
        /// The value.
        value: String,
    },
    /// A waPC module of another protocol.
    #[error("the protocol version is {found}, and policy-server loads `v1` only")]
    Protocol {
        /// What is there.
        found: String,
    },
}

impl MetadataFlawKind {
    /// What to write instead.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::EmptyList { .. } => "name what is meant, or remove the rule".to_owned(),
            Self::EmptyValue { .. } => "remove it, or write what is meant".to_owned(),
            Self::NotAlone { wildcard, .. } => format!("write `{wildcard}` alone, or only the other values"),
            Self::Covered { resource, .. } => format!("remove `{resource}`"),
            Self::MinimumVersion { .. } => "write three numbers, such as `1.30.0`".to_owned(),
            Self::Mode { .. } => format!("write one of {}", MODES.join(", ")),
            Self::Protocol { .. } => "the module has to answer `protocol_version` with `\"v1\"`".to_owned(),
        }
    }
}

impl Metadata {
    /// Everything that Kubewarden or the API server would refuse, in the order of the fields.
    #[must_use]
    pub fn flaws(&self) -> Vec<MetadataFlaw> {
        let mut flaws = Vec::new();
        let mut add = |pointer: String, kind| flaws.push(MetadataFlaw { pointer, kind });
        for (index, rule) in self.rules.iter().enumerate() {
            check_rule(rule, &mut |pointer, kind| add(format!("/rules/{index}/{pointer}"), kind));
        }
        for (index, resource) in self.context_aware_resources.iter().enumerate() {
            for (field, value) in [("apiVersion", &resource.api_version), ("kind", &resource.kind)] {
                if value.is_empty() {
                    let pointer = format!("/contextAwareResources/{index}/{field}");
                    add(pointer, MetadataFlawKind::EmptyValue { field });
                }
            }
        }
        if let Some(version) = self.minimum_kubewarden_version.as_ref().filter(|version| !is_full_version(version)) {
            let kind = MetadataFlawKind::MinimumVersion { value: version.clone() };
            add("/minimumKubewardenVersion".to_owned(), kind);
        }
        if !MODES.contains(&self.execution_mode.as_str()) {
            add("/executionMode".to_owned(), MetadataFlawKind::Mode { value: self.execution_mode.clone() });
        }
        let protocol = self.protocol_version.as_deref();
        if self.execution_mode == WAPC && protocol != Some(PROTOCOL) {
            let found = protocol.map_or_else(|| "missing".to_owned(), |found| format!("`{found}`"));
            add("/protocolVersion".to_owned(), MetadataFlawKind::Protocol { found });
        }
        flaws
    }
}

/// Tells what is wrong with a rule, by a pointer that is relative to it.
fn check_rule(rule: &Rule, add: &mut impl FnMut(String, MetadataFlawKind)) {
    let groups: Vec<_> = rule.api_groups.iter().map(String::as_str).collect();
    check_list("apiGroups", &groups, "*", add);
    let versions: Vec<_> = rule.api_versions.iter().map(String::as_str).collect();
    check_list("apiVersions", &versions, "*", add);
    check_values("apiVersions", &versions, add);
    let resources: Vec<_> = rule.resources.iter().map(String::as_str).collect();
    check_list("resources", &resources, "*/*", add);
    check_values("resources", &resources, add);
    check_resources(&resources, add);
    let all = |operation: &Operation| if *operation == Operation::All { "*" } else { "" };
    let operations: Vec<_> = rule.operations.iter().map(all).collect();
    check_list("operations", &operations, "*", add);
}

fn check_list(
    field: &'static str,
    values: &[&str],
    wildcard: &'static str,
    add: &mut impl FnMut(String, MetadataFlawKind),
) {
    if values.is_empty() {
        add(field.to_owned(), MetadataFlawKind::EmptyList { field });
    }
    if let Some(index) = values.iter().position(|value| *value == wildcard).filter(|_| values.len() > 1) {
        add(format!("{field}/{index}"), MetadataFlawKind::NotAlone { field, wildcard });
    }
}

fn check_values(field: &'static str, values: &[&str], add: &mut impl FnMut(String, MetadataFlawKind)) {
    for (index, _) in values.iter().enumerate().filter(|(_, value)| value.is_empty()) {
        add(format!("{field}/{index}"), MetadataFlawKind::EmptyValue { field });
    }
}

/// As the API server checks webhook configurations: what a wildcard covers must not follow it.
fn check_resources(resources: &[&str], add: &mut impl FnMut(String, MetadataFlawKind)) {
    let everything = resources.contains(&"*");
    for (index, resource) in resources.iter().enumerate() {
        let earlier = resources.get(..index).unwrap_or_default();
        let covering = match resource.split_once('/') {
            _ if *resource == "*/*" => None,
            None if everything && *resource != "*" => Some("*".to_owned()),
            None => None,
            Some((name, subresource)) => [format!("{name}/*"), format!("*/{subresource}")]
                .into_iter()
                .find(|wildcard| earlier.contains(&wildcard.as_str())),
        };
        if let Some(wildcard) = covering {
            let kind = MetadataFlawKind::Covered { resource: (*resource).to_owned(), wildcard };
            add(format!("resources/{index}"), kind);
        }
    }
}

/// Three numbers, and what SemVer allows behind them.
fn is_full_version(text: &str) -> bool {
    let core = text.split(['-', '+']).next().unwrap_or_default();
    let number = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()) && (part == "0" || !part.starts_with('0'))
    };
    core.split('.').count() == 3 && core.split('.').all(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn flaws(change: impl FnOnce(&mut Value)) -> Vec<(String, String)> {
        let mut metadata = json!({"protocolVersion": "v1", "mutating": false, "rules": [
            {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods", "pods/log"], "operations": ["CREATE"]}]});
        change(&mut metadata);
        let metadata = Metadata::from_json(metadata.to_string().as_bytes()).unwrap();
        metadata.flaws().into_iter().map(|flaw| (flaw.pointer, flaw.kind.to_string())).collect()
    }

    fn of_resources(resources: &[&str]) -> Vec<String> {
        flaws(|metadata| metadata["rules"][0]["resources"] = json!(resources)).into_iter().map(|(at, _)| at).collect()
    }

    #[test]
    fn good_metadata_has_no_flaw() {
        assert_eq!(flaws(|_| ()), []);
        assert_eq!(flaws(|metadata| metadata["rules"] = json!([])), []);
        let other = |metadata: &mut Value| {
            metadata["executionMode"] = json!("opa");
            metadata["protocolVersion"] = json!("Unknown");
        };
        assert_eq!(flaws(other), []);
    }

    #[test]
    fn every_list_of_a_rule_says_something() {
        for field in ["apiGroups", "apiVersions", "resources", "operations"] {
            let found = flaws(|metadata| metadata["rules"][0][field] = json!([]));
            let [(pointer, message)] = found.as_slice() else { panic!("{found:?}") };
            assert_eq!(*pointer, format!("/rules/0/{field}"));
            assert!(message.contains("is empty"), "{message}");
        }
        assert_eq!(flaws(|metadata| metadata["rules"][0]["apiVersions"] = json!([""])).len(), 1);
        assert_eq!(of_resources(&["pods", ""]), ["/rules/0/resources/1"]);
    }

    #[test]
    fn a_wildcard_stands_alone() {
        for (field, values) in [
            ("apiGroups", json!(["apps", "*"])),
            ("apiVersions", json!(["v1", "*"])),
            ("operations", json!(["CREATE", "*"])),
        ] {
            let found = flaws(|metadata| metadata["rules"][0][field] = values);
            let [(pointer, _)] = found.as_slice() else { panic!("{found:?}") };
            assert_eq!(*pointer, format!("/rules/0/{field}/1"));
        }
    }

    #[test]
    fn resources_follow_the_rules_of_webhooks() {
        for good in [
            &["*"] as &[_],
            &["*/*"],
            &["*", "pods/log"],
            &["pods", "pods/*"],
            &["pods/log", "pods/*"],
            &["pods/*", "nodes/proxy"],
            &["*/scale", "pods/log"],
        ] {
            assert_eq!(of_resources(good), Vec::<String>::new(), "{good:?}");
        }
        for (bad, at) in [
            (&["*/*", "pods"] as &[_], "0"),
            (&["pods", "*"], "0"),
            (&["pods/*", "pods/log"], "1"),
            (&["*/scale", "deployments/scale"], "1"),
        ] {
            assert_eq!(of_resources(bad), [format!("/rules/0/resources/{at}")], "{bad:?}");
        }
    }

    #[test]
    fn versions_modes_and_kinds_are_those_that_kubewarden_takes() {
        for good in ["1.30.0", "0.0.1", "1.36.0-beta.1"] {
            assert_eq!(flaws(|metadata| metadata["minimumKubewardenVersion"] = json!(good)), [], "{good}");
        }
        for bad in ["1.30", "v1.30.0", "1.30.0.0", "", "1.030.0"] {
            assert_eq!(flaws(|metadata| metadata["minimumKubewardenVersion"] = json!(bad)).len(), 1, "{bad}");
        }
        assert_eq!(flaws(|metadata| metadata["executionMode"] = json!("rego")).len(), 1);
        assert_eq!(flaws(|metadata| metadata["protocolVersion"] = json!(null)).len(), 1);
        assert_eq!(flaws(|metadata| metadata["protocolVersion"] = json!("Unknown")).len(), 1);
        let kinds = json!([{"apiVersion": "", "kind": "Pod"}, {"apiVersion": "v1", "kind": ""}]);
        let found = flaws(|metadata| metadata["contextAwareResources"] = kinds);
        let places: Vec<_> = found.iter().map(|(at, _)| at.as_str()).collect();
        assert_eq!(places, ["/contextAwareResources/0/apiVersion", "/contextAwareResources/1/kind"]);
    }
}
