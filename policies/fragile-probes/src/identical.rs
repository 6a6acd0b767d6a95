//! Liveness and readiness that ask the same, equally fast.

use forewarn_kit::finding::Finding;
use forewarn_kit::probe::{Probe, ProbeKind};
use forewarn_kit::workload::Container;

use crate::question::Question;

/// What only costs rotation when readiness notices it costs a restart when liveness does.
pub(crate) fn check<'a>(container: &Container<'a>) -> Option<Finding<'a>> {
    let ask = |kind| {
        let probe = Probe::of(container, kind)?;
        Some((probe, Question::of(container, probe)?))
    };
    // Also what is not compared is read, so that a malformed field in it is found.
    let [readiness, liveness, _startup] = ProbeKind::ALL.map(ask);
    let ((readiness, (_, other)), (liveness, (handler, question))) = (readiness?, liveness?);
    let (kills, unrouted) = (patience(liveness), patience(readiness));
    if question != other || kills > unrouted {
        return None;
    }
    let message = format!(
        "the `livenessProbe` and the `readinessProbe` of {container} ask the same `{handler}`, and liveness gives up after \
         {kills} s, readiness after {unrouted} s: under load the kubelet kills what should only get less traffic"
    );
    let step = step(liveness);
    let enough = unrouted.saturating_mul(2).saturating_add(step - 1) / step;
    let mut help = "let the `livenessProbe` ask the process alone, on an endpoint of its own".to_owned();
    if i32::try_from(enough).is_ok() {
        let total = enough.saturating_mul(step);
        help += &format!(", or set its `failureThreshold: {enough}` ({enough} × {step} s = {total} s)");
    }
    Some(Finding::deny("identical", liveness.node, message).help(help))
}

/// Seconds from the first question that gets no answer until the kubelet acts.
fn patience(probe: Probe<'_>) -> i64 {
    probe.failure_threshold().saturating_mul(step(probe))
}

/// Seconds between two questions while there is no answer: the kubelet waits for one before it asks again.
fn step(probe: Probe<'_>) -> i64 {
    probe.period().max(probe.timeout())
}
