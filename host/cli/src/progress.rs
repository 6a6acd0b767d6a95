//! A progress bar for reviews that take more than a second.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Shows how many files are done, on standard error, when that is a terminal.
#[derive(Debug)]
pub(crate) struct Progress {
    files: u64,
    started: Instant,
    bar: Option<ProgressBar>,
    wanted: bool,
}

/// A shorter review is over before a bar would help.
const DELAY: Duration = Duration::from_secs(1);

impl Progress {
    /// For a review of `files` files; `quiet` shows nothing.
    pub(crate) fn new(files: usize, quiet: bool) -> Self {
        let wanted = !quiet && std::io::stderr().is_terminal();
        Self { files: files as u64, started: Instant::now(), bar: None, wanted }
    }

    /// One file more is done.
    pub(crate) fn step(&mut self, done: usize) {
        if !self.wanted || self.started.elapsed() < DELAY {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let bar = ProgressBar::with_draw_target(Some(self.files), ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template("reviewing {bar:30} {pos}/{len} files");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        bar.set_position(done as u64);
    }

    /// Runs `print` without the bar in its way.
    pub(crate) fn suspend(&self, print: impl FnOnce()) {
        match &self.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
