//! `forewarn check --against`: the objects before a change.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use forewarn_core::comparison::{Comparison, Tree};

use crate::args::Check;
use crate::exit::Failure;
use crate::inputs::{self, Input, display};

/// Reads both trees: `base` is a directory, else a git revision.
///
/// # Errors
/// Exit 2 when `base` is neither, or names no revision; 3 when a file of it cannot be read.
pub(crate) fn compare(base: &str, args: &Check, inputs: &[Input]) -> Result<Comparison, Failure> {
    let mut comparison = Comparison { all: args.all, ..Comparison::default() };
    let root = Path::new(base);
    if !root.is_dir() {
        return Err(Failure::usage(anyhow!("`{base}` is no directory")));
    }
    directory(root, &mut comparison.before)?;
    for input in inputs {
        let place = place_in_directory(input, &args.paths);
        // What cannot be read is told by the review.
        if let Ok(Some(text)) = input.read() {
            comparison.after.add(&place, &text);
        }
        comparison.places.insert(input.name.clone(), place);
    }
    Ok(comparison)
}

fn directory(root: &Path, before: &mut Tree) -> Result<(), Failure> {
    let (files, errors) = inputs::collect(&[root.to_path_buf()]);
    if let Some(error) = errors.into_iter().find(|error| !error.is_empty()) {
        return Err(Failure::input(error));
    }
    for file in files {
        let place = file.path().and_then(|path| path.strip_prefix(root).ok()).map(display).unwrap_or_default();
        if let Some(text) = file.read().map_err(Failure::input)? {
            before.add(&place, &text);
        }
    }
    Ok(())
}

/// The path below the directory in which the input was found.
fn place_in_directory(input: &Input, roots: &[PathBuf]) -> String {
    let Some(path) = input.path() else { return input.name.clone() };
    let below = roots.iter().filter(|root| root.is_dir()).find_map(|root| path.strip_prefix(root).ok());
    display(below.or(path.file_name().map(Path::new)).unwrap_or(path))
}
