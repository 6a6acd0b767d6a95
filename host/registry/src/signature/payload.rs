//! What is signed: a small document that names the digest of a manifest.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::digest::Digest;
use crate::reference::Repository;

const TYPE: &str = "cosign container image signature";

/// What is signed. Serialised in the order that cosign writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Payload {
    critical: Critical,
    #[serde(default)]
    optional: Option<BTreeMap<String, Value>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Critical {
    #[serde(default)]
    identity: Identity,
    image: Image,
    #[serde(rename = "type", default)]
    kind: String,
}

/// Which repository the signer had in mind. As upstream, it is not compared: the digest says it all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Identity {
    docker_reference: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Image {
    docker_manifest_digest: Digest,
}

impl Payload {
    /// What to sign for a manifest.
    pub(super) fn new(repository: &Repository, digest: &Digest, annotations: &BTreeMap<String, String>) -> Self {
        let optional = annotations.iter().map(|(key, value)| (key.clone(), Value::String(value.clone())));
        Self {
            critical: Critical {
                identity: Identity { docker_reference: repository.to_string() },
                image: Image { docker_manifest_digest: digest.clone() },
                kind: TYPE.to_owned(),
            },
            optional: (!annotations.is_empty()).then(|| optional.collect()),
        }
    }

    /// The manifest that this is about.
    pub(super) fn digest(&self) -> &Digest {
        &self.critical.image.docker_manifest_digest
    }

    /// The first of the annotations that this does not have.
    pub(super) fn lacks<'a>(&self, wanted: &'a BTreeMap<String, String>) -> Option<(&'a str, &'a str)> {
        let has = |key: &str, value: &str| {
            let own = self.optional.as_ref().and_then(|optional| optional.get(key));
            own.and_then(Value::as_str) == Some(value)
        };
        wanted.iter().map(|(key, value)| (key.as_str(), value.as_str())).find(|(key, value)| !has(key, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::RegistryReference;

    fn payload(annotations: &[(&str, &str)]) -> Payload {
        let reference: RegistryReference = "registry://host.example/policy:v1".parse().expect("a reference");
        let annotations = annotations.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Payload::new(reference.repository(), &Digest::of(b"{}"), &annotations)
    }

    #[test]
    fn as_cosign_writes_it() {
        let text = serde_json::to_string(&payload(&[("env", "prod")])).expect("json");
        let expected = concat!(
            r#"{"critical":{"identity":{"docker-reference":"host.example/policy"},"#,
            r#""image":{"docker-manifest-digest":"#,
            r#""sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"},"#,
            r#""type":"cosign container image signature"},"optional":{"env":"prod"}}"#,
        );
        assert_eq!(text, expected);
        assert!(serde_json::to_string(&payload(&[])).expect("json").ends_with(r#""optional":null}"#));
    }

    #[test]
    fn annotations_must_all_be_there() {
        let wanted = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect::<BTreeMap<_, _>>()
        };
        let payload = payload(&[("env", "prod"), ("tier", "1")]);
        assert_eq!(payload.lacks(&wanted(&[])), None);
        assert_eq!(payload.lacks(&wanted(&[("env", "prod")])), None);
        assert_eq!(payload.lacks(&wanted(&[("env", "test")])), Some(("env", "test")));
        assert_eq!(payload.lacks(&wanted(&[("env", "prod"), ("zone", "a")])), Some(("zone", "a")));
    }
}
