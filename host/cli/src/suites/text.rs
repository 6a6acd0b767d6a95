//! Test results for people.

use anstyle::{AnsiColor, Style};
use forewarn_core::finding::{Finding, Severity};
use forewarn_core::problem::{Problem, ProblemKind};
use forewarn_core::report::text::TextReport;
use forewarn_core::suite::{Difference, Verdict};
use similar::{ChangeTag, TextDiff};

use super::Tally;
use super::run::{Status, SuiteRun, Test};
use crate::output::harmless;

const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const EXPECTED: Style = AnsiColor::Red.on_default();
const ACTUAL: Style = AnsiColor::Green.on_default();

/// Renders what is told while suites are run.
pub(super) struct Report {
    text: TextReport,
}

impl Report {
    /// A report with or without colours.
    pub(super) fn new(colored: bool) -> Self {
        Self { text: TextReport::new(colored) }
    }

    /// Something that could not be read.
    pub(super) fn problem(&self, problem: &Problem) -> String {
        self.text.problem(problem)
    }

    /// One line, and what went wrong below it. Nothing for a suite that the filter left out.
    pub(super) fn suite(&self, run: &SuiteRun) -> String {
        if run.tests.is_empty() && run.problems.is_empty() {
            return String::new();
        }
        let tally = Tally::of(std::slice::from_ref(run));
        let file = harmless(&run.file);
        let (style, word) = match (tally.broken, tally.failed + tally.errors) {
            (0, 0) => (GOOD, "ok"),
            (0, _) => (BAD, "failed"),
            _ => (BAD, "broken"),
        };
        let counts = if tally.broken > 0 { String::new() } else { format!(" ({})", counts(tally)) };
        let mut out = format!("{style}{word:<6}{style:#} {file}{counts}\n");
        let details: Vec<_> = run
            .problems
            .iter()
            .map(|problem| self.text.problem_in(problem, &run.text))
            .chain(run.tests.iter().filter_map(|test| self.test(run, test)))
            .collect();
        if !details.is_empty() {
            out.push('\n');
            details.iter().for_each(|detail| out.push_str(detail));
        }
        out
    }

    fn test(&self, run: &SuiteRun, test: &Test) -> Option<String> {
        let difference = test.difference.as_ref().filter(|_| test.status != Status::Updated)?;
        let message = format!("{}: {}", test.name, headline(test));
        let problem = Problem::new(ProblemKind::Configuration, message).at(&run.file, test.position);
        let mut out = self.text.problem_in(&problem, &run.text).trim_end().to_owned();
        out.push('\n');
        out.push_str(&diff(difference));
        for finding in test.outcome.findings() {
            out.push_str(&format!("    {}\n", harmless(&told(finding))));
        }
        for note in &difference.notes {
            for (index, line) in note.lines().enumerate() {
                out.push_str(&format!("    {}{}\n", if index == 0 { "note: " } else { "  " }, harmless(line)));
            }
        }
        out.push('\n');
        Some(out)
    }
}

/// What the policy said, in words, and what it should have said.
pub(super) fn headline(test: &Test) -> String {
    let policy = &test.policy;
    let verdict = test.outcome.verdict();
    let said = match verdict {
        Verdict::Skip => format!("`{policy}` is not asked, because its rules do not cover this"),
        Verdict::Error => format!("`{policy}` gives no verdict"),
        verdict => format!("`{policy}` says `{}`", verdict.name()),
    };
    match test.expected {
        None => format!("{said}, and nothing is expected yet"),
        Some(expected) if expected == verdict => format!("{said}, but not as expected"),
        Some(expected) => format!("{said}, and `{}` is expected", expected.name()),
    }
}

/// `deny root-user/unset at /spec: …`
pub(super) fn told(finding: &Finding) -> String {
    let severity = match finding.severity {
        Severity::Deny => "deny",
        Severity::Warn => "warn",
    };
    let place = if finding.pointer.is_empty() { String::new() } else { format!(" at {}", finding.pointer) };
    format!("{severity} {}{place}: {}", finding.code, finding.message)
}

/// The lines that differ, with a few around them.
fn diff(difference: &Difference) -> String {
    const AROUND: usize = 3;
    let mut out = format!("    {EXPECTED}- expected{EXPECTED:#}\n    {ACTUAL}+ actual{ACTUAL:#}\n");
    let diff = TextDiff::from_lines(&difference.expected, &difference.actual);
    for (index, group) in diff.grouped_ops(AROUND).iter().enumerate() {
        if index > 0 {
            out.push_str("      ...\n");
        }
        for change in group.iter().flat_map(|operation| diff.iter_changes(operation)) {
            let (style, sign) = match change.tag() {
                ChangeTag::Delete => (EXPECTED, '-'),
                ChangeTag::Insert => (ACTUAL, '+'),
                ChangeTag::Equal => (Style::new(), ' '),
            };
            let line = harmless(change.value().trim_end_matches('\n'));
            out.push_str(&format!("    {style}{sign} {line}{style:#}\n"));
        }
    }
    out
}

/// `12 passed, 1 failed in 3 suites`
pub(super) fn summary(tally: Tally) -> String {
    let suites = if tally.suites == 1 { "suite" } else { "suites" };
    let mut out = format!("{} in {} {suites}", counts(tally), tally.suites);
    if tally.broken > 0 {
        out.push_str(&format!(", {} of them broken", tally.broken));
    }
    if tally.filtered > 0 {
        out.push_str(&format!(" ({} filtered out)", tally.filtered));
    }
    out.push('\n');
    out
}

fn counts(tally: Tally) -> String {
    let parts = [
        (tally.failed, "failed"),
        (tally.errors, if tally.errors == 1 { "error" } else { "errors" }),
        (tally.updated, "updated"),
    ];
    let others = parts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!(", {count} {word}"));
    format!("{} passed{}", tally.passed, others.collect::<String>())
}
