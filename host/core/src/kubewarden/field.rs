//! Fields of a configuration that know where they are written.

use super::definition::Place;
use super::mistake::{Mistake, MistakeKind};
use crate::review::Notice;
use crate::source::{Position, Source};
use crate::yaml::Document;
use serde_json::{Map, Value};

/// A document of a file.
pub(super) struct Text<'t> {
    pub(super) file: &'t str,
    pub(super) source: &'t Source<'t>,
    pub(super) document: &'t Document<'t>,
}

/// A value, and its JSON Pointer in the document.
#[derive(Clone)]
pub(super) struct Field<'t> {
    text: &'t Text<'t>,
    pointer: String,
    /// How much of the pointer leads to the policy itself.
    base: usize,
    pub(super) value: &'t Value,
}

impl<'t> Text<'t> {
    /// The document as JSON: aliases and merge keys are expanded. `None` where a number is beyond all bounds.
    pub(super) fn json(&self) -> Option<Value> {
        let mut json = String::new();
        self.document.write_json(self.document.root(), &mut json);
        serde_json::from_str(&json).ok()
    }

    /// The document's root, `value` being the document as JSON.
    pub(super) fn root(&'t self, value: &'t Value) -> Field<'t> {
        self.at("", value)
    }

    /// A value of the document.
    pub(super) fn at(&'t self, pointer: &str, value: &'t Value) -> Field<'t> {
        Field { text: self, base: pointer.len(), pointer: pointer.to_owned(), value }
    }

    fn position(&self, pointer: &str) -> Position {
        let located = self.document.locate(self.source, self.document.root(), pointer);
        self.source.position(located.span.start())
    }
}

impl<'t> Field<'t> {
    /// A field of a mapping. Null is as good as absent, as for the API server.
    pub(super) fn get(&self, key: &str) -> Option<Self> {
        let value = self.value.get(key).filter(|value| !value.is_null())?;
        Some(self.child(key, value))
    }

    /// A field that has to be there.
    pub(super) fn required(&self, key: &str) -> Result<Self, Mistake> {
        self.get(key).ok_or_else(|| self.mistake(MistakeKind::Missing { field: self.path_of(key) }))
    }

    /// The fields of a mapping.
    pub(super) fn entries(&self) -> Result<Vec<(&'t str, Self)>, Mistake> {
        let Value::Object(map) = self.value else { return Err(self.wrong_type("a mapping")) };
        Ok(map.iter().map(|(key, value)| (key.as_str(), self.child(key, value))).collect())
    }

    /// The items of a list.
    pub(super) fn items(&self) -> Result<Vec<Self>, Mistake> {
        let Value::Array(items) = self.value else { return Err(self.wrong_type("a list")) };
        Ok(items.iter().enumerate().map(|(index, value)| self.child(&index.to_string(), value)).collect())
    }

    /// The items of a list that has to hold some.
    pub(super) fn some_items(&self) -> Result<Vec<Self>, Mistake> {
        let items = self.items()?;
        if items.is_empty() {
            return Err(self.mistake(MistakeKind::Empty { field: self.path() }));
        }
        Ok(items)
    }

    /// Text.
    pub(super) fn string(&self) -> Result<&'t str, Mistake> {
        self.value.as_str().ok_or_else(|| self.wrong_type("text"))
    }

    /// Text that has to say something.
    pub(super) fn some_string(&self) -> Result<&'t str, Mistake> {
        let text = self.string()?;
        if text.is_empty() {
            return Err(self.mistake(MistakeKind::Empty { field: self.path() }));
        }
        Ok(text)
    }

    /// `true` or `false`.
    pub(super) fn boolean(&self) -> Result<bool, Mistake> {
        self.value.as_bool().ok_or_else(|| self.wrong_type("true or false"))
    }

    /// A mapping as it is.
    pub(super) fn mapping(&self) -> Result<&'t Map<String, Value>, Mistake> {
        self.value.as_object().ok_or_else(|| self.wrong_type("a mapping"))
    }

    /// One of several words.
    pub(super) fn choice<T: Copy>(&self, allowed: &'static str, choices: &[(&str, T)]) -> Result<T, Mistake> {
        let text = self.string()?;
        let chosen = choices.iter().find(|(word, _)| *word == text).map(|(_, choice)| *choice);
        chosen.ok_or_else(|| self.mistake(MistakeKind::Value { field: self.path(), value: text.to_owned(), allowed }))
    }

    /// Something wrong at this field.
    pub(super) fn mistake(&self, kind: MistakeKind) -> Mistake {
        Mistake { file: self.text.file.to_owned(), position: self.position(), kind }
    }

    /// Something that a reader should know about this field.
    pub(super) fn notice(&self, message: impl Into<String>, help: Option<&str>) -> Notice {
        Notice { message: message.into(), help: help.map(str::to_owned), position: self.position() }
    }

    /// Tells of the keys that are none of these, because a misspelled field changes nothing and looks as if it did.
    pub(super) fn only(&self, known: &[&str], notices: &mut Vec<Notice>) {
        let Ok(entries) = self.entries() else { return };
        for (key, field) in entries {
            if !known.contains(&key) {
                let near = nearest(key, known.iter().copied());
                let help = near.map(|near| format!("did you mean `{near}`?"));
                let message = format!("unknown field `{}`: it has no effect", field.path());
                notices.push(field.notice(message, help.as_deref()));
            }
        }
    }

    /// Where the field is.
    pub(super) fn place(&self) -> Place {
        Place { file: self.text.file.to_owned(), position: self.position() }
    }

    /// `spec.rules[0].operations`
    pub(super) fn path(&self) -> String {
        let mut path = String::new();
        let own = self.pointer.get(self.base..).unwrap_or_default();
        for token in own.split('/').skip(1) {
            let token = token.replace("~1", "/").replace("~0", "~");
            match token.bytes().all(|byte| byte.is_ascii_digit()) {
                true if !path.is_empty() => path.push_str(&format!("[{token}]")),
                _ if path.is_empty() => path.push_str(&token),
                _ => path.push_str(&format!(".{token}")),
            }
        }
        path
    }

    fn path_of(&self, key: &str) -> String {
        let path = self.path();
        if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
    }

    fn position(&self) -> Position {
        self.text.position(&self.pointer)
    }

    fn child(&self, token: &str, value: &'t Value) -> Self {
        let token = token.replace('~', "~0").replace('/', "~1");
        Self { text: self.text, base: self.base, pointer: format!("{}/{token}", self.pointer), value }
    }

    fn wrong_type(&self, expected: &'static str) -> Mistake {
        let found = match self.value {
            Value::Null => "null".to_owned(),
            Value::Array(_) => "a list".to_owned(),
            Value::Object(_) => "a mapping".to_owned(),
            Value::String(text) => format!("the text `{text}`"),
            scalar => format!("`{scalar}`"),
        };
        self.mistake(MistakeKind::Type { field: self.path(), found, expected })
    }
}

/// The word that was probably meant, if one is near.
pub(super) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let near = known.into_iter().map(|known| (strsim::damerau_levenshtein(word, known), known)).min();
    near.filter(|(distance, known)| *distance <= known.len() / 3).map(|(_, known)| known)
}
