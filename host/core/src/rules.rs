//! Whether a policy's rules ask for a request.

use crate::metadata::{Operation, Rule};
use crate::resource::Resource;

/// Whether one of the rules covers an operation on a resource itself, not on a subresource of it.
#[must_use]
pub fn matches(rules: &[Rule], resource: &Resource<'_>, operation: Operation) -> bool {
    rules.iter().any(|rule| {
        covers(&rule.api_groups, resource.group)
            && covers(&rule.api_versions, resource.version)
            && rule.operations.iter().any(|asked| *asked == Operation::All || *asked == operation)
            && rule.resources.iter().any(|pattern| is_resource(pattern, &resource.plural))
    })
}

/// Whether one of the rules covers an operation on a subresource, such as `ephemeralcontainers` of pods.
#[must_use]
pub fn matches_subresource(rules: &[Rule], resource: &Resource<'_>, name: &str, operation: Operation) -> bool {
    let is_covered = |pattern: &String| {
        pattern.split_once('/').is_some_and(|(plural, subresource)| {
            (plural == "*" || plural == resource.plural) && (subresource == "*" || subresource == name)
        })
    };
    rules.iter().any(|rule| {
        covers(&rule.api_groups, resource.group)
            && covers(&rule.api_versions, resource.version)
            && rule.operations.iter().any(|asked| *asked == Operation::All || *asked == operation)
            && rule.resources.iter().any(is_covered)
    })
}

fn covers(patterns: &[String], value: &str) -> bool {
    patterns.iter().any(|pattern| pattern == "*" || pattern == value)
}

/// As in webhook configurations, `pods/*` and `*/*` cover the resource as well as its subresources.
fn is_resource(pattern: &str, plural: &str) -> bool {
    let (name, subresource) = pattern.split_once('/').unwrap_or((pattern, "*"));
    subresource == "*" && (name == "*" || name == plural)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(groups: &str, resources: &str, operation: Operation) -> Rule {
        let list = |text: &str| text.split(',').map(str::to_owned).collect();
        Rule {
            api_groups: list(groups),
            api_versions: list("*"),
            resources: list(resources),
            operations: vec![operation],
        }
    }

    fn asks(rule: Rule) -> bool {
        matches(&[rule], &Resource::of("apps", "v1", "Deployment"), Operation::Create)
    }

    #[test]
    fn groups_resources_and_operations_must_all_match() {
        assert!(asks(rule("apps", "deployments", Operation::Create)));
        assert!(asks(rule(",apps", "pods,deployments", Operation::All)));
        assert!(!asks(rule("", "deployments", Operation::Create)));
        assert!(!asks(rule("apps", "pods", Operation::Create)));
        assert!(!asks(rule("apps", "deployments", Operation::Update)));
    }

    #[test]
    fn stars_cover_everything_but_subresources_do_not_cover_the_resource() {
        for pattern in ["*", "*/*", "deployments/*"] {
            assert!(asks(rule("*", pattern, Operation::Create)), "{pattern}");
        }
        for pattern in ["deployments/scale", "*/scale", "pods/*"] {
            assert!(!asks(rule("*", pattern, Operation::Create)), "{pattern}");
        }
    }

    #[test]
    fn subresources_are_covered_by_name_only() {
        let covers = |pattern: &str| {
            let rules = [rule("apps", pattern, Operation::Update)];
            let resource = Resource::of("apps", "v1", "Deployment");
            matches_subresource(&rules, &resource, "scale", Operation::Update)
        };
        for pattern in ["deployments/scale", "deployments/*", "*/scale", "*/*"] {
            assert!(covers(pattern), "{pattern}");
        }
        for pattern in ["deployments", "*", "deployments/status", "pods/*"] {
            assert!(!covers(pattern), "{pattern}");
        }
    }

    #[test]
    fn versions_must_match() {
        let mut rule = rule("apps", "deployments", Operation::Create);
        rule.api_versions = vec!["v1beta1".to_owned()];
        assert!(!asks(rule));
    }
}
