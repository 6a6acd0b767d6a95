//! Globs over names and image references: `*` is any text, `?` any one character.

/// Whether `pattern` describes the whole of `text`. `*` also crosses `/` and `:`.
pub fn matches(pattern: &str, text: &str) -> bool {
    let mut pattern = pattern.chars();
    let mut text = text.chars();
    // Where to go on when a later part does not fit: the last `*` takes one character more.
    let mut retry = None;
    loop {
        let mut next = pattern.clone();
        match next.next() {
            Some('*') => {
                retry = Some((next.clone(), text.clone()));
                pattern = next;
                continue;
            }
            Some(expected) => {
                let mut rest = text.clone();
                if rest.next().is_some_and(|found| expected == '?' || expected == found) {
                    pattern = next;
                    text = rest;
                    continue;
                }
            }
            None if text.as_str().is_empty() => return true,
            None => {}
        }
        let Some((after_star, mut from)) = retry.take() else { return false };
        if from.next().is_none() {
            return false;
        }
        retry = Some((after_star.clone(), from.clone()));
        pattern = after_star;
        text = from;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::matches;

    fn naive(pattern: &[char], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some(('*', rest)), _) => naive(rest, text) || text.split_first().is_some_and(|(_, t)| naive(pattern, t)),
            (Some((p, pattern)), Some((t, text))) => (*p == '?' || p == t) && naive(pattern, text),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_naive_reading(pattern in "[ab*?é]{0,8}", text in "[abé]{0,10}") {
            let chars = |s: &str| s.chars().collect::<Vec<_>>();
            prop_assert_eq!(matches(&pattern, &text), naive(&chars(&pattern), &chars(&text)));
        }
    }

    #[test]
    fn crosses_separators() {
        assert!(matches("docker.io/*:latest", "docker.io/library/nginx:latest"));
        assert!(!matches("web", "web-2"));
        assert!(matches("*", ""));
        assert!(!matches("", "a"));
    }
}
