//! JSON values as new YAML or JSON text.

use crate::yaml::{Scalar, ScalarKind};
use serde_json::Value;
use std::borrow::Cow;
use std::fmt::Write as _;

/// How far new lines are indented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Steps {
    /// Columns from a key to the keys of its value.
    pub(crate) mapping: usize,
    /// Columns from a key to the dashes of its value.
    pub(crate) sequence: usize,
}

/// How flow collections are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Flow {
    /// Whether everything is quoted, as JSON demands.
    pub(super) json: bool,
    /// What stands between key and value.
    pub(super) colon: &'static str,
    /// What stands between entries on one line.
    pub(super) comma: &'static str,
}

/// How a JSON file breaks its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pretty {
    pub(super) line_break: &'static str,
    /// What a level is indented by.
    pub(super) unit: String,
}

/// The lines of an entry of a block mapping, without line breaks.
pub(crate) fn entry_lines(key: &str, value: &Value, indent: usize, steps: Steps) -> Vec<String> {
    let key = string(key, None, false);
    let pad = " ".repeat(indent);
    match body_lines(value, indent, steps) {
        Some(body) => std::iter::once(format!("{pad}{key}:")).chain(body).collect(),
        None => vec![format!("{pad}{key}: {}", scalar(value, None, false))],
    }
}

/// The lines below a key at column `indent`; `None` for what stands on the key's own line.
pub(super) fn body_lines(value: &Value, indent: usize, steps: Steps) -> Option<Vec<String>> {
    match value {
        Value::Object(fields) if !fields.is_empty() => Some(lines_at(value, indent + steps.mapping, steps)),
        Value::Array(items) if !items.is_empty() => Some(lines_at(value, indent + steps.sequence, steps)),
        _ => None,
    }
}

/// The lines of a value that starts at a column.
pub(super) fn lines_at(value: &Value, column: usize, steps: Steps) -> Vec<String> {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            fields.iter().flat_map(|(key, value)| entry_lines(key, value, column, steps)).collect()
        }
        Value::Array(items) if !items.is_empty() => {
            items.iter().flat_map(|item| item_lines(item, column, steps)).collect()
        }
        _ => vec![format!("{}{}", " ".repeat(column), scalar(value, None, false))],
    }
}

/// The lines of an item whose dash stands at a column.
pub(super) fn item_lines(item: &Value, column: usize, steps: Steps) -> Vec<String> {
    const DASH: usize = "- ".len();
    let mut lines = lines_at(item, column + DASH, steps);
    if let Some(first) = lines.first_mut() {
        *first = format!("{}- {}", " ".repeat(column), first.trim_start_matches(' '));
    }
    lines
}

/// A value on one line.
pub(super) fn inline(value: &Value, flow: &Flow) -> String {
    match value {
        Value::Object(fields) => {
            let entries: Vec<_> = fields.iter().map(|(key, value)| inline_entry(key, value, flow)).collect();
            format!("{{{}}}", entries.join(flow.comma))
        }
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| inline(item, flow)).collect();
            format!("[{}]", items.join(flow.comma))
        }
        other if flow.json => scalar(other, Some('"'), true),
        other => scalar(other, None, true),
    }
}

/// `key: value` on one line.
pub(super) fn inline_entry(key: &str, value: &Value, flow: &Flow) -> String {
    let quote = flow.json.then_some('"');
    format!("{}{}{}", string(key, quote, true), flow.colon, inline(value, flow))
}

/// A value as a JSON file with line breaks has it; `base` indents the line that it starts on.
pub(super) fn pretty(value: &Value, base: &str, style: &Pretty, flow: &Flow) -> String {
    let inner = format!("{base}{}", style.unit);
    let (open, parts, close): (_, Vec<_>, _) = match value {
        Value::Object(fields) if !fields.is_empty() => {
            let part = |(key, value): (&String, &Value)| pretty_entry(key, value, &inner, style, flow);
            ('{', fields.iter().map(part).collect(), '}')
        }
        Value::Array(items) if !items.is_empty() => {
            ('[', items.iter().map(|item| pretty(item, &inner, style, flow)).collect(), ']')
        }
        _ => return inline(value, flow),
    };
    let eol = style.line_break;
    format!("{open}{eol}{inner}{}{eol}{base}{close}", parts.join(&format!(",{eol}{inner}")))
}

/// `"key": value` as a JSON file with line breaks has it.
pub(super) fn pretty_entry(key: &str, value: &Value, base: &str, style: &Pretty, flow: &Flow) -> String {
    let quote = flow.json.then_some('"');
    format!("{}{}{}", string(key, quote, true), flow.colon, pretty(value, base, style, flow))
}

/// A scalar, or an empty collection. Strings get `quote` if they can be written with it.
pub(super) fn scalar(value: &Value, quote: Option<char>, in_flow: bool) -> String {
    match value {
        Value::String(text) => string(text, quote, in_flow),
        other => other.to_string(),
    }
}

fn string(text: &str, quote: Option<char>, in_flow: bool) -> String {
    match quote {
        None if is_plain(text, in_flow) => text.to_owned(),
        Some('\'') if text.chars().all(is_printable) => format!("'{}'", text.replace('\'', "''")),
        _ => double_quoted(text),
    }
}

/// Whether a string without quotes reads back as itself, by the rules of YAML 1.1 and of 1.2.
fn is_plain(text: &str, in_flow: bool) -> bool {
    let resolves =
        || Scalar::resolve(Cow::Borrowed(text), true, None).is_ok_and(|scalar| scalar.kind == ScalarKind::String);
    let mut characters = text.chars();
    let starts_well = match (characters.next(), characters.next()) {
        (Some('-'), Some(second)) => second.is_ascii_alphanumeric(),
        (Some(first), _) => !"-?:,[]{}#&*!|>'\"%@`=~<.".contains(first),
        (None, _) => false,
    };
    starts_well
        && text.chars().all(is_printable)
        && text.trim() == text
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.ends_with(':')
        && !(in_flow && text.contains([',', '[', ']', '{', '}', ':']))
        && !is_time(text)
        && resolves()
}

/// Dates, and numbers to the base of sixty: other YAML readers take `2001-01-01` and `12:30` for them.
fn is_time(text: &str) -> bool {
    let mut bytes = text.bytes().skip_while(|byte| matches!(byte, b'+' | b'-'));
    bytes.next().is_some_and(|first| first.is_ascii_digit())
        && text.contains(['-', ':'])
        && text.bytes().all(|byte| byte.is_ascii_digit() || b"+-:.TtZz ".contains(&byte))
}

/// Whether every YAML reader takes a character as it is, within one line.
fn is_printable(character: char) -> bool {
    !matches!(character, '\0'..='\u{1f}' | '\u{7f}'..='\u{a0}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn double_quoted(text: &str) -> String {
    let mut out = String::from('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            printable if is_printable(printable) => out.push(printable),
            other => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(other));
            }
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;
    use crate::yaml::Documents;
    use proptest::prelude::*;
    use serde_json::json;

    const STEPS: Steps = Steps { mapping: 2, sequence: 0 };
    const FLOW: Flow = Flow { json: false, colon: ": ", comma: ", " };

    fn read(text: &str) -> Value {
        let source = Source::new(text);
        let document = Documents::new(&source).next().unwrap().unwrap();
        let mut json = String::new();
        document.write_json(document.root(), &mut json);
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    fn what_would_read_as_something_else_is_quoted() {
        for text in [
            "",
            "yes",
            "NO",
            "null",
            "~",
            "1",
            "1.0",
            "0x1",
            "1e3",
            ".5",
            "2001-01-01",
            "12:30",
            "-1",
            "- a",
            "a: b",
            "a #b",
            " a",
            "a ",
            "*a",
            "&a",
            "!a",
            "%a",
            "@a",
            "`a",
            "a:",
            "<<",
            "=",
            ".inf",
            "'",
            "\"",
            "a\nb",
            "\u{85}",
            "---",
        ] {
            let written = scalar(&json!(text), None, false);
            assert!(written.starts_with('"'), "{text:?} is written {written}");
            assert_eq!(read(&format!("a: {written}\n")), json!({"a": text}));
        }
        for text in ["ALL", "500m", "1Gi", "a:b", "nginx:1.27", "/healthz", "a b", "-Xmx1g", "it's", "1.2.3", "a,b"] {
            assert_eq!(scalar(&json!(text), None, false), text);
        }
        assert_eq!(scalar(&json!("a,b"), None, true), "\"a,b\"");
        assert_eq!(scalar(&json!("it's"), Some('\''), true), "'it''s'");
    }

    #[test]
    fn collections_are_written_in_lines() {
        let value = json!({"a": {"b": [1, {"c": "x", "d": []}, [true]]}, "e": {}});
        let lines = entry_lines("k", &value, 2, STEPS).join("\n");
        assert_eq!(lines, "  k:\n    a:\n      b:\n      - 1\n      - c: x\n        d: []\n      - - true\n    e: {}");
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            (-8000i32..8000).prop_map(|n| (f64::from(n) / 8.0 + 0.0625).into()),
            "[ -~\t\r\n\0\u{7f}-\u{d7ff}\u{e000}-\u{1ffff}]{0,8}".prop_map(Into::into),
            "[-a-z0-9~/:#.,=_+xT {}]{0,8}".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
                prop::collection::btree_map("[ -~\"ä😀]{0,6}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn lines_read_back(value in any_value(), mapping in 1usize..5, sequence in 0usize..5) {
            let steps = Steps { mapping, sequence };
            let lines = entry_lines("k", &value, 0, steps).join("\n");
            prop_assert_eq!(read(&lines), json!({"k": value.clone()}), "{}", lines);
            let lines = item_lines(&value, 3, steps).join("\n");
            prop_assert_eq!(read(&lines), json!([value]), "{}", lines);
        }

        #[test]
        fn flow_reads_back(value in any_value(), json: bool, compact: bool) {
            let flow = if json && compact {
                Flow { json, colon: ":", comma: "," }
            } else {
                Flow { json, ..FLOW }
            };
            let text = inline(&value, &flow);
            prop_assert_eq!(&read(&format!("[{text}]")), &json!([value.clone()]), "{}", text);
            let style = Pretty { line_break: "\n", unit: "\t".to_owned() };
            let text = pretty(&value, "", &style, &Flow { json: true, ..flow });
            prop_assert_eq!(&serde_json::from_str::<Value>(&text).unwrap(), &value, "{}", &text);
            prop_assert_eq!(&read(&format!("[{text}]")), &json!([value.clone()]), "{}", text);
        }
    }
}
