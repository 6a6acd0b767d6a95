//! Reports: what a review says to people and to programs.

pub mod json;
mod summary;
pub mod text;

pub use summary::Summary;
