//! Probes, with the values that the kubelet works with.

use crate::json::{Kind, Node};
use crate::version::Version;
use crate::workload::Container;

/// Where `startupProbe` is on by default; an older API server drops the field.
pub const STARTUP_PROBES: Version = Version::new(1, 18);

/// What a probe decides about its container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProbeKind {
    /// Whether it gets traffic.
    Readiness,
    /// Whether it is restarted.
    Liveness,
    /// When the other two begin; a container that never gets so far is restarted.
    Startup,
}

impl ProbeKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Readiness, Self::Liveness, Self::Startup];

    /// The container's field.
    pub fn field(self) -> &'static str {
        match self {
            Self::Readiness => "readinessProbe",
            Self::Liveness => "livenessProbe",
            Self::Startup => "startupProbe",
        }
    }
}

/// A probe that a container has.
///
/// The numbers are the effective ones: a field that is absent or 0 has its default, as the API server writes it
/// (`SetDefaults_Probe` in `k8s.io/kubernetes/pkg/apis/core/v1`). So has a negative one, which the API server refuses.
#[derive(Debug, Clone, Copy)]
pub struct Probe<'a> {
    /// The probe's mapping.
    pub node: Node<'a>,
    /// What it decides.
    pub kind: ProbeKind,
}

/// The fields that say how a container is asked.
const HANDLERS: [&str; 4] = ["exec", "httpGet", "tcpSocket", "grpc"];

impl<'a> Probe<'a> {
    /// The probe of `container`, when it has one; an empty mapping is one without a handler.
    pub fn of(container: &Container<'a>, kind: ProbeKind) -> Option<Self> {
        Some(Self { node: container.node.object(kind.field())?, kind })
    }

    /// How the container is asked: `exec`, `httpGet`, `tcpSocket` or `grpc` with its mapping. The API server allows
    /// exactly one. One that is no mapping is noted as malformed, and is still one.
    pub fn handlers(self) -> impl Iterator<Item = (&'static str, Node<'a>)> {
        HANDLERS.into_iter().filter_map(move |name| {
            let handler = self.node.field(name)?;
            handler.expect(Kind::Object);
            Some((name, handler))
        })
    }

    /// Seconds from the container's start to the first question.
    pub fn initial_delay(self) -> i64 {
        self.number("initialDelaySeconds", 0)
    }

    /// Seconds from one question to the next.
    pub fn period(self) -> i64 {
        self.number("periodSeconds", 10)
    }

    /// Seconds that an answer may take.
    pub fn timeout(self) -> i64 {
        self.number("timeoutSeconds", 1)
    }

    /// How many good answers in a row count as a success.
    pub fn success_threshold(self) -> i64 {
        self.number("successThreshold", 1)
    }

    /// How many failures in a row count as one.
    pub fn failure_threshold(self) -> i64 {
        self.number("failureThreshold", 3)
    }

    /// Seconds from the container's start until the kubelet acts when no question is answered. Nothing where a summand
    /// is malformed.
    pub fn budget(self) -> Option<i64> {
        let readable = |field| self.node.field(field).is_none_or(|node| node.to_integer().is_some());
        let sum = || self.initial_delay().saturating_add(self.failure_threshold().saturating_mul(self.period()));
        ["initialDelaySeconds", "failureThreshold", "periodSeconds"].into_iter().all(readable).then(sum)
    }

    fn number(self, field: &str, default: i64) -> i64 {
        self.node.integer(field).filter(|number| *number > 0).unwrap_or(default)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Tape;

    fn with<T>(probe: &str, read: impl Fn(Probe<'_>) -> T) -> T {
        let tape = Tape::parse(probe).expect("JSON");
        read(Probe { node: tape.root(), kind: ProbeKind::Liveness })
    }

    #[test]
    fn absent_null_and_zero_are_the_default() {
        for text in [
            "{}",
            r#"{"periodSeconds":null,"failureThreshold":null}"#,
            r#"{"initialDelaySeconds":0,"periodSeconds":0,"timeoutSeconds":0,"successThreshold":0,"failureThreshold":0}"#,
        ] {
            let numbers =
                with(text, |probe| [probe.initial_delay(), probe.period(), probe.timeout(), probe.success_threshold()]);
            assert_eq!(numbers, [0, 10, 1, 1], "{text}");
            assert_eq!(with(text, |probe| probe.budget()), Some(30), "{text}");
        }
    }

    #[test]
    fn sums_up() {
        let text = r#"{"initialDelaySeconds":60,"periodSeconds":5,"failureThreshold":4}"#;
        assert_eq!(with(text, |probe| probe.budget()), Some(80));
        let huge = format!(r#"{{"initialDelaySeconds":{0},"periodSeconds":{0},"failureThreshold":{0}}}"#, i64::MAX);
        assert_eq!(with(&huge, |probe| probe.budget()), Some(i64::MAX));
        assert_eq!(with(r#"{"periodSeconds":"5"}"#, |probe| probe.budget()), None);
    }

    #[test]
    fn finds_every_handler() {
        let names = |text: &str| with(text, |probe| probe.handlers().map(|(name, _)| name).collect::<Vec<_>>());
        assert!(names(r#"{"periodSeconds":5,"exec":null}"#).is_empty());
        assert_eq!(names(r#"{"tcpSocket":{"port":1},"exec":{},"httpGet":7}"#), ["exec", "httpGet", "tcpSocket"]);
    }
}
