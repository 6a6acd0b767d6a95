//! `# forewarn: allow <policy>[/<code>] <reason>`

use super::Warning;
use crate::finding::Suppression;
use crate::review::{Asked, FileReview, LocatedFinding};
use crate::source::{Source, Span};
use crate::yaml::Document;

/// What such a comment begins with, behind its `#`.
const BEGIN: &str = "forewarn:";

/// How to write one.
const USAGE: &str = "write `# forewarn: allow <policy> <reason>`, or `<policy>/<code>` for one kind of finding";

/// A comment that suppresses findings.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Comment {
    /// From the `#` to the end of the line.
    pub(super) span: Span,
    /// The policy's id.
    pub(super) policy: String,
    /// The finding's code; `None` for all of the policy.
    code: Option<String>,
    reason: String,
    target: Target,
}

/// What a comment is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    /// Its own line.
    Line(Span),
    /// The field, item or object that begins on the next line.
    Below(Span),
}

/// Where the scalars, fields and items of a file are, in the order of the text.
#[derive(Debug, Default)]
pub(super) struct Layout {
    scalars: Vec<Span>,
    /// From the first byte of the key to the last of the value.
    fields: Vec<Span>,
    items: Vec<Span>,
}

impl Layout {
    pub(super) fn add(&mut self, document: &Document<'_>) {
        self.scalars.extend(document.scalars().map(|(_, span)| span));
        self.fields.extend(document.entries().map(|(_, key, end, _)| Span::new(key.start(), end)));
        self.items.extend(document.item_spans());
        for spans in [&mut self.scalars, &mut self.fields, &mut self.items] {
            spans.sort_unstable();
        }
    }

    /// Whether a byte is inside text, such as a script.
    fn is_text(&self, offset: usize) -> bool {
        // Scalars do not overlap, so the last one before it decides.
        let after = self.scalars.partition_point(|span| span.start() <= offset);
        after.checked_sub(1).and_then(|index| self.scalars.get(index)).is_some_and(|span| offset < span.end())
    }

    /// What begins on a line: the item, if the line begins with a dash, or else the field.
    fn extent(&self, source: &Source<'_>, line: Span) -> Option<Span> {
        let text = source.slice(line);
        let start = line.start() + (text.len() - text.trim_start().len());
        let is_item = text.trim_start().starts_with('-');
        let spans = if is_item { &self.items } else { &self.fields };
        let from = spans.partition_point(|span| span.start() < start);
        let on_line = spans.iter().skip(from).take_while(|span| span.start() <= line.end());
        if is_item {
            // Of nested items the outermost begins first and ends last.
            return on_line.max_by_key(|span| (span.end(), std::cmp::Reverse(span.start()))).copied();
        }
        on_line.take_while(|span| span.start() == start).next().copied()
    }
}

/// The comments of a file that are meant for us, in the order of the text; or what is wrong with them.
pub(super) fn all<'s>(
    source: &'s Source<'_>,
    layout: &'s Layout,
) -> impl Iterator<Item = Result<Comment, Warning>> + 's {
    let text = source.text();
    let found = memchr::memmem::find_iter(text.as_bytes(), BEGIN.as_bytes());
    found.filter_map(move |at| {
        let line = source.line_at(at);
        let before = source.slice(Span::new(line.start(), at));
        let hash = line.start() + before.trim_end().strip_suffix('#')?.len();
        let code = source.slice(Span::new(line.start(), hash));
        // Within a line a comment begins behind a space only.
        let is_apart = code.is_empty() || code.ends_with([' ', '\t']);
        if !is_apart || layout.is_text(hash) {
            return None;
        }
        let span = Span::new(hash, line.start() + source.slice(line).trim_end().len());
        let target = match code.trim().is_empty() {
            true => Target::Below(below(source, line)),
            false => Target::Line(line),
        };
        Some(parse(source.slice(Span::new(at + BEGIN.len(), span.end())), span, target))
    })
}

/// The next line that is neither empty nor a comment nor the beginning of a document.
fn below(source: &Source<'_>, line: Span) -> Span {
    let mut number = source.position(line.start()).line;
    loop {
        number += 1;
        let next = source.line(number);
        let text = source.slice(next).trim();
        let is_end = next.start() >= source.text().len();
        if is_end || !(text.is_empty() || text.starts_with('#') || text == "---" || text.starts_with("--- #")) {
            return next;
        }
    }
}

fn parse(text: &str, span: Span, target: Target) -> Result<Comment, Warning> {
    let unreadable = |message: String| Warning {
        span,
        what: "unreadable",
        about: text.trim().to_owned(),
        message,
        help: USAGE.to_owned(),
    };
    let text = text.trim();
    let (verb, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    if verb != "allow" {
        return Err(unreadable(format!(
            "a comment for forewarn begins with `allow`, not `{verb}`; nothing is suppressed"
        )));
    }
    let rest = rest.trim_start();
    let (what, reason) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let what = what.trim_end_matches(':');
    let reason = reason.trim_start_matches(['-', '–', '—', ':', ' ']).trim();
    if what.is_empty() {
        return Err(unreadable("the comment names no policy, so nothing is suppressed".to_owned()));
    }
    if reason.is_empty() {
        return Err(Warning {
            span,
            what: "missing-reason",
            about: what.to_owned(),
            message: format!("`allow {what}` gives no reason, so nothing is suppressed"),
            help: format!("say why: `# forewarn: allow {what} <reason>`"),
        });
    }
    let (policy, code) = what.split_once('/').map_or((what, None), |(policy, _)| (policy, Some(what.to_owned())));
    Ok(Comment { span, policy: policy.to_owned(), code, reason: reason.to_owned(), target })
}

impl Comment {
    /// Marks what the comment suppresses. Gives a warning if that is nothing although the policy was asked.
    pub(super) fn apply(self, source: &Source<'_>, layout: &Layout, review: &mut FileReview) -> Option<Warning> {
        let (line, is_below) = match self.target {
            Target::Line(line) => (line, false),
            Target::Below(line) => (line, true),
        };
        let begins_here = |asked: &&Asked| is_below && source.line_at(asked.span.start()) == line;
        let object = review.asked.iter().find(begins_here).map(|asked| asked.object_index);
        let extent = layout.extent(source, line).filter(|_| is_below && object.is_none()).unwrap_or(line);
        let is_meant = |located: &LocatedFinding| {
            let start = located.span.start();
            located.policy == self.policy
                && self.code.as_ref().is_none_or(|code| *code == located.finding.code)
                && match object {
                    Some(index) => located.object_index == index,
                    None => {
                        (line.start() <= start && start <= line.end())
                            || (extent.start() <= start && start < extent.end())
                    }
                }
        };
        let mut is_used = false;
        for located in review.findings.iter_mut().filter(|located| is_meant(located)) {
            is_used = true;
            let suppression = || Suppression { by: "comment".to_owned(), reason: self.reason.clone() };
            located.finding.suppressed.get_or_insert_with(suppression);
        }
        let is_inside = |asked: &Asked| {
            source.line_at(asked.span.start()).start() <= line.start() && line.start() < asked.span.end()
        };
        let around: Vec<_> = review.asked.iter().filter(|asked| is_inside(asked)).collect();
        // Where the policy was not asked, as with `--policy`, nobody knows whether the comment is of use.
        let was_asked = around.iter().any(|asked| asked.policies.contains(&self.policy));
        if is_used || !(was_asked || around.is_empty()) {
            return None;
        }
        let what = self.code.as_deref().unwrap_or(&self.policy);
        let place = if is_below { "below" } else { "on this line" };
        Some(Warning {
            span: self.span,
            what: "unused",
            about: what.to_owned(),
            message: format!("`allow {what}` suppresses nothing: {place} there is no such finding"),
            help: "remove the comment, or put it on the line of the finding or on the one before its field".to_owned(),
        })
    }
}
