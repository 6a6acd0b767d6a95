//! The walk through an object beside its type.

use super::api::{Field, Shape, api};
use super::duplicate::{Duplicate, duplicates};
use super::home::{Place, homes};
use super::{Violation, path, scalar, spelling};
use crate::finding::{PatchOp, PatchOperation};
use crate::source::Source;
use crate::yaml::{Document, NodeId, ScalarKind};
use serde_json::Value;
use std::collections::HashMap;

/// A type with more fields than this is not listed in full.
const MAX_LISTED: usize = 12;
/// How much of a value is quoted.
const MAX_QUOTED: usize = 40;
/// What has containers.
const POD_SPEC: &str = "core.v1.PodSpec";
/// Its lists of them, in the order in which the API server looks through them.
const CONTAINERS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];
/// Their values are nobody's business.
const SECRET: &str = "core.v1.Secret";

/// What of the object at `node` is not as its type has it.
pub(super) fn violations(
    source: &Source<'_>,
    document: &Document<'_>,
    node: NodeId,
    kind: &str,
    type_name: &'static str,
) -> Vec<Violation> {
    let mut walk = Walk {
        source,
        document,
        kind,
        is_secret: type_name == SECRET,
        pointer: String::new(),
        way: Vec::new(),
        container: None,
        found: Vec::new(),
    };
    walk.mapping(node, type_name);
    walk.found
}

struct Walk<'w, 'a> {
    source: &'w Source<'a>,
    document: &'w Document<'a>,
    kind: &'w str,
    is_secret: bool,
    /// Where the walk is.
    pointer: String,
    /// The typed mappings from the object to here.
    way: Vec<Place>,
    /// The name of the container that the walk is in.
    container: Option<String>,
    found: Vec<Violation>,
}

impl Walk<'_, '_> {
    /// Depth is bounded by [`crate::yaml::MAX_DEPTH`].
    fn mapping(&mut self, node: NodeId, type_name: &'static str) {
        let Some(fields) = api().fields_of(type_name) else { return };
        let document = self.document;
        self.way.push(Place { type_name, pointer: self.pointer.clone() });
        for (key, value) in document.fields(node) {
            match fields.iter().find(|field| field.name == key) {
                Some(field) => self.below(key, |walk| walk.field(value, field)),
                None if self.is_null(value) || is_directive(key) => {}
                None => self.below(key, |walk| walk.unknown(key, value, node, fields)),
            }
        }
        if type_name == POD_SPEC {
            self.containers(node);
        }
        self.way.pop();
    }

    /// Looks for names that containers of one list share with those of another: the API server takes them as one list.
    ///
    /// Source: `validateInitContainers` and `validateEphemeralContainers` in `k8s.io/kubernetes/pkg/apis/core/validation`.
    fn containers(&mut self, pod_spec: NodeId) {
        let document = self.document;
        let mut first: HashMap<&str, (&str, usize)> = HashMap::new();
        for list in CONTAINERS {
            let items = document.get(pod_spec, list).and_then(|list| document.items(list)).unwrap_or_default();
            for (index, item) in items.iter().enumerate() {
                let Some(name) = document.get(*item, "name").and_then(|name| document.string(name)) else { continue };
                match *first.entry(name).or_insert((list, index)) {
                    (other, number) if other != list => {
                        let place = path::exact(&format!("{}/{other}/{number}", self.pointer));
                        let message = format!(
                            "`name: {name}` is in `{place}` already: no two containers of a pod may have one name, \
                             whichever list they are in, so the API server refuses the object"
                        );
                        let help = "give each its own `name`, or remove one of them".to_owned();
                        self.report("duplicate-name", false, message, Some(help));
                        if let Some(violation) = self.found.last_mut() {
                            violation.pointer = format!("{}/{list}/{index}/name", self.pointer);
                            violation.container = Some(name.to_owned());
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    fn field(&mut self, value: NodeId, field: &'static Field) {
        self.value(value, field.shape());
        let items = self.document.items(value).unwrap_or_default();
        for duplicate in duplicates(self.document, items, field.merge_keys()) {
            self.duplicate(field, &duplicate);
        }
    }

    fn value(&mut self, node: NodeId, shape: Shape) {
        let document = self.document;
        if self.is_null(node) {
            return;
        }
        match shape {
            Shape::Any => {}
            Shape::Type(name) if document.is_mapping(node) => self.mapping(node, name),
            Shape::TypeOrShort(name) if document.is_mapping(node) => self.mapping(node, name),
            Shape::TypeOrShort(_) => {}
            Shape::Map(value_shape) if document.is_mapping(node) => {
                for (key, value) in document.fields(node) {
                    self.below(key, |walk| walk.value(value, Shape::of(value_shape)));
                }
            }
            Shape::List(item_shape) => match document.items(node) {
                Some(items) => {
                    for (index, item) in items.iter().enumerate() {
                        self.below(&index.to_string(), |walk| walk.item(*item, Shape::of(item_shape)));
                    }
                }
                None => self.wrong_type(node, shape),
            },
            _ => match document.scalar(node) {
                Some(scalar) if scalar::fits(scalar, shape) => {}
                _ => self.wrong_type(node, shape),
            },
        }
    }

    fn item(&mut self, node: NodeId, shape: Shape) {
        if !matches!(shape, Shape::Type("core.v1.Container" | "core.v1.EphemeralContainer")) {
            return self.value(node, shape);
        }
        let name = self.document.get(node, "name").and_then(|name| self.document.string(name));
        self.container = name.map(str::to_owned);
        self.value(node, shape);
        self.container = None;
    }

    /// Goes one key or index down.
    fn below(&mut self, key: &str, visit: impl FnOnce(&mut Self)) {
        let length = self.pointer.len();
        path::push(&mut self.pointer, key);
        visit(self);
        self.pointer.truncate(length);
    }

    fn unknown(&mut self, key: &str, value: NodeId, mapping: NodeId, fields: &'static [Field]) {
        let place = self.way.last().map(|place| place.pointer.clone()).unwrap_or_default();
        let path = if place.is_empty() { "the object".to_owned() } else { format!("`{}`", path::exact(&place)) };
        if let Some(near) = spelling::nearest(key, fields.iter().map(|field| field.name)) {
            let message = unknown_field(key, &path);
            self.report("unknown-field", true, message, Some(format!("did you mean `{near}`?")));
            return self.offer_key(key, value, mapping, fields);
        }
        let homes = homes(&self.way, key, |field| self.takes(value, field));
        if !homes.is_empty() {
            let message = format!(
                "`{key}` does not belong in {path}: the API server refuses it there, or drops it, and then what it asks \
                 for does not happen"
            );
            let homes: Vec<_> = homes.iter().map(|home| home_words(home)).collect();
            return self.report("misplaced-field", true, message, Some(format!("move it to {}", homes.join(" or "))));
        }
        let help = if fields.is_empty() || fields.len() > MAX_LISTED {
            let dot = if place.is_empty() { "" } else { "." };
            let target = format!("{}{dot}{}", self.kind.to_lowercase(), path::of_fields(&place));
            format!("`kubectl explain {target}` lists the fields that there are")
        } else {
            let names: Vec<_> = fields.iter().map(|field| format!("`{}`", field.name)).collect();
            format!("the fields are {}", names.join(", "))
        };
        self.report("unknown-field", true, unknown_field(key, &path), Some(help));
    }

    /// Lets the last finding rename the key, if one field alone is near, is not there yet, and can hold the value.
    fn offer_key(&mut self, key: &str, value: NodeId, mapping: NodeId, fields: &'static [Field]) {
        let document = self.document;
        let meant = |key: &str| -> Option<&'static str> { spelling::only(key, fields.iter().map(|field| field.name)) };
        let is_free = |name: &&'static str| {
            let mut others = document.fields(mapping).filter(|(other, _)| *other != key);
            others.all(|(other, _)| meant(other) != Some(*name))
        };
        let meant = meant(key).filter(is_free);
        let Some(field) = fields.iter().find(|field| Some(field.name) == meant) else { return };
        let before = self.found.len();
        self.value(value, field.shape());
        let fits = self.found.drain(before..).all(|violation| violation.code != "wrong-type");
        if let Some(violation) = self.found.last_mut().filter(|_| fits) {
            let (op, path) = (PatchOp::Rename, violation.pointer.clone());
            violation.fix.push(PatchOperation { op, path, value: Value::from(field.name) });
        }
    }

    /// Whether a field could hold the value.
    fn takes(&self, value: NodeId, field: &Field) -> bool {
        match field.shape() {
            Shape::Any | Shape::TypeOrShort(_) => true,
            Shape::Type(_) | Shape::Map(_) => self.document.is_mapping(value),
            Shape::List(_) => self.document.items(value).is_some(),
            shape => self.document.scalar(value).is_some_and(|scalar| scalar::fits(scalar, shape)),
        }
    }

    fn wrong_type(&mut self, node: NodeId, shape: Shape) {
        let path = path::exact(&self.pointer);
        let message = format!(
            "`{path}` is {}, but has to be {}: the API server refuses the object",
            self.described(node),
            scalar::expected(shape)
        );
        let written = self.source.slice(self.document.span(node));
        let scalar = self.document.scalar(node);
        let value = scalar.and_then(|scalar| scalar::requoted(scalar, written, shape));
        let help = match (shape, scalar) {
            (Shape::String, Some(_)) if !self.is_secret => Some(format!("put it in quotes: `\"{written}\"`"))
                .filter(|_| written.len() <= MAX_QUOTED)
                .or_else(|| Some("put it in quotes".to_owned())),
            (Shape::String | Shape::Bytes | Shape::Time, Some(_)) => Some("put it in quotes".to_owned()),
            _ if value.is_some() => Some("leave the quotes out".to_owned()),
            (Shape::List(_), _) => Some("write a list: each item behind a `-`".to_owned()),
            (Shape::Type(_) | Shape::Map(_), None) => Some("write a mapping: no `-` before its keys".to_owned()),
            _ => None,
        };
        let fix = value.map(|value| scalar::replacement(&self.pointer, value));
        self.report("wrong-type", false, message, help);
        if let (Some(fix), Some(violation)) = (fix, self.found.last_mut()) {
            violation.fix.push(fix);
        }
    }

    /// What is written, in a few words.
    fn described(&self, node: NodeId) -> String {
        let Some(scalar) = self.document.scalar(node) else {
            return if self.document.is_mapping(node) { "a mapping" } else { "a list" }.to_owned();
        };
        let kind = match scalar.kind {
            ScalarKind::Null => "empty",
            ScalarKind::Bool => "a boolean",
            ScalarKind::Int | ScalarKind::Float => "a number",
            ScalarKind::String => "a string",
        };
        let value = scalar.value.as_ref();
        if self.is_secret || value.len() > MAX_QUOTED || value.contains(['\n', '`']) {
            return kind.to_owned();
        }
        match scalar.kind {
            ScalarKind::Null => kind.to_owned(),
            ScalarKind::Bool => format!("the boolean `{value}`"),
            ScalarKind::Int | ScalarKind::Float => format!("the number `{value}`"),
            ScalarKind::String => format!("the string `{value}`"),
        }
    }

    fn duplicate(&mut self, field: &Field, duplicate: &Duplicate) {
        let list = path::exact(&self.pointer);
        let Duplicate { index, first, keys, value } = duplicate;
        let is_env = field.name == "env";
        let message = if is_env {
            format!("`{value}` is set again: the last value counts, so `{list}[{first}]` has no effect")
        } else {
            format!(
                "`{keys}` is in `{list}[{first}]` already: to the API server they are one item, so it refuses them, or one \
                 of them is lost"
            )
        };
        let key = field.merge_keys().next().unwrap_or_default();
        let help = match (is_env, key) {
            (true, _) => "remove one of them".to_owned(),
            (false, key) => format!("give each its own `{key}`, or remove one of them"),
        };
        let pointer = format!("{}/{index}/{}", self.pointer, key.replace('.', "/"));
        self.report("duplicate-name", false, message, Some(help));
        if let Some(violation) = self.found.last_mut() {
            violation.pointer = pointer;
            violation.accepted = is_env;
        }
    }

    fn report(&mut self, code: &'static str, at_key: bool, message: String, help: Option<String>) {
        self.found.push(Violation {
            code,
            pointer: self.pointer.clone(),
            at_key,
            container: self.container.clone(),
            accepted: false,
            message,
            help,
            fix: Vec::new(),
        });
    }

    fn is_null(&self, node: NodeId) -> bool {
        self.document.scalar(node).is_some_and(|scalar| scalar.kind == ScalarKind::Null)
    }
}

/// Whether a key is an order to whoever merges a patch, as kustomize's files have them.
fn is_directive(key: &str) -> bool {
    let order = key.split_once('/').map_or(key, |(order, _)| order);
    matches!(order, "$patch" | "$retainKeys" | "$setElementOrder" | "$deleteFromPrimitiveList")
}

fn unknown_field(key: &str, path: &str) -> String {
    format!(
        "there is no field `{key}` in {path}: the API server refuses it, or drops it, and then what it asks for does not \
         happen"
    )
}

fn home_words(home: &str) -> String {
    if home.is_empty() { "the top of the object".to_owned() } else { format!("`{home}`") }
}
