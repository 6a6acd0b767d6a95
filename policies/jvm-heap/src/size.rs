//! Sizes and percentages, as HotSpot reads them.
//!
//! Source: `Arguments::parse_memory_size` and `parse_integer` in HotSpot's `share/runtime`.

/// A text at which the JVM refuses to start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BadSize;

/// The bytes of `8g`: a whole number, decimal or `0x…`, and at most one of `k m g t` in either case. Not zero.
pub(crate) fn bytes(text: &str) -> Result<u64, BadSize> {
    let (number, factor) = match text.as_bytes().last() {
        Some(b'k' | b'K') => (text.get(..text.len() - 1), 1 << 10),
        Some(b'm' | b'M') => (text.get(..text.len() - 1), 1 << 20),
        Some(b'g' | b'G') => (text.get(..text.len() - 1), 1 << 30),
        Some(b't' | b'T') => (text.get(..text.len() - 1), 1 << 40),
        _ => (Some(text), 1_u64),
    };
    let number = number.ok_or(BadSize)?;
    let (digits, radix) = match number.strip_prefix("0x").or_else(|| number.strip_prefix("0X")) {
        Some(hex) => (hex, 16),
        None => (number, 10),
    };
    // `from_str_radix` also takes a sign.
    if !digits.chars().all(|c| c.is_digit(radix)) {
        return Err(BadSize);
    }
    let number = u64::from_str_radix(digits, radix).map_err(|_| BadSize)?;
    number.checked_mul(factor).filter(|bytes| *bytes > 0).ok_or(BadSize)
}

/// The percentage in `75.5`, in hundredths and rounded up to them: from 0 to 10000.
pub(crate) fn percentage(text: &str) -> Result<u32, BadSize> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(decimals) {
        return Err(BadSize);
    }
    let whole: u32 = whole.parse().ok().filter(|whole| *whole <= 100).ok_or(BadSize)?;
    let mut hundredths = whole * 100;
    for (digit, worth) in decimals.bytes().zip([10, 1]) {
        hundredths += u32::from(digit - b'0') * worth;
    }
    hundredths += u32::from(decimals.bytes().skip(2).any(|digit| digit != b'0'));
    if hundredths <= 10_000 { Ok(hundredths) } else { Err(BadSize) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_the_jvm_reads() {
        for (text, expected) in [
            ("8g", Ok(8 << 30)),
            ("8G", Ok(8 << 30)),
            ("512m", Ok(512 << 20)),
            ("1048576k", Ok(1 << 30)),
            ("1T", Ok(1 << 40)),
            ("1073741824", Ok(1 << 30)),
            ("0x40000000", Ok(1 << 30)),
            ("0X400m", Ok(1 << 30)),
            ("007m", Ok(7 << 20)),
            ("17179869183g", Ok(17_179_869_183 << 30)),
            ("17179869184g", Err(BadSize)),
            ("0", Err(BadSize)),
            ("0g", Err(BadSize)),
            ("", Err(BadSize)),
            ("g", Err(BadSize)),
            ("0x", Err(BadSize)),
            ("8gb", Err(BadSize)),
            ("8Gi", Err(BadSize)),
            ("1.5g", Err(BadSize)),
            ("-1g", Err(BadSize)),
            ("+1g", Err(BadSize)),
            ("0x+1g", Err(BadSize)),
            (" 1g", Err(BadSize)),
            ("=1g", Err(BadSize)),
            ("1 g", Err(BadSize)),
            ("yz", Err(BadSize)),
            ("$(HEAP)", Err(BadSize)),
        ] {
            assert_eq!(bytes(text), expected, "{text}");
        }
    }

    #[test]
    fn reads_percentages() {
        for (text, expected) in
            [("75.0", 7500), ("62.5", 6250), ("100", 10_000), ("0.05", 5), ("80.001", 8001), ("80.000", 8000)]
        {
            assert_eq!(percentage(text), Ok(expected), "{text}");
        }
        for text in ["", "-1", "100.1", "100.001", "75%", "7k", "75.0.0", "75.", ".5", "all", "4294967296"] {
            assert_eq!(percentage(text), Err(BadSize), "{text}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_arithmetic(number in 1_u64..1 << 20, suffix in prop::sample::select(vec![("", 0), ("k", 10), ("M", 20), ("g", 30), ("T", 40)])) {
            let (suffix, shift) = suffix;
            prop_assert_eq!(bytes(&format!("{number}{suffix}")), Ok(number << shift));
            prop_assert_eq!(bytes(&format!("0x{number:x}{suffix}")), Ok(number << shift));
        }

        #[test]
        fn never_accepts_malformed(text in "[0-9a-fA-FxXkKgG.+ -]{0,12}|\\PC*") {
            let digits = text.strip_suffix(['k', 'K', 'm', 'M', 'g', 'G', 't', 'T']).unwrap_or(&text);
            let decimal = digits.bytes().all(|byte| byte.is_ascii_digit());
            let hex = digits.to_ascii_lowercase().strip_prefix("0x").is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
            prop_assert!(bytes(&text).is_err() || (!digits.is_empty() && (decimal || hex)), "{}", text);
            let _ = percentage(&text);
        }
    }
}
