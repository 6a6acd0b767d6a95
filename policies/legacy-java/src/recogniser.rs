//! The setting `images`: where the version of Java stands in a team's own images.

use forewarn_kit::image::Image;
use forewarn_kit::jvm::JavaVersion;
use forewarn_kit::settings::Settings;

/// Stands in a pattern for the version.
const PLACEHOLDER: &str = "{version}";

/// Images whose Java is known.
#[derive(Debug)]
pub(crate) struct Recogniser {
    pattern: String,
    /// The version of all of them; otherwise it stands in the reference.
    version: Option<JavaVersion>,
}

impl Recogniser {
    /// Reads the setting.
    pub(crate) fn read(settings: &mut Settings<'_>) -> Vec<Self> {
        let about = "Images whose Java is known, added to the built-in ones and asked before them; the first that fits \
                     counts.";
        settings.list("images", about, |item| {
            let pattern = item.parsed(
                "pattern",
                "A glob over normalised image references; `{version}` stands for the version of Java, as in \
                 `registry.example/base/java:{version}-*`.",
                None,
                "a glob with at most one `{version}`",
                |text| (!text.is_empty() && text.matches(PLACEHOLDER).count() < 2).then(|| text.to_owned()),
            );
            let version = item.parsed(
                "version",
                "The Java of all these images, where the pattern has no `{version}`.",
                None,
                "a version of Java such as \"8\", \"8u212\" or \"11.0.2\"",
                JavaVersion::parse,
            );
            if item.has("pattern") && pattern.is_some() {
                let captures = pattern.as_deref().is_some_and(|pattern| pattern.contains(PLACEHOLDER));
                if captures == item.has("version") {
                    item.refuse("either `version` or a `{version}` in `pattern` is needed, not both");
                }
            } else if !item.has("pattern") {
                item.refuse("a `pattern` is needed");
            }
            Self { pattern: pattern.unwrap_or_default(), version }
        })
    }

    /// The version of Java in an image, when it is one of these. Of the texts that fit in the place of `{version}`, the
    /// longest counts.
    pub(crate) fn version(&self, image: &Image) -> Option<JavaVersion> {
        if !self.pattern.contains(PLACEHOLDER) {
            return self.version.filter(|_| image.matches(&self.pattern));
        }
        let reference = image.to_string();
        let fits = |text: &str| {
            let version = JavaVersion::parse(text)?;
            image.matches(&self.pattern.replace(PLACEHOLDER, text)).then_some(version)
        };
        starts(&reference).find_map(|start| {
            let text = reference.get(start..)?;
            let run = text.find(|c: char| !c.is_ascii_alphanumeric() && !"._+".contains(c)).unwrap_or(text.len());
            (1..=run).rev().find_map(|end| fits(text.get(..end)?))
        })
    }
}

/// Where a number begins.
fn starts(text: &str) -> impl Iterator<Item = usize> + '_ {
    let mut before = '/';
    text.char_indices().filter_map(move |(index, c)| {
        let begins = c.is_ascii_digit() && !before.is_ascii_digit() && !matches!(before, '.' | '_');
        before = c;
        begins.then_some(index)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(pattern: &str, image: &str) -> Option<String> {
        let recogniser = Recogniser { pattern: pattern.to_owned(), version: JavaVersion::parse("8u212") };
        recogniser.version(&Image::parse(image).expect(image)).map(|version| version.to_string())
    }

    #[test]
    fn finds_the_version_where_the_pattern_says() {
        for (pattern, image, expected) in [
            ("reg.example/java:{version}", "reg.example/java:1.8.0_212", Some("8u212")),
            ("reg.example/java:{version}-*", "reg.example/java:17.0.2-3", Some("17")),
            ("reg.example/java{version}:*", "reg.example/java11:5", Some("11")),
            ("reg.example/*:*-j{version}", "reg.example/shop:2.13-j8", Some("8")),
            ("reg.example/java:{version}", "reg.example/java:latest", None),
            ("reg.example/java:{version}", "reg.example/python:3.12", None),
            ("reg.example/legacy:*", "reg.example/legacy:2", Some("8u212")),
            ("reg.example/legacy:*", "reg.example/modern:2", None),
        ] {
            assert_eq!(version(pattern, image).as_deref(), expected, "{pattern} {image}");
        }
    }
}
