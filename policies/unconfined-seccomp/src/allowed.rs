//! The profiles that the settings allow.

use forewarn_kit::glob;
use forewarn_kit::settings::Settings;
use forewarn_kit::workload::Origin;

use crate::profile::{Profile, Type};

/// The settings `allowed` and `localhostProfiles`.
#[derive(Debug)]
pub(crate) struct Allowed {
    types: Vec<Type>,
    paths: Vec<String>,
}

impl Allowed {
    /// Reads the settings.
    pub(crate) fn read(settings: &mut Settings<'_>) -> Self {
        let types = settings.parsed_list(
            "allowed",
            "The types of seccomp profile that a container may have.",
            &["RuntimeDefault", "Localhost"],
            "`RuntimeDefault`, `Localhost` or `Unconfined`",
            Type::parse,
        );
        let paths = settings.parsed_list(
            "localhostProfiles",
            "The Localhost profiles that a container may have: whole paths below the kubelet's seccomp folder, or globs.",
            &["*"],
            "a path or glob below the kubelet's seccomp folder, such as `profiles/strict.json`",
            |path| leads_down(path).then(|| path.to_owned()),
        );
        if types.is_empty() {
            settings.refuse("`allowed` is empty, so no container could pass");
        } else if settings.has("localhostProfiles") && !types.contains(&Type::Localhost) {
            settings.refuse("`localhostProfiles` has no effect while `allowed` lacks `Localhost`");
        }
        Self { types, paths }
    }

    /// Whether profiles of that type may be used.
    pub(crate) fn has(&self, kind: Type) -> bool {
        self.types.contains(&kind)
    }

    /// Why `profile` may not be used, as the end of a sentence; `None` when it may.
    pub(crate) fn objection(&self, profile: &Profile<'_>) -> Option<&'static str> {
        const TYPE: &str = "a type that is not allowed here";
        match profile {
            Profile::RuntimeDefault => (!self.has(Type::RuntimeDefault)).then_some(TYPE),
            Profile::Unconfined => (!self.has(Type::Unconfined)).then_some(TYPE),
            Profile::Localhost(_) if !self.has(Type::Localhost) => {
                Some("a file on the node, which is not allowed here")
            }
            Profile::Localhost(path) if !leads_down(path) => {
                Some("but the API server refuses paths that do not lead down from the kubelet's seccomp folder")
            }
            Profile::Localhost(path) => {
                let known = self.paths.iter().any(|glob| glob::matches(glob, path));
                (!known).then_some("which is not on the list: nobody has checked which system calls it lets through")
            }
            Profile::StrayPath(_) => Some("but the API server refuses a `localhostProfile` beside it"),
            Profile::Unknown(_) => Some("which Kubernetes does not know"),
            Profile::Lacks(_) | Profile::Malformed => None,
        }
    }

    /// What to write for the container, or for the whole pod.
    pub(crate) fn remedy(&self, origin: Origin) -> String {
        let profile = if self.has(Type::RuntimeDefault) {
            "{type: RuntimeDefault}"
        } else if self.has(Type::Localhost) {
            "{type: Localhost, localhostProfile: <path>}"
        } else {
            "{type: Unconfined}"
        };
        let remedy = instruction(profile, origin);
        if !self.has(Type::Localhost) || self.paths.is_empty() || self.paths.iter().any(|path| path == "*") {
            return remedy;
        }
        format!("{remedy} (allowed files: `{}`)", self.paths.join("`, `"))
    }

    /// What to write so that the field says what an annotation says.
    pub(crate) fn as_field(&self, profile: &Profile<'_>, origin: Origin) -> String {
        match profile {
            Profile::Localhost(path) if self.objection(profile).is_none() => {
                instruction(&format!("{{type: Localhost, localhostProfile: {path}}}"), origin)
            }
            _ => self.remedy(origin),
        }
    }
}

fn instruction(profile: &str, origin: Origin) -> String {
    let whose = match origin {
        Origin::Container => "this container's",
        Origin::Pod => "the pod's",
    };
    format!("set `seccompProfile: {profile}` in {whose} `securityContext`")
}

/// Whether the API server accepts `path` as a Localhost profile: relative, and never upwards.
/// Source: `validateLocalDescendingPath` in `k8s.io/kubernetes/pkg/apis/core/validation`.
fn leads_down(path: &str) -> bool {
    !path.is_empty() && !path.starts_with('/') && path.split('/').all(|step| step != "..")
}

#[cfg(test)]
mod tests {
    use forewarn_kit::json::Tape;

    use super::*;

    #[test]
    fn knows_paths_that_leave_the_folder() {
        for (path, below) in [("a.json", true), ("a..b/c", true), ("/a", false), ("a/../b", false), ("", false)] {
            assert_eq!(leads_down(path), below, "{path}");
        }
    }

    #[test]
    fn refuses_settings_that_make_no_sense() {
        for (text, problem) in [
            (r#"{}"#, None),
            (r#"{"allowed":["Localhost"],"localhostProfiles":["a/*.json"]}"#, None),
            (r#"{"allowed":[]}"#, Some("settings: `allowed` is empty, so no container could pass")),
            (
                r#"{"allowed":["RuntimeDefault","runtime/default"]}"#,
                Some(
                    "setting `allowed` is `runtime/default`: it has to be a list, each item `RuntimeDefault`, \
                     `Localhost` or `Unconfined`",
                ),
            ),
            (
                r#"{"allowed":["RuntimeDefault"],"localhostProfiles":["a.json"]}"#,
                Some("settings: `localhostProfiles` has no effect while `allowed` lacks `Localhost`"),
            ),
            (
                r#"{"localhostProfiles":["/var/lib/kubelet/seccomp/a.json"]}"#,
                Some(
                    "setting `localhostProfiles` is `/var/lib/kubelet/seccomp/a.json`: it has to be a list, each item a \
                     path or glob below the kubelet's seccomp folder, such as `profiles/strict.json`",
                ),
            ),
        ] {
            let tape = Tape::parse(text).expect("JSON");
            let mut settings = Settings::new(Some(tape.root()));
            Allowed::read(&mut settings);
            assert_eq!(settings.finish().err().unwrap_or_default(), Vec::from_iter(problem), "{text}");
        }
    }
}
