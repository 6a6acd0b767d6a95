//! What the API server refuses about probes: better said before the apply.
//!
//! Source: `validateProbe`, `validateLivenessProbe`, `validateInitContainers` and `validateEphemeralContainers` in
//! `k8s.io/kubernetes/pkg/apis/core/validation`. A probe without a handler is `missing-probes`' to report.

use forewarn_kit::finding::{Finding, Place, missing};
use forewarn_kit::json::Node;
use forewarn_kit::probe::{Probe, ProbeKind};
use forewarn_kit::workload::{Class, Container, Workload};

use crate::port::{Port, is_name};

const PORT: &[&str] = &["port"];
const COMMAND: &[&str] = &["command"];

/// Reports every field about probes in a container that may have none.
pub(crate) fn forbidden_fields<'a>(container: &Container<'a>) -> impl Iterator<Item = Finding<'a>> {
    let (because, help) = match container.class {
        Class::Init => (
            "it runs to its end before the others start",
            "remove it; a container that should keep running beside the others needs `restartPolicy: Always`",
        ),
        _ => ("nothing but debugging is its task", "remove it"),
    };
    let fields = ["readinessProbe", "livenessProbe", "startupProbe", "lifecycle"];
    fields.into_iter().filter_map(move |field| {
        let message = format!("{container} may have no `{field}`, as {because}");
        Some(refused(container.node.field(field)?, message, help))
    })
}

/// Reports what is wrong with one probe of a container that may have some.
pub(crate) fn check<'a>(
    workload: &Workload<'a>,
    container: &Container<'a>,
    probe: Probe<'a>,
    push: &mut impl FnMut(Finding<'a>),
) {
    let whose = format!("the `{}` of {container}", probe.kind.field());
    if probe.handlers().nth(1).is_some() {
        let names: Vec<_> = probe.handlers().map(|(name, _)| format!("`{name}`")).collect();
        let message = format!("{whose} has {} handlers ({}) where one is allowed", names.len(), names.join(", "));
        push(refused(probe.node, message, "keep the handler that fits, and remove the others"));
    }
    numbers(&whose, probe, push);
    for (name, handler) in probe.handlers() {
        match name {
            "exec" if handler.list("command").next().is_none() => {
                let message = format!("{whose} runs no command");
                push(refused(missing(handler, COMMAND), message, "write `command: [\"…\"]`"));
            }
            "exec" => {}
            // Only the others may name a port instead of numbering it.
            "grpc" if handler.field("port").is_some_and(|port| port.to_integer().is_none()) => {}
            // Knative fills in the port that it routes to.
            _ if workload.group == "serving.knative.dev" => {}
            _ => port(&whose, handler, push),
        }
        if let Some(scheme) = handler.string("scheme").filter(|_| name == "httpGet")
            && !matches!(scheme.as_ref(), "HTTP" | "HTTPS" | "")
            && let Some(node) = handler.field("scheme")
        {
            push(refused(node, format!("{whose} has `scheme: {scheme}`"), "write `HTTP` or `HTTPS`, in capitals"));
        }
    }
}

fn numbers<'a>(whose: &str, probe: Probe<'a>, push: &mut impl FnMut(Finding<'a>)) {
    // 0 is the default, and is no more wrong than an absent field.
    for field in ["initialDelaySeconds", "periodSeconds", "timeoutSeconds", "successThreshold", "failureThreshold"] {
        let Some(number) = probe.node.integer(field) else { continue };
        let Some(node) = probe.node.field(field) else { continue };
        if !(0..=i64::from(i32::MAX)).contains(&number) {
            push(refused(
                node,
                format!("{whose} has `{field}: {number}`"),
                "write a number from 1 to 2147483647, or leave it out",
            ));
        } else if field == "successThreshold" && probe.kind != ProbeKind::Readiness && number > 1 {
            let message =
                format!("{whose} has `{field}: {number}`, and only a `readinessProbe` may ask for more than 1");
            push(refused(node, message, "remove `successThreshold`; it is 1 anyway"));
        }
    }
    let field = "terminationGracePeriodSeconds";
    let Some(seconds) = probe.node.integer(field) else { return };
    let Some(node) = probe.node.field(field) else { return };
    if probe.kind == ProbeKind::Readiness {
        let message = format!("{whose} has `{field}`, but readiness never ends a container");
        push(refused(node, message, "remove it here, or move it to the `livenessProbe`"));
    } else if seconds < 1 {
        push(refused(node, format!("{whose} has `{field}: {seconds}`"), "write 1 or more"));
    }
}

fn port<'a>(whose: &str, handler: Node<'a>, push: &mut impl FnMut(Finding<'a>)) {
    let Some(node) = handler.field("port") else {
        let message = format!("{whose} names no port");
        return push(refused(missing(handler, PORT), message, "write `port:` with the number or name of a port"));
    };
    match Port::of(handler) {
        Some(Port::Number(number)) if !(1..=65535).contains(&number) => {
            push(refused(node, format!("{whose} asks port {number}"), "write a port from 1 to 65535"));
        }
        Some(Port::Name(text)) if text.parse::<u16>().is_ok() => {
            let message = format!("{whose} asks port `\"{text}\"`, and a quoted number is taken for a name");
            push(refused(node, message, format!("write `port: {text}` without quotes")));
        }
        Some(Port::Name(name)) if !is_name(&name) => {
            let help = "write the port's number, or a name of at most 15 small letters, digits and dashes";
            push(refused(node, format!("{whose} asks port `{name}`, which is no port name"), help));
        }
        _ => {}
    }
}

fn refused<'a>(place: impl Into<Place<'a>>, what: String, help: impl Into<String>) -> Finding<'a> {
    Finding::deny("api-invalid", place, format!("{what}: the API server refuses the object")).help(help)
}
