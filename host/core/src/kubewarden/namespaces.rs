//! The namespaces of the input, by whose labels policies are selected.

use super::matching::Remark;
use super::{Selector, Situation};
use crate::cluster::{Cluster, ClusterObject};
use crate::metadata::ContextAwareResource;
use std::sync::Arc;

/// The label that every namespace has, its value being the namespace's name.
const NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// The namespaces that the input holds.
#[derive(Debug, Clone, Default)]
pub struct Namespaces {
    cluster: Option<Arc<Cluster>>,
}

impl Namespaces {
    /// The kind that the cluster has to show for it.
    #[must_use]
    pub fn kind() -> ContextAwareResource {
        ContextAwareResource { api_version: "v1".to_owned(), kind: "Namespace".to_owned() }
    }

    /// The namespaces of a cluster.
    #[must_use]
    pub fn of(cluster: &Arc<Cluster>) -> Self {
        Self { cluster: Some(Arc::clone(cluster)) }
    }

    /// Whether a policy with this selector is asked.
    ///
    /// Source: `k8s.io/apiserver/pkg/admission/plugin/webhook/predicates/namespace`. An object of the whole cluster is
    /// never passed over, and a namespace is known by its own labels.
    pub(super) fn select(&self, selector: &Selector, situation: &Situation<'_>, remarks: &mut Vec<Remark>) -> bool {
        if selector.is_empty() {
            return true;
        }
        if situation.is_namespace() {
            let name = situation.namespace();
            return selector.matches(|key| if key == NAME_LABEL { name } else { situation.label(key) });
        }
        let Some(name) = situation.namespace() else { return true };
        let kind = Self::kind();
        let found: Vec<_> = self.cluster.iter().flat_map(|cluster| cluster.named(&kind, name)).collect();
        let selects = |namespace: Option<&ClusterObject>| {
            selector.matches(|key| if key == NAME_LABEL { Some(name) } else { namespace?.label(key) })
        };
        let Some(first) = found.first() else {
            if selector.keys().any(|key| key != NAME_LABEL) {
                let message = format!(
                    "the labels of namespace `{name}` are not known, because the input holds no Namespace `{name}`: \
                     selectors of policies see only its label `{NAME_LABEL}`"
                );
                remarks.push(Remark::new(message, "check the manifest of the namespace together with what is in it"));
            }
            return selects(None);
        };
        let selected = selects(Some(first));
        if found.iter().all(|namespace| selects(Some(namespace)) == selected) {
            return selected;
        }
        let message = format!(
            "the input holds several Namespaces `{name}` with different labels; policies are asked that select one of them"
        );
        remarks.push(Remark::new(message, "check one cluster's folder at a time"));
        true
    }
}
