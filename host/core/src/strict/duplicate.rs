//! Items of a list that are the same to the API server.

use crate::yaml::{Document, NodeId, ScalarKind};
use std::borrow::Cow;
use std::collections::HashMap;

/// An item whose keys an earlier one has already.
pub(super) struct Duplicate {
    /// Which item it is, from 0.
    pub(super) index: usize,
    /// Which one was first.
    pub(super) first: usize,
    /// The keys with their values, such as `name: web`.
    pub(super) keys: String,
    /// The value of the first key.
    pub(super) value: String,
}

/// The protocol of a port that names none.
const DEFAULT_PROTOCOL: &str = "TCP";

/// Items that repeat the keys of an earlier one. Items without all of the keys are no one's duplicates.
pub(super) fn duplicates(
    document: &Document<'_>,
    items: &[NodeId],
    keys: impl Iterator<Item = &'static str> + Clone,
) -> Vec<Duplicate> {
    let mut first_by_values = HashMap::new();
    let mut found = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let values: Option<Vec<Cow<'_, str>>> = keys.clone().map(|key| value(document, *item, key)).collect();
        let Some(values) = values.filter(|values| !values.is_empty()) else { continue };
        let pairs: Vec<_> = keys.clone().zip(&values).map(|(key, value)| format!("{key}: {value}")).collect();
        let value = values.first().map(|value| value.clone().into_owned()).unwrap_or_default();
        match first_by_values.get(&values) {
            Some(first) => found.push(Duplicate { index, first: *first, keys: pairs.join(", "), value }),
            None => {
                first_by_values.insert(values, index);
            }
        }
    }
    found
}

fn value<'d>(document: &'d Document<'_>, item: NodeId, key: &str) -> Option<Cow<'d, str>> {
    let node = key.split('.').try_fold(item, |node, key| document.get(node, key));
    let scalar = node.and_then(|node| document.scalar(node)).filter(|scalar| scalar.kind != ScalarKind::Null);
    match scalar {
        Some(scalar) => Some(Cow::Borrowed(scalar.value.as_ref())),
        None => (key == "protocol").then_some(Cow::Borrowed(DEFAULT_PROTOCOL)),
    }
}
