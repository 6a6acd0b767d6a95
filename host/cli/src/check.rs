//! `forewarn check`

use std::sync::{Arc, OnceLock};

use forewarn_core::cluster::Cluster;
use forewarn_core::finding::Severity;
use forewarn_core::kubewarden::Namespaces;
use forewarn_core::metadata::{Metadata, PolicyType};
use forewarn_core::policy::Policy;
use forewarn_core::problem::{Problem, ProblemKind};
use forewarn_core::report::About;
use forewarn_core::review::{FileReview, LocatedFinding, Reviewer};
use forewarn_engine::{Engine, Limits, Module};

use crate::args::{Check, FailOn};
use crate::cluster::Files;
use crate::config::{Config, Day, Ledger, Resolved, resolve};
use crate::exit::{Exit, Failure};
use crate::fix::{Mode, Prepared, Repaired};
use crate::inputs::{self, Input, InputError};
use crate::memory::{Memory, Premises};
use crate::progress::Progress;
use crate::report::{Outputs, Report, Reviewed, Style};
use crate::{against, config, kubewarden, parallel, strict};

/// Reviews manifests and prints what the policies found. With a memory, files whose review is as it was are not reviewed
/// again.
///
/// # Errors
/// Exit 2 for unknown policies and refused settings. What goes wrong with an input or during the review is part of
/// the report.
pub(crate) fn check(args: &Check, memory: Option<&mut Memory>) -> Result<Exit, Failure> {
    let mode = Mode::of(args)?;
    let outputs = Outputs::of(args)?;
    let config = Config::load(args)?;
    let fail_on = args.fail_on.or_else(|| config.as_ref()?.fail_on());
    let args = &Check { fail_on, ..args.clone() };
    let engine = engine()?;
    let mut clusters = kubewarden::ready(args, config.as_ref(), &engine)?;
    let (inputs, unreadable) = inputs::collect(&args.paths);
    let mut inputs = outputs.leave_out(inputs);
    if let Some(config) = &config {
        inputs.retain(|input| config.reviews(input));
    }
    let own = config::baselines(args, config.as_ref());
    inputs.retain(|input| input.path().is_none_or(|path| !own.iter().any(|own| config::is_same(own, path))));
    let today = args.today.unwrap_or_else(Day::today);
    // What else such reviews depend on, another tree or the modules of a cluster, is not remembered.
    let is_alone = args.against.is_none() && clusters.configured.is_empty();
    let mut memory = memory.filter(|_| is_alone && mode.is_none());
    let premises = memory.as_ref().map(|_| Premises::of(args, config.as_ref(), today));
    if memory.is_some() {
        inputs.iter_mut().for_each(Input::hold);
    }
    let mut resolved = resolve(&engine, args, config.as_ref(), &clusters, &inputs, today, is_about_objects)?;
    resolved.give_way(&clusters.configured);
    let mut ledger = Ledger::new(args, config.as_ref(), today, &mut resolved)?;
    let Resolved { mut policies, mut configuration, .. } = resolved;
    let inputs: Arc<[Input]> = inputs.into();
    let problems: Vec<_> = unreadable.iter().map(problem).collect();
    let jobs = args.jobs.map_or_else(available_jobs, usize::from);
    let asking = policies.iter_mut().chain(configuration.policies_mut()).chain(clusters.policies_mut());
    let cluster = see(asking.collect(), Files { inputs: Arc::clone(&inputs), jobs });
    let comparison = args.against.as_deref().map(|base| against::compare(base, args, &inputs)).transpose()?;
    let reviewer = Reviewer::new(&engine, &policies)
        .configured(&configuration)
        .with(&clusters.configured, Namespaces::of(&cluster))
        .strict(strict::level(args, config.as_ref()));
    let reviewer = match &comparison {
        Some(comparison) => reviewer.against(comparison),
        None => reviewer,
    };

    let mut report = Report::new(args, outputs, mode, problems)?;
    let style = report.style().clone();
    for (review, text) in std::mem::take(&mut clusters.told) {
        report.add(style.reviewed(review, &text))?;
    }
    if let Some((memory, premises)) = memory.as_mut().zip(premises) {
        memory.compare(premises, &inputs, jobs);
    }
    let known = memory.as_deref();
    let recall = |input: &Input| known?.recall(input, configuration.paths.get(&input.name));
    let mut new = Vec::new();
    let mut due = inputs.iter();
    let progress = Progress::new(inputs.len(), args.quiet);
    let mut written = Ok(());
    // A policy may ask about any file, so none is written before all are reviewed.
    let mut held = Vec::new();
    parallel::in_order(
        &inputs,
        jobs,
        |input| match recall(input) {
            Some(reviewed) => Work::Recalled(Box::new(reviewed)),
            None => review(&reviewer, input, mode, &style),
        },
        |work| {
            progress.step();
            if let (Some(_), Some(input), Work::Done(reviewed)) = (known, due.next(), &work) {
                new.push((input, reviewed.clone()));
            }
            match work {
                Work::Recalled(reviewed) | Work::Done(reviewed) if mode.is_none() => {
                    reviewed.review().into_iter().for_each(|review| ledger.add(review));
                    if written.is_ok() {
                        progress.suspend(|| written = report.add(*reviewed));
                    }
                }
                work => held.push(work),
            }
        },
    );
    drop(progress);
    if let Some(memory) = memory {
        for (input, reviewed) in new {
            memory.keep(input, configuration.paths.get(&input.name), *reviewed);
        }
        memory.asked(&cluster);
    }
    written?;
    for work in held {
        let reviewed = work.finish(&style);
        reviewed.review().into_iter().for_each(|review| ledger.add(review));
        report.add(reviewed)?;
    }
    for (review, text) in ledger.warnings() {
        report.add(style.reviewed(review, &text))?;
    }
    let own = policies.iter().chain(configuration.policies()).map(|policy| (policy.id(), policy.metadata()));
    let configured = clusters.configured.iter().filter_map(|policy| Some((policy.id(), policy.metadata()?)));
    let mut about: Vec<_> = own.chain(configured).map(|(id, metadata)| About { id, metadata }).collect();
    about.sort_by_key(|about| about.id);
    about.dedup_by_key(|about| about.id);
    report.finish(args, &ledger, &about, jobs)
}

/// The engine of all checks of this process: with `--watch` modules are mapped once, and at the end none is unmapped.
fn engine() -> Result<Engine, Failure> {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    match ENGINE.get() {
        Some(engine) => Ok(engine.clone()),
        None => {
            let engine = Engine::new(Limits::DEFAULT).map_err(Failure::engine)?;
            Ok(ENGINE.get_or_init(|| engine).clone())
        }
    }
}

/// What has been done about one file.
enum Work {
    Done(Box<Reviewed>),
    /// It was done before, and nothing has changed.
    Recalled(Box<Reviewed>),
    /// It is yet to be written.
    Prepared(Mode, Box<Prepared>),
}

impl Work {
    fn finish(self, style: &Style) -> Reviewed {
        match self {
            Self::Done(reviewed) | Self::Recalled(reviewed) => *reviewed,
            Self::Prepared(mode, prepared) => {
                let Repaired { review, text, diff, fixed } = mode.finish(*prepared);
                style.reviewed(review, &text).repaired(diff, fixed)
            }
        }
    }
}

fn review(reviewer: &Reviewer<'_, Engine>, input: &Input, mode: Option<Mode>, style: &Style) -> Work {
    let done = |reviewed| Work::Done(Box::new(reviewed));
    let text = match input.read() {
        Ok(Some(text)) => text,
        Ok(None) => return done(style.reviewed(FileReview::not_an_object(&input.name), "")),
        Err(error) => return done(style.unread(problem(&error))),
    };
    match mode {
        Some(mode) => Work::Prepared(mode, Box::new(mode.prepare(reviewer, input, text))),
        None => done(style.reviewed(reviewer.review(&input.name, &text), &text)),
    }
}

/// Raw policies are about something else.
pub(crate) fn is_about_objects(metadata: &Metadata) -> bool {
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

/// Lets every policy ask about what it declares of the files. Namespaces are always seen.
fn see(policies: Vec<&mut Policy<Module>>, files: Files) -> Arc<Cluster> {
    let namespace = Namespaces::kind();
    let declared = policies.iter().flat_map(|policy| &policy.metadata().context_aware_resources);
    let cluster = Arc::new(Cluster::new(Arc::new(files), declared.chain([&namespace])));
    policies.into_iter().for_each(|policy| policy.see(&cluster));
    cluster
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
