//! Known findings: those of an old code base, which do not fail a check until they are mended.

use crate::finding::Suppression;
use crate::object::Identity;
use crate::review::{Asked, FileReview, LocatedFinding};
use crate::yaml::typed::{Placed, TypedError, read};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap, HashSet};

/// The version of the file.
const VERSION: u32 = 1;

/// Who suppresses what is known.
const BY: &str = "baseline";

/// The findings that are known.
#[derive(Debug, Clone, Default)]
pub struct Baseline {
    entries: Vec<Placed<Entry>>,
    paths: Vec<String>,
    by_fingerprint: HashMap<String, usize>,
}

/// A known finding. All but the fingerprint is there for people.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The object concerned.
    pub object: KnownObject,
    /// The policy's id.
    pub policy: String,
    /// The finding's code.
    pub code: String,
    /// What the finding is known by.
    pub fingerprint: String,
}

/// The object that a known finding is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownObject {
    group: String,
    kind: String,
    namespace: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[expect(dead_code, reason = "read before, and no unknown key")]
    version: u32,
    paths: Vec<String>,
    findings: Vec<Placed<Entry>>,
}

/// Any file that says its version; what else it says depends on that.
#[derive(Deserialize)]
struct AnyFile {
    version: Placed<u32>,
}

/// What was seen of known findings, file by file.
#[derive(Debug, Default)]
pub struct Sighting {
    seen: HashSet<String>,
    asked: HashSet<(KnownObject, String)>,
    reviewed: HashSet<KnownObject>,
    found: BTreeSet<Entry>,
}

impl Baseline {
    /// Reads a baseline from its text.
    ///
    /// # Errors
    ///
    /// When it is no JSON, or of another version, or says something else.
    pub fn parse(text: &str) -> Result<Self, TypedError> {
        const AGAIN: &str = "write it anew with `--write-baseline`";
        let AnyFile { version } = read(text).map_err(|error| help(error, AGAIN))?;
        if version.value != VERSION {
            let message = format!("a baseline of version {}, and only version {VERSION} can be read", version.value);
            return Err(TypedError::new(version.position, message).with_help(AGAIN));
        }
        let File { paths, findings: entries, .. } = read(text).map_err(|error| help(error, AGAIN))?;
        let by_fingerprint =
            entries.iter().enumerate().map(|(index, entry)| (entry.fingerprint.clone(), index)).collect();
        Ok(Self { entries, paths, by_fingerprint })
    }

    /// Marks the findings that are known.
    pub(crate) fn suppress(&self, findings: &mut [LocatedFinding]) {
        for located in findings {
            if located.finding.suppressed.is_none() && self.by_fingerprint.contains_key(&located.fingerprint) {
                located.finding.suppressed = Some(known());
            }
        }
    }

    /// The known findings that are gone: their object was reviewed and they were not there. Of objects that were not
    /// seen it is only known that they are gone when the same `paths` were reviewed as a whole.
    #[must_use]
    pub fn stale(&self, sighting: &Sighting, paths: Option<&[String]>) -> Vec<&Placed<Entry>> {
        let is_whole = paths.is_some_and(|paths| paths == self.paths);
        let is_gone = |entry: &&Placed<Entry>| {
            let was_asked = sighting.asked.contains(&(entry.object.clone(), entry.policy.clone()));
            let is_lost = is_whole && !sighting.reviewed.contains(&entry.object);
            !sighting.seen.contains(&entry.fingerprint) && (was_asked || is_lost)
        };
        self.entries.iter().filter(is_gone).collect()
    }
}

fn help(error: TypedError, help: &str) -> TypedError {
    error.with_help(help)
}

fn known() -> Suppression {
    Suppression { by: BY.to_owned(), reason: "known when the baseline was written".to_owned() }
}

/// Marks all findings as known, for the report of the run that writes the baseline. What warns of suppressions is not
/// among them, see [`crate::configuration::SUPPRESSIONS`].
pub fn accept(review: &mut FileReview) {
    for located in review.findings.iter_mut().filter(|located| is_kept(located)) {
        located.finding.suppressed = Some(known());
    }
}

fn is_kept(located: &LocatedFinding) -> bool {
    located.finding.suppressed.is_none() && located.policy != crate::configuration::SUPPRESSIONS
}

impl Sighting {
    /// Notes what a file's review saw.
    pub fn add(&mut self, review: &FileReview) {
        for Asked { object, policies, .. } in &review.asked {
            let object = KnownObject::of(object);
            self.asked.extend(policies.iter().map(|policy| (object.clone(), policy.clone())));
            self.reviewed.insert(object);
        }
        for located in &review.findings {
            self.seen.insert(located.fingerprint.clone());
            let is_known = located.finding.suppressed.as_ref().is_some_and(|suppressed| suppressed.by == BY);
            if is_known || is_kept(located) {
                self.found.insert(Entry::of(located));
            }
        }
    }

    /// A baseline of all that was found and not suppressed otherwise, as JSON that depends on nothing else. `paths` are
    /// those that were reviewed. Gives the number of findings too.
    ///
    /// # Errors
    ///
    /// Those of the JSON writer, of which none applies.
    pub fn write(&self, paths: &[String]) -> Result<(String, usize), serde_json::Error> {
        let paths = serde_json::to_string(paths)?;
        let mut lines = Vec::new();
        for entry in &self.found {
            lines.push(format!("\n    {}", serde_json::to_string(entry)?));
        }
        // A line for each finding makes a diff that people can read.
        let end = if lines.is_empty() { "" } else { "\n  " };
        let findings = lines.join(",");
        let text =
            format!("{{\n  \"version\": {VERSION},\n  \"paths\": {paths},\n  \"findings\": [{findings}{end}]\n}}\n");
        Ok((text, self.found.len()))
    }
}

impl Entry {
    fn of(located: &LocatedFinding) -> Self {
        Self {
            object: KnownObject::of(&located.object),
            policy: located.policy.clone(),
            code: located.finding.code.clone(),
            fingerprint: located.fingerprint.clone(),
        }
    }
}

impl KnownObject {
    fn of(object: &Identity) -> Self {
        Self {
            group: object.group().to_owned(),
            kind: object.kind.clone(),
            namespace: object.namespace.clone(),
            name: object.name.clone(),
        }
    }

    /// The same for reports. It has no version.
    #[must_use]
    pub fn identity(&self) -> Identity {
        Identity {
            api_version: self.group.clone(),
            kind: self.kind.clone(),
            namespace: self.namespace.clone(),
            name: self.name.clone(),
        }
    }
}
