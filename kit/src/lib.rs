//! What Forewarn policies share: the view of a request, findings, settings and the waPC entry points.
//!
//! A policy is a struct that holds its settings, implements [`guard::WorkloadPolicy`], [`object::ObjectPolicy`] when it
//! is not about pods, or [`raw::RawPolicy`] when it is not about Kubernetes objects, and is handed to [`export!`] in
//! the wrapper of the same module. It reads the object through [`json::Node`], which keeps every
//! byte, and reports [`finding::Finding`]s at nodes; pointers, fixes, exemptions and the reply are the kit's.

pub mod capability;
pub mod cluster;
pub mod env;
pub mod finding;
pub mod fraction;
pub mod glob;
pub mod guard;
#[cfg(target_arch = "wasm32")]
pub mod guest;
pub mod image;
pub mod json;
pub mod jvm;
mod leniency;
pub mod object;
pub mod patch;
pub mod pointer;
pub mod policy;
pub mod probe;
pub mod quantity;
pub mod raw;
pub mod release;
mod reply;
pub mod request;
pub mod settings;
pub mod shell;
pub mod version;
pub mod workload;

/// Semantic versions, for the policies that compare releases.
pub use semver;

/// Makes a module of a [`policy::Policy`]: the entry point that registers its waPC operations.
#[macro_export]
macro_rules! export {
    ($policy:ty) => {
        #[cfg(target_arch = "wasm32")]
        #[unsafe(no_mangle)]
        extern "C" fn wapc_init() {
            $crate::guest::register::<$policy>();
        }

        /// The same decision, compiled for the host: what tests and the benchmark compare the module with.
        #[cfg(not(target_arch = "wasm32"))]
        pub const VALIDATE: fn(&[u8]) -> Result<String, $crate::policy::BadPayload> =
            $crate::policy::validate::<$policy>;
    };
}
