//! Which signatures are required: keys, or Kubewarden's verification config.

use std::collections::BTreeMap;
use std::fmt;

use forewarn_core::source::{Position, Source};
use forewarn_core::yaml::{Document, Documents};
use serde::Deserialize;
use serde_path_to_error::Segment;
use thiserror::Error;

use super::identity::{Subject, Wanted};
use super::key::{KeyError, PublicKey};

const API_VERSION: &str = "v1";

/// Which signatures a module must have. INVARIANT: at least one rule has to be met by some signature.
#[derive(Debug, Clone)]
pub struct Requirements {
    all_of: Vec<Rule>,
    any_of: Option<(usize, Vec<Rule>)>,
}

/// One signature that is required.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    check: Check,
    annotations: BTreeMap<String, String>,
    words: String,
}

/// By whom a signature has to be.
#[derive(Debug, Clone)]
pub(super) enum Check {
    /// By a key.
    Key(PublicKey),
    /// By somebody whom an issuer vouched for.
    Identity(Wanted),
}

/// Requirements that say nothing, or nonsense. All of them are refused, because the alternative is to trust everything.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RequirementsError {
    /// No key at all.
    #[error("no key is named, so any signature would do")]
    NoKeys,
    /// A place in a verification config.
    #[error("{file}:{}:{}: {kind}", position.line, position.column)]
    Config {
        /// The file, as the caller calls it.
        file: String,
        /// Where in the file.
        position: Position,
        /// What is wrong there.
        kind: ConfigErrorKind,
    },
}

/// What is wrong with a verification config.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ConfigErrorKind {
    /// It is not YAML.
    #[error("{0}")]
    Yaml(String),
    /// It is not one document.
    #[error("a verification config is one YAML document")]
    Documents,
    /// A key or value that the format does not have.
    #[error("{0}")]
    Form(String),
    /// Another version.
    #[error("the version `{0}` is unknown")]
    Version(String),
    /// Neither of the lists.
    #[error("neither `allOf` nor `anyOf` is set, so any module would do")]
    Nothing,
    /// An empty list.
    #[error("`{0}` is empty, so any signature would do, whoever made it")]
    Empty(&'static str),
    /// A minimum that is always, or never, reached.
    #[error("`minimumMatches` is {minimum}, but has to be between 1 and {rules}, the number of signatures")]
    Minimum {
        /// The minimum.
        minimum: usize,
        /// The number of rules.
        rules: usize,
    },
    /// A field that the kind of signature needs.
    #[error("a `{kind}` signature needs `{field}`")]
    Missing {
        /// The kind.
        kind: &'static str,
        /// The field.
        field: &'static str,
    },
    /// A field that the kind of signature does not have.
    #[error("a `{kind}` signature has no `{field}`")]
    Foreign {
        /// The kind.
        kind: &'static str,
        /// The field.
        field: &'static str,
    },
    /// A key that is none.
    #[error("{0}")]
    Key(KeyError),
}

impl RequirementsError {
    /// What to write instead.
    #[must_use]
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::NoKeys => Some("name the key that the module has to be signed with"),
            Self::Config { kind, .. } => match kind {
                ConfigErrorKind::Version(_) => Some("write `apiVersion: v1`"),
                ConfigErrorKind::Nothing | ConfigErrorKind::Empty(_) => {
                    Some("list the signatures that a module must have, such as `{kind: pubKey, key: …}`")
                }
                ConfigErrorKind::Key(error) => error.help(),
                _ => None,
            },
        }
    }
}

impl Requirements {
    /// Each of the keys must have signed the module, with the annotations.
    ///
    /// # Errors
    /// No key at all.
    pub fn keys(keys: Vec<PublicKey>, annotations: &BTreeMap<String, String>) -> Result<Self, RequirementsError> {
        if keys.is_empty() {
            return Err(RequirementsError::NoKeys);
        }
        let all_of = keys.into_iter().map(|key| Rule::of_key(None, key, annotations.clone())).collect();
        Ok(Self { all_of, any_of: None })
    }

    /// Reads Kubewarden's verification config. `file` is its name in errors.
    ///
    /// # Errors
    /// Anything that the format does not have, and anything that would trust everything.
    pub fn parse(file: &str, text: &str) -> Result<Self, RequirementsError> {
        let source = Source::new(text);
        let mut documents = Documents::new(&source);
        let at_start = |kind| fail(file, source.position(0), kind);
        let yaml = |error: &forewarn_core::yaml::YamlError| {
            fail(file, error.position, ConfigErrorKind::Yaml(error.kind.to_string()))
        };
        let Some(document) = documents.next() else { return Err(at_start(ConfigErrorKind::Documents)) };
        let document = document.map_err(|error| yaml(&error))?;
        // Of a key that is there twice, people believe one and machines the other.
        if let Some(flaw) = document.flaws().first() {
            return Err(yaml(flaw));
        }
        if documents.next().is_some() {
            return Err(at_start(ConfigErrorKind::Documents));
        }
        read(&document).map_err(|(pointer, kind)| {
            let span = document.locate(&source, document.root(), &pointer).span;
            fail(file, source.position(span.start()), kind)
        })
    }

    /// The rules of which every one has to be met.
    pub(super) fn all_of(&self) -> &[Rule] {
        &self.all_of
    }

    /// The rules of which some have to be met, and how many.
    pub(super) fn any_of(&self) -> Option<(usize, &[Rule])> {
        self.any_of.as_ref().map(|(minimum, rules)| (*minimum, rules.as_slice()))
    }

    /// All rules.
    pub(super) fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.all_of.iter().chain(self.any_of.iter().flat_map(|(_, rules)| rules))
    }
}

impl Rule {
    fn of_key(owner: Option<&str>, key: PublicKey, annotations: BTreeMap<String, String>) -> Self {
        let short: String = key.fingerprint().hex().chars().take(12).collect();
        let owner = owner.map(|owner| format!(" of `{owner}`")).unwrap_or_default();
        Self { words: format!("the key{owner} ({short}…)"), check: Check::Key(key), annotations }
    }

    /// By whom the signature has to be.
    pub(super) fn check(&self) -> &Check {
        &self.check
    }

    /// What it has to say besides.
    pub(super) fn annotations(&self) -> &BTreeMap<String, String> {
        &self.annotations
    }

    /// Whether it takes a trust root to check it.
    pub(super) fn needs_trust_root(&self) -> bool {
        matches!(self.check, Check::Identity(_))
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.words)
    }
}

/// The config as written. What belongs to which kind is checked afterwards, so that errors have a place.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Config {
    api_version: String,
    all_of: Option<Vec<Written>>,
    any_of: Option<AnyOf>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AnyOf {
    minimum_matches: Option<usize>,
    signatures: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    kind: Kind,
    owner: Option<String>,
    repo: Option<String>,
    key: Option<String>,
    issuer: Option<String>,
    subject: Option<WrittenSubject>,
    annotations: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "camelCase")]
enum Kind {
    PubKey,
    GenericIssuer,
    GithubAction,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum WrittenSubject {
    Equal(String),
    UrlPrefix(String),
}

/// What is wrong, and where by JSON Pointer.
type Wrong = (String, ConfigErrorKind);

fn read(document: &Document<'_>) -> Result<Requirements, Wrong> {
    let mut json = String::new();
    document.write_json(document.root(), &mut json);
    let config: Config = serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(&json))
        .map_err(|error| (pointer(error.path()), ConfigErrorKind::Form(without_place(error.inner()))))?;
    if config.api_version != API_VERSION {
        return Err(("/apiVersion".to_owned(), ConfigErrorKind::Version(config.api_version)));
    }
    if config.all_of.is_none() && config.any_of.is_none() {
        return Err((String::new(), ConfigErrorKind::Nothing));
    }
    let all_of = match config.all_of {
        Some(written) if written.is_empty() => return Err(("/allOf".to_owned(), ConfigErrorKind::Empty("allOf"))),
        Some(written) => rules(written, "/allOf")?,
        None => Vec::new(),
    };
    let any_of = match config.any_of {
        Some(any_of) => {
            let rules = rules(any_of.signatures, "/anyOf/signatures")?;
            let minimum = any_of.minimum_matches.unwrap_or(1);
            if rules.is_empty() {
                return Err(("/anyOf/signatures".to_owned(), ConfigErrorKind::Empty("signatures")));
            }
            if minimum == 0 || minimum > rules.len() {
                let kind = ConfigErrorKind::Minimum { minimum, rules: rules.len() };
                return Err(("/anyOf/minimumMatches".to_owned(), kind));
            }
            Some((minimum, rules))
        }
        None => None,
    };
    Ok(Requirements { all_of, any_of })
}

fn rules(written: Vec<Written>, pointer: &str) -> Result<Vec<Rule>, Wrong> {
    written.into_iter().enumerate().map(|(index, written)| rule(written, &format!("{pointer}/{index}"))).collect()
}

fn rule(written: Written, pointer: &str) -> Result<Rule, Wrong> {
    let Written { kind, owner, repo, key, issuer, subject, annotations } = written;
    let annotations = annotations.unwrap_or_default();
    let name = match kind {
        Kind::PubKey => "pubKey",
        Kind::GenericIssuer => "genericIssuer",
        Kind::GithubAction => "githubAction",
    };
    let missing = |field| (pointer.to_owned(), ConfigErrorKind::Missing { kind: name, field });
    let present = [
        ("owner", owner.is_some()),
        ("repo", repo.is_some()),
        ("key", key.is_some()),
        ("issuer", issuer.is_some()),
        ("subject", subject.is_some()),
    ];
    let allowed: &[&str] = match kind {
        Kind::PubKey => &["key", "owner"],
        Kind::GenericIssuer => &["issuer", "subject"],
        Kind::GithubAction => &["owner", "repo"],
    };
    if let Some((field, _)) = present.into_iter().find(|(field, set)| *set && !allowed.contains(field)) {
        return Err((format!("{pointer}/{field}"), ConfigErrorKind::Foreign { kind: name, field }));
    }
    match kind {
        Kind::PubKey => {
            let pem = key.ok_or_else(|| missing("key"))?;
            let key =
                PublicKey::from_pem(&pem).map_err(|error| (format!("{pointer}/key"), ConfigErrorKind::Key(error)))?;
            Ok(Rule::of_key(owner.as_deref(), key, annotations))
        }
        Kind::GenericIssuer => {
            let issuer = issuer.ok_or_else(|| missing("issuer"))?;
            let subject = match subject.ok_or_else(|| missing("subject"))? {
                WrittenSubject::Equal(text) => Subject::Equal(text),
                WrittenSubject::UrlPrefix(text) => Subject::url_prefix(text),
            };
            let words = format!("{subject} of {issuer}");
            Ok(Rule { check: Check::Identity(Wanted::Issuer { issuer, subject }), annotations, words })
        }
        Kind::GithubAction => {
            let owner = owner.ok_or_else(|| missing("owner"))?;
            let words = match &repo {
                Some(repo) => format!("the GitHub repository {owner}/{repo}"),
                None => format!("a GitHub repository of {owner}"),
            };
            Ok(Rule { check: Check::Identity(Wanted::GitHub { owner, repository: repo }), annotations, words })
        }
    }
}

/// serde_json's message without its place, which is one in a text that nobody has seen.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split_once(" at line ").map_or(text.as_str(), |(message, _)| message).to_owned()
}

/// A path as JSON Pointer.
fn pointer(path: &serde_path_to_error::Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        pointer.push('/');
        match segment {
            Segment::Seq { index } => pointer.push_str(&index.to_string()),
            Segment::Map { key } => pointer.push_str(&key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { variant } => pointer.push_str(variant),
            Segment::Unknown => {
                pointer.pop();
            }
        }
    }
    pointer
}

fn fail(file: &str, position: Position, kind: ConfigErrorKind) -> RequirementsError {
    RequirementsError::Config { file: file.to_owned(), position, kind }
}
