//! Releases: the versions of a chart and its app, and what moved between two of them.
//!
//! Source: the article's chapter on build and deployment (charts and apps are versioned separately and tied together);
//! [SemVer 2.0.0](https://semver.org); the labels that `helm create` writes.

use std::cmp::Ordering;

use semver::Version;

use crate::glob;
use crate::image::Image;
use crate::settings::Settings;

/// The label that says which chart made an object: `<name>-<SemVer>`.
pub const CHART_LABEL: &str = "helm.sh/chart";

/// The label that says which version of the app an object runs.
pub const VERSION_LABEL: &str = "app.kubernetes.io/version";

/// Reads a SemVer, also with the `v` that tags of git and some charts (cert-manager) begin with.
pub fn version(text: &str) -> Option<Version> {
    Version::parse(text.strip_prefix('v').unwrap_or(text)).ok()
}

/// What the label [`CHART_LABEL`] says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chart<'t> {
    /// The chart's name.
    pub name: &'t str,
    /// The chart's version.
    pub version: Version,
}

impl<'t> Chart<'t> {
    /// Reads `<name>-<SemVer>`. Labels hold `_` where the version has `+`. Names may have dashes and digits, so the
    /// version is the longest end that is one.
    pub fn parse(label: &'t str) -> Option<Self> {
        if label.contains('+') {
            return None;
        }
        label.match_indices('-').find_map(|(dash, _)| {
            let name = label.get(..dash).filter(|name| !name.is_empty())?;
            let version = version(&label.get(dash + 1..)?.replace('_', "+"))?;
            Some(Self { name, version })
        })
    }
}

/// How one version follows another, by SemVer's order. Build metadata has no part in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It goes back.
    Down,
    /// It stays.
    Same,
    /// It goes up behind the second dot, or leaves a pre-release behind.
    Patch,
    /// The second number goes up.
    Minor,
    /// The first number goes up.
    Major,
}

impl Step {
    /// The step from `old` to `new`.
    pub fn between(old: &Version, new: &Version) -> Self {
        match new.cmp_precedence(old) {
            Ordering::Less => Self::Down,
            Ordering::Equal => Self::Same,
            Ordering::Greater if new.major != old.major => Self::Major,
            Ordering::Greater if new.minor != old.minor => Self::Minor,
            Ordering::Greater => Self::Patch,
        }
    }

    /// The step's name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Down => "downgrade",
            Self::Same => "same version",
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        }
    }
}

/// The version that follows `version` by a step of the given size, for messages.
pub fn next(version: &Version, step: Step) -> Version {
    let up = |number: u64| number.saturating_add(1);
    match step {
        Step::Major => Version::new(up(version.major), 0, 0),
        Step::Minor => Version::new(version.major, up(version.minor), 0),
        // What a pre-release leads to is its own next patch.
        Step::Patch if !version.pre.is_empty() => Version::new(version.major, version.minor, version.patch),
        Step::Down | Step::Same | Step::Patch => Version::new(version.major, version.minor, up(version.patch)),
    }
}

/// What may follow the app version in an image's tag: the setting `tagSuffixes`.
#[derive(Debug)]
pub struct TagSuffixes(Vec<String>);

/// The bases and flavours that common images are published for.
const SUFFIXES: &[&str] = &[
    "-alpine*",
    "-bookworm*",
    "-bullseye*",
    "-debian*",
    "-debug*",
    "-distroless*",
    "-focal*",
    "-jammy*",
    "-management*",
    "-noble*",
    "-nonroot*",
    "-rootless*",
    "-scratch*",
    "-slim*",
    "-trixie*",
    "-ubi*",
    "-ubuntu*",
    "-unprivileged*",
];

impl TagSuffixes {
    /// Reads the setting.
    pub fn read(settings: &mut Settings<'_>) -> Self {
        let about = "Globs over what may follow the app version in an image's tag.";
        let expected = "a glob that begins with `-`, `_` or `.`, such as `-alpine*`";
        Self(settings.parsed_list("tagSuffixes", about, SUFFIXES, expected, |text| {
            text.starts_with(['-', '_', '.']).then(|| text.to_owned())
        }))
    }

    /// Whether an image's tag is the app version: a leading `v` does not count, nor what stands in for the `+` that
    /// neither tags nor labels can have.
    pub fn tag_is(&self, tag: &str, version: &str) -> bool {
        let (tag, version) = (plain(tag), plain(version));
        !version.is_empty() && tag.strip_prefix(&*version).is_some_and(|rest| rest.is_empty() || self.covers(rest))
    }

    /// What may be left of a tag when a suffix is taken off; the tag itself first.
    pub fn stems<'t>(&self, tag: &'t str) -> impl Iterator<Item = &'t str> {
        let ends = tag.match_indices(['-', '_', '.']).filter_map(|(at, _)| Some((tag.get(..at)?, tag.get(at..)?)));
        std::iter::once(tag).chain(ends.filter(|(_, suffix)| self.covers(suffix)).map(|(stem, _)| stem))
    }

    fn covers(&self, suffix: &str) -> bool {
        self.0.iter().any(|glob| glob::matches(glob, suffix))
    }
}

fn plain(text: &str) -> String {
    let digits = text.strip_prefix('v').filter(|rest| rest.starts_with(|first: char| first.is_ascii_digit()));
    digits.unwrap_or(text).replace(['+', '_'], "-")
}

/// Software that others build, and a team only deploys: the setting `systemApps`.
#[derive(Debug)]
pub struct SystemApps(Vec<String>);

/// What most clusters run beside their own software, known by the last part of the image's name.
const SYSTEM_APPS: &[&str] = &[
    "*/cassandra:*",
    "*/clickhouse-server:*",
    "*/cp-kafka:*",
    "*/elasticsearch:*",
    "*/etcd:*",
    "*/grafana:*",
    "*/kafka:*",
    "*/keycloak:*",
    "*/mariadb:*",
    "*/memcached:*",
    "*/minio:*",
    "*/mongo:*",
    "*/mongodb:*",
    "*/mysql:*",
    "*/nats:*",
    "*/opensearch:*",
    "*/postgres:*",
    "*/postgresql:*",
    "*/prometheus:*",
    "*/pulsar:*",
    "*/rabbitmq:*",
    "*/redis:*",
    "*/valkey:*",
    "*/vault:*",
    "*/zookeeper:*",
];

impl SystemApps {
    /// Reads the setting.
    pub fn read(settings: &mut Settings<'_>) -> Self {
        let about = "Globs over normalised image references of third-party software, whose charts get a new major \
                     version when the tag changes.";
        Self(settings.strings("systemApps", about, SYSTEM_APPS))
    }

    /// Whether the image is such software. A digest does not count, so that `*/redis:*` is every Redis.
    pub fn cover(&self, image: &Image) -> bool {
        let image = Image { digest: None, ..image.clone() };
        self.0.iter().any(|glob| image.matches(glob))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn suffixes() -> TagSuffixes {
        TagSuffixes::read(&mut Settings::new(None))
    }

    fn semver() -> impl Strategy<Value = Version> {
        ((0..4u64, 0..4u64, 0..4u64), "(alpha|rc\\.[0-2])?", "(b[0-9])?").prop_map(
            |((major, minor, patch), pre, build)| Version {
                pre: pre.parse().expect("a pre-release"),
                build: build.parse().expect("build metadata"),
                ..Version::new(major, minor, patch)
            },
        )
    }

    proptest! {
        #[test]
        fn reads_the_label_that_helm_writes(name in "[a-z][a-z0-9]{0,8}(-[a-z][a-z0-9]{0,4}){0,2}", version in semver()) {
            let label = format!("{name}-{version}").replace('+', "_");
            prop_assert_eq!(Chart::parse(&label), Some(Chart { name: &name, version }));
        }

        #[test]
        fn takes_no_text_for_a_label_but_one_that_ends_in_a_version(text in "[a-z0-9v.+_-]{0,24}|\\PC*") {
            if let Some(chart) = Chart::parse(&text) {
                let rest = text.strip_prefix(chart.name).and_then(|rest| rest.strip_prefix('-')).expect("name and dash");
                prop_assert_eq!(rest.strip_prefix('v').unwrap_or(rest), chart.version.to_string().replace('+', "_"));
            }
        }

        #[test]
        fn steps_follow_the_order(old in semver(), new in semver()) {
            let (there, back) = (Step::between(&old, &new), Step::between(&new, &old));
            prop_assert_eq!(there == Step::Same, old.cmp_precedence(&new).is_eq());
            prop_assert_eq!(there == Step::Same, back == Step::Same);
            prop_assert_eq!(there == Step::Down, !matches!(back, Step::Down | Step::Same));
        }

        #[test]
        fn what_follows_is_that_step(old in semver()) {
            for step in [Step::Patch, Step::Minor, Step::Major] {
                prop_assert_eq!(Step::between(&old, &next(&old, step)), step);
            }
        }

        #[test]
        fn a_tag_is_its_own_version(tag in "[a-zA-Z0-9][a-zA-Z0-9._-]{0,20}") {
            prop_assert!(suffixes().tag_is(&tag, &tag));
            let alpine = format!("{tag}-alpine3.20");
            prop_assert!(suffixes().tag_is(&alpine, &tag));
            prop_assert!(suffixes().stems(&alpine).any(|stem| stem == tag));
            let longer = format!("{tag}0");
            prop_assert!(!suffixes().tag_is(&longer, &tag));
        }
    }

    #[test]
    fn finds_the_version_behind_dashes_and_digits() {
        for (label, name, version) in [
            ("web-1.1.0", "web", "1.1.0"),
            ("kube-state-metrics-5.25.1", "kube-state-metrics", "5.25.1"),
            ("http2-proxy-4-0.1.0-rc.1", "http2-proxy-4", "0.1.0-rc.1"),
            ("cert-manager-v1.15.0", "cert-manager", "1.15.0"),
            ("web-1.1.0_build.5", "web", "1.1.0+build.5"),
        ] {
            let chart = Chart::parse(label).expect(label);
            assert_eq!((chart.name, chart.version.to_string().as_str()), (name, version));
        }
        for label in
            ["", "web", "web-1.1", "web-01.1.0", "-1.1.0", "1.1.0", "web_1.1.0", "web-1.1.0+build.5", "web-latest"]
        {
            assert_eq!(Chart::parse(label), None, "{label}");
        }
    }

    #[test]
    fn compares_tags_with_versions() {
        for (tag, version) in [
            ("1.4.2", "1.4.2"),
            ("v1.4.2", "1.4.2"),
            ("1.4.2", "v1.4.2"),
            ("1.4.2-alpine", "1.4.2"),
            ("1.4.2-debian-12-r3", "1.4.2"),
            ("1.4.2-build5", "1.4.2_build5"),
            ("3f2a1bc", "3f2a1bc"),
        ] {
            assert!(suffixes().tag_is(tag, version), "{tag} {version}");
        }
        for (tag, version) in [
            ("1.4.2", "1.4"),
            ("1.4.20", "1.4.2"),
            ("1.4.2-rc.1", "1.4.2"),
            ("1.4.2", "1.4.2-alpine"),
            ("vendor", "endor"),
            ("1.4.2", ""),
        ] {
            assert!(!suffixes().tag_is(tag, version), "{tag} {version}");
        }
    }

    #[test]
    fn knows_software_that_others_build() {
        let apps = SystemApps::read(&mut Settings::new(None));
        let cover = |text| apps.cover(&Image::parse(text).expect(text));
        assert!(cover("redis") && cover("redis:7.2") && cover("quay.io/strimzi/kafka:0.45.0-kafka-3.9.0"));
        assert!(cover("redis@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
        assert!(!cover("acme/redis-exporter:1.0") && !cover("registry.example/web:1.4.2"));
    }
}
