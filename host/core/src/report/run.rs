//! What reports are made of.

use super::Summary;
use crate::finding::{Severity, Suppression};
use crate::metadata::Metadata;
use crate::problem::Problem;
use crate::review::{FileReview, LocatedFinding, Notice, SkipReason, Skipped};
use std::fmt::Write as _;

/// Everything that a report on a whole run tells.
#[derive(Debug, Clone, Copy)]
pub struct Run<'r> {
    /// The files, in the order of the report.
    pub reviews: &'r [FileReview],
    /// What could not be checked and belongs to no reviewed file.
    pub problems: &'r [Problem],
    /// The policies that were asked, by id.
    pub policies: &'r [About<'r>],
    /// The severities that make the check fail.
    pub failing: &'r [Severity],
}

/// A policy, and what it says about itself.
#[derive(Debug, Clone, Copy)]
pub struct About<'r> {
    /// The policy's id.
    pub id: &'r str,
    /// Its metadata.
    pub metadata: &'r Metadata,
}

/// What a finding counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing<'r> {
    Denied,
    Warned,
    Suppressed(&'r Suppression),
}

impl<'r> Run<'r> {
    /// The numbers of the run.
    #[must_use]
    pub fn summary(&self) -> Summary {
        Summary::of(self.reviews, self.problems)
    }

    /// All findings with their files.
    pub(super) fn findings(self) -> impl Iterator<Item = (&'r FileReview, &'r LocatedFinding)> {
        self.reviews.iter().flat_map(|review| review.findings.iter().map(move |located| (review, located)))
    }

    /// All problems: first those that belong to no reviewed file.
    pub(super) fn all_problems(self) -> impl Iterator<Item = &'r Problem> {
        self.problems.iter().chain(self.reviews.iter().flat_map(|review| &review.problems))
    }

    /// All notices with their files.
    pub(super) fn notices(self) -> impl Iterator<Item = (&'r FileReview, &'r Notice)> {
        self.reviews.iter().flat_map(|review| review.notices.iter().map(move |notice| (review, notice)))
    }

    /// What was not checked and probably should have been, with its files. Other YAML beside the manifests is no news.
    pub(super) fn unrendered(self) -> impl Iterator<Item = (&'r FileReview, &'r Skipped)> {
        let is_news = |skipped: &&Skipped| skipped.reason == SkipReason::UnrenderedHelmTemplate;
        self.reviews
            .iter()
            .flat_map(move |review| review.skipped.iter().filter(is_news).map(move |skipped| (review, skipped)))
    }

    /// What a policy says about itself.
    pub(super) fn annotation(self, policy: &str, key: &str) -> Option<&'r str> {
        let about = self.policies.iter().find(|about| about.id == policy)?;
        about.metadata.annotation(&format!("io.kubewarden.policy.{key}"))
    }

    /// Whether a finding makes the check fail.
    pub(super) fn fails(self, located: &LocatedFinding) -> bool {
        located.finding.suppressed.is_none() && self.failing.contains(&located.finding.severity)
    }
}

impl<'r> Standing<'r> {
    pub(super) fn of(located: &'r LocatedFinding) -> Self {
        match (&located.finding.suppressed, located.finding.severity) {
            (Some(suppression), _) => Self::Suppressed(suppression),
            (None, Severity::Deny) => Self::Denied,
            (None, Severity::Warn) => Self::Warned,
        }
    }

    /// `denied`, `warned` or `suppressed`, as the summary counts it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Warned => "warned",
            Self::Suppressed(_) => "suppressed",
        }
    }
}

/// `Deployment shop/web, container `web``
pub(super) fn whereabouts(located: &LocatedFinding) -> String {
    let mut text = located.object.to_string();
    if let Some(container) = &located.finding.container {
        let _ = write!(text, ", container `{container}`");
    }
    text
}

/// What is told below a finding's message: a line each for help, object, and why it does not count or is not fixed.
pub(super) fn particulars(located: &LocatedFinding) -> Vec<String> {
    let mut lines = Vec::new();
    lines.extend(located.finding.help.as_ref().map(|help| format!("help: {help}")));
    lines.push(format!("in {}", whereabouts(located)));
    lines.extend(located.finding.suppressed.as_ref().map(by_whom));
    lines.extend(located.not_fixed.as_ref().map(|refusal| format!("not fixed: {refusal}")));
    lines
}

/// `suppressed by annotation: a reason`
pub(super) fn by_whom(suppression: &Suppression) -> String {
    format!("suppressed by {}: {}", suppression.by, suppression.reason)
}

/// A message and a help line, where there is one.
pub(super) fn with_help(message: &str, help: Option<&str>) -> String {
    help.map_or_else(|| message.to_owned(), |help| format!("{message}\nhelp: {help}"))
}

/// `2 denied, … , 3 fixed`
pub(super) fn summary_line(summary: &Summary) -> String {
    if summary.fixed == 0 { summary.to_string() } else { format!("{summary}, {} fixed", summary.fixed) }
}

/// Text without the control characters that would break a line or give orders to a terminal.
pub(super) fn harmless(text: &str) -> String {
    text.replace(|character: char| character.is_control() && character != '\n', "\u{fffd}")
}
