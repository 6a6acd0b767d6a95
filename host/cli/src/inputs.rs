//! Which files are reviewed.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use forewarn_core::source::Position;
use forewarn_core::yaml::MAX_FILE_BYTES;
use ignore::WalkBuilder;
use thiserror::Error;

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = MAX_FILE_BYTES as u64;

/// The file of this name in a directory lists what is not reviewed, in the syntax of `.gitignore`.
const IGNORE_FILE: &str = ".forewarnignore";

/// One text to review.
#[derive(Debug)]
pub(crate) struct Input {
    /// The name in reports: the path as it was given or found, `<stdin>` for standard input.
    pub(crate) name: String,
    /// Where it is read from.
    source: Source,
    /// The bytes of what can be read only once: standard input, a pipe.
    kept: Option<OnceLock<Result<Vec<u8>, InputError>>>,
}

#[derive(Debug, PartialEq, Eq)]
enum Source {
    Stdin,
    /// Named by the user.
    Named(PathBuf),
    /// Found in a directory; it may be of no interest.
    Found(PathBuf),
}

/// Why an input could not be read.
#[derive(Debug, Clone, Error)]
pub(crate) enum InputError {
    /// The file system said no.
    #[error("cannot read `{path}`: {error}")]
    Io {
        /// The path.
        path: String,
        /// The reason.
        error: Arc<std::io::Error>,
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
    /// A directory holds no suite.
    #[error("no suite in `{path}`: none of its files is called *.test.yaml or *.forewarn-test.yaml")]
    NoSuites {
        /// The directory.
        path: String,
    },
    /// Reading it could take forever, or take what is not meant for us.
    #[error("`{path}` is no regular file, and only such are read from directories")]
    NotAFile {
        /// The path.
        path: String,
    },
    /// The file is larger than the limit.
    #[error("`{path}` is larger than {} MiB, the most that is read", MAX_FILE / (1024 * 1024))]
    TooLarge {
        /// The path.
        path: String,
    },
    /// The file is no text.
    #[error("`{path}` is not UTF-8")]
    NotUtf8 {
        /// The path.
        path: String,
        /// Where it begins not to be.
        position: Position,
    },
}

impl InputError {
    /// The input's name.
    pub(crate) fn path(&self) -> &str {
        match self {
            Self::Io { path, .. }
            | Self::Walk { path, .. }
            | Self::Empty { path }
            | Self::NoSuites { path }
            | Self::NotAFile { path }
            | Self::TooLarge { path }
            | Self::NotUtf8 { path, .. } => path,
        }
    }

    /// Whether it only says that there is nothing.
    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Self::Empty { .. })
    }

    /// Where in the input it is, when it is at one place.
    pub(crate) fn position(&self) -> Option<Position> {
        match self {
            Self::NotUtf8 { position, .. } => Some(*position),
            _ => None,
        }
    }
}

/// The inputs behind the given paths, in the order given and sorted inside directories, each file once.
/// What cannot be searched is told beside what can.
pub(crate) fn collect(paths: &[PathBuf]) -> (Vec<Input>, Vec<InputError>) {
    let mut inputs: Vec<Input> = Vec::new();
    let mut errors = Vec::new();
    let mut seen = BTreeSet::new();
    // A file is the same one however its path is written.
    let mut is_new = |path: &Path| seen.insert(std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()));
    for path in paths {
        let given = display(path);
        if path.as_os_str() == "-" {
            if inputs.iter().all(|input| input.source != Source::Stdin) {
                inputs.push(Input::new("<stdin>".to_owned(), Source::Stdin));
            }
        } else if path.is_dir() {
            let errors_before = errors.len();
            let found = walk(path, &mut errors);
            if found.is_empty() && errors.len() == errors_before {
                errors.push(InputError::Empty { path: given });
            }
            let new = found.into_iter().filter(|path| is_new(path));
            inputs.extend(new.map(|path| Input::new(display(&path), Source::Found(path))));
        } else if is_new(path) {
            inputs.push(Input::named(path));
        }
    }
    (inputs, errors)
}

/// Every directory that is searched for inputs when this one is given.
pub(crate) fn directories(directory: &Path) -> Vec<PathBuf> {
    let is_directory = |entry: &ignore::DirEntry| entry.file_type().is_some_and(|kind| kind.is_dir());
    walker(directory).build().flatten().filter(is_directory).map(ignore::DirEntry::into_path).collect()
}

/// Whether a file of this name says what is left out.
pub(crate) fn is_ignore_file(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == IGNORE_FILE || name == ".gitignore")
}

fn walker(directory: &Path) -> WalkBuilder {
    let mut walker = WalkBuilder::new(directory);
    walker
        .require_git(false)
        // What a machine or another tool ignores must not change the report.
        .git_global(false)
        .git_exclude(false)
        .ignore(false)
        .add_custom_ignore_filename(IGNORE_FILE)
        .sort_by_file_name(std::ffi::OsStr::cmp);
    walker
}

fn walk(directory: &Path, errors: &mut Vec<InputError>) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in walker(directory).build() {
        match entry {
            Ok(entry) if is_manifest(entry.path()) && !entry.path().is_dir() => found.push(entry.into_path()),
            Ok(_) => {}
            Err(error) => errors.push(InputError::Walk { path: display(directory), error }),
        }
    }
    found
}

/// Whether a file of this name is looked at in a directory.
pub(crate) fn is_manifest(path: &Path) -> bool {
    path.extension().is_some_and(|extension| ["yaml", "yml", "json"].iter().any(|known| extension == *known))
}

/// Forward slashes and no leading `./`, so that reports are the same on every machine and however a folder is named.
pub(crate) fn display(path: &Path) -> String {
    let text = path.to_string_lossy();
    let text =
        if std::path::MAIN_SEPARATOR == '/' { text.into_owned() } else { text.replace(std::path::MAIN_SEPARATOR, "/") };
    text.strip_prefix("./").filter(|rest| !rest.is_empty()).map_or(text.clone(), str::to_owned)
}

impl Input {
    /// The file at a path that the user named.
    pub(crate) fn named(path: &Path) -> Self {
        Self::new(display(path), Source::Named(path.to_owned()))
    }

    /// Lets it be read only once, so that everybody sees the same.
    pub(crate) fn hold(&mut self) {
        self.kept.get_or_insert_with(OnceLock::new);
    }

    /// The file; `None` for standard input.
    pub(crate) fn path(&self) -> Option<&Path> {
        match &self.source {
            Source::Stdin => None,
            Source::Named(path) | Source::Found(path) => Some(path),
        }
    }

    fn new(name: String, source: Source) -> Self {
        let once = match &source {
            Source::Stdin => true,
            // Such as `<(helm template …)`. A pipe whose writer is gone would keep a second reader waiting for ever.
            Source::Named(path) => std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()),
            Source::Found(_) => false,
        };
        Self { name, source, kept: once.then(OnceLock::new) }
    }

    /// Reads the text, any number of times. `None` for a JSON file that was found in a directory and is clearly something else, such as
    /// an editor's configuration, which need not even be valid JSON.
    ///
    /// # Errors
    /// [`InputError`] when it cannot be read, is too large, is not UTF-8, or is something else than a file.
    pub(crate) fn read(&self) -> Result<Option<String>, InputError> {
        let bytes = match &self.kept {
            Some(kept) => kept.get_or_init(|| self.read_bytes()).clone()?,
            None => self.read_bytes()?,
        };
        let text = String::from_utf8(bytes).map_err(|error| {
            let valid = String::from_utf8_lossy(error.as_bytes());
            let position = forewarn_core::source::Source::new(&valid).position(error.utf8_error().valid_up_to());
            InputError::NotUtf8 { path: self.name.clone(), position }
        })?;
        let other_json = matches!(&self.source, Source::Found(path) if path.extension().is_some_and(|e| e == "json"))
            && !text.contains("apiVersion");
        Ok((!other_json).then_some(text))
    }

    fn read_bytes(&self) -> Result<Vec<u8>, InputError> {
        let io = |error| InputError::Io { path: self.name.clone(), error: Arc::new(error) };
        let mut bytes = Vec::new();
        match &self.source {
            Source::Stdin => {
                std::io::stdin().lock().take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(io)?;
            }
            // Asked before it is opened, because opening a named pipe waits for a writer.
            Source::Found(path) if !std::fs::metadata(path).map_err(io)?.is_file() => {
                return Err(InputError::NotAFile { path: self.name.clone() });
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
        Ok(bytes)
    }
}
