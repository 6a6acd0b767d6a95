//! Kubernetes objects in YAML documents.

use crate::yaml::{self, Document, NodeId, ScalarKind};
use std::fmt;

/// A Kubernetes object of a document.
#[derive(Debug, Clone)]
pub struct Object {
    node: NodeId,
    pointer: String,
    identity: Identity,
    /// `metadata.name` alone: what the API server knows before it generates one.
    name: Option<String>,
    /// Fields that the item of a typed list takes from the list.
    inherited: Vec<(&'static str, String)>,
}

/// What names an object to its owner.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    /// Group and version, such as `apps/v1`.
    pub api_version: String,
    /// The kind, such as `Deployment`.
    pub kind: String,
    /// `metadata.namespace`, as written.
    pub namespace: Option<String>,
    /// `metadata.name`, or else `metadata.generateName`.
    pub name: Option<String>,
}

/// What was found in a document.
#[derive(Debug, Clone, Default)]
pub struct Contents {
    /// The objects, in the order of the text; the items of lists in place of the lists.
    pub objects: Vec<Object>,
    /// The nodes that should have been objects and are not.
    pub others: Vec<NodeId>,
}

impl Contents {
    /// Looks for objects in a document.
    #[must_use]
    pub fn of(document: &Document<'_>) -> Self {
        let mut contents = Self::default();
        let root = document.root();
        if !is_null(document, root) {
            contents.collect(document, root, "", None);
        }
        contents
    }

    /// Takes a node as an object or as a list of them. Depth is bounded by [`yaml::MAX_DEPTH`].
    fn collect(&mut self, document: &Document<'_>, node: NodeId, pointer: &str, item_of: Option<(&str, &str)>) {
        let string = |key| document.get(node, key).and_then(|value| document.string(value));
        let own = (string("apiVersion"), string("kind"));
        let (Some(api_version), Some(kind)) =
            (own.0.or(item_of.map(|list| list.0)), own.1.or(item_of.map(|list| list.1)))
        else {
            self.others.push(node);
            return;
        };
        if let Some(item_kind) = kind.strip_suffix("List") {
            let items = document.get(node, "items");
            let item_of = Some((api_version, item_kind)).filter(|_| !item_kind.is_empty());
            if let Some(items) = items.and_then(|items| document.items(items)) {
                for (index, item) in items.iter().enumerate() {
                    self.collect(document, *item, &format!("{pointer}/items/{index}"), item_of);
                }
                return;
            }
            if api_version == "v1" && item_kind.is_empty() {
                self.others.extend(items.filter(|items| !is_null(document, *items)));
                return;
            }
        }
        let mut inherited = Vec::new();
        if own.0.is_none() {
            inherited.push(("apiVersion", api_version.to_owned()));
        }
        if own.1.is_none() {
            inherited.push(("kind", kind.to_owned()));
        }
        let metadata = document.get(node, "metadata");
        let metadata = |key| {
            let value = document.get(metadata?, key)?;
            let text = document.string(value)?;
            (!text.is_empty()).then(|| text.to_owned())
        };
        let name = metadata("name");
        self.objects.push(Object {
            node,
            pointer: pointer.to_owned(),
            identity: Identity {
                api_version: api_version.to_owned(),
                kind: kind.to_owned(),
                namespace: metadata("namespace"),
                name: name.clone().or_else(|| metadata("generateName")),
            },
            name,
            inherited,
        });
    }
}

fn is_null(document: &Document<'_>, node: NodeId) -> bool {
    document.scalar(node).is_some_and(|scalar| scalar.kind == ScalarKind::Null)
}

impl Object {
    /// The object's mapping in its document; pointers in findings are relative to it.
    #[must_use]
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// The JSON Pointer of the object in its document; empty unless it is an item of a list.
    #[must_use]
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// What names the object.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// `metadata.name`; `None` where the API server generates one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Appends the object as JSON; see [`Document::write_json`].
    pub fn write_json(&self, document: &Document<'_>, out: &mut String) {
        let start = out.len();
        document.write_json(self.node, out);
        if self.inherited.is_empty() {
            return;
        }
        // The API server would have written these two first.
        let mut fields = String::new();
        for (key, value) in &self.inherited {
            yaml::write_string(key, &mut fields);
            fields.push(':');
            yaml::write_string(value, &mut fields);
            fields.push(',');
        }
        let has_own_fields = out.get(start + 1..).is_some_and(|rest| rest != "}");
        if !has_own_fields {
            fields.pop();
        }
        out.insert_str(start + 1, &fields);
    }
}

impl Identity {
    /// The API group, empty for the core group.
    #[must_use]
    pub fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    /// The API version without its group.
    #[must_use]
    pub fn version(&self) -> &str {
        self.api_version.split_once('/').map_or(&self.api_version, |(_, version)| version)
    }
}

/// `Deployment shop/web`
impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind)?;
        match (&self.namespace, &self.name) {
            (Some(namespace), Some(name)) => write!(f, " {namespace}/{name}"),
            (Some(namespace), None) => write!(f, " {namespace}/"),
            (None, Some(name)) => write!(f, " {name}"),
            (None, None) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;
    use crate::yaml::Documents;

    fn contents(text: &str) -> (Vec<String>, usize) {
        let source = Source::new(text);
        let mut names = Vec::new();
        let mut others = 0;
        for document in Documents::new(&source) {
            let document = document.unwrap();
            let contents = Contents::of(&document);
            others += contents.others.len();
            for object in &contents.objects {
                let identity = object.identity();
                let (group, version) = (identity.group(), identity.version());
                names.push(format!("{group}|{version} {identity}"));
            }
        }
        (names, others)
    }

    #[test]
    fn objects_have_api_version_and_kind() {
        assert_eq!(
            contents(
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\n---\n\
                 apiVersion: v1\nkind: Pod\nmetadata: {generateName: web-}\n---\n\
                 a: 1\n---\n- x\n---\nkind: Pod\n---\n# none\n---\n~\n---\napiVersion: 1\nkind: Pod\n"
            ),
            (vec!["apps|v1 Deployment shop/web".to_owned(), "|v1 Pod web-".to_owned()], 4)
        );
    }

    #[test]
    fn lists_are_replaced_by_their_items() {
        assert_eq!(
            contents(
                "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod}\n- x\n\
                 - {apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Secret}]}\n---\n\
                 apiVersion: v1\nkind: PodList\nitems: [{metadata: {name: a}}]\n---\n\
                 apiVersion: v1\nkind: List\n---\n\
                 apiVersion: v1\nkind: List\nitems: {}\n---\n\
                 apiVersion: v1\nkind: List\nitems:\n---\n\
                 apiVersion: example.com/v1\nkind: AllowList\nspec: {}\n"
            ),
            (["|v1 Pod", "|v1 Secret", "|v1 Pod a", "example.com|v1 AllowList"].map(str::to_owned).to_vec(), 2)
        );
    }

    #[test]
    fn items_of_a_typed_list_get_its_type() {
        for (item, json) in [
            ("{}", r#"{"apiVersion":"v1","kind":"Pod"}"#),
            ("{spec: {}}", r#"{"apiVersion":"v1","kind":"Pod","spec":{}}"#),
            ("{kind: Pod}", r#"{"apiVersion":"v1","kind":"Pod"}"#),
        ] {
            let text = format!("apiVersion: v1\nkind: PodList\nitems: [{item}]\n");
            let source = Source::new(&text);
            let document = Documents::new(&source).next().unwrap().unwrap();
            let mut out = String::new();
            Contents::of(&document).objects[0].write_json(&document, &mut out);
            assert_eq!(out, json);
        }
    }
}
