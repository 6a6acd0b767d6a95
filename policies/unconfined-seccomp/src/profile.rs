//! What a seccomp profile says, be it a field or one of the old annotations.

use std::borrow::Cow;
use std::fmt;

use forewarn_kit::json::{Kind, Node};

/// The types of seccomp profile in the Kubernetes API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    /// The container runtime's own list of system calls.
    RuntimeDefault,
    /// A file on the node.
    Localhost,
    /// Every system call.
    Unconfined,
}

impl Type {
    /// The type of that name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::RuntimeDefault, Self::Localhost, Self::Unconfined].into_iter().find(|known| known.name() == name)
    }

    /// The type's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::RuntimeDefault => "RuntimeDefault",
            Self::Localhost => "Localhost",
            Self::Unconfined => "Unconfined",
        }
    }
}

/// What somebody wrote as a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Profile<'a> {
    /// RuntimeDefault.
    RuntimeDefault,
    /// A file on the node, relative to the kubelet's seccomp folder.
    Localhost(Cow<'a, str>),
    /// Unconfined.
    Unconfined,
    /// A path beside a type that has none, which the API server refuses.
    StrayPath(Type),
    /// The field of this name is needed and missing.
    Lacks(&'static [&'static str]),
    /// Nothing that Kubernetes knows.
    Unknown(Cow<'a, str>),
    /// Not of the type that the API demands; the kit says so.
    Malformed,
}

impl<'a> Profile<'a> {
    /// Reads a `seccompProfile`. Also gives the node that a finding points at.
    pub(crate) fn from_field(field: Node<'a>) -> (Self, Node<'a>) {
        let part = |key| (field.field(key).unwrap_or(field), field.string(key));
        if field.expect(Kind::Object).is_none() {
            return (Self::Malformed, field);
        }
        let (node, Some(name)) = part("type") else { return absent(field, &["type"]) };
        let profile = match Type::parse(&name) {
            Some(kind @ (Type::RuntimeDefault | Type::Unconfined)) if field.field("localhostProfile").is_some() => {
                return (Self::StrayPath(kind), part("localhostProfile").0);
            }
            Some(Type::RuntimeDefault) => Self::RuntimeDefault,
            Some(Type::Unconfined) => Self::Unconfined,
            Some(Type::Localhost) => match part("localhostProfile") {
                (node, Some(path)) => return (Self::Localhost(path), node),
                _ => return absent(field, &["localhostProfile"]),
            },
            None => Self::Unknown(name),
        };
        (profile, node)
    }

    /// Reads the value of an annotation.
    /// Source: `SeccompFieldForAnnotation` in `k8s.io/kubernetes/pkg/api/pod`, up to Kubernetes 1.26.
    pub(crate) fn from_annotation(value: Cow<'a, str>) -> Self {
        match value.as_ref() {
            "runtime/default" | "docker/default" => Self::RuntimeDefault,
            "unconfined" => Self::Unconfined,
            other => match other.strip_prefix("localhost/") {
                Some(path) if !path.is_empty() => Self::Localhost(path.to_owned().into()),
                _ => Self::Unknown(value),
            },
        }
    }
}

/// A string that could not be read is either not there, or of another type, which the kit has noted.
fn absent<'a>(field: Node<'a>, keys: &'static [&'static str]) -> (Profile<'a>, Node<'a>) {
    (if field.at(keys).is_some() { Profile::Malformed } else { Profile::Lacks(keys) }, field)
}

/// How messages call a profile.
impl fmt::Display for Profile<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RuntimeDefault => Type::RuntimeDefault.name(),
            Self::Unconfined => Type::Unconfined.name(),
            Self::StrayPath(kind) => kind.name(),
            Self::Localhost(text) | Self::Unknown(text) => text,
            Self::Lacks(_) | Self::Malformed => "",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Profile;

    #[test]
    fn reads_annotations() {
        for (value, profile) in [
            ("runtime/default", Profile::RuntimeDefault),
            ("docker/default", Profile::RuntimeDefault),
            ("unconfined", Profile::Unconfined),
            ("localhost/profiles/a.json", Profile::Localhost("profiles/a.json".into())),
            ("localhost/", Profile::Unknown("localhost/".into())),
            ("RuntimeDefault", Profile::Unknown("RuntimeDefault".into())),
            ("", Profile::Unknown("".into())),
        ] {
            assert_eq!(Profile::from_annotation(value.into()), profile);
        }
    }
}
