//! Every container says `allowPrivilegeEscalation: false`.
//!
//! Source: the article's chapter on pod security; `AllowPrivilegeEscalation` in the Kubernetes API, and the Pod
//! Security Standards, level restricted.

use forewarn_kit::capability::canonical;
use forewarn_kit::export;
use forewarn_kit::finding::{Finding, Findings};
use forewarn_kit::guard::{Guard, WorkloadPolicy};
use forewarn_kit::json::Node;
use forewarn_kit::settings::Settings;
use forewarn_kit::version::Version;
use forewarn_kit::workload::{Container, Workload};

/// The rule. It has no settings of its own.
#[derive(Debug)]
pub struct PrivilegeEscalation;

const FIELD: &[&str] = &["securityContext", "allowPrivilegeEscalation"];

impl WorkloadPolicy for PrivilegeEscalation {
    const ID: &'static str = "privilege-escalation";
    const CODES: &'static [&'static str] = &["allowed", "unset", "privileged", "sys-admin"];

    fn from_settings(_: &mut Settings<'_>, _: Version) -> Self {
        Self
    }

    fn check<'a>(&'a self, workload: &'a Workload<'a>, findings: &mut Findings<'a>) {
        // The field is Linux's; the API server refuses it on Windows.
        if workload.on_windows() {
            return;
        }
        for container in &workload.containers {
            // Read before anything else, so that a value of the wrong type is told in any case.
            let field = own_field(workload, container);
            let stronger: Vec<_> = privileged(container).into_iter().chain(sys_admin(container)).collect();
            // What is stronger has to go first, and its help says what to do with the field then.
            let field = field.filter(|_| stronger.is_empty());
            stronger.into_iter().chain(field).for_each(|finding| findings.push(finding.container(container)));
        }
    }
}

fn privileged<'a>(container: &Container<'a>) -> Option<Finding<'a>> {
    let privileged = container.security("privileged").filter(|node| node.to_boolean() == Some(true))?;
    let message = format!(
        "{container} is privileged, so its processes can gain any power of the node, whatever \
         `allowPrivilegeEscalation` says"
    );
    let help = "remove `privileged: true` (the API server refuses `allowPrivilegeEscalation: false` beside it), then set \
                `allowPrivilegeEscalation: false`";
    Some(Finding::deny("privileged", privileged, message).help(help))
}

fn sys_admin<'a>(container: &Container<'a>) -> impl Iterator<Item = Finding<'a>> {
    let capabilities = container.security_context().and_then(|context| context.object("capabilities"));
    let added = capabilities.into_iter().flat_map(|capabilities| capabilities.strings("add"));
    // ALL holds SYS_ADMIN too.
    let added = added.filter(|(_, name)| matches!(canonical(name).as_str(), "SYS_ADMIN" | "ALL"));
    added.map(move |(node, name)| {
        let message = format!(
            "{container} adds the capability `{name}`, which keeps privilege escalation on whatever \
             `allowPrivilegeEscalation` says"
        );
        let help = format!(
            "remove `{name}` from `capabilities.add` (the API server refuses `allowPrivilegeEscalation: false` beside \
             CAP_SYS_ADMIN), then set `allowPrivilegeEscalation: false`"
        );
        Finding::deny("sys-admin", node, message).help(help)
    })
}

/// What is wrong with the container's own field.
fn own_field<'a>(workload: &Workload<'a>, container: &Container<'a>) -> Option<Finding<'a>> {
    let finding = match container.security("allowPrivilegeEscalation") {
        Some(field) if field.to_boolean()? => {
            let message =
                format!("{container} allows privilege escalation: a child process may gain more power than its parent");
            Finding::deny("allowed", field, message).help("set `allowPrivilegeEscalation: false`")
        }
        Some(_) => return None,
        None => {
            let message = format!(
                "{container} does not set `allowPrivilegeEscalation`, and Kubernetes then allows it: a child process may \
                 gain more power than its parent"
            );
            Finding::deny("unset", container.missing(FIELD), message).help(help_where_it_belongs(workload, container))
        }
    };
    Some(finding.fix(container.node, FIELD, "false"))
}

/// Kubernetes ignores the field anywhere but in the container's own securityContext; say where it was put instead.
fn help_where_it_belongs(workload: &Workload<'_>, container: &Container<'_>) -> String {
    let here = "set `securityContext.allowPrivilegeEscalation: false` in this container";
    let has_field = |node: Option<Node<'_>>| node.and_then(|node| node.field("allowPrivilegeEscalation")).is_some();
    let found = if has_field(Some(container.node)) {
        "directly under the container"
    } else if has_field(workload.security_context()) {
        "in the pod's securityContext"
    } else if has_field(Some(workload.spec)) {
        "directly under the pod spec"
    } else {
        return here.to_owned();
    };
    format!("{here}; it was found {found}, where Kubernetes ignores it")
}

export!(Guard<PrivilegeEscalation>);
