//! Forewarn in a browser tab: core's review, with the browser's own WebAssembly running the policies.
//!
//! Everything that crosses to JavaScript is text, bytes or a number. JavaScript decides nothing about a manifest.

mod archive;
mod engine;
mod review;
mod session;

pub use archive::unpack;
pub use session::Session;
