//! Verifying.

use thiserror::Error;

use super::evidence::{Evidence, Signature, collect};
use super::identity::{Identity, proven, proven_identity};
use super::requirements::{Check, Requirements, Rule};
use super::trust_root::TrustRoot;
use crate::client::{Client, Resolved};
use crate::digest::Digest;
use crate::error::{Class, Error};

/// The most reasons that are told for one rule.
const MAX_REASONS: usize = 4;

/// A module that is signed as it was required. Pulling it pulls exactly what was verified.
#[derive(Debug, Clone)]
pub struct Verified {
    resolved: Resolved,
    met: Vec<String>,
}

/// A module that is not trusted, and why.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It is not signed.
    #[error("{reference} ({digest}) is not signed")]
    Unsigned {
        /// The module's reference.
        reference: String,
        /// Its digest.
        digest: Digest,
    },
    /// Its signatures are of no use.
    #[error("{reference} ({digest}) has no usable signature: {}", reasons.join("; "))]
    Unusable {
        /// The module's reference.
        reference: String,
        /// Its digest.
        digest: Digest,
        /// Why not.
        reasons: Vec<String>,
    },
    /// A required signature is missing.
    #[error("{reference} ({digest}) is not signed as required: {}", list(unmet))]
    Unmet {
        /// The module's reference.
        reference: String,
        /// Its digest.
        digest: Digest,
        /// The rules that no signature meets.
        unmet: Vec<Unmet>,
    },
    /// Too few of the signatures of which some are required.
    #[error("{reference} ({digest}) has {met} of at least {minimum} required signatures: {}", list(unmet))]
    TooFew {
        /// The module's reference.
        reference: String,
        /// Its digest.
        digest: Digest,
        /// How many rules are met.
        met: usize,
        /// How many have to be.
        minimum: usize,
        /// The rules that no signature meets.
        unmet: Vec<Unmet>,
    },
    /// A signature without a key is required, and there is nothing to check one with.
    #[error("a signature by {rule} is required, but no trust root is given that says which certificates to believe")]
    NoTrustRoot {
        /// The rule.
        rule: String,
    },
}

/// A rule that no signature meets, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmet {
    /// The rule in words.
    pub rule: String,
    /// Why each signature does not meet it.
    pub reasons: Vec<String>,
}

impl Refusal {
    /// Whose fault it is.
    #[must_use]
    pub fn class(&self) -> Class {
        match self {
            Self::NoTrustRoot { .. } => Class::Usage,
            _ => Class::Integrity,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::NoTrustRoot { .. } => Some("name a trust root file"),
            _ => None,
        }
    }
}

impl Verified {
    /// The digest that was verified.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        self.resolved.digest()
    }

    /// The module.
    #[must_use]
    pub fn resolved(&self) -> &Resolved {
        &self.resolved
    }

    /// The rules that are met, in words.
    #[must_use]
    pub fn met(&self) -> &[String] {
        &self.met
    }

    /// The module, for pulling.
    pub(crate) fn into_resolved(self) -> Resolved {
        self.resolved
    }
}

impl Client {
    /// Verifies that a module is signed as required. Nothing but the module's registry is asked.
    ///
    /// # Errors
    /// [`Refusal`] when it is not; any other error when that cannot be found out.
    pub fn verify(
        &self,
        module: Resolved,
        requirements: &Requirements,
        trust: Option<&TrustRoot>,
    ) -> Result<Verified, Error> {
        if trust.is_none()
            && let Some(rule) = requirements.rules().find(|rule| rule.needs_trust_root())
        {
            return Err(Refusal::NoTrustRoot { rule: rule.to_string() }.into());
        }
        let evidence = self.run(collect(self.transport(), module.reference(), module.digest()))?;
        let met = judge(&module, evidence, requirements, trust)?;
        Ok(Verified { resolved: module, met })
    }
}

/// A signature with the identity behind its certificate, as far as that is proven.
struct Witness {
    signature: Signature,
    identity: Result<Identity, String>,
}

fn judge(
    module: &Resolved,
    evidence: Evidence,
    requirements: &Requirements,
    trust: Option<&TrustRoot>,
) -> Result<Vec<String>, Refusal> {
    let (reference, digest) = (module.reference().to_string(), module.digest().clone());
    let Evidence { signatures, discarded: mut reasons } = evidence;
    if signatures.is_empty() && reasons.is_empty() {
        return Err(Refusal::Unsigned { reference, digest });
    }
    let mut witnesses = Vec::new();
    for signature in signatures {
        match witness(signature, trust) {
            Ok(witness) => witnesses.push(witness),
            Err(reason) => reasons.push(reason),
        }
    }
    if witnesses.is_empty() {
        return Err(Refusal::Unusable { reference, digest, reasons });
    }
    let (mut met, mut unmet) = (Vec::new(), Vec::new());
    for rule in requirements.all_of() {
        match find(rule, &witnesses) {
            Ok(()) => met.push(rule.to_string()),
            Err(missing) => unmet.push(missing),
        }
    }
    if !unmet.is_empty() {
        return Err(Refusal::Unmet { reference, digest, unmet });
    }
    if let Some((minimum, rules)) = requirements.any_of() {
        let mut some = Vec::new();
        for rule in rules {
            match find(rule, &witnesses) {
                Ok(()) => some.push(rule.to_string()),
                Err(missing) => unmet.push(missing),
            }
        }
        if some.len() < minimum {
            return Err(Refusal::TooFew { reference, digest, met: some.len(), minimum, unmet });
        }
        met.extend(some);
    }
    Ok(met)
}

/// Looks at a signature's log entry and certificate. An entry that does not hold makes the signature useless, also for
/// those who only look at the key, as upstream does.
fn witness(signature: Signature, trust: Option<&TrustRoot>) -> Result<Witness, String> {
    let identity = match (trust, &signature.bundle) {
        (None, _) => Err("no trust root is given".to_owned()),
        (Some(_), None) => Err("it is in no transparency log".to_owned()),
        (Some(trust), Some(bundle)) => {
            let entry = proven(bundle, trust).map_err(|reason| format!("a log entry does not hold: {reason}"))?;
            proven_identity(&signature, &entry, trust)
        }
    };
    Ok(Witness { signature, identity })
}

/// Whether any signature meets a rule.
fn find(rule: &Rule, witnesses: &[Witness]) -> Result<(), Unmet> {
    let mut reasons = Vec::new();
    for witness in witnesses {
        match meets(rule, witness) {
            Ok(()) => return Ok(()),
            Err(reason) if reasons.len() < MAX_REASONS && !reasons.contains(&reason) => reasons.push(reason),
            Err(_) => {}
        }
    }
    Err(Unmet { rule: rule.to_string(), reasons })
}

fn meets(rule: &Rule, witness: &Witness) -> Result<(), String> {
    let Witness { signature, identity } = witness;
    match rule.check() {
        Check::Key(key) => {
            if !key.verifies(&signature.bytes, &signature.signature) {
                return Err("a signature is by another key".to_owned());
            }
        }
        Check::Identity(wanted) => {
            let identity = identity.as_ref().map_err(|reason| format!("a signature is by nobody known: {reason}"))?;
            wanted.fits(identity)?;
        }
    }
    match signature.payload.lacks(rule.annotations()) {
        Some((key, value)) => Err(format!("a signature by it has no annotation `{key}: {value}`")),
        None => Ok(()),
    }
}

fn list(unmet: &[Unmet]) -> String {
    let one = |unmet: &Unmet| format!("none by {} ({})", unmet.rule, unmet.reasons.join("; "));
    unmet.iter().map(one).collect::<Vec<_>>().join(", ")
}
