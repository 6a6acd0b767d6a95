//! The policies compiled for the host, so that the bench can say what Wasm costs.
//!
//! A policy is a cdylib, which nothing can link. So packages are made below cargo's output folder whose libraries are
//! the policies' own sources, and a program that calls them.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::workspace::{Workspace, cargo};

/// The program, built.
pub(crate) struct Native {
    binary: PathBuf,
    payload: PathBuf,
}

impl Native {
    /// Builds the program, which will ask about `payload`.
    pub(crate) fn build(workspace: &Workspace, payload: &[u8]) -> Result<Self> {
        let root = workspace.target.join("native");
        write_program(workspace, &root)?;
        let built = Self { binary: root.join("target/release/native"), payload: root.join("payload.json") };
        fs::write(&built.payload, payload)?;
        let status = Command::new(cargo())
            .current_dir(&root)
            .args(["build", "--release", "--quiet"])
            .env("CARGO_TARGET_DIR", root.join("target"))
            .status()
            .context("cannot build the policies natively")?;
        ensure!(status.success(), "the policies do not build natively");
        Ok(built)
    }

    /// The microseconds of one `validate`.
    pub(crate) fn validate(&self, id: &str) -> Result<f64> {
        let output = Command::new(&self.binary).arg(id).arg(&self.payload).output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?.trim().parse()?)
    }
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
        writeln!(calls, "        {id:?} => {}::VALIDATE,", id.replace('-', "_"))?;
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
    let mut arguments = std::env::args().skip(1);
    let validate: fn(&[u8]) -> Result<String, BadPayload> = match arguments.next().unwrap().as_str() {
CALLS
        other => panic!(\"no policy {other}\"),
    };
    let payload = std::fs::read(arguments.next().unwrap()).unwrap();
    let batch = || {
        let started = Instant::now();
        for _ in 0..500 {
            std::hint::black_box(validate(std::hint::black_box(&payload)).unwrap());
        }
        started.elapsed() / 500
    };
    let best = (0..15).map(|_| batch()).min().unwrap();
    println!(\"{}\", best.as_secs_f64() * 1e6);
}
";
