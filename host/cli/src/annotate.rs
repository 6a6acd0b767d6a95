//! `forewarn annotate`

use std::path::Path;

use anyhow::{Context as _, anyhow};
use forewarn_core::engine::Engine as _;
use forewarn_core::host_calls::offline;
use forewarn_core::metadata::{Metadata, MetadataFile, MetadataFlaw, WAPC};
use forewarn_core::oci_manifest;
use forewarn_core::source::Position;
use forewarn_engine::{Engine, Limits, inspect};

use crate::args::Annotate;
use crate::exit::{Exit, Failure};
use crate::output::{harmless, print, warn};
use crate::write;

/// The annotation that holds the policy's page.
const USAGE: &str = "io.kubewarden.policy.usage";

/// The protocol of modules that do not speak waPC.
const UNKNOWN: &str = "Unknown";

/// Writes a policy's metadata into its module, in place of what was there, and says what came out.
///
/// # Errors
/// Exit 2 for metadata that Kubewarden would not take, 3 for files that cannot be read or written, 4 for a module that is
/// none or does not say which protocol it speaks.
pub(crate) fn annotate(args: &Annotate) -> Result<Exit, Failure> {
    let name = args.metadata.display().to_string();
    let text = std::fs::read_to_string(&args.metadata).with_context(|| format!("metadata file `{name}`"));
    let text = text.map_err(Failure::usage)?;
    let file = MetadataFile::read(&text).map_err(|error| {
        let failure = Failure::usage(anyhow!("{}", placed(&name, error.position, &error.message)));
        error.help.into_iter().fold(failure, Failure::with_help)
    })?;
    for note in &file.notes {
        warn(&placed(&name, note.position, &note.message));
    }

    let wasm = read(&args.module)?;
    let mut metadata = file.metadata.clone();
    metadata.protocol_version = Some(protocol(&args.module, wasm.clone(), &metadata)?);
    if let Some(path) = &args.usage {
        let page = std::fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()));
        metadata.annotations.insert(USAGE.to_owned(), page.map_err(Failure::input)?);
    }
    let flaws = metadata.flaws();
    if !flaws.is_empty() {
        return Err(refused(&name, &file, &flaws));
    }

    let section = serde_json::to_vec(&metadata).map_err(Failure::engine)?;
    let annotated = forewarn_engine::annotate(&wasm, &section).map_err(Failure::engine)?;
    let output = args.output.display();
    let written = write::create(&args.output, &annotated).with_context(|| format!("cannot write `{output}`"));
    written.map_err(Failure::input)?;
    let digest = oci_manifest::digest(&annotated);
    print(&harmless(&format!("{output}: {} bytes, {digest}\n", annotated.len()))).map(|()| Exit::Clean)
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display())).map_err(Failure::input)
}

fn placed(file: &str, position: Position, message: &str) -> String {
    format!("{file}:{}:{}: {message}", position.line, position.column)
}

/// All flaws at once, so that nobody has to come back for the next one.
fn refused(name: &str, file: &MetadataFile<'_>, flaws: &[MetadataFlaw]) -> Failure {
    let lines: Vec<_> = flaws.iter().map(|flaw| placed(name, file.position(flaw), &flaw.to_string())).collect();
    let mut help: Vec<_> = flaws.iter().map(|flaw| flaw.kind.help()).collect();
    help.dedup();
    Failure::usage(anyhow!("{}", lines.join("\n"))).with_help(help.join("\n"))
}

/// The protocol that the module says it speaks; modules of other modes cannot be asked.
fn protocol(path: &Path, wasm: Vec<u8>, metadata: &Metadata) -> Result<String, Failure> {
    let name = path.display();
    let info = inspect(&wasm).with_context(|| format!("`{name}` is no Wasm module")).map_err(Failure::engine)?;
    let rego = info.exports.iter().any(|export| export.name.starts_with("opa_"));
    let mode = metadata.execution_mode.as_str();
    if rego != matches!(mode, "opa" | "gatekeeper") {
        let (is, write) = if rego {
            ("is a Rego policy", "`executionMode: opa` or `executionMode: gatekeeper`")
        } else {
            ("is no Rego policy", "`executionMode: kubewarden-wapc`, or leave it out")
        };
        let error = anyhow!("`{name}` {is}, and the metadata say that its execution mode is `{mode}`");
        return Err(Failure::usage(error).with_help(format!("write {write}")));
    }
    if mode != WAPC {
        return Ok(UNKNOWN.to_owned());
    }
    let engine = Engine::new(Limits::DEFAULT).map_err(Failure::engine)?;
    let reply = engine.call(&engine.module(wasm), "protocol_version", b"", &offline());
    let reply = reply.with_context(|| format!("`{name}` does not say which protocol it speaks"));
    let reply = reply.map_err(Failure::engine)?;
    let version = serde_json::from_slice::<String>(&reply);
    version.ok().filter(|version| version == "v1").ok_or_else(|| {
        let reply = String::from_utf8_lossy(&reply).into_owned();
        Failure::engine(anyhow!("`{name}` says that it speaks the protocol `{reply}`, and only `\"v1\"` is known"))
    })
}
