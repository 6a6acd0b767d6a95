//! Bundled policies that are ready to be asked.

use std::path::Path;

use anyhow::anyhow;
use forewarn_bundle::BundledPolicy;
use forewarn_core::metadata::Metadata;
use forewarn_core::policy::{Policy, SettingsError};
use forewarn_engine::{Engine, Module};
use serde_json::value::Map;

use crate::exit::Failure;
use crate::{module, settings};

/// The policies that are `wanted`, or those of them with the ids in `only`, with their settings, which the modules have
/// accepted.
///
/// # Errors
/// Exit 2 for unknown policies and refused settings, 4 for a policy that fails.
pub(crate) fn ready(
    engine: &Engine,
    settings: Option<&Path>,
    only: &[String],
    wanted: impl Fn(&Metadata) -> bool,
) -> Result<Vec<Policy<Module>>, Failure> {
    let mut settings = settings.map(settings::by_policy).transpose()?.unwrap_or_default();
    check_ids(settings.keys())?;
    let chosen = chosen(only, wanted)?.into_iter();
    chosen
        .map(|(bundled, metadata)| {
            let own = settings.remove(bundled.id);
            let policy = Policy::new(bundled.id, metadata, own.as_ref().unwrap_or(&Map::new()), bundled.module(engine));
            // Without settings there is nothing to check: bundled policies take `{}`, which a contract test holds.
            if own.is_some() {
                check_settings(&policy, engine)?;
            }
            Ok(policy)
        })
        .collect()
}

/// The bundled policies that are `wanted`, or those of them with the ids in `only`.
///
/// # Errors
/// Exit 2 for unknown ids, and for those of other policies.
pub(crate) fn chosen(
    only: &[String],
    wanted: impl Fn(&Metadata) -> bool,
) -> Result<Vec<(&'static BundledPolicy, Metadata)>, Failure> {
    let mut bundled = module::all()?;
    check_ids(only)?;
    let elsewhere = |id: &&String| bundled.iter().any(|(policy, metadata)| policy.id == *id && !wanted(metadata));
    if let Some(id) = only.iter().find(elsewhere) {
        let error = anyhow!("policy `{id}` is not about what this command reviews");
        return Err(Failure::usage(error).with_help(format!("`forewarn explain {id}` says what it checks")));
    }
    bundled.retain(|(policy, metadata)| wanted(metadata) && (only.is_empty() || only.iter().any(|id| id == policy.id)));
    Ok(bundled)
}

/// Refuses ids that no bundled policy has.
///
/// # Errors
/// Exit 2 for the first of them.
pub(crate) fn check_ids<'i>(ids: impl IntoIterator<Item = &'i String>) -> Result<(), Failure> {
    match ids.into_iter().find(|id| module::bundled(id).is_none()) {
        Some(id) => Err(module::unknown_policy(id)),
        None => Ok(()),
    }
}

fn check_settings(policy: &Policy<Module>, engine: &Engine) -> Result<(), Failure> {
    policy.check_settings(engine).map_err(|error| match error {
        SettingsError::Refused { message } => Failure::usage(anyhow!("settings of `{}`: {message}", policy.id()))
            .with_help(format!("`forewarn explain {}` lists the settings", policy.id())),
        SettingsError::Failed(error) => Failure::engine(anyhow!("settings of `{}`: {error}", policy.id())),
    })
}
