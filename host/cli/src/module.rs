//! Modules that the user names: a bundled policy's id, or a file.

use std::borrow::Cow;
use std::path::Path;
use std::sync::OnceLock;

use anyhow::{Context as _, anyhow};
use forewarn_bundle::BundledPolicy;
use forewarn_core::metadata::Metadata;
use forewarn_engine::{METADATA_SECTION, ModuleInfo, inspect};

use crate::exit::Failure;

/// A module's bytes and what it says about itself.
pub(crate) struct NamedModule {
    /// The bytes.
    pub(crate) wasm: Cow<'static, [u8]>,
    /// Its interface.
    pub(crate) info: ModuleInfo,
    /// Its metadata, when it is annotated.
    pub(crate) metadata: Option<Metadata>,
}

/// The module that `name` is: the id of a bundled policy, else a path.
///
/// # Errors
/// Exit 3 when there is no such file, 4 when it is no module or its metadata cannot be read.
pub(crate) fn named(name: &Path) -> Result<NamedModule, Failure> {
    let bundled = name.to_str().and_then(bundled);
    let wasm: Cow<'static, [u8]> = match bundled {
        Some(policy) => Cow::Borrowed(policy.wasm),
        None => {
            let read = std::fs::read(name).with_context(|| format!("cannot read `{}`", name.display()));
            Cow::Owned(read.map_err(|error| {
                Failure::input(error).with_help("give a .wasm file, or the id of a bundled policy (`forewarn list`)")
            })?)
        }
    };
    let info = inspect(&wasm).with_context(|| format!("`{}` is no Wasm module", name.display()));
    let info = info.map_err(Failure::engine)?;
    let metadata = metadata(&info).with_context(|| format!("`{}`", name.display())).map_err(Failure::engine)?;
    Ok(NamedModule { wasm, info, metadata })
}

/// The bundled policy of this id.
pub(crate) fn bundled(id: &str) -> Option<&'static BundledPolicy> {
    forewarn_bundle::policies().iter().find(|policy| policy.id == id)
}

/// What is wrong with an id that no bundled policy has, with the nearest one that there is.
pub(crate) fn unknown_policy(id: &str) -> Failure {
    let ids: Vec<_> = forewarn_bundle::policies().iter().map(|policy| policy.id).collect();
    let near = ids.iter().map(|known| (strsim::damerau_levenshtein(id, known), known)).min();
    let near = near.filter(|(distance, known)| *distance <= known.len() / 3).map(|(_, known)| known);
    let hint = near.map(|known| format!(", did you mean `{known}`?")).unwrap_or_default();
    Failure::usage(anyhow!("unknown policy `{id}`{hint}")).with_help(format!("the policies are {}", ids.join(", ")))
}

/// Every bundled policy with its metadata.
///
/// # Errors
/// Exit 2 when the program was built without policies, 4 when one of them cannot be read.
pub(crate) fn all() -> Result<Vec<(&'static BundledPolicy, Metadata)>, Failure> {
    static ALL: OnceLock<Vec<(&'static BundledPolicy, Metadata)>> = OnceLock::new();
    if let Some(all) = ALL.get() {
        return Ok(all.clone());
    }
    let policies = forewarn_bundle::policies();
    if policies.is_empty() {
        let error = anyhow!("this `forewarn` was built without its policies");
        return Err(Failure::usage(error).with_help("build it with `./bootstrap build`"));
    }
    let read = policies.iter().map(|policy| {
        let metadata = own_metadata(policy).with_context(|| format!("bundled policy `{}`", policy.id));
        Ok((policy, metadata.map_err(Failure::engine)?))
    });
    let all = read.collect::<Result<Vec<_>, Failure>>()?;
    Ok(ALL.get_or_init(|| all).clone())
}

/// What a module says about itself, when it is annotated.
///
/// # Errors
/// When the bytes are no module, or its metadata cannot be read.
pub(crate) fn metadata_of(wasm: &[u8]) -> anyhow::Result<Option<Metadata>> {
    metadata(&inspect(wasm).context("no Wasm module")?)
}

fn own_metadata(policy: &BundledPolicy) -> anyhow::Result<Metadata> {
    metadata_of(policy.wasm)?.ok_or_else(|| anyhow!("no section `{METADATA_SECTION}`"))
}

fn metadata(info: &ModuleInfo) -> anyhow::Result<Option<Metadata>> {
    let section = info.metadata().map(Metadata::from_json).transpose();
    section.with_context(|| format!("section `{METADATA_SECTION}` cannot be read"))
}
