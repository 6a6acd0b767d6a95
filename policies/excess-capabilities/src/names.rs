//! The names in a list of capabilities, and how each is written.

use std::borrow::Cow;

use forewarn_kit::capability::canonical;
use forewarn_kit::finding::Finding;
use forewarn_kit::json::{Kind, Node};
use forewarn_kit::workload::Container;

use crate::linux::is_capability;

/// One entry of `add` or `drop`.
#[derive(Debug)]
pub(crate) struct Name<'a> {
    /// Where it stands.
    pub(crate) node: Node<'a>,
    /// As it is written.
    pub(crate) text: Cow<'a, str>,
    /// The capabilities that it was meant to name, in Kubernetes' spelling; more than one when a missing space in the
    /// YAML joined them.
    pub(crate) meant: Vec<String>,
    /// Whether it stands where the whole list should.
    instead_of_list: bool,
}

/// What `add` or `drop` holds.
#[derive(Debug, Default)]
pub(crate) struct Names<'a> {
    /// The list itself, when there is one.
    pub(crate) field: Option<Node<'a>>,
    /// Its entries.
    pub(crate) entries: Vec<Name<'a>>,
    /// Whether something in it could not be read, which the kit says.
    pub(crate) malformed: bool,
}

impl<'a> Name<'a> {
    fn read(node: Node<'a>, instead_of_list: bool) -> Option<Self> {
        let text = node.expect(Kind::String)?.as_str()?;
        let meant = words(&text).map(|word| canonical(word.trim_start_matches('-'))).collect();
        Some(Self { node, text, meant, instead_of_list })
    }

    /// The capability, when the text is one in any spelling.
    pub(crate) fn capability(&self) -> Option<String> {
        Some(canonical(&self.text)).filter(|name| is_capability(name))
    }

    /// The finding about a name that is none, in the list of that key.
    pub(crate) fn unknown(&self, container: &Container<'a>, list: &str) -> Finding<'a> {
        let message = if self.instead_of_list {
            format!(
                "{container} has the text `{}` as `capabilities.{list}`: the API server expects a list and refuses it",
                self.text
            )
        } else {
            format!(
                "{container} has `{}` in `capabilities.{list}`, which is no Linux capability: one container runtime \
                 ignores the entry, another does not start the container",
                self.text
            )
        };
        let help = if is_joined(&self.text) {
            format!("write one name a line, with a space behind the dash: `- {}`", self.meant.join("`, `- "))
        } else {
            "write a capability as Kubernetes spells it, such as `NET_RAW`; `man 7 capabilities` lists them".to_owned()
        };
        Finding::deny("unknown", self.node, message).help(help)
    }
}

impl<'a> Names<'a> {
    /// Reads the list under `key`.
    pub(crate) fn read(capabilities: Option<Node<'a>>, key: &str) -> Self {
        let Some(field) = capabilities.and_then(|capabilities| capabilities.field(key)) else { return Self::default() };
        // `-NET_RAW` on lines of its own is to YAML no list, but one string.
        let joined = field.as_str().is_some_and(|text| is_joined(&text));
        let items = if joined { None } else { field.expect(Kind::Array) };
        let mut names = Self { field: Some(field), entries: Vec::new(), malformed: !joined && items.is_none() };
        for node in joined.then_some(field).into_iter().chain(items.into_iter().flat_map(Node::elements)) {
            match Name::read(node, joined) {
                Some(name) => names.entries.push(name),
                None => names.malformed = true,
            }
        }
        names
    }

    /// Whether some entry names `capability`, or was meant to.
    pub(crate) fn mean(&self, capability: &str) -> bool {
        self.entries.iter().flat_map(|name| &name.meant).any(|meant| meant == capability)
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace()
}

fn is_joined(text: &str) -> bool {
    words(text).any(|word| word.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use forewarn_kit::json::Tape;

    use super::*;

    fn read(list: &str) -> (Vec<String>, bool) {
        let text = format!(r#"{{"drop":{list}}}"#);
        let tape = Tape::parse(&text).expect("JSON");
        let names = Names::read(Some(tape.root()), "drop");
        let shown = names.entries.iter().map(|name| match name.capability() {
            Some(capability) => capability,
            None => format!("none, meant {}", name.meant.join("+")),
        });
        (shown.collect(), names.malformed)
    }

    #[test]
    fn sees_through_spellings_and_missing_spaces() {
        for (list, entries, malformed) in [
            ("[]", [].as_slice(), false),
            ("null", &[], false),
            (r#"["ALL"]"#, &["ALL"], false),
            (r#"["cap_net_raw","all"]"#, &["NET_RAW", "ALL"], false),
            (r#""-NET_RAW -ALL""#, &["none, meant NET_RAW+ALL"], false),
            (r#"["NET_RAW -all"]"#, &["none, meant NET_RAW+ALL"], false),
            (r#"["RAW"]"#, &["none, meant RAW"], false),
            (r#"["ALL",5]"#, &["ALL"], true),
            (r#""ALL""#, &[], true),
            ("{}", &[], true),
        ] {
            assert_eq!(read(list), (entries.iter().map(ToString::to_string).collect(), malformed), "{list}");
        }
    }
}
