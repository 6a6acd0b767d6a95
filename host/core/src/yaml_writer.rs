//! YAML for people to read and change: keys stay in the order in which they are written down, and comments stand among
//! them.

use serde_json::Value;

use crate::edit::write::{Steps, entry_lines};

/// As `kubectl` writes it.
const STEPS: Steps = Steps { mapping: 2, sequence: 0 };

/// Where comments are broken.
const WIDTH: usize = 100;

/// YAML text that grows entry by entry.
#[derive(Debug, Clone, Default)]
pub struct YamlWriter {
    text: String,
    indent: usize,
    /// Whether the next line belongs behind a dash.
    after_dash: bool,
}

impl YamlWriter {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The text so far.
    #[must_use]
    pub fn finish(self) -> String {
        self.text
    }

    /// Begins the next document of the file.
    pub fn next_document(&mut self) {
        if !self.text.is_empty() {
            self.text.push_str("---\n");
        }
    }

    /// A comment, broken into lines; an empty line of it stays one.
    pub fn comment(&mut self, text: &str) {
        for paragraph in text.lines() {
            let mut line = String::from("#");
            for word in paragraph.split(' ') {
                if line.len() > 1 && self.indent + line.len() + word.len() >= WIDTH {
                    self.line(&line);
                    line = String::from("#");
                }
                line.push(' ');
                line.push_str(word);
            }
            self.line(line.trim_end());
        }
    }

    /// A key and its value.
    pub fn entry(&mut self, key: &str, value: impl Into<Value>) {
        for line in entry_lines(key, &value.into(), 0, STEPS) {
            self.line(&line);
        }
    }

    /// A key and text of several lines, as it is. What YAML could not give back so is quoted.
    pub fn text(&mut self, key: &str, text: &str) {
        let lines: Vec<_> = text.strip_suffix('\n').unwrap_or_default().split('\n').collect();
        let plain = |line: &&str| {
            !line.chars().any(|c| c.is_control() || c == '\u{feff}' || c == '\u{2028}' || c == '\u{2029}')
        };
        let first = lines.first().copied().unwrap_or_default();
        let last = lines.last().copied().unwrap_or_default();
        let safe = lines.iter().all(plain) && !first.is_empty() && !first.starts_with(' ') && !last.trim().is_empty();
        if !safe {
            return self.entry(key, text);
        }
        let key = entry_lines(key, &Value::Null, 0, STEPS).concat().trim_end_matches("null").to_owned();
        self.line(&format!("{key}|"));
        self.indent += STEPS.mapping;
        for line in lines {
            self.line(line);
        }
        self.indent -= STEPS.mapping;
    }

    /// A key and below it whatever `write` adds; `write` has to add something.
    pub fn section(&mut self, key: &str, write: impl FnOnce(&mut Self)) {
        self.key(key);
        self.indent += STEPS.mapping;
        write(self);
        self.indent -= STEPS.mapping;
    }

    /// A key and below it the items that `write` adds; `write` has to add some.
    pub fn list(&mut self, key: &str, write: impl FnOnce(&mut Self)) {
        self.key(key);
        write(self);
    }

    /// One item of a list, whose entries `write` adds; `write` has to add something.
    pub fn item(&mut self, write: impl FnOnce(&mut Self)) {
        self.after_dash = true;
        self.indent += STEPS.mapping;
        write(self);
        self.indent -= STEPS.mapping;
        self.after_dash = false;
    }

    fn key(&mut self, key: &str) {
        let line = entry_lines(key, &Value::Null, 0, STEPS).concat();
        self.line(line.trim_end_matches(" null"));
    }

    fn line(&mut self, line: &str) {
        let dash = std::mem::take(&mut self.after_dash);
        let indent = if dash { self.indent - STEPS.mapping } else { self.indent };
        let line = if dash { format!("- {line}") } else { line.to_owned() };
        if !line.is_empty() {
            self.text.push_str(&" ".repeat(indent));
        }
        self.text.push_str(&line);
        self.text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;
    use crate::yaml::Documents;
    use serde_json::json;

    fn read(text: &str) -> Value {
        let source = Source::new(text);
        let document = Documents::new(&source).next().unwrap().unwrap();
        let mut json = String::new();
        document.write_json(document.root(), &mut json);
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    fn order_and_comments_stay() {
        let mut yaml = YamlWriter::new();
        yaml.comment("What it is.\n\nMore.");
        yaml.entry("kind", "Demo");
        yaml.section("spec", |spec| {
            spec.entry("on", true);
            spec.comment("why");
            spec.entry("list", json!([{"b": 1, "a": []}]));
            spec.list("items", |items| {
                items.item(|item| {
                    item.entry("z", "no");
                    item.entry("a", json!({"b": null}));
                });
            });
        });
        yaml.next_document();
        yaml.entry("last", json!({}));
        assert_eq!(
            yaml.finish(),
            "# What it is.\n#\n# More.\nkind: Demo\nspec:\n  \"on\": true\n  # why\n  list:\n  - a: []\n    b: 1\n  \
             items:\n  - z: \"no\"\n    a:\n      b: null\n---\nlast: {}\n"
        );
    }

    #[test]
    fn long_comments_are_broken() {
        let mut yaml = YamlWriter::new();
        yaml.section("a", |a| {
            a.comment(&"word ".repeat(50));
            a.entry("b", 1);
        });
        let text = yaml.finish();
        assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
        assert_eq!(text.matches("word").count(), 50);
    }

    #[test]
    fn texts_read_back_as_they_are() {
        for text in [
            "one\n",
            "one\n\n  two\n# three\n",
            "",
            "\n",
            "no line break",
            "two at the end\n\n",
            " indented\nless\n",
            "tab\there\n",
            "trailing \nspace\n",
            "windows\r\n",
            "---\n",
            "spaces\n  \n",
        ] {
            let mut yaml = YamlWriter::new();
            yaml.section("a", |a| {
                a.text("key", text);
                a.entry("next", 1);
            });
            let written = yaml.finish();
            assert_eq!(read(&written), json!({"a": {"key": text, "next": 1}}), "{written}");
        }
        let mut yaml = YamlWriter::new();
        yaml.text("install", "a\nb\n");
        assert_eq!(yaml.finish(), "install: |\n  a\n  b\n");
    }
}
