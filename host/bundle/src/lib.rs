//! The policies that the `forewarn` command carries with it.

use forewarn_engine::{Engine, Module};

/// The bundled policies, sorted by id; none when they were not built before this crate was.
#[must_use]
pub fn policies() -> &'static [BundledPolicy] {
    POLICIES
}

/// One policy, as it is published and as it runs here.
pub struct BundledPolicy {
    /// The policy's id, such as `root-user`.
    pub id: &'static str,
    /// The module that Kubewarden loads: its metadata, digest and interface are read from it.
    pub wasm: &'static [u8],
    /// The same module as machine code, or nothing when it was precompiled for another kind of machine.
    precompiled: Option<&'static [u8]>,
}

impl BundledPolicy {
    /// The policy, ready to be called.
    #[must_use]
    pub fn module(&self, engine: &Engine) -> Module {
        match self.precompiled {
            // SAFETY: `xtask wasm` wrote these bytes as `precompile` returned them, the build script compared their
            // digest with the one written beside them, and they are embedded here. Nothing of it happens at run time.
            #[expect(unsafe_code, reason = "proven above")]
            Some(precompiled) => unsafe { engine.precompiled_module(precompiled) },
            None => engine.module(self.wasm),
        }
    }
}

include!(concat!(env!("OUT_DIR"), "/policies.rs"));

#[cfg(test)]
mod tests {
    use forewarn_engine::Limits;

    use super::*;

    #[test]
    fn every_policy_loads() {
        let engine = Engine::new(Limits::DEFAULT).unwrap();
        for policy in policies() {
            policy.module(&engine).load().unwrap();
        }
    }

    #[test]
    fn policies_are_sorted() {
        assert!(policies().is_sorted_by(|a, b| a.id < b.id));
    }
}
