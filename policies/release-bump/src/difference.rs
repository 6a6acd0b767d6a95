//! Whether two states of a workload make different pods.

use forewarn_kit::glob;
use forewarn_kit::json::{Node, first_difference};
use forewarn_kit::release::{CHART_LABEL, VERSION_LABEL};
use forewarn_kit::settings::Settings;
use forewarn_kit::workload::{Class, Workload};

/// Annotations of pods that are no part of a release: the setting `ignoredAnnotations`.
#[derive(Debug)]
pub(crate) struct Ignored(Vec<String>);

impl Ignored {
    pub(crate) fn read(settings: &mut Settings<'_>) -> Self {
        let about = "Globs over annotations of pods whose change is no release, such as those that restart them.";
        Self(settings.strings("ignoredAnnotations", about, &["kubectl.kubernetes.io/restartedAt"]))
    }

    fn covers(&self, annotation: &str) -> bool {
        self.0.iter().any(|glob| glob::matches(glob, annotation))
    }
}

/// The first place in `new` where its pods differ from those of `old`; the mapping or list that lost something, where
/// something is gone.
pub(crate) fn of_pods<'a>(old: &Workload<'a>, new: &Workload<'a>, ignored: &Ignored) -> Option<Node<'a>> {
    match (new.group.as_ref(), new.kind.as_ref()) {
        // Of a running pod only images can change; schedulers and the API server write the rest.
        ("", "Pod") => of_images(old, new),
        // The template of a Job cannot change; while it waits, schedulers write into it.
        ("batch", "Job") => None,
        _ => {
            let part = |workload: &Workload<'a>, key| workload.pod_metadata.and_then(|metadata| metadata.field(key));
            let labels = |key: &str| key != CHART_LABEL && key != VERSION_LABEL;
            let annotations = |key: &str| !ignored.covers(key);
            of_members(part(old, "labels"), part(new, "labels"), labels)
                .or_else(|| of_members(part(old, "annotations"), part(new, "annotations"), annotations))
                .map(|place| place.unwrap_or(new.template))
                .or_else(|| first_difference(old.spec, new.spec))
        }
    }
}

fn of_images<'a>(old: &Workload<'a>, new: &Workload<'a>) -> Option<Node<'a>> {
    let mut lasting = new.containers.iter().filter(|container| container.class != Class::Ephemeral);
    lasting.find_map(|container| {
        let before = old.containers.iter().find(|other| other.name == container.name)?;
        let image = container.node.field("image")?;
        (before.node.string("image") != image.as_str()).then_some(image)
    })
}

/// The first member that counts and differs; `Some(None)` when one is gone and nothing is left to point at.
fn of_members<'a>(
    old: Option<Node<'a>>,
    new: Option<Node<'a>>,
    counts: impl Fn(&str) -> bool,
) -> Option<Option<Node<'a>>> {
    let members = |node: Option<Node<'a>>| node.into_iter().flat_map(Node::fields).filter(|(key, _)| counts(key));
    let changed = members(new).find_map(|(key, value)| match old.and_then(|old| old.field(&key)) {
        Some(before) => first_difference(before, value),
        None => Some(value),
    });
    let gone = || members(old).any(|(key, _)| new.and_then(|new| new.field(&key)).is_none());
    changed.map(Some).or_else(|| gone().then_some(new))
}
