//! `forewarn check`

use std::sync::Arc;

use anstream::{AutoStream, ColorChoice};
use forewarn_core::cluster::Cluster;
use forewarn_core::finding::Severity;
use forewarn_core::metadata::{Metadata, PolicyType};
use forewarn_core::policy::Policy;
use forewarn_core::problem::{Problem, ProblemKind};
use forewarn_core::report::text::TextReport;
use forewarn_core::report::{Summary, json};
use forewarn_core::review::{FileReview, LocatedFinding, Reviewer};
use forewarn_engine::{Engine, Limits, Module};

use crate::args::{Check, FailOn, Format};
use crate::cluster::Files;
use crate::exit::{Exit, Failure};
use crate::inputs::{self, Input, InputError};
use crate::output::print;
use crate::progress::Progress;
use crate::{against, parallel, policies};

/// Reviews manifests and prints what the policies found.
///
/// # Errors
/// Exit 2 for unknown policies and refused settings. What goes wrong with an input or during the review is part of
/// the report.
pub(crate) fn check(args: &Check) -> Result<Exit, Failure> {
    let engine = Engine::new(Limits::DEFAULT).map_err(Failure::engine)?;
    let mut policies = policies::ready(&engine, args.settings.as_deref(), &args.policy, is_about_objects)?;
    let (inputs, unreadable) = inputs::collect(&args.paths);
    let inputs: Arc<[Input]> = inputs.into();
    let problems: Vec<_> = unreadable.iter().map(problem).collect();
    let jobs = args.jobs.map_or_else(available_jobs, usize::from);
    see(&mut policies, Files { inputs: Arc::clone(&inputs), jobs });
    let comparison = args.against.as_deref().map(|base| against::compare(base, args, &inputs)).transpose()?;
    let reviewer = Reviewer::new(&engine, &policies);
    let reviewer = match &comparison {
        Some(comparison) => reviewer.against(comparison),
        None => reviewer,
    };

    let mut report = Report::new(args, problems)?;
    let progress = Progress::new(inputs.len(), args.quiet);
    let style = report.style.clone();
    let mut written = Ok(());
    parallel::in_order(
        &inputs,
        jobs,
        |input| review(&reviewer, input, style.as_ref()),
        |reviewed| {
            progress.step();
            if written.is_ok() {
                progress.suspend(|| written = report.add(reviewed));
            }
        },
    );
    drop(progress);
    written?;
    report.finish(args)
}

/// How findings are shown as text.
#[derive(Clone)]
struct Style {
    text: TextReport,
    /// Show only what makes the check fail.
    only: Option<FailOn>,
}

/// One file, reviewed, and rendered where its text was at hand.
struct Reviewed {
    review: Result<FileReview, Problem>,
    text: String,
}

fn review(reviewer: &Reviewer<'_, Engine>, input: &Input, style: Option<&Style>) -> Reviewed {
    let text = match input.read() {
        Ok(Some(text)) => text,
        Ok(None) => return Reviewed { review: Ok(FileReview::not_an_object(&input.name)), text: String::new() },
        Err(error) => {
            let problem = problem(&error);
            let text = style.map(|style| style.text.problem(&problem)).unwrap_or_default();
            return Reviewed { review: Err(problem), text };
        }
    };
    let review = reviewer.review(&input.name, &text);
    let text = match style {
        None => String::new(),
        Some(Style { text: report, only: None }) => report.file(&review, &text),
        Some(Style { text: report, only: Some(fail_on) }) => {
            let findings = review.findings.iter().filter(|located| fails(*fail_on, located)).cloned().collect();
            report.file(&FileReview { findings, skipped: Vec::new(), notices: Vec::new(), ..review.clone() }, &text)
        }
    };
    Reviewed { review: Ok(review), text }
}

/// What is known so far.
struct Report {
    style: Option<Style>,
    summary: Summary,
    exit: Exit,
    /// Whether an input was reviewed that has to be mended all the same.
    flawed: bool,
    fail_on: FailOn,
    /// Kept for JSON only, which begins with the summary.
    reviews: Vec<FileReview>,
    problems: Vec<Problem>,
}

impl Report {
    fn new(args: &Check, problems: Vec<Problem>) -> Result<Self, Failure> {
        let colored = AutoStream::choice(&std::io::stdout()) != ColorChoice::Never;
        let text = || Style { text: TextReport::new(colored), only: args.quiet.then_some(args.fail_on) };
        let mut report = Self {
            style: (args.format == Format::Text).then(text),
            summary: Summary::default(),
            exit: Exit::Clean,
            flawed: false,
            fail_on: args.fail_on,
            reviews: Vec::new(),
            problems: Vec::new(),
        };
        for problem in problems {
            let text = report.style.as_ref().map(|style| style.text.problem(&problem)).unwrap_or_default();
            report.add(Reviewed { review: Err(problem), text })?;
        }
        Ok(report)
    }

    fn add(&mut self, reviewed: Reviewed) -> Result<(), Failure> {
        print(&reviewed.text)?;
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
        if self.style.is_none() {
            self.reviews.push(review);
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

    fn finish(self, args: &Check) -> Result<Exit, Failure> {
        if self.style.is_none() {
            print(&(json::render(&self.reviews, &self.problems).map_err(Failure::engine)? + "\n"))?;
        } else if !args.quiet {
            print(&format!("{}\n", self.summary))?;
        }
        Ok(if self.flawed && self.exit == Exit::Clean { Exit::Input } else { self.exit })
    }
}

/// Raw policies are about something else.
fn is_about_objects(metadata: &Metadata) -> bool {
    metadata.policy_type == PolicyType::Kubernetes
}

/// Whether a finding makes the command fail.
pub(crate) fn fails(fail_on: FailOn, located: &LocatedFinding) -> bool {
    let counts = located.finding.suppressed.is_none();
    match fail_on {
        FailOn::Never => false,
        FailOn::Warn => counts,
        FailOn::Deny => counts && located.finding.severity == Severity::Deny,
    }
}

/// Lets every policy ask about what it declares of the files.
fn see(policies: &mut [Policy<Module>], files: Files) {
    let declared = policies.iter().flat_map(|policy| &policy.metadata().context_aware_resources);
    let cluster = Arc::new(Cluster::new(Arc::new(files), declared));
    policies.iter_mut().for_each(|policy| policy.see(&cluster));
}

/// An input that could not be read, in the words of the report.
pub(crate) fn problem(error: &InputError) -> Problem {
    let problem = Problem::new(ProblemKind::Input, error.to_string());
    match error.position() {
        Some(position) => problem.at(error.path(), position),
        None => Problem { file: Some(error.path().to_owned()), ..problem },
    }
}

fn available_jobs() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
