//! A chart's version tells what changed in it, before anything is deployed.
//!
//! Source: the article's chapter on build and deployment: chart and app have SemVer of their own and are tied together;
//! release notes name the version; a change of values alone is a patch; another tag of a third-party app is a major step.

mod chart;
mod image;
mod notes;
mod scheme;

use forewarn_kit::export;
use forewarn_kit::finding::Findings;
use forewarn_kit::json::{Kind, Node};
use forewarn_kit::raw::{Raw, RawPolicy};
use forewarn_kit::release::{SystemApps, TagSuffixes};
use forewarn_kit::settings::{Level, Settings};

use crate::chart::Chart;
use crate::scheme::Changed;

/// The rule, with its settings.
#[derive(Debug)]
pub struct ChartRelease {
    system_apps: SystemApps,
    app_semver: Level,
    notes: Level,
    tag_matches: Level,
    suffixes: TagSuffixes,
}

impl RawPolicy for ChartRelease {
    const ID: &'static str = "chart-release";
    const CODES: &'static [&'static str] = &[
        "missing-version",
        "missing-app-version",
        "not-semver",
        "bad-image",
        "tag-differs",
        "no-release-notes",
        "notes-without-version",
        "unreleased-change",
        "values-need-patch",
        "system-app-needs-major",
        "chart-downgrade",
        "app-downgrade",
    ];

    fn from_settings(settings: &mut Settings<'_>) -> Self {
        Self {
            system_apps: SystemApps::read(settings),
            app_semver: settings.choice(
                "appSemver",
                "How an app version that is no SemVer is taken; third-party software may have any.",
                Level::Deny,
            ),
            notes: settings.choice(
                "releaseNotes",
                "How release notes are taken that are missing or do not name the chart's version.",
                Level::Deny,
            ),
            tag_matches: settings.choice(
                "tagMatchesVersion",
                "How a `tag` in the values is taken that is not the `appVersion`.",
                Level::Deny,
            ),
            suffixes: TagSuffixes::read(settings),
        }
    }

    fn check<'a>(&'a self, input: Node<'a>, findings: &mut Findings<'a>) {
        let Some(input) = input.expect(Kind::Object) else { return };
        let chart = Chart::of(input);
        chart.expect_types();
        let system = chart.is_system_app(&self.system_apps);
        let mut found = Vec::new();
        found.extend(chart.version_problem());
        found.extend(chart.app_version_problem(self.app_semver, system));
        found.extend(image::problem(&chart));
        if let Some(severity) = self.tag_matches.severity() {
            found.extend(image::differs(severity, &chart, &self.suffixes));
        }
        if let Some(severity) = self.notes.severity() {
            found.extend(notes::problem(severity, input, &chart));
        }
        if let Some(previous) = input.object("previous") {
            let previous = Chart::of(previous);
            scheme::check(&previous, &chart, &Changed::read(input, &previous, &chart), system, &mut found);
        }
        found.into_iter().for_each(|finding| findings.push(finding));
    }
}

export!(Raw<ChartRelease>);
