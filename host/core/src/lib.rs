//! The pure part of Forewarn: manifests in, admission requests out; replies in, located findings and reports out.

pub mod admission;
pub mod cluster;
pub mod comparison;
pub mod edit;
pub mod engine;
pub mod facts;
pub mod finding;
mod fingerprint;
pub mod fix;
pub mod host_calls;
pub mod metadata;
pub mod object;
pub mod policy;
pub mod problem;
pub mod reply;
pub mod report;
pub mod request;
pub mod resource;
pub mod review;
pub mod rules;
pub mod source;
pub mod template;
pub mod yaml;
