//! Whole objects of an API version that Kubernetes has dropped, or drops next.

use std::borrow::Cow;

use forewarn_kit::finding::{Findings, Place, missing};
use forewarn_kit::json::Node;
use forewarn_kit::request::Request;
use forewarn_kit::settings::Settings;
use forewarn_kit::version::Version;

use crate::data::{APIS, Fields, Successor};
use crate::lifecycle::{Lifecycle, Target};

/// A row that the user added.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Added {
    api_version: String,
    kind: String,
    lifecycle: Lifecycle,
    replacement: Option<String>,
    since: Option<Version>,
}

/// Reports the object when its API version is on its way out.
pub(crate) fn check<'a>(
    target: Target,
    added: &[Added],
    request: &Request<'a>,
    object: Node<'a>,
    findings: &mut Findings<'a>,
) {
    let Some((api_version, kind)) = sent_as(request, object) else { return };
    let Some((lifecycle, successor)) = find(added, &api_version, &kind) else { return };
    let Some(phase) = target.phase(lifecycle) else { return };
    let subject = format!("`{api_version}` {kind}");
    let consequence = "the API server knows no such kind and refuses the object";
    let written = object.field("apiVersion").map(Place::from);
    let finding = target.finding(phase, &subject, consequence, written.unwrap_or(missing(object, &["apiVersion"])));
    let finding = match successor.map(|first| newest(added, target, first, &kind)) {
        Some(successor) => finding.help(help(target, successor, &kind)),
        None => finding,
    };
    findings.push(finding.value(format!("{api_version} {kind}")));
}

/// `apiVersion` and kind as the user wrote them: the API server may have converted the object since.
fn sent_as<'a>(request: &Request<'a>, object: Node<'a>) -> Option<(Cow<'a, str>, Cow<'a, str>)> {
    let text = |node: Node<'a>, key| node.field(key).and_then(Node::as_str);
    let of_request = |key| {
        let kind = request.node().field(key)?;
        let (version, name) = (text(kind, "version")?, text(kind, "kind")?);
        let group = text(kind, "group").filter(|group| !group.is_empty());
        Some((group.map_or(version.clone(), |group| format!("{group}/{version}").into()), name))
    };
    let own = || Some((text(object, "apiVersion")?, text(object, "kind")?));
    of_request("requestKind").or_else(own).or_else(|| of_request("kind"))
}

/// What is known of an API, the user's rows first.
fn find<'r>(added: &'r [Added], api_version: &str, kind: &str) -> Option<(Lifecycle, Option<Successor<'r>>)> {
    if let Some(row) = added.iter().find(|row| row.api_version == api_version && row.kind == kind) {
        return Some((row.lifecycle, row.successor()));
    }
    let row = APIS.iter().find(|row| row.api_version == api_version && row.kinds.contains(&kind))?;
    Some((row.lifecycle, Some(row.successor)))
}

/// The last in the line of successors that is served in the versions in view: the first may be gone itself.
fn newest<'r>(added: &'r [Added], target: Target, first: Successor<'r>, kind: &str) -> Successor<'r> {
    let mut best = first;
    let mut kind = kind;
    // Rows that the user added could lead in a circle.
    for _ in 0..APIS.len() {
        let Successor::Api { api_version, kind: other, fields, .. } = best else { break };
        kind = other.unwrap_or(kind);
        let Some((lifecycle, Some(next))) = find(added, api_version, kind) else { break };
        let served = match next {
            Successor::Api { since, .. } => since.is_none_or(|since| since <= target.horizon()),
            Successor::Words(_) => lifecycle.removed.is_some_and(|removed| removed <= target.horizon()),
        };
        if !served {
            break;
        }
        best = match next {
            // A step that changed fields on the way is still a change at its end, and so is another kind.
            Successor::Api { api_version, kind: last, since, fields: own } => Successor::Api {
                api_version,
                kind: last.or(other),
                since,
                fields: if fields == Fields::Changed { fields } else { own },
            },
            words => words,
        };
    }
    best
}

fn help(target: Target, successor: Successor<'_>, own_kind: &str) -> String {
    let Successor::Api { api_version, kind, since, fields } = successor else {
        let Successor::Words(words) = successor else { return String::new() };
        return words.to_owned();
    };
    let what = match kind.filter(|kind| *kind != own_kind) {
        Some(kind) => format!("write `apiVersion: {api_version}` and `kind: {kind}`"),
        None => format!("write `apiVersion: {api_version}`"),
    };
    let when = match since {
        Some(since) if since <= target.now => format!(", available since Kubernetes {since}"),
        Some(since) => format!(", available from Kubernetes {since} on"),
        None => String::new(),
    };
    let fields = match fields {
        Fields::Same => "",
        Fields::Changed => "; some of its fields are different",
    };
    format!("{what}{when}{fields}")
}

impl Added {
    /// Reads the setting `apis`.
    pub(crate) fn read(settings: &mut Settings<'_>) -> Vec<Self> {
        let about =
            "More APIs, such as those of your own extensions; what is said about one counts before the built-in row.";
        settings.list("apis", about, |item| {
            let word = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            let version = |item: &mut Settings<'_>, key, about| {
                item.parsed(key, about, None, "a version in quotes, such as \"1.25\"", Version::parse)
            };
            let named = "`<group>/<version>`, or a version alone for the core group";
            let api_version = item.parsed("apiVersion", "The API's group and version.", None, named, group_version);
            let kind = item.parsed("kind", "The kind.", None, "a kind", word);
            let deprecated = version(item, "deprecatedIn", "The Kubernetes version that deprecates it.");
            let removed = version(item, "removedIn", "The first Kubernetes version without it.");
            let replacement =
                item.parsed("replacement", "The API's group and version to use instead.", None, named, group_version);
            let since = version(item, "replacementSince", "The Kubernetes version that has the replacement.");
            if !item.has("apiVersion") || !item.has("kind") {
                item.refuse("`apiVersion` and `kind` are needed");
            }
            if !item.has("deprecatedIn") && !item.has("removedIn") {
                item.refuse("`deprecatedIn` or `removedIn` is needed");
            }
            if let (Some(deprecated), Some(removed)) = (deprecated, removed)
                && removed < deprecated
            {
                item.refuse(&format!("`removedIn` {removed} is before `deprecatedIn` {deprecated}"));
            }
            if item.has("replacementSince") && !item.has("replacement") {
                item.refuse("`replacementSince` without `replacement` says nothing");
            }
            Self {
                api_version: api_version.unwrap_or_default(),
                kind: kind.unwrap_or_default(),
                lifecycle: Lifecycle { deprecated, removed },
                replacement,
                since,
            }
        })
    }

    fn successor(&self) -> Option<Successor<'_>> {
        let api_version = self.replacement.as_deref()?;
        Some(Successor::Api { api_version, kind: None, since: self.since, fields: Fields::Same })
    }
}

fn group_version(text: &str) -> Option<String> {
    let mut parts = text.split('/');
    let whole = parts.by_ref().take(2).all(|part| !part.is_empty() && !part.contains(char::is_whitespace));
    (whole && parts.next().is_none()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advice(api_version: &str, kind: &str, now: u16) -> String {
        let target = Target { now: Version::new(1, now), next: None };
        let (_, successor) = find(&[], api_version, kind).expect("a row");
        help(target, newest(&[], target, successor.expect("a successor"), kind), kind)
    }

    #[test]
    fn follows_successors_as_far_as_the_cluster_has_them() {
        let starts = |text: String, start: &str| assert!(text.starts_with(start), "{text}");
        let flow = "flowcontrol.apiserver.k8s.io/v1beta1";
        starts(
            advice(flow, "FlowSchema", 24),
            "write `apiVersion: flowcontrol.apiserver.k8s.io/v1beta2`, available since",
        );
        starts(
            advice(flow, "FlowSchema", 27),
            "write `apiVersion: flowcontrol.apiserver.k8s.io/v1beta3`, available since",
        );
        starts(advice(flow, "FlowSchema", 36), "write `apiVersion: flowcontrol.apiserver.k8s.io/v1`, available since");
        starts(advice("extensions/v1beta1", "Ingress", 15), "write `apiVersion: networking.k8s.io/v1beta1`");
        starts(
            advice("extensions/v1beta1", "Deployment", 36),
            "write `apiVersion: apps/v1`, available since Kubernetes 1.9",
        );
        starts(advice("extensions/v1beta1", "PodSecurityPolicy", 36), "use its successor, Pod Security Admission");
        starts(advice("extensions/v1beta1", "PodSecurityPolicy", 20), "write `apiVersion: policy/v1beta1`");
        starts(
            advice("resource.k8s.io/v1alpha2", "ResourceClass", 36),
            "write `apiVersion: resource.k8s.io/v1` and `kind: DeviceClass`",
        );
        starts(
            advice("storagemigration.k8s.io/v1alpha1", "StorageVersionMigration", 34),
            "write `apiVersion: storagemigration.k8s.io/v1beta1`, available from Kubernetes 1.35 on",
        );
    }

    #[test]
    fn a_circle_of_added_rows_ends() {
        let row = |api_version: &str, replacement: &str| Added {
            api_version: api_version.to_owned(),
            kind: "App".to_owned(),
            lifecycle: Lifecycle::new(20, None),
            replacement: Some(replacement.to_owned()),
            since: None,
        };
        let added = [row("example.org/v1", "example.org/v2"), row("example.org/v2", "example.org/v1")];
        let target = Target { now: Version::new(1, 36), next: None };
        let first = added.first().and_then(Added::successor).expect("a successor");
        assert!(matches!(newest(&added, target, first, "App"), Successor::Api { .. }));
    }

    #[test]
    fn reads_group_and_version() {
        for (text, fits) in [
            ("v1", true),
            ("apps/v1", true),
            ("", false),
            ("a/b/c", false),
            ("apps/", false),
            ("/v1", false),
            ("a b/v1", false),
        ] {
            assert_eq!(group_version(text).is_some(), fits, "{text}");
        }
    }
}
