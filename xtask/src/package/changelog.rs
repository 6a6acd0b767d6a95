//! When a version came to be, by the changelog.

use anyhow::{Context as _, Result, ensure};

/// The heading of what is in no release yet.
const UNRELEASED: &str = "Unreleased";

/// The time at which a version counts as created: the start of the day that its heading names, `## 0.1.0 - 2026-11-28`.
/// A version without a heading is not released yet, and takes the date of the heading `Unreleased`.
///
/// A clock would make the generated files differ from day to day.
pub(crate) fn date(changelog: &str, version: &str) -> Result<String> {
    let headings = || changelog.lines().filter_map(|line| line.strip_prefix("## "));
    let titled = |title: &str| headings().find_map(|heading| heading.strip_prefix(title)?.strip_prefix(" - "));
    let found = titled(version).or_else(|| titled(UNRELEASED)).with_context(|| {
        format!("CHANGELOG.md names no date for {version}; write `## {version} - <date>` or `## {UNRELEASED} - <date>`")
    })?;
    let date = found.trim();
    ensure!(is_date(date), "`{date}` in CHANGELOG.md is no date; write one like `2026-11-28`");
    Ok(format!("{date}T00:00:00Z"))
}

fn is_date(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return false };
    let number = |part: &str, width: usize| (part.len() == width).then(|| part.parse::<u16>().ok()).flatten();
    number(year, 4).is_some()
        && number(month, 2).is_some_and(|month| (1..=12).contains(&month))
        && number(day, 2).is_some_and(|day| (1..=31).contains(&day))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heading_of_the_version_counts() {
        let changelog = "# Changelog\n\n## Unreleased - 2027-01-02\n\n## 0.1.0 - 2026-11-28\n";
        assert_eq!(date(changelog, "0.1.0").unwrap(), "2026-11-28T00:00:00Z");
        assert_eq!(date(changelog, "0.2.0").unwrap(), "2027-01-02T00:00:00Z");
    }

    #[test]
    fn a_date_has_to_be_there_and_be_one() {
        assert!(date("## Unreleased\n", "0.1.0").unwrap_err().to_string().contains("names no date for 0.1.0"));
        for bad in ["soon", "2026-13-01", "2026-1-01", "2026-11-32", "26-11-01"] {
            let error = date(&format!("## 0.1.0 - {bad}\n"), "0.1.0").unwrap_err().to_string();
            assert!(error.contains(bad), "{error}");
        }
    }
}
