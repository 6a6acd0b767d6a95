//! `forewarn inspect`

use std::fmt::{self, Write as _};

use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::args::{Format, Inspect};
use crate::exit::{Exit, Failure};
use crate::module::{self, NamedModule};
use crate::output::{harmless, print};

/// Prints what a module says about itself and what it asks of its host.
///
/// # Errors
/// Exit 3 when there is no such file, 4 when it is no module.
pub(crate) fn inspect(args: &Inspect) -> Result<Exit, Failure> {
    let module = module::named(&args.module)?;
    let digest = digest(&module.wasm);
    let mut out = String::new();
    match args.format {
        Format::Json => {
            let names = |item: (&String, &String)| format!("{}.{}", item.0, item.1);
            let imports: Vec<_> =
                module.info.imports.iter().map(|import| names((&import.module, &import.name))).collect();
            let exports: Vec<_> = module.info.exports.iter().map(|export| &export.name).collect();
            let value = json!({
                "version": 1,
                "digest": digest,
                "size": module.info.size,
                "imports": imports,
                "exports": exports,
                "metadata": module.metadata,
            });
            writeln!(out, "{value:#}")
        }
        Format::Text => text(&mut out, &module, &digest),
    }
    .map_err(Failure::engine)?;
    print(&harmless(&out)).map(|()| Exit::Clean)
}

/// `sha256:` and the hash of the bytes in hexadecimal, as OCI registries name them.
/// A module's digest, as `sha256:…`.
pub(crate) fn digest(wasm: &[u8]) -> String {
    let hash = Sha256::digest(wasm);
    hash.iter().fold(String::from("sha256:"), |text, byte| text + &format!("{byte:02x}"))
}

fn text(out: &mut String, module: &NamedModule, digest: &str) -> fmt::Result {
    writeln!(out, "digest    {digest}")?;
    writeln!(out, "size      {} bytes", module.info.size)?;
    for import in &module.info.imports {
        writeln!(out, "import    {}.{}", import.module, import.name)?;
    }
    for export in &module.info.exports {
        writeln!(out, "export    {}", export.name)?;
    }
    let Some(metadata) = &module.metadata else {
        return writeln!(out, "metadata  none: the module is not annotated");
    };
    writeln!(out, "protocol  {}", metadata.protocol_version.as_deref().unwrap_or("not stated"))?;
    writeln!(out, "mode      {}", metadata.execution_mode)?;
    writeln!(out, "mutating  {}", metadata.mutating)?;
    for rule in &metadata.rules {
        let operations = serde_json::to_value(&rule.operations).unwrap_or_default();
        let operations: Vec<_> = operations.as_array().into_iter().flatten().filter_map(|o| o.as_str()).collect();
        let groups: Vec<_> = rule.api_groups.iter().map(|g| if g.is_empty() { "core" } else { g }).collect();
        let resources = rule.resources.join(",");
        writeln!(
            out,
            "rule      {}/{} {resources} {}",
            groups.join(","),
            rule.api_versions.join(","),
            operations.join(",")
        )?;
    }
    for resource in &metadata.context_aware_resources {
        writeln!(out, "reads     {} {}", resource.api_version, resource.kind)?;
    }
    for (key, value) in metadata.annotations.iter().filter(|(_, value)| !value.contains('\n')) {
        writeln!(out, "{key}: {value}")?;
    }
    Ok(())
}
