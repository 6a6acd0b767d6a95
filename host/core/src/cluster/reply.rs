//! The answers, as Kubewarden's host writes them.

use serde_json::{Map, Value, json};

use super::ClusterObject;
use super::mask::Mask;
use crate::metadata::ContextAwareResource;

/// The annotation in which `kubectl apply` keeps the manifest.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// One object, whole but for the mask.
pub(super) fn object(object: &ClusterObject, mask: &Mask) -> Vec<u8> {
    let mut fields = object.fields.clone();
    mask.prune(&mut fields);
    bytes(fields)
}

/// A list. Its items have no `apiVersion` and no `kind`, as in an API server's answer.
pub(super) fn list<'o>(
    kind: &ContextAwareResource,
    objects: impl Iterator<Item = &'o ClusterObject>,
    mask: &Mask,
) -> Vec<u8> {
    let items: Vec<_> = objects.map(|object| item(object, mask)).collect();
    let list = json!({
        "apiVersion": kind.api_version,
        "kind": format!("{}List", kind.kind),
        "metadata": {},
        "items": items,
    });
    list.to_string().into_bytes()
}

fn item(object: &ClusterObject, mask: &Mask) -> Value {
    let mut fields = object.fields.clone();
    fields.remove("apiVersion");
    fields.remove("kind");
    mask.prune(&mut fields);
    // Kubewarden keeps lists in memory, and these two fields are the bulk of many objects.
    if let Some(Value::Object(metadata)) = fields.get_mut("metadata") {
        metadata.entry("managedFields").and_modify(|managed| *managed = json!([]));
        if let Some(Value::Object(annotations)) = metadata.get_mut("annotations") {
            annotations.remove(LAST_APPLIED);
        }
    }
    Value::Object(fields)
}

fn bytes(fields: Map<String, Value>) -> Vec<u8> {
    Value::Object(fields).to_string().into_bytes()
}
