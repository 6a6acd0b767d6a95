//! The JSON Patch from one value to another.

use crate::finding::{PatchOp, PatchOperation};
use serde_json::{Map, Value};

/// The operations that make `new` of `old`, where `old` is at a JSON Pointer. Small changes stay small, so that an edit
/// of the text leaves the rest alone.
#[must_use]
pub fn operations(pointer: &str, old: &Value, new: &Value) -> Vec<PatchOperation> {
    let mut found = Vec::new();
    compare(pointer, old, new, &mut found);
    found
}

fn compare(pointer: &str, old: &Value, new: &Value, found: &mut Vec<PatchOperation>) {
    match (old, new) {
        _ if old == new => {}
        (Value::Object(old), Value::Object(new)) if !old.is_empty() && !new.is_empty() && share_keys(old, new) => {
            for (key, value) in old {
                match new.get(key) {
                    Some(new) => compare(&child(pointer, key), value, new, found),
                    None => found.push(operation(PatchOp::Remove, child(pointer, key), Value::Null)),
                }
            }
            for (key, value) in new.iter().filter(|(key, _)| !old.contains_key(*key)) {
                found.push(operation(PatchOp::Add, child(pointer, key), value.clone()));
            }
        }
        (Value::Array(old), Value::Array(new)) if !old.is_empty() && old.len() == new.len() => {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                compare(&format!("{pointer}/{index}"), old, new, found);
            }
        }
        _ => found.push(operation(PatchOp::Replace, pointer.to_owned(), new.clone())),
    }
}

/// Of two mappings without a common key nothing is worth keeping.
fn share_keys(old: &Map<String, Value>, new: &Map<String, Value>) -> bool {
    old.keys().any(|key| new.contains_key(key))
}

/// The pointer to a key of the mapping at a pointer.
pub(super) fn child(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"))
}

fn operation(op: PatchOp, path: String, value: Value) -> PatchOperation {
    PatchOperation { op, path, value }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn patch(operations: &[PatchOperation]) -> json_patch::Patch {
        serde_json::from_value(operations.iter().map(PatchOperation::to_json).collect()).unwrap()
    }

    #[test]
    fn small_changes_are_small() {
        let old = json!({"a": {"b": [1, 2], "c": 3}, "d/e": 4});
        let new = json!({"a": {"b": [1, 5], "c": 3}, "f": 6});
        let found = operations("/x", &old, &new);
        let paths: Vec<_> = found.iter().map(|operation| operation.path.as_str()).collect();
        assert_eq!(paths, ["/x/a/b/1", "/x/d~1e", "/x/f"]);
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![Just(Value::Null), any::<bool>().prop_map(Into::into), (0..3).prop_map(Into::into)];
        leaf.prop_recursive(3, 24, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Into::into),
                prop::collection::btree_map("[a~/]{0,2}", inner, 0..3)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_patch_leads_there(old in any_value(), new in any_value()) {
            let mut value = old.clone();
            json_patch::patch(&mut value, &patch(&operations("", &old, &new))).unwrap();
            prop_assert_eq!(value, new);
        }
    }
}
