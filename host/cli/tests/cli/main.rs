//! The `forewarn` command from outside: what it prints, and its exit codes.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "a test fails by panicking, its helpers too"
)]

mod against;
mod bad_input;
mod check;
mod cluster;
mod commands;
#[path = "../../../registry/tests/registry/docker_registry.rs"]
mod docker_registry;
mod examples;
mod facts;
mod fix;
mod forewarn;
mod modules;
mod registry;
