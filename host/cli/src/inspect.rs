//! `forewarn inspect`

use std::fmt::{self, Write as _};

use forewarn_core::metadata::{Metadata, PolicyType};
use forewarn_core::oci_manifest::{self, OciManifest};
use forewarn_engine::{METADATA_SECTION, ModuleInfo};
use serde_json::{Map, Value, json};

use crate::args::{Format, Inspect};
use crate::exit::{Exit, Failure};
use crate::module::{self, NamedModule};
use crate::output::{harmless, print, warn};

/// Prints what a module says about itself and what it asks of its host.
///
/// # Errors
/// Exit 3 when there is no such file, 4 when it is no module.
pub(crate) fn inspect(args: &Inspect) -> Result<Exit, Failure> {
    let module = module::named(&args.module)?;
    let digest = oci_manifest::digest(&module.wasm);
    let manifest = OciManifest::of(&module.wasm, module.metadata.as_ref()).map_err(Failure::engine)?.digest;
    let warnings = warnings(&module);
    for warning in &warnings {
        warn(warning);
    }
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
                "manifestDigest": manifest,
                "size": module.info.size,
                "imports": imports,
                "exports": exports,
                "sections": sections(&module.info),
                "metadata": module.metadata.as_ref().map(|metadata| whole_metadata(&module.info, metadata)),
                "warnings": warnings,
            });
            writeln!(out, "{value:#}")
        }
        Format::Text => text(&mut out, &module, &digest, &manifest),
    }
    .map_err(Failure::engine)?;
    print(&harmless(&out)).map(|()| Exit::Clean)
}

/// What a reader of the metadata should know.
fn warnings(module: &NamedModule) -> Vec<String> {
    let mut warnings = Vec::new();
    let sections = module.info.metadata_sections().count();
    if sections > 1 {
        warnings.push(format!(
            "there are {sections} sections `{METADATA_SECTION}`, of which only the first counts; `forewarn annotate` \
             leaves one"
        ));
    }
    if let Some(metadata) = &module.metadata {
        let flaws = metadata.flaws();
        warnings.extend(flaws.iter().map(|flaw| format!("metadata, `{}`: {flaw}", flaw.pointer)));
    }
    warnings
}

fn sections(info: &ModuleInfo) -> Vec<Value> {
    let section = |name: &String, size| json!({ "name": name, "size": size });
    info.custom_sections.iter().map(|custom| section(&custom.name, custom.data.len())).collect()
}

/// The metadata with the values that count where fields are missing, and with the keys that Kubewarden ignores.
fn whole_metadata(info: &ModuleInfo, metadata: &Metadata) -> Value {
    let mut whole = serde_json::to_value(metadata).unwrap_or_default();
    if let Value::Object(fields) = &mut whole {
        for (key, value) in ignored(info) {
            fields.entry(key).or_insert(value);
        }
    }
    whole
}

/// The top-level fields of the metadata that Kubewarden does not know.
fn ignored(info: &ModuleInfo) -> Map<String, Value> {
    let mut fields: Map<String, Value> =
        info.metadata().and_then(|section| serde_json::from_slice(section).ok()).unwrap_or_default();
    fields.retain(|key, _| !Metadata::FIELDS.contains(&key.as_str()));
    fields
}

fn text(out: &mut String, module: &NamedModule, digest: &str, manifest: &str) -> fmt::Result {
    writeln!(out, "digest    {digest}")?;
    writeln!(out, "published {manifest} (the digest of its OCI manifest, which references name)")?;
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
    if metadata.policy_type == PolicyType::Raw {
        writeln!(out, "type      raw")?;
    }
    writeln!(out, "mutating  {}", metadata.mutating)?;
    writeln!(out, "audit     {}", metadata.background_audit)?;
    if let Some(version) = &metadata.minimum_kubewarden_version {
        writeln!(out, "needs     Kubewarden {version}")?;
    }
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
    for capability in metadata.host_capabilities.iter().flatten() {
        writeln!(out, "calls     {capability}")?;
    }
    for (key, value) in ignored(&module.info) {
        writeln!(out, "ignored   {key}: {value}")?;
    }
    for (key, value) in metadata.annotations.iter().filter(|(_, value)| !value.contains('\n')) {
        writeln!(out, "{key}: {value}")?;
    }
    Ok(())
}
