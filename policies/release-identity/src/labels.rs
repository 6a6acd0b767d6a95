//! The labels that name a release, on the object and on its pods.

use std::borrow::Cow;

use forewarn_kit::finding::{Finding, Findings, Severity, missing};
use forewarn_kit::json::Node;
use forewarn_kit::release::{CHART_LABEL, Chart, VERSION_LABEL};
use forewarn_kit::workload::Workload;

use crate::images;

/// One of the labels, and what there is to say about it.
#[derive(Debug)]
pub(crate) struct Label {
    name: &'static str,
    path: [&'static str; 3],
    missing: &'static str,
    bad: &'static str,
    /// What nobody can tell without it.
    tells: &'static str,
    example: &'static str,
    problem: fn(&str) -> Option<&'static str>,
}

/// `helm.sh/chart`
pub(crate) const CHART: Label = Label {
    name: CHART_LABEL,
    path: ["metadata", "labels", CHART_LABEL],
    missing: "missing-chart-label",
    bad: "bad-chart-label",
    tells: "which version of its chart",
    example: "web-1.1.0",
    problem: |text| Chart::parse(text).is_none().then_some("not a chart's name, a dash and its SemVer"),
};

/// `app.kubernetes.io/version`
pub(crate) const VERSION: Label = Label {
    name: VERSION_LABEL,
    path: ["metadata", "labels", VERSION_LABEL],
    missing: "missing-version-label",
    bad: "bad-version-label",
    tells: "which version of the app",
    example: "1.4.2",
    problem: |text| match text {
        "" => Some("empty"),
        _ if !is_value(text) => Some("no value that a label can have"),
        _ if images::is_moving_word(text) => Some("a name for whatever is newest"),
        _ => None,
    },
};

/// The longest value of a label.
const MAX_LENGTH: usize = 63;

impl Label {
    /// What keeps a value from telling anything.
    pub(crate) fn problem(&self, text: &str) -> Option<&'static str> {
        (self.problem)(text)
    }

    /// Reports every place where the label is missing or says nothing, and places that say different things.
    pub(crate) fn check<'a>(&'a self, severity: Severity, workload: &'a Workload<'a>, findings: &mut Findings<'a>) {
        let places = places(workload);
        let texts: Vec<_> = places.iter().filter_map(|(holder, _)| Some((*holder, self.read(*holder)?))).collect();
        for (holder, whose) in places {
            match holder.object("metadata").and_then(|metadata| metadata.object("labels")?.field(self.name)) {
                None => {
                    let elsewhere = texts.first().map(|(_, text)| &**text);
                    findings.push(self.absent(severity, holder, &whose, elsewhere));
                }
                Some(node) => {
                    let text = self.read(holder).unwrap_or_default();
                    if let Some(problem) = self.problem(&text) {
                        findings.push(self.unreadable(severity, node, &whose, &text, problem));
                    }
                }
            }
        }
        if let [(_, own), (template, pods)] = texts.as_slice()
            && own != pods
        {
            // No more than a warning: `kubectl rollout undo` brings back the labels of the pods alone.
            let message = format!(
                "label `{}` is `{pods}` on the pods and `{own}` on the {}, so one of them names another release",
                self.name, workload.kind
            );
            let help = format!("write the same in both places, such as `{}: {own}`", self.name);
            let node = template.resolve("/metadata/labels").and_then(|labels| labels.field(self.name));
            findings.push(Finding::warn("labels-differ", node.unwrap_or(*template), message).help(help));
        }
    }

    fn read<'a>(&self, holder: Node<'a>) -> Option<Cow<'a, str>> {
        holder.object("metadata")?.object("labels")?.string(self.name)
    }

    fn absent<'a>(&'a self, severity: Severity, holder: Node<'a>, whose: &str, elsewhere: Option<&str>) -> Finding<'a> {
        let message = format!("{whose} no label `{}`, so nobody can tell {} is running", self.name, self.tells);
        let help = match elsewhere {
            Some(text) => format!("add `{}: {}` to `metadata.labels` here too", self.name, quoted(text)),
            None => format!("add the label to `metadata.labels`, such as `{}: {}`", self.name, quoted(self.example)),
        };
        Finding::new(severity, self.missing, missing(holder, &self.path), message).help(help)
    }

    fn unreadable<'a>(
        &self,
        severity: Severity,
        node: Node<'a>,
        whose: &str,
        text: &str,
        problem: &str,
    ) -> Finding<'a> {
        let message = format!(
            "{whose} label `{}: {}`, which is {problem}, so nobody can tell {} is running",
            self.name,
            quoted(text),
            self.tells
        );
        let help = if text.contains('+') {
            format!("write `_` for `+`, as Helm does: `{}`", text.replace('+', "_"))
        } else if text.len() + 1 >= MAX_LENGTH {
            format!(
                "a label has room for {MAX_LENGTH} characters, and Helm cuts off the rest: shorten the chart's name"
            )
        } else {
            format!("write it like `{}: {}`", self.name, quoted(self.example))
        };
        Finding::new(severity, self.bad, node, message).help(help)
    }
}

/// The object, and its pod template where that is another thing, each with the words that begin a message about it.
fn places<'a>(workload: &Workload<'a>) -> Vec<(Node<'a>, String)> {
    let mut places = vec![(workload.object, format!("{} has", workload.kind))];
    if workload.template != workload.object {
        places.push((workload.template, format!("the pod template of the {} has", workload.kind)));
    }
    places
}

/// YAML takes some versions for numbers, and an empty text for nothing.
fn quoted(text: &str) -> String {
    let plain = text.contains(|c: char| c.is_ascii_alphabetic()) || text.matches('.').count() > 1;
    if plain { text.to_owned() } else { format!("\"{text}\"") }
}

/// Whether a label can have this value.
/// Source: `IsValidLabelValue` in `k8s.io/apimachinery/pkg/util/validation`.
fn is_value(text: &str) -> bool {
    let alphanumeric = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    bytes.len() <= MAX_LENGTH
        && alphanumeric(bytes.first())
        && alphanumeric(bytes.last())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_values_of_labels() {
        for text in ["1.4.2", "v1.4.2", "1.4.2_build.5", "3f2a1bc", "17", "RELEASE.2025-01-20T14-49-07Z"] {
            assert_eq!(VERSION.problem(text), None, "{text}");
        }
        for text in ["", "latest", "1.4.2+build.5", "-1", "1.4.2-", "1 4", &"1".repeat(64)] {
            assert!(VERSION.problem(text).is_some(), "{text}");
        }
    }

    #[test]
    fn quotes_what_yaml_would_read_as_something_else() {
        for (text, shown) in
            [("1.4.2", "1.4.2"), ("1.4", "\"1.4\""), ("", "\"\""), ("web-1.1", "web-1.1"), ("17", "\"17\"")]
        {
            assert_eq!(quoted(text), shown);
        }
    }
}
