//! What counts where the pod spec says nothing: the word of its ServiceAccount.
//!
//! Source: `shouldAutomount` in `k8s.io/kubernetes/plugin/pkg/admission/serviceaccount`.

use forewarn_kit::cluster;
use forewarn_kit::json::{Kind, Tape};

use crate::account::Account;

/// The ServiceAccount's own `automountServiceAccountToken`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Default {
    /// `false`: no token is mounted.
    Off,
    /// `true`.
    On,
    /// Nothing, so that Kubernetes' default holds: `true`.
    Unset,
    /// The account, or a boolean in it, cannot be seen.
    Unseen,
}

impl Default {
    /// Asks the cluster about the account.
    pub(crate) fn of(account: &Account<'_>) -> Self {
        let Some(namespace) = &account.namespace else { return Self::Unseen };
        cluster::get("v1", "ServiceAccount", namespace, &account.name).map_or(Self::Unseen, |text| Self::read(&text))
    }

    fn read(text: &str) -> Self {
        let Ok(tape) = Tape::parse(text) else { return Self::Unseen };
        match tape.root().field("automountServiceAccountToken") {
            None if tape.root().kind() == Kind::Object => Self::Unset,
            None => Self::Unseen,
            Some(field) => match field.to_boolean() {
                Some(false) => Self::Off,
                Some(true) => Self::On,
                None => Self::Unseen,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Default;

    #[test]
    fn nothing_is_concluded_from_nonsense() {
        for (text, expected) in [
            (r#"{"automountServiceAccountToken":false}"#, Default::Off),
            (r#"{"automountServiceAccountToken":true}"#, Default::On),
            (r#"{"automountServiceAccountToken":null}"#, Default::Unset),
            (r#"{"automountServiceAccountToken":"false"}"#, Default::Unseen),
            ("[]", Default::Unseen),
            ("", Default::Unseen),
        ] {
            assert_eq!(Default::read(text), expected, "{text}");
        }
    }
}
