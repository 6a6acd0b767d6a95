//! A policy's reply to `validate`, and what can be believed of it.

use crate::finding::{Finding, Severity};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use thiserror::Error;

/// The version of the findings format that is understood.
const FINDINGS_VERSION: u32 = 1;

/// A reply that is no verdict.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ReplyError {
    /// The reply is not a validation response.
    #[error("the reply is no validation response: {reason}")]
    Unreadable {
        /// What the JSON reader said.
        reason: String,
    },
    /// The structured findings in the reply cannot be read.
    #[error("the findings in the reply cannot be read: {reason}")]
    UnreadableFindings {
        /// What the JSON reader said.
        reason: String,
    },
    /// The structured findings are of another version.
    #[error("the findings in the reply have version {version}, not {FINDINGS_VERSION}")]
    FindingsVersion {
        /// The version that the policy wrote.
        version: u32,
    },
    /// The reply accepts the object and denies something in it.
    #[error("the reply accepts the object and denies `{code}` all the same")]
    AcceptedWithDenial {
        /// The code of the first denial.
        code: String,
    },
    /// The reply rejects the object and names no reason.
    #[error("the reply rejects the object, but none of its findings denies")]
    RejectedWithoutDenial,
}

#[derive(Deserialize)]
struct Response {
    accepted: bool,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    warnings: Option<Vec<String>>,
    #[serde(default)]
    mutated_object: Option<IgnoredAny>,
    #[serde(default)]
    audit_annotations: Option<AuditAnnotations>,
}

#[derive(Deserialize)]
struct AuditAnnotations {
    #[serde(default)]
    findings: Option<String>,
}

#[derive(Deserialize)]
struct Findings {
    version: u32,
    findings: Vec<Finding>,
}

/// What a reply says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Verdict {
    /// Whether the object is accepted.
    pub(crate) accepted: bool,
    /// The policy's reason.
    pub(crate) message: Option<String>,
    /// What was found.
    pub(crate) findings: Vec<Finding>,
    /// Whether the policy wants another object than it was given.
    pub(crate) changes: bool,
}

/// Reads the findings out of a reply; see [`verdict`].
///
/// # Errors
///
/// When the reply cannot be read or contradicts itself. Neither is ever a pass.
pub fn findings(policy: &str, reply: &[u8], object: &str) -> Result<Vec<Finding>, ReplyError> {
    verdict(policy, reply, object).map(|verdict| verdict.findings)
}

/// Reads a reply.
///
/// A policy that reports no structured findings is taken by its words: a rejection denies the object as a whole, each
/// warning warns of it, and a change that it would make is a warning too. `object` is the object of the request, as
/// JSON.
///
/// # Errors
///
/// When the reply cannot be read or contradicts itself. Neither is ever a pass.
pub(crate) fn verdict(policy: &str, reply: &[u8], object: &str) -> Result<Verdict, ReplyError> {
    let response: Response =
        serde_json::from_slice(reply).map_err(|error| ReplyError::Unreadable { reason: error.to_string() })?;
    let structured = response.audit_annotations.as_ref().and_then(|annotations| annotations.findings.as_deref());
    let changes = response.mutated_object.is_some() && mutation(reply, object).is_some();
    let findings = match structured {
        Some(text) => structured_findings(text)?,
        None => plain_findings(policy, &response, changes),
    };
    let denial = findings.iter().find(|finding| finding.denies());
    match (response.accepted, denial) {
        (true, Some(finding)) => Err(ReplyError::AcceptedWithDenial { code: finding.code.clone() }),
        (false, None) => Err(ReplyError::RejectedWithoutDenial),
        _ => Ok(Verdict { accepted: response.accepted, message: response.message, findings, changes }),
    }
}

fn structured_findings(text: &str) -> Result<Vec<Finding>, ReplyError> {
    let Findings { version, findings } =
        serde_json::from_str(text).map_err(|error| ReplyError::UnreadableFindings { reason: error.to_string() })?;
    if version != FINDINGS_VERSION {
        return Err(ReplyError::FindingsVersion { version });
    }
    Ok(findings)
}

fn plain_findings(policy: &str, response: &Response, changes: bool) -> Vec<Finding> {
    let finding = |severity, message: &str| Finding {
        code: policy.to_owned(),
        severity,
        pointer: String::new(),
        container: None,
        message: message.to_owned(),
        help: None,
        fix: Vec::new(),
        suppressed: None,
    };
    let mut findings = Vec::new();
    if !response.accepted {
        let message = response.message.as_deref().unwrap_or_default();
        let message = match message {
            "" => "rejected by the policy, which gives no reason",
            message => message,
        };
        findings.push(finding(Severity::Deny, message));
    }
    let warnings = response.warnings.as_deref().unwrap_or_default();
    findings.extend(warnings.iter().map(|warning| finding(Severity::Warn, warning)));
    if response.accepted && changes {
        findings.push(finding(Severity::Warn, "the object would be changed by the policy"));
    }
    findings
}

/// The object that an accepting policy makes of the one in the request, if it is another one. `object` is the object of
/// the request, as JSON; what cannot be compared counts as changed.
#[must_use]
pub fn mutation(reply: &[u8], object: &str) -> Option<Value> {
    #[derive(Deserialize)]
    struct Mutated {
        accepted: bool,
        #[serde(default)]
        mutated_object: Option<Value>,
    }
    let mutated = serde_json::from_slice::<Mutated>(reply).ok().filter(|reply| reply.accepted)?.mutated_object?;
    let is_same = serde_json::from_str::<Value>(object).is_ok_and(|object| object == mutated);
    (!is_same).then_some(mutated)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const OBJECT: &str = r#"{"kind":"Pod"}"#;

    fn read(reply: Value) -> Result<Vec<Finding>, ReplyError> {
        findings("third-party", reply.to_string().as_bytes(), OBJECT)
    }

    fn structured(accepted: bool, findings: Value) -> Result<Vec<Finding>, ReplyError> {
        let text = json!({"version": 1, "findings": findings, "more": 1}).to_string();
        read(json!({"accepted": accepted, "audit_annotations": {"findings": text, "x": null}}))
    }

    #[test]
    fn structured_findings_are_read() {
        let found = structured(
            false,
            json!([
                {"code": "p/a", "severity": "deny", "pointer": "/spec", "container": "web", "message": "m", "help": "h",
                 "fix": [{"op": "add", "path": "/spec/x", "value": null}, {"op": "remove", "path": "/y"}],
                 "suppressed": null, "new": 1},
                {"code": "p/b", "severity": "warn", "pointer": "", "message": "m"},
                {"code": "p/c", "severity": "deny", "pointer": "", "message": "m",
                 "suppressed": {"by": "exempt", "reason": "r"}},
            ]),
        )
        .unwrap();
        assert_eq!(found.iter().map(Finding::denies).collect::<Vec<_>>(), [true, false, false]);
        assert_eq!(found[0].fix[1].op, PatchOp::Remove);
    }

    #[test]
    fn contradictions_are_no_verdict() {
        let deny = json!([{"code": "p/a", "severity": "deny", "pointer": "", "message": "m"}]);
        assert_eq!(structured(true, deny), Err(ReplyError::AcceptedWithDenial { code: "p/a".to_owned() }));
        assert_eq!(structured(false, json!([])), Err(ReplyError::RejectedWithoutDenial));
        let suppressed =
            json!([{"code": "p/a", "severity": "deny", "message": "m", "suppressed": {"by": "b", "reason": "r"}}]);
        assert_eq!(structured(false, suppressed.clone()), Err(ReplyError::RejectedWithoutDenial));
        assert!(structured(true, suppressed).is_ok());
    }

    #[test]
    fn nonsense_is_no_verdict() {
        for reply in ["", "null", "[]", "{}", r#"{"accepted":"yes"}"#, r#"{"accepted":true"#] {
            assert!(matches!(findings("p", reply.as_bytes(), OBJECT), Err(ReplyError::Unreadable { .. })), "{reply}");
        }
        for text in ["", "[]", r#"{"version":1}"#, r#"{"version":1,"findings":[{}]}"#] {
            let reply = json!({"accepted": true, "audit_annotations": {"findings": text}});
            assert!(matches!(read(reply), Err(ReplyError::UnreadableFindings { .. })), "{text}");
        }
        let reply = json!({"accepted": true, "audit_annotations": {"findings": r#"{"version":2,"findings":[]}"#}});
        assert_eq!(read(reply), Err(ReplyError::FindingsVersion { version: 2 }));
    }

    #[test]
    fn other_policies_are_taken_by_their_words() {
        let found = read(json!({"accepted": false, "message": "no", "warnings": ["w"]})).unwrap();
        assert_eq!(
            found
                .iter()
                .map(|finding| (finding.code.as_str(), finding.severity, finding.message.as_str()))
                .collect::<Vec<_>>(),
            [("third-party", Severity::Deny, "no"), ("third-party", Severity::Warn, "w")]
        );
        assert!(read(json!({"accepted": false})).unwrap()[0].denies());
        assert!(read(json!({"accepted": true, "warnings": null})).unwrap().is_empty());
    }

    #[test]
    fn a_change_is_a_warning_and_no_change_is_none() {
        let changed = json!({"accepted": true, "mutated_object": {"kind": "Pod", "spec": {}}});
        assert_eq!(read(changed).unwrap()[0].severity, Severity::Warn);
        for same in [json!({"kind": "Pod"}), Value::Null] {
            let reply = json!({"accepted": true, "mutated_object": same});
            assert!(read(reply).unwrap().is_empty());
        }
    }

    use crate::finding::PatchOp;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_reply_is_read_without_panic(reply in prop::collection::vec(any::<u8>(), 0..64)) {
            prop_assert!(findings("p", &reply, OBJECT).is_err());
        }
    }
}
