//! One request, as far as the API server looks at it before it asks a policy.

use super::condition::Variables;
use crate::metadata::Operation;
use crate::object::{Identity, Object};
use crate::request::{Change, Request};
use crate::resource::Resource;
use crate::yaml::Document;
use serde_json::{Value, json};
use std::cell::OnceCell;

/// A request, and what is made of it when it is first needed.
pub(crate) struct Situation<'r> {
    document: &'r Document<'r>,
    object: &'r Object,
    change: &'r Change,
    resource: Resource<'r>,
    request: OnceCell<Request>,
    values: OnceCell<Values>,
    variables: OnceCell<Variables>,
}

/// The objects as JSON values.
struct Values {
    object: Value,
    old_object: Option<Value>,
}

impl<'r> Situation<'r> {
    /// What is done to an object of a document.
    pub(crate) fn new(document: &'r Document<'r>, object: &'r Object, change: &'r Change) -> Self {
        let identity = object.identity();
        let resource = Resource::of(identity.group(), identity.version(), &identity.kind);
        let (request, values, variables) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        Self { document, object, change, resource, request, values, variables }
    }

    /// What names the object.
    pub(crate) fn identity(&self) -> &'r Identity {
        self.object.identity()
    }

    /// The resource that is asked for.
    pub(crate) fn resource(&self) -> &Resource<'r> {
        &self.resource
    }

    /// What is done to it.
    pub(crate) fn operation(&self) -> Operation {
        if self.change.old_object.is_some() { Operation::Update } else { Operation::Create }
    }

    /// The request, serialised.
    pub(crate) fn request(&self) -> &Request {
        self.request.get_or_init(|| Request::new(self.document, self.object, self.change))
    }

    /// Whether the object is a namespace.
    pub(crate) fn is_namespace(&self) -> bool {
        let identity = self.identity();
        identity.group().is_empty() && identity.kind == "Namespace"
    }

    /// Whether the object is in a namespace. Where the kind is not known, an object that names one is.
    pub(crate) fn is_namespaced(&self) -> bool {
        let identity = self.identity();
        let is_guessed = || !Resource::is_built_in(identity.group(), &identity.kind);
        self.resource.namespaced || identity.namespace.is_some() && is_guessed()
    }

    /// The namespace of the request: a request about a namespace is in that namespace.
    pub(crate) fn namespace(&self) -> Option<&'r str> {
        if self.is_namespace() {
            return self.object.name();
        }
        self.is_namespaced().then(|| self.identity().namespace.as_deref().unwrap_or("default"))
    }

    /// A label of the object.
    pub(crate) fn label(&self, key: &str) -> Option<&str> {
        label(&self.values().object, key)
    }

    /// A label of the object before the change.
    pub(crate) fn old_label(&self, key: &str) -> Option<&str> {
        label(self.values().old_object.as_ref()?, key)
    }

    /// Whether there was an object before.
    pub(crate) fn has_old_object(&self) -> bool {
        self.change.old_object.is_some()
    }

    /// What match conditions see. Nobody asks offline, so who asks is made up: a user without rights of their own.
    pub(super) fn variables(&self) -> &Variables {
        self.variables.get_or_init(|| {
            let identity = self.identity();
            let of_kind = json!({"group": identity.group(), "version": identity.version(), "kind": identity.kind});
            let of_resource =
                json!({"group": identity.group(), "version": identity.version(), "resource": self.resource.plural});
            let sub_resource = self.change.sub_resource.as_deref().unwrap_or_default();
            let request = json!({
                "uid": "",
                "kind": of_kind,
                "resource": of_resource,
                "subResource": sub_resource,
                "requestKind": of_kind,
                "requestResource": of_resource,
                "requestSubResource": sub_resource,
                "name": self.object.name().unwrap_or_default(),
                "namespace": self.namespace().unwrap_or_default(),
                "operation": if self.has_old_object() { "UPDATE" } else { "CREATE" },
                "userInfo": {"username": "forewarn", "uid": "", "groups": ["system:authenticated"], "extra": {}},
                "dryRun": false,
                "options": {},
            });
            let values = self.values();
            Variables::new(&values.object, values.old_object.as_ref(), &request)
        })
    }

    fn values(&self) -> &Values {
        self.values.get_or_init(|| {
            // What is no JSON to everybody, a number beyond all bounds, has no labels.
            let parse = |json: &str| serde_json::from_str(json).unwrap_or_default();
            Values {
                object: parse(self.request().object_json()),
                old_object: self.change.old_object.as_deref().map(parse),
            }
        })
    }
}

fn label<'o>(object: &'o Value, key: &str) -> Option<&'o str> {
    object.get("metadata")?.get("labels")?.get(key)?.as_str()
}
