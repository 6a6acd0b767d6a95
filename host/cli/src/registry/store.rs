//! `forewarn store`

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::Context as _;
use forewarn_registry::store::{Entry, LoadLimits};
use serde_json::json;

use super::args::{Store, StoreCommand};
use super::connection::reference;
use super::failure::failure;
use crate::args::Format;
use crate::exit::{Exit, Failure};
use crate::output::{harmless, print};
use crate::write;

/// Lists, removes, saves or loads modules of the store.
///
/// # Errors
/// As of [`super::registry`].
pub(super) fn store(args: &Store) -> Result<Exit, Failure> {
    let store = args.folder.open()?;
    let (entries, format) = match &args.command {
        StoreCommand::List { format } => (store.list().map_err(failure)?, *format),
        StoreCommand::Rm { what } => {
            let mut removed = Vec::new();
            for what in what {
                removed.extend(store.remove(what).map_err(failure)?);
            }
            (removed, Format::Text)
        }
        StoreCommand::Save { references, output } => {
            let references = references.iter().map(|text| reference(text)).collect::<Result<Vec<_>, _>>()?;
            let mut archive = Vec::new();
            let saved = store.save(&references, &mut archive).map_err(failure)?;
            let written = write::create(output, &archive);
            written.with_context(|| format!("cannot write `{}`", output.display())).map_err(Failure::input)?;
            (saved, Format::Text)
        }
        StoreCommand::Load { input } => {
            (store.load(open(input)?, &LoadLimits::default()).map_err(failure)?, Format::Text)
        }
    };
    print(&harmless(&listed(&entries, format))).map(|()| Exit::Clean)
}

fn open(path: &Path) -> Result<Box<dyn Read>, Failure> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = File::open(path).with_context(|| format!("cannot read `{}`", path.display())).map_err(Failure::input)?;
    Ok(Box::new(io::BufReader::new(file)))
}

/// One line per reference: the digest of its manifest, the module's size, and the reference.
fn listed(entries: &[Entry], format: Format) -> String {
    let mut text = String::new();
    match format {
        Format::Text => {
            for Entry { reference, digest, module } in entries {
                let size = module.as_ref().map_or("damaged".to_owned(), |(_, size)| size.to_string());
                // Writing to a string cannot fail.
                let _ = writeln!(text, "{digest}  {size:>8}  {reference}");
            }
        }
        Format::Json => {
            let modules = entries.iter().map(|Entry { reference, digest, module }| {
                json!({
                    "reference": reference,
                    "digest": digest,
                    "module": module.as_ref().map(|(module, _)| module),
                    "size": module.as_ref().map(|(_, size)| size),
                })
            });
            let _ = writeln!(text, "{:#}", json!({"version": 1, "modules": modules.collect::<Vec<_>>()}));
        }
    }
    text
}
