//! What a check that is repeated remembers, so that it reviews only what changed.
//!
//! A file's review depends on its text, on what all reviews have in common, and on the objects of other files that
//! policies asked about. Where all three are as they were, so is the review.

use std::collections::HashMap;
use std::path::PathBuf;

use forewarn_core::cluster::{Cluster, objects_in};
use forewarn_core::metadata::ContextAwareResource;

use crate::args::Check;
use crate::config::{self, Config, Day};
use crate::inputs::Input;
use crate::parallel;
use crate::report::Reviewed;

/// The reviews of the last round.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    premises: Option<Premises>,
    files: HashMap<PathBuf, Kept>,
    /// The kinds of objects of other files on which one of the reviews depends.
    asked: Vec<ContextAwareResource>,
}

/// What all reviews have in common, beside the arguments.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Premises {
    config: Option<(PathBuf, String)>,
    /// Settings and baselines. What cannot be read is told by whoever uses it.
    files: Vec<(PathBuf, Option<Vec<u8>>)>,
    today: Day,
}

/// A file and its review.
#[derive(Debug)]
struct Kept {
    /// `None` where it is clearly no manifest.
    text: Option<String>,
    /// The path that patterns of the configuration are about.
    path: Option<String>,
    reviewed: Reviewed,
}

impl Premises {
    /// Those of a check. To be read before anything is made of them, so that a change in between is seen next time.
    pub(crate) fn of(args: &Check, config: Option<&Config>, today: Day) -> Self {
        let paths = args.settings.iter().cloned().chain(config::baselines(args, config));
        let files = paths.map(|path| (path.clone(), std::fs::read(path).ok()));
        let config = config.map(|config| (config.path().to_owned(), config.text().to_owned()));
        Self { config, files: files.collect(), today }
    }
}

impl Memory {
    /// Forgets what the inputs, as they are now, make obsolete.
    pub(crate) fn compare(&mut self, premises: Premises, inputs: &[Input], jobs: usize) {
        if self.premises.as_ref() != Some(&premises) {
            self.forget();
        }
        self.premises = Some(premises);
        let mut before = std::mem::take(&mut self.files);
        let mut changed: Vec<(String, String)> = Vec::new();
        let read = |input: &Input| input.read().ok();
        let mut due = inputs.iter().map(Input::path);
        parallel::in_order(inputs, jobs, read, |text| {
            let Some(path) = due.next().flatten() else { return };
            match before.remove(path) {
                Some(kept) if text.as_ref() == Some(&kept.text) => {
                    self.files.insert(path.to_owned(), kept);
                }
                kept => {
                    let old = kept.and_then(|kept| kept.text).unwrap_or_default();
                    changed.push((old, text.flatten().unwrap_or_default()));
                }
            }
        });
        changed.extend(before.into_values().map(|kept| (kept.text.unwrap_or_default(), String::new())));
        let differ = |kind| changed.iter().any(|(old, new)| objects_in(old, kind) != objects_in(new, kind));
        if self.asked.iter().any(differ) {
            self.forget();
        }
    }

    /// The review of a file that is as it was.
    pub(crate) fn recall(&self, input: &Input, path: Option<&String>) -> Option<Reviewed> {
        let kept = self.files.get(input.path()?)?;
        (kept.path.as_ref() == path).then(|| kept.reviewed.clone())
    }

    /// Remembers a review. What could not be read is read again.
    pub(crate) fn keep(&mut self, input: &Input, path: Option<&String>, reviewed: Reviewed) {
        let (Some(file), Ok(text)) = (input.path(), input.read()) else { return };
        self.files.insert(file.to_owned(), Kept { text, path: path.cloned(), reviewed });
    }

    /// Remembers what the reviews of this round asked about.
    pub(crate) fn asked(&mut self, cluster: &Cluster) {
        let new: Vec<_> = cluster.searched().filter(|kind| !self.asked.contains(kind)).cloned().collect();
        self.asked.extend(new);
    }

    /// Forgets all reviews.
    fn forget(&mut self) {
        self.files.clear();
        self.asked.clear();
    }
}
