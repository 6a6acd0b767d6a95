//! Where a report goes, and in which formats.

use std::path::{Path, PathBuf};

use anstream::{AutoStream, ColorChoice};
use anyhow::anyhow;
use forewarn_core::report::sarif::FileResults;
use forewarn_core::report::text::TextReport;
use forewarn_core::report::{Run, github, gitlab, json, junit, markdown, policyreport, sarif};

use super::Style;
use crate::args::{Check, ReportFormat};
use crate::exit::Failure;
use crate::inputs::{Input, display};
use crate::output::{print, print_error, print_raw};
use crate::parallel;
use crate::write::replace;

/// Every place that a report is written to. Text goes out as the review goes on, everything else at the end.
#[derive(Debug)]
pub(crate) struct Outputs {
    targets: Vec<Target>,
}

#[derive(Debug)]
struct Target {
    format: ReportFormat,
    sink: Sink,
}

#[derive(Debug)]
enum Sink {
    Stdout,
    /// Beside a diff, which has standard output for itself.
    Stderr,
    /// Written at the end, and as a whole.
    File {
        path: PathBuf,
        /// The file itself, however its path is written.
        identity: PathBuf,
        text: String,
    },
}

impl Outputs {
    /// The outputs that the arguments ask for.
    ///
    /// # Errors
    /// Exit 2 for two reports in one file, or one in the place of an input.
    pub(crate) fn of(args: &Check) -> Result<Self, Failure> {
        let sink = if args.diff { Sink::Stderr } else { Sink::Stdout };
        let mut outputs = Self { targets: vec![Target { format: args.format, sink }] };
        let inputs: Vec<_> = args.paths.iter().map(|path| identity(path)).collect();
        for output in &args.output {
            let identity = identity(&output.path);
            let named = display(&output.path);
            if outputs.write_to(&identity) {
                return Err(Failure::usage(anyhow!("`--output` names `{named}` twice, and a file holds one report"))
                    .with_help("give each format a file of its own"));
            }
            if inputs.contains(&identity) {
                let error = anyhow!("`{named}` is to be reviewed, and the report would take its place");
                return Err(Failure::usage(error).with_help("give the report another name"));
            }
            let sink = Sink::File { path: output.path.clone(), identity, text: String::new() };
            outputs.targets.push(Target { format: output.format, sink });
        }
        Ok(outputs)
    }

    /// The inputs without the reports of earlier runs, so that a second run says the same as the first.
    pub(crate) fn leave_out(&self, inputs: Vec<Input>) -> Vec<Input> {
        if self.targets.len() == 1 {
            return inputs;
        }
        inputs.into_iter().filter(|input| !input.path().is_some_and(|path| self.write_to(&identity(path)))).collect()
    }

    fn write_to(&self, file: &Path) -> bool {
        self.targets.iter().any(|target| matches!(&target.sink, Sink::File { identity, .. } if identity == file))
    }

    /// How files are rendered for these outputs.
    pub(crate) fn style(&self, args: &Check) -> Style {
        let texts = || self.targets.iter().filter(|target| target.format == ReportFormat::Text);
        let is_colored = texts().any(|target| target.sink.is_colored());
        let text = texts().next().map(|_| TextReport::new(is_colored).with_suppressed(args.show_suppressed));
        let keeps_text = self.targets.iter().any(|target| target.format == ReportFormat::Sarif);
        Style::new(text, args.quiet.then_some(args.fail_on()), keeps_text, args.write_baseline.is_some())
    }

    /// Whether reviews are needed at the end.
    pub(crate) fn keep_reviews(&self) -> bool {
        self.targets.iter().any(|target| target.format != ReportFormat::Text)
    }

    /// Writes a part of the text report to where one is wanted.
    ///
    /// # Errors
    /// Exit 3 when it cannot be written.
    pub(crate) fn say(&mut self, text: &str) -> Result<(), Failure> {
        for target in self.targets.iter_mut().filter(|target| target.format == ReportFormat::Text) {
            match &mut target.sink {
                Sink::Stdout => print(text)?,
                Sink::Stderr => print_error(text),
                Sink::File { text: whole, .. } => whole.push_str(&anstream::adapter::strip_str(text).to_string()),
            }
        }
        Ok(())
    }

    /// Writes the reports that are rendered as a whole, and all files. One that cannot be written keeps no other from
    /// being written.
    ///
    /// # Errors
    /// Exit 3 when one cannot be written, for the first of them.
    pub(crate) fn finish(self, run: Run<'_>, texts: &[String], jobs: usize) -> Result<(), Failure> {
        let mut result = Ok(());
        for target in self.targets {
            let Target { format, sink } = target;
            let report = render(format, run, texts, jobs)?;
            let written = match (sink, report) {
                (Sink::Stdout | Sink::Stderr, None) => Ok(()),
                (Sink::Stdout, Some(report)) => print_raw(&report),
                (Sink::Stderr, Some(report)) => {
                    print_error(&report);
                    Ok(())
                }
                (Sink::File { path, text, .. }, report) => {
                    let cannot = |error| Failure::input(anyhow!("cannot write `{}`: {error}", display(&path)));
                    replace(&path, &report.unwrap_or(text)).map_err(cannot)
                }
            };
            result = result.and(written);
        }
        result
    }
}

impl Sink {
    fn is_colored(&self) -> bool {
        let choice = match self {
            Self::Stdout => AutoStream::choice(&std::io::stdout()),
            Self::Stderr => AutoStream::choice(&std::io::stderr()),
            Self::File { .. } => ColorChoice::Never,
        };
        choice != ColorChoice::Never
    }
}

/// The report in a format; nothing for text, which was said already.
fn render(format: ReportFormat, run: Run<'_>, texts: &[String], jobs: usize) -> Result<Option<String>, Failure> {
    let line = |json: Result<String, serde_json::Error>| json.map(|json| json + "\n").map_err(Failure::engine);
    Ok(Some(match format {
        ReportFormat::Text => return Ok(None),
        ReportFormat::Json => line(json::render(run.reviews, run.problems))?,
        ReportFormat::Sarif => {
            let pairs: Vec<_> = run.reviews.iter().zip(texts).collect();
            let mut files = Vec::with_capacity(pairs.len());
            parallel::in_order(&pairs, jobs, |(review, text)| FileResults::of(review, text), |file| files.push(file));
            line(sarif::render(run, files))?
        }
        ReportFormat::Junit => junit::render(run).map_err(Failure::engine)?,
        ReportFormat::Github => github::render(run),
        ReportFormat::Gitlab => line(gitlab::render(run))?,
        ReportFormat::Markdown => markdown::render(run),
        ReportFormat::Policyreport => line(policyreport::render(run))?,
    }))
}

/// A path by which a file is known, whether or not it exists.
fn identity(path: &Path) -> PathBuf {
    if let Ok(path) = std::fs::canonicalize(path) {
        return path;
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match (std::fs::canonicalize(folder), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}
