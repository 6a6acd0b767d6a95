//! What the settings demand.

use forewarn_kit::settings::{Choice, Settings};
use forewarn_kit::version::Version;

use crate::id::Ids;

/// All that is demanded of a workload.
#[derive(Debug)]
pub(crate) struct Demands {
    /// `runAsNonRoot` has to be true.
    pub(crate) non_root: bool,
    /// What user IDs have to be.
    pub(crate) user: Ids,
    /// What group IDs have to be; any will do where this is absent.
    pub(crate) group: Option<Ids>,
    /// ContainerAdministrator is refused.
    pub(crate) windows_admin: bool,
    /// A pod-level value is refused also where every container overrides it.
    pub(crate) pod_level: bool,
    /// A pod with a user namespace of its own may have any user.
    pub(crate) relax_for_user_namespaces: bool,
}

/// How much is demanded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Preset {
    /// What the other settings say.
    Full,
    /// What the Pod Security Standard restricted says.
    Restricted,
}

impl Choice for Preset {
    const WORDS: &'static [(&'static str, Self)] = &[("full", Self::Full), ("restricted", Self::Restricted)];
}

/// Since this version the API server keeps `hostUsers` unless the feature is switched off.
const USER_NAMESPACES: Version = Version::new(1, 33);

impl Demands {
    pub(crate) fn read(settings: &mut Settings<'_>, kubernetes: Version) -> Self {
        let preset = settings.choice(
            "preset",
            "`full` is what the other settings say; `restricted` is the Pod Security Standard of that name.",
            Preset::Full,
        );
        let others = ["requireRunAsNonRoot", "user", "group"];
        if preset == Preset::Restricted && others.iter().any(|key| settings.has(key)) {
            settings.refuse(
                "`preset: restricted` already says what is demanded; remove `requireRunAsNonRoot`, `user` and `group`",
            );
        }
        let demands = Self {
            non_root: settings.boolean(
                "requireRunAsNonRoot",
                "Whether `runAsNonRoot` has to be true for every container.",
                true,
            ),
            user: settings.section("user", "The user that containers run as.", Ids::user),
            group: Some(settings.section("group", "The primary group that containers run with.", Ids::group)),
            windows_admin: true,
            pod_level: false,
            relax_for_user_namespaces: settings.boolean(
                "relaxForUserNamespaces",
                "Whether a pod with `hostUsers: false` may run as any user (Kubernetes 1.33 or newer).",
                false,
            ) && kubernetes >= USER_NAMESPACES,
        };
        match preset {
            Preset::Full => demands,
            Preset::Restricted => Self {
                non_root: true,
                user: Ids::NOT_ROOT,
                group: None,
                windows_admin: false,
                pod_level: true,
                ..demands
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use forewarn_kit::json::Tape;

    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let tape = Tape::parse(text).expect("JSON");
        let mut settings = Settings::new(Some(tape.root()));
        Demands::read(&mut settings, Version::NEWEST);
        settings.finish().err().unwrap_or_default()
    }

    #[test]
    fn takes_what_makes_sense() {
        for text in [
            "{}",
            r#"{"user":{"min":10000}}"#,
            r#"{"user":{"min":1,"recommended":1,"default":1},"group":{"min":1,"default":1}}"#,
            r#"{"preset":"restricted","relaxForUserNamespaces":true}"#,
            r#"{"preset":"full","user":{"required":false}}"#,
        ] {
            assert_eq!(problems(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn refuses_what_contradicts_itself() {
        for (text, problem) in [
            (
                r#"{"preset":"restricted","user":{"min":1}}"#,
                "settings: `preset: restricted` already says what is demanded; remove `requireRunAsNonRoot`, `user` and `group`",
            ),
            (r#"{"user":{"recommended":500}}"#, "setting `user`: `recommended` (500) is below `min` (1001)"),
            (
                r#"{"user":{"default":1000,"recommended":1001}}"#,
                "setting `user`: `default` (1000) is below `min` (1001)",
            ),
            (
                r#"{"user":{"default":2000}}"#,
                "setting `user`: `default` (2000) is below `recommended` (3001), so whatever it repairs would be warned about",
            ),
            (r#"{"group":{"default":3000}}"#, "setting `group`: `default` (3000) is below `min` (3001)"),
            (
                r#"{"user":{"min":0,"recommended":3001}}"#,
                "setting `user.min` is `0`: it has to be a whole number from 1 to 2147483647",
            ),
        ] {
            assert_eq!(problems(text), [problem], "{text}");
        }
    }
}
