//! How long after a change `forewarn check --watch` has reported again.

use std::fs;
use std::io::BufReader;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde::de::IgnoredAny;

use super::{MANIFEST, ROUNDS};
use crate::workspace::Workspace;

/// The file that changes.
const CHANGED: &str = "forewarn-bench.yaml";
/// The longest that a report may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// The pause before a change, so that none is taken for a part of the one before.
const PAUSE: Duration = Duration::from_millis(300);

/// Changes one file in a copy of the folder, again and again, and prints how long it takes from the writing to the end of
/// the report.
pub(super) fn watch(workspace: &Workspace, folder: &str) -> Result<()> {
    let copy = tempfile::tempdir()?;
    copy_folder(Path::new(folder), copy.path())?;
    let manifest = fs::read_to_string(workspace.root.join(MANIFEST))?;
    let change = |round| fs::write(copy.path().join(CHANGED), format!("{manifest}# {round}\n"));
    change(0)?;
    let mut process = Command::new(workspace.target.join("release/forewarn"))
        .args(["check", "--watch", "--format", "json", "--no-config"])
        .arg(copy.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("cannot run `forewarn`")?;
    let times = times(&mut process, change);
    // It ends only when it is told to.
    let _ = process.kill();
    let _ = process.wait();
    let mut times = times?;
    times.sort();
    let (first, middle, last) = (times.first(), times.get(times.len() / 2), times.last());
    let [first, middle, last] = [first, middle, last].map(|time| time.map_or(0.0, |time| time.as_secs_f64() * 1e3));
    println!("\nforewarn check --watch --format json {folder}, from a change of one file to the end of the report");
    println!("{middle:.0} ms (median of {ROUNDS}; {first:.0} to {last:.0} ms)");
    Ok(())
}

fn times(process: &mut Child, change: impl Fn(u32) -> std::io::Result<()>) -> Result<Vec<Duration>> {
    let output = process.stdout.take().context("there is no output")?;
    let (told, reports): (_, Receiver<Instant>) = mpsc::channel();
    thread::spawn(move || {
        let reports = serde_json::Deserializer::from_reader(BufReader::new(output)).into_iter::<IgnoredAny>();
        // Nobody listens any more when all rounds are over.
        let _ = reports.take_while(Result::is_ok).try_for_each(|_| told.send(Instant::now()));
    });
    let report = || reports.recv_timeout(PATIENCE).context("no report came");
    report()?;
    (1..=ROUNDS)
        .map(|round| {
            thread::sleep(PAUSE);
            let started = Instant::now();
            change(round)?;
            Ok(report()?.saturating_duration_since(started))
        })
        .collect()
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read `{}`", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        match entry.file_type()? {
            kind if kind.is_dir() => copy_folder(&entry.path(), &target)?,
            kind if kind.is_file() => drop(fs::copy(entry.path(), target)?),
            // What a link leads to is no part of the folder.
            _ => {}
        }
    }
    Ok(())
}
