//! When a violation does not refuse an object: it was there before, or somebody answers for it.

use std::borrow::Cow;

use crate::finding::{Reported, Severity, Suppression};
use crate::json::Node;
use crate::request::{Operation, Request};
use crate::settings::Settings;

/// The settings `honourAnnotations` and `grandfather`.
#[derive(Debug)]
pub(crate) struct Leniency {
    annotation: String,
    honour_annotations: bool,
    grandfather: bool,
}

impl Leniency {
    /// Reads the settings of the policy `id`. `grandfather` is the default of the setting of that name; a policy about
    /// changes alone has none.
    pub(crate) fn read(settings: &mut Settings<'_>, id: &str, grandfather: Option<bool>) -> Self {
        Self {
            annotation: format!("forewarn.dev/allow.{id}"),
            honour_annotations: settings.boolean(
                "honourAnnotations",
                "Whether an annotation `forewarn.dev/allow.<policy>: <reason>` on the object exempts it.",
                false,
            ),
            grandfather: grandfather.is_some_and(|default| {
                settings.boolean(
                    "grandfather",
                    "Whether a finding that the object already had before an UPDATE is only a warning.",
                    default,
                )
            }),
        }
    }

    /// Marks all findings where one of the `metadata` gives a reason to.
    pub(crate) fn exempt_by_annotation<const N: usize>(
        &self,
        metadata: [Option<Node<'_>>; N],
        findings: &mut [Reported],
    ) {
        if !self.honour_annotations {
            return;
        }
        let name = &self.annotation;
        let annotation = |metadata: Node<'_>| metadata.object("annotations")?.string(name).map(Cow::into_owned);
        let reasons: Vec<_> = metadata.into_iter().flatten().filter_map(annotation).collect();
        let reason = reasons.iter().find(|reason| !reason.trim().is_empty());
        for finding in findings.iter_mut().filter(|finding| finding.code != "malformed" && finding.suppressed.is_none())
        {
            if let Some(reason) = reason {
                finding.suppressed = Some(Suppression { by: "annotation", reason: reason.clone() });
            } else if !reasons.is_empty() {
                let note = format!("the annotation `{name}` does not count: it gives no reason");
                finding.help = Some(finding.help.take().map_or_else(|| note.clone(), |help| format!("{help}; {note}")));
            }
        }
    }

    /// Turns denials that the old object already earned into warnings, where the settings say so or another object
    /// controls this one: only there can they be mended, and a refusal would keep the old ReplicaSet from being scaled
    /// down once they are. `review` finds what is wrong with the old object.
    pub(crate) fn soften<'r>(
        &self,
        request: &Request<'r>,
        findings: &mut [Reported],
        review: impl FnOnce(Node<'r>) -> Vec<Reported>,
    ) {
        let Some(old) = request.old_object() else { return };
        if request.operation() != Operation::Update || !(self.grandfather || is_controlled(old)) {
            return;
        }
        let mut before = review(old);
        let denials = findings.iter_mut().filter(|finding| finding.severity == Severity::Deny);
        for finding in denials.filter(|finding| finding.code != "malformed") {
            let same = |old: &Reported| {
                old.code == finding.code && old.container == finding.container && old.value == finding.value
            };
            // One old violation excuses one new one, not any number of them.
            if let Some(index) = before.iter().position(same) {
                before.swap_remove(index);
                finding.severity = Severity::Warn;
                finding.message = format!("already there before this change: {}", finding.message);
            }
        }
    }
}

/// Whether the object is being deleted. It starts nothing any more, and a refusal would keep its finalizers, and so the
/// object, for ever. Only the stored object is believed; a debug container can still be put into a pod that is going.
pub(crate) fn is_going(request: &Request<'_>) -> bool {
    let metadata = request.stored().and_then(|old| old.field("metadata"));
    metadata.and_then(|metadata| metadata.field("deletionTimestamp")).is_some()
}

/// Whether another object made this one and keeps it as it is, as a Deployment does its ReplicaSets.
pub(crate) fn is_controlled(object: Node<'_>) -> bool {
    let metadata = object.object("metadata").into_iter();
    metadata
        .flat_map(|metadata| metadata.objects("ownerReferences"))
        .any(|owner| owner.boolean("controller") == Some(true))
}
