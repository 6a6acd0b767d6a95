//! How one file's part of a report is made, while its text is at hand.

use forewarn_core::problem::Problem;
use forewarn_core::report::text::TextReport;
use forewarn_core::review::FileReview;

use super::Reviewed;
use crate::args::FailOn;
use crate::check::fails;

/// What is made of a file's review. Threads that review share it.
#[derive(Debug, Clone)]
pub(crate) struct Style {
    /// For people, where that is wanted.
    text: Option<TextReport>,
    /// Show people only what makes the check fail.
    only: Option<FailOn>,
}

impl Style {
    pub(super) fn new(text: Option<TextReport>, only: Option<FailOn>) -> Self {
        Self { text, only }
    }

    /// A file, reviewed, `text` being its content.
    pub(crate) fn reviewed(&self, review: FileReview, text: &str) -> Reviewed {
        let shown = self.text.as_ref().map(|report| self.show(report, &review, text)).unwrap_or_default();
        Reviewed { review: Ok(review), shown, diff: String::new(), fixed: 0 }
    }

    /// A file that was not read.
    pub(crate) fn unread(&self, problem: Problem) -> Reviewed {
        let shown = self.text.as_ref().map(|report| report.problem(&problem)).unwrap_or_default();
        Reviewed { review: Err(problem), shown, diff: String::new(), fixed: 0 }
    }

    fn show(&self, report: &TextReport, review: &FileReview, text: &str) -> String {
        let Some(fail_on) = self.only else { return report.file(review, text) };
        let findings = review.findings.iter().filter(|located| fails(fail_on, located)).cloned().collect();
        report.file(&FileReview { findings, skipped: Vec::new(), notices: Vec::new(), ..review.clone() }, text)
    }
}
