//! `cargo xtask release`: everything that is published, in one folder.

mod archive;
mod publish;

use std::env::{self, consts};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use forewarn_core::yaml_writer::YamlWriter;

use self::archive::Archive;
use crate::wasm::{self, Index};
use crate::workspace::Workspace;

/// What a release takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Where the files go [default: target/release-<version>]
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,

    /// Push the policies there, such as `registry.example/policies`
    #[arg(long, value_name = "HOST/PATH", requires = "key")]
    registry: Option<String>,

    /// Sign what is pushed with this private key
    #[arg(long, value_name = "FILE", requires = "registry")]
    key: Option<PathBuf>,

    /// A registry (`host` or `host:port`) without TLS
    #[arg(long, value_name = "HOST", requires = "registry")]
    insecure: Option<String>,
}

/// Gathers the command's archive, the modules with their bills of materials, the chart and the checksums; then pushes and
/// signs the modules, if a registry is named. Says what it did.
pub(crate) fn release(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    let version = &workspace.version;
    let policies = workspace.built_policies();
    let index = Index::read(&policies);
    ensure!(!index.policies.is_empty(), "the policies are not built; write `just build`");
    match &index.source {
        Some(source) if source.modified => println!("warning: built from {} with changes on top of it", source.commit),
        Some(source) => println!("built from {}", source.commit),
        None => println!("warning: built from a source without history"),
    }
    let default = || workspace.target.join(format!("release-{version}"));
    let output = arguments.output.clone().unwrap_or_else(default);
    fs::create_dir_all(&output).with_context(|| format!("cannot make `{}`", output.display()))?;
    let mut files = Vec::new();
    let mut add = |name: String, bytes: &[u8]| -> Result<()> {
        fs::write(output.join(&name), bytes).with_context(|| format!("cannot write `{name}`"))?;
        println!("wrote {name}: {} bytes", bytes.len());
        files.push((name, wasm::sha256(bytes)));
        Ok(())
    };
    for policy in &index.policies {
        for name in [format!("{}.wasm", policy.id), policy.sbom.clone()] {
            let bytes = fs::read(policies.join(&name)).with_context(|| format!("cannot read `{name}`"))?;
            add(name, &bytes)?;
        }
    }
    add("index.json".to_owned(), &fs::read(policies.join("index.json"))?)?;
    add(format!("forewarn-{version}.tgz"), &chart(workspace, &index)?)?;
    let folder = format!("forewarn-{version}-{}", target()?);
    add(format!("{folder}.tar.gz"), &command(workspace, &folder)?)?;
    files.sort();
    let sums: String = files.iter().map(|(name, digest)| format!("{digest}  {name}\n")).collect();
    fs::write(output.join("SHA256SUMS"), sums).context("cannot write `SHA256SUMS`")?;
    println!("wrote SHA256SUMS, in `{}`", output.display());
    match (&arguments.registry, &arguments.key) {
        (Some(registry), Some(key)) => {
            publish::publish(workspace, &index, registry, key, arguments.insecure.as_deref())
        }
        _ => {
            println!("nothing is pushed; name a registry and a key for that");
            Ok(())
        }
    }
}

/// The machine that the command runs on, as `action.yml` asks for it.
fn target() -> Result<String> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).args(["--print", "host-tuple"]).output().context("cannot run `rustc`")?;
    ensure!(output.status.success(), "`rustc` does not say for which machine it compiles");
    Ok(String::from_utf8(output.stdout)?.trim_end().to_owned())
}

/// The command with what a user needs beside it.
fn command(workspace: &Workspace, folder: &str) -> Result<Vec<u8>> {
    let name = format!("forewarn{}", consts::EXE_SUFFIX);
    let mut archive = Archive::new();
    let binary = workspace.target.join("release").join(&name);
    archive.add_file(&format!("{folder}/{name}"), &binary, true)?;
    for name in ["CHANGELOG.md", "LICENSE", "README.md"] {
        archive.add_file(&format!("{folder}/{name}"), &workspace.root.join(name), false)?;
    }
    archive.finish()
}

/// The chart, which then names every module by its digest.
fn chart(workspace: &Workspace, index: &Index) -> Result<Vec<u8>> {
    let root = workspace.root.join("deploy/chart");
    let mut archive = Archive::new();
    add_folder(&mut archive, &root, &root)?;
    let mut digests = YamlWriter::new();
    digests.comment("The manifests of the released modules.");
    for policy in &index.policies {
        digests.entry(&policy.id, policy.manifest_digest.as_str());
    }
    archive.add("forewarn/files/digests.yaml", digests.finish().as_bytes(), false)?;
    archive.finish()
}

fn add_folder(archive: &mut Archive, root: &Path, folder: &Path) -> Result<()> {
    let mut paths: Vec<_> =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    paths.sort();
    for path in paths {
        let name = path.strip_prefix(root)?.to_string_lossy().replace('\\', "/");
        match path.is_dir() {
            true => add_folder(archive, root, &path)?,
            false if name == ".helmignore" => {}
            false => archive.add_file(&format!("forewarn/{name}"), &path, false)?,
        }
    }
    Ok(())
}
