//! Probes that restart healthy containers, ask the wrong one, or are refused by the API server.
//!
//! Source: the article's chapter on liveness and readiness probes; "Configure Liveness, Readiness and Startup Probes"
//! in the Kubernetes documentation.

mod identical;
mod invalid;
mod port;
mod question;

use forewarn_kit::export;
use forewarn_kit::finding::{Finding, Findings};
use forewarn_kit::guard::{Guard, WorkloadPolicy};
use forewarn_kit::json::{Kind, Node};
use forewarn_kit::probe::{Probe, ProbeKind};
use forewarn_kit::settings::Settings;
use forewarn_kit::version::Version;
use forewarn_kit::workload::{Container, Workload};

/// The rule. It has no settings of its own.
#[derive(Debug)]
pub struct FragileProbes;

impl WorkloadPolicy for FragileProbes {
    const ID: &'static str = "fragile-probes";
    const CODES: &'static [&'static str] =
        &["identical", "single-failure", "host-field", "undeclared-port", "api-invalid", "timeout-above-period"];

    fn from_settings(_: &mut Settings<'_>, _: Version) -> Self {
        Self
    }

    fn check<'a>(&'a self, workload: &'a Workload<'a>, findings: &mut Findings<'a>) {
        for container in &workload.containers {
            let mut push = |finding: Finding<'a>| findings.push(finding.container(container));
            if !container.class.may_have_probes() {
                invalid::forbidden_fields(container).for_each(push);
                continue;
            }
            for probe in ProbeKind::ALL.into_iter().filter_map(|kind| Probe::of(container, kind)) {
                invalid::check(workload, container, probe, &mut push);
                for (_, handler) in probe.handlers() {
                    host_field(workload, container, probe, handler).into_iter().for_each(&mut push);
                    undeclared_port(container, probe, handler).into_iter().for_each(&mut push);
                }
                timeout_above_period(container, probe).into_iter().for_each(&mut push);
                single_failure(container, probe).into_iter().for_each(&mut push);
            }
            identical::check(container).into_iter().for_each(push);
        }
    }
}

fn single_failure<'a>(container: &Container<'a>, probe: Probe<'a>) -> Option<Finding<'a>> {
    let threshold = probe.node.field("failureThreshold")?;
    if probe.kind != ProbeKind::Liveness || probe.failure_threshold() != 1 {
        return None;
    }
    let message = format!(
        "{container} is killed after a single failed `livenessProbe` (`failureThreshold: 1`): one slow answer or one lost \
         packet restarts a healthy process"
    );
    Some(Finding::deny("single-failure", threshold, message).help("set `failureThreshold: 3`, the default, or more"))
}

fn timeout_above_period<'a>(container: &Container<'a>, probe: Probe<'a>) -> Option<Finding<'a>> {
    let node = probe.node.field("timeoutSeconds")?;
    let (timeout, period, field) = (probe.timeout(), probe.period(), probe.kind.field());
    if timeout <= period {
        return None;
    }
    let message = format!(
        "the `{field}` of {container} may wait {timeout} s for an answer (`timeoutSeconds`) but is due every {period} s \
         (`periodSeconds`), so a hang is noticed later than it looks"
    );
    let help = format!("set `timeoutSeconds: {period}` or less, or `periodSeconds: {timeout}` or more");
    Some(Finding::warn("timeout-above-period", node, message).help(help))
}

fn host_field<'a>(
    workload: &Workload<'a>,
    container: &Container<'a>,
    probe: Probe<'a>,
    handler: Node<'a>,
) -> Option<Finding<'a>> {
    let node = handler.field("host")?;
    let host = handler.string("host").filter(|host| !host.is_empty())?;
    let field = probe.kind.field();
    // To connect to the unspecified address is to connect to the loopback one.
    let loopback = matches!(host.as_ref(), "localhost" | "::1" | "0.0.0.0" | "::") || host.starts_with("127.");
    // The kubelet asks from the node's network, which such a pod shares.
    if loopback && workload.spec.boolean("hostNetwork") == Some(true) {
        return None;
    }
    let (message, help) = if loopback {
        (
            format!(
                "the `{field}` of {container} asks `{host}`, which to the kubelet is the node and not the pod, so the \
                 answer says nothing about the container"
            ),
            "remove `host`; a process that listens on the loopback address alone needs an `exec` probe",
        )
    } else {
        (
            format!(
                "the `{field}` of {container} asks `{host}` instead of its own pod, so another machine's failure decides \
                 about this container"
            ),
            "remove `host`: the kubelet then asks the pod's own address; a virtual host goes into `httpHeaders: \
             [{name: Host, value: …}]`",
        )
    };
    Some(Finding::deny("host-field", node, message).help(help))
}

fn undeclared_port<'a>(container: &Container<'a>, probe: Probe<'a>, handler: Node<'a>) -> Option<Finding<'a>> {
    let node = handler.field("port")?;
    let name = node.as_str().filter(|name| port::is_name(name) && port::declared(container, name).is_none())?;
    // What is malformed declares nothing, and is reported itself.
    if container.node.field("ports").is_some_and(|ports| ports.kind() != Kind::Array) {
        return None;
    }
    let field = probe.kind.field();
    let message = format!(
        "the `{field}` of {container} asks port `{name}`, which the container does not declare, so it can never succeed"
    );
    let ports = container.node.objects("ports");
    let names: Vec<_> = ports.filter_map(|port| Some(format!("`{}`", port.string("name")?))).collect();
    let known =
        if names.is_empty() { String::new() } else { format!(" (the container declares {})", names.join(", ")) };
    let help = format!("write the port's number, or declare it under `ports` with `name: {name}`{known}");
    Some(Finding::deny("undeclared-port", node, message).help(help))
}

export!(Guard<FragileProbes>);
