//! Kubernetes minor versions.

use std::fmt;

use crate::settings::Settings;

/// A minor version of Kubernetes, such as 1.36. Rules never depend on a patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// The first number.
    pub major: u16,
    /// The second number.
    pub minor: u16,
}

impl Version {
    /// The newest release that the rules were checked against.
    pub const NEWEST: Self = Self::new(1, 36);

    /// `major.minor`
    pub const fn new(major: u16, minor: u16) -> Self {
        Self { major, minor }
    }

    /// Reads the setting `kubernetesVersion`.
    pub fn setting(settings: &mut Settings<'_>) -> Self {
        let about = "The Kubernetes version that the objects are for.";
        let expected = "a version in quotes, such as \"1.36\"";
        settings.parsed("kubernetesVersion", about, Some("1.36"), expected, Self::parse).unwrap_or(Self::NEWEST)
    }

    /// Reads `1.36`, `v1.36` or `1.36.2`, also with a vendor's suffix (`v1.31.2+k3s1`, `1.30-eks`).
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let mut numbers = text.split(['+', '-']).next()?.split('.').map(|digits| {
            let plain = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.is_empty();
            plain.then(|| digits.parse().ok()).flatten()
        });
        let version = Self::new(numbers.next()??, numbers.next()??);
        // What follows is no part of the version, but has to look like one.
        numbers.all(|patch: Option<u16>| patch.is_some()).then_some(version)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn reads_common_spellings() {
        for (text, expected) in [
            ("1.36", Some((1, 36))),
            ("v1.27.3", Some((1, 27))),
            ("v1.31.2+k3s1", Some((1, 31))),
            ("1.30-eks-5e0fdde", Some((1, 30))),
            ("1", None),
            ("latest", None),
            ("1.x", None),
            ("1.+3", None),
            ("1.36.", None),
            ("1.36.x", None),
            ("1.36 or newer", None),
            ("", None),
        ] {
            assert_eq!(Version::parse(text), expected.map(|(major, minor)| Version::new(major, minor)), "{text}");
        }
        assert!(Version::new(1, 9) < Version::new(1, 10));
    }
}
