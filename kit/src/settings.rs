//! Reading a policy's settings: one declaration per setting gives its value, its check and its schema.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use crate::fraction::Fraction;
use crate::json::{Kind, Node, quote, write_string};
use crate::quantity::Quantity;

/// What a user may set to say how strictly a rule is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// A violation refuses the object.
    Deny,
    /// A violation is only told.
    Warn,
    /// The rule is not applied.
    Ignore,
}

impl Level {
    /// The severity of a violation; `None` when the rule is not applied.
    pub fn severity(self) -> Option<crate::finding::Severity> {
        match self {
            Self::Deny => Some(crate::finding::Severity::Deny),
            Self::Warn => Some(crate::finding::Severity::Warn),
            Self::Ignore => None,
        }
    }
}

/// A setting whose value is one of a few words.
pub trait Choice: Copy + PartialEq + 'static {
    /// Each word and what it stands for.
    const WORDS: &'static [(&'static str, Self)];
}

impl Choice for Level {
    const WORDS: &'static [(&'static str, Self)] =
        &[("deny", Self::Deny), ("warn", Self::Warn), ("ignore", Self::Ignore)];
}

/// The settings object, or one mapping inside it.
///
/// Every reader takes the setting's key and a sentence about it, and gives its value, or the default when the user
/// did not write it or wrote it wrong; what is wrong is told by [`Settings::finish`].
#[derive(Debug)]
pub struct Settings<'a> {
    node: Option<Node<'a>>,
    path: String,
    known: Vec<&'static str>,
    problems: Vec<String>,
    schema: Option<String>,
}

impl<'a> Settings<'a> {
    /// The settings in `node`, which is `{}`, `null` or absent when the user set nothing.
    pub fn new(node: Option<Node<'a>>) -> Self {
        let mut settings = Self {
            node: node.filter(|node| node.kind() == Kind::Object),
            path: String::new(),
            known: Vec::new(),
            problems: Vec::new(),
            schema: None,
        };
        if let Some(other) = node.filter(|node| !matches!(node.kind(), Kind::Object | Kind::Null)) {
            settings.problems.push(format!("settings are {}, not a mapping", other.kind().describe()));
        }
        settings
    }

    /// No settings; every reader notes its setting for [`Settings::schema`].
    pub fn describe() -> Self {
        Self { schema: Some(String::new()), ..Self::new(None) }
    }

    /// The JSON Schema of what was read, when made by [`Settings::describe`].
    pub fn schema(self) -> String {
        let properties = self.schema.unwrap_or_default();
        format!(r#"{{"type":"object","additionalProperties":false,"properties":{{{properties}}}}}"#)
    }

    /// Everything that is wrong: bad values in the order of reading, then unknown keys.
    ///
    /// # Errors
    /// One sentence per problem, naming the key, the value and what is allowed.
    pub fn finish(mut self) -> Result<(), Vec<String>> {
        self.refuse_unknown();
        if self.problems.is_empty() { Ok(()) } else { Err(self.problems) }
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, key: &'static str, about: &str, default: bool) -> bool {
        self.describe_as(key, about, || format!(r#""type":"boolean","default":{default}"#));
        let Some(node) = self.take(key) else { return default };
        if node.kind() == Kind::Bool {
            return node.raw() == "true";
        }
        self.wrong(key, node, "true or false");
        default
    }

    /// A whole number in `range`.
    pub fn integer(&mut self, key: &'static str, about: &str, default: i64, range: RangeInclusive<i64>) -> i64 {
        self.describe_as(key, about, || {
            format!(r#""type":"integer","default":{default},"minimum":{},"maximum":{}"#, range.start(), range.end())
        });
        self.whole_number(key, range).unwrap_or(default)
    }

    /// A whole number in `range`, or nothing.
    pub fn optional_integer(&mut self, key: &'static str, about: &str, range: RangeInclusive<i64>) -> Option<i64> {
        self.describe_as(key, about, || {
            format!(r#""type":"integer","minimum":{},"maximum":{}"#, range.start(), range.end())
        });
        self.whole_number(key, range)
    }

    /// A number from 0 to 1.
    pub fn fraction(&mut self, key: &'static str, about: &str, default: Fraction) -> Fraction {
        self.describe_as(key, about, || format!(r#""type":"number","default":{default},"minimum":0,"maximum":1"#));
        let Some(node) = self.take(key) else { return default };
        let value = Fraction::parse(node.raw()).filter(|_| node.kind() == Kind::Number);
        if value.is_none() {
            self.wrong(key, node, "a number from 0 to 1 with at most nine decimal places, such as `0.7`");
        }
        value.unwrap_or(default)
    }

    /// One of the words of `T`.
    pub fn choice<T: Choice>(&mut self, key: &'static str, about: &str, default: T) -> T {
        self.describe_as(key, about, || {
            let words = list_json(T::WORDS.iter().map(|(word, _)| *word));
            let default = T::WORDS.iter().find(|(_, value)| *value == default).map_or("", |(word, _)| word);
            format!(r#""enum":{words},"default":{}"#, quote(default))
        });
        let Some(node) = self.take(key) else { return default };
        let text = node.as_str();
        if let Some((_, value)) = T::WORDS.iter().find(|(word, _)| text.as_deref() == Some(word)) {
            return *value;
        }
        let words = backticked(T::WORDS.iter().map(|(word, _)| *word));
        let near = text.and_then(|text| nearest(&text, T::WORDS.iter().map(|(word, _)| *word)));
        let hint = near.map(|word| format!(" (did you mean `{word}`?)")).unwrap_or_default();
        self.wrong(key, node, &format!("one of {words}{hint}"));
        default
    }

    /// A list of strings.
    pub fn strings(&mut self, key: &'static str, about: &str, default: &[&str]) -> Vec<String> {
        self.parsed_list(key, about, default, "a string", |text| Some(text.to_owned()))
    }

    /// A list of strings that `parse` accepts; `expected` says what each has to be.
    pub fn parsed_list<T>(
        &mut self,
        key: &'static str,
        about: &str,
        default: &[&str],
        expected: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Vec<T> {
        self.describe_as(key, about, || {
            let default = list_json(default.iter().copied());
            format!(r#""type":"array","items":{{"type":"string"}},"default":{default}"#)
        });
        let Some(node) = self.take(key) else { return default.iter().filter_map(|text| parse(text)).collect() };
        if node.kind() != Kind::Array {
            self.wrong(key, node, &format!("a list, each item {expected}"));
            return Vec::new();
        }
        let mut values = Vec::new();
        for item in node.elements() {
            match item.as_str().and_then(|text| parse(&text)) {
                Some(value) => values.push(value),
                None => self.wrong(key, item, &format!("a list, each item {expected}")),
            }
        }
        values
    }

    /// A string that `parse` accepts; `expected` says what it has to be.
    pub fn parsed<T>(
        &mut self,
        key: &'static str,
        about: &str,
        default: Option<&str>,
        expected: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        self.describe_as(key, about, || {
            let default = default.map(|text| format!(r#","default":{}"#, quote(text))).unwrap_or_default();
            format!(r#""type":"string"{default}"#)
        });
        let fallback = || default.and_then(&parse);
        let Some(node) = self.take(key) else { return fallback() };
        let value = node.as_str().and_then(|text| parse(&text));
        if value.is_none() {
            self.wrong(key, node, expected);
        }
        value.or_else(fallback)
    }

    /// A resource quantity, with the text that it was written as.
    pub fn quantity(&mut self, key: &'static str, about: &str) -> Option<(String, Quantity)> {
        self.describe_as(key, about, || r#""type":["string","number"]"#.to_owned());
        let node = self.take(key)?;
        let text = match node.kind() {
            Kind::String | Kind::Number => node.as_scalar(),
            _ => None,
        };
        let value = text.and_then(|text| Some((text.to_string(), Quantity::parse(&text).ok()?)));
        if value.is_none() {
            self.wrong(key, node, "a quantity such as `500m` or `1Gi`");
        }
        value
    }

    /// A mapping with settings of its own.
    pub fn section<T>(&mut self, key: &'static str, about: &str, read: impl FnOnce(&mut Settings<'a>) -> T) -> T {
        let node = self.take(key);
        if let Some(other) = node.filter(|node| node.kind() != Kind::Object) {
            self.wrong(key, other, "a mapping");
        }
        let mut section = self.child(node, self.path_to(key));
        let value = read(&mut section);
        section.refuse_unknown();
        self.problems.append(&mut section.problems);
        self.describe_as(key, about, || body(section.schema()));
        value
    }

    /// A list of mappings, each with settings of its own.
    pub fn list<T>(&mut self, key: &'static str, about: &str, read: impl Fn(&mut Settings<'a>) -> T) -> Vec<T> {
        if self.schema.is_some() {
            let mut item = self.child(None, String::new());
            read(&mut item);
            self.describe_as(key, about, || format!(r#""type":"array","items":{}"#, item.schema()));
        }
        let Some(node) = self.take(key) else { return Vec::new() };
        if node.kind() != Kind::Array {
            self.wrong(key, node, "a list of mappings");
        }
        let mut values = Vec::new();
        for (index, item) in node.elements().enumerate() {
            let path = format!("{}[{index}]", self.path_to(key));
            if item.kind() != Kind::Object {
                self.problems.push(format!("setting `{path}` is {}, not a mapping", item.kind().describe()));
                continue;
            }
            let mut section = self.child(Some(item), path);
            values.push(read(&mut section));
            section.refuse_unknown();
            self.problems.append(&mut section.problems);
        }
        values
    }

    /// Whether the user wrote `key`.
    pub fn has(&self, key: &str) -> bool {
        self.node.and_then(|node| node.field(key)).is_some()
    }

    /// Refuses the settings for a reason that concerns more than one key.
    pub fn refuse(&mut self, reason: &str) {
        // While the schema is made nothing is set, so nothing can be wrong.
        if self.schema.is_none() {
            let at = if self.path.is_empty() { "settings".to_owned() } else { format!("setting `{}`", self.path) };
            self.problems.push(format!("{at}: {reason}"));
        }
    }

    fn child(&self, node: Option<Node<'a>>, path: String) -> Self {
        Self {
            node: node.filter(|node| node.kind() == Kind::Object),
            path,
            known: Vec::new(),
            problems: Vec::new(),
            schema: self.schema.as_ref().map(|_| String::new()),
        }
    }

    fn take(&mut self, key: &'static str) -> Option<Node<'a>> {
        self.known.push(key);
        self.node?.field(key)
    }

    fn whole_number(&mut self, key: &'static str, range: RangeInclusive<i64>) -> Option<i64> {
        let node = self.take(key)?;
        let number = node.raw().parse().ok().filter(|number| node.kind() == Kind::Number && range.contains(number));
        if number.is_none() {
            self.wrong(key, node, &format!("a whole number from {} to {}", range.start(), range.end()));
        }
        number
    }

    fn path_to(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn wrong(&mut self, key: &str, node: Node<'_>, allowed: &str) {
        let shown = match node.kind() {
            Kind::Array | Kind::Object => node.kind().describe().to_owned(),
            _ => format!("`{}`", node.as_scalar().unwrap_or(Cow::Borrowed("null"))),
        };
        self.problems.push(format!("setting `{}` is {shown}: it has to be {allowed}", self.path_to(key)));
    }

    fn refuse_unknown(&mut self) {
        let Some(node) = self.node else { return };
        for (key, _) in node.fields() {
            if self.known.iter().any(|known| *known == key) {
                continue;
            }
            let near = nearest(&key, self.known.iter().copied());
            let hint = near.map(|known| format!(", did you mean `{known}`?")).unwrap_or_default();
            let allowed = backticked(self.known.iter().copied());
            self.problems.push(format!("unknown setting `{}`{hint} (allowed: {allowed})", self.path_to(&key)));
        }
    }

    fn describe_as(&mut self, key: &str, about: &str, body: impl FnOnce() -> String) {
        let Some(schema) = &mut self.schema else { return };
        if !schema.is_empty() {
            schema.push(',');
        }
        write_string(schema, key);
        schema.push_str(":{\"description\":");
        write_string(schema, about);
        schema.push(',');
        schema.push_str(&body());
        schema.push('}');
    }
}

fn body(object: String) -> String {
    object.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or_default().to_owned()
}

fn list_json<'t>(words: impl Iterator<Item = &'t str>) -> String {
    let quoted: Vec<_> = words.map(quote).collect();
    format!("[{}]", quoted.join(","))
}

fn backticked<'t>(words: impl Iterator<Item = &'t str>) -> String {
    let quoted: Vec<_> = words.map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}

/// The word that `text` was most likely meant to be: at most a third of its letters are wrong.
fn nearest<'t>(text: &str, words: impl Iterator<Item = &'t str>) -> Option<&'t str> {
    let distance = |word: &str| edit_distance(&text.to_ascii_lowercase(), &word.to_ascii_lowercase());
    words.map(|word| (distance(word), word)).min().filter(|(d, word)| *d <= word.len().max(3) / 3).map(|(_, word)| word)
}

/// How many letters have to be added, removed or changed (Levenshtein).
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, to) in row.iter_mut().skip(1).zip(&b) {
            let changed = diagonal + usize::from(from != *to);
            diagonal = *cell;
            left = changed.min(left + 1).min(diagonal + 1);
            *cell = left;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Tape;

    struct Example {
        mutate: bool,
        min: i64,
        level: Level,
        globs: Vec<String>,
        reasons: Vec<Option<String>>,
        warn_at: Fraction,
    }

    fn read(settings: &mut Settings<'_>) -> Example {
        Example {
            mutate: settings.boolean("mutate", "Fix it.", false),
            min: settings.section("user", "Users.", |user| user.integer("min", "Lowest.", 1001, 0..=9999)),
            level: settings.choice("level", "How strict.", Level::Warn),
            globs: settings.strings("globs", "Which.", &["*"]),
            reasons: settings.list("exempt", "Who.", |item| {
                let reason = item.parsed("reason", "Why.", None, "a reason", |t| (!t.is_empty()).then(|| t.to_owned()));
                if reason.is_none() {
                    item.refuse("a reason is needed");
                }
                reason
            }),
            warn_at: settings.fraction("warnAt", "When.", Fraction::percent(70)),
        }
    }

    fn problems(text: &str) -> Vec<String> {
        let tape = Tape::parse(text).expect("JSON");
        let mut settings = Settings::new(Some(tape.root()));
        read(&mut settings);
        settings.finish().err().unwrap_or_default()
    }

    #[test]
    fn nothing_set_gives_the_defaults() {
        let mut settings = Settings::new(None);
        let example = read(&mut settings);
        assert_eq!((example.mutate, example.min, example.level), (false, 1001, Level::Warn));
        assert_eq!((example.globs.as_slice(), example.reasons.len()), (["*".to_owned()].as_slice(), 0));
        assert_eq!(example.warn_at, Fraction::percent(70));
        assert!(settings.finish().is_ok());
        assert!(problems("{}").is_empty() && problems("null").is_empty());
    }

    #[test]
    fn says_what_is_wrong_and_what_is_allowed() {
        assert_eq!(
            problems(
                r#"{"mutat":true,"user":{"min":-1,"maxx":3},"level":"denny","globs":["a",1],"exempt":[{},7,{"reason":""}]}"#
            ),
            [
                "setting `user.min` is `-1`: it has to be a whole number from 0 to 9999",
                "unknown setting `user.maxx` (allowed: `min`)",
                "setting `level` is `denny`: it has to be one of `deny`, `warn`, `ignore` (did you mean `deny`?)",
                "setting `globs` is `1`: it has to be a list, each item a string",
                "setting `exempt[0]`: a reason is needed",
                "setting `exempt[1]` is a number, not a mapping",
                "setting `exempt[2].reason` is ``: it has to be a reason",
                "setting `exempt[2]`: a reason is needed",
                "unknown setting `mutat`, did you mean `mutate`? (allowed: `mutate`, `user`, `level`, `globs`, `exempt`, `warnAt`)",
            ]
        );
        for bad in [r#""0.7""#, "70", "7e-1", "-0.1", "[]"] {
            let problems = problems(&format!(r#"{{"warnAt":{bad}}}"#));
            assert!(matches!(problems.as_slice(), [one] if one.contains("a number from 0 to 1")), "{problems:?}");
        }
        assert_eq!(problems("[]"), ["settings are a list, not a mapping"]);
    }

    #[test]
    fn describes_itself() {
        let mut settings = Settings::describe();
        read(&mut settings);
        let schema: serde_json::Value = serde_json::from_str(&settings.schema()).expect("the schema is JSON");
        assert_eq!(schema.pointer("/properties/user/properties/min/default"), Some(&1001.into()));
        assert_eq!(schema.pointer("/properties/exempt/items/properties/reason/type"), Some(&"string".into()));
        assert_eq!(schema.pointer("/properties/level/default"), Some(&"warn".into()));
        assert_eq!(schema.pointer("/properties/warnAt/default"), Some(&0.7.into()));
    }

    #[test]
    fn measures_distance() {
        for (a, b, distance) in [("kitten", "sitting", 3), ("", "abc", 3), ("mutat", "mutate", 1), ("a", "a", 0)] {
            assert_eq!(edit_distance(a, b), distance);
        }
    }
}
