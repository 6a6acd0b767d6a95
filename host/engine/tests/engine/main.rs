//! Hostile, broken and ordinary guests, each on the real engine.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod annotation;
mod bounds;
mod guest;
mod host_calls;
mod inspection;
mod loading;
mod pointers;
mod replies;
