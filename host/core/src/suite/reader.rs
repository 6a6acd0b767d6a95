//! Reading a document strictly: nothing is overlooked, and every mistake has its place.

use super::Placed;
use crate::problem::{Problem, ProblemKind};
use crate::source::{Position, Source};
use crate::yaml::{Document, NodeId, ScalarKind};
use serde_json::{Map, Value};

/// Reads parts of a document, and notes what is wrong with them.
pub(super) struct Reader<'r, 'a> {
    /// The name of the file.
    pub(super) file: &'r str,
    /// Its text.
    pub(super) source: &'r Source<'a>,
    /// The document.
    pub(super) document: &'r Document<'a>,
    /// What is wrong so far.
    pub(super) problems: Vec<Problem>,
}

/// A part of the document.
#[derive(Debug, Clone)]
pub(super) struct Part {
    node: NodeId,
    /// The JSON Pointer that leads to it.
    pub(super) pointer: String,
}

impl Reader<'_, '_> {
    /// The whole document.
    pub(super) fn root(&self) -> Part {
        Part { node: self.document.root(), pointer: String::new() }
    }

    /// Where a part is marked.
    pub(super) fn position(&self, part: &Part) -> Position {
        let located = self.document.locate(self.source, self.document.root(), &part.pointer);
        self.source.position(located.span.start())
    }

    /// Notes a mistake at a part.
    pub(super) fn wrong(&mut self, part: &Part, message: impl Into<String>, help: impl Into<String>) {
        self.wrong_at(self.position(part), message, help);
    }

    /// Notes a mistake at a place.
    pub(super) fn wrong_at(&mut self, at: Position, message: impl Into<String>, help: impl Into<String>) {
        let problem = Problem::new(ProblemKind::Configuration, message).at(self.file, at);
        self.problems.push(Problem { help: Some(help.into()), ..problem });
    }

    /// Makes sure that a part is a mapping with known keys only.
    pub(super) fn mapping(&mut self, part: &Part, what: &str, known: &[&str]) -> bool {
        let Some(entries) = self.document.written(part.node) else {
            let found = self.shown(part);
            self.wrong(part, format!("{what} is a mapping, not {found}"), format!("its keys are {}", list(known)));
            return false;
        };
        let unknown = entries.iter().filter(|entry| !entry.merge && !known.contains(&entry.key));
        let unknown: Vec<_> = unknown.map(|entry| (entry.key.to_owned(), entry.key_span.start())).collect();
        for (key, start) in unknown {
            let message = format!("{what} has no key `{key}`{}", did_you_mean(&key, known));
            self.wrong_at(self.source.position(start), message, format!("its keys are {}", list(known)));
        }
        true
    }

    /// The value of a key; null counts as left out.
    pub(super) fn get(&self, part: &Part, key: &str) -> Option<Part> {
        self.present(part, key).filter(|child| !self.is_null(child))
    }

    /// The value of a key, null too.
    pub(super) fn present(&self, part: &Part, key: &str) -> Option<Part> {
        let node = self.document.get(part.node, key)?;
        let token = key.replace('~', "~0").replace('/', "~1");
        Some(Part { node, pointer: format!("{}/{token}", part.pointer) })
    }

    /// The keys of a mapping in the order of the text, with their values.
    pub(super) fn entries(&self, part: &Part) -> Vec<(String, Part)> {
        let written = self.document.written(part.node).unwrap_or_default();
        let keys = written.iter().filter(|entry| !entry.merge).map(|entry| entry.key);
        keys.filter_map(|key| Some((key.to_owned(), self.present(part, key)?))).collect()
    }

    /// The items of a list; `what` says in the error what it should be.
    pub(super) fn items(&mut self, part: &Part, what: &str) -> Vec<Part> {
        let Some(items) = self.document.items(part.node) else {
            let found = self.shown(part);
            self.wrong(part, format!("{what} is a list, not {found}"), "write each item after a `- `");
            return Vec::new();
        };
        let item = |(index, node): (usize, &NodeId)| Part { node: *node, pointer: format!("{}/{index}", part.pointer) };
        items.iter().enumerate().map(item).collect()
    }

    /// A text.
    pub(super) fn text(&mut self, part: &Part, what: &str) -> Option<Placed<String>> {
        match self.document.string(part.node).filter(|text| !text.is_empty()) {
            Some(text) => Some(Placed { value: text.to_owned(), position: self.position(part) }),
            None => {
                let found = self.shown(part);
                self.wrong(part, format!("{what} is a text, not {found}"), "put it in quotes if it is meant as a text");
                None
            }
        }
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, part: &Part, what: &str) -> Vec<String> {
        let items = self.items(part, what);
        items.iter().filter_map(|item| self.text(item, what)).map(|text| text.value).collect()
    }

    /// A mapping that is nobody's business here.
    pub(super) fn object(&mut self, part: &Part, what: &str) -> Map<String, Value> {
        match self.json(part) {
            Value::Object(object) => object,
            _ => {
                let found = self.shown(part);
                self.wrong(part, format!("{what} is a mapping, not {found}"), "write `key: value`");
                Map::new()
            }
        }
    }

    /// Anything, as JSON. A number beyond all bounds is null.
    pub(super) fn json(&self, part: &Part) -> Value {
        serde_json::from_str(&self.json_text(part)).unwrap_or_default()
    }

    /// Anything, as JSON text.
    pub(super) fn json_text(&self, part: &Part) -> String {
        let mut json = String::new();
        self.document.write_json(part.node, &mut json);
        json
    }

    /// Whether a part is a mapping.
    pub(super) fn is_mapping(&self, part: &Part) -> bool {
        self.document.is_mapping(part.node)
    }

    /// The text of a part, if it is one.
    pub(super) fn string(&self, part: &Part) -> Option<&str> {
        self.document.string(part.node)
    }

    /// Whether nothing is written there.
    pub(super) fn is_null(&self, part: &Part) -> bool {
        self.document.scalar(part.node).is_some_and(|scalar| scalar.kind == ScalarKind::Null)
    }

    /// A part in an error message.
    pub(super) fn shown(&self, part: &Part) -> String {
        if self.is_mapping(part) {
            return "a mapping".to_owned();
        }
        match self.document.scalar(part.node) {
            Some(scalar) if scalar.value.is_empty() || scalar.kind == ScalarKind::Null => "nothing".to_owned(),
            Some(scalar) => format!("`{}`", scalar.value.chars().take(60).collect::<String>()),
            None => "a list".to_owned(),
        }
    }
}

/// `, did you mean `that`?`, if something known is near.
pub(super) fn did_you_mean(word: &str, known: &[&str]) -> String {
    let near = known.iter().map(|known| (strsim::damerau_levenshtein(word, known), *known)).min();
    let near = near.filter(|(distance, known)| *distance <= known.len().max(3) / 3);
    near.map(|(_, known)| format!(", did you mean `{known}`?")).unwrap_or_default()
}

/// `` `a`, `b` ``
pub(super) fn list(words: &[&str]) -> String {
    let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}
