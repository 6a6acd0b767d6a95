//! Test results for programs.

use forewarn_core::problem::Problem;
use serde_json::{Value, json};

use super::Tally;
use super::run::{Status, SuiteRun, Test};

/// The version of this form. Fields are only ever added.
const VERSION: u32 = 1;

/// All results as JSON.
pub(super) fn render(suites: &[SuiteRun], problems: &[Problem], tally: Tally) -> String {
    let report = json!({
        "version": VERSION,
        "summary": {
            "passed": tally.passed,
            "failed": tally.failed,
            "errors": tally.errors,
            "updated": tally.updated,
            "filtered": tally.filtered,
            "suites": tally.suites,
            "broken": tally.broken,
        },
        "suites": suites.iter().map(suite).collect::<Vec<_>>(),
        "errors": problems.iter().map(problem).collect::<Vec<_>>(),
    });
    format!("{report:#}\n")
}

fn suite(run: &SuiteRun) -> Value {
    json!({
        "file": run.file,
        "tests": run.tests.iter().map(test).collect::<Vec<_>>(),
        "errors": run.problems.iter().map(problem).collect::<Vec<_>>(),
    })
}

fn test(test: &Test) -> Value {
    let status = match test.status {
        Status::Passed => "passed",
        Status::Failed => "failed",
        Status::Error => "error",
        Status::Updated => "updated",
    };
    let difference = test.difference.as_ref().map(
        |difference| json!({"expected": difference.expected, "actual": difference.actual, "notes": difference.notes}),
    );
    json!({
        "case": test.name,
        "policy": test.policy,
        "status": status,
        "verdict": test.outcome.verdict().name(),
        "codes": test.outcome.codes(),
        "line": test.position.line,
        "column": test.position.column,
        "difference": difference,
    })
}

fn problem(problem: &Problem) -> Value {
    json!({
        "kind": problem.kind.name(),
        "message": problem.message,
        "help": problem.help,
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
    })
}
