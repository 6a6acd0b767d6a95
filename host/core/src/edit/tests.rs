//! What edits do to texts.

use super::*;
use crate::finding::PatchOp;
use serde_json::{Value, json};

fn operation(op: &str, path: &str, value: Value) -> PatchOperation {
    let op = match op {
        "add" => PatchOp::Add,
        "replace" => PatchOp::Replace,
        _ => PatchOp::Remove,
    };
    PatchOperation { op, path: path.to_owned(), value }
}

/// Applies one operation to the only object of a text, whose `apiVersion` and `kind` are put around it.
fn edit(text: &str, op: &str, path: &str, value: Value) -> Result<String, Refusal> {
    let operations = [operation(op, path, value)];
    let edited = apply(text, &[Fix { object: 0, operations: &operations }]);
    match edited.outcomes.as_slice() {
        [Outcome::Made] => Ok(edited.text),
        [Outcome::Refused(refusal)] => {
            assert_eq!(edited.text, text);
            Err(refusal.clone())
        }
        other => panic!("{other:?}"),
    }
}

const HEAD: &str = "apiVersion: v1\nkind: Pod\n";

#[track_caller]
fn check(text: &str, op: &str, path: &str, value: Value, expected: &str) {
    let edited = edit(&format!("{HEAD}{text}"), op, path, value);
    assert_eq!(edited.as_deref(), Ok(format!("{HEAD}{expected}").as_str()), "{edited:?}");
}

#[test]
fn a_key_is_added_behind_the_last_entry() {
    check("a:\n  b: 1\nc: 2\n", "add", "/a/x", json!({"k": ["z"]}), "a:\n  b: 1\n  x:\n    k:\n      - z\nc: 2\n");
    check(
        "a:\n    b: 1 # why\n\n# of c\nc: 2\n",
        "add",
        "/a/x",
        json!(true),
        "a:\n    b: 1 # why\n    x: true\n\n# of c\nc: 2\n",
    );
    check("a:\n- b: 1\n- c: 2", "add", "/a/1/x", json!("z"), "a:\n- b: 1\n- c: 2\n  x: z");
    check(
        "a:\n- b:\n    # none\n  # of the item\n- c: 2",
        "add",
        "/a/0/x",
        json!(1),
        "a:\n- b:\n    # none\n  x: 1\n  # of the item\n- c: 2",
    );
    check(
        "a:\n  - b: |\n      text\n\n  - c",
        "add",
        "/a/0/x",
        json!(1),
        "a:\n  - b: |\n      text\n    x: 1\n\n  - c",
    );
    check("a:\n  b: |+\n    text\n\nc: 1\n", "add", "/a/x", json!(1), "a:\n  b: |+\n    text\n\n  x: 1\nc: 1\n");
    check("a:\n  b:\n...\n---\nx\n", "add", "/a/x", json!("no"), "a:\n  b:\n  x: \"no\"\n...\n---\nx\n");
    check(
        "a:\n  - b: [1]\r\n    c: 'x\r\n      y'\r\n",
        "add",
        "/a/0/x",
        json!(1),
        "a:\n  - b: [1]\r\n    c: 'x\r\n      y'\r\n    x: 1\n",
    );
}

#[test]
fn new_lists_are_indented_as_the_others_are() {
    check(
        "a:\n- b\nc:\n- d\n",
        "add",
        "/x",
        json!(["y", {"z": 1, "w": [2]}]),
        "a:\n- b\nc:\n- d\nx:\n- \"y\"\n- w:\n  - 2\n  z: 1\n",
    );
    check("a:\n    - b\nc:\n    d: 1\n", "add", "/x", json!(["e"]), "a:\n    - b\nc:\n    d: 1\nx:\n    - e\n");
}

#[test]
fn what_is_empty_gets_lines_of_its_own() {
    check("a: # why\nb: 1\n", "replace", "/a", json!({"x": 1}), "a: # why\n  x: 1\nb: 1\n");
    check("a: {} # why\nb: 1\n", "add", "/a/x", json!(1), "a: # why\n  x: 1\nb: 1\n");
    check("a: null\n", "replace", "/a", json!({"x": 1}), "a:\n  x: 1\n");
    check("a: []\n", "add", "/a/-", json!("ALL"), "a: [ALL]\n");
    check("a:\n- {}\n-\n", "add", "/a/0/x", json!({"k": 1}), "a:\n- x:\n    k: 1\n-\n");
    check("a:\n- {}\n-\n", "replace", "/a/1", json!({"k": 1, "z": 2}), "a:\n- {}\n- k: 1\n  z: 2\n");
    check("a: &x\nb: 1\n", "replace", "/a", json!(3), "a: &x 3\nb: 1\n");
}

#[test]
fn flow_collections_stay_flow_collections() {
    check("a: {b: 1 }\n", "add", "/a/x", json!({"k": [1, "a,b"]}), "a: {b: 1, x: {k: [1, \"a,b\"]} }\n");
    check("a: {b: 1,}\n", "add", "/a/x", json!(2), "a: {b: 1, x: 2}\n");
    check("a: {b: {}}\n", "add", "/a/b/x", json!(2), "a: {b: {x: 2}}\n");
    check("a: {b}\n", "replace", "/a/b", json!(2), "a: {b: 2}\n");
    check("a: {b: }\n", "add", "/a/x", json!(2), "a: {b:, x: 2 }\n");
    check("a: [NET_RAW] # why\n", "replace", "/a", json!(["ALL"]), "a: [ALL] # why\n");
    check("a: [\"NET_RAW\"]\n", "replace", "/a", json!(["ALL"]), "a: [\"ALL\"]\n");
    check("a: {\n  b: 1 # why\n}\n", "add", "/a/x", json!(2), "a: {\n  b: 1, # why\n  x: 2\n}\n");
    check("a: {\n  b: 1, # why\n}\n", "add", "/a/x", json!(2), "a: {\n  b: 1, # why\n  x: 2,\n}\n");
}

#[test]
fn scalars_keep_their_quotes() {
    check("a: 'x' # why\n", "replace", "/a", json!("y z"), "a: 'y z' # why\n");
    check("a: \"x\"\n", "replace", "/a", json!("y"), "a: \"y\"\n");
    check("a: \"x\"\n", "replace", "/a", json!(false), "a: false\n");
    check("a: x\n", "replace", "/a", json!("1"), "a: \"1\"\n");
    check("a:\n  x\n  y\nb: 1\n", "replace", "/a", json!("z"), "a:\n  z\nb: 1\n");
    check("a: |\n  x\n\n  y\n\nb: 1\n", "replace", "/a", json!("z"), "a: z\n\nb: 1\n");
    check("a: x # why\n", "replace", "/a", json!({"k": 1}), "a: # why\n  k: 1\n");
}

#[test]
fn block_collections_are_replaced_whole() {
    check("a: # why\n  b: 1\n  c: 2 # gone\nd: 1\n", "replace", "/a", json!(3), "a: 3 # why\nd: 1\n");
    check("a: # why\n- b\nd: 1\n", "replace", "/a", json!(["x"]), "a: # why\n- x\nd: 1\n");
    check("a:\n- b: 1\n  c: 2\n- d\n", "replace", "/a/0", json!({"x": 1, "z": 2}), "a:\n- x: 1\n  z: 2\n- d\n");
    check("a:\n- b: 1\n  c: 2\n- d\n", "replace", "/a/0", json!(7), "a:\n- 7\n- d\n");
}

#[test]
fn entries_and_items_are_removed_with_their_lines() {
    check("a: 1\nb: 2 # why\nc: 3\n", "remove", "/b", Value::Null, "a: 1\nc: 3\n");
    check("a:\n- b: 1\n  c: 2\n", "remove", "/a/0/b", Value::Null, "a:\n- c: 2\n");
    check("a:\n- b: 1\n  c: 2\n", "remove", "/a/0/c", Value::Null, "a:\n- b: 1\n");
    check("a:\n  b: 1\nc: 2\n", "remove", "/a/b", Value::Null, "a: {}\nc: 2\n");
    check("a:\n- b\n- c\n-\n", "remove", "/a/1", Value::Null, "a:\n- b\n-\n");
    check("a:\n- b\n", "remove", "/a/0", Value::Null, "a: []\n");
    check("a: {b: 1, c: 2}\n", "remove", "/a/b", Value::Null, "a: {c: 2}\n");
    check("a: {b: 1, c: 2}\n", "remove", "/a/c", Value::Null, "a: {b: 1}\n");
    check("a: [1, 2]\n", "remove", "/a/0", Value::Null, "a: [2]\n");
    check("a: 1\nb: 2", "remove", "/b", Value::Null, "a: 1");
}

#[test]
fn items_are_inserted() {
    check(
        "a:\n- b\n- c # why\n  # more\nd: 1\n",
        "add",
        "/a/-",
        json!({"x": 1, "z": 2}),
        "a:\n- b\n- c # why\n  # more\n- x: 1\n  z: 2\nd: 1\n",
    );
    check("a:\n  - b\n", "add", "/a/0", json!(1), "a:\n  - 1\n  - b\n");
    check("a: [b, c]\n", "add", "/a/1", json!(1), "a: [b, 1, c]\n");
    check("a: [b, c]\n", "add", "/a/2", json!(1), "a: [b, c, 1]\n");
}

#[test]
fn json_stays_json() {
    let pretty = |unit: &str, extra: &str| {
        format!("{{\n{unit}\"apiVersion\": \"v1\",\n{unit}\"kind\": \"Pod\",\n{unit}\"a\": {{}}{extra}\n}}\n")
    };
    for unit in ["  ", "    ", "\t"] {
        let value = json!({"k": ["z"]});
        let extra =
            format!(",\n{unit}\"x\": {{\n{unit}{unit}\"k\": [\n{unit}{unit}{unit}\"z\"\n{unit}{unit}]\n{unit}}}");
        assert_eq!(edit(&pretty(unit, ""), "add", "/x", value), Ok(pretty(unit, &extra)));
        let edited = edit(&pretty(unit, ""), "add", "/a/x", json!(true)).unwrap();
        assert_eq!(edited, pretty(unit, "").replace("{}", &format!("{{\n{unit}{unit}\"x\": true\n{unit}}}")));
    }
    let compact = r#"{"apiVersion":"v1","kind":"Pod","a":{"b":1}}"#;
    let edited = edit(compact, "add", "/a/x", json!({"k": ["z", 1]}));
    assert_eq!(edited.as_deref(), Ok(r#"{"apiVersion":"v1","kind":"Pod","a":{"b":1,"x":{"k":["z",1]}}}"#));
}

#[test]
fn what_is_shared_is_refused() {
    let text = format!("{HEAD}a: &a\n  b: {{c: 1}}\nd: *a\ne:\n  <<: *a\n  f: 1\ng: [*a]\nh: {{i: &i 1}}\nj: *i\n");
    for (op, path, refusal) in [
        ("add", "/a/x", Refusal::Anchor { line: 5 }),
        ("replace", "/a/b/c", Refusal::Anchor { line: 5 }),
        ("replace", "/a", Refusal::Anchor { line: 5 }),
        ("replace", "/d", Refusal::Alias),
        ("add", "/d/b/x", Refusal::Alias),
        ("replace", "/e/b", Refusal::Merge),
        ("add", "/e/b/x", Refusal::Merge),
        ("add", "/g/0/x", Refusal::Alias),
        ("replace", "/h", Refusal::Anchor { line: 11 }),
        ("remove", "/h", Refusal::Anchor { line: 11 }),
        ("replace", "/nowhere/x", Refusal::NoPlace { path: "/nowhere/x".to_owned() }),
        ("add", "/kind/x", Refusal::NoPlace { path: "/kind/x".to_owned() }),
        ("replace", "", Refusal::NoPlace { path: String::new() }),
        ("remove", "/x", Refusal::NoPlace { path: "/x".to_owned() }),
        ("replace", "/kind", Refusal::NoChange),
    ] {
        assert_eq!(edit(&text, op, path, json!("Pod")), Err(refusal), "{op} {path}");
    }
    check("a: &a\n  b: 1\ne:\n  <<: *a\n", "add", "/e/x", json!(1), "a: &a\n  b: 1\ne:\n  <<: *a\n  x: 1\n");
}

#[test]
fn what_cannot_be_proved_is_refused() {
    let tagged = format!("{HEAD}a: !!str 1\n");
    assert_eq!(edit(&tagged, "replace", "/a", json!(2)), Err(Refusal::Unproven));
    let twice = format!("{HEAD}a: 1\na: 2\n");
    assert_eq!(edit(&twice, "remove", "/a", Value::Null), Err(Refusal::Unproven));
}

#[test]
fn fixes_are_made_together_unless_they_touch() {
    let text = format!("{HEAD}a:\n  b: 1\n---\n{HEAD}list: [1]\n");
    let a = [operation("add", "/a/x", json!(1))];
    let b = [operation("add", "/a/z", json!({})), operation("add", "/a/z/w", json!(2))];
    let c = [operation("replace", "/a", json!(1))];
    let d = [operation("replace", "/list/0", json!(2))];
    let e = [operation("add", "/list/1", json!(2))];
    let fixes = [(0, &a[..]), (0, &b[..]), (0, &c[..]), (1, &d[..]), (1, &e[..])]
        .map(|(object, operations)| Fix { object, operations });
    let edited = apply(&text, &fixes);
    use Outcome::{Made, Waits};
    assert_eq!(edited.outcomes, [Made, Made, Waits, Made, Waits]);
    assert_eq!(edited.text, format!("{HEAD}a:\n  b: 1\n  x: 1\n  z:\n    w: 2\n---\n{HEAD}list: [2]\n"));
}

#[test]
fn what_ends_at_one_line_is_written_from_the_inside() {
    let text = format!("{HEAD}spec:\n  a:\n  - b:\n      c: 1\n---\n");
    let paths = ["/x", "/spec/x", "/spec/a/-", "/spec/a/0/x", "/spec/a/0/b/x"];
    let operations = paths.map(|path| [operation("add", path, json!(2))]);
    let fixes = [0, 1, 3, 4].map(|index: usize| Fix { object: 0, operations: &operations[index] });
    let mut splices = Splices::default();
    for (_, found) in find_splices(Unit::Object, &text, &fixes.each_ref().map(|fix| (0, fix))) {
        assert!(splices.add(found.unwrap()));
    }
    let expected = format!("{HEAD}spec:\n  a:\n  - b:\n      c: 1\n      x: 2\n    x: 2\n  x: 2\nx: 2\n---\n");
    assert_eq!(splices.apply(&text), expected);
    let fixes = [1, 2].map(|index: usize| Fix { object: 0, operations: &operations[index] });
    let edited = apply(&text, &fixes);
    assert_eq!(edited.text, text.replace("---", "  - 2\n  x: 2\n---"));
}

#[test]
fn one_bad_fix_does_not_stop_the_others() {
    let text = format!("{HEAD}a: !!str 1\nb: 1\nc: 1\n");
    let operations = ["/a", "/b", "/c"].map(|path| [operation("replace", path, json!(2))]);
    let fixes = operations.each_ref().map(|operations| Fix { object: 0, operations });
    let edited = apply(&text, &fixes);
    assert_eq!(edited.text, format!("{HEAD}a: !!str 1\nb: 2\nc: 2\n"));
    assert_eq!(edited.outcomes, [Outcome::Refused(Refusal::Unproven), Outcome::Made, Outcome::Made]);
}

#[test]
fn items_of_lists_are_objects() {
    let text = "apiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n    kind: Pod\n    spec: {}\n  - &p\n    apiVersion: v1\n    kind: Pod\n  - *p\n";
    let operations = [operation("add", "/spec/x", json!(1))];
    let edited = apply(text, &[Fix { object: 0, operations: &operations }]);
    assert_eq!(edited.text, text.replace("spec: {}", "spec:\n      x: 1"));
    let operations = [operation("add", "/spec", json!(1))];
    for (object, refusal) in [(1, Refusal::Anchor { line: 10 }), (2, Refusal::Alias)] {
        let edited = apply(text, &[Fix { object, operations: &operations }]);
        assert_eq!(edited.outcomes, [Outcome::Refused(refusal)]);
    }
}

#[test]
fn documents_are_edited_whatever_they_hold() {
    let text = "a: 1 # one\n---\nb:\n  - c\n";
    let operations = [operation("replace", "/b/0", json!("d"))];
    let edited = apply_to_documents(text, &[Fix { object: 1, operations: &operations }]);
    assert_eq!(edited.outcomes, [Outcome::Made]);
    assert_eq!(edited.text, "a: 1 # one\n---\nb:\n  - d\n");
    let operations = [operation("add", "/spec", json!(1))];
    let edited = apply(text, &[Fix { object: 0, operations: &operations }]);
    assert_eq!((edited.text.as_str(), edited.outcomes.as_slice()), (text, [Outcome::Waits].as_slice()));
}
