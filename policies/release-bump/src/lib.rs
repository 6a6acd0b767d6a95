//! A change of a workload moves the version that names it.
//!
//! Source: the article's chapter on build and deployment: chart and app have versions of their own that are tied
//! together; a change of values alone is a patch of the chart; another tag of a third-party app is a major one.

mod change;
mod difference;
mod report;

use forewarn_kit::export;
use forewarn_kit::finding::{Finding, Findings};
use forewarn_kit::guard::{Guard, WorkloadPolicy};
use forewarn_kit::json::Node;
use forewarn_kit::release::{Step, SystemApps};
use forewarn_kit::settings::{Level, Settings};
use forewarn_kit::version::Version;
use forewarn_kit::workload::Workload;

use crate::change::{Change, Images, Versions};
use crate::difference::Ignored;

/// The rule, with its settings.
#[derive(Debug)]
pub struct ReleaseBump {
    system_apps: SystemApps,
    allow_rollback: bool,
    app_semver: Level,
    values_need_patch: Level,
    ignored: Ignored,
}

impl WorkloadPolicy for ReleaseBump {
    const ID: &'static str = "release-bump";
    const CODES: &'static [&'static str] = &[
        "tag-moved",
        "values-need-patch",
        "system-app-needs-major",
        "chart-downgrade",
        "app-downgrade",
        "not-semver",
        "unversioned",
    ];

    fn from_settings(settings: &mut Settings<'_>, _: Version) -> Self {
        Self {
            system_apps: SystemApps::read(settings),
            allow_rollback: settings.boolean(
                "allowRollback",
                "Whether chart and app version may go back when they do so together.",
                true,
            ),
            app_semver: settings.choice(
                "appSemver",
                "How an app version that is no SemVer is taken; third-party software may have any.",
                Level::Deny,
            ),
            values_need_patch: settings.choice(
                "valuesNeedPatch",
                "How it is taken when pods change, images do not, and the chart gets more than a new patch version.",
                Level::Deny,
            ),
            ignored: Ignored::read(settings),
        }
    }

    /// What an object says by itself is for `release-identity`.
    fn check<'a>(&'a self, _: &'a Workload<'a>, _: &mut Findings<'a>) {}

    fn check_change<'a>(&'a self, old: &'a Workload<'a>, new: &'a Workload<'a>, findings: &mut Findings<'a>) {
        // What a controller keeps in step is no release of its own.
        if old.is_controlled() || new.is_controlled() {
            return;
        }
        let pods = difference::of_pods(old, new, &self.ignored);
        let change = Change::between(old, new);
        if pods.is_none() && !change.moved() {
            return;
        }
        let images = Images::of(old, new, &self.system_apps);
        let mut found = Vec::new();
        self.check_form(&change, pods.is_some(), &images, &mut found);
        self.check_direction(&change, &mut found);
        if let Some(place) = pods {
            found.extend(self.check_step(&change, place, &images));
        }
        found.into_iter().for_each(|finding| findings.push(finding));
    }
}

impl ReleaseBump {
    /// Versions that have an order.
    fn check_form<'a>(&self, change: &Change<'a>, pods: bool, images: &Images<'a>, found: &mut Vec<Finding<'a>>) {
        let unreadable = |versions: &Versions<'a>| {
            versions.to.clone().filter(|_| (pods || versions.moved) && versions.new.is_none())
        };
        found.extend(unreadable(&change.chart).map(|label| report::chart_not_semver(&label)));
        if let Some(severity) = self.app_semver.severity().filter(|_| images.system.is_none()) {
            found.extend(unreadable(&change.app).map(|label| report::app_not_semver(severity, &label)));
        }
    }

    /// Versions go up, or back together. One that has no order may have gone back with the other.
    fn check_direction<'a>(&self, change: &Change<'a>, found: &mut Vec<Finding<'a>>) {
        let back = |versions: &Versions<'a>| versions.step().map_or(versions.moved, |step| step == Step::Down);
        if self.allow_rollback && back(&change.chart) && back(&change.app) {
            return;
        }
        if change.chart.step() == Some(Step::Down) {
            found.extend(report::chart_downgrade(change, self.allow_rollback));
        }
        if change.app.step() == Some(Step::Down) {
            found.extend(report::app_downgrade(change, self.allow_rollback));
        }
    }

    /// Pods that change go with a step of the right size. `place` is what changed first.
    fn check_step<'a>(&self, change: &Change<'a>, place: Node<'a>, images: &Images<'a>) -> Option<Finding<'a>> {
        let chart = change.chart.step();
        if change.chart.to.is_none() && change.app.to.is_none() {
            return Some(report::unversioned(place));
        }
        let upgraded = images.system.as_ref().filter(|image| image.moved);
        match (chart, upgraded) {
            (Some(Step::Same | Step::Patch | Step::Minor), Some(image)) => report::needs_major(change, image),
            _ if !change.moved() => Some(report::tag_moved(change, place, images)),
            (Some(step @ (Step::Minor | Step::Major)), None) if images.same && !change.app.moved => {
                report::values_need_patch(self.values_need_patch.severity()?, change, step)
            }
            _ => None,
        }
    }
}

export!(Guard<ReleaseBump>);
