//! GitLab's Code Quality report, which a merge request shows as a difference to its target.

use super::run::{Run, Standing, particulars, with_help};
use crate::fingerprint::digest;
use serde::Serialize;
use std::collections::HashMap;

/// Renders a run as a list of issues.
///
/// What forewarn itself has to say has a check name that begins with `forewarn/`.
///
/// # Errors
///
/// Those of the JSON writer, of which none applies to this report.
pub fn render(run: Run<'_>) -> Result<String, serde_json::Error> {
    let mut fingerprints = Fingerprints::default();
    let mut issues = Vec::new();
    for (review, located) in run.findings() {
        let severity = match Standing::of(located) {
            Standing::Denied => match run.annotation(&located.policy, "severity") {
                Some("critical" | "high") => "critical",
                _ => "major",
            },
            Standing::Warned => "minor",
            Standing::Suppressed(_) => "info",
        };
        issues.push(Issue {
            description: format!("{}\n{}", located.finding.message, particulars(located).join("\n")),
            check_name: located.finding.code.clone(),
            fingerprint: fingerprints.unique(located.fingerprint.clone()),
            severity,
            location: Location::new(&review.file, located.start.line, located.end.line),
        });
    }
    let mut tell = |check: &str, severity, file: &str, line, message: &str, help: Option<&str>| {
        issues.push(Issue {
            description: with_help(message, help),
            check_name: format!("forewarn/{check}"),
            fingerprint: fingerprints.unique(digest(&[check, file, message])),
            severity,
            location: Location::new(file, line, line),
        });
    };
    for problem in run.all_problems() {
        // An issue must have a path.
        let file = problem.file.as_deref().unwrap_or(".");
        let line = problem.line.unwrap_or(1);
        tell(problem.kind.name(), "blocker", file, line, &problem.message, problem.help.as_deref());
    }
    for (review, notice) in run.notices() {
        tell("notice", "info", &review.file, notice.position.line, &notice.message, notice.help.as_deref());
    }
    for (review, skipped) in run.unrendered() {
        let reason = skipped.reason;
        tell("skipped", "info", &review.file, skipped.line, reason.message(), reason.hint());
    }
    for review in run.reviews.iter().filter(|review| review.fixed > 0) {
        tell("fixed", "info", &review.file, 1, &format!("findings fixed in this file: {}", review.fixed), None);
    }
    serde_json::to_string_pretty(&issues)
}

#[derive(Serialize)]
struct Issue {
    description: String,
    check_name: String,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
    end: u32,
}

impl Location {
    fn new(file: &str, begin: u32, end: u32) -> Self {
        Self { path: file.to_owned(), lines: Lines { begin, end } }
    }
}

/// GitLab takes issues with the same fingerprint for one, though one object may be in several files.
#[derive(Default)]
struct Fingerprints(HashMap<String, usize>);

impl Fingerprints {
    fn unique(&mut self, fingerprint: String) -> String {
        let count = self.0.entry(fingerprint.clone()).or_default();
        *count += 1;
        if *count == 1 { fingerprint } else { digest(&[&fingerprint, &count.to_string()]) }
    }
}
