//! Every container drops all Linux capabilities, and adds back only what is allowed.
//!
//! Source: the article's chapter on pod security; `Capabilities` in the Kubernetes API, and the Pod Security
//! Standards, level restricted.

mod drop;
mod linux;
mod misplaced;
mod names;

use forewarn_kit::export;
use forewarn_kit::finding::{Finding, Findings};
use forewarn_kit::guard::{Guard, WorkloadPolicy};
use forewarn_kit::json::Node;
use forewarn_kit::settings::Settings;
use forewarn_kit::version::Version;
use forewarn_kit::workload::{Container, Workload};

use crate::drop::RequiredDrop;
use crate::linux::is_capability;
use crate::names::{Name, Names};

/// The rule with its settings.
#[derive(Debug)]
pub struct ExcessCapabilities {
    required_drop: RequiredDrop,
    allowed_add: Vec<String>,
}

impl WorkloadPolicy for ExcessCapabilities {
    const ID: &'static str = "excess-capabilities";
    const CODES: &'static [&'static str] = &["not-dropped", "added", "privileged", "unknown", "spelling", "misplaced"];

    fn from_settings(settings: &mut Settings<'_>, _: Version) -> Self {
        let required_drop = RequiredDrop::read(settings);
        let allowed_add = settings.parsed_list(
            "allowedAdd",
            "The capabilities that a container may add; `*` is any that does not have to be dropped.",
            &["NET_BIND_SERVICE"],
            "a capability in Kubernetes' spelling, such as `NET_BIND_SERVICE`, or `*`",
            |name| (name == "*" || is_capability(name) && name != "ALL").then(|| name.to_owned()),
        );
        for name in allowed_add.iter().filter(|name| required_drop.names(name)) {
            settings.refuse(&format!("`{name}` is in `requiredDrop` and in `allowedAdd`"));
        }
        Self { required_drop, allowed_add }
    }

    fn check<'a>(&'a self, workload: &'a Workload<'a>, findings: &mut Findings<'a>) {
        // Capabilities are Linux's; the API server refuses them on Windows.
        if workload.on_windows() {
            return;
        }
        misplaced::in_pod(workload).for_each(|finding| findings.push(finding));
        for container in &workload.containers {
            misplaced::in_container(container).for_each(|finding| findings.push(finding.container(container)));
            let capabilities = container.security_context().and_then(|context| context.object("capabilities"));
            let add = Names::read(capabilities, "add");
            let drop = Names::read(capabilities, "drop");
            let privileged = container.security("privileged").filter(|node| node.to_boolean() == Some(true));
            let not_dropped = self.required_drop.missing(container, &drop);
            match privileged {
                // The help about `privileged` also says what to drop.
                Some(node) => {
                    findings.push(self.privileged(container, node, not_dropped.is_some()).container(container))
                }
                None => not_dropped.into_iter().for_each(|finding| findings.push(finding.container(container))),
            }
            for name in &add.entries {
                self.added(container, name).into_iter().for_each(|finding| findings.push(finding.container(container)));
            }
            for name in &drop.entries {
                let misspelt = self.required_drop.misspelt(container, &drop, name);
                misspelt.into_iter().for_each(|finding| findings.push(finding.container(container)));
            }
        }
    }
}

impl ExcessCapabilities {
    fn privileged<'a>(&self, container: &Container<'a>, node: Node<'a>, not_dropped: bool) -> Finding<'a> {
        let message = format!(
            "{container} is privileged, so it has every capability whatever `capabilities` says: whoever takes it over \
             owns the node"
        );
        let mut help = "remove `privileged: true`".to_owned();
        if not_dropped {
            help = format!("{help}, and {}", self.required_drop.remedy());
        }
        Finding::deny("privileged", node, message).help(help)
    }

    /// What is wrong with one entry of `add`.
    fn added<'a>(&self, container: &Container<'a>, name: &Name<'a>) -> Option<Finding<'a>> {
        let Some(capability) = name.capability() else { return Some(name.unknown(container, "add")) };
        let text = &name.text;
        let why = if self.required_drop.forbids_adding(&capability) {
            "which has to stay dropped"
        } else if self.allowed_add.iter().any(|allowed| *allowed == "*" || *allowed == capability) {
            return None;
        } else {
            "which is not allowed here"
        };
        let message =
            format!("{container} adds the capability `{text}`, {why}: whoever takes it over gets that power too");
        let mut help = format!("remove `{text}` from `capabilities.add`");
        if self.allowed_add.iter().any(|allowed| allowed != "*") {
            help = format!("{help}; allowed there: `{}`", self.allowed_add.join("`, `"));
        }
        Some(Finding::deny("added", name.node, message).help(help))
    }
}

export!(Guard<ExcessCapabilities>);

#[cfg(test)]
mod tests {
    use forewarn_kit::json::Tape;

    use super::*;

    #[test]
    fn refuses_settings_that_make_no_sense() {
        const EXPECTED_DROP: &str =
            "a list, each item a capability in Kubernetes' spelling, such as `NET_RAW`, or `ALL`";
        const EXPECTED_ADD: &str =
            "a list, each item a capability in Kubernetes' spelling, such as `NET_BIND_SERVICE`, or `*`";
        for (text, problem) in [
            ("{}", None),
            (r#"{"requiredDrop":[],"allowedAdd":[]}"#, None),
            (r#"{"requiredDrop":["NET_RAW"],"allowedAdd":["*"]}"#, None),
            (
                r#"{"requiredDrop":["CAP_NET_RAW"]}"#,
                Some(format!("setting `requiredDrop` is `CAP_NET_RAW`: it has to be {EXPECTED_DROP}")),
            ),
            (r#"{"allowedAdd":["ALL"]}"#, Some(format!("setting `allowedAdd` is `ALL`: it has to be {EXPECTED_ADD}"))),
            (
                r#"{"requiredDrop":["NET_RAW"],"allowedAdd":["NET_RAW"]}"#,
                Some("settings: `NET_RAW` is in `requiredDrop` and in `allowedAdd`".to_owned()),
            ),
        ] {
            let tape = Tape::parse(text).expect("JSON");
            let mut settings = Settings::new(Some(tape.root()));
            ExcessCapabilities::from_settings(&mut settings, Version::NEWEST);
            assert_eq!(settings.finish().err().unwrap_or_default(), Vec::from_iter(problem), "{text}");
        }
    }
}
