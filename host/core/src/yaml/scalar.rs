//! What a YAML scalar means: the rules of YAML 1.1 as the Kubernetes tools (sigs.k8s.io/yaml on go-yaml 2) apply them.

use super::YamlErrorKind;
use std::borrow::Cow;

/// A scalar's type and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar<'a> {
    /// The type that the value has in JSON.
    pub kind: ScalarKind,
    /// A string's text; for the other kinds the value as JSON writes it (`yes` is `true`, `0x10` is `16`).
    pub value: Cow<'a, str>,
    /// Whether it is written in lines of its own, below a `|` or `>`.
    pub(super) block: bool,
}

/// The JSON type of a scalar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScalarKind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A number without a fraction or exponent in YAML.
    Int,
    /// Any other number.
    Float,
    /// Text.
    String,
}

impl<'a> Scalar<'a> {
    pub(super) const NULL: Scalar<'static> =
        Scalar { kind: ScalarKind::Null, value: Cow::Borrowed("null"), block: false };

    /// Resolves a scalar from its text, whether it is written without quotes, and the name of its `!!` tag.
    ///
    /// A tag of another namespace (`!Ref`) makes the scalar a string.
    ///
    /// # Errors
    ///
    /// When the value and the tag contradict each other, or the value is not one that JSON has.
    pub fn resolve(text: Cow<'a, str>, plain: bool, tag: Option<Tag<'_>>) -> Result<Self, YamlErrorKind> {
        match tag {
            None if plain => resolve_plain(text),
            None | Some(Tag::Foreign | Tag::Core("str" | "timestamp")) => Ok(Self::string(text)),
            Some(Tag::Core("binary")) => Err(YamlErrorKind::Binary),
            Some(Tag::Core(tag)) => resolve_tagged(text, tag),
        }
    }

    fn string(value: Cow<'a, str>) -> Self {
        Self { kind: ScalarKind::String, value, block: false }
    }

    fn new(kind: ScalarKind, value: impl Into<Cow<'a, str>>) -> Self {
        Self { kind, value: value.into(), block: false }
    }
}

/// The explicit tag of a scalar.
#[derive(Debug, Clone, Copy)]
pub enum Tag<'t> {
    /// A tag of YAML itself, by its name behind `!!`.
    Core(&'t str),
    /// Any other tag.
    Foreign,
}

fn resolve_tagged<'a>(text: Cow<'a, str>, tag: &str) -> Result<Scalar<'a>, YamlErrorKind> {
    let wanted = match tag {
        "null" => ScalarKind::Null,
        "bool" => ScalarKind::Bool,
        "int" => ScalarKind::Int,
        "float" => ScalarKind::Float,
        _ => return Ok(Scalar::string(text)),
    };
    let scalar = resolve_plain(text.clone())?;
    match scalar.kind {
        ScalarKind::Int if wanted == ScalarKind::Float => Ok(scalar),
        found if found == wanted => Ok(scalar),
        _ => Err(YamlErrorKind::TagMismatch { value: text.into_owned(), tag: tag.to_owned() }),
    }
}

fn resolve_plain(text: Cow<'_, str>) -> Result<Scalar<'_>, YamlErrorKind> {
    let Some(first) = text.bytes().next() else {
        return Ok(Scalar::NULL);
    };
    let resolved = match first {
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => resolve_word(&text),
        b'.' | b'+' | b'-' | b'0'..=b'9' => resolve_number(&text)?,
        _ => None,
    };
    Ok(match resolved {
        Some((kind, Some(value))) => Scalar::new(kind, value),
        Some((kind, None)) => Scalar::new(kind, text),
        None => Scalar::string(text),
    })
}

/// A kind, and the value where it differs from the text.
type Resolved = Option<(ScalarKind, Option<Cow<'static, str>>)>;

fn resolve_word(text: &str) -> Resolved {
    let (kind, value) = match text {
        "true" | "True" | "TRUE" | "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => (ScalarKind::Bool, "true"),
        "false" | "False" | "FALSE" | "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => {
            (ScalarKind::Bool, "false")
        }
        "~" | "null" | "Null" | "NULL" => (ScalarKind::Null, "null"),
        _ => return None,
    };
    Some((kind, Some(Cow::Borrowed(value))))
}

fn resolve_number(text: &str) -> Result<Resolved, YamlErrorKind> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Err(YamlErrorKind::NotFinite(text.to_owned()));
    }
    if is_canonical_int(text) {
        return Ok(Some((ScalarKind::Int, None)));
    }
    // Only what starts with a sign or a digit may have underscores.
    let digits = if text.contains('_') && !text.starts_with('.') {
        Cow::Owned(text.replace('_', ""))
    } else {
        Cow::Borrowed(text)
    };
    if let Some(int) = parse_int(&digits) {
        return Ok(Some((ScalarKind::Int, Some(Cow::Owned(int)))));
    }
    Ok(parse_float(&digits).map(|float| (ScalarKind::Float, Some(Cow::Owned(json_float(float))))))
}

/// Whether the text is a decimal integer that JSON writes the same way and that surely fits 64 bits.
fn is_canonical_int(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    match digits.as_bytes() {
        [b'0'] => digits.len() == text.len(),
        [b'1'..=b'9', rest @ ..] => rest.len() < 18 && rest.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

/// Integers with a sign and a prefix for the base: `0x`, `0o`, `0b`, and a bare `0` for octal.
fn parse_int(text: &str) -> Option<String> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (digits, radix) = match unsigned.as_bytes() {
        [b'0', b'x' | b'X', ..] => (unsigned.get(2..)?, 16),
        [b'0', b'o' | b'O', ..] => (unsigned.get(2..)?, 8),
        [b'0', b'b' | b'B', ..] => (unsigned.get(2..)?, 2),
        [b'0', _, ..] => (unsigned.get(1..)?, 8),
        _ => (unsigned, 10),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    if text.starts_with('-') {
        let value = 0_i64.checked_sub_unsigned(magnitude)?;
        return Some(value.to_string());
    }
    // An explicit `+` makes it a signed number, which has one bit less.
    if text.starts_with('+') && i64::try_from(magnitude).is_err() {
        return None;
    }
    Some(magnitude.to_string())
}

fn parse_float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    // Rust also reads words and other forms as floats; YAML has digits, one dot and an exponent.
    let starts_as_number = matches!(unsigned.as_bytes(), [b'0'..=b'9', ..] | [b'.', b'0'..=b'9', ..]);
    let only_number_characters =
        unsigned.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'));
    if !starts_as_number || !only_number_characters {
        return None;
    }
    text.parse::<f64>().ok().filter(|float| float.is_finite())
}

/// A float as Go's JSON encoder prints it: `1` for 1.0, an exponent only below 1e-6 and from 1e21.
fn json_float(float: f64) -> String {
    let magnitude = float.abs();
    if magnitude != 0.0 && !(1e-6..1e21).contains(&magnitude) {
        let text = format!("{float:e}");
        return if text.contains("e-") { text } else { text.replace('e', "e+") };
    }
    float.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain(text: &str) -> (ScalarKind, String) {
        let scalar = Scalar::resolve(Cow::Borrowed(text), true, None).unwrap();
        (scalar.kind, scalar.value.into_owned())
    }

    #[track_caller]
    fn check(kind: ScalarKind, cases: &[(&str, &str)]) {
        for (text, value) in cases {
            assert_eq!(plain(text), (kind, (*value).to_owned()), "{text}");
        }
    }

    #[test]
    fn words_are_booleans_and_nulls() {
        check(ScalarKind::Bool, &[("y", "true"), ("On", "true"), ("NO", "false")]);
        check(ScalarKind::Null, &[("", "null"), ("~", "null"), ("Null", "null")]);
        for text in ["yEs", "nULL", "tru", "truee", "none"] {
            check(ScalarKind::String, &[(text, text)]);
        }
    }

    #[test]
    fn integers_have_bases_signs_and_underscores() {
        check(
            ScalarKind::Int,
            &[
                ("0", "0"),
                ("-0", "0"),
                ("+12", "12"),
                ("0x1F", "31"),
                ("-0b11", "-3"),
                ("0o17", "15"),
                ("0777", "511"),
                ("1_000", "1000"),
                ("0_7", "7"),
                ("18446744073709551615", "18446744073709551615"),
                ("-9223372036854775808", "-9223372036854775808"),
            ],
        );
    }

    #[test]
    fn floats_are_printed_as_go_prints_them() {
        check(
            ScalarKind::Float,
            &[
                ("1.0", "1"),
                (".5", "0.5"),
                ("1.", "1"),
                ("08", "8"),
                ("1e3", "1000"),
                ("129e6", "129000000"),
                ("1E+21", "1e+21"),
                ("0.0000001", "1e-7"),
                ("-1.5e-9", "-1.5e-9"),
                ("18446744073709551616", "18446744073709552000"),
                ("+18446744073709551615", "18446744073709552000"),
            ],
        );
    }

    #[test]
    fn what_only_looks_like_a_number_is_text() {
        for text in [
            "1.2.3",
            "1e",
            "0x",
            "0xg",
            "12:30:45",
            "2001-01-01",
            "-",
            "+",
            ".",
            "..",
            "-x",
            "1e999",
            "0x1p-2",
            "._5",
            "500m",
            "1Gi",
            "--1",
            "+-1",
            "0x-1",
            "1.e.5",
        ] {
            check(ScalarKind::String, &[(text, text)]);
        }
    }

    #[test]
    fn infinities_are_refused() {
        for text in [".inf", "-.Inf", "+.INF", ".nan"] {
            assert_eq!(
                Scalar::resolve(Cow::Borrowed(text), true, None),
                Err(YamlErrorKind::NotFinite(text.to_owned()))
            );
        }
    }

    #[test]
    fn quotes_and_tags_decide_before_the_text() {
        let resolve = |text, plain, tag| Scalar::resolve(Cow::Borrowed(text), plain, tag);
        assert_eq!(resolve("1", false, None).unwrap().kind, ScalarKind::String);
        assert_eq!(resolve("1", true, Some(Tag::Core("str"))).unwrap().kind, ScalarKind::String);
        assert_eq!(resolve("0x10", false, Some(Tag::Core("int"))).unwrap().value, "16");
        assert_eq!(resolve("3", true, Some(Tag::Core("float"))).unwrap().value, "3");
        assert_eq!(resolve("1", true, Some(Tag::Foreign)).unwrap().kind, ScalarKind::String);
        assert!(resolve("x", true, Some(Tag::Core("int"))).is_err());
        assert!(resolve("1.5", true, Some(Tag::Core("int"))).is_err());
        assert!(resolve("eA==", true, Some(Tag::Core("binary"))).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_resolved_number_is_json(text in "[-+.0-9_xobeE]{0,24}") {
            if let Ok(scalar) = Scalar::resolve(Cow::Borrowed(&text), true, None)
                && scalar.kind != ScalarKind::String
            {
                let value: serde_json::Value = serde_json::from_str(&scalar.value).unwrap();
                prop_assert!(value.is_number() || value.is_null());
            }
        }

        #[test]
        fn floats_keep_their_value(float in proptest::num::f64::NORMAL) {
            let scalar = Scalar::resolve(Cow::Owned(format!("{float:e}")), true, None).unwrap();
            prop_assert_eq!(scalar.value.parse::<f64>().unwrap(), float);
        }
    }
}
