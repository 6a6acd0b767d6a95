//! Whether a scalar is of the type that a field has, as the API server's JSON decoder sees it.

use super::api::Shape;
use crate::finding::{PatchOp, PatchOperation};
use crate::yaml::{Scalar, ScalarKind};
use serde_json::Value;

/// Whether a field of this shape takes the scalar. Null is not asked about: it is taken everywhere.
pub(super) fn fits(scalar: &Scalar<'_>, shape: Shape) -> bool {
    let is_integer = || scalar.value.parse::<i64>().is_ok();
    match (shape, scalar.kind) {
        (_, ScalarKind::Null) | (Shape::Any | Shape::TypeOrShort(_), _) => true,
        (Shape::String | Shape::Bytes | Shape::Time | Shape::Quantity | Shape::IntOrString, ScalarKind::String) => true,
        (Shape::Bool, ScalarKind::Bool) => true,
        (Shape::Number | Shape::Quantity, ScalarKind::Int | ScalarKind::Float) => true,
        // `3.0` is `3` when it gets there.
        (Shape::Int32 | Shape::IntOrString, ScalarKind::Int | ScalarKind::Float) => scalar.value.parse::<i32>().is_ok(),
        (Shape::Int64, ScalarKind::Int | ScalarKind::Float) => is_integer(),
        _ => false,
    }
}

/// What a field of this shape holds, in words.
pub(super) fn expected(shape: Shape) -> &'static str {
    match shape {
        Shape::Any => "anything",
        Shape::String => "a string",
        Shape::Bytes => "a string in base64",
        Shape::Time => "a time as a string",
        Shape::Bool => "`true` or `false`",
        Shape::Int32 => "an integer of 32 bits",
        Shape::Int64 => "an integer",
        Shape::Number => "a number",
        Shape::Quantity => "a quantity",
        Shape::IntOrString => "an integer or a string",
        Shape::List(_) => "a list",
        Shape::Map(_) | Shape::Type(_) | Shape::TypeOrShort(_) => "a mapping",
    }
}

/// What the scalar would be if it were written with or without quotes, where that is what the field takes and nothing
/// of the value is lost.
pub(super) fn requoted(scalar: &Scalar<'_>, written: &str, shape: Shape) -> Option<Value> {
    match (shape, scalar.kind) {
        // `yes`, `0x10` or `1_000` may be meant as text or as the value that YAML makes of it.
        (Shape::String, ScalarKind::Bool | ScalarKind::Int | ScalarKind::Float) => {
            (written == scalar.value).then(|| Value::from(written))
        }
        (Shape::Bool, ScalarKind::String) => match scalar.value.as_ref() {
            "true" => Some(Value::from(true)),
            "false" => Some(Value::from(false)),
            _ => None,
        },
        (Shape::Int32, ScalarKind::String) => {
            integer(&scalar.value).filter(|n| i32::try_from(*n).is_ok()).map(Value::from)
        }
        (Shape::Int64, ScalarKind::String) => integer(&scalar.value).map(Value::from),
        _ => None,
    }
}

/// The integer, when it is written as JSON writes it.
fn integer(text: &str) -> Option<i64> {
    text.parse::<i64>().ok().filter(|number| number.to_string() == text)
}

/// The fix that puts the value in its place.
pub(super) fn replacement(pointer: &str, value: Value) -> PatchOperation {
    PatchOperation { op: PatchOp::Replace, path: pointer.to_owned(), value }
}
