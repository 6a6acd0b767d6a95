//! Which operations touch each other's places.

use super::Fix;
use crate::finding::{PatchOp, PatchOperation};

/// Whether two patches of one object touch each other's places.
pub(crate) fn touch(a: &[PatchOperation], b: &[PatchOperation]) -> bool {
    a.iter().any(|a| b.iter().any(|b| meet(a, b)))
}

/// Whether a fix's operations build upon each other, so that each needs the result of the one before.
pub(super) fn is_entangled(fix: &Fix<'_>) -> bool {
    let earlier = |index: usize| fix.operations.iter().take(index);
    fix.operations.iter().enumerate().any(|(index, operation)| earlier(index).any(|other| meet(operation, other)))
}

fn meet(a: &PatchOperation, b: &PatchOperation) -> bool {
    let (to_a, to_b) = (a.renamed(), b.renamed());
    let of_a = || [place(a)].into_iter().chain(to_a.as_deref());
    let of_b = || [place(b)].into_iter().chain(to_b.as_deref());
    of_a().any(|a| of_b().any(|b| holds(a, b) || holds(b, a)))
}

/// The pointer below which nothing else may change. Adding to a list, or removing from it, moves its other items.
fn place(operation: &PatchOperation) -> &str {
    match operation.path.rsplit_once('/') {
        Some((list, index))
            if operation.op != PatchOp::Replace
                && (index == "-" || !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit())) =>
        {
            list
        }
        _ => &operation.path,
    }
}

fn holds(outer: &str, inner: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn operation((op, path): (PatchOp, &str)) -> PatchOperation {
        PatchOperation { op, path: path.to_owned(), value: Value::Null }
    }

    #[test]
    fn places_hold_what_is_below() {
        use PatchOp::{Add, Remove, Rename, Replace};
        let touch = |a, b| meet(&operation(a), &operation(b));
        assert!(touch((Add, "/a"), (Replace, "/a/b")) && touch((Replace, "/a/b"), (Add, "/a")));
        assert!(touch((Add, "/a"), (Add, "/a")) && !touch((Add, "/a"), (Add, "/ab")));
        assert!(touch((Add, "/a/0"), (Replace, "/a/3/x")) && touch((Remove, "/a/1"), (Add, "/a/-")));
        assert!(!touch((Replace, "/a/0"), (Replace, "/a/1")) && !touch((Replace, "/a/1"), (Replace, "/a/10")));
        let renamed = |path: &str, key| PatchOperation { op: Rename, path: path.to_owned(), value: Value::from(key) };
        let touch = |rename: &PatchOperation, other| meet(rename, &operation(other)) && meet(&operation(other), rename);
        assert!(touch(&renamed("/a/b", "c"), (Add, "/a/c")) && touch(&renamed("/a/b", "c"), (Replace, "/a/b/d")));
        assert!(!touch(&renamed("/a/b", "c"), (Add, "/a/d")));
    }
}
