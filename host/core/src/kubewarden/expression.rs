//! The expression of a policy group: which answers of the members accept the object.

use std::collections::BTreeSet;
use thiserror::Error;

/// How deeply an expression may be nested.
const MAX_DEPTH: usize = 64;
/// How many words and symbols it may have.
const MAX_TOKENS: usize = 1024;

/// Words that cannot name a member: those that CEL reserves, and the keywords and reserved words of Rhai. The controller
/// reads expressions as the one, the policy-server evaluates them as the other.
const RESERVED: [&str; 69] = [
    "Fn",
    "as",
    "async",
    "await",
    "break",
    "call",
    "case",
    "catch",
    "const",
    "continue",
    "curry",
    "debug",
    "default",
    "do",
    "else",
    "eval",
    "exit",
    "export",
    "extern",
    "false",
    "fn",
    "for",
    "function",
    "global",
    "go",
    "goto",
    "if",
    "import",
    "in",
    "is",
    "is_def_fn",
    "is_def_var",
    "is_shared",
    "let",
    "loop",
    "match",
    "module",
    "namespace",
    "new",
    "nil",
    "null",
    "package",
    "print",
    "private",
    "protected",
    "public",
    "return",
    "shared",
    "spawn",
    "static",
    "super",
    "switch",
    "sync",
    "this",
    "thread",
    "throw",
    "true",
    "try",
    "type_of",
    "unless",
    "until",
    "use",
    "var",
    "void",
    "while",
    "with",
    "yield",
    "begin",
    "end",
];

/// A boolean expression over the members of a group.
///
/// It is the subset that CEL and Rhai have in common: `&& || ! ( )`, `==` and `!=`, `true` and `false`, and calls without
/// arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expression {
    root: Node,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    Constant(bool),
    /// A member's answer.
    Call(String),
    Not(Box<Node>),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    Equal(Box<Node>, Box<Node>),
    NotEqual(Box<Node>, Box<Node>),
}

/// Why an expression cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ExpressionError {
    /// Something stands where something else is expected.
    #[error("{found} in column {column} of the expression where {expected} is expected")]
    Unexpected {
        /// What stands there.
        found: String,
        /// The column in characters, from 1.
        column: usize,
        /// What should.
        expected: &'static str,
    },
    /// There is no such member.
    #[error("the group has no policy `{name}`")]
    UnknownMember {
        /// The name.
        name: String,
        /// The nearest that there is, or all of them.
        known: String,
    },
    /// A member's name is none that both languages can spell.
    #[error("`{name}` cannot name a policy of a group: {reason}")]
    MemberName {
        /// The name.
        name: String,
        /// Why not.
        reason: &'static str,
    },
    /// The expression is nested too deeply.
    #[error("it is nested more than {MAX_DEPTH} levels deep")]
    TooDeep,
    /// The expression is too long.
    #[error("it has more than {MAX_TOKENS} words and symbols")]
    TooLong,
}

impl ExpressionError {
    /// What to write instead.
    pub(super) fn help(&self) -> Option<String> {
        match self {
            Self::Unexpected { .. } => {
                Some("an expression has calls such as `signed()`, `&&`, `||`, `!`, `==`, `!=`, brackets, `true` and `false`; more is not the same for Kubewarden's controller and its policy-server".to_owned())
            }
            Self::UnknownMember { known, .. } => Some(known.clone()),
            Self::MemberName { .. } => Some("use letters, digits and `_`, such as `signed_image`".to_owned()),
            Self::TooDeep | Self::TooLong => None,
        }
    }
}

/// Checks that the expression can call a member of this name.
///
/// # Errors
/// When one of the two languages reads the name as something else.
pub(super) fn check_name(name: &str) -> Result<(), ExpressionError> {
    let refuse = |reason| Err(ExpressionError::MemberName { name: name.to_owned(), reason });
    let begins = name.starts_with(|first: char| first == '_' || first.is_ascii_alphabetic());
    if !begins || !name.chars().all(is_word) {
        return refuse("it is no name in an expression");
    }
    if RESERVED.contains(&name) {
        return refuse("the word means something else in an expression");
    }
    if !name.contains(|letter: char| letter.is_ascii_alphanumeric()) {
        return refuse("it has neither letters nor digits");
    }
    Ok(())
}

impl Expression {
    /// Reads an expression over these members.
    ///
    /// # Errors
    /// When it cannot be understood, or names none of them.
    pub fn parse(text: &str, members: &[&str]) -> Result<Self, ExpressionError> {
        let tokens = tokens(text)?;
        if tokens.len() > MAX_TOKENS {
            return Err(ExpressionError::TooLong);
        }
        let mut parser = Parser { tokens, at: 0, members };
        let root = parser.or(0)?;
        match parser.next() {
            (Token::End, _) => Ok(Self { root }),
            (token, column) => Err(unexpected(&token, column, "`&&`, `||`, `==`, `!=` or the end")),
        }
    }

    /// The members that it names.
    #[must_use]
    pub fn members(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        collect(&self.root, &mut names);
        names
    }

    /// Evaluates the expression. A member is asked only when its answer counts, and may be asked more than once.
    ///
    /// # Errors
    /// The first error of a member: what a group says about an answer that is not there would be made up.
    pub fn evaluate<E>(&self, ask: &mut impl FnMut(&str) -> Result<bool, E>) -> Result<bool, E> {
        evaluate(&self.root, ask)
    }
}

fn evaluate<E>(node: &Node, ask: &mut impl FnMut(&str) -> Result<bool, E>) -> Result<bool, E> {
    Ok(match node {
        Node::Constant(value) => *value,
        Node::Call(name) => ask(name)?,
        Node::Not(node) => !evaluate(node, ask)?,
        Node::And(a, b) => evaluate(a, ask)? && evaluate(b, ask)?,
        Node::Or(a, b) => evaluate(a, ask)? || evaluate(b, ask)?,
        Node::Equal(a, b) => evaluate(a, ask)? == evaluate(b, ask)?,
        Node::NotEqual(a, b) => evaluate(a, ask)? != evaluate(b, ask)?,
    })
}

fn collect<'n>(node: &'n Node, names: &mut BTreeSet<&'n str>) {
    match node {
        Node::Constant(_) => {}
        Node::Call(name) => {
            names.insert(name);
        }
        Node::Not(node) => collect(node, names),
        Node::And(a, b) | Node::Or(a, b) | Node::Equal(a, b) | Node::NotEqual(a, b) => {
            collect(a, names);
            collect(b, names);
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    Symbol(&'static str),
    End,
}

const SYMBOLS: [&str; 7] = ["&&", "||", "==", "!=", "!", "(", ")"];

fn is_word(letter: char) -> bool {
    letter == '_' || letter.is_ascii_alphanumeric()
}

fn tokens(text: &str) -> Result<Vec<(Token, usize)>, ExpressionError> {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\r', '\n']);
        let column = text.chars().count() - rest.chars().count() + 1;
        let Some(first) = rest.chars().next() else {
            found.push((Token::End, column));
            return Ok(found);
        };
        if let Some((symbol, after)) = SYMBOLS.iter().find_map(|s| Some((*s, rest.strip_prefix(s)?))) {
            found.push((Token::Symbol(symbol), column));
            rest = after;
        } else if is_word(first) {
            let end = rest.find(|letter| !is_word(letter)).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            found.push((Token::Word(word.to_owned()), column));
            rest = after;
        } else {
            let expected = "a call, an operator or a bracket";
            return Err(ExpressionError::Unexpected { found: format!("`{first}`"), column, expected });
        }
    }
}

struct Parser<'m> {
    tokens: Vec<(Token, usize)>,
    at: usize,
    members: &'m [&'m str],
}

impl Parser<'_> {
    fn next(&mut self) -> (Token, usize) {
        let token = self.tokens.get(self.at).or(self.tokens.last()).cloned().unwrap_or((Token::End, 1));
        self.at += 1;
        token
    }

    fn accept(&mut self, symbol: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some((Token::Symbol(next), _)) if *next == symbol);
        self.at += usize::from(found);
        found
    }

    fn or(&mut self, depth: usize) -> Result<Node, ExpressionError> {
        let mut node = self.and(depth)?;
        while self.accept("||") {
            node = Node::Or(Box::new(node), Box::new(self.and(depth)?));
        }
        Ok(node)
    }

    fn and(&mut self, depth: usize) -> Result<Node, ExpressionError> {
        let mut node = self.equality(depth)?;
        while self.accept("&&") {
            node = Node::And(Box::new(node), Box::new(self.equality(depth)?));
        }
        Ok(node)
    }

    fn equality(&mut self, depth: usize) -> Result<Node, ExpressionError> {
        let mut node = self.unary(depth)?;
        loop {
            node = if self.accept("==") {
                Node::Equal(Box::new(node), Box::new(self.unary(depth)?))
            } else if self.accept("!=") {
                Node::NotEqual(Box::new(node), Box::new(self.unary(depth)?))
            } else {
                return Ok(node);
            };
        }
    }

    fn unary(&mut self, depth: usize) -> Result<Node, ExpressionError> {
        if depth > MAX_DEPTH {
            return Err(ExpressionError::TooDeep);
        }
        if self.accept("!") {
            return Ok(Node::Not(Box::new(self.unary(depth + 1)?)));
        }
        if self.accept("(") {
            let node = self.or(depth + 1)?;
            self.expect(")", "`)`")?;
            return Ok(node);
        }
        match self.next() {
            (Token::Word(word), _) if word == "true" || word == "false" => Ok(Node::Constant(word == "true")),
            (Token::Word(name), _) => {
                self.expect("(", "`()` behind the policy's name")?;
                self.expect(")", "`)`: a policy takes no arguments")?;
                if self.members.contains(&name.as_str()) {
                    return Ok(Node::Call(name));
                }
                let known = self.known(&name);
                Err(ExpressionError::UnknownMember { name, known })
            }
            (token, column) => Err(unexpected(&token, column, "a call such as `signed()`")),
        }
    }

    fn expect(&mut self, symbol: &'static str, expected: &'static str) -> Result<(), ExpressionError> {
        if self.accept(symbol) {
            return Ok(());
        }
        let (token, column) = self.next();
        Err(unexpected(&token, column, expected))
    }

    fn known(&self, name: &str) -> String {
        match super::field::nearest(name, self.members.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                let members: Vec<_> = self.members.iter().map(|member| format!("`{member}`")).collect();
                format!("its policies are {}", members.join(", "))
            }
        }
    }
}

fn unexpected(token: &Token, column: usize, expected: &'static str) -> ExpressionError {
    let found = match token {
        Token::Word(word) => format!("`{word}`"),
        Token::Symbol(symbol) => format!("`{symbol}`"),
        Token::End => "the end".to_owned(),
    };
    ExpressionError::Unexpected { found, column, expected }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MEMBERS: [&str; 3] = ["yes", "no", "broken"];

    /// The value, and who was asked.
    fn value(text: &str) -> (Result<bool, String>, Vec<String>) {
        let expression = Expression::parse(text, &MEMBERS).unwrap_or_else(|error| panic!("{text}: {error}"));
        let mut asked = Vec::new();
        let value = expression.evaluate(&mut |name: &str| {
            asked.push(name.to_owned());
            match name {
                "broken" => Err("broken".to_owned()),
                name => Ok(name == "yes"),
            }
        });
        (value, asked)
    }

    #[test]
    fn operators_bind_as_in_both_languages() {
        for (text, expected) in [
            ("yes()", true),
            ("!yes()", false),
            ("!!yes()", true),
            ("yes() || no() && no()", true),
            ("(yes() || no()) && no()", false),
            ("!no() == yes()", true),
            ("no() == no() && no()", false),
            ("yes() != no() || no()", true),
            ("no() == no() == no()", false),
            ("true && !false", true),
            (" yes ( )\n&&\tyes() ", true),
        ] {
            assert_eq!(value(text).0, Ok(expected), "{text}");
        }
    }

    #[test]
    fn members_whose_answer_does_not_count_are_not_asked() {
        for (text, asked) in [
            ("yes() || broken()", vec!["yes"]),
            ("no() && broken()", vec!["no"]),
            ("yes() == no()", vec!["yes", "no"]),
            ("false && broken()", vec![]),
        ] {
            assert_eq!(value(text).1, asked, "{text}");
        }
    }

    #[test]
    fn an_error_of_a_member_is_no_answer() {
        for text in ["broken()", "!broken()", "no() || broken()", "yes() == broken()"] {
            assert!(value(text).0.is_err(), "{text}");
        }
    }

    #[test]
    fn what_only_one_language_knows_is_refused() {
        for (text, word) in [
            ("", "the end in column 1"),
            ("yes", "the end in column 4"),
            ("yes() &", "`&` in column 7"),
            ("yes() & no()", "`&`"),
            ("yes() ^ no()", "`^`"),
            ("yes() ? no() : yes()", "`?`"),
            ("yes(1)", "`1` in column 5"),
            ("yes() no()", "`no`"),
            ("(yes()", "the end"),
            ("yes())", "`)`"),
            ("1 == 1", "`==`"),
            ("let x = yes()", "`=`"),
            ("yes();", "`;`"),
            ("if yes() { no() }", "`{`"),
            ("sígned()", "`í`"),
        ] {
            let error = Expression::parse(text, &MEMBERS).unwrap_err();
            assert!(matches!(error, ExpressionError::Unexpected { .. }), "{text}: {error}");
            assert!(error.to_string().contains(word), "{text}: {error}");
        }
        assert_eq!(Expression::parse(&"!".repeat(1000), &MEMBERS), Err(ExpressionError::TooDeep));
        assert_eq!(Expression::parse(&"!".repeat(10_000), &MEMBERS), Err(ExpressionError::TooLong));
    }

    #[test]
    fn unknown_members_are_named_with_the_nearest() {
        let error = Expression::parse("yes() || brokn()", &MEMBERS).unwrap_err();
        assert_eq!(error.to_string(), "the group has no policy `brokn`");
        assert_eq!(error.help().unwrap(), "did you mean `broken`?");
        let error = Expression::parse("x()", &MEMBERS).unwrap_err();
        assert_eq!(error.help().unwrap(), "its policies are `yes`, `no`, `broken`");
    }

    #[test]
    fn names_are_those_that_both_languages_can_spell() {
        for name in ["signed", "_x", "a1", "signed_image"] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        for name in ["", "1a", "a-b", "a.b", "default", "call", "in", "true", "package", "try", "_", "é"] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_text_is_read_without_panic(text in "[!&|=() a-z]{0,40}") {
            let _ = Expression::parse(&text, &MEMBERS);
        }
    }
}
