//! Admission requests: what a policy's `validate` is given.

use crate::object::{Identity, Object};
use crate::resource::Resource;
use crate::yaml::{Document, write_string};

/// The request to create one object, serialised once for all policies.
#[derive(Debug, Clone)]
pub struct Request {
    /// Everything of the payload up to the settings.
    before_settings: String,
    object: std::ops::Range<usize>,
}

/// What is done to the object, besides that it is there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// The object before the change, as JSON; makes the request an UPDATE instead of a CREATE.
    pub old_object: Option<String>,
    /// The subresource that is changed, such as `ephemeralcontainers`.
    pub sub_resource: Option<String>,
}

/// The operation of a request to delete an object.
const DELETE: &str = "DELETE";

impl Request {
    /// Builds the request as the Kubewarden policy server serialises it: every mapping's keys sorted.
    #[must_use]
    pub fn new(document: &Document<'_>, object: &Object, change: &Change) -> Self {
        let operation = if change.old_object.is_some() { "UPDATE" } else { "CREATE" };
        Self::build(document, object, change, operation)
    }

    /// The request to delete an object, which has it as the old one and no new one.
    #[must_use]
    pub fn deletion(document: &Document<'_>, object: &Object, change: &Change) -> Self {
        Self::build(document, object, change, DELETE)
    }

    fn build(document: &Document<'_>, object: &Object, change: &Change, operation: &str) -> Self {
        let identity = object.identity();
        let resource = Resource::of(identity.group(), identity.version(), &identity.kind);
        let kind = triple("kind", &identity.kind, identity);
        let plural = triple("resource", &resource.plural, identity);
        let namespace = identity.namespace.as_deref().or(resource.namespaced.then_some("default"));
        let is_deletion = operation == DELETE;

        let mut out = String::from(r#"{"request":{"kind":"#);
        out.push_str(&kind);
        for (key, value) in [("name", object.name()), ("namespace", namespace)] {
            if let Some(value) = value {
                out.push(',');
                write_field(key, value, &mut out);
            }
        }
        out.push_str(if is_deletion { r#","oldObject":"# } else { r#","object":"# });
        let object_start = out.len();
        object.write_json(document, &mut out);
        let object_range = object_start..out.len();
        if let Some(old_object) = change.old_object.as_ref().filter(|_| !is_deletion) {
            out.push_str(r#","oldObject":"#);
            out.push_str(old_object);
        }
        out.push(',');
        write_field("operation", operation, &mut out);
        out.push_str(r#","requestKind":"#);
        out.push_str(&kind);
        out.push_str(r#","requestResource":"#);
        out.push_str(&plural);
        if let Some(sub_resource) = &change.sub_resource {
            out.push(',');
            write_field("requestSubResource", sub_resource, &mut out);
        }
        out.push_str(r#","resource":"#);
        out.push_str(&plural);
        if let Some(sub_resource) = &change.sub_resource {
            out.push(',');
            write_field("subResource", sub_resource, &mut out);
        }
        let uid = fnv1a(out.as_bytes());
        out.push_str(r#","uid":"#);
        write_string(&format!("forewarn-{uid:016x}"), &mut out);
        out.push_str(r#","userInfo":{"username":"forewarn"}},"settings":"#);
        Self { before_settings: out, object: object_range }
    }

    /// The payload of `validate` for a policy with these settings, which must be a JSON object.
    #[must_use]
    pub fn payload(&self, settings: &str) -> Vec<u8> {
        let mut payload = Vec::with_capacity(self.before_settings.len() + settings.len() + 1);
        payload.extend_from_slice(self.before_settings.as_bytes());
        payload.extend_from_slice(settings.as_bytes());
        payload.push(b'}');
        payload
    }

    /// The object of the request as JSON.
    #[must_use]
    pub fn object_json(&self) -> &str {
        self.before_settings.get(self.object.clone()).unwrap_or_default()
    }
}

/// The payload of `validate` for a raw policy: `input` is any JSON, `settings` a JSON object.
#[must_use]
pub fn raw_payload(input: &str, settings: &str) -> Vec<u8> {
    format!(r#"{{"request":{input},"settings":{settings}}}"#).into_bytes()
}

/// A `GroupVersionKind` or a `GroupVersionResource`; `group` sorts before both `kind` and `resource`.
fn triple(key: &str, value: &str, identity: &Identity) -> String {
    let mut out = String::from("{");
    write_field("group", identity.group(), &mut out);
    out.push(',');
    write_field(key, value, &mut out);
    out.push(',');
    write_field("version", identity.version(), &mut out);
    out.push('}');
    out
}

fn write_field(key: &str, value: &str, out: &mut String) {
    write_string(key, out);
    out.push(':');
    write_string(value, out);
}

/// FNV-1a, 64 bits: the same request has the same `uid` on every machine.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::Contents;
    use crate::source::Source;
    use crate::yaml::Documents;

    fn payload(text: &str) -> String {
        payload_of(text, Change::default())
    }

    fn payload_of(text: &str, change: Change) -> String {
        let source = Source::new(text);
        let document = Documents::new(&source).next().unwrap().unwrap();
        let contents = Contents::of(&document);
        let request = Request::new(&document, &contents.objects[0], &change);
        String::from_utf8(request.payload(r#"{"a":1}"#)).unwrap()
    }

    #[test]
    fn the_payload_is_what_the_policy_server_sends() {
        let text = "kind: Pod\napiVersion: v1\nmetadata: {name: web}\nspec: {containers: []}\n";
        let payload = payload(text);
        let uid = payload.split_once(r#""uid":"forewarn-"#).and_then(|(_, rest)| rest.get(..16)).unwrap();
        let expected = concat!(
            r#"{"request":{"kind":{"group":"","kind":"Pod","version":"v1"},"name":"web","namespace":"default","#,
            r#""object":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"spec":{"containers":[]}},"#,
            r#""operation":"CREATE","requestKind":{"group":"","kind":"Pod","version":"v1"},"#,
            r#""requestResource":{"group":"","resource":"pods","version":"v1"},"#,
            r#""resource":{"group":"","resource":"pods","version":"v1"},"#,
            r#""uid":"forewarn-UID","userInfo":{"username":"forewarn"}},"settings":{"a":1}}"#
        );
        assert_eq!(payload, expected.replace("UID", uid));
        // Sorted all the way down: reading into a sorted map and writing gives the same bytes.
        let value: serde_json::Value = serde_json::from_str(&payload).unwrap();
        assert_eq!(value.to_string(), payload);
    }

    #[test]
    fn name_and_namespace_are_left_out_where_there_is_none() {
        let generated = payload("apiVersion: v1\nkind: Pod\nmetadata: {generateName: a, namespace: shop}\n");
        assert!(!generated.contains(r#""name":"#));
        assert!(generated.contains(r#""namespace":"shop","object""#));
        let node = payload("apiVersion: v1\nkind: Node\nmetadata: {name: n1}\n");
        assert!(!node.contains(r#""namespace":"#));
    }

    #[test]
    fn a_change_of_a_subresource_is_an_update() {
        let change = Change {
            old_object: Some(r#"{"kind":"Pod"}"#.to_owned()),
            sub_resource: Some("ephemeralcontainers".to_owned()),
        };
        let payload = payload_of("apiVersion: v1\nkind: Pod\n", change);
        let value: serde_json::Value = serde_json::from_str(&payload).unwrap();
        assert_eq!(value.to_string(), payload);
        assert_eq!(value["request"]["operation"], "UPDATE");
        assert_eq!(value["request"]["subResource"], "ephemeralcontainers");
    }

    #[test]
    fn a_deletion_has_the_old_object_only() {
        let source = Source::new("apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n");
        let document = Documents::new(&source).next().unwrap().unwrap();
        let contents = Contents::of(&document);
        let request = Request::deletion(&document, &contents.objects[0], &Change::default());
        let payload = String::from_utf8(request.payload("{}")).unwrap();
        let value: serde_json::Value = serde_json::from_str(&payload).unwrap();
        assert_eq!(value.to_string(), payload);
        assert_eq!((&value["request"]["operation"], value["request"].get("object")), (&"DELETE".into(), None));
        assert_eq!(value["request"]["oldObject"]["metadata"]["name"], "web");
    }

    #[test]
    fn the_uid_depends_on_the_content_only() {
        let a = payload("apiVersion: v1\nkind: Pod\n");
        assert_eq!(a, payload("kind:   Pod\napiVersion: 'v1'\n"));
        assert_ne!(a, payload("apiVersion: v1\nkind: Pod\nspec: {}\n"));
    }
}
