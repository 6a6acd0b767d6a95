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
use crate::fix::{Mode, Prepared, Repaired, Tally, print_diff};
use crate::inputs::{self, Input, InputError};
use crate::output::{print, print_error};
use crate::progress::Progress;
use crate::{against, parallel, policies};

/// Reviews manifests and prints what the policies found.
///
/// # Errors
/// Exit 2 for unknown policies and refused settings. What goes wrong with an input or during the review is part of
/// the report.
pub(crate) fn check(args: &Check) -> Result<Exit, Failure> {
    let mode = Mode::of(args)?;
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

    let mut report = Report::new(args, mode, problems)?;
    let progress = Progress::new(inputs.len(), args.quiet);
    let style = report.style.clone();
    let mut written = Ok(());
    // A policy may ask about any file, so none is written before all are reviewed.
    let mut held = Vec::new();
    parallel::in_order(
        &inputs,
        jobs,
        |input| review(&reviewer, input, mode, style.as_ref()),
        |work| {
            progress.step();
            match work {
                Work::Done(reviewed) if mode.is_none() => {
                    if written.is_ok() {
                        progress.suspend(|| written = report.add(reviewed));
                    }
                }
                work => held.push(work),
            }
        },
    );
    drop(progress);
    written?;
    for work in held {
        report.add(work.finish(style.as_ref()))?;
    }
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
    diff: String,
    /// How many findings are fixed, or would be.
    fixed: usize,
}

impl Reviewed {
    fn unrepaired(review: Result<FileReview, Problem>, text: String) -> Self {
        Self { review, text, diff: String::new(), fixed: 0 }
    }
}

/// What has been done about one file.
enum Work {
    Done(Reviewed),
    /// It is yet to be written.
    Prepared(Mode, Box<Prepared>),
}

impl Work {
    fn finish(self, style: Option<&Style>) -> Reviewed {
        match self {
            Self::Done(reviewed) => reviewed,
            Self::Prepared(mode, prepared) => {
                let Repaired { review, text, diff, fixed } = mode.finish(*prepared);
                let text = rendered(&review, &text, style);
                Reviewed { review: Ok(review), text, diff, fixed }
            }
        }
    }
}

fn review(reviewer: &Reviewer<'_, Engine>, input: &Input, mode: Option<Mode>, style: Option<&Style>) -> Work {
    let done = |review, text| Work::Done(Reviewed::unrepaired(review, text));
    let text = match input.read() {
        Ok(Some(text)) => text,
        Ok(None) => return done(Ok(FileReview::not_an_object(&input.name)), String::new()),
        Err(error) => {
            let problem = problem(&error);
            let text = style.map(|style| style.text.problem(&problem)).unwrap_or_default();
            return done(Err(problem), text);
        }
    };
    match mode {
        Some(mode) => Work::Prepared(mode, Box::new(mode.prepare(reviewer, input, text))),
        None => {
            let review = reviewer.review(&input.name, &text);
            let text = rendered(&review, &text, style);
            done(Ok(review), text)
        }
    }
}

fn rendered(review: &FileReview, text: &str, style: Option<&Style>) -> String {
    match style {
        None => String::new(),
        Some(Style { text: report, only: None }) => report.file(review, text),
        Some(Style { text: report, only: Some(fail_on) }) => {
            let findings = review.findings.iter().filter(|located| fails(*fail_on, located)).cloned().collect();
            report.file(&FileReview { findings, skipped: Vec::new(), notices: Vec::new(), ..review.clone() }, text)
        }
    }
}

/// What is known so far.
struct Report {
    style: Option<Style>,
    summary: Summary,
    exit: Exit,
    /// Whether an input was reviewed that has to be mended all the same.
    flawed: bool,
    fail_on: FailOn,
    mode: Option<Mode>,
    tally: Tally,
    /// Kept for JSON only, which begins with the summary.
    reviews: Vec<FileReview>,
    problems: Vec<Problem>,
}

impl Report {
    fn new(args: &Check, mode: Option<Mode>, problems: Vec<Problem>) -> Result<Self, Failure> {
        let choice = match args.diff {
            true => AutoStream::choice(&std::io::stderr()),
            false => AutoStream::choice(&std::io::stdout()),
        };
        let colored = choice != ColorChoice::Never;
        let text = || Style { text: TextReport::new(colored), only: args.quiet.then_some(args.fail_on) };
        let mut report = Self {
            style: (args.format == Format::Text).then(text),
            summary: Summary::default(),
            exit: Exit::Clean,
            flawed: false,
            fail_on: args.fail_on,
            mode,
            tally: Tally::default(),
            reviews: Vec::new(),
            problems: Vec::new(),
        };
        for problem in problems {
            let text = report.style.as_ref().map(|style| style.text.problem(&problem)).unwrap_or_default();
            report.add(Reviewed::unrepaired(Err(problem), text))?;
        }
        Ok(report)
    }

    fn add(&mut self, reviewed: Reviewed) -> Result<(), Failure> {
        print_diff(&reviewed.diff)?;
        self.say(&reviewed.text)?;
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
        if self.style.is_none() {
            self.reviews.push(review);
        }
        Ok(())
    }

    /// Prints a part of the report, beside the diff if there is one.
    fn say(&self, text: &str) -> Result<(), Failure> {
        match self.mode {
            Some(mode) if mode.diff => {
                print_error(text);
                Ok(())
            }
            _ => print(text),
        }
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
            self.say(&format!("{}\n", self.summary))?;
            self.say(&self.mode.map(|mode| self.tally.line(mode)).unwrap_or_default())?;
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
