//! What a container finds in its environment, as far as the manifest and its ConfigMaps tell.
//!
//! Source: `makeEnvironment` in `k8s.io/kubernetes/pkg/kubelet`, and `Expand` in
//! `k8s.io/kubernetes/third_party/forked/golang/expansion`.

use std::borrow::Cow;

use crate::json::{Kind, Node, Tape};

/// Stands in a value for text that cannot be seen here. No Unicode text holds this character.
pub const UNSEEN: char = '\u{ffff}';

/// One variable, as the container finds it.
#[derive(Debug, Clone)]
pub struct Variable<'a> {
    /// Its name.
    pub name: String,
    /// Its value with all `$(VAR)` replaced; [`UNSEEN`] where it, or a part of it, cannot be seen.
    pub value: String,
    /// Where it is set: its value, or the entry of `env` or `envFrom` that leads to it.
    pub node: Node<'a>,
    /// What holds the value when the manifest does not, in words.
    pub source: Option<Source>,
}

/// What holds a value that the manifest does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The ConfigMap of this name.
    ConfigMap(String),
    /// The Secret of this name; Secrets are never read.
    Secret(String),
    /// The running pod: `fieldRef`, `resourceFieldRef`, a file of a volume.
    Pod,
}

/// The variables of one container, without those that only the image sets.
#[derive(Debug, Clone, Default)]
pub struct Env<'a> {
    /// Each name once, with the value that wins.
    pub variables: Vec<Variable<'a>>,
    /// The entries of `envFrom` whose contents cannot be seen: they may set any variable.
    pub unseen: Vec<(Source, Node<'a>)>,
}

impl<'a> Env<'a> {
    /// Reads `env` and `envFrom` of a container. `config_map` gives the ConfigMap of a name as JSON, when it can be
    /// seen. It is asked about a single key only where `is_wanted` says that the variable matters or another text of
    /// the container speaks of it; the others stay unseen.
    pub fn of(
        container: Node<'a>,
        config_map: &dyn Fn(&str) -> Option<String>,
        is_wanted: &dyn Fn(&str) -> bool,
    ) -> Self {
        let mut env = Self::default();
        for entry in entries(container, "envFrom") {
            let source = source(entry, "configMapRef", "secretRef");
            match follow(&source, config_map) {
                Some(data) => {
                    let prefix = entry.string("prefix").unwrap_or_default();
                    for (key, value) in data {
                        env.set(format!("{prefix}{key}"), value, entry, Some(source.clone()));
                    }
                }
                None => env.unseen.push((source, entry)),
            }
        }
        for entry in entries(container, "env") {
            let Some(name) = entry.string("name") else { continue };
            match entry.string("value").filter(|value| !value.is_empty()) {
                None if entry.field("valueFrom").is_some() => {
                    let matters = is_wanted(&name) || is_spoken_of(container, &name);
                    let config_map: &dyn Fn(&str) -> Option<String> = if matters { config_map } else { &|_| None };
                    env.read_reference(entry, name.into_owned(), config_map);
                }
                value => {
                    let value = env.expand(&value.unwrap_or_default());
                    env.set(name.into_owned(), value, entry.field("value").unwrap_or(entry), None);
                }
            }
        }
        env
    }

    /// The variable of that name.
    pub fn get(&self, name: &str) -> Option<&Variable<'a>> {
        self.variables.iter().find(|variable| variable.name == name)
    }

    /// A text of `command` or `args` as the container gets it.
    pub fn expand(&self, text: &str) -> String {
        expand(text, &|name| self.get(name).map(|variable| variable.value.as_str()))
    }

    /// A variable with `valueFrom`.
    fn read_reference(&mut self, entry: Node<'a>, name: String, config_map: &dyn Fn(&str) -> Option<String>) {
        let Some(from) = entry.object("valueFrom") else { return };
        let source = source(from, "configMapKeyRef", "secretKeyRef");
        let value = match follow(&source, config_map) {
            Some(data) => {
                let key = from.object("configMapKeyRef").and_then(|reference| reference.string("key"));
                let found = data.into_iter().find(|(name, _)| key.as_deref() == Some(name));
                // A key that is not there sets nothing: the variable keeps what `envFrom` gave it.
                let Some((_, value)) = found else { return };
                value
            }
            None => UNSEEN.to_string(),
        };
        self.set(name, value, entry, Some(source));
    }

    /// The last value of a name wins.
    fn set(&mut self, name: String, value: String, node: Node<'a>, source: Option<Source>) {
        self.variables.retain(|variable| variable.name != name);
        self.variables.push(Variable { name, value, node, source });
    }
}

/// The mappings in a list.
fn entries<'a>(container: Node<'a>, key: &str) -> Vec<Node<'a>> {
    container.objects(key).collect()
}

/// What a reference leads to.
fn source(from: Node<'_>, config_map: &str, secret: &str) -> Source {
    let name = |kind: &str| from.object(kind)?.string("name").map(Cow::into_owned);
    match name(config_map) {
        Some(name) => Source::ConfigMap(name),
        None => name(secret).map_or(Source::Pod, Source::Secret),
    }
}

/// The `data` of the ConfigMap, when it is one and can be seen.
fn follow(source: &Source, config_map: &dyn Fn(&str) -> Option<String>) -> Option<Vec<(String, String)>> {
    let Source::ConfigMap(name) = source else { return None };
    let json = config_map(name)?;
    let tape = Tape::parse(&json).ok()?;
    let root = Some(tape.root()).filter(|root| root.kind() == Kind::Object)?;
    let mut data = Vec::new();
    for (key, value) in root.field("data").into_iter().flat_map(Node::fields) {
        data.push((key.into_owned(), value.as_str()?.into_owned()));
    }
    Some(data)
}

/// Whether another text of the container may name the variable: by `$(NAME)` to the kubelet, by `$NAME` to a shell.
/// Any second mention will do, as a question too many changes nothing.
fn is_spoken_of(container: Node<'_>, name: &str) -> bool {
    container.raw().split_once(name).is_some_and(|(_, rest)| holds(rest, name))
}

/// Whether a text has a part. The search is large; this way a module has it once.
pub(crate) fn holds(text: &str, part: &str) -> bool {
    text.contains(part)
}

/// Replaces `$(VAR)` by what `lookup` gives; what it does not know stays as it is written, and `$$` is a `$`.
pub fn expand<'v>(text: &str, lookup: &dyn Fn(&str) -> Option<&'v str>) -> String {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        expanded.push_str(before);
        rest = after;
        if let Some(after) = rest.strip_prefix('$') {
            expanded.push('$');
            rest = after;
        } else if let Some((name, after)) = rest.strip_prefix('(').and_then(|inner| inner.split_once(')')) {
            match lookup(name) {
                Some(value) => expanded.push_str(value),
                None => {
                    expanded.push_str("$(");
                    expanded.push_str(name);
                    expanded.push(')');
                }
            }
            rest = after;
        } else {
            expanded.push('$');
        }
    }
    expanded + rest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The environment of a container given as JSON; the ConfigMap `seen` has `HEAP: 2g` and `A: b`.
    fn variables(container: &str) -> Vec<(String, String)> {
        let tape = Tape::parse(container).expect("JSON");
        let seen = |name: &str| (name == "seen").then(|| r#"{"data":{"HEAP":"2g","A":"b"}}"#.to_owned());
        let env = Env::of(tape.root(), &seen, &|name| name == "HEAP");
        env.variables.into_iter().map(|variable| (variable.name, variable.value)).collect()
    }

    fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn expands_as_the_kubelet_does() {
        let lookup = |name: &str| (name == "A").then_some("x $(A)");
        for (text, expected) in [
            ("$(A)", "x $(A)"),
            ("$(B)", "$(B)"),
            ("$$(A)", "$(A)"),
            ("$$$(A)", "$x $(A)"),
            ("$(A", "$(A"),
            ("$A ${A} $", "$A ${A} $"),
            ("a$()b", "a$()b"),
            ("$($(A))", "$($(A))"),
        ] {
            assert_eq!(expand(text, &lookup), expected, "{text}");
        }
    }

    #[test]
    fn knows_only_what_was_set_before() {
        let env = r#"{"env":[{"name":"A","value":"$(B)"},{"name":"B","value":"1"},{"name":"C","value":"$(B)$(B)"},{"name":"B","value":"2"}]}"#;
        assert_eq!(variables(env), owned(&[("A", "$(B)"), ("C", "11"), ("B", "2")]));
    }

    #[test]
    fn follows_config_maps() {
        let from =
            r#"{"envFrom":[{"prefix":"P_","configMapRef":{"name":"seen"}}],"env":[{"name":"P_A","value":"own"}]}"#;
        assert_eq!(variables(from), owned(&[("P_HEAP", "2g"), ("P_A", "own")]));
        let key = r#"{"env":[{"name":"HEAP","valueFrom":{"configMapKeyRef":{"name":"seen","key":"HEAP"}}},{"name":"X","value":"-Xmx$(HEAP)"}]}"#;
        assert_eq!(variables(key), owned(&[("HEAP", "2g"), ("X", "-Xmx2g")]));
        let missing = r#"{"env":[{"name":"HEAP","valueFrom":{"configMapKeyRef":{"name":"seen","key":"NOT"}}}]}"#;
        assert_eq!(variables(missing), owned(&[]));
        let hidden = r#"{"env":[{"name":"HEAP","valueFrom":{"secretKeyRef":{"name":"s","key":"k"}}}]}"#;
        assert_eq!(variables(hidden), owned(&[("HEAP", "\u{ffff}")]));
    }

    proptest! {
        #[test]
        fn text_without_a_dollar_stays(text in "[^$]*") {
            prop_assert_eq!(expand(&text, &|_| Some("x")), text);
        }

        #[test]
        fn unknown_references_stay(text in "[$()A-C ]{0,20}") {
            prop_assume!(!text.contains("$$"));
            prop_assert_eq!(expand(&text, &|_| None), text);
        }
    }
}
