//! One operation of a JSON Patch as changes to the text.

use super::refusal::Refusal;
use super::site::{Site, Slot, unescaped};
use super::splice::Splice;
use super::{mapping, replace, sequence};
use crate::finding::{PatchOp, PatchOperation};
use crate::yaml::NodeId;
use serde_json::{Map, Value};

/// What an operation on the object at a pointer changes in the document's text.
///
/// # Errors
/// When it cannot be made in this text alone.
pub(super) fn splices(
    site: &Site<'_, '_, '_>,
    object: &str,
    operation: &PatchOperation,
) -> Result<Vec<Splice>, Refusal> {
    let no_place = || Refusal::NoPlace { path: operation.path.clone() };
    let (parent, token) = operation.path.rsplit_once('/').ok_or_else(no_place)?;
    let parent = site.find(&format!("{object}{parent}")).map_err(|refusal| match refusal {
        Refusal::NoPlace { .. } => no_place(),
        other => other,
    })?;
    let child = site.child(&parent, token)?;
    let items = site.document.items(parent.node);
    match (operation.op, child, items) {
        (PatchOp::Add, _, Some(items)) => {
            let index = if token == "-" { Some(items.len()) } else { token.parse().ok() };
            let index = index.filter(|index| *index <= items.len()).ok_or_else(no_place)?;
            sequence::insert(site, &parent, index, &operation.value)
        }
        (PatchOp::Add, None, None) if site.document.is_mapping(parent.node) => {
            mapping::add(site, &parent, &unescaped(token), &operation.value)
        }
        (PatchOp::Add | PatchOp::Replace, Some(slot), _) => {
            site.check_unshared(slot.node)?;
            if value(site, slot.node) == Some(operation.value.clone()) {
                return Err(Refusal::NoChange);
            }
            replace::replace(site, &slot, &operation.value)
        }
        // Lines that would leave an empty collection behind say so instead.
        (PatchOp::Remove, Some(slot), Some(items)) => match items.len() {
            1 => replace::replace(site, &parent, &Value::Array(Vec::new())),
            _ => sequence::remove(site, &parent, slot.index),
        },
        (PatchOp::Remove, Some(slot), None) => match (site.document.written(parent.node), slot.entry) {
            (Some(entries), _) if entries.len() == 1 => replace::replace(site, &parent, &Value::Object(Map::new())),
            (Some(_), Some(entry)) => mapping::remove(site, &slot, &entry),
            _ => Err(no_place()),
        },
        (PatchOp::Rename, Some(Slot { entry: Some(entry), .. }), None) => {
            let key = operation.value.as_str().ok_or_else(no_place)?;
            mapping::rename(site, &parent, &entry, key)
        }
        _ => Err(no_place()),
    }
}

fn value(site: &Site<'_, '_, '_>, node: NodeId) -> Option<Value> {
    let mut json = String::new();
    site.document.write_json(node, &mut json);
    serde_json::from_str(&json).ok()
}
