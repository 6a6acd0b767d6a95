//! Field masks: the parts of an object that a policy asks for.

use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What stays whatever the masks say.
const ALWAYS: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// Paths into an object; one that ends keeps all below it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Mask(BTreeMap<String, Mask>);

impl Mask {
    /// Reads dotted paths such as `spec.containers.image`. Lists are looked through.
    pub(super) fn new(paths: &[String]) -> Self {
        let mut mask = Self::default();
        // Shorter ones first, so that a path below another one adds nothing.
        let mut paths: Vec<_> = paths.iter().map(|path| path.split('.').collect::<Vec<_>>()).collect();
        paths.sort_by_key(Vec::len);
        for path in paths {
            mask.add(&path);
        }
        mask
    }

    fn add(&mut self, path: &[&str]) {
        let Some((first, rest)) = path.split_first() else { return };
        match self.0.get_mut(*first) {
            // The end of a shorter path.
            Some(below) if below.0.is_empty() => {}
            Some(below) => below.add(rest),
            None => self.0.entry((*first).to_owned()).or_default().add(rest),
        }
    }

    /// Removes what no path leads to. Without paths everything stays.
    pub(super) fn prune(&self, object: &mut Map<String, Value>) {
        if !self.0.is_empty() {
            object.retain(|key, value| ALWAYS.contains(&key.as_str()) || self.keeps(key, value));
        }
    }

    fn keeps(&self, key: &str, value: &mut Value) -> bool {
        let Some(below) = self.0.get(key) else { return false };
        if !below.0.is_empty() {
            below.prune_value(value);
        }
        true
    }

    fn prune_value(&self, value: &mut Value) {
        match value {
            Value::Object(fields) => fields.retain(|key, value| self.keeps(key, value)),
            Value::Array(items) => items.iter_mut().for_each(|item| self.prune_value(item)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Mask;
    use serde_json::{Value, json};

    #[track_caller]
    fn check(paths: &[&str], expected: Value) {
        let object = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "labels": {"b": "c"}},
            "spec": {"x": {"y": 1, "z": 2}, "list": [{"y": 1, "z": 2}, 3, [{"y": 4}]]},
            "status": {"phase": "Running"},
        });
        let Value::Object(mut object) = object else { unreachable!() };
        Mask::new(&paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>()).prune(&mut object);
        for key in ["apiVersion", "kind", "metadata"] {
            assert!(object.remove(key).is_some_and(|value| value != json!({})), "{key}");
        }
        assert_eq!(Value::Object(object), expected, "{paths:?}");
    }

    #[test]
    fn keeps_what_a_path_leads_to() {
        check(&["status"], json!({"status": {"phase": "Running"}}));
        check(&["spec.x.y"], json!({"spec": {"x": {"y": 1}}}));
        check(&["spec.list.y"], json!({"spec": {"list": [{"y": 1}, 3, [{"y": 4}]]}}));
        check(&["spec.x.y", "spec.x"], json!({"spec": {"x": {"y": 1, "z": 2}}}));
        check(&["spec.nothing"], json!({"spec": {}}));
        check(&["nothing", "metadata.name"], json!({}));
        check(&[""], json!({}));
    }

    #[test]
    fn no_paths_keep_everything() {
        let mut object = json!({"spec": 1}).as_object().unwrap().clone();
        Mask::new(&[]).prune(&mut object);
        assert_eq!(Value::Object(object), json!({"spec": 1}));
    }
}
