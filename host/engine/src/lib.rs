//! Runs Kubewarden's waPC policy modules with wasmtime: bounded, deterministic and without WASI.
//!
//! A policy gets a payload and nothing else: no clock, no random numbers, no files, no network.
//! Every call runs in a fresh instance, as in Kubewarden's policy-server, so nothing is carried from one object to the next.

mod annotate;
mod call;
mod config;
mod engine;
mod failure;
mod inspect;
mod limits;
mod memory;
mod module;
mod wapc;

pub use annotate::{annotate, without_build_sections};
pub use config::{compatibility, precompile};
pub use engine::Engine;
pub use inspect::{CustomSection, Export, Import, InspectError, ItemKind, METADATA_SECTION, ModuleInfo, inspect};
pub use limits::Limits;
pub use module::Module;
