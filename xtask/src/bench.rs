//! `cargo xtask bench`: what the modules and the command cost on this machine.

mod watch;

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use forewarn_core::engine::Engine as _;
use forewarn_core::host_calls::offline;
use forewarn_core::object::Contents;
use forewarn_core::request::{Change, Request};
use forewarn_core::source::Source;
use forewarn_core::yaml::Documents;
use forewarn_engine::{Engine, Limits, precompile};

use crate::native::Native;
use crate::workspace::Workspace;

/// The manifest that every policy is asked about.
const MANIFEST: &str = "xtask/bench/deployment.yaml";
/// Calls in one batch, whose mean counts.
const CALLS: u32 = 500;
/// Batches and processes, of which the quickest counts: everything that disturbs a measurement makes it slower.
const ROUNDS: u32 = 15;
/// How often instance, module and native rule are measured in turn.
const TURNS: u32 = 8;

/// Prints what each module costs, and what the command costs on the bench's manifest and on `paths`, also watching these.
pub(crate) fn bench(workspace: &Workspace, paths: &[String]) -> Result<()> {
    println!("machine: {}", machine());
    modules(workspace)?;
    let manifest = workspace.root.join(MANIFEST);
    command(workspace, &manifest.to_string_lossy())?;
    for path in paths {
        command(workspace, path)?;
        if Path::new(path).is_dir() {
            watch::watch(workspace, path)?;
        }
    }
    Ok(())
}

fn modules(workspace: &Workspace) -> Result<()> {
    let payload = payload(&fs::read_to_string(workspace.root.join(MANIFEST))?)?;
    println!(
        "\none `validate` of {} bytes, and one call that does nothing, each in a fresh instance; the same rule compiled \
         natively, and how many times as long the module takes for it, the instance left out (best of {ROUNDS} batches of {CALLS})",
        payload.len()
    );
    println!(
        "{:24} {:>9} {:>12} {:>9} {:>9} {:>9} {:>9} {:>6}",
        "policy", "Wasm", "machine code", "compile", "nothing", "validate", "native", "times"
    );
    let native = Native::build(workspace, &payload)?;
    let engine = Engine::new(Limits::DEFAULT)?;
    let host = offline();
    for policy in &workspace.policies {
        let path = workspace.built_policies().join(format!("{}.wasm", policy.name));
        let wasm = fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
        let started = Instant::now();
        let machine_code = precompile(&wasm)?;
        let compile = started.elapsed();
        let (size, module) = (wasm.len(), engine.module(wasm));
        let call = |operation, payload: &[u8]| {
            best(|| {
                let started = Instant::now();
                for _ in 0..CALLS {
                    engine.call(&module, operation, payload, &host)?;
                }
                Ok(started.elapsed() / CALLS)
            })
        };
        // In turns, because the machine's clock drifts and the three are compared.
        let (mut least, mut validate, mut natively) = (Duration::MAX, Duration::MAX, f64::MAX);
        for _ in 0..TURNS {
            least = least.min(call("protocol_version", b"")?);
            natively = natively.min(native.validate(&policy.name)?);
            validate = validate.min(call("validate", &payload)?);
        }
        println!(
            "{:24} {:>6} KB {:>9} KB {:>6} ms {:>6.1} µs {:>6.1} µs {:>6.1} µs {:>6.1}",
            policy.name,
            size.div_ceil(1000),
            machine_code.len().div_ceil(1000),
            compile.as_millis(),
            least.as_secs_f64() * 1e6,
            validate.as_secs_f64() * 1e6,
            natively,
            validate.saturating_sub(least).as_secs_f64() * 1e6 / natively
        );
    }
    Ok(())
}

/// Times whole processes, and notes the most memory that one used.
fn command(workspace: &Workspace, path: &str) -> Result<()> {
    let binary = workspace.target.join("release/forewarn");
    let mut peak = 0;
    let elapsed = best(|| {
        let started = Instant::now();
        let child = Command::new(&binary)
            .args(["check", "--format", "json", path])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot run `{}`", binary.display()))?;
        peak = peak.max(wait(child)?);
        Ok(started.elapsed())
    })?;
    println!("\nforewarn check --format json {path}");
    println!("{:.1} ms wall, {} MB peak (best of {ROUNDS})", elapsed.as_secs_f64() * 1e3, peak.div_ceil(1000));
    Ok(())
}

/// Waits for a process; gives the peak of its resident memory in kB where the system tells.
fn wait(mut child: Child) -> Result<u64> {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let exit = loop {
        // The peak only grows, so the last value seen before the end is close to it.
        let seen = fs::read_to_string(&status).unwrap_or_default();
        let line = seen.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(peak);
        match child.try_wait()? {
            Some(exit) => break exit,
            None => std::thread::sleep(Duration::from_micros(200)),
        }
    };
    // 0 and 1 are verdicts; anything else means that not everything was measured.
    ensure!(matches!(exit.code(), Some(0 | 1)), "`forewarn check` ended with {exit}");
    Ok(peak)
}

fn best(mut measure: impl FnMut() -> Result<Duration>) -> Result<Duration> {
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        best = best.min(measure()?);
    }
    Ok(best)
}

fn payload(manifest: &str) -> Result<Vec<u8>> {
    let source = Source::new(manifest);
    let document = Documents::new(&source).next().context("the manifest is empty")??;
    let contents = Contents::of(&document);
    let object = contents.objects.first().context("the manifest holds no object")?;
    Ok(Request::new(&document, object, &Change::default()).payload("{}"))
}

fn machine() -> String {
    let cpus = fs::read_to_string(Path::new("/proc/cpuinfo")).unwrap_or_default();
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown processor");
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    format!("{}, {cores} cores, {}", model.trim_start_matches([' ', '\t', ':']), std::env::consts::OS)
}
