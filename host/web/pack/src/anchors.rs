//! A place in the page for every code, so that a finding can lead to what is said about it.

use std::collections::BTreeSet;
use std::vec;

use pulldown_cmark::{CowStr, Event, Tag, TagEnd};

/// Gives the codes in tables whose first column is headed "code" an id: the code without its policy. `also` are codes
/// with a text; those that no table has follow the first of these tables.
pub(crate) fn anchored<'e>(events: impl Iterator<Item = Event<'e>>, also: &[(&str, &str)]) -> vec::IntoIter<Event<'e>> {
    let mut place = Place::default();
    let mut seen = BTreeSet::new();
    let mut end = None;
    let mut all = Vec::new();
    for event in events {
        place.enter(&event);
        match event {
            Event::Code(code) if place.is_code() => {
                let name = code.rsplit('/').next().unwrap_or(&code);
                all.push(match seen.insert(name.to_owned()) {
                    true => Event::Html(element(name, &code)),
                    false => Event::Code(code),
                });
            }
            Event::End(TagEnd::Table) => {
                all.push(event);
                if place.lists_codes {
                    end.get_or_insert(all.len());
                }
            }
            event => all.push(event),
        }
    }
    if let Some(end) = end {
        let missing = also.iter().filter(|(code, _)| !seen.contains(*code));
        let paragraphs =
            missing.map(|(code, text)| Event::Html(format!("<p>{} {text}</p>\n", element(code, code)).into()));
        all.splice(end..end, paragraphs.collect::<Vec<_>>());
    }
    all.into_iter()
}

/// Codes are plain words.
fn element(id: &str, code: &str) -> CowStr<'static> {
    format!("<code id=\"{id}\">{code}</code>").into()
}

/// Where in a table an event is.
#[derive(Default)]
struct Place {
    in_head: bool,
    column: usize,
    lists_codes: bool,
}

impl Place {
    fn enter(&mut self, event: &Event<'_>) {
        match event {
            Event::Start(Tag::Table(_)) => self.lists_codes = false,
            Event::Start(Tag::TableHead) => (self.in_head, self.column) = (true, 0),
            Event::End(TagEnd::TableHead) => self.in_head = false,
            Event::Start(Tag::TableRow) => self.column = 0,
            Event::Start(Tag::TableCell) => self.column += 1,
            Event::Text(text) if self.in_head && self.column == 1 => {
                self.lists_codes = text.eq_ignore_ascii_case("code");
            }
            _ => {}
        }
    }

    /// Whether code here, in a table's body, is that of a finding.
    fn is_code(&self) -> bool {
        self.lists_codes && !self.in_head && self.column == 1
    }
}
