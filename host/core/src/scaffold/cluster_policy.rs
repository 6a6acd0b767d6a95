//! ClusterAdmissionPolicy: a policy that applies in the whole cluster, by way of an admission webhook.

use serde_json::{Value, json};

use super::{EVALUATION_TIMEOUT, Installation, Mode, Options, WEBHOOK_TIMEOUT};
use crate::metadata::Metadata;
use crate::yaml_writer::YamlWriter;

/// One document for each policy that is not raw.
#[must_use]
pub fn cluster_admission_policies(policies: &[Installation<'_>], options: &Options) -> String {
    let mut yaml = YamlWriter::new();
    yaml.comment(&format!(
        "Made by `forewarn scaffold`. Apply it with `kubectl apply -f`, in a cluster with Kubewarden.\n{}\n\
         What may have to change: `policyServer`, `namespaceSelector` and `settings`.",
        match options.mode {
            Mode::Monitor =>
                "All policies only report: `mode: monitor`. Change it to `protect` when the reports are as they should \
                 be; Kubewarden does not let a policy go back.",
            Mode::Protect => "All policies refuse what they deny: `mode: protect`.",
        }
    ));
    for policy in policies.iter().filter(|policy| !policy.is_raw()) {
        yaml.next_document();
        document(&mut yaml, policy, options);
    }
    yaml.finish()
}

fn document(yaml: &mut YamlWriter, policy: &Installation<'_>, options: &Options) {
    let metadata = policy.metadata;
    yaml.comment(policy.description());
    yaml.entry("apiVersion", "policies.kubewarden.io/v1");
    yaml.entry("kind", "ClusterAdmissionPolicy");
    yaml.section("metadata", |about| {
        about.entry("name", policy.id);
        let report = report_annotations(metadata);
        if report.as_object().is_some_and(|annotations| !annotations.is_empty()) {
            about.entry("annotations", report);
        }
    });
    yaml.section("spec", |spec| {
        spec.entry("policyServer", options.policy_server.as_str());
        spec.entry("module", policy.module.as_str());
        spec.entry("mode", options.mode.word());
        if metadata.mutating && !policy.mutates() {
            spec.comment("With settings by which the policy repairs objects, `true`.");
        }
        spec.entry("mutating", policy.mutates());
        if asks_about_everything(metadata) {
            spec.comment("It is asked about every change of every kind. Narrow this down where that costs too much.");
        }
        spec.entry("rules", policy.rules());
        spec.entry("settings", Value::Object(policy.settings.clone()));
        if !metadata.context_aware_resources.is_empty() {
            spec.comment("What the policy may read; PolicyServer's service account needs the right to.");
            spec.entry("contextAwareResources", json!(metadata.context_aware_resources));
        }
        if let Some(selector) = options.namespaces.selector() {
            spec.entry("namespaceSelector", selector);
        }
        spec.comment("What happens while policy-server cannot be reached.");
        spec.entry("failurePolicy", options.mode.failure_policy());
        spec.entry("timeoutSeconds", WEBHOOK_TIMEOUT);
        spec.entry("timeoutEvalSeconds", EVALUATION_TIMEOUT);
        spec.entry("backgroundAudit", metadata.background_audit);
    });
}

/// What PolicyReports say of a policy.
fn report_annotations(metadata: &Metadata) -> Value {
    let keys = ["io.kubewarden.policy.category", "io.kubewarden.policy.severity"];
    let known = keys.into_iter().filter_map(|key| Some((key.to_owned(), json!(metadata.annotation(key)?))));
    Value::Object(known.collect())
}

fn asks_about_everything(metadata: &Metadata) -> bool {
    let all = |values: &[String]| values.iter().any(|value| value == "*" || value == "*/*");
    metadata.rules.iter().any(|rule| all(&rule.api_groups) && all(&rule.resources))
}
