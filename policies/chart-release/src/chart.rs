//! A chart: its `Chart.yaml` and its values.

use std::borrow::Cow;

use forewarn_kit::finding::{Finding, Place, missing};
use forewarn_kit::image::Image;
use forewarn_kit::json::{Kind, Node};
use forewarn_kit::release::{SystemApps, version};
use forewarn_kit::semver::Version;
use forewarn_kit::settings::Level;

use crate::image::Written;

/// One state of a chart.
#[derive(Debug)]
pub(crate) struct Chart<'a> {
    /// The mapping that holds `chart` and `values`.
    holder: Node<'a>,
    /// `Chart.yaml`.
    pub(crate) node: Option<Node<'a>>,
    /// `values.yaml`.
    pub(crate) values: Option<Node<'a>>,
    /// The chart's version as it is written.
    pub(crate) version: Option<Field<'a>>,
    /// The app's version as it is written.
    pub(crate) app: Option<Field<'a>>,
    /// The image in the values.
    pub(crate) image: Written<'a>,
}

/// A text or number that is not empty, and its place.
#[derive(Debug, Clone)]
pub(crate) struct Field<'a> {
    pub(crate) node: Node<'a>,
    pub(crate) text: Cow<'a, str>,
}

impl<'a> Field<'a> {
    /// What is under `key`.
    pub(crate) fn of(parent: Node<'a>, key: &str) -> Option<Self> {
        let node = parent.field(key)?;
        let text = node.as_scalar().filter(|text| !text.is_empty())?;
        Some(Self { node, text })
    }

    /// The version that is written there, if it is a SemVer.
    pub(crate) fn semver(&self) -> Option<Version> {
        version(&self.text)
    }
}

impl<'a> Chart<'a> {
    /// The chart in a mapping with `chart` and `values`. Nothing is noted: nobody can mend what was released before.
    pub(crate) fn of(holder: Node<'a>) -> Self {
        let mapping = |key| holder.field(key).filter(|node| node.kind() == Kind::Object);
        let (node, values) = (mapping("chart"), mapping("values"));
        let field = |key| node.and_then(|chart| Field::of(chart, key));
        let image = values.map(Written::of).unwrap_or_default();
        Self { holder, node, values, version: field("version"), app: field("appVersion"), image }
    }

    /// Notes what is read and has the wrong type.
    pub(crate) fn expect_types(&self) {
        let chart = self.holder.object("chart");
        let image = self.holder.object("values").and_then(|values| values.field("image"));
        let read = [(chart, ["name", "version", "appVersion"]), (image, ["registry", "repository", "tag"])];
        for (parent, keys) in read {
            let fields = keys.into_iter().filter_map(|key| parent?.field(key));
            fields.filter(|field| field.as_scalar().is_none()).for_each(|field| {
                field.expect(Kind::String);
            });
        }
    }

    /// A text of `Chart.yaml`.
    pub(crate) fn text(&self, key: &str) -> Option<Cow<'a, str>> {
        self.node?.field(key)?.as_str()
    }

    /// Whether the chart deploys software that others build. Where the values name no image, the chart's name stands
    /// for it.
    pub(crate) fn is_system_app(&self, apps: &SystemApps) -> bool {
        let named = || Image::parse(&self.text("name")?).ok();
        self.image.reference().or_else(named).is_some_and(|image| apps.cover(&image))
    }

    /// The tag that the chart runs: that of the values, else the app version, as the templates of `helm create` do it.
    pub(crate) fn tag(&self) -> Option<&Field<'a>> {
        self.image.tag.as_ref().or(self.app.as_ref())
    }

    /// What is wrong with the chart's version.
    pub(crate) fn version_problem(&self) -> Option<Finding<'a>> {
        let Some(version) = &self.version else {
            let message = "the chart has no `version`, so no release of it can be told from another";
            let place = self.place(&["chart", "version"]);
            return Some(Finding::deny("missing-version", place, message).help("write one, such as `version: 0.1.0`"));
        };
        if version.semver().is_some() {
            return None;
        }
        let message =
            format!("`version` is `{}`, which is no SemVer, so the chart's releases have no order", version.text);
        Some(Finding::deny("not-semver", version.node, message).help("write three numbers, such as `version: 1.1.0`"))
    }

    /// What is wrong with the app's version.
    pub(crate) fn app_version_problem(&self, semver: Level, system: bool) -> Option<Finding<'a>> {
        let Some(app) = &self.app else {
            // A library is part of other charts, and a chart of charts deploys nothing itself.
            let deploys = self.image.is_some() || self.node?.list("dependencies").next().is_none();
            let message =
                "the chart has no `appVersion`, so its releases do not say which version of the app they bring";
            let help = "write the version that this chart was made for, such as `appVersion: 1.4.2`";
            let place = self.place(&["chart", "appVersion"]);
            let missing = deploys && self.text("type").as_deref() != Some("library");
            return missing.then(|| Finding::deny("missing-app-version", place, message).help(help));
        };
        if app.node.kind() != Kind::String {
            let message = format!(
                "`appVersion` is {}, read as `{}`, where Helm wants text: without quotes, 3.10 becomes 3.1",
                app.node.kind().describe(),
                app.text
            );
            let help = "put the version in quotes, with all its digits";
            return Some(Finding::deny("not-semver", app.node, message).help(help));
        }
        let severity = semver.severity().filter(|_| !system && app.semver().is_none())?;
        let message =
            format!("`appVersion` is `{}`, which is no SemVer, so the app's releases have no order", app.text);
        let help = "write three numbers, such as `appVersion: 1.4.2`; if the app's versions have another order, set \
                    `appSemver: ignore`";
        Some(Finding::new(severity, "not-semver", app.node, message).help(help))
    }

    fn place(&self, keys: &'static [&'static str; 2]) -> Place<'a> {
        match (self.node, keys) {
            (Some(chart), [_, key]) => missing(chart, std::slice::from_ref(key)),
            (None, keys) => missing(self.holder, keys),
        }
    }
}
