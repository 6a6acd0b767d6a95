//! `forewarn test`

mod find;
mod json;
mod junit;
mod load;
mod modules;
mod run;
mod text;
mod update;

use std::path::Path;

use anstream::{AutoStream, ColorChoice};
use anyhow::{Context as _, anyhow};
use forewarn_core::problem::{Problem, ProblemKind};

use crate::args::{Test, TestFormat};
use crate::check::problem;
use crate::exit::{Exit, Failure};
use crate::output::{print, print_error};
use crate::parallel;
use find::find;
use modules::Modules;
use run::{Status, SuiteRun};

/// Runs suites: asks the policies about each case, and compares what they say with what is expected.
///
/// # Errors
/// Exit 2 where a filter lets nothing through, 4 when the engine cannot be had. What goes wrong with a suite is part of
/// the report.
pub(crate) fn test(args: &Test) -> Result<Exit, Failure> {
    let modules = Modules::new().map_err(Failure::engine)?;
    let (suites, unreadable) = find(&args.paths);
    let jobs = args.jobs.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from);
    let colored = AutoStream::choice(&std::io::stdout()) != ColorChoice::Never;
    let report = text::Report::new(colored);

    let mut done = Done { problems: unreadable.iter().map(problem).collect(), ..Done::default() };
    let mut printed = Ok(());
    let is_text = args.format == TestFormat::Text;
    let mut show = |text: String| {
        if is_text && printed.is_ok() {
            printed = print(&text);
        }
    };
    done.problems.iter().for_each(|problem| show(report.problem(problem)));
    parallel::in_order(
        &suites,
        jobs,
        |input| run::run(&modules, input, args.filter.as_deref()),
        |mut run| {
            if args.update {
                // One after the other: suites may share a file.
                update::update(&mut run);
            }
            show(report.suite(&run));
            done.suites.push(run);
        },
    );
    printed?;
    done.finish(args)
}

/// All that was run.
#[derive(Default)]
struct Done {
    suites: Vec<SuiteRun>,
    /// What could not be read at all.
    problems: Vec<Problem>,
}

/// How many tests ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Tally {
    passed: usize,
    failed: usize,
    /// Tests in which a policy failed.
    errors: usize,
    updated: usize,
    /// Cases that the filter left out.
    filtered: usize,
    suites: usize,
    /// Suites that could not be run.
    broken: usize,
}

impl Tally {
    fn of(suites: &[SuiteRun]) -> Self {
        let mut tally = Self { suites: suites.len(), ..Self::default() };
        for suite in suites {
            tally.filtered += suite.filtered;
            tally.broken += usize::from(!suite.problems.is_empty());
            for test in &suite.tests {
                match test.status {
                    Status::Passed => tally.passed += 1,
                    Status::Failed => tally.failed += 1,
                    Status::Error => tally.errors += 1,
                    Status::Updated => tally.updated += 1,
                }
            }
        }
        tally
    }

    fn tests(self) -> usize {
        self.passed + self.failed + self.errors + self.updated
    }
}

impl Done {
    fn finish(self, args: &Test) -> Result<Exit, Failure> {
        let tally = Tally::of(&self.suites);
        let all_left_out = tally.tests() == 0 && tally.filtered > 0 && tally.broken == 0;
        if let Some(filter) = args.filter.as_deref().filter(|_| all_left_out) {
            let error = anyhow!("no case has `{filter}` in its name, so nothing was tested");
            return Err(Failure::usage(error).with_help("`--filter` takes a part of a case's name, in its own letters"));
        }
        if let Some(path) = &args.junit {
            write(path, &junit::render(&self.suites, &self.problems)?)?;
        }
        match args.format {
            TestFormat::Text => print(&text::summary(tally))?,
            TestFormat::Json => print(&json::render(&self.suites, &self.problems, tally))?,
            TestFormat::Junit => {
                print(&junit::render(&self.suites, &self.problems)?)?;
                // Whoever reads a report in a file still wants to know how it went.
                print_error(&text::summary(tally));
            }
        }
        let of_problem = |problem: &Problem| match problem.kind {
            ProblemKind::Input => Exit::Input,
            ProblemKind::Engine => Exit::Engine,
            ProblemKind::Configuration => Exit::Usage,
        };
        let problems = self.suites.iter().flat_map(|suite| &suite.problems).chain(&self.problems).map(of_problem);
        let tests = self.suites.iter().flat_map(|suite| &suite.tests).map(|test| match test.status {
            Status::Passed | Status::Updated => Exit::Clean,
            Status::Failed => Exit::Denied,
            Status::Error => Exit::Engine,
        });
        Ok(problems.chain(tests).max().unwrap_or(Exit::Clean))
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let written = std::fs::write(path, text).with_context(|| format!("cannot write `{}`", path.display()));
    written.map_err(Failure::input)
}
