//! The user ID that a container runs as.

use forewarn_kit::finding::Finding;
use forewarn_kit::workload::{Container, Workload};

use crate::id::{self, Ids};

const FIELD: &[&str] = &["securityContext", "runAsUser"];

/// What is wrong with the effective `runAsUser`, if anything.
pub(crate) fn violation<'a>(demanded: &Ids, workload: &Workload<'a>, container: &Container<'a>) -> Option<Finding<'a>> {
    let suggested = demanded.suggested();
    let Some(user) = workload.effective(container, "runAsUser") else {
        return demanded.required.then(|| unset(demanded, workload, container));
    };
    let uid = id::read(user.node)?;
    let whose = user.whose();
    let help = format!("set `runAsUser: {suggested}`, and let the image give that user the files it writes");
    if uid == 0 {
        let refused = workload.effective(container, "runAsNonRoot").and_then(|field| field.node.to_boolean());
        let message = if refused == Some(true) {
            format!(
                "{container} has `runAsUser: 0`{whose} beside `runAsNonRoot: true`, so the kubelet refuses to start it"
            )
        } else {
            format!("{container} runs as root, `runAsUser: 0`{whose}: whoever breaks out of it is root on the node")
        };
        return Some(Finding::deny("root", user.node, message).help(help));
    }
    let shares = "on the node that number may be a system or login user, whose files an escaped process can reach";
    if uid < demanded.min {
        let message = format!("{container} runs as UID `{uid}`{whose}, below {}: {shares}", demanded.min);
        return Some(Finding::deny("low-user", user.node, message).help(help));
    }
    (uid < demanded.recommended).then(|| {
        let message = format!(
            "{container} runs as UID `{uid}`{whose}; {} or higher is recommended: {shares}",
            demanded.recommended
        );
        Finding::warn("user-below-recommended", user.node, message).help(help)
    })
}

fn unset<'a>(demanded: &Ids, workload: &Workload<'a>, container: &Container<'a>) -> Finding<'a> {
    let message = format!(
        "{container} does not set `runAsUser`, so its image decides which user it is: root, if the image does not say"
    );
    let help = format!(
        "set `securityContext.runAsUser: {}` {}",
        demanded.suggested(),
        id::repair_where(workload, container, "runAsUser")
    );
    let finding = Finding::deny("user-unset", container.missing(FIELD), message).help(help);
    match demanded.default {
        Some(default) => finding.fix(id::repair_at(workload, container, "runAsUser"), FIELD, default.to_string()),
        None => finding,
    }
}
