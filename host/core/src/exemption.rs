//! Exemptions that a configuration makes from policies.

use crate::configuration::SUPPRESSIONS;
use crate::finding::Suppression;
use crate::object::Identity;
use crate::review::LocatedFinding;
use crate::scope::{Patterns, Scope};

/// Findings that do not count, and why.
#[derive(Debug, Clone)]
pub struct Exemption {
    /// Ids of policies or codes of findings.
    pub policies: Patterns,
    /// To which objects it applies.
    pub scope: Scope,
    /// To which containers it applies; to everything where nothing is said.
    pub containers: Option<Patterns>,
    /// Why.
    pub reason: String,
}

impl Exemption {
    /// Whether a finding is exempt.
    #[must_use]
    pub fn covers(&self, path: Option<&str>, object: &Identity, located: &LocatedFinding) -> bool {
        let code = &located.finding.code;
        let container = located.finding.container.as_deref();
        (self.policies.match_name(&located.policy) || self.policies.match_name(code))
            && self.containers.as_ref().is_none_or(|names| container.is_some_and(|name| names.match_name(name)))
            && self.scope.covers(path, object)
    }
}

/// Marks what is exempt. Gives the exemptions that apply, whatever else suppresses the finding.
pub(crate) fn exempt(exemptions: &[Exemption], path: Option<&str>, findings: &mut [LocatedFinding]) -> Vec<usize> {
    let mut used = Vec::new();
    for located in findings.iter_mut().filter(|located| located.policy != SUPPRESSIONS) {
        for (index, exemption) in exemptions.iter().enumerate() {
            if !exemption.covers(path, &located.object, located) {
                continue;
            }
            if !used.contains(&index) {
                used.push(index);
            }
            let suppression = || Suppression { by: "config".to_owned(), reason: exemption.reason.clone() };
            located.finding.suppressed.get_or_insert_with(suppression);
        }
    }
    used
}
