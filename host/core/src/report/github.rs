//! Workflow commands, which GitHub Actions shows as annotations of a commit's files.

use super::run::{Run, Standing, harmless, particulars, summary_line, with_help};
use std::fmt::Write as _;

/// Renders a run as workflow commands, one a line, and the summary as a line of the log.
#[must_use]
pub fn render(run: Run<'_>) -> String {
    let mut out = String::new();
    for (review, located) in run.findings() {
        let finding = &located.finding;
        let (command, title) = match Standing::of(located) {
            Standing::Denied => ("error", finding.code.clone()),
            Standing::Warned => ("warning", finding.code.clone()),
            Standing::Suppressed(_) => ("notice", format!("{} (suppressed)", finding.code)),
        };
        let mut place = Place::line(&review.file, located.start.line);
        if located.start.line == located.end.line {
            // Columns are only taken within one line.
            place.columns = Some((located.start.column, located.end.column));
        }
        place.end_line = Some(located.end.line);
        let message = format!("{}\n{}", finding.message, particulars(located).join("\n"));
        push(&mut out, command, Some(place), &title, &message);
    }
    for problem in run.all_problems() {
        let place = problem.file.as_deref().map(|file| Place {
            columns: problem.column.map(|column| (column, column)),
            ..Place::line(file, problem.line.unwrap_or(1))
        });
        let message = with_help(&problem.message, problem.help.as_deref());
        push(&mut out, "error", place, &format!("forewarn: {} error", problem.kind.name()), &message);
    }
    for (review, notice) in run.notices() {
        let place = Place::line(&review.file, notice.position.line);
        push(&mut out, "notice", Some(place), "forewarn", &with_help(&notice.message, notice.help.as_deref()));
    }
    for (review, skipped) in run.unrendered() {
        let message = with_help(skipped.reason.message(), skipped.reason.hint());
        push(&mut out, "notice", Some(Place::line(&review.file, skipped.line)), "forewarn: skipped", &message);
    }
    out.push_str(&summary_line(&run.summary()));
    out.push('\n');
    out
}

/// Where an annotation goes.
struct Place<'p> {
    file: &'p str,
    line: u32,
    end_line: Option<u32>,
    columns: Option<(u32, u32)>,
}

impl<'p> Place<'p> {
    fn line(file: &'p str, line: u32) -> Self {
        Self { file, line, end_line: None, columns: None }
    }
}

fn push(out: &mut String, command: &str, place: Option<Place<'_>>, title: &str, message: &str) {
    // Writing to a string cannot fail.
    let _ = write!(out, "::{command} ");
    if let Some(place) = place {
        let _ = write!(out, "file={},line={}", property(place.file), place.line);
        if let Some(end_line) = place.end_line {
            let _ = write!(out, ",endLine={end_line}");
        }
        if let Some((start, end)) = place.columns {
            let _ = write!(out, ",col={start},endColumn={end}");
        }
        out.push(',');
    }
    let _ = writeln!(out, "title={}::{}", property(title), data(message));
}

/// A command's message, escaped.
fn data(text: &str) -> String {
    harmless(&text.replace('\r', "")).replace('%', "%25").replace('\n', "%0A")
}

/// A command's property, escaped.
fn property(text: &str) -> String {
    // A carriage return is a part of a file's name, while in a message it only ends a line.
    let text = text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    harmless(&text.replace(':', "%3A").replace(',', "%2C"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_command_is_escaped() {
        assert_eq!(data("100%\r\n::error::no\u{1b}"), "100%25%0A::error::no\u{fffd}");
        assert_eq!(property("a:b,c%\r\n"), "a%3Ab%2Cc%25%0D%0A");
    }
}
