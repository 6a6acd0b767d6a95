//! From a policy's `Cargo.toml` and README to the metadata that Kubewarden reads.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context as _, Result, ensure};
use forewarn_core::metadata::{ContextAwareResource, Metadata, Operation, PolicyType, Rule};
use forewarn_kit::workload::KINDS;
use serde::Deserialize;

use crate::workspace::Package;

/// Who made the policies.
pub(crate) const AUTHOR: &str = "Forewarn developers <hello@forewarn.dev>";
const PAGES: &str = "https://forewarn.dev/policies";
const REGISTRY: &str = "ghcr.io/forewarn/policies";

/// Reads the package's `[package.metadata.kubewarden]`, its README and its ordinary fields.
pub(crate) fn of(package: &Package) -> Result<Metadata> {
    let name = &package.name;
    let table = package
        .metadata
        .get("kubewarden")
        .with_context(|| format!("policies/{name}/Cargo.toml has no `[package.metadata.kubewarden]`"))?;
    let manifest = Manifest::deserialize(table)
        .with_context(|| format!("bad `[package.metadata.kubewarden]` in policies/{name}/Cargo.toml"))?;
    // A policy can be tried before it has a page; a test wants the page.
    let usage = fs::read_to_string(package.readme()).unwrap_or_default();
    let field = |value: &Option<String>, key: &str| {
        value.clone().with_context(|| format!("policies/{name}/Cargo.toml has no `{key}`"))
    };
    let mut annotations = BTreeMap::from([
        ("io.kubewarden.policy.title", name.clone()),
        ("io.kubewarden.policy.version", package.version.clone()),
        ("io.kubewarden.policy.description", field(&package.description, "description")?),
        ("io.kubewarden.policy.author", AUTHOR.to_owned()),
        ("io.kubewarden.policy.url", format!("{PAGES}/{name}")),
        ("io.kubewarden.policy.ociUrl", format!("{REGISTRY}/{name}")),
        ("io.kubewarden.policy.source", field(&package.repository, "repository")?),
        ("io.kubewarden.policy.license", field(&package.license, "license")?),
        ("io.kubewarden.policy.usage", usage),
        ("io.kubewarden.policy.severity", manifest.severity.as_str().to_owned()),
        ("io.kubewarden.policy.category", manifest.category.clone()),
        ("io.artifacthub.displayName", manifest.title.clone()),
        ("io.artifacthub.resources", manifest.shown_resources()),
        ("io.artifacthub.keywords", manifest.keywords.join(", ")),
        ("dev.forewarn.chapter", manifest.chapter.clone()),
    ]);
    if let Some(setting) = manifest.kinds_setting() {
        annotations.insert("dev.forewarn.kinds-setting", setting.to_owned());
    }
    if manifest.mutating {
        // The kit's setting, without which a policy only refuses; a contract test wants it.
        annotations.insert("dev.forewarn.mutate-setting", "mutate".to_owned());
    }
    let raw = manifest.policy_type == PolicyType::Raw;
    if let Some(input) = &manifest.input {
        ensure!(raw, "policies/{name}/Cargo.toml names an `input`, which only a raw policy has");
        annotations.insert("dev.forewarn.input", input.clone());
    }
    Ok(Metadata {
        protocol_version: Some("v1".to_owned()),
        rules: manifest.rules(),
        annotations: annotations.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
        mutating: manifest.mutating,
        // The audit scanner looks at what is stored in the cluster.
        background_audit: !raw,
        execution_mode: "kubewarden-wapc".to_owned(),
        policy_type: manifest.policy_type,
        context_aware_resources: manifest.context_aware_resources,
        host_capabilities: None,
        minimum_kubewarden_version: manifest.minimum_kubewarden_version,
    })
}

/// The table that a policy's `Cargo.toml` holds.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Manifest {
    title: String,
    chapter: String,
    severity: Severity,
    category: String,
    mutating: bool,
    resources: Resources,
    /// What is done to the named resources; a rule about changes alone asks for `["UPDATE"]`.
    #[serde(default = "create_and_update")]
    operations: Vec<Operation>,
    #[serde(default)]
    extra_rules: Vec<Rule>,
    kinds_setting: Option<String>,
    keywords: Vec<String>,
    #[serde(default)]
    policy_type: PolicyType,
    /// What a raw policy is asked about: the name by which a command of the host finds it.
    input: Option<String>,
    #[serde(default)]
    context_aware_resources: Vec<ContextAwareResource>,
    minimum_kubewarden_version: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Severity {
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// Either a name for many rules, or the rules.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Resources {
    Named(Set),
    Listed(Vec<Rule>),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Set {
    /// Every kind that the kit finds a pod spec in.
    Workloads,
}

impl Manifest {
    fn rules(&self) -> Vec<Rule> {
        let mut rules = match &self.resources {
            Resources::Named(Set::Workloads) => workload_rules(&self.operations),
            Resources::Listed(rules) => rules.clone(),
        };
        rules.extend_from_slice(&self.extra_rules);
        rules
    }

    /// The setting that names further kinds; the kit gives one to every workload policy.
    fn kinds_setting(&self) -> Option<&str> {
        let of_kit = matches!(self.resources, Resources::Named(Set::Workloads)).then_some("kinds");
        self.kinds_setting.as_deref().or(of_kit)
    }

    /// The list for Artifact Hub's page, without repetitions.
    fn shown_resources(&self) -> String {
        let plurals = |rules: &[Rule]| rules.iter().flat_map(|rule| rule.resources.clone()).collect::<Vec<_>>();
        let mut names = match &self.resources {
            Resources::Named(Set::Workloads) => KINDS.iter().map(|kind| kind.kind.to_owned()).collect(),
            Resources::Listed(rules) => plurals(rules),
        };
        names.extend(plurals(&self.extra_rules));
        let mut seen = Vec::new();
        names.retain(|name| {
            let new = !seen.contains(name);
            seen.push(name.clone());
            new
        });
        names.join(", ")
    }
}

fn create_and_update() -> Vec<Operation> {
    vec![Operation::Create, Operation::Update]
}

/// One rule for each API group of the kit's workload kinds.
fn workload_rules(operations: &[Operation]) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    for kind in KINDS {
        let plural = kind.plural.to_owned();
        match rules.iter_mut().find(|rule| rule.api_groups.iter().any(|group| group == kind.group)) {
            Some(rule) => rule.resources.push(plural),
            None => rules.push(Rule {
                api_groups: vec![kind.group.to_owned()],
                api_versions: vec!["*".to_owned()],
                resources: vec![plural],
                operations: operations.to_vec(),
            }),
        }
        // Ephemeral containers arrive by a subresource of their pod.
        if (kind.group, kind.plural) == ("", "pods")
            && let Some(core) = rules.last_mut()
        {
            core.resources.push("pods/ephemeralcontainers".to_owned());
        }
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(change: impl FnOnce(&mut serde_json::Value)) -> Result<Manifest, String> {
        let mut table = json!({
            "title": "T", "chapter": "c", "severity": "high", "category": "C", "mutating": false,
            "resources": "workloads", "keywords": []
        });
        change(&mut table);
        Manifest::deserialize(&table).map_err(|error| error.to_string())
    }

    #[test]
    fn workload_rules_have_one_entry_per_group() {
        let rules = workload_rules(&create_and_update());
        let groups: Vec<_> = rules.iter().map(|rule| rule.api_groups.join("")).collect();
        assert_eq!(groups, ["", "apps", "batch", "argoproj.io", "serving.knative.dev", "apps.kruise.io"]);
        let [core, ..] = rules.as_slice() else { panic!("no rules") };
        assert_eq!(core.resources, ["pods", "pods/ephemeralcontainers", "podtemplates", "replicationcontrollers"]);
        let resources: usize = rules.iter().map(|rule| rule.resources.len()).sum();
        assert_eq!(resources, KINDS.len() + 1);
    }

    #[test]
    fn extra_rules_follow() {
        let rule = json!({"apiGroups": [""], "apiVersions": ["v1"], "resources": ["serviceaccounts"], "operations": ["CREATE"]});
        let manifest = read(|table| table["extraRules"] = json!([rule])).unwrap();
        assert_eq!(manifest.rules().len(), workload_rules(&create_and_update()).len() + 1);
        assert!(manifest.shown_resources().starts_with("Pod, PodTemplate, "));
        assert!(manifest.shown_resources().ends_with(", serviceaccounts"));
        let listed = read(|table| table["resources"] = json!([rule, rule])).unwrap();
        assert_eq!(listed.shown_resources(), "serviceaccounts");
        assert_eq!(listed.rules().len(), 2);
        let changes = read(|table| table["operations"] = json!(["UPDATE"])).unwrap();
        assert!(changes.rules().iter().all(|rule| rule.operations == [Operation::Update]));
    }

    #[test]
    fn further_kinds_come_by_a_setting() {
        let setting = |change: fn(&mut serde_json::Value)| read(change).unwrap().kinds_setting().map(str::to_owned);
        assert_eq!(setting(|_| ()).as_deref(), Some("kinds"));
        assert_eq!(setting(|table| table["resources"] = json!([])), None);
        let named = |table: &mut serde_json::Value| {
            table["resources"] = json!([]);
            table["kindsSetting"] = json!("fields");
        };
        assert_eq!(setting(named).as_deref(), Some("fields"));
    }

    #[test]
    fn unknown_keys_and_words_are_refused() {
        let error = read(|table| table["serverity"] = json!("low")).unwrap_err();
        assert!(error.contains("serverity"), "{error}");
        assert!(read(|table| table["severity"] = json!("severe")).is_err());
        assert!(read(|table| table["resources"] = json!("everything")).is_err());
    }
}
