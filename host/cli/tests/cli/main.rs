//! The `forewarn` command from outside: what it prints, and its exit codes.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers too"
)]

mod against;
mod annotate;
#[path = "../../../registry/tests/registry/authority.rs"]
mod authority;
mod bad_input;
mod baseline;
mod check;
mod ci;
mod cluster;
mod commands;
mod config;
#[path = "../../../registry/tests/registry/docker_registry.rs"]
mod docker_registry;
mod examples;
mod facts;
mod fix;
mod forewarn;
mod formats;
mod helm;
#[expect(dead_code, reason = "shared with the registry's own tests, which need more of it")]
#[path = "../../../registry/tests/registry/http_server.rs"]
mod http_server;
mod kubewarden;
mod modules;
mod registry;
mod sarif;
mod strict;
mod suites;
mod watch;
