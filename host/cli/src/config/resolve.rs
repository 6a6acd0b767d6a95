//! What a configuration and the command line come to: policies with their settings, and what does not count.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::anyhow;
use forewarn_bundle::BundledPolicy;
use forewarn_core::configuration::{Configuration, Override};
use forewarn_core::engine::Engine as _;
use forewarn_core::exemption::Exemption;
use forewarn_core::host_calls::offline;
use forewarn_core::kubewarden::Configured;
use forewarn_core::metadata::Metadata;
use forewarn_core::policy::{Policy, SettingsError};
use forewarn_core::source::Position;
use forewarn_core::strict;
use forewarn_core::yaml::typed::{Placed, nearest};
use forewarn_engine::{Engine, Module};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::Map;

use super::choice::Choice;
use super::file::Policies;
use super::{Config, Day};
use crate::args::Check;
use crate::exit::Failure;
use crate::inputs::Input;
use crate::kubewarden::Policies as ClusterPolicies;
use crate::{module, policies, settings};

/// What to review with.
pub(crate) struct Resolved {
    /// The policies that are asked where no override says otherwise.
    pub(crate) policies: Vec<Policy<Module>>,
    /// Everything else.
    pub(crate) configuration: Configuration<Module>,
    /// The number in the file of each exemption that counts.
    pub(crate) exemptions: Vec<usize>,
}

/// Settings by policy.
type Settings = BTreeMap<String, Map<String, Value>>;

/// Puts together what the arguments and the configuration say; the arguments win.
///
/// # Errors
/// Exit 2 for unknown policies, refused settings and patterns that are none; 4 for a policy that fails.
pub(crate) fn resolve(
    engine: &Engine,
    args: &Check,
    config: Option<&Config>,
    cluster: &ClusterPolicies,
    inputs: &[Input],
    today: Day,
    wanted: impl Fn(&Metadata) -> bool,
) -> Result<Resolved, Failure> {
    let bundled = forewarn_bundle::policies().iter().map(|policy| policy.id.to_owned());
    let own = cluster.configured.iter().map(|policy| policy.id().to_owned());
    let known: BTreeSet<String> = bundled.chain([strict::POLICY.to_owned()]).chain(own).collect();
    let Some(config) = config else {
        let policies = policies::ready(engine, args.settings.as_deref(), &args.policy, wanted)?;
        let configuration = Configuration { known, ..Configuration::default() };
        return Ok(Resolved { policies, configuration, exemptions: Vec::new() });
    };
    config.check_ids(&known, cluster)?;
    config.check_switches(cluster)?;
    let bundled = policies::chosen(&args.policy, &wanted)?;
    let others = module::all()?.into_iter().filter(|(_, metadata)| !wanted(metadata)).map(|(policy, _)| policy.id);
    config.check_subjects(&others.collect::<Vec<_>>())?;
    let (exemptions, numbers) = config.exemptions(today)?;
    let mut configuration = Configuration {
        overrides: config.overrides(cluster)?,
        off: switches(&config.file.policies, cluster).filter(|(_, is_on)| !is_on).map(|(id, _)| id).collect(),
        exemptions,
        baseline: None,
        include_kinds: config.names(&config.file.kinds.include)?,
        exclude_kinds: config.names(&config.file.kinds.exclude)?,
        paths: Default::default(),
        honour_annotations: config.file.honour_annotations.as_ref().is_some_and(|honour| honour.value),
        known,
    };
    if config.needs_paths() {
        let path_of = |input: &Input| Some((input.name.clone(), config.path_of(input)?));
        configuration.paths = inputs.iter().filter_map(path_of).collect();
    }
    let flags = args.settings.as_deref().map(settings::by_policy).transpose()?.unwrap_or_default();
    policies::check_ids(flags.keys())?;
    let maker = Maker { engine, config, flags: &flags };
    let mut resolved = Resolved { policies: Vec::new(), configuration, exemptions: numbers };
    for (bundled, metadata) in bundled {
        maker.add(bundled, &metadata, !args.policy.is_empty(), &mut resolved)?;
    }
    Ok(resolved)
}

impl Resolved {
    /// Lets the policies of a cluster take the place of the bundled ones, if there are any.
    pub(crate) fn give_way(&mut self, configured: &[Configured<Module>]) {
        if configured.is_empty() {
            return;
        }
        self.policies.clear();
        self.configuration.overrides.iter_mut().for_each(|configured| configured.policies.clear());
    }
}

/// Which of a cluster's policies are named, and whether they are on.
fn switches<'p>(written: &'p Policies, cluster: &'p ClusterPolicies) -> impl Iterator<Item = (String, bool)> + 'p {
    let named = written.iter().filter(|(id, _)| cluster.has(id));
    named.map(|(id, choice)| (id.value.clone(), matches!(choice.value, Choice::On(_))))
}

impl Config {
    /// The overrides, with no bundled policies yet.
    fn overrides(&self, cluster: &ClusterPolicies) -> Result<Vec<Override<Module>>, Failure> {
        let configured = self.file.overrides.iter().map(|configured| {
            if configured.scope().is_everywhere() {
                let message = "the override does not say where: `paths`, `namespaces`, `kinds` or `names` is missing";
                return Err(self
                    .wrong(configured.position, message)
                    .with_help("what applies everywhere goes to `policies`"));
            }
            Ok(Override {
                scope: self.scope(&configured.scope())?,
                policies: BTreeMap::new(),
                switches: switches(&configured.policies, cluster).collect(),
            })
        });
        configured.collect()
    }

    /// The exemptions that count, with their numbers in the file.
    fn exemptions(&self, today: Day) -> Result<(Vec<Exemption>, Vec<usize>), Failure> {
        let mut exemptions = Vec::new();
        let mut numbers = Vec::new();
        for (number, exempt) in self.file.exemptions.iter().enumerate() {
            if exempt.reason.trim().is_empty() {
                let message = "an exemption without a reason: nobody will know whether it is still needed";
                return Err(self.wrong(exempt.reason.position, message).with_help("say why in `reason`"));
            }
            let Some(policies) = self.names(&exempt.policies)? else {
                let message = "the exemption names no policy, so it exempts nothing";
                return Err(self.wrong(exempt.position, message).with_help("name ids or codes in `policies`"));
            };
            let exemption = Exemption {
                policies,
                scope: self.scope(&exempt.scope())?,
                containers: self.names(&exempt.containers)?,
                reason: exempt.reason.value.clone(),
            };
            if exempt.expires.as_ref().is_none_or(|last| last.value >= today) {
                exemptions.push(exemption);
                numbers.push(number);
            }
        }
        Ok((exemptions, numbers))
    }

    fn needs_paths(&self) -> bool {
        self.file.overrides.iter().any(|configured| !configured.scope().paths.is_empty())
            || self.file.exemptions.iter().any(|exempt| !exempt.scope().paths.is_empty())
    }

    /// Refuses policies about something else, because nothing that is said of them here has an effect.
    fn check_subjects(&self, others: &[&str]) -> Result<(), Failure> {
        match self.choices().map(|(id, _)| id).find(|id| others.contains(&id.as_str())) {
            Some(id) => Err(self
                .wrong(id.position, format!("`{}` is not about manifests, so `forewarn check` never asks it", id.value))
                .with_help("remove it here; its own command takes `--settings`")),
            None => Ok(()),
        }
    }

    /// What is said of policies, everywhere and in overrides.
    fn choices(&self) -> impl Iterator<Item = (&Placed<String>, &Choice)> {
        let overrides = self.file.overrides.iter().map(|configured| &configured.policies);
        let all = [&self.file.policies].into_iter().chain(overrides).flatten();
        all.map(|(id, choice)| (id, &choice.value))
    }

    /// Refuses settings for the policies of a cluster, and switches for what is no policy.
    fn check_switches(&self, cluster: &ClusterPolicies) -> Result<(), Failure> {
        for (id, choice) in self.choices() {
            let has_settings = matches!(choice, Choice::On(settings) if !settings.is_empty());
            if has_settings && cluster.has(id) {
                let message =
                    format!("`{}` is a policy of the cluster: settings that stand here do not reach it", id.value);
                let help = "its own resource has its `settings`; here it can be `on` or `off`";
                return Err(self.wrong(id.position, message).with_help(help));
            }
            if id.as_str() == strict::POLICY && !cluster.has(id) {
                let message = "`strict` is no policy, so it is not switched here";
                let help = "write `strict: off`, `warn` or `deny` as a key of its own; `exemptions` may name it";
                return Err(self.wrong(id.position, message).with_help(help));
            }
        }
        Ok(())
    }

    /// Refuses ids that no policy has.
    fn check_ids(&self, known: &BTreeSet<String>, cluster: &ClusterPolicies) -> Result<(), Failure> {
        let chosen = self.choices().map(|(id, _)| id.clone());
        let exempt = self.file.exemptions.iter().flat_map(|exempt| &exempt.policies);
        // An id may have a slash itself.
        let exempt = exempt.filter(|code| !cluster.has(code)).filter_map(id_of_code);
        for id in chosen.chain(exempt.filter(|id| !cluster.has_codes_of(id))) {
            if known.contains(id.as_str()) || cluster.has(&id) {
                continue;
            }
            let near = nearest(&id, known.iter().map(String::as_str));
            let hint = near.map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
            let failure = self.wrong(id.position, format!("there is no policy `{}`{hint}", id.value));
            return Err(failure.with_help("`forewarn list` names the policies"));
        }
        Ok(())
    }
}

/// The policy's id in a code; nothing where it is a pattern.
fn id_of_code(code: &Placed<String>) -> Option<Placed<String>> {
    let id = code.split('/').next().unwrap_or_default();
    let is_pattern = id.contains(['*', '?', '[', '{']);
    (!is_pattern).then(|| Placed { value: id.to_owned(), position: code.position })
}

/// Makes policies of modules and settings.
struct Maker<'r> {
    engine: &'r Engine,
    config: &'r Config,
    flags: &'r Settings,
}

impl Maker<'_> {
    /// Adds a policy and what overrides make of it. It is on if it was asked for by name.
    fn add(
        &self,
        bundled: &BundledPolicy,
        metadata: &Metadata,
        is_named: bool,
        resolved: &mut Resolved,
    ) -> Result<(), Failure> {
        let general = self.general(bundled);
        let make = |settings: &[(&Map<String, Value>, Position)]| -> Result<Policy<Module>, Failure> {
            let mut all = Map::new();
            let flags = self.flags.get(bundled.id);
            for layer in general.values.iter().chain(settings.iter().map(|(layer, _)| *layer)).chain(flags) {
                all.extend(layer.iter().map(|(key, value)| (key.clone(), value.clone())));
            }
            let policy = Policy::new(bundled.id, metadata.clone(), &all, bundled.module(self.engine));
            if !all.is_empty() {
                let own = settings.iter().rev().find(|(layer, _)| !layer.is_empty()).map(|(_, position)| *position);
                policy.check_settings(self.engine).map_err(|error| self.refused(&error, bundled.id, own, &general))?;
            }
            Ok(policy)
        };
        let choice = choice(&self.config.file.policies, bundled.id);
        let nothing = Map::new();
        let base = match choice {
            Some((Choice::On(settings), position)) => (settings, position),
            Some((Choice::Off, position)) => (&nothing, position),
            None => (&nothing, Position { line: 1, column: 1 }),
        };
        if is_named || !matches!(choice, Some((Choice::Off, _))) {
            resolved.policies.push(make(&[base])?);
        }
        let overrides = self.config.file.overrides.iter().zip(&mut resolved.configuration.overrides);
        for (written, configured) in overrides {
            let policy = match self::choice(&written.policies, bundled.id) {
                None => continue,
                Some((Choice::Off, _)) => None,
                Some((Choice::On(settings), position)) => Some(make(&[base, (settings, position)])?),
            };
            configured.policies.insert(bundled.id.to_owned(), policy);
        }
        Ok(())
    }

    /// The settings that are given to every policy that has them.
    fn general(&self, bundled: &BundledPolicy) -> General {
        let file = &self.config.file;
        let text = |value: &Placed<String>| (Value::from(value.value.as_str()), value.position);
        let settings = [
            ("kubernetesVersion", file.kubernetes_version.as_ref().map(text)),
            ("upgradeTo", file.upgrade_to.as_ref().map(text)),
            (
                "honourAnnotations",
                file.honour_annotations.as_ref().map(|honour| (Value::from(honour.value), honour.position)),
            ),
        ];
        let mut general = General::default();
        if settings.iter().all(|(_, setting)| setting.is_none()) {
            return general;
        }
        let keys = keys(self.engine, &bundled.module(self.engine));
        for (key, setting) in settings {
            if let Some((value, position)) = setting.filter(|_| keys.contains(key)) {
                general.values.get_or_insert_default().insert(key.to_owned(), value);
                general.positions.push((key, position));
            }
        }
        general
    }

    fn refused(&self, error: &SettingsError, id: &str, own: Option<Position>, general: &General) -> Failure {
        let message = match error {
            SettingsError::Refused { message } => message,
            SettingsError::Failed(error) => return Failure::engine(anyhow!("settings of `{id}`: {error}")),
        };
        let named = general.positions.iter().find(|(key, _)| message.contains(&format!("`{key}`")));
        let position = named.map(|(_, position)| *position).or(own);
        let message = format!("settings of `{id}`: {message}");
        let failure = match position {
            Some(position) => self.config.wrong(position, message),
            None => Failure::usage(anyhow!(message)),
        };
        failure.with_help(format!("`forewarn explain {id}` lists the settings"))
    }
}

/// Settings for every policy that has them.
#[derive(Default)]
struct General {
    values: Option<Map<String, Value>>,
    positions: Vec<(&'static str, Position)>,
}

fn choice<'p>(policies: &'p Policies, id: &str) -> Option<(&'p Choice, Position)> {
    let found = policies.iter().find(|(key, _)| key.value == id);
    found.map(|(key, choice)| (&choice.value, key.position))
}

/// The settings that a module says it has. One that does not describe itself has none that we know of.
fn keys(engine: &Engine, module: &Module) -> BTreeSet<String> {
    #[derive(Deserialize)]
    struct Description {
        settings: Schema,
    }
    #[derive(Deserialize)]
    struct Schema {
        properties: Map<String, Value>,
    }
    let reply = engine.call(module, "describe", b"", &offline());
    let description = reply.ok().and_then(|reply| serde_json::from_slice::<Description>(&reply).ok());
    description
        .map(|description| description.settings.properties.into_iter().map(|(key, _)| key).collect())
        .unwrap_or_default()
}
