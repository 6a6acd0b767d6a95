//! Every container has a seccomp profile that limits its system calls.
//!
//! Source: the article's chapter on pod security; `SeccompProfile` in the Kubernetes API, and the Pod Security
//! Standards, level restricted.

mod allowed;
mod fix;
mod profile;
mod source;

use forewarn_kit::export;
use forewarn_kit::finding::{Finding, Findings, missing};
use forewarn_kit::guard::{Guard, WorkloadPolicy};
use forewarn_kit::settings::Settings;
use forewarn_kit::version::Version;
use forewarn_kit::workload::{Container, Origin, Workload};

use crate::allowed::Allowed;
use crate::profile::{Profile, Type};
use crate::source::Source;

/// The rule with its settings.
#[derive(Debug)]
pub struct UnconfinedSeccomp {
    allowed: Allowed,
    annotations_count: bool,
}

const FIELD: &[&str] = &["securityContext", "seccompProfile"];
/// The first version that ignores the annotations.
const INERT_SINCE: Version = Version::new(1, 27);
const HARM: &str = "if it is taken over, it can try every system call of the node's kernel";
const REFUSED: &str = "the API server refuses it";

impl WorkloadPolicy for UnconfinedSeccomp {
    const ID: &'static str = "unconfined-seccomp";
    const CODES: &'static [&'static str] = &["unset", "unconfined", "profile-not-allowed", "inert-annotation"];

    fn from_settings(settings: &mut Settings<'_>, kubernetes: Version) -> Self {
        Self { allowed: Allowed::read(settings), annotations_count: kubernetes < INERT_SINCE }
    }

    fn check<'a>(&'a self, workload: &'a Workload<'a>, findings: &mut Findings<'a>) {
        // The field is Linux's; the API server refuses it on Windows.
        if workload.on_windows() {
            return;
        }
        let source_of = if self.annotations_count { source::field_or_annotation } else { source::field };
        for container in &workload.containers {
            let source = source_of(workload, container);
            let privileged = self.privileged(workload, container, source.is_some());
            let profile = match source {
                Some(source) => self.written(workload, container, &source),
                // The help about `privileged` also says what to set.
                None if privileged.is_some() => None,
                None => self.unset(workload, container),
            };
            privileged.into_iter().chain(profile).for_each(|finding| findings.push(finding.container(container)));
        }
    }
}

impl UnconfinedSeccomp {
    /// Kubernetes gives a privileged container no profile at all.
    fn privileged<'a>(
        &self,
        workload: &Workload<'a>,
        container: &Container<'a>,
        has_profile: bool,
    ) -> Option<Finding<'a>> {
        let privileged = container.security("privileged").filter(|node| node.to_boolean() == Some(true))?;
        if self.allowed.has(Type::Unconfined) {
            return None;
        }
        let message =
            format!("{container} is privileged, so it runs without seccomp whatever `seccompProfile` says: {HARM}");
        let mut help = "remove `privileged: true`".to_owned();
        if !has_profile {
            help = format!("{help}, and {}", self.allowed.remedy(fix::level(workload, container)));
        }
        Some(Finding::deny("unconfined", privileged, message).help(help))
    }

    /// What is wrong with the profile that counts.
    fn written<'a>(
        &self,
        workload: &Workload<'a>,
        container: &Container<'a>,
        source: &Source<'a>,
    ) -> Option<Finding<'a>> {
        let Source { profile, node, origin, annotation } = source;
        if *profile == Profile::Malformed {
            return None;
        }
        let for_pod = *origin == Origin::Pod;
        let whose = source.whose();
        let mut help = self.allowed.remedy(if for_pod { fix::level(workload, container) } else { Origin::Container });
        if let Profile::Lacks(field) = profile {
            let field_name = field.concat();
            let message = format!("{container} has a `seccompProfile`{whose} without `{field_name}`: {REFUSED}");
            return Some(Finding::deny("profile-not-allowed", missing(*node, field), message).help(help));
        }
        let Some(objection) = self.allowed.objection(profile) else {
            return annotation.as_ref().map(|key| {
                let message = format!(
                    "{container} has the seccomp profile `{profile}` only by the annotation `{key}`, which has no effect \
                     from Kubernetes {INERT_SINCE} on"
                );
                Finding::warn("inert-annotation", *node, message).help(self.allowed.as_field(profile, *origin))
            });
        };
        if annotation.is_some() {
            help.push_str(", and remove the annotation");
        }
        if *profile != Profile::Unconfined {
            let message = format!("{container} has the seccomp profile `{profile}`{whose}, {objection}");
            return Some(Finding::deny("profile-not-allowed", *node, message).help(help));
        }
        let message = format!("{container} has the seccomp profile `Unconfined`{whose}: {HARM}");
        let finding = Finding::deny("unconfined", *node, message).help(help);
        // What a container says for itself was meant for it alone; only its author knows why.
        Some(if for_pod && annotation.is_none() { self.with_fix(workload, container, finding) } else { finding })
    }

    /// What is wrong where no profile counts.
    fn unset<'a>(&self, workload: &Workload<'a>, container: &Container<'a>) -> Option<Finding<'a>> {
        if self.allowed.has(Type::Unconfined) {
            return None;
        }
        let finding = match source::annotation(workload, container) {
            Some(Source { profile, node, origin, annotation: Some(key) }) => {
                let message = format!(
                    "{container} runs unconfined: its only seccomp profile is the annotation `{key}`, which has no \
                     effect since Kubernetes {INERT_SINCE}"
                );
                let help = format!("{}, and remove the annotation", self.allowed.as_field(&profile, origin));
                Finding::deny("inert-annotation", node, message).help(help)
            }
            _ => {
                let message = format!("{container} has no seccomp profile, so it runs unconfined: {HARM}");
                let help = self.allowed.remedy(fix::level(workload, container));
                Finding::deny("unset", container.missing(FIELD), message).help(help)
            }
        };
        Some(self.with_fix(workload, container, finding))
    }

    fn with_fix<'a>(&self, workload: &Workload<'a>, container: &Container<'a>, finding: Finding<'a>) -> Finding<'a> {
        if self.allowed.has(Type::RuntimeDefault) {
            fix::with_runtime_default(workload, container, finding)
        } else {
            finding
        }
    }
}

export!(Guard<UnconfinedSeccomp>);
