//! A workload says which chart and which app version it is, and runs just that version.
//!
//! Source: the article's chapter on build and deployment (chart and app are versioned separately, and each release ties
//! one to the other); "Recommended Labels" in the Kubernetes documentation; the labels that `helm create` writes.

mod images;
mod labels;

use forewarn_kit::export;
use forewarn_kit::finding::{Findings, Severity};
use forewarn_kit::guard::{Guard, WorkloadPolicy};
use forewarn_kit::release::TagSuffixes;
use forewarn_kit::settings::{Level, Settings};
use forewarn_kit::version::Version;
use forewarn_kit::workload::{Class, Workload};

use crate::images::{Images, Role};

/// The rule, with how much each of its parts matters.
#[derive(Debug)]
pub struct ReleaseIdentity {
    chart_label: Level,
    version_label: Level,
    images: Images,
}

impl WorkloadPolicy for ReleaseIdentity {
    const ID: &'static str = "release-identity";
    const CODES: &'static [&'static str] = &[
        "missing-chart-label",
        "bad-chart-label",
        "missing-version-label",
        "bad-version-label",
        "labels-differ",
        "tag-differs",
        "floating-tag",
        "untagged",
        "bad-image",
    ];

    fn from_settings(settings: &mut Settings<'_>, _: Version) -> Self {
        Self {
            chart_label: settings.choice(
                "chartLabel",
                "How a missing or bad label `helm.sh/chart` is taken.",
                Level::Deny,
            ),
            version_label: settings.choice(
                "versionLabel",
                "How a missing or bad label `app.kubernetes.io/version` is taken.",
                Level::Deny,
            ),
            images: Images {
                matches: settings.choice(
                    "tagMatchesVersion",
                    "How a main container is taken whose tag is not the app version.",
                    Level::Deny,
                ),
                pinned: settings.choice(
                    "pinnedTag",
                    "How a main container without a tag, or with a floating one, is taken.",
                    Level::Deny,
                ),
                others: settings.choice(
                    "otherContainers",
                    "The most that a floating or missing tag of another container can be.",
                    Level::Warn,
                ),
                suffixes: TagSuffixes::read(settings),
            },
        }
    }

    fn check<'a>(&'a self, workload: &'a Workload<'a>, findings: &mut Findings<'a>) {
        // Whoever made it was asked, and it can only be mended there.
        if workload.is_controlled() {
            return;
        }
        for (level, label) in [(self.chart_label, &labels::CHART), (self.version_label, &labels::VERSION)] {
            if let Some(severity) = level.severity() {
                label.check(severity, workload, findings);
            }
        }
        // A hook runs a tool beside the app: a migration, a test.
        let main = workload.main_container().filter(|_| !is_hook(workload)).map(|container| container.node);
        // What is put into a running pod to debug it is no part of a release.
        for container in workload.containers.iter().filter(|container| container.class != Class::Ephemeral) {
            let role = if main == Some(container.node) { Role::Main } else { Role::Other };
            self.images.check(workload, container, role, findings);
        }
    }
}

/// Whether Helm runs the object at a point of a release instead of installing it.
fn is_hook(workload: &Workload<'_>) -> bool {
    workload.metadata().and_then(|metadata| metadata.object("annotations")?.string("helm.sh/hook")).is_some()
}

/// The milder of two, where `None` is a rule that is not applied.
fn milder(one: Option<Severity>, other: Option<Severity>) -> Option<Severity> {
    match (one?, other?) {
        (Severity::Deny, Severity::Deny) => Some(Severity::Deny),
        _ => Some(Severity::Warn),
    }
}

export!(Guard<ReleaseIdentity>);
