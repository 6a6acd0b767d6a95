//! To which files, namespaces, kinds and names something applies.

use crate::object::Identity;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use thiserror::Error;

/// Patterns of which one has to match. In all of them `*` stands for any text and `?` for any character.
#[derive(Debug, Clone)]
pub struct Patterns(GlobSet);

/// Why a pattern cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PatternError {
    /// It is no glob.
    #[error("`{pattern}` is no pattern: {reason}")]
    Glob {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A path that is never one below the folder of the configuration.
    #[error("`{pattern}` matches no file: a path is relative to the folder of the configuration, and below it")]
    Outside {
        /// The pattern.
        pattern: String,
    },
}

/// What something applies to. What is not said is not restricted.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// Files, by the path below the folder of the configuration.
    pub paths: Option<Patterns>,
    /// Objects, by their namespace as written.
    pub namespaces: Option<Patterns>,
    /// Objects, by `Kind` or `group/Kind`.
    pub kinds: Option<Patterns>,
    /// Objects, by their name.
    pub names: Option<Patterns>,
}

impl Patterns {
    /// Patterns for names: `*` stands for any text, slashes too.
    ///
    /// # Errors
    ///
    /// When one of them is no pattern.
    pub fn of_names<'p>(patterns: impl IntoIterator<Item = &'p str>) -> Result<Self, PatternError> {
        Self::build(patterns, false, |pattern| Ok(pattern.to_owned()))
    }

    /// Patterns for paths: `*` stays in one folder, `**` crosses folders, and a folder stands for all that is in it.
    ///
    /// # Errors
    ///
    /// When one of them is no pattern, or never matches.
    pub fn of_paths<'p>(patterns: impl IntoIterator<Item = &'p str>) -> Result<Self, PatternError> {
        Self::build(patterns, true, |pattern| {
            let path = pattern.strip_prefix("./").unwrap_or(pattern);
            if path.starts_with('/') || path.split('/').any(|part| part == "..") {
                return Err(PatternError::Outside { pattern: pattern.to_owned() });
            }
            Ok(path.trim_end_matches('/').to_owned())
        })
    }

    fn build<'p>(
        patterns: impl IntoIterator<Item = &'p str>,
        is_path: bool,
        clean: impl Fn(&str) -> Result<String, PatternError>,
    ) -> Result<Self, PatternError> {
        let failed = |pattern: &str, error: &globset::Error| PatternError::Glob {
            pattern: pattern.to_owned(),
            reason: error.kind().to_string(),
        };
        let mut set = GlobSetBuilder::new();
        for pattern in patterns {
            let mut builder = GlobBuilder::new(pattern);
            let cleaned = clean(pattern)?;
            if cleaned != pattern {
                builder = GlobBuilder::new(&cleaned);
            }
            // Files are named alike on every machine.
            builder.literal_separator(is_path).backslash_escape(true);
            set.add(builder.build().map_err(|error| failed(pattern, &error))?);
        }
        set.build().map(Self).map_err(|error| failed("", &error))
    }

    /// Whether one of the patterns matches a name.
    #[must_use]
    pub fn match_name(&self, name: &str) -> bool {
        self.0.is_match(name)
    }

    /// Whether one of the patterns matches a path or a folder that it is in.
    #[must_use]
    pub fn match_path(&self, path: &str) -> bool {
        let folders = path.char_indices().filter(|(_, character)| *character == '/');
        folders.filter_map(|(at, _)| path.get(..at)).chain([path]).any(|path| self.0.is_match(path))
    }

    /// Whether one of the patterns matches an object's kind, alone or with its group.
    #[must_use]
    pub fn match_kind(&self, object: &Identity) -> bool {
        self.0.is_match(&object.kind) || self.0.is_match(format!("{}/{}", object.group(), object.kind))
    }
}

impl Scope {
    /// Whether an object is meant; `path` is that of its file, if the file is below the folder of the configuration.
    #[must_use]
    pub fn covers(&self, path: Option<&str>, object: &Identity) -> bool {
        let is =
            |patterns: &Option<Patterns>, matches: &dyn Fn(&Patterns) -> bool| patterns.as_ref().is_none_or(matches);
        let named =
            |name: &Option<String>, patterns: &Patterns| name.as_deref().is_some_and(|name| patterns.match_name(name));
        is(&self.paths, &|paths| path.is_some_and(|path| paths.match_path(path)))
            && is(&self.kinds, &|kinds| kinds.match_kind(object))
            && is(&self.namespaces, &|namespaces| named(&object.namespace, namespaces))
            && is(&self.names, &|names| named(&object.name, names))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment(namespace: Option<&str>) -> Identity {
        Identity {
            api_version: "apps/v1".to_owned(),
            kind: "Deployment".to_owned(),
            namespace: namespace.map(str::to_owned),
            name: Some("web".to_owned()),
        }
    }

    #[test]
    fn a_folder_stands_for_what_is_in_it() {
        let matches = |pattern, path| Patterns::of_paths([pattern]).unwrap().match_path(path);
        for (pattern, path, expected) in [
            ("k8s", "k8s/prod/a.yaml", true),
            ("k8s/", "k8s/a.yaml", true),
            ("./k8s/*", "k8s/prod/a.yaml", true),
            ("k8s/*.yaml", "k8s/prod/a.yaml", false),
            ("**/*.gen.yaml", "k8s/prod/a.gen.yaml", true),
            ("**/test", "k8s/test/a.yaml", true),
            ("k8s", "other/k8s/a.yaml", false),
            ("k8", "k8s/a.yaml", false),
            ("{a,b}/**", "b/c.yaml", true),
        ] {
            assert_eq!(matches(pattern, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn what_cannot_match_is_refused() {
        let error = |pattern| Patterns::of_paths([pattern]).unwrap_err().to_string();
        for pattern in ["/etc", "../a", "a/../b"] {
            assert!(error(pattern).starts_with(&format!("`{pattern}` matches no file")), "{pattern}");
        }
        assert_eq!(error("a[b"), "`a[b` is no pattern: unclosed character class; missing ']'");
    }

    #[test]
    fn kinds_come_with_or_without_their_group() {
        let matches = |pattern| Patterns::of_names([pattern]).unwrap().match_kind(&deployment(None));
        assert!(["Deployment", "apps/Deployment", "apps/*", "Dep*"].into_iter().all(matches));
        assert!(!["deployment", "batch/*", "Deploy"].into_iter().any(matches));
    }

    #[test]
    fn all_that_is_said_has_to_match() {
        let names = |pattern| Some(Patterns::of_names([pattern]).unwrap());
        let scope = Scope {
            paths: Some(Patterns::of_paths(["k8s"]).unwrap()),
            namespaces: names("shop-*"),
            kinds: names("Deployment"),
            names: names("web"),
        };
        assert!(scope.covers(Some("k8s/a.yaml"), &deployment(Some("shop-a"))));
        assert!(!scope.covers(Some("a.yaml"), &deployment(Some("shop-a"))));
        assert!(!scope.covers(None, &deployment(Some("shop-a"))));
        assert!(!scope.covers(Some("k8s/a.yaml"), &deployment(Some("shop"))));
        assert!(!scope.covers(Some("k8s/a.yaml"), &deployment(None)));
        assert!(Scope::default().covers(None, &deployment(None)));
    }
}
