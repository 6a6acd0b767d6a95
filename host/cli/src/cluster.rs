//! The objects that policies ask about, from the files that are checked.

use std::sync::Arc;

use forewarn_core::cluster::{ClusterObject, Inputs, objects_in};
use forewarn_core::metadata::ContextAwareResource;

use crate::inputs::Input;
use crate::parallel;

/// All inputs of a run. They are read once more rather than kept, so that a run needs memory for a few files at a time.
#[derive(Debug)]
pub(crate) struct Files {
    /// The inputs, in the order of the report.
    pub(crate) inputs: Arc<[Input]>,
    /// How many are read at a time.
    pub(crate) jobs: usize,
}

impl Inputs for Files {
    fn objects(&self, kind: &ContextAwareResource) -> Vec<ClusterObject> {
        let mut objects = Vec::new();
        let search = |input: &Input| match input.read() {
            Ok(Some(text)) => objects_in(&text, kind),
            Ok(None) | Err(_) => Vec::new(),
        };
        parallel::in_order(&self.inputs, self.jobs, search, |mut found| objects.append(&mut found));
        objects
    }
}
