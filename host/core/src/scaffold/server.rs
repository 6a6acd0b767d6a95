//! `policies.yml` for a policy-server that runs without Kubewarden's controller.

use serde_json::{Value, json};

use super::{EVALUATION_TIMEOUT, Installation, Options};
use crate::yaml_writer::YamlWriter;

/// One entry for each policy, raw ones too: policy-server has an address for them.
#[must_use]
pub fn policies_yml(policies: &[Installation<'_>], options: &Options) -> String {
    let mut yaml = YamlWriter::new();
    yaml.comment(
        "Made by `forewarn scaffold`, for `policy-server --policies FILE`. It answers at `/validate/<name>`, or at \
         `/validate_raw/<name>` about what is no Kubernetes object.\n\
         Rules and namespaces are not told here: whoever calls policy-server decides what it is asked about.",
    );
    for policy in policies {
        yaml.comment(policy.description());
        yaml.section(policy.id, |entry| write(entry, policy, options));
    }
    yaml.finish()
}

fn write(entry: &mut YamlWriter, policy: &Installation<'_>, options: &Options) {
    let metadata = policy.metadata;
    entry.entry("module", policy.module.as_str());
    entry.entry("policyMode", options.mode.word());
    entry.entry("allowedToMutate", policy.mutates());
    entry.entry("settings", Value::Object(policy.settings.clone()));
    if !metadata.context_aware_resources.is_empty() {
        entry.entry("contextAwareResources", json!(metadata.context_aware_resources));
    }
    let capabilities = match &metadata.host_capabilities {
        Some(declared) => declared.clone(),
        None if metadata.context_aware_resources.is_empty() => Vec::new(),
        None => vec!["kubernetes/*".to_owned()],
    };
    if !capabilities.is_empty() {
        entry.comment("Without it policy-server answers none of the policy's questions.");
        entry.entry("hostCapabilities", capabilities);
    }
    entry.entry("timeoutEvalSeconds", EVALUATION_TIMEOUT);
}
