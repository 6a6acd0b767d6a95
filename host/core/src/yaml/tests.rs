//! Documents, their limits and their JSON.

use super::*;
use crate::source::{Position, Source};
use proptest::prelude::*;

fn documents(text: &str) -> Vec<Result<String, (u32, u32, String)>> {
    Documents::new(&Source::new(text))
        .map(|document| match document {
            Ok(document) => {
                let mut json = String::new();
                document.write_json(document.root(), &mut json);
                Ok(json)
            }
            Err(error) => {
                let Position { line, column } = error.position;
                Err((line, column, error.to_string()))
            }
        })
        .collect()
}

#[track_caller]
fn json(text: &str) -> String {
    match documents(text).as_slice() {
        [Ok(json)] => json.clone(),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn error(text: &str) -> (u32, u32, String) {
    match documents(text).as_slice() {
        [Err(error)] => error.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn keys_are_sorted_at_every_level() {
    assert_eq!(
        json("b: 1\na:\n  d: x\n  c: [~, yes, {z: 1, k: 0x10}]\n"),
        r#"{"a":{"c":[null,true,{"k":16,"z":1}],"d":"x"},"b":1}"#
    );
}

#[test]
fn keys_become_strings() {
    assert_eq!(
        json("1: a\ntrue: b\n1.50: c\n? x\n: d\n&k key: e\nalias: *k\nn: f\n"),
        r#"{"1":"a","1.5":"c","alias":"key","false":"f","key":"e","true":"b","x":"d"}"#
    );
    assert_eq!(error("a: 1\n~: 2\n").0, 2);
    assert_eq!(error("a: 1\n{b: 2}: 3\n").0, 2);
}

#[test]
fn strings_are_escaped() {
    assert_eq!(json(r#"a: "q\" b\\ n\n t\t \x01 ä €""#), r#"{"a":"q\" b\\ n\n t\t \u0001 ä €"}"#);
}

#[test]
fn block_scalars_keep_their_lines() {
    assert_eq!(json("a: |\n  x\n   y\nb: >-\n  x\n  y\n\nc: |+\n  z\n\n"), r#"{"a":"x\n y\n","b":"x y","c":"z\n\n"}"#);
}

#[test]
fn documents_are_read_one_by_one() {
    assert_eq!(
        documents("# nothing\n---\na: 1\n--- # nothing\n---\n- b\n...\n---\nc\n"),
        [Ok(r#"{"a":1}"#.to_owned()), Ok(r#"["b"]"#.to_owned()), Ok(r#""c""#.to_owned())]
    );
    assert!(documents("").is_empty());
    assert!(documents("# only a comment\n").is_empty());
}

#[test]
fn a_broken_document_does_not_hide_the_next() {
    let found = documents("a: [\n---\nb: 1\n---\n[b]: 1\n---\nc: 1\n");
    assert!(matches!(found[0], Err((1, 4, _))), "{found:?}");
    assert_eq!(found[1], Ok(r#"{"b":1}"#.to_owned()));
    assert!(matches!(found[2], Err((5, 1, _))), "{found:?}");
    assert_eq!(found[3], Ok(r#"{"c":1}"#.to_owned()));
}

#[test]
fn line_breaks_and_byte_order_mark_do_not_matter() {
    assert_eq!(json("\u{feff}a: 1\r\nb:\r\n  - |\r\n    x\r\n    y\r\n"), r#"{"a":1,"b":["x\ny\n"]}"#);
}

#[test]
fn json_is_yaml() {
    let key = "k".repeat(3000);
    assert_eq!(
        json(&format!("{{\n\t\"a\": \"\\/ \\ud83d\\ude00\",\n\t\"b\":[\t1,2.50,-1E3],\"{key}\":\"\"\n}}\n")),
        format!(r#"{{"a":"/ 😀","b":[1,2.5,-1000],"{key}":""}}"#)
    );
}

#[test]
fn tabs_may_not_indent() {
    assert_eq!(json("a:\t1 \t# x\n"), r#"{"a":1}"#);
    assert_eq!(error("a:\n\tb: 1\n").0, 2);
}

#[test]
fn aliases_repeat_their_anchor() {
    assert_eq!(
        json("a: &x {k: [1]}\nb: *x\nc: [*x, &y z, *y]\n"),
        r#"{"a":{"k":[1]},"b":{"k":[1]},"c":[{"k":[1]},"z","z"]}"#
    );
    assert_eq!(error("a: &x\n  b: *x\n").0, 2);
    assert_eq!(error("a: *nowhere\n").0, 1);
    assert!(matches!(documents("a: &x 1\n---\nb: *x\n").as_slice(), [Ok(_), Err((3, 4, _))]));
}

#[test]
fn merge_keys_add_what_is_not_there() {
    assert_eq!(
        json("a: &a {x: 1, w: 1}\nb: &b {w: 2, z: 2}\nc:\n  <<: [*a, *b]\n  x: 0\n"),
        r#"{"a":{"w":1,"x":1},"b":{"w":2,"z":2},"c":{"w":1,"x":0,"z":2}}"#
    );
    assert_eq!(
        json("a: &a {x: 1}\nb: &b\n  <<: *a\n  z: 1\nc: {<<: *b}\nd: {<<: {w: 1}, <<: *a}\n"),
        r#"{"a":{"x":1},"b":{"x":1,"z":1},"c":{"x":1,"z":1},"d":{"w":1,"x":1}}"#
    );
    assert_eq!(json(r#"{"<<": 1}"#), r#"{"<<":1}"#);
    assert_eq!(error("a: 1\n<<: 3\n").0, 2);
    assert_eq!(error("<<: [{a: 1}, 3]\n").0, 1);
}

#[test]
fn of_duplicate_keys_the_last_counts_and_all_are_told() {
    let read = |text: &str| {
        let source = Source::new(text);
        let document = Documents::new(&source).next().unwrap().unwrap();
        let mut json = String::new();
        document.write_json(document.root(), &mut json);
        let flaws: Vec<_> =
            document.flaws().iter().map(|f| (f.position.line, f.position.column, f.to_string())).collect();
        (json, flaws)
    };
    let (json, flaws) = read("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n  c: 4\n");
    assert_eq!(json, r#"{"a":1,"b":{"c":4,"d":2}}"#);
    assert_eq!(flaws.iter().map(|(line, column, _)| (*line, *column)).collect::<Vec<_>>(), [(5, 3), (6, 3)]);
    assert!(flaws.iter().all(|(_, _, message)| message.contains("line 3")), "{flaws:?}");
    assert_eq!(read("1: a\n\"1\": b\n").0, r#"{"1":"b"}"#);
    let many: String = (0..50).map(|key| format!("k{key}: 1\n")).collect();
    let (_, flaws) = read(&format!("{many}k7: 2\nk8: 2\n"));
    assert_eq!(flaws.iter().map(|flaw| flaw.0).collect::<Vec<_>>(), [51, 52]);
    assert_eq!(read("<<: {a: 1}\n<<: {b: 2}\n").1, []);
}

#[test]
fn an_alias_bomb_is_refused_at_the_alias() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let before = level - 1;
        let aliases = vec![format!("*a{before}"); 10].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    let (line, column, message) = error(&text);
    assert!(message.contains("aliases expand"), "{message}");
    assert!((6..9).contains(&line) && column > 10, "{line}:{column}");
}

#[test]
fn nesting_is_limited_also_through_aliases() {
    for text in [
        "[".repeat(10_000),
        "{a: ".repeat(10_000),
        "- ".repeat(10_000),
        (0..10_000).fold(String::new(), |text, level| text + &" ".repeat(level.min(600)) + "a:\n"),
    ] {
        let (_, _, message) = error(&text);
        assert!(message.contains("levels deep"), "{message}");
    }
    let deep = |levels| format!("{}x{}", "[".repeat(levels), "]".repeat(levels));
    assert!(documents(&deep(MAX_DEPTH))[0].is_ok());
    let chained = format!("a: &a {}\nb: {}*a{}\n", deep(300), "[".repeat(300), "]".repeat(300));
    assert_eq!(error(&chained).0, 2);
}

#[test]
fn a_template_action_as_a_value_is_a_mapping_as_key() {
    assert_eq!(error("a: {{ .Values.x }}\n").0, 1);
}

#[track_caller]
fn located(text: &str, pointer: &str) -> (String, bool, bool) {
    let source = Source::new(text);
    let document = Documents::new(&source).next().unwrap().unwrap();
    let located = document.locate(&source, document.root(), pointer);
    let line = source.position(located.span.start()).line;
    (format!("{line}: {}", source.slice(located.span)), located.exact, located.via_alias)
}

const POD: &str = "\
kind: Pod
spec:
  shared: &sc
    runAsUser: 0
    capabilities:
      drop: [ALL]
  containers:
  - name: web
    securityContext: *sc
    livenessProbe:
  - {name: side, ports: [1, 2]}
  - <<: &base
      image: nginx
      resources:
        limits: {}
    args: |
      one
      two
  -
  - *sc
";

#[test]
fn what_exists_is_marked() {
    let cases = [
        ("/kind", "1: Pod"),
        ("", "1: kind: Pod"),
        ("/spec", "2: spec"),
        ("/spec/containers", "7: containers"),
        ("/spec/containers/0", "8: name: web"),
        ("/spec/containers/0/name", "8: web"),
        ("/spec/containers/0/livenessProbe", "10: livenessProbe"),
        ("/spec/containers/1", "11: {name: side, ports: [1, 2]}"),
        ("/spec/containers/1/ports/1", "11: 2"),
        ("/spec/containers/2/args", "16: args"),
        ("/spec/containers/3", "19: -"),
    ];
    for (pointer, marked) in cases {
        assert_eq!(located(POD, pointer), (marked.to_owned(), true, false), "{pointer}");
    }
}

#[test]
fn what_is_missing_is_marked_at_its_nearest_parent() {
    let cases = [
        ("/metadata/name", "1: kind: Pod"),
        ("/kind/x", "1: Pod"),
        ("/spec/hostPID", "2: spec"),
        ("/spec/containers/9/name", "7: containers"),
        ("/spec/containers/01", "7: containers"),
        ("/spec/containers/-", "7: containers"),
        ("/spec/containers/0/resources/limits", "8: name: web"),
        ("/spec/containers/0/livenessProbe/httpGet", "10: livenessProbe"),
        ("/spec/containers/1/image", "11: {name: side, ports: [1, 2]}"),
        ("/spec/containers/2/name", "12: <<: &base"),
        ("/spec/containers/3/name", "19: -"),
    ];
    for (pointer, marked) in cases {
        assert_eq!(located(POD, pointer), (marked.to_owned(), false, false), "{pointer}");
    }
}

#[test]
fn aliased_values_are_marked_where_written_and_gaps_where_used() {
    let cases = [
        ("/spec/containers/0/securityContext", "9: securityContext", true),
        ("/spec/containers/0/securityContext/runAsUser", "4: 0", true),
        ("/spec/containers/0/securityContext/capabilities", "5: capabilities", true),
        ("/spec/containers/0/securityContext/seccompProfile", "9: securityContext", false),
        ("/spec/containers/0/securityContext/capabilities/add", "9: securityContext", false),
        ("/spec/containers/2/image", "13: nginx", true),
        ("/spec/containers/2/resources/limits", "15: {}", true),
        ("/spec/containers/2/resources/requests", "12: <<", false),
        ("/spec/containers/4/runAsUser", "4: 0", true),
        ("/spec/containers/4/name", "20: *sc", false),
    ];
    for (pointer, marked, exact) in cases {
        assert_eq!(located(POD, pointer), (marked.to_owned(), exact, true), "{pointer}");
    }
}

#[test]
fn pointers_are_unescaped() {
    let text = "a/b: {m~n: 1, ~1: 2}\n";
    assert_eq!(located(text, "/a~1b/m~0n").0, "1: 1");
    assert_eq!(located(text, "/a~1b/~01").0, "1: 2");
}

fn json_value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        (-1000.0f64..1000.0).prop_map(Into::into),
        "[ -~\t\r\n\0\u{a0}-\u{d7ff}\u{10000}-\u{1ffff}]{0,20}".prop_map(Into::into),
        "[a-z~/:# -]{0,12}".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::btree_map("[ -~\"ä😀]{0,6}", inner, 0..6)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Every pointer of a value, with the value.
fn pointers(value: &serde_json::Value, at: &str, out: &mut Vec<(String, serde_json::Value)>) {
    out.push((at.to_owned(), value.clone()));
    match value {
        serde_json::Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                pointers(item, &format!("{at}/{index}"), out);
            }
        }
        serde_json::Value::Object(fields) => {
            for (key, field) in fields {
                let key = key.replace('~', "~0").replace('/', "~1");
                pointers(field, &format!("{at}/{key}"), out);
            }
        }
        _ => {}
    }
}

/// Numbers by value: `1.0` in JSON is the `1` of Go. `serde_json` may be off by the last bit when it reads one.
fn same(a: &serde_json::Value, b: &serde_json::Value) -> bool {
    use serde_json::Value::{Array, Number, Object};
    match (a, b) {
        (Number(a), Number(b)) => a == b || near(a.as_f64(), b.as_f64()),
        (Array(a), Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Object(a), Object(b)) => a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b))),
        _ => a == b,
    }
}

fn near(a: Option<f64>, b: Option<f64>) -> bool {
    a.zip(b).is_some_and(|(a, b)| (a - b).abs() <= a.abs() * f64::EPSILON)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn json_agrees_with_serde_json(value in json_value(), pretty: bool) {
        let text = if pretty {
            serde_json::to_string_pretty(&value).unwrap()
        } else {
            value.to_string()
        };
        match documents(&text).as_slice() {
            [Ok(json)] => {
                let read: serde_json::Value = serde_json::from_str(json).unwrap();
                prop_assert!(same(&value, &read), "{} became {}", value, read);
            }
            other => prop_assert!(false, "{:?} became {:?}", text, other),
        }
    }

    #[test]
    fn every_pointer_marks_its_value(value in json_value()) {
        let text = value.to_string();
        let source = Source::new(&text);
        let document = Documents::new(&source).next().unwrap().unwrap();
        let mut all = Vec::new();
        pointers(&value, "", &mut all);
        for (pointer, value) in all {
            let located = document.locate(&source, document.root(), &pointer);
            prop_assert!(located.exact, "{}", pointer);
            if !value.is_null() {
                let marked: serde_json::Value =
                    serde_json::from_str(source.slice(located.span)).unwrap();
                prop_assert!(same(&value, &marked), "{}", pointer);
            }
            let missing = document.locate(&source, document.root(), &format!("{pointer}/no such"));
            prop_assert!(!missing.exact);
        }
    }

    #[test]
    fn any_text_is_read_without_panic(text in "\\PC{0,60}") {
        documents(&text);
    }

    #[test]
    fn any_yaml_like_text_is_read_without_panic(
        text in "([-?:,{}&*#|>%@`!\"' \t\r\n\u{feff}\u{85}\u{2028}ä01a~.<\\\\]|---\n|<<: |\\*a|&a |- |: |\n  ){0,60}",
    ) {
        for document in Documents::new(&Source::new(&text)).flatten() {
            let located = document.locate(&Source::new(&text), document.root(), "/a/0/a");
            prop_assert!(text.get(located.span.range()).is_some());
            let mut json = String::new();
            document.write_json(document.root(), &mut json);
            let parsed: Result<serde_json::Value, _> = serde_json::from_str(&json);
            prop_assert!(parsed.is_ok(), "{} is {}", text, json);
        }
    }

    #[test]
    fn damaged_yaml_is_read_without_panic(
        at in 0usize..POD.len(),
        length in 0usize..20,
        with in "[-:{}\\[\\]&*|>\"' \n\ta]{0,4}",
    ) {
        let end = (at + length).min(POD.len());
        let text = [POD.get(..at), Some(with.as_str()), POD.get(end..)].map(Option::unwrap).concat();
        let source = Source::new(&text);
        for document in Documents::new(&source).flatten() {
            for pointer in ["/spec/containers/0/securityContext/runAsUser", "/spec/containers/2/image/x"] {
                let located = document.locate(&source, document.root(), pointer);
                prop_assert!(source.text().get(located.span.range()).is_some());
            }
        }
    }
}
