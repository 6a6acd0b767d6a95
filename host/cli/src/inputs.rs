//! Which files are reviewed.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use forewarn_core::yaml::MAX_FILE_BYTES;
use ignore::WalkBuilder;
use thiserror::Error;

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = MAX_FILE_BYTES as u64;

/// The file of this name in a directory lists what is not reviewed, in the syntax of `.gitignore`.
const IGNORE_FILE: &str = ".forewarnignore";

/// One text to review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Input {
    /// The name in reports: the path as it was given or found, `<stdin>` for standard input.
    pub(crate) name: String,
    /// Where it is read from.
    source: Source,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    Stdin,
    /// Named by the user.
    Named(PathBuf),
    /// Found in a directory; it may be of no interest.
    Found(PathBuf),
}

/// Why an input could not be read.
#[derive(Debug, Error)]
pub(crate) enum InputError {
    /// The file system said no.
    #[error("cannot read `{path}`: {error}")]
    Io {
        /// The path.
        path: String,
        /// The reason.
        error: std::io::Error,
    },
    /// The walk through a directory met an obstacle.
    #[error("cannot search `{path}`: {error}")]
    Walk {
        /// The directory.
        path: String,
        /// The reason.
        error: ignore::Error,
    },
    /// A directory holds nothing to review.
    #[error("no .yaml, .yml or .json file in `{path}`")]
    Empty {
        /// The directory.
        path: String,
    },
    /// The file is larger than the limit.
    #[error("`{path}` is larger than {} MiB, the most that is read", MAX_FILE / (1024 * 1024))]
    TooLarge {
        /// The path.
        path: String,
    },
    /// The file is no text.
    #[error("`{path}` is not UTF-8 from byte {offset}")]
    NotUtf8 {
        /// The path.
        path: String,
        /// Bytes from the start.
        offset: usize,
    },
}

impl InputError {
    /// The input's name.
    pub(crate) fn path(&self) -> &str {
        match self {
            Self::Io { path, .. }
            | Self::Walk { path, .. }
            | Self::Empty { path }
            | Self::TooLarge { path }
            | Self::NotUtf8 { path, .. } => path,
        }
    }
}

/// The inputs behind the given paths, in the order given and sorted inside directories, each file once.
/// What cannot be searched is told beside what can.
pub(crate) fn collect(paths: &[PathBuf]) -> (Vec<Input>, Vec<InputError>) {
    let mut inputs = Vec::new();
    let mut errors = Vec::new();
    let mut seen = BTreeSet::new();
    for path in paths {
        let given = display(path);
        if path.as_os_str() == "-" {
            if seen.insert(path.clone()) {
                inputs.push(Input { name: "<stdin>".to_owned(), source: Source::Stdin });
            }
        } else if path.is_dir() {
            let before = seen.len();
            for found in walk(path, &mut errors) {
                if seen.insert(found.clone()) {
                    inputs.push(Input { name: display(&found), source: Source::Found(found) });
                }
            }
            if seen.len() == before && !inputs.iter().any(|input| input.is_inside(path)) {
                errors.push(InputError::Empty { path: given });
            }
        } else if seen.insert(path.clone()) {
            inputs.push(Input { name: given, source: Source::Named(path.clone()) });
        }
    }
    (inputs, errors)
}

fn walk(directory: &Path, errors: &mut Vec<InputError>) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let walk = WalkBuilder::new(directory)
        .require_git(false)
        .add_custom_ignore_filename(IGNORE_FILE)
        .sort_by_file_name(std::ffi::OsStr::cmp)
        .build();
    for entry in walk {
        match entry {
            Ok(entry) if is_manifest(entry.path()) && !entry.path().is_dir() => found.push(entry.into_path()),
            Ok(_) => {}
            Err(error) => errors.push(InputError::Walk { path: display(directory), error }),
        }
    }
    found
}

fn is_manifest(path: &Path) -> bool {
    path.extension().is_some_and(|extension| ["yaml", "yml", "json"].iter().any(|known| extension == *known))
}

/// Forward slashes and no leading `./`, so that reports are the same on every machine and however a folder is named.
fn display(path: &Path) -> String {
    let text = path.to_string_lossy();
    let text =
        if std::path::MAIN_SEPARATOR == '/' { text.into_owned() } else { text.replace(std::path::MAIN_SEPARATOR, "/") };
    text.strip_prefix("./").filter(|rest| !rest.is_empty()).map_or(text.clone(), str::to_owned)
}

impl Input {
    fn is_inside(&self, directory: &Path) -> bool {
        matches!(&self.source, Source::Named(path) | Source::Found(path) if path.starts_with(directory))
    }

    /// Reads the text. `None` for a JSON file that was found in a directory and is clearly something else, such as
    /// an editor's configuration, which need not even be valid JSON.
    ///
    /// # Errors
    /// [`InputError`] when it cannot be read, is too large, or is not UTF-8.
    pub(crate) fn read(&self) -> Result<Option<String>, InputError> {
        let io = |error| InputError::Io { path: self.name.clone(), error };
        let mut bytes = Vec::new();
        match &self.source {
            Source::Stdin => {
                std::io::stdin().lock().take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(io)?;
            }
            Source::Named(path) | Source::Found(path) => {
                let file = std::fs::File::open(path).map_err(io)?;
                let metadata = file.metadata().map_err(io)?;
                if metadata.len() > MAX_FILE {
                    return Err(InputError::TooLarge { path: self.name.clone() });
                }
                bytes.reserve(usize::try_from(metadata.len()).unwrap_or_default());
                file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(io)?;
            }
        }
        if bytes.len() as u64 > MAX_FILE {
            return Err(InputError::TooLarge { path: self.name.clone() });
        }
        let text = String::from_utf8(bytes).map_err(|error| InputError::NotUtf8 {
            path: self.name.clone(),
            offset: error.utf8_error().valid_up_to(),
        })?;
        let other_json = matches!(&self.source, Source::Found(path) if path.extension().is_some_and(|e| e == "json"))
            && !text.contains("apiVersion");
        Ok((!other_json).then_some(text))
    }
}
