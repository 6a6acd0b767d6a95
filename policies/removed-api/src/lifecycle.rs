//! Where in its life a thing is, as seen from the cluster's version now and after the next upgrade.

use forewarn_kit::finding::{Finding, Place, Severity};
use forewarn_kit::version::Version;

use crate::data::{DATE, NEWEST};

/// When a thing was deprecated, and when it was or will be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lifecycle {
    /// The version that warns about it first.
    pub(crate) deprecated: Option<Version>,
    /// The first version without it.
    pub(crate) removed: Option<Version>,
}

impl Lifecycle {
    /// Of minor versions.
    pub(crate) const fn new(deprecated: u16, removed: Option<u16>) -> Self {
        let removed = match removed {
            Some(minor) => Some(Version::new(1, minor)),
            None => None,
        };
        Self { deprecated: Some(Version::new(1, deprecated)), removed }
    }
}

/// The versions to judge by: the settings `kubernetesVersion` and `upgradeTo`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target {
    /// What the cluster runs.
    pub(crate) now: Version,
    /// What it is going to run.
    pub(crate) next: Option<Version>,
}

/// What is wrong with using a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The cluster does not have it.
    Removed(Version),
    /// The cluster has it until the upgrade.
    RemovedInNext(Version),
    /// It is there, and on its way out.
    Deprecated(Version, Option<Version>),
}

impl Target {
    /// The newest version in view.
    pub(crate) fn horizon(self) -> Version {
        self.next.unwrap_or(self.now)
    }

    /// The phase of a thing; `None` when nothing is to be said.
    pub(crate) fn phase(self, lifecycle: Lifecycle) -> Option<Phase> {
        match lifecycle {
            Lifecycle { removed: Some(removed), .. } if removed <= self.now => Some(Phase::Removed(removed)),
            Lifecycle { removed: Some(removed), .. } if removed <= self.horizon() => {
                Some(Phase::RemovedInNext(removed))
            }
            Lifecycle { deprecated: Some(since), removed } if since <= self.horizon() => {
                Some(Phase::Deprecated(since, removed))
            }
            _ => None,
        }
    }

    /// The finding that `subject` is used at `place`. `consequence` says what happens where it is gone.
    pub(crate) fn finding<'a>(
        self,
        phase: Phase,
        subject: &str,
        consequence: &str,
        place: impl Into<Place<'a>>,
    ) -> Finding<'a> {
        let (severity, code, message) = match phase {
            Phase::Removed(removed) => {
                let message = format!("{subject} is gone since Kubernetes {removed}: {consequence}");
                (Severity::Deny, "removed", message)
            }
            Phase::RemovedInNext(removed) => {
                let after = self.horizon();
                let message =
                    format!("{subject} goes in Kubernetes {removed}: after the upgrade to {after} {consequence}");
                (Severity::Deny, "removed-in-next", message)
            }
            Phase::Deprecated(since, removed) => {
                let when = if since <= self.now {
                    format!("since Kubernetes {since}")
                } else {
                    format!("from Kubernetes {since} on")
                };
                let end = match removed {
                    Some(removed) if removed <= NEWEST => format!(" and gone from {removed} on"),
                    Some(removed) => format!(" and planned to go in {removed} (as of {DATE})"),
                    None => "; a later version may drop it".to_owned(),
                };
                (Severity::Warn, "deprecated", format!("{subject} is deprecated {when}{end}"))
            }
        };
        Finding::new(severity, code, place, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_harm_counts() {
        let life = Lifecycle::new(21, Some(25));
        let v = |minor| Version::new(1, minor);
        let phase = |now, next: Option<u16>| Target { now: v(now), next: next.map(v) }.phase(life);
        assert_eq!(phase(20, None), None);
        assert_eq!(phase(21, None), Some(Phase::Deprecated(v(21), Some(v(25)))));
        assert_eq!(phase(20, Some(21)), Some(Phase::Deprecated(v(21), Some(v(25)))));
        assert_eq!(phase(24, None), Some(Phase::Deprecated(v(21), Some(v(25)))));
        assert_eq!(phase(24, Some(25)), Some(Phase::RemovedInNext(v(25))));
        assert_eq!(phase(25, None), Some(Phase::Removed(v(25))));
        assert_eq!(phase(25, Some(36)), Some(Phase::Removed(v(25))));
    }
}
