//! What is published beside the modules: that it is true, and that others can read it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers too"
)]

mod artifact_hub;
mod conformance;
mod index;
