//! One suite, run.

use std::path::Path;

use forewarn_core::problem::Problem;
use forewarn_core::source::Position;
use forewarn_core::suite::{Case, Difference, Outcome, Suite, Verdict, Wanted};
use serde_json::Value;

use super::load::{Asked, Loaded, Loader, expectation};
use super::modules::Modules;
use crate::check::problem;
use crate::inputs::Input;

/// What came of a suite.
pub(super) struct SuiteRun {
    /// Its name in reports.
    pub(super) file: String,
    /// Where it is read from; nowhere for standard input.
    pub(super) path: Option<std::path::PathBuf>,
    /// Its text.
    pub(super) text: String,
    /// Its tests: by case in the order of the text, then by policy in the order of the suite.
    pub(super) tests: Vec<Test>,
    /// The cases that were run.
    pub(super) cases: Vec<Ran>,
    /// What is wrong with it; then it has no tests.
    pub(super) problems: Vec<Problem>,
    /// How many cases the filter left out.
    pub(super) filtered: usize,
}

/// A case that was run.
pub(super) struct Ran {
    /// The case.
    pub(super) case: Case,
    /// Its object as JSON.
    pub(super) object: Value,
}

/// One policy asked about one case.
pub(super) struct Test {
    /// Which of the cases that were run.
    pub(super) case: usize,
    /// The case's name.
    pub(super) name: String,
    /// The policy's id.
    pub(super) policy: String,
    /// Where the expectation is written.
    pub(super) position: Position,
    /// The verdict that is expected; `None` where nothing is yet.
    pub(super) expected: Option<Verdict>,
    /// What the policy said.
    pub(super) outcome: Outcome,
    /// How that differs from what was expected.
    pub(super) difference: Option<Difference>,
    /// How it ended.
    pub(super) status: Status,
}

/// How a test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// As expected.
    Passed,
    /// Not as expected.
    Failed,
    /// The policy gave no verdict, and that was not expected.
    Error,
    /// Not as expected, and the expectation was rewritten.
    Updated,
}

/// Runs the suite in a file, or those of its cases that have `filter` in their names.
pub(super) fn run(modules: &Modules, input: &Input, filter: Option<&str>) -> SuiteRun {
    let mut run = SuiteRun {
        file: input.name.clone(),
        path: input.path().map(Path::to_owned),
        text: String::new(),
        tests: Vec::new(),
        cases: Vec::new(),
        problems: Vec::new(),
        filtered: 0,
    };
    match input.read() {
        Ok(text) => run.text = text.unwrap_or_default(),
        Err(error) => {
            run.problems.push(problem(&error));
            return run;
        }
    }
    let suite = match Suite::read(&run.file, &run.text) {
        Ok(suite) => suite,
        Err(problems) => {
            run.problems = problems;
            return run;
        }
    };
    let folder = input.path().and_then(Path::parent).unwrap_or(Path::new(""));
    // So that names in messages are as short as they can be.
    let folder = folder.strip_prefix(".").unwrap_or(folder).to_owned();
    let mut loader = Loader { modules, file: &run.file, folder, problems: Vec::new() };
    let total = suite.cases.len();
    let loaded = loader.suite(suite, |name| filter.is_none_or(|filter| name.contains(filter)));
    run.problems = loader.problems;
    if !run.problems.is_empty() {
        // What several policies trip over is one mistake.
        run.problems.dedup();
        return run;
    }
    run.filtered = total - loaded.len();
    for (index, Loaded { case, asked }) in loaded.into_iter().enumerate() {
        let object = asked.first().and_then(|asked| serde_json::from_str(&asked.question.object_json()).ok());
        run.tests.extend(asked.into_iter().map(|asked| test(modules, index, &case, &asked)));
        run.cases.push(Ran { case, object: object.unwrap_or_default() });
    }
    run
}

fn test(modules: &Modules, index: usize, case: &Case, asked: &Asked) -> Test {
    let outcome = asked.question.ask(modules.engine(), &asked.policy);
    let policy = asked.policy.id();
    let expectation = expectation(case, policy);
    let difference = match expectation {
        Some(expectation) => Difference::between(Wanted { expectation, mutated: asked.mutated.as_ref() }, &outcome),
        None => Some(Difference::from_nothing(&outcome)),
    };
    let status = match (&difference, &outcome) {
        (None, _) => Status::Passed,
        // A wrong message is a failure; an error that nobody expects is none.
        (Some(_), Outcome::Failed(_))
            if expectation.is_none_or(|expectation| expectation.verdict != Verdict::Error) =>
        {
            Status::Error
        }
        (Some(_), _) => Status::Failed,
    };
    Test {
        case: index,
        name: case.name.value.clone(),
        policy: policy.to_owned(),
        position: expectation.map_or(case.name.position, |expectation| expectation.position),
        expected: expectation.map(|expectation| expectation.verdict),
        outcome,
        difference,
        status,
    }
}
