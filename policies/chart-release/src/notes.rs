//! Release notes that name the release.

use forewarn_kit::finding::{Finding, Place, Severity, missing};
use forewarn_kit::json::{Kind, Node};

use crate::chart::Chart;

/// What is wrong with the release notes.
pub(crate) fn problem<'a>(severity: Severity, input: Node<'a>, chart: &Chart<'a>) -> Option<Finding<'a>> {
    let version = chart.version.as_ref()?.semver()?.to_string();
    let Some(notes) = input.field("releaseNotes") else {
        let place = input.get("releaseNotes").map_or(missing(input, &["releaseNotes"]), Place::from);
        let message = format!("the chart has no release notes, so nobody can read what version `{version}` brings");
        let help = format!("write a RELEASE.txt, RELEASE.md or CHANGELOG.md that says what `{version}` changes");
        return Some(Finding::new(severity, "no-release-notes", place, message).help(help));
    };
    let notes = notes.expect(Kind::Object)?;
    let text = notes.string("text").unwrap_or_default();
    if names(&text, &version) {
        return None;
    }
    let file = notes.string("file").unwrap_or("RELEASE.txt".into());
    let message =
        format!("{file} does not name the chart's version `{version}`, so what it says is about other releases");
    let help = format!("add what `{version}` changes to {file}, under that version");
    Some(Finding::new(severity, "notes-without-version", notes, message).help(help))
}

/// Whether `text` names `version`, and not only a longer one that holds it: `web-1.1.0` and `v1.1.0:` do, `1.1.0-rc.1`
/// and `11.1.0` do not.
fn names(text: &str, version: &str) -> bool {
    text.match_indices(version).any(|(at, _)| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let mut after = text.get(at + version.len()..).unwrap_or_default().chars();
        let starts = !before.is_some_and(|c| c.is_ascii_digit() || c == '.');
        let ends = match after.next() {
            Some('.' | '-' | '+') => !after.next().is_some_and(|c| c.is_ascii_alphanumeric()),
            Some(c) => !c.is_ascii_alphanumeric(),
            None => true,
        };
        starts && ends
    })
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn knows_a_version_from_a_longer_one() {
        for text in [
            "1.1.0",
            "v1.1.0: faster",
            "# web-1.1.0\n",
            "This is 1.1.0.",
            "1.1.0 - 2025-01-01",
            "[1.1.0]",
            "1.1.01 1.1.0",
        ] {
            assert!(names(text, "1.1.0"), "{text}");
        }
        for text in ["", "1.1", "11.1.0", "0.1.1.0", "1.1.0.1", "1.1.01", "1.1.0-rc.1", "1.1.0+b1", "1.1.0x"] {
            assert!(!names(text, "1.1.0"), "{text}");
        }
        assert!(names("1.1.0-rc.1 is out", "1.1.0-rc.1"));
    }
}
