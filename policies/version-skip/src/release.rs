//! Kubernetes releases as cluster tools write them.

use std::cmp::Ordering;

use forewarn_kit::semver::{Prerelease, Version};

/// A release. Vendors' suffixes (`+k3s1`, `+rke2r1`, `-eks-a5565ad`) are no part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Release {
    /// The first number.
    pub(crate) major: u64,
    /// The second number.
    pub(crate) minor: u64,
    /// The third number; `1.31` and `stable-1.31` leave it open.
    patch: Option<u64>,
    /// `alpha.1`, `beta.0`, `rc.1`; empty for everything else.
    pre: Prerelease,
}

impl Release {
    /// Reads `v1.31.2`, `1.31`, `v1.32.0-rc.1`, and both with a vendor's suffix; of a path or URL the last part, as
    /// kubeadm (`ci/v1.32.0`) and kOps take it; and kubeadm's label `stable-1.31`. `None` for everything else, such as
    /// `latest`, which means another version every few months.
    /// Source: `KubernetesReleaseVersion` in `k8s.io/kubernetes/cmd/kubeadm/app/util`, the patterns in Cluster API's CRDs.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let last = text.rsplit('/').next()?;
        if let Some(minor) = last.strip_prefix("stable-").or_else(|| last.strip_prefix("latest-")) {
            return Self::numbers(minor, Prerelease::EMPTY).filter(|release| release.patch.is_none());
        }
        let text = last.strip_prefix('v').unwrap_or(last);
        let Some((core, suffix)) = text.find(['-', '+', '_']).and_then(|at| text.split_at_checked(at)) else {
            return Self::numbers(text, Prerelease::EMPTY);
        };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'_' | b'.');
        if suffix.len() == 1 || !suffix.bytes().all(plain) {
            return None;
        }
        Self::numbers(core, pre_release(suffix))
    }

    fn numbers(text: &str, pre: Prerelease) -> Option<Self> {
        let mut numbers = text.split('.').map(number);
        let (major, minor) = (numbers.next()??, numbers.next()??);
        let patch = match numbers.next() {
            Some(patch) => Some(patch?),
            None => None,
        };
        numbers.next().is_none().then_some(Self { major, minor, patch, pre })
    }

    /// Which of two releases is the older one, by SemVer. Of the same minor version they are equal where one of them
    /// leaves the patch open.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        let full = |release: &Self| {
            let patch = release.patch?;
            Some(Version { pre: release.pre.clone(), ..Version::new(release.major, release.minor, patch) })
        };
        let by_minor = (self.major, self.minor).cmp(&(other.major, other.minor));
        by_minor.then_with(|| match (full(self), full(other)) {
            (Some(one), Some(two)) => one.cmp_precedence(&two),
            _ => Ordering::Equal,
        })
    }
}

/// Digits without a leading zero.
fn number(digits: &str) -> Option<u64> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    digits.parse().ok().filter(|_| plain)
}

/// Kubernetes itself knows alpha, beta and rc; what else follows a dash is a vendor's, and vendors do not count by SemVer.
fn pre_release(suffix: &str) -> Prerelease {
    let own = suffix.strip_prefix('-').and_then(|text| text.split('+').next()).unwrap_or_default();
    let stage = own.split('.').next().unwrap_or_default().trim_end_matches(|letter: char| letter.is_ascii_digit());
    if matches!(stage, "alpha" | "beta" | "rc") { Prerelease::new(own).unwrap_or_default() } else { Prerelease::EMPTY }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_tools_write() {
        for (text, expected) in [
            ("v1.31.2", Some((1, 31, Some(2), ""))),
            ("1.31", Some((1, 31, None, ""))),
            ("v1.31.2+k3s1", Some((1, 31, Some(2), ""))),
            ("v1.31.2-k3s1", Some((1, 31, Some(2), ""))),
            ("v1.31.2+rke2r1", Some((1, 31, Some(2), ""))),
            ("v1.31.2-eks-a5565ad", Some((1, 31, Some(2), ""))),
            ("1.30-eks", Some((1, 30, None, ""))),
            ("v1.21.2---vmware.1-tkg.1", Some((1, 21, Some(2), ""))),
            ("v1.32.0-rc.1", Some((1, 32, Some(0), "rc.1"))),
            ("v1.32.0-rc1+k3s1", Some((1, 32, Some(0), "rc1"))),
            ("v1.32.0-alpha.1.12+0123abc", Some((1, 32, Some(0), "alpha.1.12"))),
            ("ci/v1.32.0-beta.0", Some((1, 32, Some(0), "beta.0"))),
            ("https://dl.example/release/v1.31.4", Some((1, 31, Some(4), ""))),
            ("stable-1.31", Some((1, 31, None, ""))),
            ("stable-1", None),
            ("stable", None),
            ("latest", None),
            ("stable-1.31.2", None),
            ("1", None),
            ("v1.31.2.1", None),
            ("v1.031.2", None),
            ("v1.-31", None),
            ("v1.31.x", None),
            ("v1.31.2 ", None),
            ("v1.31.2+", None),
            ("vv1.31.2", None),
            ("", None),
        ] {
            let read = Release::parse(text);
            let read = read.as_ref().map(|r| (r.major, r.minor, r.patch, r.pre.as_str()));
            assert_eq!(read, expected, "{text}");
        }
    }

    #[test]
    fn orders_by_semver() {
        use Ordering::{Equal, Greater, Less};
        for (one, two, expected) in [
            ("v1.9.0", "v1.10.0", Less),
            ("v1.31.4", "v1.31.2", Greater),
            ("v1.32.0-rc.1", "v1.32.0", Less),
            ("v1.32.0-alpha.3", "v1.32.0-beta.0", Less),
            ("v1.32.0-rc.0", "v1.32.0-rc.1", Less),
            ("v1.31.2+k3s2", "v1.31.2+k3s1", Equal),
            ("v1.31.2-eks-b", "v1.31.2-eks-a", Equal),
            ("1.31", "v1.31.4", Equal),
        ] {
            let parse = |text| Release::parse(text).expect(text);
            assert_eq!(parse(one).order(&parse(two)), expected, "{one} {two}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,24}") {
            let _ = Release::parse(&text);
        }

        #[test]
        fn reads_only_numbers_with_dots(text in "v?[0-9.x+_/ -]{0,12}") {
            if Release::parse(&text).is_some() {
                let last = text.rsplit('/').next().unwrap_or_default();
                let core = last.strip_prefix('v').unwrap_or(last).split(['-', '+', '_']).next().unwrap_or_default();
                let parts: Vec<_> = core.split('.').collect();
                prop_assert!((2..=3).contains(&parts.len()), "{}", text);
                prop_assert!(parts.iter().all(|part| part.parse::<u64>().is_ok_and(|n| n.to_string() == *part)), "{}", text);
            }
        }
    }
}
