//! The `forewarn` command from outside: what it prints, and its exit codes.

mod bad_input;
mod check;
mod commands;
mod forewarn;
mod modules;
