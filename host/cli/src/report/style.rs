//! How one file's part of a report is made, while its text is at hand.

use forewarn_core::baseline;
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
    /// Whether an output at the end needs the files' contents.
    keeps_text: bool,
    /// Take every finding as known, because the run writes a baseline.
    accept: bool,
}

impl Style {
    pub(super) fn new(text: Option<TextReport>, only: Option<FailOn>, keeps_text: bool, accept: bool) -> Self {
        Self { text, only, keeps_text, accept }
    }

    /// A file, reviewed, `text` being its content.
    pub(crate) fn reviewed(&self, mut review: FileReview, text: &str) -> Reviewed {
        if self.accept {
            baseline::accept(&mut review);
        }
        let shown = self.text.as_ref().map(|report| self.show(report, &review, text)).unwrap_or_default();
        let text = if self.keeps_text { text.to_owned() } else { String::new() };
        Reviewed { review: Ok(review), text, shown, diff: String::new(), fixed: 0 }
    }

    /// A file that was not read.
    pub(crate) fn unread(&self, problem: Problem) -> Reviewed {
        let shown = self.text.as_ref().map(|report| report.problem(&problem)).unwrap_or_default();
        Reviewed { review: Err(problem), text: String::new(), shown, diff: String::new(), fixed: 0 }
    }

    fn show(&self, report: &TextReport, review: &FileReview, text: &str) -> String {
        let Some(fail_on) = self.only else { return report.file(review, text) };
        let findings = review.findings.iter().filter(|located| fails(fail_on, located)).cloned().collect();
        report.file(&FileReview { findings, skipped: Vec::new(), notices: Vec::new(), ..review.clone() }, text)
    }
}
