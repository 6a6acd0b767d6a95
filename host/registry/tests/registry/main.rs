//! The library against a real registry, and against servers that misbehave.
//!
//! The registry is Debian's package `docker-registry`, started on a loopback port for each test that needs one.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

mod authority;
mod bad_servers;
mod credentials;
mod docker_registry;
mod http_server;
mod keyless;
mod push_and_pull;
mod signatures;
mod store;
mod support;
mod tls;
