//! What is said about a change.

use forewarn_kit::finding::{Finding, Severity};
use forewarn_kit::json::Node;
use forewarn_kit::release::{CHART_LABEL, Step, VERSION_LABEL};

use crate::change::{Change, Images, Label, SystemImage, Versions};

pub(crate) fn unversioned(place: Node<'_>) -> Finding<'_> {
    let message =
        "the pods change, and no label says which release they are, so nobody can tell whether it is a new one";
    let help = format!("add the labels `{CHART_LABEL}` and `{VERSION_LABEL}`, and raise one of them with each release");
    Finding::warn("unversioned", place, message).help(help)
}

pub(crate) fn tag_moved<'a>(change: &Change<'a>, place: Node<'a>, images: &Images<'a>) -> Finding<'a> {
    let message = format!(
        "the pods change, but the release stays {}: two different states have one name, and whoever goes back to it gets \
         either",
        names(change)
    );
    let patch = change.chart.following(Step::Patch);
    let help = match (images.same, patch) {
        (true, Some(chart)) => format!("release the change as chart `{chart}`, the next patch"),
        (false, Some(chart)) => format!(
            "raise `{VERSION_LABEL}` to the version of the new image; if the image alone moved its place, release the \
             change as chart `{chart}`"
        ),
        (_, None) => {
            format!("raise `{VERSION_LABEL}`, or label the objects with their chart's version in `{CHART_LABEL}`")
        }
    };
    Finding::deny("tag-moved", place, message).help(help)
}

pub(crate) fn values_need_patch<'a>(severity: Severity, change: &Change<'a>, step: Step) -> Option<Finding<'a>> {
    let (from, to) = change.chart.labels()?;
    let message = format!(
        "chart `{}` becomes `{}`, a {} step, but images and app version stay: what changed is values, and the version \
         promises more",
        from.text,
        to.text,
        step.name()
    );
    let help = format!("release it as chart `{}`, the next patch", change.chart.following(Step::Patch)?);
    Some(Finding::new(severity, "values-need-patch", to.node, message).help(help))
}

pub(crate) fn needs_major<'a>(change: &Change<'a>, image: &SystemImage<'a>) -> Option<Finding<'a>> {
    let (from, to) = change.chart.labels()?;
    let chart = match change.chart.step()? {
        Step::Same => format!("the chart stays `{}`", from.text),
        step => format!("chart `{}` becomes `{}`, a {} step", from.text, to.text, step.name()),
    };
    let message = format!(
        "{} is third-party software and goes from `{}` to `{}`, but {chart}: its chart's version is the only one that is \
         yours, and it does not tell of the upgrade",
        image.container, image.old, image.new
    );
    let help = format!(
        "release it as chart `{}`, the next major version; if your team builds this image, set `systemApps` without it",
        change.chart.following(Step::Major)?
    );
    let finding = Finding::deny("system-app-needs-major", image.node, message);
    Some(finding.container(image.container).help(help))
}

pub(crate) fn chart_downgrade<'a>(change: &Change<'a>, rollback: bool) -> Option<Finding<'a>> {
    let (from, to) = change.chart.labels()?;
    let message = format!(
        "chart `{}` goes back to `{}`{}: older templates and values replace newer ones",
        from.text,
        to.text,
        while_other("app version", &change.app)
    );
    let help = undo(rollback, &format!("chart `{}`", change.chart.following(Step::Patch)?));
    Some(Finding::deny("chart-downgrade", to.node, message).help(help))
}

pub(crate) fn app_downgrade<'a>(change: &Change<'a>, rollback: bool) -> Option<Finding<'a>> {
    let (from, to) = change.app.labels()?;
    let message = format!(
        "app version `{}` goes back to `{}`{}: the older app meets values and data of the newer one",
        from.text,
        to.text,
        while_other("chart", &change.chart)
    );
    let help = undo(rollback, &format!("app version `{}`", change.app.following(Step::Patch)?));
    Some(Finding::deny("app-downgrade", to.node, message).help(help))
}

pub(crate) fn chart_not_semver<'a>(label: &Label<'a>) -> Finding<'a> {
    let message = format!(
        "label `{CHART_LABEL}` is `{}`, not a chart's name, a dash and its SemVer, so nobody can tell whether this \
         change goes up or back",
        label.text
    );
    Finding::deny("not-semver", label.node, message).help("write it like `web-1.1.0`, with `_` for `+`")
}

pub(crate) fn app_not_semver<'a>(severity: Severity, label: &Label<'a>) -> Finding<'a> {
    let message = format!(
        "label `{VERSION_LABEL}` is `{}`, which is no SemVer, so nobody can tell whether this change goes up or back",
        label.text
    );
    let help =
        "give the app three numbers, such as `1.4.2`; if its versions have another order, set `appSemver: ignore`";
    Finding::new(severity, "not-semver", label.node, message).help(help)
}

/// The release's name: its chart, its app version, or both.
fn names(change: &Change<'_>) -> String {
    match (&change.chart.to, &change.app.to) {
        (Some(chart), Some(app)) => format!("chart `{}` with app version `{}`", chart.text, app.text),
        (Some(chart), None) => format!("chart `{}`", chart.text),
        (None, app) => format!("app version `{}`", app.as_ref().map_or("", |app| &app.text)),
    }
}

fn while_other(what: &str, other: &Versions<'_>) -> String {
    match (&other.from, &other.to) {
        (_, Some(to)) if !other.moved => format!(" while the {what} stays `{}`", to.text),
        (Some(from), Some(to)) if other.step() != Some(Step::Down) => {
            format!(" while the {what} goes from `{}` to `{}`", from.text, to.text)
        }
        _ => String::new(),
    }
}

fn undo(rollback: bool, next: &str) -> String {
    if rollback {
        format!("to undo a release, go back with both versions together; to undo a part of it, release that as {next}")
    } else {
        format!("release the old state as {next}")
    }
}
