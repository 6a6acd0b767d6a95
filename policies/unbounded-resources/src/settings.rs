//! What the settings demand.

use forewarn_kit::quantity::Quantity;
use forewarn_kit::settings::Settings;
use forewarn_kit::version::Version;

use crate::resource::{PerResource, Resource};

/// A quantity and how the user wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Amount {
    pub(crate) text: String,
    pub(crate) value: Quantity,
}

/// All that is demanded of a workload.
#[derive(Debug)]
pub(crate) struct Bounds {
    /// What has to be requested.
    pub(crate) requests: Vec<Resource>,
    /// What has to be limited.
    pub(crate) limits: Vec<Resource>,
    /// The most that one container may have.
    pub(crate) max: PerResource<Option<Amount>>,
    /// How many times its request a limit may be.
    pub(crate) max_ratio: PerResource<Option<Amount>>,
    /// The request that a fix writes.
    pub(crate) default_request: PerResource<Option<Amount>>,
    /// The limit that a fix writes.
    pub(crate) default_limit: PerResource<Option<Amount>>,
    /// The pod's own `resources` count.
    pub(crate) pod_level: bool,
}

/// Since this version the API server keeps a pod's `resources` unless the feature is switched off.
const POD_LEVEL_RESOURCES: Version = Version::new(1, 34);

impl Bounds {
    pub(crate) fn read(settings: &mut Settings<'_>, kubernetes: Version) -> Self {
        let both = &["cpu", "memory"];
        let expected = "`cpu` or `memory`";
        let (default_request, default_limit) = settings.section("defaults", "What the fix writes.", |defaults| {
            (
                defaults.section("requests", "Where a request is missing.", |requests| {
                    amounts(requests, ["The CPU request that a fix writes.", "The memory request that a fix writes."])
                }),
                defaults.section("limits", "Where a limit is missing.", |limits| {
                    amounts(limits, ["The CPU limit that a fix writes.", "The memory limit that a fix writes."])
                }),
            )
        });
        let mut bounds = Self {
            requests: settings.parsed_list("requests", "What has to be requested.", both, expected, Resource::named),
            limits: settings.parsed_list("limits", "What has to be limited.", both, expected, Resource::named),
            max: settings.section(
                "max",
                "The most that one container may have; what has a maximum has to be limited.",
                |max| {
                    let cpu = "The most CPU that a container may request or be limited to.";
                    amounts(max, [cpu, "The most memory that a container may request or be limited to."])
                },
            ),
            max_ratio: settings.section("maxLimitToRequest", "How far limits may be from requests.", |ratio| {
                let cpu = "How many times its CPU request a container's CPU limit may be.";
                amounts(ratio, [cpu, "How many times its memory request a container's memory limit may be."])
            }),
            default_request,
            default_limit,
            pod_level: kubernetes >= POD_LEVEL_RESOURCES,
        };
        for resource in Resource::ALL {
            // Without a limit a container may use more than any maximum.
            if bounds.max.get(resource).is_some() && !bounds.limits.contains(&resource) {
                bounds.limits.push(resource);
            }
            bounds.refuse_nonsense(resource, settings);
        }
        bounds
    }

    /// Whether a limit is more than the settings allow for a request.
    pub(crate) fn is_too_far_above(&self, resource: Resource, limit: Quantity, request: Quantity) -> bool {
        self.max_ratio.get(resource).as_ref().is_some_and(|ratio| !limit.is_at_most(ratio.value, request))
    }

    /// A fix may only write what the rule itself accepts.
    fn refuse_nonsense(&self, resource: Resource, settings: &mut Settings<'_>) {
        let name = resource.name();
        let max = self.max.get(resource).as_ref();
        let request = self.default_request.get(resource).as_ref();
        let limit = self.default_limit.get(resource).as_ref();
        if self.max_ratio.get(resource).as_ref().is_some_and(|ratio| ratio.value < Quantity::units(1)) {
            settings.refuse(&format!("`maxLimitToRequest.{name}` is below 1, and no limit may be below its request"));
        }
        for (key, default) in [("requests", request), ("limits", limit)] {
            let Some(default) = default else { continue };
            if resource.is_suspicious(&default.text, default.value, max.map(|max| max.value)) {
                settings
                    .refuse(&format!("`defaults.{key}.{name}` is `{}`, which looks like a wrong unit", default.text));
            }
            if let Some(max) = max.filter(|max| default.value > max.value) {
                settings.refuse(&format!("`defaults.{key}.{name}` is above `max.{name}` (`{}`)", max.text));
            }
        }
        if let (Some(request), Some(limit)) = (request, limit) {
            if request.value > limit.value {
                settings.refuse(&format!("`defaults.requests.{name}` is above `defaults.limits.{name}`"));
            } else if self.is_too_far_above(resource, limit.value, request.value) {
                settings.refuse(&format!(
                    "`defaults.limits.{name}` is more times `defaults.requests.{name}` than \
                     `maxLimitToRequest.{name}` allows"
                ));
            }
        }
    }
}

/// An amount for each resource, each more than zero; `about` says what the one for CPU and the one for memory are.
fn amounts(settings: &mut Settings<'_>, [cpu, memory]: [&str; 2]) -> PerResource<Option<Amount>> {
    let mut amount = |key, about: &str| {
        let (text, value) = settings.quantity(key, about)?;
        if value <= Quantity::ZERO {
            settings.refuse(&format!("`{key}` has to be more than zero"));
        }
        Some(Amount { text, value })
    };
    PerResource { cpu: amount("cpu", cpu), memory: amount("memory", memory) }
}

#[cfg(test)]
mod tests {
    use forewarn_kit::json::Tape;

    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let tape = Tape::parse(text).expect("JSON");
        let mut settings = Settings::new(Some(tape.root()));
        Bounds::read(&mut settings, Version::NEWEST);
        settings.finish().err().unwrap_or_default()
    }

    #[test]
    fn takes_what_makes_sense() {
        for text in [
            "{}",
            r#"{"requests":[],"limits":["memory"],"max":{"cpu":4,"memory":"8Gi"},"maxLimitToRequest":{"cpu":"1.5"}}"#,
            r#"{"defaults":{"requests":{"cpu":"100m"},"limits":{"cpu":"400m"}},"maxLimitToRequest":{"cpu":4},"max":{"cpu":1}}"#,
            r#"{"defaults":{"limits":{"cpu":128}},"max":{"cpu":128}}"#,
        ] {
            assert_eq!(problems(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn refuses_what_contradicts_itself() {
        for (text, problem) in [
            (r#"{"max":{"cpu":0}}"#, "setting `max`: `cpu` has to be more than zero"),
            (
                r#"{"maxLimitToRequest":{"memory":"0.5"}}"#,
                "settings: `maxLimitToRequest.memory` is below 1, and no limit may be below its request",
            ),
            (
                r#"{"defaults":{"limits":{"memory":"512m"}}}"#,
                "settings: `defaults.limits.memory` is `512m`, which looks like a wrong unit",
            ),
            (
                r#"{"defaults":{"limits":{"memory":"2Gi"}},"max":{"memory":"1Gi"}}"#,
                "settings: `defaults.limits.memory` is above `max.memory` (`1Gi`)",
            ),
            (
                r#"{"defaults":{"requests":{"cpu":2},"limits":{"cpu":1}}}"#,
                "settings: `defaults.requests.cpu` is above `defaults.limits.cpu`",
            ),
            (
                r#"{"defaults":{"requests":{"cpu":"100m"},"limits":{"cpu":1}},"maxLimitToRequest":{"cpu":4}}"#,
                "settings: `defaults.limits.cpu` is more times `defaults.requests.cpu` than `maxLimitToRequest.cpu` allows",
            ),
        ] {
            assert_eq!(problems(text), [problem], "{text}");
        }
    }
}
