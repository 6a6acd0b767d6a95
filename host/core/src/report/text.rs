//! The report for people, in the manner of rustc.

use crate::finding::{Severity, Suppression};
use crate::object::Identity;
use crate::problem::{Problem, ProblemKind};
use crate::review::{FileReview, LocatedFinding, Notice, SkipReason};
use crate::source::{Position, Source, Span};
use annotate_snippets::{AnnotationKind, Group, Level, Message, Origin, Renderer, Snippet, normalize_untrusted_str};
use std::borrow::Cow;
use std::collections::HashMap;

/// Renders reviews and problems as text.
#[derive(Debug, Clone)]
pub struct TextReport {
    renderer: Renderer,
    show_suppressed: bool,
}

impl TextReport {
    /// A report with or without colours.
    #[must_use]
    pub fn new(color: bool) -> Self {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        Self { renderer, show_suppressed: false }
    }

    /// Whether suppressed findings are shown too, as notes with their reasons.
    #[must_use]
    pub fn with_suppressed(self, show_suppressed: bool) -> Self {
        Self { show_suppressed, ..self }
    }

    /// Everything that is to be said about one file, `text` being its content. Empty if all is well.
    #[must_use]
    pub fn file(&self, review: &FileReview, text: &str) -> String {
        let source = Source::new(text);
        let file = one_line(&review.file);
        let file = file.as_ref();
        let mut out = String::new();
        for merged in merge(&review.findings) {
            self.push(finding_group(file, &source, &merged), &mut out);
        }
        for located in review.findings.iter().filter(|_| self.show_suppressed) {
            if let Some(suppressed) = &located.finding.suppressed {
                self.push(suppressed_group(file, &source, located, suppressed), &mut out);
            }
        }
        for notice in &review.notices {
            self.push(notice_group(notice, file, &source), &mut out);
        }
        for problem in &review.problems {
            self.push(problem_group(problem, Some(file), Some(&source)), &mut out);
        }
        for skipped in &review.skipped {
            // Other YAML beside the manifests is no news; it is counted in the summary.
            if skipped.reason == SkipReason::UnrenderedHelmTemplate {
                let group = Level::NOTE
                    .primary_title(format!("skipped: {}", skipped.reason.message()))
                    .element(Origin::path(file).line(skipped.line as usize))
                    .elements(skipped.reason.hint().map(help));
                self.push(group, &mut out);
            }
        }
        out
    }

    /// A problem that belongs to no file, or to one that could not be read.
    #[must_use]
    pub fn problem(&self, problem: &Problem) -> String {
        let mut out = String::new();
        let file = problem.file.as_deref().map(one_line);
        self.push(problem_group(problem, file.as_deref(), None), &mut out);
        out
    }

    /// A problem in a file of this text, with the line that it is about.
    #[must_use]
    pub fn problem_in(&self, problem: &Problem, text: &str) -> String {
        let mut out = String::new();
        let file = problem.file.as_deref().map(one_line);
        self.push(problem_group(problem, file.as_deref(), Some(&Source::new(text))), &mut out);
        out
    }

    fn push(&self, group: Group<'_>, out: &mut String) {
        out.push_str(&self.renderer.render(&[group]));
        out.push_str("\n\n");
    }
}

/// A finding, and those that would read the same and are told in a note.
struct Merged<'r> {
    first: &'r LocatedFinding,
    others: Vec<&'r LocatedFinding>,
}

/// Merges findings with the same code and message at the same text, which containers may share by an alias, and what
/// several policies say of the same malformed field. Suppressed findings are left out.
fn merge(findings: &[LocatedFinding]) -> Vec<Merged<'_>> {
    let mut merged: Vec<Merged<'_>> = Vec::new();
    let mut index_by_key = HashMap::new();
    for located in findings {
        let finding = &located.finding;
        if finding.suppressed.is_some() {
            continue;
        }
        let key = match finding.code.rsplit_once('/') {
            Some((_, what @ "malformed")) => (what, "", finding.severity, located.span),
            _ => {
                let (code, message) = (finding.code.as_str(), finding.message.as_str());
                (code, message, finding.severity, located.span)
            }
        };
        let index = *index_by_key.entry(key).or_insert(merged.len());
        match merged.get_mut(index) {
            Some(group) => group.others.push(located),
            None => merged.push(Merged { first: located, others: Vec::new() }),
        }
    }
    merged
}

fn finding_group<'r>(file: &'r str, source: &Source<'r>, merged: &Merged<'r>) -> Group<'r> {
    let finding = &merged.first.finding;
    let level = match finding.severity {
        Severity::Deny => Level::ERROR,
        Severity::Warn => Level::WARNING,
    };
    let title = level.primary_title(finding.message.as_str()).id(finding.code.as_str());
    let group = Group::with_title(title);
    let group = with_snippet(group, file, source, merged.first.span, merged.first.start)
        .elements(finding.help.as_deref().map(help))
        .element(note(&whereabouts(merged)))
        .elements(merged.first.not_fixed.as_ref().map(|refusal| note(&format!("not fixed: {refusal}"))));
    let mut policies: Vec<_> = merged
        .others
        .iter()
        .map(|other| other.policy.as_str())
        .filter(|policy| *policy != merged.first.policy)
        .collect();
    policies.dedup();
    if policies.is_empty() {
        return group;
    }
    group.element(note(&format!("also reported by {}", quoted(&policies))))
}

fn suppressed_group<'r>(
    file: &'r str,
    source: &Source<'r>,
    located: &'r LocatedFinding,
    suppressed: &Suppression,
) -> Group<'r> {
    let title = Level::NOTE.primary_title(located.finding.message.as_str()).id(located.finding.code.as_str());
    let merged = Merged { first: located, others: Vec::new() };
    with_snippet(Group::with_title(title), file, source, located.span, located.start)
        .element(note(&format!("suppressed by {}: {}", suppressed.by, suppressed.reason)))
        .element(note(&whereabouts(&merged)))
}

/// `in Deployment shop/web, containers `web`, `proxy``
fn whereabouts(merged: &Merged<'_>) -> String {
    let mut objects: Vec<(&Identity, Vec<&str>)> = Vec::new();
    for located in std::iter::once(&merged.first).chain(&merged.others) {
        let known = objects.iter().position(|(object, _)| *object == &*located.object);
        let index = known.unwrap_or(objects.len());
        if known.is_none() {
            objects.push((&located.object, Vec::new()));
        }
        if let Some(container) = located.finding.container.as_deref()
            && let Some((_, containers)) = objects.get_mut(index)
            && !containers.contains(&container)
        {
            containers.push(container);
        }
    }
    let objects: Vec<_> = objects
        .iter()
        .map(|(object, containers)| match containers.as_slice() {
            [] => object.to_string(),
            [container] => format!("{object}, container `{container}`"),
            containers => format!("{object}, containers {}", quoted(containers)),
        })
        .collect();
    format!("in {}", objects.join("; "))
}

fn quoted(names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// Adds the marked line. Only that line is handed to the renderer, and of a very long one only the part around the
/// mark.
fn with_snippet<'r>(group: Group<'r>, file: &'r str, source: &Source<'r>, span: Span, start: Position) -> Group<'r> {
    const LONGEST_LINE: usize = 4096;
    const AROUND: usize = 120;
    let near = source.line_near(span.start(), LONGEST_LINE);
    let is_long = near.end() - near.start() >= LONGEST_LINE;
    let shown = if is_long { source.line_near(span.start(), AROUND) } else { near };
    let from = span.start().clamp(shown.start(), shown.end());
    let to = span.end().clamp(from, shown.end());
    let mark = from - shown.start()..to - shown.start();
    let number = start.line as usize;
    let snippet =
        Snippet::source(source.slice(shown)).line_start(number).annotation(AnnotationKind::Primary.span(mark));
    if is_long {
        // The renderer cannot count the column of a line that it sees in part.
        let origin = Origin::path(file).line(number).char_column(start.column as usize);
        return group.element(origin).element(snippet);
    }
    group.element(snippet.path(file))
}

fn notice_group<'r>(notice: &'r Notice, file: &'r str, source: &Source<'r>) -> Group<'r> {
    let group = Group::with_title(Level::WARNING.primary_title(notice.message.as_str()));
    let from = character_at(source, notice.position).start();
    let span = Span::new(from, source.line(notice.position.line).end().max(from));
    with_snippet(group, file, source, span, notice.position).elements(notice.help.as_deref().map(help))
}

fn problem_group<'r>(problem: &'r Problem, file: Option<&'r str>, source: Option<&Source<'r>>) -> Group<'r> {
    let group = Group::with_title(Level::ERROR.primary_title(problem.message.as_str()));
    let position = problem.line.map(|line| Position { line, column: problem.column.unwrap_or(1) });
    let group = match (file, position, source) {
        (Some(file), Some(position), Some(source)) if problem.kind != ProblemKind::Engine => {
            let span = character_at(source, position);
            with_snippet(group, file, source, span, position)
        }
        (Some(file), Some(position), _) => {
            group.element(Origin::path(file).line(position.line as usize).char_column(position.column as usize))
        }
        (Some(file), None, _) => group.element(Origin::path(file)),
        (None, ..) => group,
    };
    group.elements(problem.help.as_deref().map(help))
}

fn character_at(source: &Source<'_>, position: Position) -> Span {
    let line = source.line(position.line);
    let before = position.column.saturating_sub(1) as usize;
    let mut characters = source.slice(line).char_indices().skip(before);
    let start = characters.next().map(|(at, _)| line.start() + at);
    let end = characters.next().map(|(at, _)| line.start() + at);
    let start = start.unwrap_or(line.end());
    Span::new(start, end.unwrap_or(line.end()))
}

/// A path without the control characters that would end the line or give orders to a terminal. The renderer takes paths
/// as they are.
fn one_line(path: &str) -> Cow<'_, str> {
    if path.contains(char::is_control) { path.replace(char::is_control, "\u{fffd}").into() } else { path.into() }
}

fn help(text: &str) -> Message<'static> {
    Level::HELP.message(normalize_untrusted_str(text))
}

fn note(text: &str) -> Message<'static> {
    Level::NOTE.message(normalize_untrusted_str(text))
}
