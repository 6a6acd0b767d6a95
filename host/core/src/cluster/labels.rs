//! Label selectors.

use super::AskError;

/// Requirements on labels; all must hold.
///
/// Source: `k8s.io/apimachinery/pkg/labels`, whose grammar this is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LabelSelector(Vec<Requirement>);

/// What must hold for one label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Requirement {
    /// The label's key.
    pub(crate) key: String,
    /// What its value must be like.
    pub(crate) condition: Condition,
}

/// What a label's value must be like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Condition {
    /// There is one.
    Exists,
    /// There is none.
    Missing,
    /// `=`, `==` and `in`.
    In(Vec<String>),
    /// `!=` and `notin`; a missing label is none of the values.
    NotIn(Vec<String>),
    /// `>`
    Above(i64),
    /// `<`
    Below(i64),
}

impl LabelSelector {
    /// A selector with these requirements.
    pub(crate) fn of(requirements: Vec<Requirement>) -> Self {
        Self(requirements)
    }

    /// Reads `a=b`, `a==b`, `a!=b`, `a in (x,y)`, `a notin (x)`, `a>1`, `a<1`, `a` and `!a`, joined by commas; an empty
    /// text selects everything.
    pub(super) fn parse(text: &str) -> Result<Self, AskError> {
        let refuse = |reason| AskError::LabelSelector { selector: text.to_owned(), reason };
        let mut tokens = Tokens::new(text);
        let mut requirements = Vec::new();
        if tokens.peek() == Token::End {
            return Ok(Self(requirements));
        }
        loop {
            requirements.push(requirement(&mut tokens).map_err(refuse)?);
            match tokens.next() {
                Token::End => return Ok(Self(requirements)),
                Token::Symbol(",") => {}
                other => return Err(refuse(format!("{other} where `,` or the end is expected"))),
            }
        }
    }

    /// Whether an object is selected whose labels `label` looks up.
    pub(crate) fn matches<'o>(&self, label: impl Fn(&str) -> Option<&'o str>) -> bool {
        self.0.iter().all(|requirement| requirement.condition.holds(label(&requirement.key)))
    }
}

impl Condition {
    fn holds(&self, value: Option<&str>) -> bool {
        let number = || value.and_then(|value| value.parse::<i64>().ok());
        match self {
            Self::Exists => value.is_some(),
            Self::Missing => value.is_none(),
            Self::In(values) => value.is_some_and(|value| values.iter().any(|known| known == value)),
            Self::NotIn(values) => value.is_none_or(|value| values.iter().all(|known| known != value)),
            Self::Above(bound) => number().is_some_and(|number| number > *bound),
            Self::Below(bound) => number().is_some_and(|number| number < *bound),
        }
    }
}

fn requirement(tokens: &mut Tokens<'_>) -> Result<Requirement, String> {
    let negated = tokens.accept("!");
    let key = match tokens.next() {
        Token::Word(key) if is_key(key) => key.to_owned(),
        Token::Word(key) => return Err(format!("`{key}` cannot be the key of a label")),
        other => return Err(format!("{other} where a key is expected")),
    };
    if negated {
        return Ok(Requirement { key, condition: Condition::Missing });
    }
    if matches!(tokens.peek(), Token::End | Token::Symbol(",")) {
        return Ok(Requirement { key, condition: Condition::Exists });
    }
    let condition = match tokens.next() {
        Token::Symbol("=" | "==") => Condition::In(vec![value(tokens)?]),
        Token::Symbol("!=") => Condition::NotIn(vec![value(tokens)?]),
        Token::Symbol(">") => Condition::Above(number(tokens)?),
        Token::Symbol("<") => Condition::Below(number(tokens)?),
        Token::Word("in") => Condition::In(values(tokens)?),
        Token::Word("notin") => Condition::NotIn(values(tokens)?),
        other => return Err(format!("{other} where an operator is expected")),
    };
    Ok(Requirement { key, condition })
}

/// One value; nothing at all is the empty one.
fn value(tokens: &mut Tokens<'_>) -> Result<String, String> {
    match tokens.peek() {
        Token::End | Token::Symbol("," | ")") => Ok(String::new()),
        Token::Word(word) if is_value(word) => {
            tokens.next();
            Ok(word.to_owned())
        }
        Token::Word(word) => Err(format!("`{word}` cannot be the value of a label")),
        other => Err(format!("{other} where a value is expected")),
    }
}

fn number(tokens: &mut Tokens<'_>) -> Result<i64, String> {
    let text = value(tokens)?;
    text.parse().map_err(|_| format!("`{text}` is not a whole number"))
}

/// Values in brackets, at least one.
fn values(tokens: &mut Tokens<'_>) -> Result<Vec<String>, String> {
    if !tokens.accept("(") {
        return Err(format!("{} where `(` is expected", tokens.peek()));
    }
    if tokens.peek() == Token::Symbol(")") {
        return Err("there is no value in `()`".to_owned());
    }
    let mut values = Vec::new();
    loop {
        values.push(value(tokens)?);
        match tokens.next() {
            Token::Symbol(")") => return Ok(values),
            Token::Symbol(",") => {}
            other => return Err(format!("{other} where `,` or `)` is expected")),
        }
    }
}

/// `[<DNS subdomain>/]<name>`
pub(crate) fn is_key(text: &str) -> bool {
    let (prefix, name) = text.split_once('/').map_or((None, text), |(prefix, name)| (Some(prefix), name));
    !name.is_empty() && is_value(name) && prefix.is_none_or(is_subdomain)
}

/// Up to 63 letters, digits, `-`, `_` and `.`, with a letter or a digit at both ends; or nothing.
pub(crate) fn is_value(text: &str) -> bool {
    text.len() <= 63
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        && !text.starts_with(['-', '_', '.'])
        && !text.ends_with(['-', '_', '.'])
}

fn is_subdomain(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(is_label)
}

/// What a selector is written with.
const SYMBOLS: [&str; 9] = ["==", "!=", "=", "!", "(", ")", ",", ">", "<"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    Word(&'a str),
    Symbol(&'static str),
    End,
}

impl std::fmt::Display for Token<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Word(text) | Self::Symbol(text) => write!(f, "`{text}`"),
            Self::End => f.write_str("the end"),
        }
    }
}

struct Tokens<'a> {
    rest: &'a str,
}

impl<'a> Tokens<'a> {
    fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    fn next(&mut self) -> Token<'a> {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
        if let Some((symbol, rest)) = SYMBOLS.iter().find_map(|s| Some((*s, self.rest.strip_prefix(s)?))) {
            self.rest = rest;
            return Token::Symbol(symbol);
        }
        let end = self.rest.find([' ', '\t', '\r', '\n', '=', '!', '(', ')', ',', '>', '<']);
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        if word.is_empty() { Token::End } else { Token::Word(word) }
    }

    fn peek(&self) -> Token<'a> {
        Tokens { rest: self.rest }.next()
    }

    fn accept(&mut self, symbol: &str) -> bool {
        let found = matches!(self.peek(), Token::Symbol(next) if next == symbol);
        if found {
            self.next();
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::{Condition, LabelSelector, is_key, is_value};
    use proptest::prelude::*;

    /// The labels `app: web` and `tier: "3"`.
    fn label(key: &str) -> Option<&'static str> {
        match key {
            "app" => Some("web"),
            "tier" => Some("3"),
            _ => None,
        }
    }

    fn selects(selector: &str) -> bool {
        LabelSelector::parse(selector).unwrap_or_else(|error| panic!("{error}")).matches(label)
    }

    #[test]
    fn selects_by_every_operator() {
        for selector in [
            "",
            " ",
            "app",
            "!other",
            "! other",
            "app=web",
            "app == web",
            "app!=db",
            "other!=web",
            "app in (db, web)",
            "app in(web)",
            "app notin (db)",
            "other notin (web)",
            "app notin (,)",
            "tier>2",
            "tier < 4",
            "app,tier in (3),!other",
            "app=web,tier=3",
            "other!=",
        ] {
            assert!(selects(selector), "{selector}");
        }
        for selector in [
            "other",
            "!app",
            "app=db",
            "app=",
            "app=,tier",
            "app!=web",
            "app in (db)",
            "app in (,db)",
            "other in (web)",
            "app notin (web, db)",
            "tier>3",
            "tier<3",
            "app>1",
            "other<9",
            "app=web,tier=4",
            "app=Web",
        ] {
            assert!(!selects(selector), "{selector}");
        }
    }

    #[test]
    fn keywords_can_be_keys_and_values() {
        for selector in ["in in (in)", "notin=in", "in", "!in"] {
            assert!(LabelSelector::parse(selector).is_ok(), "{selector}");
        }
    }

    #[test]
    fn refuses_what_kubernetes_refuses() {
        let long = "a".repeat(64);
        for selector in [
            ",",
            "app,",
            ",app",
            "app,,tier",
            "=web",
            "!",
            "!!app",
            "!app=web",
            "app web",
            "app=web tier",
            "app===web",
            "app=!web",
            "app in",
            "app in web",
            "app in ()",
            "app in (web",
            "app in web)",
            "app in (web))",
            "app in (a b)",
            "app exists",
            "app>web",
            "app>",
            "app=(web)",
            "-app",
            "app=web-",
            "a/b/c",
            "/app",
            "app/",
            "Example.com/app",
            "äpp",
            "app=wéb",
            "(app)",
            long.as_str(),
        ] {
            assert!(LabelSelector::parse(selector).is_err(), "{selector}");
        }
    }

    #[test]
    fn keys_have_a_domain() {
        for key in ["app", "app.kubernetes.io/name", "a_B-1.c"] {
            assert!(is_key(key), "{key}");
        }
        for key in ["", "a/", "/a", "a..b/c", "A/b", ".a", "a/b/c"] {
            assert!(!is_key(key), "{key}");
        }
    }

    /// A selector as Kubernetes prints it.
    fn written(selector: &LabelSelector) -> String {
        let one = |key: &str, condition: &Condition| match condition {
            Condition::Exists => key.to_owned(),
            Condition::Missing => format!("!{key}"),
            Condition::In(values) => format!("{key} in ({})", values.join(",")),
            Condition::NotIn(values) => format!("{key} notin ({})", values.join(",")),
            Condition::Above(bound) => format!("{key}>{bound}"),
            Condition::Below(bound) => format!("{key}<{bound}"),
        };
        selector.0.iter().map(|r| one(&r.key, &r.condition)).collect::<Vec<_>>().join(",")
    }

    proptest! {
        /// Any text is read or refused, and what is read has sound keys and values and means the same when it is written
        /// again.
        #[test]
        fn reads_or_refuses(text in "[a-c1/._äin(),=!<> -]{0,24}") {
            if let Ok(selector) = LabelSelector::parse(&text) {
                for requirement in &selector.0 {
                    prop_assert!(is_key(&requirement.key));
                    if let Condition::In(values) | Condition::NotIn(values) = &requirement.condition {
                        prop_assert!(!values.is_empty() && values.iter().all(|value| is_value(value)));
                    }
                }
                if written(&selector).contains("()") {
                    // `a=` is the one way to write a single empty value.
                    return Ok(());
                }
                prop_assert_eq!(LabelSelector::parse(&written(&selector)), Ok(selector));
            }
        }

        #[test]
        fn never_panics(text in any::<String>()) {
            let _ = LabelSelector::parse(&text);
        }
    }
}
