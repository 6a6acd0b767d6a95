//! User and group IDs: what is demanded of them, how they are read, and where a fix puts them.

use forewarn_kit::json::Node;
use forewarn_kit::settings::Settings;
use forewarn_kit::workload::{Container, Origin, Workload};

use crate::windows;

/// What an ID has to be.
#[derive(Debug)]
pub(crate) struct Ids {
    /// It has to be given at all.
    pub(crate) required: bool,
    /// The lowest that is accepted.
    pub(crate) min: i64,
    /// The lowest that earns no warning.
    pub(crate) recommended: i64,
    /// What a fix writes where none is given.
    pub(crate) default: Option<i64>,
}

/// The API server refuses IDs outside 0 to 2³¹−1.
const MAX: i64 = i32::MAX as i64;
/// The article's advice; also what messages suggest when the settings suggest nothing.
const HIGH: i64 = 3001;

impl Ids {
    /// Any user but root, or none.
    pub(crate) const NOT_ROOT: Self = Self { required: false, min: 1, recommended: 1, default: None };

    /// Reads the setting `user`.
    pub(crate) fn user(settings: &mut Settings<'_>) -> Self {
        let mut ids = Self::read(
            settings,
            1001,
            [
                "Whether `runAsUser` has to be given.",
                "The lowest UID that is accepted.",
                "The UID that a fix writes where none is given; without it there is no such fix.",
            ],
        );
        let recommended =
            settings.integer("recommended", "The lowest UID that is accepted without a warning.", HIGH, 1..=MAX);
        if settings.has("recommended") && recommended < ids.min {
            settings.refuse(&format!("`recommended` ({recommended}) is below `min` ({})", ids.min));
        }
        ids.recommended = recommended.max(ids.min);
        if let Some(default) = ids.default.filter(|default| (ids.min..ids.recommended).contains(default)) {
            settings.refuse(&format!(
                "`default` ({default}) is below `recommended` ({}), so whatever it repairs would be warned about",
                ids.recommended
            ));
        }
        ids
    }

    /// Reads the setting `group`.
    pub(crate) fn group(settings: &mut Settings<'_>) -> Self {
        Self::read(
            settings,
            HIGH,
            [
                "Whether `runAsGroup` has to be given.",
                "The lowest GID that is accepted.",
                "The GID that a fix writes where none is given; without it there is no such fix.",
            ],
        )
    }

    fn read(settings: &mut Settings<'_>, min: i64, [required, lowest, default]: [&str; 3]) -> Self {
        let required = settings.boolean("required", required, true);
        let min = settings.integer("min", lowest, min, 1..=MAX);
        let default = settings.optional_integer("default", default, 1..=MAX);
        if let Some(default) = default.filter(|default| *default < min) {
            settings.refuse(&format!("`default` ({default}) is below `min` ({min})"));
        }
        Self { required, min, recommended: min, default }
    }

    /// The ID that messages tell the reader to write.
    pub(crate) fn suggested(&self) -> i64 {
        self.default.unwrap_or(if self.recommended == 1 { HIGH } else { self.recommended })
    }
}

/// The ID in `node`; anything else is noted as malformed.
pub(crate) fn read(node: Node<'_>) -> Option<i64> {
    let id = node.to_integer()?;
    if !(0..=MAX).contains(&id) {
        node.note("a whole number from 0 to 2147483647", "negative or too large");
        return None;
    }
    Some(id)
}

/// Whether what the pod or the container says makes its processes the administrator.
pub(crate) fn is_root(workload: &Workload<'_>, container: &Container<'_>) -> bool {
    if workload.on_windows() {
        return windows::administrator(workload, container).is_some();
    }
    workload.effective(container, "runAsUser").and_then(|user| read(user.node)) == Some(0)
}

/// The mapping whose securityContext should say `field`: the pod's, so that one line repairs all containers, unless it
/// would reach one that must stay as it is.
pub(crate) fn repair_at<'a>(workload: &Workload<'a>, container: &Container<'a>, field: &str) -> Node<'a> {
    // Beside root, `runAsNonRoot: true` would only keep the container from starting.
    let inherits_as_root = |other: &Container<'a>| other.security(field).is_none() && is_root(workload, other);
    let harms = field == "runAsNonRoot" && workload.containers.iter().any(inherits_as_root);
    match workload.fix_level(container, field) {
        Origin::Pod if !harms => workload.spec,
        _ => container.node,
    }
}

/// How a message calls what `repair_at` gives.
pub(crate) fn repair_where(workload: &Workload<'_>, container: &Container<'_>, field: &str) -> &'static str {
    if repair_at(workload, container, field) == container.node {
        "in this container"
    } else {
        "in the pod spec, once for all containers"
    }
}
