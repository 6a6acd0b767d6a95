//! A day, written as 2027-03-31.

use std::str::FromStr;

use jiff::civil::Date;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use thiserror::Error;

/// A day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Day(Date);

/// A text that is no day.
#[derive(Debug, Error)]
#[error("`{text}` is no day; write it as 2027-03-31")]
pub(crate) struct DayError {
    text: String,
}

impl Day {
    /// Today, where the user is.
    pub(crate) fn today() -> Self {
        Self(jiff::Zoned::now().date())
    }

    /// How many days it is before another.
    pub(crate) fn days_before(self, other: Self) -> i32 {
        self.0.until(other.0).map(|span| span.get_days()).unwrap_or_default()
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Day {
    type Err = DayError;

    fn from_str(text: &str) -> Result<Self, DayError> {
        // The library would also take a time of day, and other ways to write the year.
        let is_plain = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        let day = if is_plain { text.parse().ok() } else { None };
        day.map(Self).ok_or_else(|| DayError { text: text.to_owned() })
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_strictly() {
        let day = |text: &str| text.parse::<Day>();
        assert_eq!(day("2027-03-01").unwrap().days_before(day("2027-04-02").unwrap()), 32);
        for text in ["2027-02-29", "2027-3-1", "20270301", "2027-03-01T00:00", "soon", "", "01-03-2027"] {
            assert_eq!(day(text).unwrap_err().to_string(), format!("`{text}` is no day; write it as 2027-03-31"));
        }
    }
}
