//! Where a report goes, and in which formats.

use anstream::{AutoStream, ColorChoice};
use forewarn_core::problem::Problem;
use forewarn_core::report::json;
use forewarn_core::report::text::TextReport;
use forewarn_core::review::FileReview;

use super::Style;
use crate::args::{Check, Format};
use crate::exit::Failure;
use crate::output::{print, print_error};

/// Every place that a report is written to. Text goes out as the review goes on, everything else at the end.
#[derive(Debug)]
pub(crate) struct Outputs {
    targets: Vec<Target>,
}

#[derive(Debug)]
struct Target {
    format: Format,
    sink: Sink,
}

#[derive(Debug)]
enum Sink {
    Stdout,
    /// Beside a diff, which has standard output for itself.
    Stderr,
}

impl Outputs {
    /// The outputs that the arguments ask for.
    pub(crate) fn of(args: &Check) -> Self {
        let sink = if args.diff { Sink::Stderr } else { Sink::Stdout };
        Self { targets: vec![Target { format: args.format, sink }] }
    }

    /// How files are rendered for these outputs.
    pub(crate) fn style(&self, args: &Check) -> Style {
        let text = self.targets.iter().find(|target| target.format == Format::Text);
        let text = text.map(|target| TextReport::new(target.sink.is_colored()));
        Style::new(text, args.quiet.then_some(args.fail_on))
    }

    /// Whether reviews are needed at the end.
    pub(crate) fn keep_reviews(&self) -> bool {
        self.targets.iter().any(|target| target.format != Format::Text)
    }

    /// Writes a part of the text report to where one is wanted.
    ///
    /// # Errors
    /// Exit 3 when it cannot be written.
    pub(crate) fn say(&mut self, text: &str) -> Result<(), Failure> {
        for target in self.targets.iter_mut().filter(|target| target.format == Format::Text) {
            target.sink.write(text)?;
        }
        Ok(())
    }

    /// Writes the reports that are rendered as a whole.
    ///
    /// # Errors
    /// Exit 3 when one cannot be written.
    pub(crate) fn finish(&mut self, reviews: &[FileReview], problems: &[Problem]) -> Result<(), Failure> {
        for target in &mut self.targets {
            match target.format {
                Format::Text => {}
                Format::Json => {
                    let report = json::render(reviews, problems).map_err(Failure::engine)?;
                    target.sink.write(&(report + "\n"))?;
                }
            }
        }
        Ok(())
    }
}

impl Sink {
    fn is_colored(&self) -> bool {
        let choice = match self {
            Self::Stdout => AutoStream::choice(&std::io::stdout()),
            Self::Stderr => AutoStream::choice(&std::io::stderr()),
        };
        choice != ColorChoice::Never
    }

    fn write(&mut self, text: &str) -> Result<(), Failure> {
        match self {
            Self::Stdout => print(text),
            Self::Stderr => {
                print_error(text);
                Ok(())
            }
        }
    }
}
