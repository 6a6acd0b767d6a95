//! What moved between two states of a workload.

use std::borrow::Cow;

use forewarn_kit::image::Image;
use forewarn_kit::json::Node;
use forewarn_kit::release::{CHART_LABEL, Chart, Step, SystemApps, VERSION_LABEL, next, version};
use forewarn_kit::semver::Version;
use forewarn_kit::workload::{Class, Container, Workload};

/// The labels that name a release, before and after.
#[derive(Debug)]
pub(crate) struct Change<'a> {
    pub(crate) chart: Versions<'a>,
    pub(crate) app: Versions<'a>,
}

/// One of the labels, before and after.
#[derive(Debug)]
pub(crate) struct Versions<'a> {
    pub(crate) from: Option<Label<'a>>,
    pub(crate) to: Option<Label<'a>>,
    /// The versions in the labels, where they are SemVer.
    pub(crate) old: Option<Version>,
    pub(crate) new: Option<Version>,
    /// Whether the two have an order: the versions of two charts have none.
    comparable: bool,
    /// Whether the label says something else, on the pods or on the object.
    pub(crate) moved: bool,
}

/// A label's value.
#[derive(Debug, Clone)]
pub(crate) struct Label<'a> {
    pub(crate) node: Node<'a>,
    pub(crate) text: Cow<'a, str>,
}

impl<'a> Change<'a> {
    pub(crate) fn between(old: &Workload<'a>, new: &Workload<'a>) -> Self {
        let chart = |label: &Option<Label<'_>>| {
            let chart = label.as_ref().and_then(|label| Chart::parse(&label.text))?;
            Some((chart.name.to_owned(), chart.version))
        };
        let app = |label: &Option<Label<'_>>| version(&label.as_ref()?.text.replace('_', "+"));
        let read = |name| {
            let (from, to) = (Label::of(old, name), Label::of(new, name));
            let texts = [(&from, &to), (&Label::own(old, name), &Label::own(new, name))];
            let moved = texts.iter().any(|(from, to)| from.as_ref().map(Label::text) != to.as_ref().map(Label::text));
            (from, to, moved)
        };
        let (from, to, moved) = read(CHART_LABEL);
        let (old_name, old_version) = chart(&from).unzip();
        let (new_name, new_version) = chart(&to).unzip();
        let comparable = old_name == new_name;
        let charts = Versions { from, to, old: old_version, new: new_version, comparable, moved };
        let (from, to, moved) = read(VERSION_LABEL);
        let (old_version, new_version) = (app(&from), app(&to));
        let apps = Versions { from, to, old: old_version, new: new_version, comparable: true, moved };
        Self { chart: charts, app: apps }
    }

    /// Whether either version is another one.
    pub(crate) fn moved(&self) -> bool {
        self.chart.moved || self.app.moved
    }
}

impl<'a> Versions<'a> {
    /// The label before and after, where it is in both.
    pub(crate) fn labels(&self) -> Option<(&Label<'a>, &Label<'a>)> {
        self.from.as_ref().zip(self.to.as_ref())
    }

    /// What the label would say one step after what it said before.
    pub(crate) fn following(&self, step: Step) -> Option<String> {
        let old = self.old.as_ref()?;
        let head = self.from.as_ref()?.text.strip_suffix(&old.to_string().replace('+', "_"))?;
        Some(format!("{head}{}", next(old, step)))
    }

    /// The step, where the two versions have an order.
    pub(crate) fn step(&self) -> Option<Step> {
        Some(Step::between(self.old.as_ref()?, self.new.as_ref()?)).filter(|_| self.comparable)
    }
}

impl<'a> Label<'a> {
    /// The label that names the release of the pods.
    fn of(workload: &Workload<'a>, name: &str) -> Option<Self> {
        Self::read(workload.label(name)?)
    }

    /// The object's own label.
    fn own(workload: &Workload<'a>, name: &str) -> Option<Self> {
        Self::read(workload.metadata()?.object("labels")?.field(name)?)
    }

    fn read(node: Node<'a>) -> Option<Self> {
        Some(Self { text: node.as_str()?, node })
    }

    fn text(&self) -> &str {
        &self.text
    }
}

/// The images, before and after.
#[derive(Debug)]
pub(crate) struct Images<'a> {
    /// Whether each container has the image that it had.
    pub(crate) same: bool,
    /// The main container's, where it is third-party software.
    pub(crate) system: Option<SystemImage<'a>>,
}

/// The image of third-party software.
#[derive(Debug)]
pub(crate) struct SystemImage<'a> {
    pub(crate) container: &'a Container<'a>,
    pub(crate) node: Node<'a>,
    pub(crate) old: Image,
    pub(crate) new: Image,
    /// Whether it is another tag or another program. The same from another registry is not.
    pub(crate) moved: bool,
}

impl<'a> Images<'a> {
    pub(crate) fn of(old: &'a Workload<'a>, new: &'a Workload<'a>, apps: &SystemApps) -> Self {
        Self { same: all(old).eq(all(new)), system: SystemImage::of(old, new, apps) }
    }
}

impl<'a> SystemImage<'a> {
    fn of(old: &'a Workload<'a>, new: &'a Workload<'a>, apps: &SystemApps) -> Option<Self> {
        let (was, container) = (old.main_container()?, new.main_container()?);
        let (old, new, node) = (was.image()?, container.image()?, container.node.field("image")?);
        let moved = (old.name(), &old.tag) != (new.name(), &new.tag);
        (apps.cover(&old) || apps.cover(&new)).then_some(Self { container, node, old, new, moved })
    }
}

/// Every container of the pods by name, with its image.
pub(crate) fn all<'w, 'a>(
    workload: &'w Workload<'a>,
) -> impl Iterator<Item = (Option<&'w str>, Option<Cow<'a, str>>)> + use<'w, 'a> {
    // What is put into a running pod to debug it is no part of a release.
    let lasting = workload.containers.iter().filter(|container| container.class != Class::Ephemeral);
    lasting.map(|container| (container.name.as_deref(), container.node.string("image")))
}
