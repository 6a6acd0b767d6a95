//! What a policy-server makes of the modules' answers, as findings.
//!
//! In its order: monitor mode, then whether the object may be changed, then the custom message.

use super::definition::{Definition, Mode};
use crate::finding::{Finding, Severity};
use crate::reply::Verdict;
use std::collections::BTreeMap;

/// Why a denial is only a warning.
const MONITORED: &str = "the policy is in monitor mode, so this does not reject the object";

/// The findings of a single policy.
pub(super) fn of_policy(definition: &Definition, mutating: bool, verdict: Verdict) -> Vec<Finding> {
    match definition.mode {
        Mode::Monitor => verdict.findings.into_iter().map(monitored).collect(),
        Mode::Protect if verdict.changes && !mutating => {
            let message = format!("`{}` would change the object and may not, so the object is rejected", definition.id);
            let help =
                "set `mutating: true` (in a `policies.yml` `allowedToMutate: true`), or change the policy's settings";
            vec![denial(&definition.id, message, Some(help.to_owned()))]
        }
        Mode::Protect => {
            let replace = |finding| match &definition.message {
                Some(message) => headed(finding, message),
                None => finding,
            };
            verdict.findings.into_iter().map(replace).collect()
        }
    }
}

/// The finding of a group whose expression is false, `answers` being those of the members that were asked.
pub(super) fn of_group(definition: &Definition, message: &str, answers: &BTreeMap<String, Verdict>) -> Vec<Finding> {
    let denied = || answers.iter().filter(|(_, verdict)| !accepts(verdict));
    let causes: Vec<_> = denied().map(|(name, verdict)| format!("`{name}`: {}", cause(verdict))).collect();
    let help = (!causes.is_empty()).then(|| format!("denied by {}", causes.join("; ")));
    let mut finding = denial(&definition.id, message.to_owned(), help);
    // Where there is only one cause, its place says more than the object as a whole.
    let mut places = denied().flat_map(|(_, verdict)| verdict.findings.iter().filter(|finding| finding.denies()));
    if let (Some(only), None) = (places.next(), places.next()) {
        finding.pointer.clone_from(&only.pointer);
        finding.container.clone_from(&only.container);
    }
    match definition.mode {
        Mode::Protect => vec![finding],
        Mode::Monitor => vec![monitored(finding)],
    }
}

/// Whether a member of a group accepts the object. One that would change it does not.
pub(super) fn accepts(verdict: &Verdict) -> bool {
    verdict.accepted && !verdict.changes
}

fn cause(verdict: &Verdict) -> String {
    if verdict.changes {
        return "it would change the object, which a policy of a group may not".to_owned();
    }
    let denials: Vec<_> = verdict.findings.iter().filter(|finding| finding.denies()).collect();
    match denials.as_slice() {
        [only] => only.message.clone(),
        several => {
            let words: Vec<_> = several.iter().map(|finding| finding.message.as_str()).collect();
            let message = verdict.message.clone().filter(|message| !message.is_empty());
            message.unwrap_or_else(|| words.join(", "))
        }
    }
}

fn monitored(finding: Finding) -> Finding {
    if !finding.denies() {
        return finding;
    }
    let message = format!("{} ({MONITORED})", finding.message);
    Finding { severity: Severity::Warn, message, ..finding }
}

/// A denial under another headline. The policy's own words stay, because they say what to do.
fn headed(finding: Finding, message: &str) -> Finding {
    if !finding.denies() {
        return finding;
    }
    let help = match &finding.help {
        Some(help) => format!("{}; {help}", finding.message),
        None => finding.message.clone(),
    };
    Finding { message: message.to_owned(), help: Some(help), ..finding }
}

fn denial(id: &str, message: String, help: Option<String>) -> Finding {
    Finding {
        code: id.to_owned(),
        severity: Severity::Deny,
        pointer: String::new(),
        container: None,
        message,
        help,
        fix: Vec::new(),
        suppressed: None,
    }
}
