//! Containers that serve have the probes that routing and restarting depend on.
//!
//! Source: the article's chapter on liveness and readiness probes; "Liveness, Readiness, and Startup Probes" in the
//! Kubernetes documentation.

use forewarn_kit::export;
use forewarn_kit::finding::{Finding, Findings, Severity};
use forewarn_kit::guard::{Guard, WorkloadPolicy};
use forewarn_kit::probe::{Probe, ProbeKind, STARTUP_PROBES};
use forewarn_kit::settings::{Level, Settings};
use forewarn_kit::version::Version;
use forewarn_kit::workload::{Class, Container, Workload};

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
        let mut unjudged = None;
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
                            unjudged = unjudged.or(Some(container));
                        } else {
                            findings.push(missing(severity, container, kind));
                        }
                    }
                    None => {}
                }
            }
        }
        if let Some(container) = unjudged {
            findings.push(services_unseen(workload, container));
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

fn missing<'a>(severity: Severity, container: &'a Container<'a>, kind: ProbeKind) -> Finding<'a> {
    let (code, field, harm): (_, &[&str], _) = match kind {
        ProbeKind::Readiness => (
            "no-readiness",
            &["readinessProbe"],
            "it gets traffic as soon as its process runs, and keeps getting it when it cannot answer",
        ),
        ProbeKind::Liveness => ("no-liveness", &["livenessProbe"], "when its process hangs, nobody restarts it"),
        ProbeKind::Startup => {
            ("no-startup", &["startupProbe"], "a slow start is taken for a hung process, and is killed")
        }
    };
    let port = port(container);
    let help = match kind {
        ProbeKind::Readiness => format!(
            "add a `readinessProbe` that fails while it cannot serve, such as `httpGet: {{path: /ready, port: {port}}}`"
        ),
        ProbeKind::Liveness => format!(
            "add a `livenessProbe` that asks the process alone, never what it depends on, such as \
             `httpGet: {{path: /live, port: {port}}}` with `failureThreshold: 6`"
        ),
        ProbeKind::Startup => format!(
            "add a `startupProbe` with time for the slowest start, such as `httpGet: {{path: /live, port: {port}}}` with \
             `failureThreshold: 30` (30 × 10 s = 300 s)"
        ),
    };
    let message = format!("{container} has no `{}`, so {harm}", kind.field());
    Finding::new(severity, code, container.missing(field), message).container(container).help(help)
}

/// How the help calls the container's port: the first one that it declares.
fn port(container: &Container<'_>) -> String {
    let declared = container.node.objects("ports").next();
    let name = declared.and_then(|port| port.string("name"));
    let number = || Some(declared?.integer("containerPort")?.to_string());
    name.map(String::from).or_else(number).unwrap_or_else(|| "8080".to_owned())
}

fn without_handler<'a>(container: &'a Container<'a>, probe: Probe<'a>) -> Finding<'a> {
    let field = probe.kind.field();
    let message =
        format!("the `{field}` of {container} says nothing about how to ask, so the API server refuses the object");
    let help = format!("give `{field}` one of `httpGet`, `tcpSocket`, `grpc` or `exec`");
    Finding::deny("no-handler", probe.node, message).container(container).help(help)
}

fn services_unseen<'a>(workload: &'a Workload<'a>, container: &Container<'_>) -> Finding<'a> {
    let message = format!(
        "{container} has no `readinessProbe`, and it cannot be told whether it needs one: no Service can be seen from here"
    );
    let help = "add a `readinessProbe` if a Service selects these pods; without the setting `onlyServed` every workload \
                is asked for one";
    Finding::warn("services-unseen", workload.spec, message).help(help)
}

export!(Guard<MissingProbes>);
