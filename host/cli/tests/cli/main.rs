//! The `forewarn` command from outside: what it prints, and its exit codes.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "a test fails by panicking, its helpers too"
)]

mod against;
mod annotate;
mod bad_input;
mod check;
mod cluster;
mod commands;
mod examples;
mod facts;
mod fix;
mod forewarn;
mod helm;
mod modules;
mod scaffold;
