//! How a chart's version follows what changed in it.

use forewarn_kit::finding::Finding;
use forewarn_kit::json::{Node, first_difference};
use forewarn_kit::release::{Step, next};

use crate::chart::{Chart, Field};

/// What differs between two states of a chart, its two versions aside.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Changed {
    /// Something else in `Chart.yaml`.
    chart: bool,
    /// The values.
    values: bool,
    /// Templates, CRDs, charts inside.
    templates: bool,
    /// The app version.
    app: bool,
    /// The tag that the chart runs.
    tag: bool,
}

impl Changed {
    /// What the input says; where it says nothing, what can be seen in it.
    pub(crate) fn read<'a>(input: Node<'a>, previous: &Chart<'a>, chart: &Chart<'a>) -> Self {
        let told = input.object("changed");
        let part = |key: &str, seen: &dyn Fn() -> bool| match told {
            Some(told) => told.boolean(key).unwrap_or_default(),
            None => seen(),
        };
        let text = |field: Option<&Field<'a>>| field.map(|field| field.text.clone());
        Self {
            chart: part("chart", &|| other_fields_differ(previous.node, chart.node)),
            values: part("values", &|| differ(previous.values, chart.values)),
            templates: part("templates", &|| false),
            app: text(previous.app.as_ref()) != text(chart.app.as_ref()),
            tag: text(previous.tag()) != text(chart.tag()),
        }
    }

    fn values_only(self) -> bool {
        self.values && !(self.chart || self.templates || self.app || self.tag)
    }

    /// The changed parts in words; `None` when there are none.
    fn words(self) -> Option<String> {
        let parts = [
            (self.chart, "Chart.yaml"),
            (self.app, "`appVersion`"),
            (self.values, "values"),
            (self.templates, "templates"),
        ];
        let changed: Vec<_> = parts.into_iter().filter(|(changed, _)| *changed).map(|(_, name)| name).collect();
        let (last, first) = changed.split_last()?;
        Some(if first.is_empty() { (*last).to_owned() } else { format!("{} and {last}", first.join(", ")) })
    }
}

/// Reports what the step from `previous` to `chart` should have been.
pub(crate) fn check<'a>(
    previous: &Chart<'a>,
    chart: &Chart<'a>,
    changed: &Changed,
    system: bool,
    found: &mut Vec<Finding<'a>>,
) {
    // The versions of two charts have no order.
    if previous.text("name") != chart.text("name") {
        return;
    }
    let step = |old: Option<&Field<'_>>, new: Option<&Field<'_>>| Some(Step::between(&old?.semver()?, &new?.semver()?));
    if let (Some(old), Some(new)) = (&previous.app, &chart.app)
        && step(Some(old), Some(new)) == Some(Step::Down)
    {
        found.push(app_downgrade(old, new));
    }
    let (Some(from), Some(to)) = (&previous.version, &chart.version) else { return };
    match step(Some(from), Some(to)) {
        Some(Step::Down) => found.extend(chart_downgrade(from, to)),
        Some(size @ (Step::Same | Step::Patch | Step::Minor)) if system && changed.tag => {
            found.extend(needs_major(from, to, size, previous, chart));
        }
        _ if from.text == to.text => found.extend(unreleased(to, changed)),
        Some(size @ (Step::Minor | Step::Major)) if changed.values_only() => {
            found.extend(values_need_patch(from, to, size));
        }
        _ => {}
    }
}

fn chart_downgrade<'a>(from: &Field<'_>, to: &Field<'a>) -> Option<Finding<'a>> {
    let message = format!(
        "`version` goes back from `{}` to `{}`: the higher one may be in use, and stays the newest for everyone who asks",
        from.text, to.text
    );
    let help = format!("to take a release back, release the old state as `{}`", next(&from.semver()?, Step::Patch));
    Some(Finding::deny("chart-downgrade", to.node, message).help(help))
}

fn app_downgrade<'a>(from: &Field<'_>, to: &Field<'a>) -> Finding<'a> {
    let message = format!(
        "`appVersion` goes back from `{}` to `{}`: the older app meets the values and data of the newer one",
        from.text, to.text
    );
    let help =
        "release the old code under a new app version, or roll the release back as a whole, to the chart that had it";
    Finding::deny("app-downgrade", to.node, message).help(help)
}

fn needs_major<'a>(
    from: &Field<'_>,
    to: &Field<'a>,
    size: Step,
    previous: &Chart<'a>,
    chart: &Chart<'a>,
) -> Option<Finding<'a>> {
    let tag = chart.tag()?;
    let before = previous.tag().map_or("none", |tag| &tag.text);
    let version = match size {
        Step::Same => format!("`version` stays `{}`", to.text),
        size => format!("`version` only goes from `{}` to `{}`, a {} step", from.text, to.text, size.name()),
    };
    let message = format!(
        "the tag of third-party software goes from `{before}` to `{}`, but {version}: the chart's version is the only \
         one that is yours, and it does not tell of the upgrade",
        tag.text
    );
    let help = format!(
        "release it as `{}`, the next major version; if your team builds this image, set `systemApps` without it",
        next(&from.semver()?, Step::Major)
    );
    Some(Finding::deny("system-app-needs-major", tag.node, message).help(help))
}

fn unreleased<'a>(version: &Field<'a>, changed: &Changed) -> Option<Finding<'a>> {
    let message = format!(
        "{} changed, but `version` stays `{}`: two different charts have one name, and whoever asks for it gets either",
        changed.words()?,
        version.text
    );
    let help = match version.semver() {
        Some(old) if changed.values_only() => {
            format!("release it as `{}`: a change of values alone is a patch", next(&old, Step::Patch))
        }
        Some(old) => format!(
            "release it as `{}` if nothing but a repair is in it, as `{}` if it can do more, or as `{}` if users must act",
            next(&old, Step::Patch),
            next(&old, Step::Minor),
            next(&old, Step::Major)
        ),
        None => "give it the next version".to_owned(),
    };
    Some(Finding::deny("unreleased-change", version.node, message).help(help))
}

fn values_need_patch<'a>(from: &Field<'_>, to: &Field<'a>, size: Step) -> Option<Finding<'a>> {
    let message = format!(
        "`version` goes from `{}` to `{}`, a {} step, but only values changed: the version promises more than there is",
        from.text,
        to.text,
        size.name()
    );
    let help = format!("release it as `{}`, the next patch", next(&from.semver()?, Step::Patch));
    Some(Finding::deny("values-need-patch", to.node, message).help(help))
}

fn differ(old: Option<Node<'_>>, new: Option<Node<'_>>) -> bool {
    match (old, new) {
        (Some(old), Some(new)) => first_difference(old, new).is_some(),
        (old, new) => old.or(new).is_some_and(|node| node.fields().next().is_some()),
    }
}

/// Whether anything in `Chart.yaml` differs but its versions.
fn other_fields_differ(old: Option<Node<'_>>, new: Option<Node<'_>>) -> bool {
    let (Some(old), Some(new)) = (old, new) else { return false };
    let other = |key: &str| key != "version" && key != "appVersion";
    let lacks = |one: Node<'_>, two: Node<'_>| {
        one.fields().any(|(key, value)| {
            other(&key) && two.field(&key).is_none_or(|there| first_difference(there, value).is_some())
        })
    };
    lacks(new, old) || lacks(old, new)
}
