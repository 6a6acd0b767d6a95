//! The safe fix: RuntimeDefault, which every node has.

use forewarn_kit::finding::Finding;
use forewarn_kit::workload::{Container, Origin, Workload};

use crate::FIELD;
use crate::profile::Profile;
use crate::source;

/// Where a profile for `container` belongs.
pub(crate) fn level(workload: &Workload<'_>, container: &Container<'_>) -> Origin {
    workload.fix_level(container, "seccompProfile")
}

/// Gives the finding its fix, where the API server takes it.
pub(crate) fn with_runtime_default<'a>(
    workload: &Workload<'a>,
    container: &Container<'a>,
    finding: Finding<'a>,
) -> Finding<'a> {
    let (parent, annotation) = match level(workload, container) {
        Origin::Container => (container.node, source::container_annotation(workload, container)),
        Origin::Pod => (workload.spec, source::pod_annotation(workload)),
    };
    // The API server refuses a pod whose annotation and field disagree, also where the annotation has no effect.
    // Source: `validateSeccompAnnotationsAndFields` in `k8s.io/kubernetes/pkg/apis/core/validation`.
    match annotation {
        Some(annotation) if annotation.profile != Profile::RuntimeDefault => finding,
        _ => finding.fix(parent, FIELD, r#"{"type":"RuntimeDefault"}"#),
    }
}
