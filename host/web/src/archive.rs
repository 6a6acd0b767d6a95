//! The bundled modules as one download.

use std::io::Read as _;

use lzma_rust2::XzReader;
use wasm_bindgen::prelude::*;

/// Unpacks an `.xz` file.
///
/// The modules share most of their code, so together they are a quarter of what they are one by one. No browser unpacks
/// them with so large a window by itself.
///
/// # Errors
/// The words of the reader when the bytes are no such file.
#[wasm_bindgen]
pub fn unpack(packed: &[u8]) -> Result<Vec<u8>, JsError> {
    let mut bytes = Vec::new();
    XzReader::new(packed, false).read_to_end(&mut bytes)?;
    Ok(bytes)
}
