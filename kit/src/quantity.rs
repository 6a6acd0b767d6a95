//! Kubernetes resource quantities, in exact arithmetic.
//!
//! Source: `k8s.io/apimachinery/pkg/api/resource`, `ParseQuantity`.

use std::fmt;

use crate::json::{Kind, Node};

/// An amount of a resource: bytes, cores, whatever the field counts.
///
/// Kubernetes keeps nothing finer than a billionth and nothing above 2⁶³−1; both are done here as it does them
/// (rounded away from zero, capped), so two quantities compare as they do in the API server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity {
    /// Billionths.
    nanos: i128,
}

/// A text that is no quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAQuantity;

const NANO: i128 = 1_000_000_000;
const MAX: i128 = (i64::MAX as i128) * NANO;

impl Quantity {
    /// Zero of anything.
    pub const ZERO: Self = Self { nanos: 0 };

    /// A whole number of units: bytes, cores.
    pub const fn units(units: i64) -> Self {
        Self { nanos: units as i128 * NANO }
    }

    /// A whole number of thousandths: millicores.
    pub const fn millis(millis: i64) -> Self {
        Self { nanos: millis as i128 * (NANO / 1000) }
    }

    /// Reads the whole grammar: `<sign><digits>[.<digits>]` and one of nothing, `n u m k M G T P E`,
    /// `Ki Mi Gi Ti Pi Ei`, `e<sign><digits>` or `E<sign><digits>`.
    ///
    /// # Errors
    /// When the text is not of that form; `1.5 Gi`, `1gb` and the empty string are not.
    pub fn parse(text: &str) -> Result<Self, NotAQuantity> {
        let (negative, unsigned) = match text.as_bytes().first() {
            Some(b'-') => (true, text.get(1..).unwrap_or_default()),
            Some(b'+') => (false, text.get(1..).unwrap_or_default()),
            _ => (false, text),
        };
        let number_end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
        let (number, suffix) = unsigned.split_at_checked(number_end).ok_or(NotAQuantity)?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.len() + fraction.len() == 0 || fraction.contains('.') {
            return Err(NotAQuantity);
        }
        let scale = Scale::parse(suffix)?;
        let nanos = scale.apply(whole, fraction);
        Ok(Self { nanos: if negative { -nanos } else { nanos } })
    }

    /// Reads a field that holds a quantity: a string or a plain number.
    ///
    /// # Errors
    /// When the text is no quantity. A value of another type is noted as malformed and gives `None`.
    pub fn read(node: Node<'_>) -> Option<Result<Self, NotAQuantity>> {
        match node.kind() {
            // The API server also takes blanks around it.
            Kind::String | Kind::Number => node.as_scalar().map(|text| Self::parse(text.trim())),
            other => {
                node.note("a quantity", other.describe());
                None
            }
        }
    }

    /// Whether this is at most `times` as much as `base`.
    pub fn is_at_most(self, times: Self, base: Self) -> bool {
        // Both are far below 2⁹³ in billionths, so the product is compared by division to stay in 128 bits.
        match base.nanos {
            0 => self.nanos <= 0,
            base => {
                let whole = self.nanos / base;
                let rest = self.nanos % base;
                // self/base ≤ times/NANO, without leaving the integers.
                let scaled = whole.checked_mul(NANO).and_then(|w| {
                    let part = rest.checked_mul(NANO)?;
                    Some((w + part / base, part % base != 0))
                });
                scaled.is_some_and(|(ratio, more)| ratio < times.nanos || (ratio == times.nanos && !more))
            }
        }
    }

    /// The amount in whole units, rounded up.
    pub fn ceil(self) -> i64 {
        i64::try_from(self.nanos.div_euclid(NANO) + i128::from(self.nanos.rem_euclid(NANO) != 0)).unwrap_or(i64::MAX)
    }

    /// The sum, capped like every quantity.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { nanos: (self.nanos + other.nanos).clamp(-MAX, MAX) }
    }
}

/// In whole units where it is whole, else in decimals: `536870912`, `0.5`.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.nanos < 0 { "-" } else { "" };
        let (whole, rest) = (self.nanos.unsigned_abs() / NANO as u128, self.nanos.unsigned_abs() % NANO as u128);
        if rest == 0 {
            return write!(f, "{sign}{whole}");
        }
        let digits = format!("{rest:09}");
        write!(f, "{sign}{whole}.{}", digits.trim_end_matches('0'))
    }
}

/// What a suffix multiplies by: 10^ten · 1024^kilo.
struct Scale {
    ten: i64,
    kilo: u32,
}

impl Scale {
    fn parse(suffix: &str) -> Result<Self, NotAQuantity> {
        let ten = |ten| Ok(Self { ten, kilo: 0 });
        let binary = |kilo| Ok(Self { ten: 0, kilo });
        match suffix {
            "" => ten(0),
            "n" => ten(-9),
            "u" => ten(-6),
            "m" => ten(-3),
            "k" => ten(3),
            "M" => ten(6),
            "G" => ten(9),
            "T" => ten(12),
            "P" => ten(15),
            "E" => ten(18),
            "Ki" => binary(1),
            "Mi" => binary(2),
            "Gi" => binary(3),
            "Ti" => binary(4),
            "Pi" => binary(5),
            "Ei" => binary(6),
            exponent => {
                let digits = exponent.strip_prefix(['e', 'E']).ok_or(NotAQuantity)?;
                let unsigned = digits.strip_prefix(['-', '+']).unwrap_or(digits);
                if unsigned.is_empty() || !unsigned.bytes().all(|b| b.is_ascii_digit()) {
                    return Err(NotAQuantity);
                }
                // The API server reads the exponent as a 32-bit number.
                let exponent: i32 = digits.parse().map_err(|_| NotAQuantity)?;
                ten(exponent.into())
            }
        }
    }

    /// `whole.fraction` at this scale, in billionths: rounded up, capped.
    fn apply(&self, whole: &str, fraction: &str) -> i128 {
        let (value, rest) = if self.kilo == 0 {
            shifted(whole, fraction, self.ten + 9)
        } else {
            multiplied(whole, fraction, NANO << (10 * self.kilo))
        };
        value.saturating_add(i128::from(rest)).min(MAX)
    }
}

/// The whole part of `whole.fraction` · 10^`places`, and whether anything is left behind the point.
fn shifted(whole: &str, fraction: &str, places: i64) -> (i128, bool) {
    let point = whole.len() as i64 + places;
    let mut value: i128 = 0;
    let mut rest = false;
    let digits = whole.bytes().chain(fraction.bytes());
    for (place, digit) in digits.enumerate() {
        let digit = i128::from(digit - b'0');
        if (place as i64) < point {
            value = (value * 10 + digit).min(MAX);
        } else {
            rest |= digit != 0;
        }
    }
    let mut zeros = point - (whole.len() + fraction.len()) as i64;
    while zeros > 0 && 0 < value && value < MAX {
        value = (value * 10).min(MAX);
        zeros -= 1;
    }
    (value, rest)
}

/// The whole part of `whole.fraction` · `factor`, and whether anything is left behind the point.
fn multiplied(whole: &str, fraction: &str, factor: i128) -> (i128, bool) {
    let (units, _) = shifted(whole, "", 0);
    let mut part: i128 = 0;
    let mut rest = false;
    // From the last digit to the first, (digit · factor + part) / 10: rounding down each step rounds down the whole.
    for digit in fraction.bytes().rev() {
        part += i128::from(digit - b'0') * factor;
        rest |= part % 10 != 0;
        part /= 10;
    }
    (units.saturating_mul(factor).saturating_add(part), rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn nanos(text: &str) -> i128 {
        Quantity::parse(text).expect(text).nanos
    }

    #[test]
    fn reads_the_whole_grammar() {
        for (text, expected) in [
            ("0", 0),
            ("500", 500 * NANO),
            ("500m", NANO / 2),
            ("0.5", NANO / 2),
            (".5Gi", (1 << 29) * NANO),
            ("5.", 5 * NANO),
            ("1.5Gi", 3 * (1 << 29) * NANO),
            ("129e6", 129_000_000 * NANO),
            ("129E6", 129_000_000 * NANO),
            ("129e+6", 129_000_000 * NANO),
            ("5e-3", NANO / 200),
            ("100000u", NANO / 10),
            ("1k", 1000 * NANO),
            ("2E", 2 * 10i128.pow(18) * NANO),
            ("1Ei", (1 << 60) * NANO),
            ("+1Ki", 1024 * NANO),
            ("-1Ki", -1024 * NANO),
            ("0.1n", 1),
            ("0.0000000001Ki", 103),
            ("9223372036854775808", MAX),
            ("100E", MAX),
            ("1e400", MAX),
            ("1e-400", 1),
            ("0e2147483647", 0),
            ("007", 7 * NANO),
        ] {
            assert_eq!(nanos(text), expected, "{text}");
        }
    }

    #[test]
    fn refuses_what_the_api_server_refuses() {
        for text in [
            "",
            ".",
            "-",
            "+",
            "m",
            "Gi",
            "1gb",
            "1 Gi",
            "1.5.2",
            "1e",
            "1e+",
            "0x10",
            "1K",
            "1KI",
            "1ki",
            "½",
            "1é",
            "--1",
            "1e99999999999",
            "1Mib",
            "1m5",
        ] {
            assert!(Quantity::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn reads_a_field_with_blanks_around() {
        let tape = crate::json::Tape::parse(r#"[" 512Mi", "512 Mi", 5.5, true]"#).expect("JSON");
        let read: Vec<_> = tape.root().elements().map(Quantity::read).collect();
        let amount = |text| Some(Quantity::parse(text));
        assert_eq!(read, [amount("512Mi"), Some(Err(NotAQuantity)), amount("5500m"), None]);
    }

    #[test]
    fn prints_plainly() {
        assert_eq!(Quantity::parse("512m").expect("512m").to_string(), "0.512");
        assert_eq!(Quantity::parse("-1.5Ki").expect("-1.5Ki").to_string(), "-1536");
        assert_eq!(Quantity::parse("512m").expect("512m").ceil(), 1);
        assert_eq!(Quantity::parse("2Ki").expect("2Ki").ceil(), 2048);
    }

    #[test]
    fn compares_ratios_exactly() {
        let q = |text| Quantity::parse(text).expect(text);
        assert!(q("3").is_at_most(q("3"), q("1")));
        assert!(!q("3001m").is_at_most(q("3"), q("1")));
        assert!(q("1").is_at_most(q("3"), q("0.333333334")));
        assert!(!q("1").is_at_most(q("3"), q("0.333333333")));
        assert!(q("8Ei").is_at_most(q("1"), q("8Ei")));
        assert!(!q("1").is_at_most(q("100"), q("0")));
        assert!(q("0").is_at_most(q("100"), q("0")));
    }

    /// A second, naive reading: decimal digits in a growing vector, one shift at a time.
    mod naive {
        /// Billionths, rounded up and capped, for a text that the grammar allows.
        pub(super) fn nanos(whole: &str, fraction: &str, ten: i64, kilo: u32) -> i128 {
            let mut digits: Vec<u32> = whole.bytes().chain(fraction.bytes()).map(|b| u32::from(b - b'0')).collect();
            for _ in 0..kilo {
                let mut carry = 0;
                for digit in digits.iter_mut().rev() {
                    let product = *digit * 1024 + carry;
                    *digit = product % 10;
                    carry = product / 10;
                }
                while carry > 0 {
                    digits.insert(0, carry % 10);
                    carry /= 10;
                }
            }
            let mut shift = ten + 9 - fraction.len() as i64;
            let mut round_up = false;
            while shift < 0 {
                round_up |= digits.pop().is_some_and(|digit| digit != 0);
                shift += 1;
            }
            digits.extend(std::iter::repeat_n(0, shift as usize));
            let text: String = digits.iter().map(u32::to_string).collect();
            let text = text.trim_start_matches('0');
            if text.len() > 36 {
                return super::MAX;
            }
            let value: i128 = if text.is_empty() { 0 } else { text.parse().expect("digits") };
            (value + i128::from(round_up)).min(super::MAX)
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_naive_reading(
            whole in "[0-9]{0,24}", fraction in "[0-9]{0,24}", suffix in 0usize..20, exponent in -40i64..40,
        ) {
            prop_assume!(!whole.is_empty() || !fraction.is_empty());
            let table = [
                ("", 0, 0), ("n", -9, 0), ("u", -6, 0), ("m", -3, 0), ("k", 3, 0), ("M", 6, 0), ("G", 9, 0), ("T", 12, 0),
                ("P", 15, 0), ("E", 18, 0), ("Ki", 0, 1), ("Mi", 0, 2), ("Gi", 0, 3), ("Ti", 0, 4), ("Pi", 0, 5), ("Ei", 0, 6),
            ];
            let (suffix, ten, kilo) = match table.get(suffix) {
                Some((suffix, ten, kilo)) => ((*suffix).to_owned(), *ten, *kilo),
                None => (format!("e{exponent}"), exponent, 0),
            };
            let text = if fraction.is_empty() { format!("{whole}{suffix}") } else { format!("{whole}.{fraction}{suffix}") };
            prop_assert_eq!(nanos(&text), naive::nanos(&whole, &fraction, ten, kilo), "{}", text);
        }

        #[test]
        fn never_panics(text in "[-+.0-9eEinumkKMGTP ]{0,40}|\\PC*") {
            if let Ok(quantity) = Quantity::parse(&text) {
                prop_assert_eq!(Quantity::parse(&quantity.to_string()), Ok(quantity));
            }
        }
    }
}
