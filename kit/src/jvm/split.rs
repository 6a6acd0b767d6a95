//! Variables that hold options.

/// The options in `JAVA_TOOL_OPTIONS` and its kin: separated by white space; single and double quotes group, and there
/// is no escape. `None` when a quote is not closed.
pub fn split(text: &str) -> Option<Vec<String>> {
    let mut options = Vec::new();
    let mut option: Option<Vec<u8>> = None;
    let mut quote = None;
    for byte in text.bytes().chain(*b" ") {
        match quote {
            Some(open) if open == byte => quote = None,
            None if matches!(byte, b'\'' | b'"') => {
                quote = Some(byte);
                option.get_or_insert_default();
            }
            // What C's `isspace` takes for one.
            None if matches!(byte, b' ' | b'\t'..=b'\r') => {
                if let Some(whole) = option.take() {
                    options.push(String::from_utf8(whole).ok()?);
                }
            }
            _ => option.get_or_insert_default().push(byte),
        }
    }
    if quote.is_some() { None } else { Some(options) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::split;

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
            assert_eq!(split(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn refuses_exactly_open_quotes(text in "[a '\"\\\\]{0,20}") {
            let mut open = None;
            for c in text.chars().filter(|c| matches!(c, '\'' | '"')) {
                open = match open { None => Some(c), Some(quote) if quote == c => None, other => other };
            }
            prop_assert_eq!(split(&text).is_none(), open.is_some());
        }

        #[test]
        fn gives_back_what_was_quoted(words in prop::collection::vec("[^']{0,8}", 0..5)) {
            let text = words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ");
            prop_assert_eq!(split(&text), Some(words));
        }
    }
}
