//! A progress bar for reviews that take more than a second.

use std::io::IsTerminal;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A shorter review is over before a bar would help.
const DELAY: Duration = Duration::from_secs(1);

/// Shows how many files are done, on standard error, when that is a terminal.
#[derive(Debug)]
pub(crate) struct Progress(Option<Shown>);

#[derive(Debug)]
struct Shown {
    bar: ProgressBar,
    /// Dropped at the end, which the thread that waits for the delay notices.
    _done: Sender<()>,
}

impl Progress {
    /// For a review of `files` files; `quiet` shows nothing.
    pub(crate) fn new(files: usize, quiet: bool) -> Self {
        if quiet || !std::io::stderr().is_terminal() {
            return Self(None);
        }
        let bar = ProgressBar::with_draw_target(Some(files as u64), ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("reviewing {bar:30} {pos}/{len} files {elapsed}") {
            bar.set_style(style);
        }
        let (done, wait) = mpsc::channel();
        let shown = bar.clone();
        // A thread of its own, because a single large file keeps the others from telling the time.
        std::thread::spawn(move || {
            if wait.recv_timeout(DELAY) == Err(RecvTimeoutError::Timeout) {
                shown.set_draw_target(ProgressDrawTarget::stderr());
                shown.enable_steady_tick(Duration::from_millis(200));
            }
        });
        Self(Some(Shown { bar, _done: done }))
    }

    /// One file more is done.
    pub(crate) fn step(&self) {
        if let Some(shown) = &self.0 {
            shown.bar.inc(1);
        }
    }

    /// Runs `print` without the bar in its way.
    pub(crate) fn suspend(&self, print: impl FnOnce()) {
        match &self.0 {
            Some(shown) => shown.bar.suspend(print),
            None => print(),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(shown) = &self.0 {
            shown.bar.finish_and_clear();
        }
    }
}
