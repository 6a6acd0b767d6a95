//! `forewarn check --fix` and `--diff`

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use anyhow::anyhow;
use forewarn_core::edit::Refusal;
use forewarn_core::fix::FileFix;
use forewarn_core::problem::{Problem, ProblemKind};
use forewarn_core::review::{FileReview, Reviewer};
use forewarn_engine::Engine;
use similar::TextDiff;

use crate::args::{Check, ReportFormat};
use crate::exit::Failure;
use crate::inputs::Input;
use crate::output::print_raw;
use crate::write::exchange;

/// What is done about findings that have a fix.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mode {
    /// Whether files are written.
    write: bool,
    /// Whether the changes are shown.
    pub(crate) diff: bool,
}

/// A file, reviewed and ready to be written.
pub(crate) struct Prepared {
    /// The file; standard input and pipes have none.
    path: Option<PathBuf>,
    text: String,
    fix: FileFix,
    diff: String,
}

/// A file, reviewed and repaired.
pub(crate) struct Repaired {
    /// The review of `text`.
    pub(crate) review: FileReview,
    /// What the file holds now.
    pub(crate) text: String,
    /// What was changed, or would be.
    pub(crate) diff: String,
    /// How many findings are fixed, or would be.
    pub(crate) fixed: usize,
}

impl Mode {
    /// What the arguments ask for; `None` for a mere review.
    ///
    /// # Errors
    /// Exit 2 for a diff inside a JSON report.
    pub(crate) fn of(args: &Check) -> Result<Option<Self>, Failure> {
        if args.diff && args.format != ReportFormat::Text {
            return Err(Failure::usage(anyhow!("`--diff` prints a diff, so it cannot print another format too"))
                .with_help(
                    "write the other format to a file, as in `--output json=report.json`, or leave out `--diff`",
                ));
        }
        Ok((args.fix || args.diff).then_some(Self { write: args.fix, diff: args.diff }))
    }

    /// Reviews a text and makes its fixes, without writing them.
    pub(crate) fn prepare(self, reviewer: &Reviewer<'_, Engine>, input: &Input, text: String) -> Prepared {
        let fix = reviewer.fix(&input.name, &text);
        let diff = if self.diff { unified(&input.name, &text, &fix.text) } else { String::new() };
        let path = input.path().filter(|path| path.is_file()).map(Path::to_owned);
        Prepared { path, text, fix, diff }
    }

    /// Writes what was prepared, if the mode says so.
    pub(crate) fn finish(self, prepared: Prepared) -> Repaired {
        let Prepared { path, text, fix, diff } = prepared;
        let fixed = fix.after.fixed;
        if !self.write {
            return Repaired { review: fix.before, text, diff, fixed };
        }
        let Some(path) = path else {
            return Repaired { review: without(fix.before, &Refusal::NoFile), text, diff, fixed: 0 };
        };
        if fix.text == text {
            return Repaired { review: fix.after, text, diff, fixed };
        }
        match exchange(&path, &text, &fix.text) {
            Ok(()) => Repaired { review: fix.after, text: fix.text, diff, fixed },
            Err(error) => {
                let problem = unwritable(&fix, &error.to_string());
                let mut review = without(fix.before, &Refusal::NotWritable);
                review.problems.push(problem);
                Repaired { review, text, diff: String::new(), fixed: 0 }
            }
        }
    }
}

/// The review of a file whose fixes stay undone.
fn without(mut review: FileReview, refusal: &Refusal) -> FileReview {
    for located in review.findings.iter_mut().filter(|located| !located.finding.fix.is_empty()) {
        if located.finding.suppressed.is_none() {
            located.not_fixed.get_or_insert_with(|| refusal.clone());
        }
    }
    review
}

fn unwritable(fix: &FileFix, error: &str) -> Problem {
    let file = fix.before.file.as_str();
    let message = format!(
        "cannot write `{file}`: {error}, so {} not fixed",
        counted(fix.after.fixed, "finding is", "findings are")
    );
    let problem = Problem::new(ProblemKind::Input, message);
    let first = fix.before.findings.iter().find(|located| !located.finding.fix.is_empty());
    match first {
        Some(first) => problem.at(file, first.start),
        None => Problem { file: Some(file.to_owned()), ..problem },
    }
}

/// The change of a file, as `patch -p1` and `git apply` read it.
fn unified(name: &str, old: &str, new: &str) -> String {
    let name = name.trim_start_matches('/');
    TextDiff::from_lines(old, new).unified_diff().header(&format!("a/{name}"), &format!("b/{name}")).to_string()
}

const REMOVED: Style = AnsiColor::Red.on_default();
const ADDED: Style = AnsiColor::Green.on_default();
const HUNK: Style = AnsiColor::Cyan.on_default();

/// Prints a diff: as it is for a file or another program, harmless and coloured for a terminal.
///
/// # Errors
/// Exit 3 when it cannot be written.
pub(crate) fn print_diff(diff: &str) -> Result<(), Failure> {
    let stdout = std::io::stdout();
    let is_colored = AutoStream::choice(&stdout) != ColorChoice::Never;
    if !is_colored && !stdout.is_terminal() {
        return print_raw(diff);
    }
    let mut out = String::with_capacity(diff.len());
    for line in diff.lines() {
        let style = match line.chars().next().filter(|_| is_colored) {
            Some('-') => REMOVED,
            Some('+') => ADDED,
            Some('@') => HUNK,
            _ => Style::new(),
        };
        let line = line.replace(|character: char| character.is_control() && character != '\t', "\u{fffd}");
        out.push_str(&format!("{style}{line}{style:#}\n"));
    }
    print_raw(&out)
}

/// How much was repaired.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    findings: usize,
    files: usize,
}

impl Tally {
    /// Counts one file.
    pub(crate) fn add(&mut self, fixed: usize) {
        self.findings += fixed;
        self.files += usize::from(fixed > 0);
    }

    /// `fixed 3 findings in 2 files`
    pub(crate) fn line(self, mode: Mode) -> String {
        let verb = if mode.write { "fixed" } else { "would fix" };
        let files = counted(self.files, "file", "files");
        format!("{verb} {} in {files}\n", counted(self.findings, "finding", "findings"))
    }
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
