//! `forewarn check --watch`

use std::collections::BTreeSet;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf, absolute};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::anyhow;
use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use signal_hook::consts::SIGINT;
use signal_hook::flag;

use crate::args::Check;
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::memory::Memory;
use crate::output::{harmless, print_error};
use crate::report::identity;
use crate::{check, inputs, tell};

/// How long it has to be quiet before the files are read: an editor writes a file in several steps.
const QUIET: Duration = Duration::from_millis(25);
/// How long the quiet is waited for.
const PATIENCE: Duration = Duration::from_millis(60);
/// How long Ctrl-C may go unnoticed.
const IDLE: Duration = Duration::from_millis(100);
/// The exit code of a command that Ctrl-C ends at once.
const INTERRUPTED: i32 = 130;
/// Empties a terminal, what was scrolled away included.
const CLEAR: &str = "\x1b[H\x1b[2J\x1b[3J";
/// How many changed files are named.
const MAX_NAMED: usize = 3;

/// Checks, and checks again after every change, until Ctrl-C. The last review's exit code is the command's.
///
/// What the arguments name is read anew; of the inputs those are reviewed again whose review may have changed.
///
/// # Errors
/// Exit 2 for standard input and for what is wrong with the arguments, 3 when the system cannot tell of changes.
pub(crate) fn watch(args: &Check) -> Result<Exit, Failure> {
    if args.paths.iter().any(|path| path.as_os_str() == "-") {
        return Err(Failure::usage(anyhow!("standard input cannot be watched: it is read only once"))
            .with_help("name files or folders, or leave out `--watch`"));
    }
    let stopped = stopped().map_err(Failure::engine)?;
    let (sender, events) = mpsc::channel();
    let mut watcher = notify::recommended_watcher(sender).map_err(|error| unwatched(&error))?;
    let mut watched = Watched::of(args);
    watched.start(&mut watcher)?;
    // What is wrong with the arguments now will not be mended by an edit of a manifest.
    let mut memory = Memory::default();
    let mut exit = check::check(args, Some(&mut memory))?;
    loop {
        print_error(&format!(
            "watching {}; Ctrl-C ends it\n",
            named(args.paths.iter().map(|path| inputs::display(path)))
        ));
        let Some(changed) = next_change(&events, &watched, &stopped) else { return Ok(exit) };
        clear();
        print_error(&format!("changed: {}\n", named(changed.iter().map(|path| harmless(&shown(path))))));
        // New folders are watched before they are read, so that nothing is missed in between.
        watched = Watched::of(args);
        if let Err(failure) = watched.start(&mut watcher) {
            tell(&failure);
        }
        exit = check::check(args, Some(&mut memory)).unwrap_or_else(|failure| tell(&failure));
    }
}

/// What is watched. All paths are absolute, as the events' are.
struct Watched {
    /// Folders that are searched for inputs.
    folders: BTreeSet<PathBuf>,
    /// Files and folders that are named, which may go and come back.
    named: BTreeSet<PathBuf>,
    /// Reports, which every review writes anew.
    outputs: BTreeSet<PathBuf>,
}

impl Watched {
    fn of(args: &Check) -> Self {
        let outputs = args.output.iter().map(|output| identity(&output.path)).collect();
        let mut watched = Self { folders: BTreeSet::new(), named: BTreeSet::new(), outputs };
        for path in &args.paths {
            watched.named.extend(absolute(path));
            if path.is_dir() {
                watched.folders.extend(inputs::directories(path).iter().flat_map(absolute));
            }
        }
        // What is wrong with the configuration is told by the check.
        let config = Config::load(args).ok().flatten();
        let configured: Vec<_> = config.iter().flat_map(Config::sources).collect();
        let files = args.settings.iter().chain(&args.config).chain(&args.baseline).chain(&args.policies);
        watched.named.extend(files.chain(&configured).flat_map(absolute));
        // Policies may be a folder, and are no inputs for that.
        let policies = args.policies.iter().chain(&configured).filter(|path| path.is_dir());
        watched.folders.extend(policies.flat_map(|path| inputs::directories(path)).flat_map(absolute));
        watched
    }

    /// Asks to be told of changes. What is watched already stays so.
    fn start(&self, watcher: &mut RecommendedWatcher) -> Result<(), Failure> {
        // A named file is watched by way of its folder, because editors put a new file in the place of the old one.
        let parents = self.named.iter().filter_map(|path| path.parent()).filter(|parent| parent.is_dir());
        for folder in self.folders.iter().map(PathBuf::as_path).chain(parents) {
            match watcher.watch(folder, RecursiveMode::NonRecursive) {
                // It went away in between, which its parent tells.
                Err(_) if !folder.exists() => {}
                watching => watching.map_err(|error| unwatched(&error))?,
            }
        }
        Ok(())
    }

    /// The paths of an event that may change the report.
    fn concerned(&self, event: Event) -> impl Iterator<Item = PathBuf> {
        let is_change = match event.kind {
            // We read the files ourselves.
            EventKind::Access(access) => access == AccessKind::Close(AccessMode::Write),
            _ => true,
        };
        event.paths.into_iter().filter(move |path| is_change && self.concerns(path))
    }

    fn concerns(&self, path: &Path) -> bool {
        if self.named.contains(path) || self.folders.contains(path) || inputs::is_ignore_file(path) {
            return true;
        }
        if !self.outputs.is_empty() && self.outputs.contains(&identity(path)) {
            return false;
        }
        let is_searched = path.parent().is_some_and(|parent| self.folders.contains(parent));
        let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        is_searched && !is_hidden && (inputs::is_manifest(path) || path.is_dir())
    }
}

/// What Ctrl-C sets. The second one ends a review that takes too long.
fn stopped() -> std::io::Result<Arc<AtomicBool>> {
    let stopped = Arc::new(AtomicBool::new(false));
    flag::register_conditional_shutdown(SIGINT, INTERRUPTED, Arc::clone(&stopped))?;
    flag::register(SIGINT, Arc::clone(&stopped))?;
    Ok(stopped)
}

/// Waits for a change and the quiet after it; nothing when the command shall end.
fn next_change(
    events: &Receiver<notify::Result<Event>>,
    watched: &Watched,
    stopped: &AtomicBool,
) -> Option<BTreeSet<PathBuf>> {
    let mut changed = BTreeSet::new();
    let mut first: Option<Instant> = None;
    loop {
        let wait = match first {
            None => IDLE,
            Some(first) => QUIET.min(PATIENCE.saturating_sub(first.elapsed())),
        };
        let event = events.recv_timeout(wait);
        if stopped.load(Ordering::Relaxed) {
            return None;
        }
        match event {
            Ok(Ok(event)) => changed.extend(watched.concerned(event)),
            // Something was missed, so everything may have changed.
            Ok(Err(error)) => changed.extend(error.paths),
            Err(RecvTimeoutError::Timeout) if changed.is_empty() => {}
            Err(_) => return Some(changed),
        }
        if !changed.is_empty() {
            first.get_or_insert_with(Instant::now);
        }
    }
}

fn unwatched(error: &notify::Error) -> Failure {
    let failure = Failure::input(anyhow!("cannot watch for changes: {error}"));
    match error.kind {
        notify::ErrorKind::MaxFilesWatch => {
            failure.with_help("raise `fs.inotify.max_user_watches`, or watch a smaller folder")
        }
        _ => failure,
    }
}

fn clear() {
    let mut stdout = std::io::stdout();
    if stdout.is_terminal() {
        // A terminal that is gone needs no emptying.
        let _ = stdout.write_all(CLEAR.as_bytes()).and_then(|()| stdout.flush());
    }
}

/// The path as it would be given from here.
fn shown(path: &Path) -> String {
    let here = std::env::current_dir().ok();
    let relative = here.as_deref().and_then(|here| path.strip_prefix(here).ok());
    inputs::display(relative.filter(|path| !path.as_os_str().is_empty()).unwrap_or(path))
}

/// `a.yaml, b.yaml and 2 more`
fn named(names: impl ExactSizeIterator<Item = String>) -> String {
    let more = names.len().saturating_sub(MAX_NAMED);
    let listed: Vec<_> = names.take(MAX_NAMED).collect();
    let listed = listed.join(", ");
    if more == 0 { listed } else { format!("{listed} and {more} more") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(count: usize) -> String {
        named(["a", "b", "c", "d", "e"].iter().take(count).map(|name| (*name).to_owned()))
    }

    #[test]
    fn many_files_are_counted() {
        assert_eq!((names(1), names(3), names(5)), ("a".into(), "a, b, c".into(), "a, b, c and 2 more".into()));
    }

    #[test]
    fn what_is_no_input_wakes_nobody() {
        let folders = ["/k", "/k/sub"].map(PathBuf::from).into();
        let watched = Watched {
            folders,
            named: [PathBuf::from("/s/settings.yaml")].into(),
            outputs: [PathBuf::from("/k/report.json")].into(),
        };
        for path in ["/k/a.yaml", "/k/sub/a.json", "/k/.forewarnignore", "/s/settings.yaml", "/k/sub"] {
            assert!(watched.concerns(Path::new(path)), "{path}");
        }
        for path in ["/k/a.txt", "/k/.a.yaml", "/k/report.json", "/k/sub/other/a.yaml", "/s/other.yaml", "/a.yaml"] {
            assert!(!watched.concerns(Path::new(path)), "{path}");
        }
        let event = |kind| watched.concerned(Event::new(kind).add_path("/k/a.yaml".into())).count();
        assert_eq!(event(EventKind::Access(AccessKind::Open(AccessMode::Read))), 0);
        assert_eq!(event(EventKind::Access(AccessKind::Close(AccessMode::Write))), 1);
        assert_eq!(event(EventKind::Remove(notify::event::RemoveKind::File)), 1);
    }
}
