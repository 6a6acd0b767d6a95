//! What the commands about facts share: asking raw policies, and reporting what they find.

use anstream::{AutoStream, ColorChoice};
use anyhow::anyhow;
use forewarn_core::facts::{Facts, is_asked};
use forewarn_core::problem::{Problem, ProblemKind};
use forewarn_core::report::text::TextReport;
use forewarn_core::report::{Summary, json};
use forewarn_core::review::FileReview;
use forewarn_engine::{Engine, Limits};

use crate::args::{Format, Reporting};
use crate::check::fails;
use crate::exit::{Exit, Failure};
use crate::output::print;
use crate::policies;

/// A file that facts were to be read from, and cannot be.
#[derive(Debug)]
pub(crate) struct Broken {
    /// What is wrong with the file; it names the file.
    pub(crate) problem: Box<Problem>,
    /// The file's text, as far as there is one.
    pub(crate) text: String,
}

/// Asks the bundled raw policies whose input has this name, and prints the findings.
///
/// # Errors
/// Exit 2 for refused settings, or when no policy is asked about such an input. Files that cannot be read are part of the
/// report.
pub(crate) fn review(
    input: &str,
    gather: impl FnOnce() -> Result<Result<Facts, Vec<Broken>>, Failure>,
    args: &Reporting,
) -> Result<Exit, Failure> {
    let engine = Engine::new(Limits::DEFAULT).map_err(Failure::engine)?;
    let policies = policies::ready(&engine, args.settings.as_deref(), &[], |metadata| is_asked(metadata, input))?;
    let reviewed: Vec<(FileReview, String)> = match gather()? {
        Ok(_) if policies.is_empty() => {
            return Err(Failure::usage(anyhow!("this `forewarn` holds no policy with the input `{input}`")));
        }
        Ok(facts) => {
            let reviews = facts.review(&engine, &policies);
            reviews.into_iter().zip(facts.files.into_iter().map(|file| file.text)).collect()
        }
        Err(broken) => broken.into_iter().map(Broken::review).collect(),
    };
    report(&reviewed, args)
}

impl Broken {
    /// A file of this text, as far as there is one.
    pub(crate) fn new(problem: Problem, text: String) -> Self {
        Self { problem: Box::new(problem), text }
    }

    fn review(self) -> (FileReview, String) {
        let file = self.problem.file.clone().unwrap_or_default();
        (FileReview { file, problems: vec![*self.problem], ..FileReview::default() }, self.text)
    }
}

fn report(reviewed: &[(FileReview, String)], args: &Reporting) -> Result<Exit, Failure> {
    let reviews: Vec<_> = reviewed.iter().map(|(review, _)| review.clone()).collect();
    match args.format {
        Format::Json => print(&(json::render(&reviews, &[]).map_err(Failure::engine)? + "\n"))?,
        Format::Text => {
            let report = TextReport::new(AutoStream::choice(&std::io::stdout()) != ColorChoice::Never);
            for (review, text) in reviewed {
                print(&report.file(review, text))?;
            }
            print(&format!("{}\n", Summary::of(&reviews, &[])))?;
        }
    }
    let problems = reviews.iter().flat_map(|review| &review.problems).map(|problem| match problem.kind {
        ProblemKind::Input => Exit::Input,
        ProblemKind::Engine => Exit::Engine,
        ProblemKind::Configuration => Exit::Usage,
    });
    let denied = reviews.iter().flat_map(|review| &review.findings).any(|located| fails(args.fail_on, located));
    Ok(problems.max().unwrap_or(Exit::Clean).max(if denied { Exit::Denied } else { Exit::Clean }))
}
