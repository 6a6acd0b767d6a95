//! No container runs as root, or may turn out to.
//!
//! Source: the article's chapter on pod security (a high UID and GID); the Pod Security Standards, level restricted;
//! `DetermineEffectiveSecurityContext` and the kubelet's `verifyRunAsNonRoot`.

mod group;
mod id;
mod non_root;
mod pod;
mod settings;
mod user;
mod windows;

use forewarn_kit::export;
use forewarn_kit::finding::Findings;
use forewarn_kit::guard::{Guard, WorkloadPolicy};
use forewarn_kit::settings::Settings;
use forewarn_kit::version::Version;
use forewarn_kit::workload::Workload;

use crate::settings::Demands;

/// The rule, with its settings.
#[derive(Debug)]
pub struct RootUser(Demands);

impl WorkloadPolicy for RootUser {
    const ID: &'static str = "root-user";
    const CODES: &'static [&'static str] = &[
        "root",
        "low-user",
        "user-unset",
        "user-below-recommended",
        "root-group",
        "low-group",
        "group-unset",
        "non-root-unset",
        "non-root-false",
        "windows-admin",
    ];

    fn from_settings(settings: &mut Settings<'_>, kubernetes: Version) -> Self {
        Self(Demands::read(settings, kubernetes))
    }

    fn check<'a>(&'a self, workload: &'a Workload<'a>, findings: &mut Findings<'a>) {
        let demands = &self.0;
        let linux = !workload.on_windows();
        // In a user namespace UID 0 is an ordinary user of the node.
        let any_user = demands.relax_for_user_namespaces && workload.spec.boolean("hostUsers") == Some(false);
        for container in &workload.containers {
            let user = (linux && !any_user).then(|| user::violation(&demands.user, workload, container)).flatten();
            let admin = demands.windows_admin.then(|| windows::violation(workload, container)).flatten();
            let non_root = (demands.non_root && !any_user).then(|| non_root::violation(workload, container)).flatten();
            let group = demands.group.as_ref().filter(|_| linux);
            let group = group.and_then(|group| group::violation(group, workload, container));
            for finding in [user, admin, non_root, group].into_iter().flatten() {
                findings.push(finding.container(container));
            }
        }
        if demands.group.is_some() && linux {
            pod::root_groups(workload, findings);
        }
        if demands.pod_level && !any_user {
            pod::overridden(workload, findings);
        }
    }
}

export!(Guard<RootUser>);
