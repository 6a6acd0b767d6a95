//! Objects that a suite gives, and those that it names by their files.

use crate::object::Contents;
use crate::source::Source;
use crate::yaml::{Documents, YamlError};
use thiserror::Error;

/// Something that a suite gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// It stands in the suite; here as JSON.
    Inline(String),
    /// It is in a file. Behind a `#` may stand which of the file's objects, as `Kind/name`.
    File(String),
}

/// Why a file does not give an object.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum GivenError {
    /// It is not YAML.
    #[error("{}", placed(.0))]
    Yaml(#[from] YamlError),
    /// There is no object in it.
    #[error("it holds no Kubernetes object")]
    Nothing,
    /// There are several.
    #[error("it holds {count} objects, and one is meant")]
    Several {
        /// How many there are.
        count: usize,
        /// The first of them, as `Kind/name`.
        first: String,
    },
    /// It is not one document.
    #[error("it holds {count} documents, and one is meant")]
    Documents {
        /// How many there are.
        count: usize,
    },
    /// It is not among those that there are.
    #[error("it holds no `{wanted}`, only {}", .there.join(", "))]
    NoSuch {
        /// The one that was named.
        wanted: String,
        /// Those that there are.
        there: Vec<String>,
    },
}

impl Given {
    /// The file, and which of its objects.
    #[must_use]
    pub fn file(&self) -> Option<(&str, Option<&str>)> {
        let Self::File(path) = self else { return None };
        Some(path.rsplit_once('#').map_or((path, None), |(path, which)| (path, Some(which))))
    }
}

fn placed(error: &YamlError) -> String {
    format!("line {}, column {}: {error}", error.position.line, error.position.column)
}

/// The only object of a text, or the one that is called `which`, as JSON.
///
/// # Errors
/// When there is not exactly one.
pub fn object_in(text: &str, which: Option<&str>) -> Result<String, GivenError> {
    let source = Source::new(text);
    let mut found = Vec::new();
    for document in Documents::new(&source) {
        let document = document?;
        if let Some(flaw) = document.flaws().first() {
            return Err(flaw.clone().into());
        }
        for object in &Contents::of(&document).objects {
            let mut json = String::new();
            object.write_json(&document, &mut json);
            let identity = object.identity();
            found.push((format!("{}/{}", identity.kind, identity.name.as_deref().unwrap_or_default()), json));
        }
    }
    let there: Vec<_> = found.iter().map(|(name, _)| format!("`{name}`")).collect();
    if let Some(which) = which {
        found.retain(|(name, _)| name == which);
    }
    let count = found.len();
    match (found.into_iter().next(), which) {
        (Some((_, json)), _) if count == 1 => Ok(json),
        (Some((first, _)), _) => Err(GivenError::Several { count, first }),
        (None, Some(wanted)) if !there.is_empty() => Err(GivenError::NoSuch { wanted: wanted.to_owned(), there }),
        (None, _) => Err(GivenError::Nothing),
    }
}

/// The only document of a text, as JSON.
///
/// # Errors
/// When it cannot be read, or there is not exactly one.
pub fn json_in(text: &str) -> Result<String, GivenError> {
    let source = Source::new(text);
    let mut found = Vec::new();
    for document in Documents::new(&source) {
        let document = document?;
        if let Some(flaw) = document.flaws().first() {
            return Err(flaw.clone().into());
        }
        let mut json = String::new();
        document.write_json(document.root(), &mut json);
        found.push(json);
    }
    match found.pop() {
        Some(json) if found.is_empty() => Ok(json),
        Some(_) => Err(GivenError::Documents { count: found.len() + 1 }),
        None => Err(GivenError::Documents { count: 0 }),
    }
}

/// Whether a text can be read and holds objects.
///
/// # Errors
/// When not.
pub fn check_objects(text: &str) -> Result<(), GivenError> {
    match object_in(text, None) {
        Ok(_) | Err(GivenError::Several { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str =
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: b}\n";

    #[test]
    fn one_object_is_meant() {
        assert!(object_in("apiVersion: v1\nkind: Pod\n", None).is_ok());
        assert_eq!(object_in("a: 1\n", None), Err(GivenError::Nothing));
        assert_eq!(object_in(TWO, None), Err(GivenError::Several { count: 2, first: "Pod/a".to_owned() }));
        assert!(object_in(TWO, Some("Pod/b")).is_ok_and(|json| json.contains(r#""name":"b""#)));
        let error = object_in(TWO, Some("Pod/c")).unwrap_err().to_string();
        assert_eq!(error, "it holds no `Pod/c`, only `Pod/a`, `Pod/b`");
        assert!(matches!(object_in("a: [\n", None), Err(GivenError::Yaml(_))));
        assert!(matches!(object_in("kind: Pod\nkind: Pod\napiVersion: v1\n", None), Err(GivenError::Yaml(_))));
    }

    #[test]
    fn the_object_stands_behind_the_file() {
        let file = |path: &str| Given::File(path.to_owned()).file().map(|(a, b)| (a.to_owned(), b.map(str::to_owned)));
        assert_eq!(file("a.yaml"), Some(("a.yaml".to_owned(), None)));
        assert_eq!(file("a.yaml#Pod/b"), Some(("a.yaml".to_owned(), Some("Pod/b".to_owned()))));
    }
}
