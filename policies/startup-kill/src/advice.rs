//! The startupProbe that gives a container the time that it needs.

use forewarn_kit::json::Kind;
use forewarn_kit::probe::Probe;

/// Seconds between its questions.
const PERIOD: i64 = 10;

/// A startupProbe of at least `seconds`, in words.
pub(crate) fn words(liveness: Probe<'_>, seconds: i64) -> String {
    let handler = liveness.handlers().next().map_or("handler", |(name, _)| name);
    let needed = attempts(seconds, PERIOD);
    let timeout = match liveness.timeout() {
        1 => String::new(),
        seconds => format!(" and `timeoutSeconds: {seconds}`"),
    };
    format!(
        "a `startupProbe` with the same `{handler}`{timeout}, `periodSeconds: {PERIOD}` and `failureThreshold: {needed}` \
         ({needed} × {PERIOD} s = {} s)",
        needed.saturating_mul(PERIOD)
    )
}

/// A startupProbe of at least `seconds`, as JSON, with the bytes of the livenessProbe's handler. Nothing where that is
/// malformed, or one of several: the API server refuses such probes.
pub(crate) fn json(liveness: Probe<'_>, seconds: i64) -> Option<String> {
    let mut handlers = liveness.handlers();
    let (name, handler) = handlers.next().filter(|(_, handler)| handler.kind() == Kind::Object)?;
    if handlers.next().is_some() {
        return None;
    }
    // A handler that needs more than the default second would never succeed without its timeout.
    let timeout = match liveness.timeout() {
        1 => String::new(),
        seconds => format!(r#","timeoutSeconds":{seconds}"#),
    };
    let (handler, needed) = (handler.raw(), attempts(seconds, PERIOD));
    Some(format!(r#"{{"{name}":{handler},"periodSeconds":{PERIOD},"failureThreshold":{needed}{timeout}}}"#))
}

/// How many questions, one each `period`, take at least `seconds`.
pub(crate) fn attempts(seconds: i64, period: i64) -> i64 {
    seconds / period + i64::from(seconds % period != 0)
}

#[cfg(test)]
mod tests {
    use super::attempts;

    #[test]
    fn rounds_up() {
        for (seconds, period, needed) in [(1800, 10, 180), (1801, 10, 181), (5, 10, 1), (300, 7, 43), (1, 1, 1)] {
            assert_eq!(attempts(seconds, period), needed);
        }
    }
}
