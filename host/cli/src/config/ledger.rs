//! What is known only when everything is reviewed: which exemptions and known findings were of no use.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context as _;
use forewarn_core::baseline::{Baseline, Sighting};
use forewarn_core::configuration::{Warning, warning};
use forewarn_core::object::Identity;
use forewarn_core::review::FileReview;
use forewarn_core::source::Source;

use super::file::Exemption;
use super::{Config, Day, Resolved, find, mistake};
use crate::args::Check;
use crate::exit::Failure;
use crate::inputs;
use crate::output::print_error;
use crate::write;

/// The suppressions of a run, and what was seen of them.
pub(crate) struct Ledger<'a> {
    args: &'a Check,
    config: Option<&'a Config>,
    today: Day,
    /// The number in the file of each exemption that counts.
    exemptions: Vec<usize>,
    used: BTreeSet<usize>,
    baseline: Option<Known>,
    sighting: Sighting,
}

/// A file of known findings.
struct Known {
    name: String,
    text: String,
    baseline: Baseline,
}

impl<'a> Ledger<'a> {
    /// Begins a run, with the baseline that the arguments or the configuration name.
    ///
    /// # Errors
    /// Exit 2 when the baseline cannot be read.
    pub(crate) fn new(
        args: &'a Check,
        config: Option<&'a Config>,
        today: Day,
        resolved: &mut Resolved,
    ) -> Result<Self, Failure> {
        let path = args.baseline.clone().or_else(|| config.and_then(Config::baseline));
        let path = path.filter(|_| args.write_baseline.is_none());
        let baseline = path.map(|path| Known::read(&path)).transpose()?;
        resolved.configuration.baseline = baseline.as_ref().map(|known| known.baseline.clone());
        let exemptions = std::mem::take(&mut resolved.exemptions);
        Ok(Self { args, config, today, exemptions, used: BTreeSet::new(), baseline, sighting: Sighting::default() })
    }

    /// Notes what a file's review saw.
    pub(crate) fn add(&mut self, review: &FileReview) {
        self.used.extend(&review.exemptions);
        if self.baseline.is_some() || self.args.write_baseline.is_some() {
            self.sighting.add(review);
        }
    }

    /// What is to be said of the configuration and the baseline, each with its text.
    pub(crate) fn warnings(&self) -> Vec<(FileReview, String)> {
        let config = self.config.map(|config| (self.of_config(config), config.text.clone()));
        let known = self.baseline.as_ref().map(|known| (self.of_baseline(known), known.text.clone()));
        config.into_iter().chain(known).filter(|(review, _)| !review.findings.is_empty()).collect()
    }

    /// Writes the baseline, if the arguments ask for one. Gives a line that says so.
    ///
    /// # Errors
    /// Exit 3 when it cannot be written.
    pub(crate) fn write(&self) -> Result<String, Failure> {
        let Some(path) = &self.args.write_baseline else { return Ok(String::new()) };
        let (text, count) = self.sighting.write(&paths(self.args)).map_err(Failure::engine)?;
        let name = find::display(path);
        write::replace(path, &text).with_context(|| format!("cannot write `{name}`")).map_err(Failure::input)?;
        let findings = if count == 1 { "finding" } else { "findings" };
        Ok(format!("wrote {count} known {findings} to {name}\n"))
    }

    /// Says that no baseline was written, if one was asked for. Gives nothing to add to the report.
    pub(crate) fn refuse(&self) -> String {
        if self.args.write_baseline.is_some() {
            print_error("error: the baseline was not written, because not everything could be reviewed\n");
        }
        String::new()
    }

    fn of_config(&self, config: &Config) -> FileReview {
        let source = Source::new(&config.text);
        let is_whole = config.is_whole(self.args);
        let used: BTreeSet<_> = self.used.iter().filter_map(|index| self.exemptions.get(*index)).collect();
        let mut findings = Vec::new();
        for (number, exempt) in config.file.exemptions.iter().enumerate() {
            let about = about(exempt);
            let (position, warned) = match &exempt.expires {
                Some(last) if last.value < self.today => {
                    let days = last.value.days_before(self.today);
                    let ago = if days == 1 { "yesterday".to_owned() } else { format!("{days} days ago") };
                    let message =
                        format!("this exemption expired on {}, {ago}, so it exempts nothing any more", last.value);
                    let help = "mend what it was for and remove it, or give it a later day";
                    (last.position, Warning { what: "expired", about: &about, message, help })
                }
                _ if is_whole && !used.contains(&number) => {
                    let message = "this exemption applies to no finding".to_owned();
                    let help = "remove it, or correct its patterns";
                    (exempt.position, Warning { what: "unused", about: &about, message, help })
                }
                _ => continue,
            };
            let object = Identity {
                api_version: String::new(),
                kind: "Configuration".to_owned(),
                namespace: None,
                name: Some(config.name.clone()),
            };
            findings.push(warning(&source, position, object, warned));
        }
        FileReview { file: config.name.clone(), configuration: true, findings, ..FileReview::default() }
    }

    fn of_baseline(&self, known: &Known) -> FileReview {
        let source = Source::new(&known.text);
        let paths = paths(self.args);
        let is_whole = self.args.policy.is_empty() && self.args.against.is_none();
        let stale = known.baseline.stale(&self.sighting, is_whole.then_some(paths.as_slice()));
        let findings = stale.into_iter().map(|entry| {
            let object = entry.object.identity();
            let message = format!("the known finding `{}` of {object} is gone", entry.code);
            let help = "write the baseline anew with `--write-baseline`, so that it cannot come back unseen";
            let warned = Warning { what: "stale", about: &entry.fingerprint, message, help };
            warning(&source, entry.position, object, warned)
        });
        FileReview {
            file: known.name.clone(),
            configuration: true,
            findings: findings.collect(),
            ..FileReview::default()
        }
    }
}

impl Known {
    fn read(path: &Path) -> Result<Self, Failure> {
        let name = find::display(path);
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read the baseline `{name}`"));
        let text = text.map_err(|error| Failure::usage(error).with_help("`--write-baseline FILE` writes one"))?;
        let baseline = Baseline::parse(&text).map_err(|error| mistake(&name, &error))?;
        Ok(Self { name, text, baseline })
    }
}

/// What an exemption is known by.
fn about(exempt: &Exemption) -> String {
    let policies: Vec<_> = exempt.policies.iter().map(|policy| policy.as_str()).collect();
    format!("{}: {}", policies.join(","), exempt.reason.value)
}

fn paths(args: &Check) -> Vec<String> {
    args.paths.iter().map(|path| inputs::display(path)).collect()
}
