//! Markdown, for a job's summary or a comment on a pull request.

use super::run::{Run, Standing, by_whom, harmless, summary_line, whereabouts};
use crate::problem::Problem;
use crate::review::{FileReview, LocatedFinding};
use std::fmt::Write as _;

/// Renders a run as tables: what could not be checked, what was found, what is suppressed, and what else there is to know.
#[must_use]
pub fn render(run: Run<'_>) -> String {
    let summary = run.summary();
    let verdict = match (summary.errors, summary.denied, summary.warned) {
        (1.., ..) => "❌ not everything could be checked",
        (0, 1.., _) => "❌ denied",
        (0, 0, 1..) => "⚠️ warnings",
        (0, 0, 0) => "✅ no findings",
    };
    let mut out = format!("## Forewarn: {verdict}\n\n{}\n", text(&summary_line(&summary)));
    let problems = run.all_problems().map(problem_row);
    table(&mut out, "### Errors", &["Kind", "Where", "What"], problems);
    let counted = run.findings().filter(|(_, located)| located.finding.suppressed.is_none());
    table(&mut out, "### Findings", &["", "Where", "Object", "Rule", "What"], counted.map(finding_row));
    let suppressed: Vec<_> = run.findings().filter_map(suppressed_row).collect();
    if !suppressed.is_empty() {
        let _ = write!(out, "\n<details>\n<summary>{} suppressed</summary>\n", suppressed.len());
        table(&mut out, "", &["Where", "Object", "Rule", "Why"], suppressed.into_iter());
        out.push_str("\n</details>\n");
    }
    let notices = run.notices().map(|(review, notice)| {
        let place = place(&review.file, Some(notice.position.line), Some(notice.position.column));
        [place, cell(&notice.message, notice.help.as_deref())]
    });
    let unrendered = run.unrendered().map(|(review, skipped)| {
        let place = place(&review.file, Some(skipped.line), None);
        [place, cell(&format!("skipped: {}", skipped.reason.message()), skipped.reason.hint())]
    });
    table(&mut out, "### Notices", &["Where", "What"], notices.chain(unrendered));
    out
}

fn finding_row((review, located): (&FileReview, &LocatedFinding)) -> [String; 5] {
    let level = match Standing::of(located) {
        Standing::Denied => "❌ denied",
        Standing::Warned | Standing::Suppressed(_) => "⚠️ warned",
    };
    let finding = &located.finding;
    let mut what = cell(&finding.message, finding.help.as_deref());
    if let Some(refusal) = &located.not_fixed {
        let _ = write!(what, "<br>*not fixed: {}*", text(&refusal.to_string()));
    }
    [level.to_owned(), where_is(review, located), text(&whereabouts(located)), text(&finding.code), what]
}

fn suppressed_row((review, located): (&FileReview, &LocatedFinding)) -> Option<[String; 4]> {
    let why = text(&by_whom(located.finding.suppressed.as_ref()?));
    Some([where_is(review, located), text(&whereabouts(located)), text(&located.finding.code), why])
}

fn problem_row(problem: &Problem) -> [String; 3] {
    let place = problem.file.as_deref().map(|file| place(file, problem.line, problem.column));
    [problem.kind.name().to_owned(), place.unwrap_or_default(), cell(&problem.message, problem.help.as_deref())]
}

fn where_is(review: &FileReview, located: &LocatedFinding) -> String {
    place(&review.file, Some(located.start.line), Some(located.start.column))
}

fn place(file: &str, line: Option<u32>, column: Option<u32>) -> String {
    let numbers = [line, column].into_iter().flatten().map(|number| format!(":{number}"));
    text(file) + &numbers.collect::<String>()
}

fn cell(message: &str, help: Option<&str>) -> String {
    let help = help.map(|help| format!("<br>*help:* {}", text(help)));
    text(message) + &help.unwrap_or_default()
}

/// A table with a heading; nothing if it has no rows.
fn table<const N: usize>(
    out: &mut String,
    heading: &str,
    columns: &[&str; N],
    rows: impl Iterator<Item = [String; N]>,
) {
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        return;
    }
    if !heading.is_empty() {
        let _ = write!(out, "\n{heading}\n");
    }
    let _ = write!(out, "\n| {} |\n|{}\n", columns.join(" | "), " --- |".repeat(N));
    for row in rows {
        let _ = writeln!(out, "| {} |", row.join(" | "));
    }
}

/// Text in which nothing is markup, but that what is between backticks is code.
fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let mut is_code = false;
    let mut ticks = text.matches('`').count();
    for character in harmless(text).chars() {
        match character {
            '`' => {
                ticks -= 1;
                // The element, because backticks have rules of their own for several in a row, and inside of tables.
                out.push_str(match (is_code, ticks) {
                    (true, _) => "</code>",
                    (false, 0) => "&#96;",
                    (false, _) => "<code>",
                });
                is_code = !is_code;
            }
            '\n' => out.push_str("<br>"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // Who bears a name that a manifest mentions shall not be called for it.
            '@' if !is_code => out.push_str("@\u{200b}"),
            '\\' | '*' | '_' | '[' | ']' | '#' | '~' | '!' | '$' | '|' => {
                out.push('\\');
                out.push(character);
            }
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn nothing_in_a_text_is_markup_but_code() {
        assert_eq!(text("a|b *c* <d>\n@e [f](g)"), "a\\|b \\*c\\* &lt;d&gt;<br>@\u{200b}e \\[f\\](g)");
        assert_eq!(text("use `a_b|c@d`\tnow"), "use <code>a\\_b\\|c@d</code>\u{fffd}now");
        assert_eq!(text("`` is empty, and ` is alone"), "<code></code> is empty, and &#96; is alone");
    }
}
