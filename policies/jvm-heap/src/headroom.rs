//! What a JVM needs beside its heap.

use std::fmt;

use forewarn_kit::quantity::Quantity;
use forewarn_kit::settings::Settings;

/// The setting `headroom`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Headroom {
    /// So many bytes, and how the user wrote them.
    Fixed(i64, String),
    /// So many hundredths of the heap.
    Percent(u64),
}

/// The limit is written in steps of this.
const MEBIBYTE: i64 = 1 << 20;

impl Headroom {
    /// Reads the setting.
    pub(crate) fn read(settings: &mut Settings<'_>) -> Self {
        let about = "What the memory limit leaves beside the heap: a quantity, or a percentage of the heap.";
        let expected = "a quantity such as `1Gi` or a percentage of the heap such as `25%`";
        settings.parsed("headroom", about, Some("1Gi"), expected, Self::parse).unwrap_or(Self::Percent(0))
    }

    fn parse(text: &str) -> Option<Self> {
        if let Some(percent) = text.strip_suffix('%') {
            let plain = percent.bytes().all(|byte| byte.is_ascii_digit());
            return percent.parse().ok().filter(|percent| plain && *percent <= 1000).map(Self::Percent);
        }
        let bytes = Quantity::parse(text).ok().filter(|bytes| *bytes >= Quantity::ZERO)?;
        Some(Self::Fixed(bytes.ceil(), text.to_owned()))
    }

    /// The bytes of a heap of so many and what has to be left beside it, rounded up.
    pub(crate) fn with(&self, heap: u64) -> i64 {
        let beside = match self {
            Self::Fixed(bytes, _) => u64::try_from(*bytes).unwrap_or_default(),
            // Hundreds first: a heap may be near the end of the numbers.
            Self::Percent(percent) => (heap / 100).saturating_mul(*percent) + (heap % 100 * percent).div_ceil(100),
        };
        i64::try_from(heap.saturating_add(beside)).unwrap_or(i64::MAX)
    }

    /// The smallest whole number of mebibytes that holds heap and headroom, as a quantity: `9216Mi`.
    pub(crate) fn limit_for(&self, heap: u64) -> String {
        let bytes = self.with(heap);
        format!("{}Mi", bytes / MEBIBYTE + i64::from(bytes % MEBIBYTE != 0))
    }
}

/// As the user wrote it.
impl fmt::Display for Headroom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(_, text) => f.write_str(text),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Headroom;

    #[test]
    fn reads_quantities_and_percentages() {
        for (text, heap, limit) in [
            ("1Gi", 8 << 30, Some("9216Mi")),
            ("25%", 8 << 30, Some("10240Mi")),
            ("0", 1 << 30, Some("1024Mi")),
            ("1G", 1 << 30, Some("1978Mi")),
            ("0%", (1 << 20) + 1, Some("2Mi")),
            ("10%", 1, Some("1Mi")),
            ("-1Gi", 1, None),
            ("1 Gi", 1, None),
            ("%", 1, None),
            ("-5%", 1, None),
            ("1001%", 1, None),
            ("1.5%", 1, None),
            ("", 1, None),
        ] {
            assert_eq!(Headroom::parse(text).map(|headroom| headroom.limit_for(heap)).as_deref(), limit, "{text}");
        }
    }
}
