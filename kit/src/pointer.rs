//! JSON Pointers (RFC 6901).

use std::borrow::Cow;

/// A reference token with `~` and `/` escaped.
pub fn escape(token: &str) -> Cow<'_, str> {
    if token.contains(['~', '/']) { token.replace('~', "~0").replace('/', "~1").into() } else { token.into() }
}

/// `pointer` with `keys` appended, each escaped.
pub fn join(pointer: &str, keys: &[&str]) -> String {
    let mut joined = pointer.to_owned();
    for key in keys {
        joined.push('/');
        joined.push_str(&escape(key));
    }
    joined
}

/// Whether `inner` names the same place as `outer`, or one inside it.
pub fn holds(outer: &str, inner: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The reference tokens of a pointer, unescaped.
pub fn tokens(pointer: &str) -> impl Iterator<Item = String> + '_ {
    pointer.split('/').skip(1).map(|token| token.replace("~1", "/").replace("~0", "~"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_splits() {
        let pointer = join("/metadata/annotations", &["forewarn.dev/allow~x", ""]);
        assert_eq!(pointer, "/metadata/annotations/forewarn.dev~1allow~0x/");
        assert_eq!(tokens(&pointer).collect::<Vec<_>>(), ["metadata", "annotations", "forewarn.dev/allow~x", ""]);
        assert_eq!(tokens("").count(), 0);
    }

    #[test]
    fn holds_whole_tokens() {
        assert!(holds("/spec", "/spec/containers"));
        assert!(holds("", "/spec"));
        assert!(holds("/a/b", "/a/b"));
        assert!(!holds("/spec/a", "/spec/ab"));
        assert!(!holds("/spec/a", "/spec"));
    }
}
