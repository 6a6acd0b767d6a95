//! Versions of Java, in all the ways they were ever written.

use std::fmt;

use crate::env::Env;
use crate::env::Variable;

/// A version of Java, as far as rules depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct JavaVersion {
    /// 8 for `1.8.0_212`, 11 for `11.0.2`.
    pub major: u16,
    /// 212 for `8u212`, where it is written; of Java 8 and older.
    pub update: Option<u16>,
}

/// The first Java that anyone runs in a container, and one that is far off: other numbers are not Java's.
const PLAUSIBLE: std::ops::RangeInclusive<u16> = 5..=99;

impl JavaVersion {
    /// Reads `17`, `11.0.2`, `jdk-11.0.2+9`, `1.8.0_212`, `8u212`, `jdk8u392-b08`, `8.392.08.1`, `17-ea`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix("jdk").map_or(text, |rest| rest.strip_prefix('-').unwrap_or(rest));
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b"._+-".contains(&byte);
        if !text.bytes().all(known) {
            return None;
        }
        let (first, mut rest) = number(text)?;
        let mut major = first;
        if first == 1 {
            // Until Java 8 the version was the second number.
            (major, rest) = number(rest.strip_prefix('.')?).filter(|(second, _)| *second <= 8)?;
        }
        if !PLAUSIBLE.contains(&major) {
            return None;
        }
        let update = match rest.chars().next() {
            None | Some('-' | '+') => None,
            Some('u') => Some(number(rest.strip_prefix('u')?)?.0),
            Some('.' | '_') if major <= 8 => update(rest)?,
            Some('.' | '_') => {
                number(rest.get(1..)?)?;
                None
            }
            Some(_) => return None,
        };
        Some(Self { major, update: update.filter(|_| major <= 8) })
    }

    /// What the variable `JAVA_VERSION` says, when it says a version.
    pub fn stated<'e, 'a>(env: &'e Env<'a>) -> Option<(Self, &'e Variable<'a>)> {
        let variable = env.get("JAVA_VERSION")?;
        Some((Self::parse(variable.value.trim())?, variable))
    }
}

/// The first number that is not zero: `.0_212`, `.392.08.1`, `.0.392`. None where there is none.
fn update(mut rest: &str) -> Option<Option<u16>> {
    while let Some(inner) = rest.strip_prefix(['.', '_']) {
        let (part, after) = number(inner)?;
        if part > 0 {
            return Some(Some(part));
        }
        rest = after;
    }
    Some(None)
}

/// The digits at the start, and what follows them.
fn number(text: &str) -> Option<(u16, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    Some((digits.parse().ok()?, rest))
}

impl fmt::Display for JavaVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.update {
            Some(update) => write!(f, "{}u{update}", self.major),
            None => write!(f, "{}", self.major),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::JavaVersion;

    #[test]
    fn reads_what_was_ever_written() {
        for (text, expected) in [
            ("8u212", Some("8u212")),
            ("8u212-b04", Some("8u212")),
            ("1.8.0_212", Some("8u212")),
            ("1.8.0_212-b04", Some("8u212")),
            ("1.8", Some("8")),
            ("1.7.0", Some("7")),
            ("8.392.08.1", Some("8u392")),
            ("8.0.392+8", Some("8u392")),
            ("jdk-11.0.2+9", Some("11")),
            ("jdk8u392-b08", Some("8u392")),
            ("jdk-17", Some("17")),
            ("11.0.21_9", Some("11")),
            ("17", Some("17")),
            ("21-ea", Some("21")),
            ("26+35", Some("26")),
            ("8", Some("8")),
            ("latest", None),
            ("", None),
            ("1", None),
            ("1.11.0", None),
            ("1.0.3", None),
            ("2.3", None),
            ("8u", None),
            ("8x", None),
            ("8.", None),
            ("11.x", None),
            ("20230101", None),
            ("8 or newer", None),
            ("v11", None),
            ("corretto-11", None),
        ] {
            assert_eq!(JavaVersion::parse(text).map(|version| version.to_string()).as_deref(), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_accepts_what_has_no_number(text in "[^0-9]*") {
            prop_assert_eq!(JavaVersion::parse(&text), None);
        }

        #[test]
        fn is_stable(text in "(jdk-?)?(1\\.)?[0-9]{0,3}[u._+a-]?[0-9]{0,4}") {
            if let Some(version) = JavaVersion::parse(&text) {
                prop_assert_eq!(JavaVersion::parse(&version.to_string()), Some(version));
            }
        }
    }
}
