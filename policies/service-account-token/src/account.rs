//! Which ServiceAccount a token belongs to, and the globs that allow it.

use std::borrow::Cow;
use std::fmt;

use forewarn_kit::glob;
use forewarn_kit::json::Node;
use forewarn_kit::request::Request;
use forewarn_kit::workload::Workload;

/// A ServiceAccount.
#[derive(Debug, Clone)]
pub(crate) struct Account<'a> {
    /// Its namespace, when known.
    pub(crate) namespace: Option<Cow<'a, str>>,
    /// Its name.
    pub(crate) name: Cow<'a, str>,
}

impl<'a> Account<'a> {
    /// The one that a workload's pods run as: the API server takes the old field `serviceAccount` where the new one is
    /// empty, and `default` where both are.
    pub(crate) fn of_pods(workload: &Workload<'a>) -> Self {
        let named = |key| workload.spec.string(key).filter(|name| !name.is_empty());
        let name = named("serviceAccountName").or_else(|| named("serviceAccount"));
        Self { namespace: workload.namespace.clone(), name: name.unwrap_or(Cow::Borrowed("default")) }
    }

    /// The one that a ServiceAccount object describes.
    pub(crate) fn of_object(request: &Request<'a>, object: Node<'a>) -> Self {
        let name = object.object("metadata").and_then(|metadata| metadata.string("name"));
        Self { namespace: request.namespace(), name: name.unwrap_or_default() }
    }
}

/// `<namespace>/<name>`, as the setting `allowed` wants it.
impl fmt::Display for Account<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace.as_deref().unwrap_or("<namespace>"), self.name)
    }
}

/// A glob over namespaces and one over names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AccountGlob {
    namespace: String,
    name: String,
}

impl AccountGlob {
    /// Reads `<namespace>/<name>`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (namespace, name) = text.split_once('/')?;
        let whole =
            !namespace.is_empty() && !name.is_empty() && !name.contains('/') && !text.contains(char::is_whitespace);
        whole.then(|| Self { namespace: namespace.to_owned(), name: name.to_owned() })
    }

    /// Whether both parts match. Each is matched by itself, so that a `*` in one never reaches into the other; an
    /// unknown namespace is matched by `*` alone.
    pub(crate) fn matches(&self, account: &Account<'_>) -> bool {
        let namespace = account.namespace.as_deref().unwrap_or_default();
        glob::matches(&self.namespace, namespace) && glob::matches(&self.name, &account.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(glob: &str, namespace: Option<&'static str>, name: &'static str) -> bool {
        let account = Account { namespace: namespace.map(Cow::Borrowed), name: Cow::Borrowed(name) };
        AccountGlob::parse(glob).expect(glob).matches(&account)
    }

    #[test]
    fn reads_two_parts() {
        for text in ["", "web", "/web", "shop/", "a/b/c", "a / b"] {
            assert_eq!(AccountGlob::parse(text), None, "{text}");
        }
    }

    #[test]
    fn matches_each_part_by_itself() {
        assert!(matches("shop/deploy-*", Some("shop"), "deploy-web"));
        assert!(matches("*/flux", Some("flux-system"), "flux"));
        assert!(!matches("shop/deploy-*", Some("shop-2"), "deploy-web"));
        assert!(!matches("shop*/web", Some("shop"), "admin"));
    }

    #[test]
    fn an_unknown_namespace_needs_a_star() {
        assert!(matches("*/web", None, "web"));
        assert!(!matches("default/web", None, "web"));
    }
}
