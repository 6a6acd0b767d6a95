//! Whether the kubelet checks that a container does not start as root.

use forewarn_kit::finding::Finding;
use forewarn_kit::workload::{Container, Workload};

use crate::id;

const FIELD: &[&str] = &["securityContext", "runAsNonRoot"];

/// What is wrong with the effective `runAsNonRoot`, if anything.
pub(crate) fn violation<'a>(workload: &Workload<'a>, container: &Container<'a>) -> Option<Finding<'a>> {
    let is_root = id::is_root(workload, container);
    let consequence = if is_root && workload.on_windows() {
        "so the kubelet starts it as the administrator"
    } else if is_root {
        "so the kubelet starts it as root"
    } else if workload.on_windows() {
        "so the kubelet starts it even when its image runs as the administrator"
    } else if workload.effective(container, "runAsUser").is_some() {
        "so only `runAsUser` keeps it from running as root, and nobody notices when that line goes"
    } else {
        "so the kubelet starts it even when its image runs as root"
    };
    let place = id::repair_where(workload, container, "runAsNonRoot");
    let finding = match workload.effective(container, "runAsNonRoot") {
        Some(field) => {
            if field.node.to_boolean()? {
                return None;
            }
            let message = format!("{container} has `runAsNonRoot: false`{}, {consequence}", field.whose());
            Finding::deny("non-root-false", field.node, message)
        }
        None => {
            let message = format!("{container} does not set `runAsNonRoot`, {consequence}");
            Finding::deny("non-root-unset", container.missing(FIELD), message)
        }
    };
    let finding = finding.help(format!("set `securityContext.runAsNonRoot: true` {place}"));
    // Beside root, `true` would only keep the container from starting.
    Some(if is_root { finding } else { finding.fix(id::repair_at(workload, container, "runAsNonRoot"), FIELD, "true") })
}
