//! The images that a release runs.

use std::borrow::Cow;
use std::fmt;

use forewarn_kit::finding::{Finding, Findings, Severity};
use forewarn_kit::image::Image;
use forewarn_kit::json::{Kind, Node};
use forewarn_kit::release::{TagSuffixes, VERSION_LABEL};
use forewarn_kit::settings::Level;
use forewarn_kit::workload::{Container, Workload};

use crate::{labels, milder};

/// How images are looked at.
#[derive(Debug)]
pub(crate) struct Images {
    pub(crate) matches: Level,
    pub(crate) pinned: Level,
    pub(crate) others: Level,
    pub(crate) suffixes: TagSuffixes,
}

/// What a container is in its release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Its image has the app version.
    Main,
    /// Its image has a version of its own.
    Other,
}

/// Tags that registries move to each new build.
const MOVING: &[&str] = &[
    "canary", "current", "dev", "devel", "develop", "edge", "head", "latest", "lts", "main", "mainline", "master",
    "next", "nightly", "rolling", "snapshot", "stable", "testing", "trunk", "unstable",
];

/// Whether a tag is a word for whatever is newest.
pub(crate) fn is_moving_word(text: &str) -> bool {
    MOVING.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Whether a tag is a major version alone. Longer numbers are builds or dates, which nobody moves.
fn is_bare_major(text: &str) -> bool {
    let digits = text.strip_prefix('v').unwrap_or(text);
    (1..=3).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

impl Images {
    /// Reports what is wrong with the image of `container`.
    pub(crate) fn check<'a>(
        &self,
        workload: &Workload<'a>,
        container: &'a Container<'a>,
        role: Role,
        findings: &mut Findings<'a>,
    ) {
        let (pinned, matches) = match role {
            Role::Main => (self.pinned.severity(), self.matches.severity()),
            Role::Other => (milder(self.pinned.severity(), self.others.severity()), None),
        };
        let Some(strictest) = pinned.into_iter().chain(matches).min_by_key(|severity| *severity != Severity::Deny)
        else {
            return;
        };
        // That there is one, the API server sees to; a patch for kustomize has none.
        let Some(node) = container.node.field("image") else { return };
        let Some(text) = node.expect(Kind::String).and_then(Node::as_str) else { return };
        let Ok(image) = Image::parse(&text) else {
            let message =
                format!("`image` of {container} is `{text}`, which is no image reference, so no node can pull it");
            findings.push(Finding::new(strictest, "bad-image", node, message).container(container).help(WRITE));
            return;
        };
        let image = Read { container, node, text, image };
        let version = workload.label(VERSION_LABEL).and_then(Node::as_str);
        let version = version.as_deref().filter(|version| labels::VERSION.problem(version).is_none());
        let floating = pinned.filter(|severity| {
            let found = self.floating(&image, *severity, version.filter(|_| role == Role::Main));
            found.map(|finding| findings.push(finding)).is_some()
        });
        // Of two findings about one tag, the stricter is enough.
        if let (Some(severity), Some(version)) = (matches, version)
            && floating.is_none_or(|floating| floating == Severity::Warn && severity == Severity::Deny)
            && let Some(finding) = self.differs(&image, severity, version)
        {
            findings.push(finding);
        }
    }

    /// A tag that does not hold still. With a digest it does not matter.
    fn floating<'a>(&self, image: &Read<'a>, severity: Severity, version: Option<&str>) -> Option<Finding<'a>> {
        if image.image.digest.is_some() {
            return None;
        }
        let help = match version.filter(|version| !is_bare_major(version)) {
            Some(version) => format!("tag the image with the app version, such as `{version}`"),
            None => "write the tag of one release, such as `1.4.2`, or a digest".to_owned(),
        };
        let (code, what) = match &image.image.tag {
            None => ("untagged", "has no tag, which means `latest`".to_owned()),
            Some(tag) if self.suffixes.stems(tag).any(is_moving_word) => {
                ("floating-tag", format!("has the tag `{tag}`, which moves to each new build"))
            }
            Some(tag) if self.suffixes.stems(tag).any(is_bare_major) => {
                ("floating-tag", format!("has the tag `{tag}`, which moves to each new release of that major version"))
            }
            Some(_) => return None,
        };
        let message = format!(
            "{image} {what}: the same manifest runs something else tomorrow, and a rollback does not bring back what ran"
        );
        Some(image.finding(severity, code, message).help(help))
    }

    /// A tag that is another version than the label's. A digest alone has no version to compare.
    fn differs<'a>(&self, image: &Read<'a>, severity: Severity, version: &str) -> Option<Finding<'a>> {
        let tag = match (image.image.tag.as_deref(), &image.image.digest) {
            (Some(tag), Some(_)) if !is_moving_word(tag) => tag,
            (_, Some(_)) => return None,
            (tag, None) => tag.unwrap_or("latest"),
        };
        if self.suffixes.tag_is(tag, version) {
            return None;
        }
        let what = match &image.image.tag {
            Some(tag) => format!("the tag `{tag}`"),
            None => "no tag, which means `latest`".to_owned(),
        };
        let message = format!(
            "{image} has {what}, but the label `{VERSION_LABEL}` says `{version}`, so whoever reads the label takes one \
             version for the other"
        );
        let variant = tag.strip_prefix(version).filter(|rest| rest.starts_with(['-', '_', '.']));
        let help = match variant {
            Some(suffix) => format!(
                "make the tag `{version}` or the label `{tag}`; if `{suffix}` only names a variant, as `-alpine` does, add \
                 it to this policy's setting `tagSuffixes`"
            ),
            None if is_moving_word(tag) => format!("make the tag `{version}`"),
            None => format!("make the tag `{version}` or the label `{tag}`, whichever is the release"),
        };
        Some(image.finding(severity, "tag-differs", message).help(help))
    }
}

/// An image with the place where it is written.
struct Read<'a> {
    container: &'a Container<'a>,
    node: Node<'a>,
    text: Cow<'a, str>,
    image: Image,
}

impl<'a> Read<'a> {
    fn finding(&self, severity: Severity, code: &'static str, message: String) -> Finding<'a> {
        Finding::new(severity, code, self.node, message).container(self.container)
    }
}

impl fmt::Display for Read<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "image `{}` of {}", self.text, self.container)
    }
}

/// The help for an image that cannot be read.
const WRITE: &str = "write `<registry>/<repository>:<tag>`, with the repository in small letters, such as \
                     `registry.example/shop/web:1.4.2`";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_major_is_short() {
        for text in ["1", "16", "v2", "120"] {
            assert!(is_bare_major(text), "{text}");
        }
        for text in ["", "v", "1.2", "1234", "20250101", "1a"] {
            assert!(!is_bare_major(text), "{text}");
        }
    }
}
