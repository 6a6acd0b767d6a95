//! JSON Patch operations (RFC 6902) that change as little of a text as possible.

use crate::json::{Kind, Node, Tape, quote};
use crate::pointer;

/// What an operation does at its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Adds a member to a mapping that has none of that name.
    Add,
    /// Puts another value in the place of one that is there.
    Replace,
}

/// One operation. Values are JSON texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// What to do.
    pub verb: Verb,
    /// Where, as a JSON Pointer.
    pub path: String,
    /// The new value, as JSON.
    pub value: String,
}

impl Operation {
    /// Puts `json` where `keys` lead from `parent`, making the mappings on the way. `None` when a step on the way is
    /// there and is no mapping.
    pub fn set(parent: Node<'_>, keys: &[&str], json: &str) -> Option<Self> {
        let mut node = parent;
        let mut rest = keys;
        while let Some((key, deeper)) = rest.split_first() {
            if node.kind() != Kind::Object {
                return None;
            }
            let verb = match node.get(key) {
                None => Verb::Add,
                Some(child) if deeper.is_empty() || child.is_null() => Verb::Replace,
                Some(child) => {
                    node = child;
                    rest = deeper;
                    continue;
                }
            };
            let path = pointer::join(&node.pointer(), &[key]);
            return Some(Self { verb, path, value: nested(deeper, json) });
        }
        None
    }

    /// The same operation with the first `base` bytes of its path left out.
    pub(crate) fn relative(mut self, base: usize) -> Self {
        self.path = self.path.get(base..).unwrap_or_default().to_owned();
        self
    }

    /// The verb's name in JSON Patch.
    pub fn name(&self) -> &'static str {
        match self.verb {
            Verb::Add => "add",
            Verb::Replace => "replace",
        }
    }
}

/// `text` after the operations, one after the other; every byte that they do not name stays.
/// `None` when the text is no JSON or a path leads nowhere.
pub fn apply<'o>(text: &str, operations: impl IntoIterator<Item = &'o Operation>) -> Option<String> {
    let mut text = text.to_owned();
    for operation in operations {
        let tape = Tape::parse(&text).ok()?;
        let (parent, key) = operation.path.rsplit_once('/')?;
        let key = pointer::tokens(&format!("/{key}")).next()?;
        let parent = tape.root().resolve(parent)?;
        let (range, new) = match operation.verb {
            Verb::Replace => {
                let child = parent.get(&key).or_else(|| parent.elements().nth(key.parse().ok()?))?;
                (child.span(), operation.value.clone())
            }
            Verb::Add => {
                if parent.kind() != Kind::Object || parent.get(&key).is_some() {
                    return None;
                }
                let end = parent.span().end.checked_sub(1)?;
                let comma = if parent.raw().trim_start_matches('{').trim_start().starts_with('}') { "" } else { "," };
                (end..end, format!("{comma}{}:{}", quote(&key), operation.value))
            }
        };
        text.replace_range(range, &new);
    }
    Some(text)
}

fn nested(keys: &[&str], json: &str) -> String {
    let mut text = json.to_owned();
    for key in keys.iter().rev() {
        text = format!("{{{}:{text}}}", quote(key));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str, keys: &[&str], json: &str) -> Option<(&'static str, String, String)> {
        let tape = Tape::parse(text).expect("JSON");
        let operation = Operation::set(tape.root(), keys, json)?;
        let changed = apply(text, [&operation])?;
        Some((operation.name(), operation.path, changed))
    }

    #[test]
    fn changes_only_what_it_names() {
        let keys = &["securityContext", "runAsNonRoot"];
        for (text, verb, path, changed) in [
            ("{}", "add", "/securityContext", r#"{"securityContext":{"runAsNonRoot":true}}"#),
            (r#"{ "a":1.0 }"#, "add", "/securityContext", r#"{ "a":1.0 ,"securityContext":{"runAsNonRoot":true}}"#),
            (
                r#"{"securityContext":null}"#,
                "replace",
                "/securityContext",
                r#"{"securityContext":{"runAsNonRoot":true}}"#,
            ),
            (
                r#"{"securityContext":{ },"z":[]}"#,
                "add",
                "/securityContext/runAsNonRoot",
                r#"{"securityContext":{ "runAsNonRoot":true},"z":[]}"#,
            ),
            (
                r#"{"securityContext":{"runAsNonRoot":false}}"#,
                "replace",
                "/securityContext/runAsNonRoot",
                r#"{"securityContext":{"runAsNonRoot":true}}"#,
            ),
        ] {
            assert_eq!(set(text, keys, "true"), Some((verb, path.to_owned(), changed.to_owned())), "{text}");
        }
        assert_eq!(set(r#"{"securityContext":[]}"#, keys, "true"), None);
    }

    #[test]
    fn escapes_keys() {
        let (_, path, changed) = set("{}", &["a/b~\""], "1").expect("set");
        assert_eq!((path.as_str(), changed.as_str()), ("/a~1b~0\"", "{\"a/b~\\\"\":1}"));
    }
}
