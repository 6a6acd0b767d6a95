//! The policies compiled for the host, so that the bench can say what Wasm costs.
//!
//! A policy is a cdylib, which nothing can link. So packages are made below cargo's output folder whose libraries are
//! the policies' own sources, and a program that calls them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::workspace::{Workspace, cargo};

/// Builds the program and runs it on `payload`: microseconds of one `validate` by policy.
pub(crate) fn measure(workspace: &Workspace, payload: &[u8]) -> Result<BTreeMap<String, f64>> {
    let root = workspace.target.join("native");
    write_program(workspace, &root)?;
    let payload_file = root.join("payload.json");
    fs::write(&payload_file, payload)?;
    let output = Command::new(cargo())
        .current_dir(&root)
        .args(["run", "--release", "--quiet", "--"])
        .arg(&payload_file)
        .env("CARGO_TARGET_DIR", root.join("target"))
        .output()
        .context("cannot run the policies natively")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout)?;
    let read = |line: &str| {
        let (id, micros) = line.split_once(' ').context("a line of the native program has two words")?;
        Ok((id.to_owned(), micros.parse()?))
    };
    lines.lines().map(read).collect()
}

fn write_program(workspace: &Workspace, root: &Path) -> Result<()> {
    let kit = workspace.root.join("kit");
    let (mut dependencies, mut calls) = (String::new(), String::new());
    for policy in &workspace.policies {
        let (id, folder) = (&policy.name, root.join("policies").join(&policy.name));
        fs::create_dir_all(&folder)?;
        let manifest = format!(
            "[package]\nname = {id:?}\nedition = \"2024\"\n\n[lib]\npath = {:?}\n\n[dependencies]\nforewarn-kit = {{ path = {kit:?} }}\n",
            policy.folder().join("src/lib.rs")
        );
        fs::write(folder.join("Cargo.toml"), manifest)?;
        writeln!(dependencies, "{id} = {{ path = {folder:?} }}")?;
        writeln!(calls, "    measure({id:?}, {}::VALIDATE, &payload);", id.replace('-', "_"))?;
    }
    let manifest = format!(
        "[package]\nname = \"native\"\nedition = \"2024\"\n\n[workspace]\n\n[profile.release]\nlto = \"fat\"\n\n\
         [dependencies]\nforewarn-kit = {{ path = {kit:?} }}\n{dependencies}"
    );
    fs::create_dir_all(root.join("src"))?;
    fs::write(root.join("Cargo.toml"), manifest)?;
    fs::copy(workspace.root.join("Cargo.lock"), root.join("Cargo.lock"))?;
    fs::write(root.join("src/main.rs"), PROGRAM.replace("CALLS", calls.trim_end()))?;
    Ok(())
}

/// As the bench measures the modules: the best of 15 batches of 500 calls.
const PROGRAM: &str = "\
use std::time::Instant;

use forewarn_kit::policy::BadPayload;

fn main() {
    let file = std::env::args().nth(1).unwrap();
    let payload = std::fs::read(file).unwrap();
CALLS
}

fn measure(id: &str, validate: fn(&[u8]) -> Result<String, BadPayload>, payload: &[u8]) {
    let batch = || {
        let started = Instant::now();
        for _ in 0..500 {
            std::hint::black_box(validate(std::hint::black_box(payload)).unwrap());
        }
        started.elapsed() / 500
    };
    let best = (0..15).map(|_| batch()).min().unwrap();
    println!(\"{id} {}\", best.as_secs_f64() * 1e6);
}
";
