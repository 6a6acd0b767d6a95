//! What a `sh -c` script calls, as far as it can be told without running it.
//!
//! Source: POSIX.1-2024, Shell Command Language, 2.2 to 2.6 and 2.9.1.

use crate::env::Env;

/// The variables of a shell: few, so that a list is small and fast enough.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Variables(Vec<(String, String)>);

impl Variables {
    /// No variables.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// What a container finds.
    pub fn of(env: &Env<'_>) -> Self {
        Self(env.variables.iter().map(|variable| (variable.name.clone(), variable.value.clone())).collect())
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&String> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Gives a variable its value.
    pub fn set(&mut self, name: &str, value: String) {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }
}

/// One simple command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The program and its arguments, after all expansions but those of file names. What only a run could tell is
    /// [`UNSEEN`](crate::env::UNSEEN).
    pub words: Vec<String>,
    /// What the program finds in its environment.
    pub variables: Variables,
}

/// Everything that `script` calls, in order, with the environment `variables`. Branches of `&&` and `||` are all taken.
/// Variables that are not set here are taken as empty, although an image may set them.
///
/// `None` when the script cannot be followed: conditions, loops, functions, here-documents, or what is no script at all.
pub fn calls(script: &str, variables: Variables, has_arguments: bool) -> Option<Vec<Call>> {
    let mut shell = Shell { script, at: 0, variables, has_arguments, calls: Vec::new(), command: Command::default() };
    shell.run()?;
    Some(shell.calls)
}

struct Shell<'s> {
    script: &'s str,
    /// The next byte. What is special is ASCII, so no other character is ever cut.
    at: usize,
    variables: Variables,
    has_arguments: bool,
    calls: Vec<Call>,
    command: Command,
}

/// The simple command that is being read.
#[derive(Default)]
struct Command {
    assignments: Vec<(String, String)>,
    words: Vec<String>,
    word: Option<Word>,
    /// The next word is the file of a redirection.
    redirected: bool,
    /// It runs only if the one before it failed.
    is_fallback: bool,
}

#[derive(Default)]
struct Word {
    bytes: Vec<u8>,
    /// Some of it is quoted or expanded, so that it is no reserved word.
    quoted: bool,
    /// The length of the name before the first `=`, where the word can be an assignment.
    name: Option<usize>,
}

/// What starts a construct that is not followed.
const CONTROL: &[&str] = &["if", "for", "while", "until", "case", "function", "select", "[[", "trap", "eval"];
/// What may stand before a command and changes nothing about it.
const TRANSPARENT: &[&str] = &["!", "{", "}", "time"];
/// What sets variables by its arguments.
const DECLARING: &[&str] = &["export", "readonly", "local", "declare", "typeset"];

impl<'s> Shell<'s> {
    fn run(&mut self) -> Option<()> {
        let mut quote = None;
        while let Some(c) = self.next() {
            match (quote, c) {
                (Some(open), c) if open == c => quote = None,
                (Some(b'\''), c) => self.push(c),
                (_, b'\\') => self.escape(quote.is_some()),
                (_, b'$') => self.dollar(quote.is_some())?,
                (_, b'`') => {
                    // Its output is known only when it runs.
                    self.until_closed(None, b'`')?;
                    self.push_text(UNSEEN_TEXT);
                }
                (Some(_), c) => self.push(c),
                (None, b'\'' | b'"') => {
                    quote = Some(c);
                    self.quote();
                }
                (None, b'#') if self.command.word.is_none() => {
                    while self.peek().is_some_and(|c| c != b'\n') {
                        self.at += 1;
                    }
                }
                (None, b' ' | b'\t' | b'\r') => self.end_word()?,
                (None, b'(') if self.command.word.is_some() => return None,
                (None, b'\n' | b';' | b'(' | b')' | b'&') => self.end_command(false)?,
                (None, b'|') => {
                    let fallback = self.accept(b'|');
                    self.end_command(fallback)?;
                }
                (None, b'<' | b'>') => self.redirect(c)?,
                (None, c) => {
                    let word = self.command.word.get_or_insert_default();
                    if c == b'=' && !word.quoted && word.name.is_none() && is_name(&word.bytes) {
                        word.name = Some(word.bytes.len());
                    }
                    self.push(c);
                }
            }
        }
        if quote.is_some() { None } else { self.end_command(false) }
    }

    fn peek(&self) -> Option<u8> {
        self.script.as_bytes().get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn accept(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn push(&mut self, byte: u8) {
        self.command.word.get_or_insert_default().bytes.push(byte);
    }

    fn quote(&mut self) {
        self.command.word.get_or_insert_default().quoted = true;
    }

    fn push_text(&mut self, text: &str) {
        self.quote();
        text.bytes().for_each(|byte| self.push(byte));
    }

    fn escape(&mut self, in_quotes: bool) {
        match self.next() {
            None | Some(b'\n') => {}
            Some(c) => {
                self.quote();
                if in_quotes && !b"$`\"\\".contains(&c) {
                    self.push(b'\\');
                }
                self.push(c);
            }
        }
    }

    /// What follows a `$`.
    fn dollar(&mut self, in_quotes: bool) -> Option<()> {
        let start = self.at;
        let value = match self.next() {
            Some(b'{') => {
                let inner = self.until_closed(Some(b'{'), b'}')?;
                self.braces(inner)
            }
            Some(b'(') => {
                self.until_closed(Some(b'('), b')')?;
                UNSEEN_TEXT.to_owned()
            }
            Some(b'@' | b'*') => (if self.has_arguments { UNSEEN_TEXT } else { "" }).to_owned(),
            Some(c) if c.is_ascii_digit() || b"#?$!-".contains(&c) => UNSEEN_TEXT.to_owned(),
            Some(c) if is_of_name(c) => {
                while self.peek().is_some_and(is_of_name) {
                    self.at += 1;
                }
                let name = self.script.get(start..self.at)?;
                self.variables.get(name).cloned().unwrap_or_default()
            }
            // `$'…'` and `$"…"` are quotes of some shells only.
            Some(b'\'' | b'"') if !in_quotes => return None,
            _ => {
                self.at = start;
                "$".to_owned()
            }
        };
        if in_quotes || self.command.word.as_ref().is_some_and(|word| word.name.is_some()) {
            self.push_text(&value);
            return Some(());
        }
        // Unquoted values are split at blanks; quotes in them are ordinary characters.
        for byte in value.bytes() {
            if byte.is_ascii_whitespace() {
                self.end_word()?;
            } else {
                self.quote();
                self.push(byte);
            }
        }
        Some(())
    }

    /// Everything up to what closes a bracket that was opened.
    fn until_closed(&mut self, open: Option<u8>, close: u8) -> Option<&'s str> {
        let start = self.at;
        let mut depth = 1_usize;
        while depth > 0 {
            match self.next()? {
                b'\\' => drop(self.next()),
                c if c == close => depth -= 1,
                c if Some(c) == open => depth += 1,
                _ => {}
            }
        }
        self.script.get(start..self.at - 1)
    }

    /// What `${inner}` stands for.
    fn braces(&self, inner: &str) -> String {
        let (name, default) = match inner.split_once(['-', '=']) {
            Some((name, default)) => (name, default),
            None => (inner, ""),
        };
        let (name, takes_empty) = match name.strip_suffix(':') {
            Some(name) => (name, false),
            None => (name, true),
        };
        if !is_name(name.as_bytes()) {
            return UNSEEN_TEXT.to_owned();
        }
        match self.variables.get(name) {
            Some(value) if takes_empty || !value.is_empty() => value.clone(),
            _ if default.contains(['$', '`', '"', '\'', '\\']) => UNSEEN_TEXT.to_owned(),
            _ => default.to_owned(),
        }
    }

    fn redirect(&mut self, c: u8) -> Option<()> {
        // The number before it names the file that is redirected.
        if self.command.word.as_ref().is_some_and(|word| word.bytes.iter().all(u8::is_ascii_digit)) {
            self.command.word = None;
        }
        self.end_word()?;
        if self.accept(c) && c == b'<' {
            return None;
        }
        let _ = self.accept(b'&') || self.accept(b'|') || self.accept(b'>');
        self.command.redirected = true;
        Some(())
    }

    fn end_word(&mut self) -> Option<()> {
        let Some(word) = self.command.word.take() else { return Some(()) };
        if std::mem::take(&mut self.command.redirected) {
            return Some(());
        }
        let mut text = String::from_utf8(word.bytes).ok()?;
        let is_first = self.command.words.is_empty();
        if is_first && !word.quoted {
            if CONTROL.contains(&text.as_str()) {
                return None;
            }
            if TRANSPARENT.contains(&text.as_str()) {
                return Some(());
            }
        }
        match word.name {
            Some(name) if is_first || self.command.declares() => {
                let value = text.split_off(name + 1);
                text.truncate(name);
                self.command.assignments.push((text, value));
            }
            _ => self.command.words.push(text),
        }
        Some(())
    }

    fn end_command(&mut self, next_is_fallback: bool) -> Option<()> {
        self.end_word()?;
        let fallback = Command { is_fallback: next_is_fallback, ..Command::default() };
        let command = std::mem::replace(&mut self.command, fallback);
        let keeps = command.words.is_empty() || command.declares();
        let before = if keeps { None } else { Some(self.variables.clone()) };
        for (name, value) in command.assignments {
            let is_sure = !(keeps && command.is_fallback);
            self.variables.set(&name, if is_sure { value } else { UNSEEN_TEXT.to_owned() });
        }
        if let Some(before) = before {
            let variables = std::mem::replace(&mut self.variables, before);
            self.calls.push(Call { words: command.words, variables });
        }
        Some(())
    }
}

impl Command {
    fn declares(&self) -> bool {
        self.words.first().is_some_and(|program| DECLARING.contains(&program.as_str()))
    }
}

/// [`UNSEEN`](crate::env::UNSEEN) as a text.
const UNSEEN_TEXT: &str = "\u{ffff}";

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn is_name(text: &[u8]) -> bool {
    text.first().is_some_and(|first| !first.is_ascii_digit()) && text.iter().all(|byte| is_of_name(*byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(script: &str) -> Option<Vec<Vec<String>>> {
        let variables = [("OPTS", "-Xmx1g -Xms1g"), ("QUOTED", "\"a b\"")];
        let variables = Variables(variables.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec());
        Some(calls(script, variables, false)?.into_iter().map(|call| call.words).collect())
    }

    #[test]
    fn splits_like_a_shell() {
        for (script, expected) in [
            ("java -Xmx1g -jar app.jar", &[&["java", "-Xmx1g", "-jar", "app.jar"] as &[&str]] as &[&[&str]]),
            ("cd /app && exec java -jar 'my app.jar'", &[&["cd", "/app"], &["exec", "java", "-jar", "my app.jar"]]),
            ("a; b | c & d\ne", &[&["a"], &["b"], &["c"], &["d"], &["e"]]),
            ("java $OPTS -jar a", &[&["java", "-Xmx1g", "-Xms1g", "-jar", "a"]]),
            ("java ${OPTS} \"$OPTS\"", &[&["java", "-Xmx1g", "-Xms1g", "-Xmx1g -Xms1g"]]),
            ("java '$OPTS' \\$OPTS", &[&["java", "$OPTS", "$OPTS"]]),
            ("java $QUOTED", &[&["java", "\"a", "b\""]]),
            ("java $NOTHING -x", &[&["java", "-x"]]),
            ("java ${NOTHING:-\u{2d}Xmx2g}", &[&["java", "-Xmx2g"]]),
            ("java -x # -Xmx8g", &[&["java", "-x"]]),
            ("java a#b", &[&["java", "a#b"]]),
            ("OPTS=-Xmx3g; java $OPTS", &[&["java", "-Xmx3g"]]),
            ("export OPTS=\"-Xmx3g -x\"; java $OPTS", &[&["java", "-Xmx3g", "-x"]]),
            ("OPTS=-Xmx3g java $OPTS", &[&["java", "-Xmx1g", "-Xms1g"]]),
            ("java -Xmx`free`m", &[&["java", "-Xmx\u{ffff}m"]]),
            ("java -Xmx$(free)m", &[&["java", "-Xmx\u{ffff}m"]]),
            ("java -Xmx$((1024*2))m", &[&["java", "-Xmx\u{ffff}m"]]),
            ("java > /log 2>&1 < in -x", &[&["java", "-x"]]),
            ("java \\\n -x", &[&["java", "-x"]]),
            ("java \"\" 'a'b\"c\"", &[&["java", "", "abc"]]),
            ("(cd a; ! { b; })", &[&["cd", "a"], &["b"]]),
            ("java -Da=b c=d", &[&["java", "-Da=b", "c=d"]]),
            ("", &[]),
        ] {
            let expected: Vec<Vec<String>> =
                expected.iter().map(|words| words.iter().map(|word| (*word).to_owned()).collect()).collect();
            assert_eq!(words(script), Some(expected), "{script}");
        }
    }

    #[test]
    fn gives_up_where_a_run_is_needed() {
        for script in [
            "if true; then java; fi",
            "for f in *; do java $f; done",
            "java 'open",
            "java \"open",
            "java <<EOF\nx\nEOF",
            "f() { java; }",
            "java ${OPEN",
            "java $'a'",
        ] {
            assert_eq!(words(script), None, "{script}");
        }
    }

    #[test]
    fn gives_a_command_its_own_variables() {
        let calls = calls("A=1 ./run.sh; B=2; ./run.sh || B=3; ./run.sh", Variables::new(), false).expect("a script");
        let seen = |index: usize, name| calls[index].variables.get(name).map(String::as_str);
        assert_eq!((seen(0, "A"), seen(0, "B")), (Some("1"), None));
        assert_eq!((seen(1, "A"), seen(1, "B")), (None, Some("2")));
        assert_eq!(seen(2, "B"), Some("\u{ffff}"));
    }

    proptest! {
        #[test]
        fn never_panics(script in "[a-zA-Z=$(){}'\"`\\\\ \n;&|<>#!0-9@:~-]{0,60}|\\PC*") {
            let _ = calls(&script, Variables::new(), true);
        }

        #[test]
        fn single_quotes_keep_everything(text in "[^']{0,30}") {
            prop_assert_eq!(words(&format!("echo '{text}'")), Some(vec![vec!["echo".to_owned(), text]]));
        }
    }
}
