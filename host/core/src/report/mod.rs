//! Reports: what a review says to people and to programs.

pub mod github;
pub mod gitlab;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod policyreport;
mod run;
pub mod sarif;
mod summary;
#[cfg(test)]
mod tests;
pub mod text;

pub use run::{About, Run};
pub use summary::Summary;
