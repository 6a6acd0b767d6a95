//! Parts of a whole.

use std::fmt;

/// A number from 0 to 1, exact to nine decimal places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fraction {
    billionths: u32,
}

const WHOLE: u32 = 1_000_000_000;

impl Fraction {
    /// A whole number of hundredths; more than 100 are 100.
    pub const fn percent(hundredths: u8) -> Self {
        let hundredths = if hundredths > 100 { 100 } else { hundredths as u32 };
        Self { billionths: hundredths * (WHOLE / 100) }
    }

    /// Reads `0.7`, `0`, `1` or `1.0`: a number without sign, exponent or leading zeros.
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let known = !decimals.is_empty() && decimals.len() <= 9 && decimals.bytes().all(|byte| byte.is_ascii_digit());
        let decimals: u32 = format!("{decimals:0<9}").parse().ok().filter(|_| known)?;
        let billionths = match whole {
            "0" => decimals,
            "1" if decimals == 0 => WHOLE,
            _ => return None,
        };
        Some(Self { billionths })
    }

    /// Whether `part` is at least this fraction of `whole`.
    pub fn reached_by(self, part: u64, whole: u64) -> bool {
        u128::from(part) * u128::from(WHOLE) >= u128::from(whole) * u128::from(self.billionths)
    }
}

impl fmt::Display for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = format!("{:09}", self.billionths % WHOLE);
        match (self.billionths / WHOLE, decimals.trim_end_matches('0')) {
            (whole, "") => write!(f, "{whole}"),
            (whole, decimals) => write!(f, "{whole}.{decimals}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_numbers_from_0_to_1() {
        for (text, shown) in [
            ("0", "0"),
            ("0.0", "0"),
            ("0.7", "0.7"),
            ("0.70", "0.7"),
            ("0.000000001", "0.000000001"),
            ("1", "1"),
            ("1.000", "1"),
        ] {
            assert_eq!(Fraction::parse(text).map(|read| read.to_string()).as_deref(), Some(shown), "{text}");
        }
        for text in [
            "",
            ".",
            "0.",
            ".7",
            "00.7",
            "-0.1",
            "+0.1",
            "1.1",
            "1.000000001",
            "2",
            "7e-1",
            "0.0000000001",
            "70%",
            " 0",
        ] {
            assert_eq!(Fraction::parse(text), None, "{text}");
        }
    }

    #[test]
    fn is_reached_exactly() {
        let fraction = Fraction::percent(70);
        assert_eq!(Fraction::parse("0.7"), Some(fraction));
        assert!(!fraction.reached_by(69, 100) && fraction.reached_by(70, 100));
        assert!(!fraction.reached_by(183_500, 262_144) && fraction.reached_by(183_501, 262_144));
        assert!(Fraction::parse("1").is_some_and(|all| all.reached_by(u64::MAX, u64::MAX)));
        assert!(Fraction::parse("1").is_some_and(|all| !all.reached_by(u64::MAX - 1, u64::MAX)));
    }

    proptest! {
        #[test]
        fn writes_what_it_reads(billionths in 0..=WHOLE) {
            let fraction = Fraction { billionths };
            prop_assert_eq!(Fraction::parse(&fraction.to_string()), Some(fraction));
        }

        #[test]
        fn takes_nothing_else(text in "[0-9.e+ -]{0,12}") {
            if Fraction::parse(&text).is_some() {
                let number: f64 = text.parse().expect("a number");
                prop_assert!((0.0..=1.0).contains(&number), "{}", text);
            }
        }
    }
}
