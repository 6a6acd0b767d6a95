//! What a rule reports.

use crate::json::Node;
use crate::patch::Operation;
use crate::pointer;
use crate::workload::{Class, Container};

/// Whether a finding refuses the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The object is refused.
    Deny,
    /// The object is accepted; the user is told.
    Warn,
}

impl Severity {
    /// The severity's name in the findings' JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Warn => "warn",
        }
    }
}

/// Where a finding is: a value that is there, or one that is missing below a mapping that is there.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    node: Node<'a>,
    missing: &'a [&'a str],
}

impl<'a> From<Node<'a>> for Place<'a> {
    fn from(node: Node<'a>) -> Self {
        Self { node, missing: &[] }
    }
}

/// The place of the field that `keys` would lead to from `parent`.
pub fn missing<'a>(parent: Node<'a>, keys: &'a [&'a str]) -> Place<'a> {
    Place { node: parent, missing: keys }
}

/// One violation, as a rule states it.
#[derive(Debug, Clone)]
#[must_use = "a finding counts once it is pushed"]
pub struct Finding<'a> {
    code: &'static str,
    severity: Severity,
    place: Place<'a>,
    message: String,
    container: Option<&'a Container<'a>>,
    help: Option<String>,
    value: Option<String>,
    fix: Vec<Set<'a>>,
}

#[derive(Debug, Clone)]
struct Set<'a> {
    parent: Node<'a>,
    keys: &'a [&'a str],
    json: String,
}

impl<'a> Finding<'a> {
    /// A violation that refuses the object. `code` is the part after the policy's id; `message` says what is wrong
    /// (with the value) and why it hurts, in lower case, without a final full stop.
    pub fn deny(code: &'static str, place: impl Into<Place<'a>>, message: impl Into<String>) -> Self {
        Self::new(Severity::Deny, code, place, message)
    }

    /// A violation that is only told.
    pub fn warn(code: &'static str, place: impl Into<Place<'a>>, message: impl Into<String>) -> Self {
        Self::new(Severity::Warn, code, place, message)
    }

    /// A violation of the given severity.
    pub fn new(
        severity: Severity,
        code: &'static str,
        place: impl Into<Place<'a>>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            code,
            severity,
            place: place.into(),
            message: message.into(),
            container: None,
            help: None,
            value: None,
            fix: Vec::new(),
        }
    }

    /// The container that the finding is about.
    pub fn container(mut self, container: &'a Container<'a>) -> Self {
        self.container = Some(container);
        self
    }

    /// What to write instead.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The offending value where the place alone does not hold it. Two findings with the same code, container and
    /// value are the same violation before and after a change.
    pub fn value(mut self, value: impl Into<String>) -> Self {
        self.value = Some(value.into());
        self
    }

    /// A safe fix: put `json` (JSON text) where `keys` lead from `parent`; mappings on the way are made.
    /// May be called more than once; all parts belong together.
    pub fn fix(mut self, parent: Node<'a>, keys: &'a [&'a str], json: impl Into<String>) -> Self {
        self.fix.push(Set { parent, keys, json: json.into() });
        self
    }
}

/// A finding with its place turned into a pointer: what the reply carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reported {
    /// The code's part after the policy's id.
    pub code: &'static str,
    /// Whether it refuses the object.
    pub severity: Severity,
    /// JSON Pointer from the object's root.
    pub pointer: String,
    /// The container's name.
    pub container: Option<String>,
    /// The container's class.
    pub class: Option<Class>,
    /// What is wrong, and why it hurts.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
    /// The offending value.
    pub value: Option<String>,
    /// The safe fix; empty when there is none.
    pub fix: Vec<Operation>,
    /// Who exempted it, and why.
    pub suppressed: Option<Suppression>,
    /// Where it stands in the text, for the order.
    pub(crate) offset: usize,
    /// Where its container stands in the text: names can be missing or given twice.
    pub(crate) container_offset: Option<usize>,
}

/// Why a finding does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppression {
    /// `exempt` (the policy's setting) or `annotation` (on the object).
    pub by: &'static str,
    /// The reason that was given.
    pub reason: String,
}

/// Collects what a rule finds in one object.
#[derive(Debug)]
pub struct Findings<'a> {
    object: Node<'a>,
    base: usize,
    /// Whether the API server reads the object too.
    raw: bool,
    found: Vec<Reported>,
}

impl<'a> Findings<'a> {
    /// Findings whose pointers start at `object`.
    pub fn new(object: Node<'a>) -> Self {
        Self { object, base: object.pointer().len(), raw: false, found: Vec::new() }
    }

    /// Findings about an input that is no Kubernetes object.
    pub fn raw(input: Node<'a>) -> Self {
        Self { raw: true, ..Self::new(input) }
    }

    /// Adds one finding.
    pub fn push(&mut self, finding: Finding<'_>) {
        let Place { node, missing } = finding.place;
        let whole = |set: &Set<'_>| Operation::set(set.parent, set.keys, &set.json);
        let fix: Option<Vec<_>> = finding.fix.iter().map(whole).collect();
        let fix = fix.unwrap_or_default().into_iter().map(|operation| operation.relative(self.base)).collect();
        self.insert(Reported {
            code: finding.code,
            severity: finding.severity,
            pointer: self.relative(&pointer::join(&node.pointer(), missing)),
            container: finding.container.and_then(|container| container.name.as_deref()).map(str::to_owned),
            class: finding.container.map(|container| container.class),
            message: finding.message,
            help: finding.help,
            value: finding.value.or_else(|| {
                // Two missing fields are two violations, although neither has a value.
                Some(if missing.is_empty() { node.raw().to_owned() } else { missing.join("/") })
            }),
            fix,
            suppressed: None,
            offset: node.span().start,
            container_offset: finding.container.map(|container| container.node.span().start),
        });
    }

    /// All findings in document order, with a `malformed` one for each field that was read and has the wrong type.
    /// A field is not reported twice: what a rule said about a malformed value is dropped.
    pub fn finish(mut self) -> Vec<Reported> {
        let base = self.object.pointer();
        let malformed: Vec<_> = self
            .object
            .tape()
            .malformed()
            .into_iter()
            .filter(|malformed| pointer::holds(&base, &malformed.pointer))
            .map(|malformed| (self.relative(&malformed.pointer), malformed))
            .collect();
        self.found.retain(|finding| !malformed.iter().any(|(pointer, _)| pointer::holds(pointer, &finding.pointer)));
        for (pointer, malformed) in malformed {
            let field = if self.raw && pointer.is_empty() { "input".to_owned() } else { field_name(&pointer) };
            let offset = self.object.resolve(&pointer).map_or(0, |node| node.span().start);
            self.insert(Reported {
                code: "malformed",
                severity: Severity::Deny,
                message: if self.raw {
                    format!("`{field}` is {}, not {}, so nothing can be told", malformed.found, malformed.expected)
                } else {
                    format!(
                        "`{field}` is {} where Kubernetes expects {}, so the API server refuses the object",
                        malformed.found, malformed.expected
                    )
                },
                help: Some(match (malformed.expected, malformed.found) {
                    ("a string", "a number" | "a boolean") => "put it in quotes".to_owned(),
                    ("a boolean" | "a number" | "a whole number", "a string") => {
                        format!("write {}, without quotes", malformed.expected)
                    }
                    _ => format!("write {}", malformed.expected),
                }),
                container: None,
                class: None,
                value: None,
                fix: Vec::new(),
                suppressed: None,
                pointer,
                offset,
                container_offset: None,
            });
        }
        self.found
    }

    /// Keeps the order of the document. Most findings come in it, and a sort is larger than most rules.
    fn insert(&mut self, finding: Reported) {
        let at = self.found.partition_point(|other| other.offset <= finding.offset);
        self.found.insert(at, finding);
    }

    fn relative(&self, pointer: &str) -> String {
        pointer.get(self.base..).unwrap_or(pointer).to_owned()
    }
}

/// The last part of a pointer, a list's item with its list: `containers[0]`.
fn field_name(pointer: &str) -> String {
    let mut tokens: Vec<_> = pointer::tokens(pointer).collect();
    let last = tokens.pop().unwrap_or_else(|| "object".to_owned());
    match tokens.pop() {
        Some(list) if last.bytes().all(|byte| byte.is_ascii_digit()) => format!("{list}[{last}]"),
        _ => last,
    }
}

#[cfg(test)]
mod tests {
    use super::{Findings, field_name};
    use crate::json::Tape;

    #[test]
    fn names_an_item_with_its_list() {
        for (pointer, name) in [
            ("/spec/containers/0", "containers[0]"),
            ("/spec/containers", "containers"),
            ("", "object"),
            ("/a~1b", "a/b"),
        ] {
            assert_eq!(field_name(pointer), name);
        }
    }

    #[test]
    fn names_malformed_fields_as_they_are_written() {
        let tape = Tape::parse(r#"{"example.org/a":1}"#).expect("JSON");
        assert_eq!(tape.root().string("example.org/a"), None);
        let found = Findings::new(tape.root()).finish();
        let told: Vec<_> =
            found.iter().map(|f| (f.pointer.as_str(), f.message.starts_with("`example.org/a` "))).collect();
        assert_eq!(told, [("/example.org~1a", true)]);
    }
}
