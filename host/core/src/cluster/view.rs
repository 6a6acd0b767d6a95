//! What one policy sees of the cluster.

use std::sync::Arc;

use super::ask::{self, GET, Get, LIST, LIST_ALL, List};
use super::fields::FieldSelector;
use super::labels::LabelSelector;
use super::mask::Mask;
use super::{AskError, Cluster, reply};
use crate::host_calls::{HostCalls, Offline};
use crate::metadata::ContextAwareResource;
use crate::resource::Resource;

/// Answers a policy's host calls from the input, as far as its metadata declares the kinds.
#[derive(Debug, Clone)]
pub struct View {
    cluster: Arc<Cluster>,
    declared: Vec<ContextAwareResource>,
}

impl HostCalls for View {
    fn call(&self, binding: &str, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        let answer = match (binding, namespace, operation) {
            ("kubewarden", "kubernetes", GET) => self.get(payload),
            ("kubewarden", "kubernetes", LIST) => self.list(payload),
            ("kubewarden", "kubernetes", LIST_ALL) => self.list_all(payload),
            _ => return Offline.call(binding, namespace, operation, payload),
        };
        answer.map_err(|error| error.to_string())
    }
}

impl View {
    /// What a policy sees whose metadata declares these kinds, if the cluster knows them.
    pub fn new(cluster: Arc<Cluster>, declared: &[ContextAwareResource]) -> Self {
        Self { cluster, declared: declared.to_vec() }
    }

    fn get(&self, payload: &[u8]) -> Result<Vec<u8>, AskError> {
        let asked: Get = ask::read(GET, payload)?;
        let kind = self.declared(asked.kind.into())?;
        let namespace = if is_namespaced(&kind) { Some(given(asked.namespace, &kind)?) } else { None };
        let wanted = (namespace.as_deref(), Some(asked.name.as_str()));
        let mut found = self.cluster.objects(&kind).iter().filter(|object| object.identity() == wanted);
        let name = || match wanted {
            (Some(namespace), _) => format!("{namespace}/{}", asked.name),
            (None, _) => asked.name.clone(),
        };
        match (found.next(), found.count()) {
            (None, _) => Err(AskError::NotFound { name: name(), kind: kind.kind }),
            (Some(object), 0) => Ok(reply::object(object, &mask(asked.field_masks.as_deref()))),
            // Nothing is guessed: which one is applied last depends on who applies it.
            (Some(_), others) => Err(AskError::Ambiguous { name: name(), kind: kind.kind, count: others + 1 }),
        }
    }

    fn list(&self, payload: &[u8]) -> Result<Vec<u8>, AskError> {
        let asked: List = ask::read(LIST, payload)?;
        let kind = self.declared(asked.kind.into())?;
        if !is_namespaced(&kind) {
            return Err(AskError::NotNamespaced { kind: kind.kind });
        }
        let namespace = given(asked.namespace, &kind)?;
        self.listed(kind, Some(namespace), asked.label_selector, asked.field_selector, asked.field_masks)
    }

    fn list_all(&self, payload: &[u8]) -> Result<Vec<u8>, AskError> {
        let asked: List = ask::read(LIST_ALL, payload)?;
        let kind = self.declared(asked.kind.into())?;
        self.listed(kind, None, asked.label_selector, asked.field_selector, asked.field_masks)
    }

    fn listed(
        &self,
        kind: ContextAwareResource,
        namespace: Option<String>,
        labels: Option<String>,
        fields: Option<String>,
        masks: Option<Vec<String>>,
    ) -> Result<Vec<u8>, AskError> {
        let labels = LabelSelector::parse(labels.as_deref().unwrap_or_default())?;
        let fields = FieldSelector::parse(fields.as_deref().unwrap_or_default())?;
        let objects = self.cluster.objects(&kind).iter();
        let objects = objects.filter(|object| namespace.is_none() || object.namespace == namespace);
        let objects = objects.filter(|object| labels.matches(|key| object.label(key)) && fields.matches(object));
        Ok(reply::list(&kind, objects, &mask(masks.as_deref())))
    }

    /// The kind, if the policy said that it reads such objects.
    fn declared(&self, kind: ContextAwareResource) -> Result<ContextAwareResource, AskError> {
        if self.declared.contains(&kind) {
            return Ok(kind);
        }
        Err(AskError::NotDeclared { api_version: kind.api_version, kind: kind.kind })
    }
}

fn given(namespace: Option<String>, kind: &ContextAwareResource) -> Result<String, AskError> {
    namespace.filter(|namespace| !namespace.is_empty()).ok_or_else(|| AskError::NoNamespace { kind: kind.kind.clone() })
}

fn is_namespaced(kind: &ContextAwareResource) -> bool {
    let (group, version) = kind.api_version.split_once('/').unwrap_or(("", &kind.api_version));
    Resource::of(group, version, &kind.kind).namespaced
}

fn mask(paths: Option<&[String]>) -> Mask {
    Mask::new(paths.unwrap_or_default())
}
