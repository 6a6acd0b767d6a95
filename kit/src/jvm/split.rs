//! Variables that hold options.

/// The options in `JAVA_TOOL_OPTIONS` and its kin, and whether all quotes are closed: they are separated by white space;
/// single and double quotes group, and there is no escape.
pub(super) fn split(text: &str) -> (Vec<String>, bool) {
    let mut options = Vec::new();
    let mut option: Option<String> = None;
    let mut quote = None;
    for c in text.chars() {
        match quote {
            Some(open) if open == c => quote = None,
            None if matches!(c, '\'' | '"') => {
                quote = Some(c);
                option.get_or_insert_default();
            }
            // What C's `isspace` takes for one.
            None if matches!(c, ' ' | '\t'..='\r') => options.extend(option.take()),
            _ => option.get_or_insert_default().push(c),
        }
    }
    options.extend(option);
    (options, quote.is_none())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::split;

    fn closed(text: &str) -> Option<Vec<String>> {
        let (options, is_closed) = split(text);
        is_closed.then_some(options)
    }

    #[test]
    fn groups_by_quotes() {
        for (text, expected) in [
            ("-Xmx1g  -Xms1g\n", Some(vec!["-Xmx1g", "-Xms1g"])),
            ("-Dname='a b' \"-Xmx1g\"", Some(vec!["-Dname=a b", "-Xmx1g"])),
            ("-Da=\\ b", Some(vec!["-Da=\\", "b"])),
            ("''", Some(vec![""])),
            ("", Some(vec![])),
            ("-Da='b", None),
        ] {
            let expected = expected.map(|words| words.into_iter().map(str::to_owned).collect());
            assert_eq!(closed(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn refuses_exactly_open_quotes(text in "[a '\"\\\\]{0,20}") {
            let mut open = None;
            for c in text.chars().filter(|c| matches!(c, '\'' | '"')) {
                open = match open { None => Some(c), Some(quote) if quote == c => None, other => other };
            }
            prop_assert_eq!(closed(&text).is_none(), open.is_some());
        }

        #[test]
        fn gives_back_what_was_quoted(words in prop::collection::vec("[^']{0,8}", 0..5)) {
            let text = words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ");
            prop_assert_eq!(closed(&text), Some(words));
        }
    }
}
