//! JSON strings.

use super::lex::first_special;

/// Appends `text` to `out` as a quoted JSON string.
pub fn write_string(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = first_special(rest.as_bytes()) {
        let (plain, special) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(plain);
        let mut chars = special.chars();
        match chars.next() {
            Some('\n') => out.push_str("\\n"),
            Some('\r') => out.push_str("\\r"),
            Some('\t') => out.push_str("\\t"),
            Some(quoted @ ('"' | '\\')) => out.extend(['\\', quoted]),
            Some(control) => {
                let hex = |digit: u32| char::from_digit(digit, 16).unwrap_or('0');
                out.push_str("\\u00");
                out.extend([hex(control as u32 >> 4), hex(control as u32 & 15)]);
            }
            None => {}
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

/// `text` as a quoted JSON string.
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    write_string(&mut out, text);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::quote;

    proptest! {
        #[test]
        fn quotes_like_json(text in any::<String>()) {
            prop_assert_eq!(serde_json::from_str::<String>(&quote(&text)).expect("quoted"), text);
        }
    }
}
