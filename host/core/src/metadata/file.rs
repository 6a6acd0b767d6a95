//! `metadata.yml`: what a policy's author writes down for its module.

use serde::Deserialize;
use serde_json::{Map, Value};
use serde_path_to_error::{Path, Segment};
use thiserror::Error;

use super::{Metadata, MetadataFlaw};
use crate::source::{Position, Source};
use crate::yaml::{Document, Documents, ScalarKind};

/// A metadata file that can be used.
#[derive(Debug, Clone)]
pub struct MetadataFile<'t> {
    /// The metadata. Nothing of it is judged yet, see [`Metadata::flaws`].
    pub metadata: Metadata,
    /// Keys that have no effect.
    pub notes: Vec<MetadataNote>,
    source: Source<'t>,
    document: Document<'t>,
}

/// Something in the file that has no effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataNote {
    /// Where it is.
    pub position: Position,
    /// What is noted.
    pub message: String,
}

/// A metadata file that cannot be read, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct MetadataFileError {
    /// Where in the file.
    pub position: Position,
    /// What is wrong there.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

/// The fields that a file, unlike a module's section, has to have.
#[derive(Deserialize)]
struct Required {
    #[serde(rename = "mutating")]
    _mutating: bool,
    #[serde(rename = "rules")]
    _rules: Option<Vec<Value>>,
}

impl<'t> MetadataFile<'t> {
    /// Reads the file's text.
    ///
    /// # Errors
    ///
    /// [`MetadataFileError`] when it is no YAML mapping, or a field is missing or has the wrong type.
    pub fn read(text: &'t str) -> Result<Self, MetadataFileError> {
        let source = Source::new(text);
        let document = only_document(&source)?;
        let error = |pointer: &str, message: String, help: Option<&str>| MetadataFileError {
            position: position(&source, &document, pointer),
            message,
            help: help.map(str::to_owned),
        };
        let mut json = String::new();
        document.write_json(document.root(), &mut json);
        let mut fields: Map<String, Value> = match serde_json::from_str(&json) {
            Ok(Value::Object(fields)) => fields,
            _ => return Err(error("", "a mapping with `rules` and `mutating` is expected".to_owned(), None)),
        };
        if !fields.contains_key("rules") {
            let help = "write the rules that say what the policy is asked about; a raw policy has `rules: []`";
            return Err(error("", "`rules` is missing".to_owned(), Some(help)));
        }
        if let Some(Value::Object(annotations)) = fields.get_mut("annotations") {
            as_text(&source, &document, annotations);
        }
        let fields = Value::Object(fields);
        let failed = |wrong: serde_path_to_error::Error<serde_json::Error>| {
            let pointer = pointer(wrong.path());
            let help = help(&pointer);
            let at = pointer.trim_start_matches('/').replace('/', ".");
            let what = wrong.inner();
            error(&pointer, if at.is_empty() { what.to_string() } else { format!("`{at}`: {what}") }, help)
        };
        serde_path_to_error::deserialize::<_, Required>(&fields).map_err(failed)?;
        let metadata = serde_path_to_error::deserialize::<_, Metadata>(&fields).map_err(failed)?;
        let notes = notes(&source, &document, &fields);
        Ok(Self { metadata, notes, source, document })
    }

    /// Where a flaw is; the place of its nearest parent when it is about something that is not there.
    #[must_use]
    pub fn position(&self, flaw: &MetadataFlaw) -> Position {
        position(&self.source, &self.document, &flaw.pointer)
    }
}

fn only_document<'t>(source: &Source<'t>) -> Result<Document<'t>, MetadataFileError> {
    let start = Position { line: 1, column: 1 };
    let plain = |position, message: &str| MetadataFileError { position, message: message.to_owned(), help: None };
    let mut documents = Documents::new(source);
    let document = documents.next().ok_or_else(|| plain(start, "there is nothing in it"))?;
    let of_yaml = |error: &crate::yaml::YamlError| MetadataFileError {
        position: error.position,
        message: error.to_string(),
        help: error.kind.help().map(str::to_owned),
    };
    let document = document.map_err(|error| of_yaml(&error))?;
    if let Some(flaw) = document.flaws().first() {
        return Err(of_yaml(flaw));
    }
    match documents.next() {
        None => Ok(document),
        Some(Err(error)) => Err(of_yaml(&error)),
        Some(Ok(second)) => {
            let place = source.position(second.span(second.root()).start());
            Err(plain(place, "there is a second document, and a module has one set of metadata"))
        }
    }
}

/// Turns the annotations' numbers and truth values into the text that stands in the file, as kwctl does.
fn as_text(source: &Source<'_>, document: &Document<'_>, annotations: &mut Map<String, Value>) {
    let Some(mapping) = document.get(document.root(), "annotations") else { return };
    for (key, value) in annotations {
        let Some(node) = document.get(mapping, key) else { continue };
        let Some(scalar) = document.scalar(node) else { continue };
        if matches!(scalar.kind, ScalarKind::Int | ScalarKind::Float | ScalarKind::Bool) {
            let written = source.slice(document.span(node));
            // What an alias stands for is written elsewhere.
            let text = if written.starts_with('*') { scalar.value.as_ref() } else { written };
            *value = Value::String(text.to_owned());
        }
    }
}

fn notes(source: &Source<'_>, document: &Document<'_>, fields: &Value) -> Vec<MetadataNote> {
    let note = |pointer: &str, message: String| MetadataNote { position: position(source, document, pointer), message };
    let mut notes = Vec::new();
    for key in
        fields.as_object().into_iter().flat_map(Map::keys).filter(|key| !Metadata::FIELDS.contains(&key.as_str()))
    {
        let message = match key.as_str() {
            "contextAware" => {
                "`contextAware` has no effect any more; `contextAwareResources` names the kinds that are read"
                    .to_owned()
            }
            _ => format!("unknown key `{key}`: it has no effect, and is left out"),
        };
        notes.push(note(&format!("/{}", escaped(key)), message));
    }
    let rules = fields.get("rules").and_then(Value::as_array).into_iter().flatten();
    for (index, _) in rules.enumerate().filter(|(_, rule)| rule.get("scope").is_some()) {
        let message = "`scope` has no effect in metadata; write it into the policy's ClusterAdmissionPolicy";
        notes.push(note(&format!("/rules/{index}/scope"), message.to_owned()));
    }
    notes.sort_by_key(|note| note.position);
    notes
}

fn position(source: &Source<'_>, document: &Document<'_>, pointer: &str) -> Position {
    source.position(document.locate(source, document.root(), pointer).span.start())
}

fn pointer(path: &Path) -> String {
    let token = |segment: &Segment| match segment {
        Segment::Seq { index } => Some(format!("/{index}")),
        Segment::Map { key } => Some(format!("/{}", escaped(key))),
        Segment::Enum { .. } | Segment::Unknown => None,
    };
    path.iter().filter_map(token).collect()
}

/// A key as a token of a JSON Pointer.
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// What is often meant.
fn help(pointer: &str) -> Option<&'static str> {
    match pointer {
        "/annotations/hostCapabilities" => Some("move `hostCapabilities` out of `annotations`, to the top level"),
        _ if pointer.starts_with("/annotations/") => Some("an annotation is text; put a list into one line of text"),
        _ if pointer.ends_with("/operations") || pointer.contains("/operations/") => {
            Some("write CREATE, UPDATE, DELETE, CONNECT or *")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "\
rules:
  - apiGroups: [\"\"]
    apiVersions: [v1]
    resources: [pods]
    operations: [CREATE]
mutating: false
";

    fn error(text: &str) -> (u32, u32, String) {
        let error = MetadataFile::read(text).unwrap_err();
        (error.position.line, error.position.column, error.message)
    }

    #[test]
    fn fields_and_defaults_are_read() {
        let file = MetadataFile::read(GOOD).unwrap();
        assert_eq!(file.metadata.rules.len(), 1);
        assert!(file.metadata.background_audit);
        assert_eq!(file.metadata.protocol_version, None);
        assert_eq!(file.notes, []);
        assert!(MetadataFile::read("rules: null\nmutating: true\n").unwrap().metadata.rules.is_empty());
    }

    #[test]
    fn numbers_become_the_text_that_is_written() {
        let text = format!("{GOOD}annotations:\n  a: 1.10\n  b: 0x10\n  c: true\n  d: &d 7\n  e: *d\n  f: \"1\"\n");
        let file = MetadataFile::read(&text).unwrap();
        let values: Vec<_> = file.metadata.annotations.values().map(String::as_str).collect();
        assert_eq!(values, ["1.10", "0x10", "true", "7", "7", "1"]);
    }

    #[test]
    fn what_has_no_effect_is_noted() {
        let text =
            format!("contextAware: false\n{GOOD}mutate: true\n").replace("[CREATE]", "[CREATE]\n    scope: Cluster");
        let notes = MetadataFile::read(&text).unwrap().notes;
        let lines: Vec<_> = notes.iter().map(|note| note.position.line).collect();
        assert_eq!(lines, [1, 7, 9]);
        assert!(notes[0].message.contains("contextAwareResources"), "{}", notes[0].message);
        assert!(notes[2].message.contains("`mutate`"), "{}", notes[2].message);
    }

    #[test]
    fn mistakes_have_a_place() {
        assert_eq!(error("").0, 1);
        assert_eq!(error("- a\n").2, "a mapping with `rules` and `mutating` is expected");
        assert!(error("mutating: true\n").2.contains("`rules` is missing"));
        assert!(error("rules: []\n").2.contains("mutating"));
        let (line, column, message) = error(&GOOD.replace("mutating: false", "mutating: maybe"));
        assert_eq!((line, column), (6, 11));
        assert!(message.contains("`mutating`: invalid type"), "{message}");
        let (line, column, message) = error(&GOOD.replace("[CREATE]", "[CREATE, READ]"));
        assert_eq!((line, column), (5, 26), "{message}");
        let text = format!("{GOOD}annotations:\n  hostCapabilities:\n    - oci/*\n");
        let wrong = MetadataFile::read(&text).unwrap_err();
        assert_eq!(wrong.position.line, 8);
        assert!(wrong.help.unwrap().contains("top level"));
        assert_eq!(error(&format!("{GOOD}mutating: true\n")).0, 7);
        assert_eq!(error(&format!("{GOOD}---\n{GOOD}")).0, 8);
        assert_eq!(error(&format!("{GOOD}: [\n")).0, 7);
    }

    #[test]
    fn flaws_are_found_where_they_are_written() {
        let text = GOOD.replace("[CREATE]", "[CREATE, \"*\"]");
        let file = MetadataFile::read(&text).unwrap();
        let places: Vec<_> = file.metadata.flaws().iter().map(|flaw| file.position(flaw)).collect();
        // The protocol version, which the module has to say, is not in the file.
        assert_eq!(places, [Position { line: 5, column: 26 }, Position { line: 1, column: 1 }]);
    }
}
