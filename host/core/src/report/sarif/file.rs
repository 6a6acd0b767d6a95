//! One file's part of a SARIF log.

use super::super::run::with_help;
use super::log::{
    ArtifactLocationDto, ChangeDto, FixDto, LocationDto, LogicalLocationDto, MessageDto, NotificationDto,
    PropertiesDto, ReplacementDto, ResultDto, SuppressionDto,
};
use super::{level, region, uri};
use crate::edit::{Fix, Replacement, alone};
use crate::problem::{Problem, ProblemKind};
use crate::review::{FileReview, LocatedFinding, SkipReason};
use crate::source::{Position, Source};
use std::collections::BTreeMap;

/// One file's results and what else there is to tell of it. Made by itself, because it takes the file's text and some
/// time: every fix is made and proved.
#[derive(Debug, Clone)]
pub struct FileResults {
    pub(super) artifact: ArtifactLocationDto,
    pub(super) results: Vec<ResultDto>,
    pub(super) problems: Vec<(ProblemKind, NotificationDto)>,
    pub(super) notes: Vec<NotificationDto>,
}

impl FileResults {
    /// Of a file's review, `text` being its content.
    #[must_use]
    pub fn of(review: &FileReview, text: &str) -> Self {
        let source = Source::new(text);
        let artifact = uri::artifact(&review.file);
        let fixes = fixes(review, text);
        let results = review.findings.iter().zip(fixes).map(|(located, fix)| {
            let fix = fix.map(|replacements| fix_dto(&source, &artifact, located, replacements));
            result(&source, &artifact, located, fix)
        });
        let at = |line, column| {
            let region = region::at(&source, Position { line, column });
            vec![LocationDto::of(artifact.clone(), Some(region))]
        };
        let note = |message: &str, help: Option<&str>, locations| NotificationDto {
            level: "note",
            message: MessageDto::plain(&with_help(message, help)),
            locations,
        };
        let notices = review.notices.iter().map(|notice| {
            let place = at(notice.position.line, notice.position.column);
            note(&notice.message, notice.help.as_deref(), place)
        });
        let unrendered = review.skipped.iter().filter(|skipped| skipped.reason == SkipReason::UnrenderedHelmTemplate);
        let unrendered = unrendered.map(|skipped| {
            let message = format!("skipped: {}", skipped.reason.message());
            note(&message, skipped.reason.hint(), at(skipped.line, 1))
        });
        let problems = review.problems.iter().map(|problem| (problem.kind, notification(problem, Some(&source))));
        Self {
            results: results.collect(),
            problems: problems.collect(),
            notes: notices.chain(unrendered).collect(),
            artifact,
        }
    }
}

/// A problem as a notification; `source` is the text of its file, where it is at hand.
pub(super) fn notification(problem: &Problem, source: Option<&Source<'_>>) -> NotificationDto {
    let position = problem.line.map(|line| Position { line, column: problem.column.unwrap_or(1) });
    let nothing = Source::new("");
    let region = position.map(|position| region::at(source.unwrap_or(&nothing), position));
    let location = problem.file.as_deref().map(|file| LocationDto::of(uri::artifact(file), region));
    NotificationDto {
        level: "error",
        message: MessageDto::plain(&with_help(&problem.message, problem.help.as_deref())),
        locations: location.into_iter().collect(),
    }
}

/// What each finding's fix replaces, where it has one that `--fix` would make.
fn fixes(review: &FileReview, text: &str) -> Vec<Option<Vec<Replacement>>> {
    let is_wanted = |located: &LocatedFinding| {
        !located.finding.fix.is_empty() && located.finding.suppressed.is_none() && located.not_fixed.is_none()
    };
    let wanted: Vec<_> = review
        .findings
        .iter()
        .filter(|located| is_wanted(located))
        .map(|located| Fix { object: located.object_index, operations: &located.finding.fix })
        .collect();
    if wanted.is_empty() {
        return vec![None; review.findings.len()];
    }
    let mut made = alone(text, &wanted).into_iter();
    review.findings.iter().map(|located| if is_wanted(located) { made.next().flatten() } else { None }).collect()
}

fn fix_dto(
    source: &Source<'_>,
    artifact: &ArtifactLocationDto,
    located: &LocatedFinding,
    replacements: Vec<Replacement>,
) -> FixDto {
    let replacements = replacements.into_iter().map(|Replacement { range, text }| ReplacementDto {
        deleted_region: region::of(source, range),
        inserted_content: MessageDto::of(text),
    });
    let description = located.finding.help.as_deref().unwrap_or("make the policy's fix");
    FixDto {
        description: MessageDto::plain(description),
        artifact_changes: [ChangeDto { artifact_location: artifact.clone(), replacements: replacements.collect() }],
    }
}

fn result(
    source: &Source<'_>,
    artifact: &ArtifactLocationDto,
    located: &LocatedFinding,
    fix: Option<FixDto>,
) -> ResultDto {
    let finding = &located.finding;
    let suppression = finding.suppressed.as_ref().map(|suppression| SuppressionDto {
        kind: match suppression.by.as_str() {
            "annotation" | "comment" => "inSource",
            _ => "external",
        },
        status: "accepted",
        justification: format!("{}: {}", suppression.by, suppression.reason),
    });
    let mut location = LocationDto::of(artifact.clone(), Some(region::of(source, located.span.range())));
    location
        .logical_locations
        .push(LogicalLocationDto { fully_qualified_name: located.object.to_string(), kind: "resource" });
    ResultDto {
        rule_id: finding.code.clone(),
        rule_index: 0,
        level: level(located),
        message: MessageDto::plain(&with_help(&finding.message, finding.help.as_deref())),
        locations: [location],
        partial_fingerprints: BTreeMap::from([(ResultDto::FINGERPRINT, located.fingerprint.clone())]),
        suppressions: suppression.into_iter().collect(),
        fixes: fix.into_iter().collect(),
        properties: PropertiesDto {
            pointer: finding.pointer.clone(),
            container: finding.container.clone(),
            fixable: !finding.fix.is_empty(),
            not_fixed: located.not_fixed.as_ref().map(ToString::to_string),
        },
    }
}
