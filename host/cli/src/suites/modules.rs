//! The modules under test, each read and compiled once.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use forewarn_core::engine::{Engine as EngineTrait, EngineError};
use forewarn_core::host_calls::HostCalls;
use forewarn_core::metadata::{ContextAwareResource, Metadata, Operation, PolicyType, Rule};
use forewarn_engine::{Engine, Limits, Module};

use crate::exit::Failure;
use crate::module;

/// The engine, and the modules that suites have named so far.
pub(super) struct Modules {
    engine: Shared,
    known: Mutex<HashMap<PathBuf, Arc<Tested>>>,
}

/// The engine, whose modules many policies may share.
pub(super) struct Shared(Engine);

/// A module under test.
pub(super) struct Tested {
    /// The module.
    pub(super) module: Arc<Module>,
    /// What it says about itself; for a module without annotations, that it is asked about everything.
    pub(super) metadata: Metadata,
    /// Whether it says that itself.
    pub(super) annotated: bool,
}

impl EngineTrait for Shared {
    type Module = Arc<Module>;

    fn call(
        &self,
        module: &Arc<Module>,
        operation: &str,
        payload: &[u8],
        host: &Arc<dyn HostCalls>,
    ) -> Result<Vec<u8>, EngineError> {
        self.0.call(module, operation, payload, host)
    }
}

impl Modules {
    /// No modules yet.
    pub(super) fn new() -> Result<Self, EngineError> {
        Ok(Self { engine: Shared(Engine::new(Limits::DEFAULT)?), known: Mutex::default() })
    }

    /// The engine to call them with.
    pub(super) fn engine(&self) -> &Shared {
        &self.engine
    }

    /// The module that a suite in this folder calls so: a bundled policy by its id, or a file.
    ///
    /// # Errors
    /// Exit 2 for a bundled policy that there is not, 3 for a file that cannot be read, 4 for one that is no module.
    pub(super) fn named(&self, name: &str, folder: &Path) -> Result<Arc<Tested>, Failure> {
        let is_path = name.ends_with(".wasm") || name.contains(['/', '\\']);
        let path = match name.strip_prefix("file://") {
            _ if !is_path => PathBuf::from(name),
            Some(path) => folder.join(path),
            None if name.contains("://") => {
                let error = anyhow::anyhow!("the module `{name}` is not on this machine");
                return Err(Failure::usage(error).with_help("pull it, and write the path of the .wasm file"));
            }
            None => folder.join(name),
        };
        if !is_path && module::bundled(name).is_none() {
            return Err(module::unknown_policy(name));
        }
        // A module that another thread left half known is read again.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tested) = known.get(&path) {
            return Ok(Arc::clone(tested));
        }
        let tested = Arc::new(self.read(&path, is_path)?);
        known.insert(path, Arc::clone(&tested));
        Ok(tested)
    }

    fn read(&self, path: &Path, is_path: bool) -> Result<Tested, Failure> {
        let bundled = path.to_str().filter(|_| !is_path).and_then(module::bundled);
        let named = module::named(path)?;
        let module = match bundled {
            Some(policy) => policy.module(&self.engine.0),
            None => self.engine.0.module(named.wasm),
        };
        let annotated = named.metadata.is_some();
        Ok(Tested { module: Arc::new(module), metadata: named.metadata.unwrap_or_else(everything), annotated })
    }
}

/// For a module that is not annotated yet: it is asked about everything, and may ask for nothing.
fn everything() -> Metadata {
    let all = || vec!["*".to_owned()];
    Metadata {
        protocol_version: Some("v1".to_owned()),
        rules: vec![Rule {
            api_groups: all(),
            api_versions: all(),
            resources: vec!["*/*".to_owned()],
            operations: vec![Operation::All],
        }],
        annotations: Default::default(),
        mutating: true,
        background_audit: true,
        execution_mode: "kubewarden-wapc".to_owned(),
        policy_type: PolicyType::Kubernetes,
        context_aware_resources: Vec::<ContextAwareResource>::new(),
        host_capabilities: None,
        minimum_kubewarden_version: None,
    }
}
