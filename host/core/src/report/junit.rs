//! The JUnit report, which most CI servers show as test results: a suite per file, a case per finding.

use super::run::{Run, Standing, particulars, whereabouts, with_help};
use crate::problem::Problem;
use crate::review::{FileReview, LocatedFinding, SkipReason};
use quick_junit::{NonSuccessKind, Report, SerializeError, TestCase, TestCaseStatus, TestSuite};

/// Renders a run. There are no times in it, so that the same input gives the same bytes.
///
/// What fails the check is a failure, what could not be checked an error, what is suppressed is skipped. A finding that
/// does not fail the check is a case that passes, and tells what it is in its output.
///
/// # Errors
///
/// Those of the XML writer, of which none applies to this report.
pub fn render(run: Run<'_>) -> Result<String, SerializeError> {
    let mut report = Report::new("forewarn");
    let mut suites: Vec<TestSuite> = Vec::new();
    // What belongs to no reviewed file has a suite of its own.
    for problem in run.problems {
        let name = problem.file.as_deref().unwrap_or("forewarn");
        let case = problem_case(problem);
        match suites.iter_mut().find(|suite| suite.name.as_str() == name) {
            Some(suite) => suite.add_test_case(case),
            None => {
                let mut suite = TestSuite::new(name);
                suite.add_test_case(case);
                suites.push(suite);
                continue;
            }
        };
    }
    report.add_test_suites(suites);
    report.add_test_suites(run.reviews.iter().filter(|review| is_told(review)).map(|review| suite(run, review)));
    report.to_string()
}

/// Whether there is anything to say about a file. Other YAML beside the manifests is no news.
fn is_told(review: &FileReview) -> bool {
    review.objects > 0
        || !review.findings.is_empty()
        || !review.problems.is_empty()
        || review.skipped.iter().any(|skipped| skipped.reason == SkipReason::UnrenderedHelmTemplate)
}

fn suite(run: Run<'_>, review: &FileReview) -> TestSuite {
    let mut suite = TestSuite::new(review.file.as_str());
    suite.add_property(("objects", review.objects.to_string().as_str()));
    suite.add_property(("evaluations", review.evaluations.to_string().as_str()));
    if review.fixed > 0 {
        suite.add_property(("fixed", review.fixed.to_string().as_str()));
    }
    suite.add_test_cases(review.findings.iter().map(|located| finding_case(run, review, located)));
    suite.add_test_cases(review.problems.iter().map(problem_case));
    if review.findings.is_empty() && review.problems.is_empty() && review.objects > 0 {
        // A suite without cases looks as if nothing had been done.
        let mut case = TestCase::new("no findings", TestCaseStatus::success());
        case.set_classname("forewarn");
        suite.add_test_case(case);
    }
    let notices = review.notices.iter().map(|notice| {
        format!("notice: line {}: {}", notice.position.line, with_help(&notice.message, notice.help.as_deref()))
    });
    let unrendered = review.skipped.iter().filter(|skipped| skipped.reason == SkipReason::UnrenderedHelmTemplate);
    let unrendered = unrendered.map(|skipped| {
        format!("skipped: line {}: {}", skipped.line, with_help(skipped.reason.message(), skipped.reason.hint()))
    });
    let told: Vec<_> = notices.chain(unrendered).collect();
    if !told.is_empty() {
        suite.set_system_out(told.join("\n"));
    }
    suite
}

fn finding_case(run: Run<'_>, review: &FileReview, located: &LocatedFinding) -> TestCase {
    let finding = &located.finding;
    let standing = Standing::of(located);
    let place = format!("{}:{}:{}", review.file, located.start.line, located.start.column);
    let text = format!("{}\n{place}\n{}", finding.message, particulars(located).join("\n"));
    let mut status = match standing {
        Standing::Suppressed(_) => TestCaseStatus::skipped(),
        _ if run.fails(located) => TestCaseStatus::non_success(NonSuccessKind::Failure),
        _ => TestCaseStatus::success(),
    };
    let is_success = matches!(status, TestCaseStatus::Success { .. });
    if let Standing::Suppressed(suppression) = standing {
        status.set_message(super::run::by_whom(suppression)).set_description(text.as_str());
    } else if !is_success {
        status.set_message(finding.message.as_str()).set_type(standing.name()).set_description(text.as_str());
    }
    let at = if finding.pointer.is_empty() { String::new() } else { format!(" at {}", finding.pointer) };
    let mut case = TestCase::new(format!("{} in {}{at}", finding.code, whereabouts(located)), status);
    case.set_classname(located.policy.as_str());
    if is_success {
        case.set_system_out(text);
    }
    case.add_property(("standing", standing.name())).add_property(("fingerprint", located.fingerprint.as_str()));
    at_place(&mut case, &review.file, Some(located.start.line));
    case
}

fn problem_case(problem: &Problem) -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_message(problem.message.as_str()).set_type(problem.kind.name());
    if let Some(help) = &problem.help {
        status.set_description(format!("help: {help}"));
    }
    let mut case = TestCase::new(format!("{} error", problem.kind.name()), status);
    case.set_classname(problem.policy.as_deref().unwrap_or("forewarn"));
    if let Some(file) = &problem.file {
        at_place(&mut case, file, problem.line);
    }
    case
}

/// Attributes that several readers of the format know.
fn at_place(case: &mut TestCase, file: &str, line: Option<u32>) {
    case.extra.insert("file".into(), file.into());
    if let Some(line) = line {
        case.extra.insert("line".into(), line.to_string().into());
    }
}
