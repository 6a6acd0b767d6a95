//! Edits of random documents: proved, and made.

use super::*;
use crate::finding::PatchOp;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

/// A value with the way it is written.
#[derive(Debug, Clone)]
enum Tree {
    Scalar(&'static str),
    Mapping { entries: Vec<(u8, Tree, Note)>, flow: bool },
    Sequence { items: Vec<(Tree, Note)>, flow: bool },
}

/// What stands around a value.
#[derive(Debug, Clone, Copy)]
enum Note {
    None,
    Beside,
    Above,
    BlankLine,
}

/// Scalars as they are written, block scalars apart.
const SCALARS: &[&str] = &["1", "true", "x", "'it''s'", "\"a: b\"", "~", "", "0x10", "a b", "/p?q=1#x", "1Gi"];
const BLOCK_SCALARS: &[&str] = &["|", "|-", "|+", ">"];

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        8 => prop::sample::select(SCALARS).prop_map(Tree::Scalar),
        1 => prop::sample::select(BLOCK_SCALARS).prop_map(Tree::Scalar),
        1 => prop::sample::select(&["{}", "[]"][..]).prop_map(Tree::Scalar),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            2 => mapping(inner.clone()),
            1 => (prop::collection::vec((inner, note()), 1..4), prop::bool::weighted(0.3))
                .prop_map(|(items, flow)| Tree::Sequence { items, flow }),
        ]
    })
}

fn mapping(inner: impl Strategy<Value = Tree>) -> impl Strategy<Value = Tree> {
    let entries = prop::collection::btree_map(0u8..9, (inner, note()), 1..5);
    (entries, prop::bool::weighted(0.3)).prop_map(|(entries, flow)| Tree::Mapping {
        entries: entries.into_iter().map(|(key, (value, note))| (key, value, note)).collect(),
        flow,
    })
}

fn note() -> impl Strategy<Value = Note> {
    prop_oneof![4 => Just(Note::None), 1 => Just(Note::Beside), 1 => Just(Note::Above), 1 => Just(Note::BlankLine)]
}

/// How a document is written.
#[derive(Debug, Clone, Copy)]
struct Style {
    step: usize,
    dash: usize,
}

impl Tree {
    fn flow(&self) -> String {
        match self {
            Self::Scalar(text) if BLOCK_SCALARS.contains(text) => "'one line'".to_owned(),
            Self::Scalar("a b" | "/p?q=1#x") => "plain".to_owned(),
            Self::Scalar(text) => (*text).to_owned(),
            Self::Mapping { entries, .. } => {
                let entries: Vec<_> =
                    entries.iter().map(|(key, value, _)| format!("k{key}: {}", value.flow())).collect();
                format!("{{{}}}", entries.join(", "))
            }
            // Nothing is no item.
            Self::Sequence { items, .. } => {
                let items = items
                    .iter()
                    .map(|(item, _)| item.flow())
                    .map(|item| if item.is_empty() { "~".to_owned() } else { item });
                format!("[{}]", items.collect::<Vec<_>>().join(" , "))
            }
        }
    }

    /// What follows a key or a dash at a column: the rest of its line, and the lines below.
    fn write(&self, column: usize, style: Style, after_dash: bool, note: Note, out: &mut String) {
        let beside = if matches!(note, Note::Beside) { " # beside" } else { "" };
        match self {
            Self::Scalar(text) if BLOCK_SCALARS.contains(text) => {
                let pad = " ".repeat(column + 2);
                out.push_str(&format!(" {text}{beside}\n{pad}one\n\n{pad}  two\n\n"));
            }
            Self::Scalar("") => out.push_str(&format!("{beside}\n")),
            Self::Scalar(text) => out.push_str(&format!(" {text}{beside}\n")),
            Self::Mapping { flow: true, .. } | Self::Sequence { flow: true, .. } => {
                out.push_str(&format!(" {}{beside}\n", self.flow()));
            }
            Self::Mapping { .. } if after_dash && beside.is_empty() => {
                let mut lines = String::new();
                self.lines(column + 2, style, &mut lines);
                let comments =
                    lines.lines().take_while(|line| line.trim_start().starts_with('#') || line.is_empty()).count();
                if comments == 0 {
                    out.push_str(&format!(" {}", lines.trim_start()));
                } else {
                    out.push_str(&format!("\n{lines}"));
                }
            }
            Self::Mapping { .. } => {
                out.push_str(&format!("{beside}\n"));
                self.lines(column + style.step, style, out);
            }
            Self::Sequence { .. } => {
                out.push_str(&format!("{beside}\n"));
                self.lines(column + if after_dash { 2 } else { style.dash }, style, out);
            }
        }
    }

    fn lines(&self, column: usize, style: Style, out: &mut String) {
        let pad = " ".repeat(column);
        let above = |note: Note, out: &mut String| match note {
            Note::Above => out.push_str(&format!("{pad}# above\n")),
            Note::BlankLine => out.push('\n'),
            _ => {}
        };
        match self {
            Self::Mapping { entries, .. } => {
                for (key, value, note) in entries {
                    above(*note, out);
                    out.push_str(&format!("{pad}k{key}:"));
                    value.write(column, style, false, *note, out);
                }
            }
            Self::Sequence { items, .. } => {
                for (item, note) in items {
                    above(*note, out);
                    out.push_str(&format!("{pad}-"));
                    item.write(column, style, true, *note, out);
                }
            }
            Self::Scalar(_) => {}
        }
    }
}

fn document() -> impl Strategy<Value = String> {
    let shape = (1usize..5, prop::sample::select(vec![0usize, 2, 3]), any::<bool>(), any::<bool>());
    (mapping(tree()), mapping(tree()), shape).prop_map(|(tree, other, (step, dash, crlf, cut))| {
        let style = Style { step, dash };
        let mut text = String::from("# first\napiVersion: v1\nkind: Pod\nspec:\n");
        block(&tree).lines(step, style, &mut text);
        text.push_str("---\napiVersion: v1\nkind: Pod\nspec:\n");
        block(&other).lines(step, style, &mut text);
        let text = if cut { text.trim_end().to_owned() } else { text };
        if crlf { text.replace('\n', "\r\n") } else { text }
    })
}

fn block(tree: &Tree) -> Tree {
    match tree {
        Tree::Mapping { entries, .. } => Tree::Mapping { entries: entries.clone(), flow: false },
        other => other.clone(),
    }
}

fn new_value() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!(true),
        json!(7),
        json!("plain"),
        json!("yes"),
        json!(""),
        json!("a\nb"),
        json!(null),
        json!({}),
        json!([]),
        json!(["ALL"]),
        json!({"new": {"inner": [1, {"deep": "x, y"}]}, "other": "1"}),
        json!([{"a": 1, "b": [2]}, ["c"]]),
    ])
}

fn read(text: &str) -> Vec<Value> {
    let source = Source::new(text);
    Documents::new(&source)
        .map(|document| {
            let document = document.unwrap();
            assert_eq!(document.flaws(), [], "{text}");
            let mut json = String::new();
            document.write_json(document.root(), &mut json);
            serde_json::from_str(&json).unwrap()
        })
        .collect()
}

/// Every pointer below `at`, with whether it is an item.
fn pointers(value: &Value, at: &str, out: &mut Vec<String>) {
    out.push(at.to_owned());
    match value {
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| pointers(item, &format!("{at}/{index}"), out));
        }
        Value::Object(fields) => fields.iter().for_each(|(key, value)| pointers(value, &format!("{at}/{key}"), out)),
        _ => {}
    }
}

fn any_operation(value: &Value, op: u8, at: Index, new: Value) -> PatchOperation {
    let mut all = Vec::new();
    pointers(&value["spec"], "/spec", &mut all);
    let path = at.get(&all).clone();
    let (op, path) = match (op, value.pointer(&path)) {
        (0, Some(Value::Object(_))) => (PatchOp::Add, format!("{path}/zz")),
        (0, Some(Value::Array(items))) => (PatchOp::Add, format!("{path}/{}", at.index(items.len() + 1))),
        (1, _) => (PatchOp::Remove, path),
        _ => (PatchOp::Replace, path),
    };
    PatchOperation { op, path, value: if op == PatchOp::Remove { Value::Null } else { new } }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_operation_is_made_and_changes_nothing_else(
        text in document(), op in 0u8..3, at: Index, new in new_value(),
    ) {
        let before = read(&text);
        let operation = any_operation(&before[0], op, at, new);
        let operations = [operation.clone()];
        let edited = apply(&text, &[Fix { object: 0, operations: &operations }]);
        match edited.outcomes.as_slice() {
            [Outcome::Made] => {}
            [Outcome::Refused(Refusal::NoChange)] => return Ok(()),
            // Blank lines behind what is removed would become part of the scalar before it.
            [Outcome::Refused(Refusal::Unproven)] if text.contains("|+") && operation.op == PatchOp::Remove => {
                return Ok(());
            }
            other => prop_assert!(false, "{:?} of {:?} in\n{}", other, operation, text),
        }
        let after = read(&edited.text);
        prop_assert_eq!(&after[1], &before[1]);
        let expected = patched(&before[0], &operation);
        prop_assert_eq!(&after[0], &expected, "\n{}\nbecame\n{}", &text, &edited.text);
        check_lines(&text, &edited.text, &operation.path)?;
    }

    #[test]
    fn json_looks_as_if_it_had_been_written_so(
        spec in json_value(), op in 0u8..3, at: Index, new in new_value(), pretty: bool,
    ) {
        let write = |value: &Value| {
            if pretty { serde_json::to_string_pretty(value).unwrap() } else { value.to_string() }
        };
        let object = json!({"apiVersion": "v1", "kind": "Pod", "spec": spec});
        let operation = any_operation(&object, op, at, new);
        let edited = apply(&write(&object), &[Fix { object: 0, operations: std::slice::from_ref(&operation) }]);
        match edited.outcomes.as_slice() {
            [Outcome::Made] => prop_assert_eq!(edited.text, write(&patched(&object, &operation))),
            other => prop_assert_eq!(other, &[Outcome::Refused(Refusal::NoChange)]),
        }
    }
}

/// A value after an operation.
fn patched(value: &Value, operation: &PatchOperation) -> Value {
    let mut patched = value.clone();
    let (parent, key) = operation.path.rsplit_once('/').unwrap();
    let new = operation.value.clone();
    match (patched.pointer_mut(parent).unwrap(), operation.op) {
        (Value::Object(fields), PatchOp::Remove) => drop(fields.remove(key)),
        (Value::Object(fields), _) => drop(fields.insert(key.to_owned(), new)),
        (Value::Array(items), PatchOp::Add) => items.insert(key.parse().unwrap(), new),
        (Value::Array(items), PatchOp::Remove) => drop(items.remove(key.parse::<usize>().unwrap())),
        (Value::Array(items), PatchOp::Replace) => items[key.parse::<usize>().unwrap()] = new,
        (other, _) => panic!("{other} has no parts"),
    }
    patched
}

/// Values of a JSON file. A spec is a mapping that is not empty.
fn json_value() -> impl Strategy<Value = Value> {
    let leaf =
        prop::sample::select(vec![json!(1), json!("x"), json!("a\"b"), json!(true), json!(null), json!({}), json!([])]);
    let value = leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![prop::collection::vec(inner.clone(), 1..4).prop_map(Into::into), fields(inner)]
    });
    fields(value)
}

fn fields(inner: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    prop::collection::btree_map("k[0-9]", inner, 1..5).prop_map(|map| Value::Object(map.into_iter().collect()))
}

/// Whatever changed is within the lines of the collection that holds the path.
fn check_lines(old: &str, new: &str, path: &str) -> Result<(), TestCaseError> {
    let source = Source::new(old);
    let document = Documents::new(&source).next().unwrap().unwrap();
    let parent = path.rsplit_once('/').unwrap().0;
    let site = Site::new(&source, &document);
    let slot = site.find(parent).unwrap();
    let (first, last) =
        (source.position(slot.from).line as usize, source.position(site.extent(&slot).end).line as usize);
    let (old, new): (Vec<_>, Vec<_>) = (old.split('\n').collect(), new.split('\n').collect());
    let same_before = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let rest = old.len().min(new.len()) - same_before;
    let same_behind = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    prop_assert!(same_before + 1 >= first, "line {} changed, not from {}", same_before + 1, first);
    prop_assert!(old.len() - same_behind <= last + 1, "line {} changed, not up to {}", old.len() - same_behind, last);
    Ok(())
}
