//! `forewarn check`

use std::sync::Arc;

use forewarn_core::cluster::Cluster;
use forewarn_core::finding::Severity;
use forewarn_core::metadata::{Metadata, PolicyType};
use forewarn_core::policy::Policy;
use forewarn_core::problem::{Problem, ProblemKind};
use forewarn_core::review::{FileReview, LocatedFinding, Reviewer};
use forewarn_engine::{Engine, Limits, Module};

use crate::args::{Check, FailOn};
use crate::cluster::Files;
use crate::exit::{Exit, Failure};
use crate::fix::{Mode, Prepared, Repaired};
use crate::inputs::{self, Input, InputError};
use crate::progress::Progress;
use crate::report::{Report, Reviewed, Style};
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
    let style = report.style().clone();
    let mut written = Ok(());
    // A policy may ask about any file, so none is written before all are reviewed.
    let mut held = Vec::new();
    parallel::in_order(
        &inputs,
        jobs,
        |input| review(&reviewer, input, mode, &style),
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
        report.add(work.finish(&style))?;
    }
    report.finish(args)
}

/// What has been done about one file.
enum Work {
    Done(Reviewed),
    /// It is yet to be written.
    Prepared(Mode, Box<Prepared>),
}

impl Work {
    fn finish(self, style: &Style) -> Reviewed {
        match self {
            Self::Done(reviewed) => reviewed,
            Self::Prepared(mode, prepared) => {
                let Repaired { review, text, diff, fixed } = mode.finish(*prepared);
                style.reviewed(review, &text).repaired(diff, fixed)
            }
        }
    }
}

fn review(reviewer: &Reviewer<'_, Engine>, input: &Input, mode: Option<Mode>, style: &Style) -> Work {
    let text = match input.read() {
        Ok(Some(text)) => text,
        Ok(None) => return Work::Done(style.reviewed(FileReview::not_an_object(&input.name), "")),
        Err(error) => return Work::Done(style.unread(problem(&error))),
    };
    match mode {
        Some(mode) => Work::Prepared(mode, Box::new(mode.prepare(reviewer, input, text))),
        None => Work::Done(style.reviewed(reviewer.review(&input.name, &text), &text)),
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
