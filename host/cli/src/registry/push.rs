//! `forewarn push`

use std::collections::BTreeMap;

use forewarn_registry::{AnnotationError, annotations_of};
use serde_json::json;

use super::args::Push;
use super::connection::registry_reference;
use super::failure::failure;
use crate::args::Format;
use crate::exit::{Exit, Failure};
use crate::module;
use crate::output::print;

/// Pushes a module, and prints the reference by digest.
///
/// # Errors
/// As of [`super::registry`].
pub(super) fn push(args: &Push) -> Result<Exit, Failure> {
    let reference = registry_reference(&args.reference)?;
    let module = module::named(&args.module)?;
    let annotations = match annotations_of(&module.wasm) {
        Err(AnnotationError::None) if args.force => BTreeMap::new(),
        annotations => annotations.map_err(failure)?,
    };
    let pushed = args.connection.client()?.push(&module.wasm, annotations, &reference).map_err(failure)?;
    let text = match args.format {
        Format::Text => format!("{}\n", pushed.immutable),
        Format::Json => {
            // The name of the field is kwctl's.
            let immutable = format!("{}@{}", reference.repository(), pushed.digest);
            let value = json!({
                "version": 1,
                "immutable_ref": immutable,
                "digest": pushed.digest,
                "module": pushed.module,
                "uploaded": pushed.uploaded,
            });
            format!("{value:#}\n")
        }
    };
    print(&text).map(|()| Exit::Clean)
}
