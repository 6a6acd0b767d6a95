//! The proof of an edit: what the new text says is the old objects, patched, and everything else as it was.

use super::{Fix, Unit, by_object};
use crate::finding::{PatchOp, PatchOperation};
use crate::source::Source;
use crate::yaml::{Document, Documents};
use json_patch::jsonptr::PointerBuf;
use json_patch::{AddOperation, MoveOperation, RemoveOperation, ReplaceOperation};
use serde_json::Value;

/// Whether the new text reads as the old one with the fixes applied to its objects, by the rules of JSON Patch.
pub(super) fn holds(unit: Unit, old: &str, new: &str, fixes: &[&Fix<'_>]) -> bool {
    let (old, new) = (Source::new(old), Source::new(new));
    let (mut old, mut new) = (Documents::new(&old), Documents::new(&new));
    let by_object = by_object(fixes.iter().map(|fix| ((), *fix)));
    let mut objects = 0..;
    loop {
        match (old.next(), new.next()) {
            (None, None) => return true,
            (Some(Ok(old)), Some(Ok(new))) => {
                let pointers = unit.pointers(&old);
                let own = pointers.iter().zip(&mut objects).flat_map(|(object, number)| {
                    let fixes = by_object.get(&number).into_iter().flatten();
                    fixes.map(|(_, fix)| (object.as_str(), fix.operations))
                });
                let own: Vec<_> = own.collect();
                if old.flaws().len() != new.flaws().len() || !document_holds(&old, &new, &own) {
                    return false;
                }
            }
            (Some(Err(old)), Some(Err(new))) if old.kind == new.kind => {}
            _ => return false,
        }
    }
}

fn document_holds(old: &Document<'_>, new: &Document<'_>, fixes: &[(&str, &[PatchOperation])]) -> bool {
    let (old, new) = (json(old), json(new));
    if fixes.is_empty() {
        return old == new;
    }
    let (Ok(mut expected), Ok(new)) = (serde_json::from_str::<Value>(&old), serde_json::from_str::<Value>(&new)) else {
        return false;
    };
    for (pointer, operations) in fixes {
        let operations: Option<Vec<_>> = operations.iter().map(|operation| standard(pointer, operation)).collect();
        let applied = operations.is_some_and(|operations| json_patch::patch_unsafe(&mut expected, &operations).is_ok());
        if !applied {
            return false;
        }
    }
    same(&expected, &new)
}

fn json(document: &Document<'_>) -> String {
    let mut json = String::new();
    document.write_json(document.root(), &mut json);
    json
}

/// An operation on an object as one on its document. `None` if its path is no JSON Pointer.
fn standard(object: &str, operation: &PatchOperation) -> Option<json_patch::PatchOperation> {
    let path = PointerBuf::parse(format!("{object}{}", operation.path)).ok()?;
    let value = operation.value.clone();
    Some(match operation.op {
        PatchOp::Add => json_patch::PatchOperation::Add(AddOperation { path, value }),
        PatchOp::Replace => json_patch::PatchOperation::Replace(ReplaceOperation { path, value }),
        PatchOp::Remove => json_patch::PatchOperation::Remove(RemoveOperation { path }),
        PatchOp::Rename => {
            let to = PointerBuf::parse(format!("{object}{}", operation.renamed()?)).ok()?;
            json_patch::PatchOperation::Move(MoveOperation { from: path, path: to })
        }
    })
}

/// Equality of JSON values, numbers by value: a patch may say `1.0`, and Go reads and writes that as `1`.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || (a.is_f64() != b.is_f64() && a.as_f64() == b.as_f64()),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}
