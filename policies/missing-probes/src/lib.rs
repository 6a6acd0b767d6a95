//! Containers that serve have the probes that routing and restarting depend on.
//!
//! Source: the article's chapter on liveness and readiness probes; "Liveness, Readiness, and Startup Probes" in the
//! Kubernetes documentation.

mod absent;
mod served;

use forewarn_kit::export;
use forewarn_kit::finding::{Finding, Findings, Severity};
use forewarn_kit::guard::{Guard, WorkloadPolicy};
use forewarn_kit::probe::{Probe, ProbeKind, STARTUP_PROBES};
use forewarn_kit::settings::{Level, Settings};
use forewarn_kit::version::Version;
use forewarn_kit::workload::{Class, Container, Workload};

use crate::served::Served;

/// The rule, with how much each probe matters.
#[derive(Debug)]
pub struct MissingProbes {
    readiness: Level,
    liveness: Level,
    startup: Level,
    sidecars: Level,
    only_served: bool,
    kubernetes: Version,
}

impl WorkloadPolicy for MissingProbes {
    const ID: &'static str = "missing-probes";
    const CODES: &'static [&'static str] =
        &["no-readiness", "no-liveness", "no-startup", "no-handler", "services-unseen"];

    fn from_settings(settings: &mut Settings<'_>, kubernetes: Version) -> Self {
        Self {
            readiness: settings.choice("readiness", "How a missing readinessProbe is taken.", Level::Deny),
            liveness: settings.choice("liveness", "How a missing livenessProbe is taken.", Level::Warn),
            startup: settings.choice("startup", "How a missing startupProbe is taken.", Level::Ignore),
            sidecars: settings.choice("sidecars", "The most that a sidecar's missing probe can be.", Level::Warn),
            only_served: settings.boolean(
                "onlyServed",
                "Whether only pods that a Service selects need a readinessProbe; where no Service can be seen, the \
                 policy says so in a warning.",
                false,
            ),
            kubernetes,
        }
    }

    fn check<'a>(&'a self, workload: &'a Workload<'a>, findings: &mut Findings<'a>) {
        let serves = !workload.runs_to_completion();
        let mut unjudged = Vec::new();
        for container in workload.containers.iter().filter(|container| container.class.may_have_probes()) {
            for kind in ProbeKind::ALL {
                if kind == ProbeKind::Readiness && given_by_knative(workload) {
                    continue;
                }
                match Probe::of(container, kind) {
                    Some(probe) if probe.handlers().next().is_none() => {
                        findings.push(without_handler(container, probe));
                    }
                    Some(_) => {}
                    None if serves => {
                        let Some(severity) = self.severity(container, kind) else { continue };
                        if kind == ProbeKind::Readiness && self.only_served {
                            unjudged.push((severity, container));
                        } else {
                            findings.push(absent::probe(severity, container, kind, None));
                        }
                    }
                    None => {}
                }
            }
        }
        let Some((_, first)) = unjudged.first() else { return };
        match Served::of(workload) {
            Served::By(service) => {
                for (severity, container) in unjudged {
                    findings.push(absent::probe(severity, container, ProbeKind::Readiness, Some(&service)));
                }
            }
            Served::ByNone => {}
            Served::Unseen => findings.push(absent::services(workload, first)),
        }
    }
}

impl MissingProbes {
    fn severity(&self, container: &Container<'_>, kind: ProbeKind) -> Option<Severity> {
        let level = match kind {
            ProbeKind::Readiness => self.readiness,
            ProbeKind::Liveness => self.liveness,
            ProbeKind::Startup if self.kubernetes < STARTUP_PROBES => Level::Ignore,
            ProbeKind::Startup => self.startup,
        };
        let most = if container.class == Class::Sidecar { self.sidecars } else { Level::Deny };
        match (level.severity()?, most.severity()?) {
            (Severity::Deny, Severity::Deny) => Some(Severity::Deny),
            _ => Some(Severity::Warn),
        }
    }
}

/// Whether the cluster completes the readinessProbe: Knative's webhook asks the container's port where nothing else is
/// said, so the manifest need not.
/// Source: `knative.dev/serving/pkg/apis/serving/v1`, the defaults of a revision.
fn given_by_knative(workload: &Workload<'_>) -> bool {
    workload.group == "serving.knative.dev"
}

fn without_handler<'a>(container: &'a Container<'a>, probe: Probe<'a>) -> Finding<'a> {
    let field = probe.kind.field();
    let message =
        format!("the `{field}` of {container} says nothing about how to ask, so the API server refuses the object");
    let help = format!("give `{field}` one of `httpGet`, `tcpSocket`, `grpc` or `exec`");
    Finding::deny("no-handler", probe.node, message).container(container).help(help)
}

export!(Guard<MissingProbes>);
