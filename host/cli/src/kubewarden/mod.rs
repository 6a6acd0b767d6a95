//! `forewarn check --policies`: the cluster's own policies in place of the bundled set.

mod module;
mod reference;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use forewarn_core::kubewarden::{Configured, Definition, Member, Mistake, MistakeKind, read};
use forewarn_core::metadata::{Metadata, PolicyType};
use forewarn_core::policy::{Policy, SettingsError};
use forewarn_core::review::{FileReview, Notice};
use forewarn_engine::{Engine, Module};

use crate::args::Check;
use crate::config::Config;
use crate::exit::Failure;
use crate::inputs;
use crate::registry::args::Sources;
use module::{Modules, Unfound};

/// What a module calls itself.
const TITLE: &str = "io.kubewarden.policy.title";

/// The policies, ready to be asked, and what is to be told about their files.
#[derive(Default)]
pub(crate) struct Policies {
    /// The policies, in the order of the files.
    pub(crate) configured: Vec<Configured<Module>>,
    /// The files that something is to be told about, with their texts.
    pub(crate) told: Vec<(FileReview, String)>,
    /// The ids of policies that the configuration names and the arguments pass over.
    pub(crate) passed_over: Vec<String>,
}

impl Policies {
    /// The modules.
    pub(crate) fn policies_mut(&mut self) -> impl Iterator<Item = &mut Policy<Module>> {
        self.configured.iter_mut().flat_map(Configured::policies_mut)
    }

    /// Whether one of them has this id, used or passed over.
    pub(crate) fn has(&self, id: &str) -> bool {
        self.configured.iter().any(|policy| policy.id() == id) || self.passed_over.iter().any(|other| other == id)
    }

    /// Whether a module calls itself so: its findings have codes of its own, whatever the policy is called.
    pub(crate) fn has_codes_of(&self, title: &str) -> bool {
        let metadata = self.configured.iter().filter_map(Configured::metadata);
        metadata.filter_map(|metadata| metadata.annotation(TITLE)).any(|own| own == title)
    }
}

/// The policies that `--policies` or else the configuration names; none without either.
///
/// # Errors
/// As of [`read_all`], and exit 2 beside options that choose among the bundled policies.
pub(crate) fn ready(args: &Check, config: Option<&Config>, engine: &Engine) -> Result<Policies, Failure> {
    let configured = config.map(Config::kubewarden).transpose()?.unwrap_or_default();
    let is_named = !args.policies.is_empty();
    // Whoever names bundled policies wants those.
    if !is_named && !args.policy.is_empty() {
        return Ok(Policies { passed_over: ids(&configured), ..Policies::default() });
    }
    let paths = if is_named { &args.policies } else { &configured };
    if paths.is_empty() {
        return Ok(Policies::default());
    }
    let other = if args.settings.is_some() { "--settings" } else { "--policy" };
    if args.settings.is_some() || !args.policy.is_empty() {
        let this = if is_named { "--policies" } else { "kubewarden:" };
        let error = anyhow!("`{this}` cannot be used with `{other}`, which is about the bundled policies");
        let help = "the policies' own files say which are asked and with which settings";
        return Err(Failure::usage(error).with_help(help));
    }
    let passed_over = if is_named { ids(&configured) } else { Vec::new() };
    Ok(Policies { passed_over, ..read_all(paths, &args.sources, engine)? })
}

/// The ids of policies that are not used. What is wrong with their files is told when they are.
fn ids(paths: &[PathBuf]) -> Vec<String> {
    let files = files(paths).unwrap_or_default();
    files.iter().flat_map(|(name, text)| read(name, text).definitions).map(|definition| definition.id).collect()
}

/// Reads the policies in files and directories, finds their modules, and has these check their settings.
///
/// # Errors
/// Exit 2 for files that cannot be used, modules that are nowhere and settings that are refused; 3 for a registry that
/// does not answer as it should; 4 for a module that fails, or is not what its digest or signature says.
fn read_all(paths: &[PathBuf], sources: &Sources, engine: &Engine) -> Result<Policies, Failure> {
    let files = files(paths)?;
    let mut told: Vec<(FileReview, String)> = Vec::new();
    let mut definitions = Vec::new();
    let mut mistakes = Vec::new();
    for (name, text) in files {
        let found = read(&name, &text);
        definitions.extend(found.definitions);
        mistakes.extend(found.mistakes);
        told.push((FileReview::of_configuration(&name, found.notices), text));
    }
    mistakes.extend(duplicates(&definitions));
    refuse(&mistakes)?;
    if definitions.is_empty() {
        let paths: Vec<_> = paths.iter().map(|path| format!("`{}`", path.display())).collect();
        let error = anyhow!("no policy in {}, so nothing would be checked", paths.join(", "));
        let help =
            "give Kubewarden's resources, such as a ClusterAdmissionPolicy, or the `policies.yml` of a policy-server";
        return Err(Failure::usage(error).with_help(help));
    }
    let modules = Modules::new(engine, sources)?;
    let mut configured = Vec::new();
    for definition in definitions {
        match with_modules(definition, &modules, engine)? {
            Ok((policy, notices)) => {
                configured.push(policy);
                for (file, notice) in notices {
                    if let Some((review, _)) = told.iter_mut().find(|(review, _)| review.file == file) {
                        review.notices.push(notice);
                    }
                }
            }
            Err(mistake) => mistakes.push(mistake),
        }
    }
    refuse(&mistakes)?;
    told.retain(|(review, _)| !review.notices.is_empty());
    for (review, _) in &mut told {
        review.notices.sort_by_key(|notice| notice.position);
    }
    Ok(Policies { configured, told, passed_over: Vec::new() })
}

/// Names and texts.
fn files(paths: &[PathBuf]) -> Result<Vec<(String, String)>, Failure> {
    let (inputs, errors) = inputs::collect(paths);
    if let Some(error) = errors.into_iter().next() {
        return Err(Failure::usage(error).with_help("`--policies` takes files and directories of policies"));
    }
    let mut files = Vec::new();
    for input in inputs {
        if let Some(text) = input.read().map_err(Failure::usage)? {
            files.push((input.name.clone(), text));
        }
    }
    Ok(files)
}

/// A definition with its modules and what is to be told about them, or what is wrong with it.
type Made = Result<(Configured<Module>, Vec<(String, Notice)>), Mistake>;

fn with_modules(definition: Definition, modules: &Modules, engine: &Engine) -> Result<Made, Failure> {
    let mut policies = Vec::new();
    let mut notices = Vec::new();
    for (name, member) in definition.members() {
        let found = match modules.find(&member.module, Path::new(&member.place.file)) {
            Ok(found) => found,
            Err(Unfound::Mistake { message, help }) => return Ok(Err(mistake(member, message, Some(help)))),
            Err(Unfound::Failure(failure)) => return Err(at(member, failure)),
        };
        let told = |message, help| {
            let notice = Notice { message, help, position: member.place.position };
            (member.place.file.clone(), notice)
        };
        notices.extend(found.notice.map(|message| told(message, None)));
        if definition.matching.rules.is_none() && found.metadata.policy_type == PolicyType::Raw {
            let message = format!("the module of `{}` is about raw requests, not about objects", definition.id);
            notices.push(told(message, Some("it is asked about every object all the same".to_owned())));
        }
        if let Some(mode) = other_execution_mode(&found.metadata) {
            let message = format!("the module needs the execution mode `{mode}`, and Forewarn runs waPC modules only");
            return Ok(Err(mistake(member, message, None)));
        }
        let policy = member.policy(name.unwrap_or(&definition.id), found.metadata, found.module);
        if let Err(refused) = check_settings(&policy, member, engine)? {
            return Ok(Err(refused));
        }
        policies.push(policy);
    }
    Ok(Ok((Configured::new(definition, policies), notices)))
}

fn other_execution_mode(metadata: &Metadata) -> Option<&str> {
    Some(metadata.execution_mode.as_str()).filter(|mode| *mode != "kubewarden-wapc")
}

/// As the policy-server does when it starts.
fn check_settings(policy: &Policy<Module>, member: &Member, engine: &Engine) -> Result<Result<(), Mistake>, Failure> {
    match policy.check_settings(engine) {
        Ok(()) => Ok(Ok(())),
        Err(SettingsError::Refused { message }) => {
            let place = &member.settings_place;
            let message = format!("the settings of `{}` are refused: {message}", member.module);
            let kind = MistakeKind::Module { message, help: None };
            Ok(Err(Mistake { file: place.file.clone(), position: place.position, kind }))
        }
        Err(SettingsError::Failed(error)) => {
            Err(at(member, Failure::engine(anyhow!("module `{}`: {error}", member.module))))
        }
    }
}

/// The failure with the place of the policy.
fn at(member: &Member, failure: Failure) -> Failure {
    let (place, error) = (&member.place, failure.error);
    let error = anyhow!("{}:{}:{}: {error:#}", place.file, place.position.line, place.position.column);
    Failure { error, ..failure }
}

fn mistake(member: &Member, message: String, help: Option<String>) -> Mistake {
    let kind = MistakeKind::Module { message, help };
    Mistake { file: member.place.file.clone(), position: member.place.position, kind }
}

fn duplicates(definitions: &[Definition]) -> Vec<Mistake> {
    let mut first: HashMap<&str, &Definition> = HashMap::new();
    let mut mistakes = Vec::new();
    for definition in definitions {
        let place = &definition.place;
        match first.get(definition.key.as_str()) {
            Some(other) => {
                let at = other.place.position;
                let other = format!("{}:{}:{}", other.place.file, at.line, at.column);
                let kind = MistakeKind::Duplicate { id: definition.id.clone(), other };
                mistakes.push(Mistake { file: place.file.clone(), position: place.position, kind });
            }
            None => {
                first.insert(&definition.key, definition);
            }
        }
    }
    mistakes
}

/// # Errors
/// Exit 2 with all mistakes, because nobody likes to hear of them one by one.
fn refuse(mistakes: &[Mistake]) -> Result<(), Failure> {
    let (Some(first), others) = (mistakes.first(), mistakes.get(1..).unwrap_or_default()) else { return Ok(()) };
    let mut words = vec![first.to_string()];
    for mistake in others {
        let help = mistake.kind.help().map(|help| format!(" ({help})")).unwrap_or_default();
        words.push(format!("{mistake}{help}"));
    }
    let failure = Failure::usage(anyhow!("{}", words.join("\n       ")));
    Err(match first.kind.help() {
        Some(help) if others.is_empty() => failure.with_help(help),
        Some(help) => failure.with_help(format!("for the first: {help}")),
        None => failure,
    })
}
