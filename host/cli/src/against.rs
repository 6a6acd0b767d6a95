//! `forewarn check --against`: the objects before a change.

use std::path::{Path, PathBuf};

use forewarn_core::comparison::{Comparison, Tree};

use crate::args::Check;
use crate::exit::Failure;
use crate::git::{GitError, Repository};
use crate::inputs::{self, Input, display, is_manifest};

/// Reads both trees: `base` is a directory, else a git revision.
///
/// # Errors
/// Exit 2 when `base` is neither, or no repository holds the paths; 3 when what it holds cannot be read.
pub(crate) fn compare(base: &str, args: &Check, inputs: &[Input]) -> Result<Comparison, Failure> {
    let mut comparison = Comparison { all: args.all, ..Comparison::default() };
    let root = Path::new(base);
    let place: Box<dyn Fn(&Input) -> String> = if root.is_dir() {
        directory(root, &mut comparison.before)?;
        Box::new(|input| place_in_directory(input, &args.paths))
    } else {
        let repository = around(&args.paths)?;
        revision(&repository, base, &mut comparison.before)?;
        Box::new(move |input| place_in_repository(input, &repository))
    };
    for input in inputs {
        let place = place(input);
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

/// The repository that holds the first path; standard input counts as the current folder.
fn around(paths: &[PathBuf]) -> Result<Repository, GitError> {
    let path = paths.iter().find(|path| path.as_os_str() != "-");
    Repository::around(path.map_or(Path::new("."), PathBuf::as_path))
}

/// All manifests of the repository, so that what moved into the reviewed paths is found where it was.
fn revision(repository: &Repository, name: &str, before: &mut Tree) -> Result<(), GitError> {
    let revision = repository.revision(name)?;
    let mut files = repository.files(&revision, "")?;
    files.retain(|file| is_manifest(Path::new(&file.path)));
    let contents = repository.read(&files)?;
    for file in &files {
        // What is no text holds no object.
        if let Some(Ok(text)) = contents.get(&file.blob).map(|bytes| std::str::from_utf8(bytes)) {
            before.add(&file.path, text);
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

fn place_in_repository(input: &Input, repository: &Repository) -> String {
    input.path().and_then(|path| repository.path_of(path)).unwrap_or_else(|| input.name.clone())
}
