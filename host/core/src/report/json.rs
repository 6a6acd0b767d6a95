//! The JSON report, version 1: a contract. Fields are only ever added.

use super::Summary;
use crate::finding::Severity;
use crate::object::Identity;
use crate::problem::Problem;
use crate::review::{FileReview, LocatedFinding};
use serde::Serialize;

const VERSION: u32 = 1;

/// Renders the report of a run as one line of JSON.
///
/// `problems` are those that belong to no reviewed file; they come first.
///
/// # Errors
///
/// Those of the JSON writer, of which none applies to this report.
pub fn render(reviews: &[FileReview], problems: &[Problem]) -> Result<String, serde_json::Error> {
    let file_problems = reviews.iter().flat_map(|review| &review.problems);
    serde_json::to_string(&Report {
        version: VERSION,
        summary: Summary::of(reviews, problems).into(),
        findings: reviews
            .iter()
            .flat_map(|review| review.findings.iter().map(|found| finding(review, found)))
            .collect(),
        errors: problems.iter().chain(file_problems).map(error).collect(),
        skipped: reviews.iter().flat_map(skipped).collect(),
        notices: reviews.iter().flat_map(notices).collect(),
    })
}

#[derive(Serialize)]
struct Report<'r> {
    version: u32,
    summary: SummaryDto,
    findings: Vec<FindingDto<'r>>,
    errors: Vec<ErrorDto<'r>>,
    skipped: Vec<SkippedDto<'r>>,
    notices: Vec<NoticeDto<'r>>,
}

#[derive(Serialize)]
struct SummaryDto {
    files: usize,
    objects: usize,
    evaluations: usize,
    denied: usize,
    warned: usize,
    suppressed: usize,
    errors: usize,
    skipped: usize,
    fixed: usize,
    unchanged: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FindingDto<'r> {
    policy: &'r str,
    code: &'r str,
    severity: &'static str,
    message: &'r str,
    help: Option<&'r str>,
    file: &'r str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
    object: ObjectDto<'r>,
    container: Option<&'r str>,
    pointer: &'r str,
    fixable: bool,
    not_fixed: Option<String>,
    suppressed: Option<SuppressedDto<'r>>,
    fingerprint: &'r str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ObjectDto<'r> {
    api_version: &'r str,
    kind: &'r str,
    namespace: Option<&'r str>,
    name: Option<&'r str>,
}

#[derive(Serialize)]
struct SuppressedDto<'r> {
    by: &'r str,
    reason: &'r str,
}

#[derive(Serialize)]
struct ErrorDto<'r> {
    kind: &'static str,
    message: &'r str,
    help: Option<&'r str>,
    file: Option<&'r str>,
    line: Option<u32>,
    column: Option<u32>,
    policy: Option<&'r str>,
}

#[derive(Serialize)]
struct SkippedDto<'r> {
    file: &'r str,
    line: u32,
    reason: &'static str,
    hint: Option<&'static str>,
}

#[derive(Serialize)]
struct NoticeDto<'r> {
    file: &'r str,
    line: u32,
    column: u32,
    message: &'r str,
    help: Option<&'r str>,
}

impl From<Summary> for SummaryDto {
    fn from(summary: Summary) -> Self {
        Self {
            files: summary.files,
            objects: summary.objects,
            evaluations: summary.evaluations,
            denied: summary.denied,
            warned: summary.warned,
            suppressed: summary.suppressed,
            errors: summary.errors,
            skipped: summary.skipped,
            fixed: summary.fixed,
            unchanged: summary.unchanged,
        }
    }
}

fn finding<'r>(review: &'r FileReview, located: &'r LocatedFinding) -> FindingDto<'r> {
    let finding = &located.finding;
    FindingDto {
        policy: &located.policy,
        code: &finding.code,
        severity: match finding.severity {
            Severity::Deny => "deny",
            Severity::Warn => "warn",
        },
        message: &finding.message,
        help: finding.help.as_deref(),
        file: &review.file,
        line: located.start.line,
        column: located.start.column,
        end_line: located.end.line,
        end_column: located.end.column,
        object: object(&located.object),
        container: finding.container.as_deref(),
        pointer: &finding.pointer,
        fixable: !finding.fix.is_empty(),
        not_fixed: located.not_fixed.as_ref().map(ToString::to_string),
        suppressed: finding
            .suppressed
            .as_ref()
            .map(|suppressed| SuppressedDto { by: &suppressed.by, reason: &suppressed.reason }),
        fingerprint: &located.fingerprint,
    }
}

fn object(identity: &Identity) -> ObjectDto<'_> {
    ObjectDto {
        api_version: &identity.api_version,
        kind: &identity.kind,
        namespace: identity.namespace.as_deref(),
        name: identity.name.as_deref(),
    }
}

fn error(problem: &Problem) -> ErrorDto<'_> {
    ErrorDto {
        kind: problem.kind.name(),
        message: &problem.message,
        help: problem.help.as_deref(),
        file: problem.file.as_deref(),
        line: problem.line,
        column: problem.column,
        policy: problem.policy.as_deref(),
    }
}

fn skipped(review: &FileReview) -> impl Iterator<Item = SkippedDto<'_>> {
    review.skipped.iter().map(|skipped| SkippedDto {
        file: &review.file,
        line: skipped.line,
        reason: skipped.reason.message(),
        hint: skipped.reason.hint(),
    })
}

fn notices(review: &FileReview) -> impl Iterator<Item = NoticeDto<'_>> {
    review.notices.iter().map(|notice| NoticeDto {
        file: &review.file,
        line: notice.position.line,
        column: notice.position.column,
        message: &notice.message,
        help: notice.help.as_deref(),
    })
}
