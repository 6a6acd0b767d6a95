//! Which files are suites.

use std::path::{Path, PathBuf};

use crate::inputs::{self, Input, InputError};

/// The endings of a suite's name.
const ENDINGS: [&str; 4] = [".test.yaml", ".test.yml", ".forewarn-test.yaml", ".forewarn-test.yml"];

/// The suites behind the given paths: files as they are named, directories searched.
pub(super) fn find(paths: &[PathBuf]) -> (Vec<Input>, Vec<InputError>) {
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    for path in paths {
        let (inputs, mut more) = inputs::collect(std::slice::from_ref(path));
        let is_folder = path.is_dir();
        let suites: Vec<_> = inputs.into_iter().filter(|input| !is_folder || is_suite(&input.name)).collect();
        if is_folder {
            more.retain(|error| !error.is_empty());
            if suites.is_empty() && more.is_empty() {
                more.push(InputError::NoSuites { path: inputs::display(path) });
            }
        }
        errors.append(&mut more);
        for suite in suites {
            if found.iter().all(|known: &Input| !is_same(known, &suite)) {
                found.push(suite);
            }
        }
    }
    (found, errors)
}

fn is_suite(name: &str) -> bool {
    ENDINGS.iter().any(|ending| name.ends_with(ending))
}

fn is_same(a: &Input, b: &Input) -> bool {
    let real = |input: &Input| input.path().map(|path: &Path| std::fs::canonicalize(path).unwrap_or(path.to_owned()));
    real(a) == real(b)
}
