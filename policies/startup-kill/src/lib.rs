//! A container gets as long as it needs to start before a probe kills it.
//!
//! Source: the article's chapter on liveness and readiness probes (Kafka brokers that were killed while they repaired
//! their indexes); `doProbe` in `k8s.io/kubernetes/pkg/kubelet/prober`.

mod advice;
mod annotation;
mod images;
mod need;

use forewarn_kit::export;
use forewarn_kit::finding::{Finding, Findings};
use forewarn_kit::guard::{Guard, WorkloadPolicy};
use forewarn_kit::probe::{Probe, ProbeKind, STARTUP_PROBES};
use forewarn_kit::settings::Settings;
use forewarn_kit::version::Version;
use forewarn_kit::workload::{Container, Workload};

use crate::need::{Budgets, Need};

/// The rule, with the time that kinds of containers need.
#[derive(Debug)]
pub struct StartupKill {
    budgets: Budgets,
    max_initial_delay: i64,
    kubernetes: Version,
}

impl WorkloadPolicy for StartupKill {
    const ID: &'static str = "startup-kill";
    const CODES: &'static [&'static str] = &["killed-during-startup", "long-initial-delay", "bad-budget"];

    fn from_settings(settings: &mut Settings<'_>, kubernetes: Version) -> Self {
        Self {
            budgets: Budgets::read(settings),
            max_initial_delay: settings.integer(
                "maxInitialDelaySeconds",
                "The longest `initialDelaySeconds` of a livenessProbe, in seconds, that draws no warning.",
                60,
                0..=need::MAX_SECONDS,
            ),
            kubernetes,
        }
    }

    fn check<'a>(&'a self, workload: &'a Workload<'a>, findings: &mut Findings<'a>) {
        annotation::check(workload, findings);
        for container in workload.containers.iter().filter(|container| container.class.may_have_probes()) {
            let liveness = asking(container, ProbeKind::Liveness);
            let startup = asking(container, ProbeKind::Startup).filter(|_| self.kubernetes >= STARTUP_PROBES);
            let need = self.budgets.need(workload, container);
            if let Some(killer) = startup.or(liveness)
                && let Some(budget) = killer.budget().filter(|budget| *budget < need.seconds)
            {
                findings.push(self.killed(container, killer, budget, &need));
            }
            let late = liveness.and_then(|liveness| self.long_delay(container, liveness, startup, &need));
            if let Some(finding) = late {
                findings.push(finding);
            }
        }
    }
}

/// The probe, when it has a handler: the API server refuses one without.
fn asking<'a>(container: &Container<'a>, kind: ProbeKind) -> Option<Probe<'a>> {
    Probe::of(container, kind).filter(|probe| probe.handlers().next().is_some())
}

impl StartupKill {
    fn killed<'a>(&self, container: &'a Container<'a>, killer: Probe<'a>, budget: i64, need: &Need) -> Finding<'a> {
        let Need { seconds, source } = need;
        let (delay, failures, period) = (killer.initial_delay(), killer.failure_threshold(), killer.period());
        let probe = killer.kind.field();
        let message = format!(
            "{container} has {budget} s to start (`initialDelaySeconds` {delay} + `failureThreshold` {failures} × \
             `periodSeconds` {period}) before its `{probe}` kills it, but {source}, so it may never come up"
        );
        let finding = Finding::deny("killed-during-startup", killer.node, message)
            .container(container)
            .value(format!("{budget} of {seconds}"));
        if killer.kind == ProbeKind::Startup {
            let needed = advice::attempts(seconds - delay, period);
            let total = delay + needed * period;
            let help = format!(
                "set `failureThreshold: {needed}` in its `startupProbe` ({delay} s + {needed} × {period} s = {total} s)"
            );
            return finding.help(help).fix(killer.node, &["failureThreshold"], needed.to_string());
        }
        if self.kubernetes < STARTUP_PROBES {
            let delay = seconds - failures.saturating_mul(period);
            let help = format!(
                "set `initialDelaySeconds: {delay}` in its `livenessProbe` ({delay} s + {failures} × {period} s = {seconds} \
                 s); a `startupProbe`, which would notice a quick start, does nothing before Kubernetes {STARTUP_PROBES}"
            );
            return finding.help(help);
        }
        let finding = finding.help(format!("add {}", advice::words(killer, *seconds)));
        match advice::json(killer, *seconds) {
            Some(startup) if container.node.field("startupProbe").is_none() => {
                let finding = finding.fix(container.node, &["startupProbe"], startup);
                // The startupProbe waits in place of the delay, which would only draw the next warning.
                if delay > self.max_initial_delay {
                    finding.fix(killer.node, &["initialDelaySeconds"], "0")
                } else {
                    finding
                }
            }
            _ => finding,
        }
    }

    fn long_delay<'a>(
        &self,
        container: &'a Container<'a>,
        liveness: Probe<'a>,
        startup: Option<Probe<'a>>,
        need: &Need,
    ) -> Option<Finding<'a>> {
        let node = liveness.node.field("initialDelaySeconds")?;
        let delay = liveness.initial_delay();
        if delay <= self.max_initial_delay || self.kubernetes < STARTUP_PROBES {
            return None;
        }
        let (unnoticed, help) = match startup {
            Some(_) => (
                "a process that hangs after a quick start",
                "remove `initialDelaySeconds`: the `livenessProbe` waits for the `startupProbe` anyway".to_owned(),
            ),
            None => (
                "a start that hangs",
                format!(
                    "remove `initialDelaySeconds` and add {}, which ends the wait with the first good answer",
                    advice::words(liveness, need.seconds.max(liveness.budget()?).min(need::MAX_SECONDS))
                ),
            ),
        };
        let message = format!(
            "{container} is first asked whether it lives {delay} s after its start (`initialDelaySeconds: {delay}`), so \
             {unnoticed} goes unnoticed that long"
        );
        Some(Finding::warn("long-initial-delay", node, message).container(container).help(help))
    }
}

export!(Guard<StartupKill>);
