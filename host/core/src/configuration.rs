//! How a team wants files to be reviewed: which policies where, and what does not count.

use crate::baseline::Baseline;
use crate::exemption::{Exemption, exempt};
use crate::finding::{Finding, Severity};
use crate::fingerprint;
use crate::object::Identity;
use crate::policy::Policy;
use crate::review::{FileReview, LocatedFinding};
use crate::scope::{Patterns, Scope};
use crate::source::{Position, Source, Span};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// The id under which a review warns of suppressions that are of no use.
pub const SUPPRESSIONS: &str = "suppressions";

/// What is configured beside the policies themselves.
#[derive(Debug)]
pub struct Configuration<M> {
    /// Other policies for some objects. Of those that apply to an object, the last one that names a policy counts.
    pub overrides: Vec<Override<M>>,
    /// The policies of a cluster that are not asked where no override says otherwise.
    pub off: BTreeSet<String>,
    /// What does not count.
    pub exemptions: Vec<Exemption>,
    /// What is known already.
    pub baseline: Option<Baseline>,
    /// The kinds that are reviewed; all where nothing is said.
    pub include_kinds: Option<Patterns>,
    /// The kinds that are not reviewed.
    pub exclude_kinds: Option<Patterns>,
    /// The path of each input below the folder of the configuration.
    pub paths: HashMap<String, String>,
    /// Whether annotations exempt from strict fields, too. Policies have a setting for it.
    pub honour_annotations: bool,
    /// The ids of policies that can be named in a suppression, whether they are asked or not.
    pub known: BTreeSet<String>,
}

/// Other policies, or the same with other settings, for some objects.
#[derive(Debug)]
pub struct Override<M> {
    /// Which objects.
    pub scope: Scope,
    /// By id; `None` for a policy that is not asked.
    pub policies: BTreeMap<String, Option<Policy<M>>>,
    /// Of the policies of a cluster, by id: whether they are asked.
    pub switches: BTreeMap<String, bool>,
}

impl<M> Default for Configuration<M> {
    fn default() -> Self {
        Self {
            overrides: Vec::new(),
            off: BTreeSet::new(),
            exemptions: Vec::new(),
            baseline: None,
            include_kinds: None,
            exclude_kinds: None,
            paths: HashMap::new(),
            honour_annotations: false,
            known: BTreeSet::new(),
        }
    }
}

impl<M> Configuration<M> {
    /// Every policy of the overrides.
    pub fn policies(&self) -> impl Iterator<Item = &Policy<M>> {
        self.overrides.iter().flat_map(|configured| configured.policies.values().flatten())
    }

    /// The same, to be changed.
    pub fn policies_mut(&mut self) -> impl Iterator<Item = &mut Policy<M>> {
        self.overrides.iter_mut().flat_map(|configured| configured.policies.values_mut().flatten())
    }

    /// Whether objects of this kind are reviewed.
    pub(crate) fn reviews(&self, object: &Identity) -> bool {
        self.include_kinds.as_ref().is_none_or(|kinds| kinds.match_kind(object))
            && !self.exclude_kinds.as_ref().is_some_and(|kinds| kinds.match_kind(object))
    }

    /// The policies to ask about an object, where by default it is these; both sorted by id.
    pub(crate) fn choose<'c>(
        &'c self,
        policies: &[&'c Policy<M>],
        file: &str,
        object: &Identity,
    ) -> Vec<&'c Policy<M>> {
        let path = self.paths.get(file).map(String::as_str);
        let mut overrides = self.overrides.iter().filter(|configured| configured.scope.covers(path, object)).peekable();
        if overrides.peek().is_none() {
            return policies.to_vec();
        }
        let mut chosen: BTreeMap<&str, Option<&Policy<M>>> =
            policies.iter().map(|policy| (policy.id(), Some(*policy))).collect();
        for configured in overrides {
            chosen.extend(configured.policies.iter().map(|(id, policy)| (id.as_str(), policy.as_ref())));
        }
        chosen.into_values().flatten().collect()
    }

    /// Whether a policy of a cluster may be asked about an object.
    pub(crate) fn asks(&self, id: &str, file: &str, object: &Identity) -> bool {
        let path = self.paths.get(file).map(String::as_str);
        let applies = |configured: &&Override<M>| configured.scope.covers(path, object);
        let mut naming = self.overrides.iter().rev().filter(|configured| configured.switches.contains_key(id));
        let switch = naming.find(applies).and_then(|configured| configured.switches.get(id));
        switch.copied().unwrap_or_else(|| !self.off.contains(id))
    }

    /// Marks what does not count, and gives fingerprints to all findings: to be done once, when all are there.
    pub(crate) fn settle(&self, review: &mut FileReview) {
        let path = self.paths.get(&review.file).map(String::as_str);
        review.exemptions = exempt(&self.exemptions, path, &mut review.findings);
        fingerprint::number(&mut review.findings);
        if let Some(baseline) = &self.baseline {
            baseline.suppress(&mut review.findings);
        }
    }
}

/// What a [`warning`] says.
#[derive(Debug, Clone)]
pub struct Warning<'w> {
    /// Its code behind the slash, such as `unused`.
    pub what: &'w str,
    /// What it is about, so that it is known from one run to the next.
    pub about: &'w str,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: &'w str,
}

/// A finding in a file that says how others are reviewed, from a place to the end of its line.
#[must_use]
pub fn warning(source: &Source<'_>, position: Position, object: Identity, warning: Warning<'_>) -> LocatedFinding {
    let line = source.line(position.line);
    let text = source.slice(line);
    let before: usize = text.chars().take(position.column.saturating_sub(1) as usize).map(char::len_utf8).sum();
    let start = line.start() + before;
    let span = Span::new(start, (line.start() + text.trim_end().len()).max(start));
    let finding = Finding {
        code: format!("{SUPPRESSIONS}/{}", warning.what),
        severity: Severity::Warn,
        pointer: String::new(),
        container: None,
        message: warning.message,
        help: Some(warning.help.to_owned()),
        fix: Vec::new(),
        suppressed: None,
    };
    LocatedFinding::at(source, span, SUPPRESSIONS, &Arc::new(object), warning.about, finding)
}
