//! The primary group that a container runs with.

use forewarn_kit::finding::Finding;
use forewarn_kit::workload::{Container, Workload};

use crate::id::{self, Ids};

const FIELD: &[&str] = &["securityContext", "runAsGroup"];

/// What is wrong with the effective `runAsGroup`, if anything.
pub(crate) fn violation<'a>(demanded: &Ids, workload: &Workload<'a>, container: &Container<'a>) -> Option<Finding<'a>> {
    let Some(group) = workload.effective(container, "runAsGroup") else {
        return demanded.required.then(|| unset(demanded, workload, container));
    };
    let gid = id::read(group.node)?;
    let whose = group.whose();
    let help = format!("set `runAsGroup: {}`", demanded.suggested());
    if gid == 0 {
        let message = format!(
            "{container} runs with root's group, `runAsGroup: 0`{whose}: it may do whatever files and sockets grant \
             group root"
        );
        return Some(Finding::deny("root-group", group.node, message).help(help));
    }
    (gid < demanded.min).then(|| {
        let message = format!(
            "{container} runs with GID `{gid}`{whose}, below {}: on the node that number may be a system group, whose \
             files an escaped process can reach",
            demanded.min
        );
        Finding::deny("low-group", group.node, message).help(help)
    })
}

fn unset<'a>(demanded: &Ids, workload: &Workload<'a>, container: &Container<'a>) -> Finding<'a> {
    let message = format!(
        "{container} does not set `runAsGroup`, so its image decides which group it has: root's, if the \
         image does not say"
    );
    let help = format!(
        "set `securityContext.runAsGroup: {}` {}",
        demanded.suggested(),
        id::repair_where(workload, container, "runAsGroup")
    );
    let finding = Finding::deny("group-unset", container.missing(FIELD), message).help(help);
    match demanded.default {
        Some(default) => finding.fix(id::repair_at(workload, container, "runAsGroup"), FIELD, default.to_string()),
        None => finding,
    }
}
