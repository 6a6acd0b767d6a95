//! Objects of one kind in a text.

use crate::metadata::ContextAwareResource;
use crate::object::{Contents, Identity};
use crate::resource::Resource;
use crate::source::Source;
use crate::template::unrendered_helm_template;
use crate::yaml::Documents;
use memchr::memmem;
use serde_json::{Map, Value};

/// An object as the API server would have stored it.
#[derive(Debug, Clone, PartialEq)]
pub struct ClusterObject {
    /// `None` for objects of the whole cluster.
    pub(super) namespace: Option<String>,
    /// `None` where the API server generates it.
    pub(super) name: Option<String>,
    /// All of the object, with the namespace that it goes to.
    pub(super) fields: Map<String, Value>,
}

impl ClusterObject {
    /// What an object of its kind is known by, in the order of lists.
    pub(super) fn identity(&self) -> (Option<&str>, Option<&str>) {
        (self.namespace.as_deref(), self.name.as_deref())
    }

    /// A label's value.
    pub(crate) fn label(&self, key: &str) -> Option<&str> {
        self.fields.get("metadata")?.get("labels")?.get(key)?.as_str()
    }
}

/// The objects of a kind in the text of a file. Documents that are no YAML and unrendered Helm templates hold none.
#[must_use]
pub fn objects_in(text: &str, kind: &ContextAwareResource) -> Vec<ClusterObject> {
    // Most files are done with here.
    if !may_hold(text, &kind.kind) {
        return Vec::new();
    }
    let source = Source::new(text);
    if unrendered_helm_template(&source).is_some() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for document in Documents::new(&source).filter_map(Result::ok) {
        for object in &Contents::of(&document).objects {
            let identity = object.identity();
            if identity.api_version != kind.api_version || identity.kind != kind.kind {
                continue;
            }
            let mut json = String::new();
            object.write_json(&document, &mut json);
            // A number beyond all bounds is no JSON to everybody; the API server would not take it either.
            if let Ok(fields) = serde_json::from_str(&json) {
                found.push(stored(identity, object.name(), fields));
            }
        }
    }
    found
}

/// Whether a value in the text, plain or quoted, can be this kind or the kind of its lists. A kind that is spelled with
/// escapes is not seen; nobody writes one.
fn may_hold(text: &str, kind: &str) -> bool {
    memmem::find_iter(text.as_bytes(), kind).any(|start| {
        let (before, rest) = text.split_at_checked(start).unwrap_or_default();
        let after = rest.strip_prefix(kind).unwrap_or_default();
        let after = after.strip_prefix("List").unwrap_or(after).trim_start_matches([' ', '\t']);
        let begins = before.is_empty() || before.ends_with([' ', '\t', '\n', '\r', '"', '\'', ':']);
        let ends = after.is_empty() || after.starts_with(['\n', '\r', '"', '\'', ',', '}', ']', '#']);
        begins && ends
    })
}

/// The object with the namespace that it goes to, as [`crate::request::Request`] tells it to policies.
fn stored(identity: &Identity, name: Option<&str>, mut fields: Map<String, Value>) -> ClusterObject {
    let namespaced = Resource::of(identity.group(), identity.version(), &identity.kind).namespaced;
    let namespace = namespaced.then(|| identity.namespace.clone().unwrap_or_else(|| "default".to_owned()));
    if let Some(namespace) = &namespace
        && let Value::Object(metadata) = fields.entry("metadata").or_insert_with(|| Map::new().into())
    {
        metadata.insert("namespace".to_owned(), namespace.clone().into());
    }
    ClusterObject { namespace, name: name.map(str::to_owned), fields }
}

#[cfg(test)]
mod tests {
    use super::{may_hold, objects_in};
    use crate::metadata::ContextAwareResource;

    #[test]
    fn kinds_are_found_however_they_are_written() {
        let kind = ContextAwareResource { api_version: "v1".to_owned(), kind: "Service".to_owned() };
        for written in [
            "kind: Service\napiVersion: v1\n",
            "apiVersion: v1\nkind: Service",
            "apiVersion: v1\r\nkind: Service\r\n",
            "apiVersion: v1\nkind: Service # a comment\n",
            "apiVersion: v1\nkind:\tService\t\n",
            "apiVersion: v1\nkind:\n  Service\n",
            "apiVersion: v1\nkind: !!str 'Service' \n",
            "apiVersion: v1\nkind: &kind Service\n",
            "apiVersion: v1\nkind: |-\n  Service\n",
            "{kind: Service, apiVersion: v1}",
            "{apiVersion: v1, kind: Service}",
            r#"{"kind":"Service","apiVersion":"v1"}"#,
            "apiVersion: v1\nkind: ServiceList\nitems: [{}]\n",
        ] {
            assert_eq!(objects_in(written, &kind).len(), 1, "{written}");
        }
    }

    #[test]
    fn text_that_only_mentions_a_kind_is_not_parsed() {
        for text in
            ["kind: ServiceAccount\n", "kind: MyService\n", "description: the Service of a web shop\n", "# Services\n"]
        {
            assert!(!may_hold(text, "Service"), "{text}");
        }
    }
}
