//! The report of a check: what is known so far, and where it is told.

mod outputs;
mod style;

pub(crate) use outputs::{Outputs, identity};
pub(crate) use style::Style;

use forewarn_core::finding::Severity;
use forewarn_core::problem::{Problem, ProblemKind};
use forewarn_core::report::{About, Run, Summary};
use forewarn_core::review::FileReview;

use crate::args::{Check, FailOn};
use crate::check::fails;
use crate::config::Ledger;
use crate::exit::{Exit, Failure};
use crate::fix::{Mode, Tally, print_diff};

/// One file, reviewed, and rendered where its text was at hand.
#[derive(Debug, Clone)]
pub(crate) struct Reviewed {
    review: Result<FileReview, Problem>,
    /// The file's content, where an output needs it.
    text: String,
    /// The report for people; empty where nobody wants one.
    shown: String,
    diff: String,
    /// How many findings are fixed, or would be.
    fixed: usize,
}

impl Reviewed {
    /// What was found, if the file could be read.
    pub(crate) fn review(&self) -> Option<&FileReview> {
        self.review.as_ref().ok()
    }

    /// The same with what was changed, or would be.
    pub(crate) fn repaired(self, diff: String, fixed: usize) -> Self {
        Self { diff, fixed, ..self }
    }
}

/// What is known so far.
pub(crate) struct Report {
    outputs: Outputs,
    style: Style,
    summary: Summary,
    exit: Exit,
    /// Whether an input was reviewed that has to be mended all the same.
    flawed: bool,
    fail_on: FailOn,
    mode: Option<Mode>,
    tally: Tally,
    /// Kept for the outputs that are written at the end.
    reviews: Vec<FileReview>,
    /// The contents of the reviewed files, as far as an output needs them.
    texts: Vec<String>,
    problems: Vec<Problem>,
}

impl Report {
    /// Begins with what is wrong already.
    ///
    /// # Errors
    /// Exit 3 when standard output cannot be written.
    pub(crate) fn new(
        args: &Check,
        outputs: Outputs,
        mode: Option<Mode>,
        problems: Vec<Problem>,
    ) -> Result<Self, Failure> {
        let mut report = Self {
            style: outputs.style(args),
            outputs,
            summary: Summary::default(),
            exit: Exit::Clean,
            flawed: false,
            fail_on: args.fail_on(),
            mode,
            tally: Tally::default(),
            reviews: Vec::new(),
            texts: Vec::new(),
            problems: Vec::new(),
        };
        for problem in problems {
            let unread = report.style.unread(problem);
            report.add(unread)?;
        }
        Ok(report)
    }

    /// How files are rendered for this report.
    pub(crate) fn style(&self) -> &Style {
        &self.style
    }

    /// Adds a file, and prints what is printed at once.
    ///
    /// # Errors
    /// Exit 3 when standard output cannot be written.
    pub(crate) fn add(&mut self, reviewed: Reviewed) -> Result<(), Failure> {
        print_diff(&reviewed.diff)?;
        self.outputs.say(&reviewed.shown)?;
        self.tally.add(reviewed.fixed);
        let review = match reviewed.review {
            Ok(review) => review,
            Err(problem) => {
                self.note(&problem);
                self.summary.errors += 1;
                self.problems.push(problem);
                return Ok(());
            }
        };
        self.summary.add(&review);
        review.problems.iter().for_each(|problem| self.note(problem));
        if review.findings.iter().any(|located| fails(self.fail_on, located)) {
            self.exit = self.exit.max(Exit::Denied);
        }
        if self.outputs.keep_reviews() {
            self.reviews.push(review);
            self.texts.push(reviewed.text);
        }
        Ok(())
    }

    fn note(&mut self, problem: &Problem) {
        let exit = match problem.kind {
            // What was reviewed all the same has its verdict; the flaw only keeps it from being a pass.
            ProblemKind::Input if problem.reviewed => {
                self.flawed = true;
                return;
            }
            ProblemKind::Input => Exit::Input,
            ProblemKind::Engine => Exit::Engine,
            ProblemKind::Configuration => Exit::Usage,
        };
        self.exit = self.exit.max(exit);
    }

    /// Writes the summary and what is written at the end.
    ///
    /// # Errors
    /// Exit 3 when an output cannot be written, or a higher one that the check has earned.
    pub(crate) fn finish(
        mut self,
        args: &Check,
        ledger: &Ledger<'_>,
        about: &[About<'_>],
        jobs: usize,
    ) -> Result<Exit, Failure> {
        // What could not be reviewed has findings that nobody knows. What is only flawed was reviewed.
        let is_complete = self.exit <= Exit::Denied;
        let written = if is_complete { ledger.write()? } else { ledger.refuse() };
        if !args.quiet {
            let tally = self.mode.map(|mode| self.tally.line(mode)).unwrap_or_default();
            self.outputs.say(&format!("{}\n{tally}{written}", self.summary))?;
        }
        let exit = if self.flawed && self.exit == Exit::Clean { Exit::Input } else { self.exit };
        let run = Run {
            reviews: &self.reviews,
            problems: &self.problems,
            policies: about,
            failing: match self.fail_on {
                FailOn::Deny => &[Severity::Deny],
                FailOn::Warn => &[Severity::Deny, Severity::Warn],
                FailOn::Never => &[],
            },
        };
        let finished = self.outputs.finish(run, &self.texts, jobs);
        finished.map_err(|failure| Failure { exit: failure.exit.max(exit), ..failure })?;
        Ok(exit)
    }
}
