//! Whether two values say the same.

use super::{Kind, Node};

/// The first place in `new` that differs from `old`; the mapping or list that lost something, where something is gone.
/// The order of keys does not matter, nor whether something absent is `null`.
pub fn first_difference<'a>(old: Node<'_>, new: Node<'a>) -> Option<Node<'a>> {
    // A stack of its own: a manifest may be nested deeper than a guest can call.
    let mut waiting = vec![(Some(old), new)];
    while let Some((old, new)) = waiting.pop() {
        let Some(old) = old else { return Some(new) };
        let first = waiting.len();
        match (old.kind(), new.kind()) {
            (Kind::Object, Kind::Object) => {
                waiting.extend(new.fields().map(|(key, value)| (old.field(&key), value)));
                if old.fields().any(|(key, _)| new.field(&key).is_none()) {
                    waiting.push((None, new));
                }
            }
            (Kind::Array, Kind::Array) => {
                let mut before = old.elements();
                waiting.extend(new.elements().map(|item| (before.next(), item)));
                if before.next().is_some() {
                    waiting.push((None, new));
                }
            }
            (before, after) if before == after && old.as_scalar() == new.as_scalar() => {}
            _ => return Some(new),
        }
        // The first in the document is looked at first.
        if let Some(added) = waiting.get_mut(first..) {
            added.reverse();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Tape;

    fn place(old: &str, new: &str) -> Option<String> {
        let (old, new) = (Tape::parse(old).expect("JSON"), Tape::parse(new).expect("JSON"));
        first_difference(old.root(), new.root()).map(Node::pointer)
    }

    #[test]
    fn order_and_nulls_do_not_matter() {
        assert_eq!(place(r#"{"a":1,"b":{"c":[1,"x"]}}"#, r#"{"b":{"c":[1,"\u0078"],"d":null},"a":1}"#), None);
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(place(&deep, &deep), None);
    }

    #[test]
    fn finds_the_first_difference() {
        for (old, new, at) in [
            (r#"{"a":1,"b":2}"#, r#"{"b":3,"a":4}"#, "/b"),
            (r#"{"a":{"b":[1,2]}}"#, r#"{"a":{"b":[1,3]}}"#, "/a/b/1"),
            (r#"{"a":{"b":1,"c":2}}"#, r#"{"a":{"b":1}}"#, "/a"),
            (r#"{"a":[1]}"#, r#"{"a":[1,2]}"#, "/a/1"),
            (r#"{"a":[1,2]}"#, r#"{"a":[1]}"#, "/a"),
            (r#"{"a":"1"}"#, r#"{"a":1}"#, "/a"),
            ("{}", r#"{"a":1}"#, "/a"),
        ] {
            assert_eq!(place(old, new).as_deref(), Some(at), "{old} {new}");
        }
    }
}
