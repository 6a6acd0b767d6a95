//! The capabilities that a container has to drop.

use forewarn_kit::finding::Finding;
use forewarn_kit::json::quote;
use forewarn_kit::settings::Settings;
use forewarn_kit::workload::Container;

use crate::linux::is_capability;
use crate::names::{Name, Names};

/// The setting `requiredDrop`.
#[derive(Debug)]
pub(crate) struct RequiredDrop(Vec<String>);

const FIELD: &[&str] = &["securityContext", "capabilities", "drop"];

impl RequiredDrop {
    /// Reads the setting.
    pub(crate) fn read(settings: &mut Settings<'_>) -> Self {
        Self(settings.parsed_list(
            "requiredDrop",
            "The capabilities that every container has to drop; dropping `ALL` drops each of them.",
            &["ALL"],
            "a capability in Kubernetes' spelling, such as `NET_RAW`, or `ALL`",
            |name| is_capability(name).then(|| name.to_owned()),
        ))
    }

    /// Whether the setting names `capability`.
    pub(crate) fn names(&self, capability: &str) -> bool {
        self.0.iter().any(|required| required == capability)
    }

    /// Whether adding `capability` would undo a drop that the setting names.
    pub(crate) fn forbids_adding(&self, capability: &str) -> bool {
        self.names(capability) || (capability == "ALL" && !self.0.is_empty())
    }

    /// What to write in a container that drops nothing.
    pub(crate) fn remedy(&self) -> String {
        instruction(&self.0)
    }

    /// The finding about what `drop` leaves out.
    pub(crate) fn missing<'a>(&self, container: &Container<'a>, drop: &Names<'a>) -> Option<Finding<'a>> {
        let kept: Vec<_> =
            self.0.iter().filter(|required| !drop.mean("ALL") && !drop.mean(required)).cloned().collect();
        if kept.is_empty() || drop.malformed {
            return None;
        }
        let message = format!(
            "{container} does not drop `{}`, so it keeps capabilities that the container runtime gives by default: \
             whoever takes it over can use them against the node and its network",
            kept.join("`, `")
        );
        let finding = match drop.field {
            Some(field) => Finding::deny("not-dropped", field, message),
            None => Finding::deny("not-dropped", container.missing(FIELD), message),
        };
        let help = instruction(&self.wanted(drop).unwrap_or(kept));
        Some(self.with_fix(container, drop, finding.help(help)))
    }

    /// What is wrong with one entry of `drop`.
    pub(crate) fn misspelt<'a>(
        &self,
        container: &Container<'a>,
        drop: &Names<'a>,
        name: &Name<'a>,
    ) -> Option<Finding<'a>> {
        let finding = match name.capability() {
            None => name.unknown(container, "drop"),
            Some(capability) if capability == name.text => return None,
            Some(capability) => {
                let message = format!(
                    "{container} drops `{}`, a spelling that not every container runtime understands, so the capability \
                     may be kept",
                    name.text
                );
                Finding::deny("spelling", name.node, message).help(format!("write `{capability}`"))
            }
        };
        Some(self.with_fix(container, drop, finding))
    }

    /// The whole of `drop` as it should be; `None` where nobody knows what an entry was meant to be.
    fn wanted(&self, drop: &Names<'_>) -> Option<Vec<String>> {
        if self.names("ALL") {
            return Some(vec!["ALL".to_owned()]);
        }
        let mut wanted: Vec<String> = Vec::new();
        for name in drop.entries.iter().flat_map(|name| &name.meant).chain(&self.0) {
            if !is_capability(name) {
                return None;
            }
            if !wanted.contains(name) {
                wanted.push(name.clone());
            }
        }
        (!drop.malformed).then_some(wanted)
    }

    fn with_fix<'a>(&self, container: &Container<'a>, drop: &Names<'_>, finding: Finding<'a>) -> Finding<'a> {
        let Some(wanted) = self.wanted(drop) else { return finding };
        let items: Vec<_> = wanted.iter().map(|name| quote(name)).collect();
        finding.fix(container.node, FIELD, format!("[{}]", items.join(",")))
    }
}

fn instruction(names: &[String]) -> String {
    format!("set `securityContext.capabilities.drop: [{}]` in this container", names.join(", "))
}
