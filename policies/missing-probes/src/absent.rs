//! What is said about a probe that is not there.

use forewarn_kit::finding::{Finding, Severity};
use forewarn_kit::probe::ProbeKind;
use forewarn_kit::workload::{Container, Workload};

/// A finding about a probe that is not there; a readinessProbe may be missed because of a `service`.
pub(crate) fn probe<'a>(
    severity: Severity,
    container: &'a Container<'a>,
    kind: ProbeKind,
    service: Option<&str>,
) -> Finding<'a> {
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
    let source = service.map(|name| format!(" from Service `{name}`")).unwrap_or_default();
    let harm = harm.replacen(" traffic", &format!(" traffic{source}"), 1);
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

/// A finding about a pod of which it cannot be told whether it needs a readinessProbe.
pub(crate) fn services<'a>(workload: &'a Workload<'a>, container: &Container<'_>) -> Finding<'a> {
    let message = format!(
        "{container} has no `readinessProbe`, and it cannot be told whether it needs one: no Service can be seen from here"
    );
    let help = "add a `readinessProbe` if a Service selects these pods; without the setting `onlyServed` every workload \
                is asked for one";
    Finding::warn("services-unseen", workload.spec, message).help(help)
}
