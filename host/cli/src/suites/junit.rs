//! Test results as JUnit XML, which most CI systems read.

use anyhow::Context as _;
use forewarn_core::problem::Problem;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::run::{Status, SuiteRun, Test};
use super::text::{headline, told};
use crate::exit::Failure;

/// All results: a test suite for each suite, a test case for each case and policy.
///
/// # Errors
/// Never: the XML is written to memory.
pub(super) fn render(suites: &[SuiteRun], problems: &[Problem]) -> Result<String, Failure> {
    let mut report = Report::new("forewarn test");
    for run in suites {
        let mut suite = TestSuite::new(run.file.as_str());
        suite.add_test_cases(run.problems.iter().map(broken));
        suite.add_test_cases(run.tests.iter().map(|test| case(run, test)));
        report.add_test_suite(suite);
    }
    if !problems.is_empty() {
        let mut suite = TestSuite::new("unreadable");
        suite.add_test_cases(problems.iter().map(broken));
        report.add_test_suite(suite);
    }
    let xml = report.to_string().context("the JUnit report cannot be written");
    xml.map_err(Failure::engine)
}

fn case(run: &SuiteRun, test: &Test) -> TestCase {
    let kind = match test.status {
        Status::Passed | Status::Updated => None,
        Status::Failed => Some(NonSuccessKind::Failure),
        Status::Error => Some(NonSuccessKind::Error),
    };
    let status = match (kind, &test.difference) {
        (Some(kind), Some(difference)) => {
            let mut status = TestCaseStatus::non_success(kind);
            let place = format!("{}:{}:{}", run.file, test.position.line, test.position.column);
            let findings: String = test.outcome.findings().map(|finding| told(finding) + "\n").collect();
            let notes: String = difference.notes.iter().map(|note| format!("note: {note}\n")).collect();
            let (expected, actual) = (&difference.expected, &difference.actual);
            let description = format!("{place}\nexpected:\n{expected}actual:\n{actual}{findings}{notes}");
            status.set_message(headline(test)).set_type(test.outcome.verdict().name()).set_description(description);
            status
        }
        _ => TestCaseStatus::success(),
    };
    let mut case = TestCase::new(test.name.as_str(), status);
    case.set_classname(test.policy.as_str());
    case
}

fn broken(problem: &Problem) -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_message(problem.message.as_str()).set_type(problem.kind.name());
    let place = problem.file.as_deref().unwrap_or_default();
    let place = match (problem.line, problem.column) {
        (Some(line), Some(column)) => format!("{place}:{line}:{column}"),
        _ => place.to_owned(),
    };
    status.set_description(match &problem.help {
        Some(help) => format!("{place}\nhelp: {help}"),
        None => place,
    });
    TestCase::new("suite", status)
}
