//! `forewarn.yaml`

mod choice;
mod day;
mod file;
mod find;
pub(crate) mod init;
mod ledger;
mod patterns;
mod resolve;
mod schema;

pub(crate) use day::Day;
pub(crate) use ledger::Ledger;
pub(crate) use resolve::{Resolved, resolve};

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use forewarn_core::scope::Patterns;
use forewarn_core::source::Position;
use forewarn_core::yaml::typed::{self, TypedError};

use crate::args::Check;
use crate::config::file::File;
use crate::exit::Failure;
use crate::inputs::Input;

/// The name of the file.
const NAME: &str = "forewarn.yaml";

/// A configuration file, read but not applied yet.
#[derive(Debug)]
pub(crate) struct Config {
    file: File,
    /// The name in messages.
    name: String,
    text: String,
    /// The file, and the folder that paths are relative to; without symbolic links.
    path: PathBuf,
    folder: PathBuf,
    include: Option<Patterns>,
    exclude: Option<Patterns>,
}

impl Config {
    /// The configuration that the arguments name, or the one nearest above the first path.
    ///
    /// # Errors
    /// Exit 2 when it cannot be read or says something wrong.
    pub(crate) fn load(args: &Check) -> Result<Option<Self>, Failure> {
        let path = match &args.config {
            _ if args.no_config => None,
            Some(path) => Some(path.clone()),
            None => find::upwards(args.paths.first().map_or(Path::new("."), PathBuf::as_path)),
        };
        path.map(|path| Self::read(&path)).transpose()
    }

    fn read(path: &Path) -> Result<Self, Failure> {
        let name = find::display(path);
        let unreadable = || format!("cannot read the configuration `{name}`");
        let path = std::fs::canonicalize(path).with_context(unreadable).map_err(Failure::usage)?;
        let text = std::fs::read_to_string(&path).with_context(unreadable).map_err(Failure::usage)?;
        let file: File = typed::read(&text).map_err(|error| mistake(&name, &error))?;
        let mut config = Self {
            folder: path.parent().map(Path::to_owned).unwrap_or_default(),
            path,
            name,
            text,
            include: None,
            exclude: None,
            file,
        };
        config.include = config.paths(&config.file.paths.include)?;
        config.exclude = config.paths(&config.file.paths.exclude)?;
        Ok(config)
    }

    /// Wrong configuration at a place of the file.
    fn wrong(&self, position: Position, message: impl Into<String>) -> Failure {
        mistake(&self.name, &TypedError::new(position, message))
    }

    /// Whether an input is to be reviewed: neither left out nor the configuration itself. What was read from standard
    /// input always is.
    pub(crate) fn reviews(&self, input: &Input) -> bool {
        let Some(path) = input.path().and_then(|path| std::fs::canonicalize(path).ok()) else { return true };
        if path == self.path {
            return false;
        }
        let below = self.below(&path);
        let matches = |patterns: &Patterns| below.as_deref().is_some_and(|path| patterns.match_path(path));
        self.include.as_ref().is_none_or(matches) && !self.exclude.as_ref().is_some_and(matches)
    }

    /// The path of an input below the folder of the configuration.
    fn path_of(&self, input: &Input) -> Option<String> {
        self.below(&std::fs::canonicalize(input.path()?).ok()?)
    }

    fn below(&self, path: &Path) -> Option<String> {
        path.strip_prefix(&self.folder).ok().map(crate::inputs::display)
    }

    /// Whether the arguments ask for everything that the configuration is about.
    fn is_whole(&self, args: &Check) -> bool {
        let holds_it = |path: &PathBuf| std::fs::canonicalize(path).is_ok_and(|path| self.folder.starts_with(path));
        args.policy.is_empty() && args.against.is_none() && args.paths.iter().any(holds_it)
    }

    /// The baseline that is configured.
    pub(crate) fn baseline(&self) -> Option<PathBuf> {
        self.file.baseline.as_ref().map(|path| self.folder.join(path))
    }

    /// The files and folders of a cluster's policies, as seen from the current folder.
    ///
    /// # Errors
    /// Exit 2 when there is nothing at one of them.
    pub(crate) fn kubewarden(&self) -> Result<Vec<PathBuf>, Failure> {
        let mut paths = Vec::new();
        for written in &self.file.kubewarden {
            let path = self.folder.join(&written.value);
            if !path.exists() {
                let message = format!("there is no file or folder `{}`, so no policy is read from it", written.value);
                let help = "paths are relative to the folder of this file";
                return Err(self.wrong(written.position, message).with_help(help));
            }
            paths.push(find::seen(&path));
        }
        Ok(paths)
    }

    /// The files and folders that it consists of or names, itself included.
    pub(crate) fn sources(&self) -> impl Iterator<Item = PathBuf> {
        [self.path.clone()]
            .into_iter()
            .chain(self.baseline())
            .chain(self.file.kubewarden.iter().map(|path| self.folder.join(&path.value)))
    }

    /// What is made of what the Kubernetes API does not know.
    pub(crate) fn strict(&self) -> Option<crate::args::Strictness> {
        self.file.strict
    }

    /// Where it is, without symbolic links.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What it says.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The least severe finding that fails a check.
    pub(crate) fn fail_on(&self) -> Option<crate::args::FailOn> {
        self.file.fail_on
    }
}

/// A mistake in a file of configuration, as a failure of usage.
pub(crate) fn mistake(file: &str, error: &TypedError) -> Failure {
    let Position { line, column } = error.position;
    let failure = Failure::usage(anyhow!("{file}:{line}:{column}: {error}"));
    match &error.help {
        Some(help) => failure.with_help(help),
        None => failure,
    }
}

/// The files of known findings that a run reads or writes. They are no manifests.
pub(crate) fn baselines(args: &Check, config: Option<&Config>) -> Vec<PathBuf> {
    let configured = config.and_then(Config::baseline);
    [args.baseline.clone(), args.write_baseline.clone(), configured].into_iter().flatten().collect()
}

/// Whether two paths lead to the same file.
pub(crate) fn is_same(a: &Path, b: &Path) -> bool {
    a.file_name() == b.file_name()
        && std::fs::canonicalize(a).is_ok_and(|a| std::fs::canonicalize(b).is_ok_and(|b| a == b))
}
