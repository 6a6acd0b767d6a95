//! SARIF 2.1.0, which code scanning services and editors show beside the text.

mod file;
mod log;
mod region;
mod uri;

pub use file::FileResults;

use super::run::Run;
use crate::finding::Severity;
use crate::problem::ProblemKind;
use crate::review::LocatedFinding;
use file::notification;
use log::{
    ArtifactDto, BaseDto, ComponentDto, InvocationDto, LogDto, MessageDto, MultiformatDto, RuleDto, RunDto, TagsDto,
    ToolDto,
};
use std::collections::BTreeMap;

/// Renders a run. `files` are the results of its reviews, in the same order.
///
/// # Errors
///
/// Those of the JSON writer, of which none applies to this report.
pub fn render(run: Run<'_>, files: Vec<FileResults>) -> Result<String, serde_json::Error> {
    let levels = levels(run);
    let indexes: BTreeMap<&str, usize> = levels.keys().enumerate().map(|(index, (code, _))| (*code, index)).collect();
    let mut artifacts: Vec<_> = files.iter().map(|file| ArtifactDto { location: file.artifact.clone() }).collect();
    let mut results = Vec::new();
    let mut invocation = InvocationDto { execution_successful: true, ..InvocationDto::default() };
    for problem in run.problems {
        invocation.add(problem.kind, notification(problem, None));
        let artifact = problem.file.as_deref().map(uri::artifact);
        artifacts.extend(artifact.filter(|_| problem.line.is_some()).map(|location| ArtifactDto { location }));
    }
    for file in files {
        results.extend(file.results.into_iter().map(|mut result| {
            result.rule_index = indexes.get(result.rule_id.as_str()).copied().unwrap_or_default();
            result
        }));
        file.problems.into_iter().for_each(|(kind, notification)| invocation.add(kind, notification));
        invocation.tool_execution_notifications.extend(file.notes);
    }
    let rules = levels.into_iter().map(|((code, policy), level)| rule(run, code, policy, level));
    let driver = ComponentDto {
        name: "forewarn",
        semantic_version: env!("CARGO_PKG_VERSION"),
        information_uri: env!("CARGO_PKG_REPOSITORY"),
        rules: rules.collect(),
    };
    let folder = MessageDto::of("the folder that forewarn was run in");
    serde_json::to_string_pretty(&LogDto {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [RunDto {
            tool: ToolDto { driver },
            invocations: [invocation],
            column_kind: "utf16CodeUnits",
            original_uri_base_ids: BTreeMap::from([(uri::ROOT, BaseDto { description: folder })]),
            artifacts,
            results,
            properties: run.summary().into(),
        }],
    })
}

impl InvocationDto {
    fn add(&mut self, kind: ProblemKind, notification: log::NotificationDto) {
        self.execution_successful = false;
        match kind {
            ProblemKind::Configuration => self.tool_configuration_notifications.push(notification),
            ProblemKind::Input | ProblemKind::Engine => self.tool_execution_notifications.push(notification),
        }
    }
}

/// The codes of the findings with their policies, and the strictest level at which each was found.
fn levels(run: Run<'_>) -> BTreeMap<(&str, &str), &'static str> {
    let mut levels = BTreeMap::new();
    for (_, located) in run.findings() {
        let known = levels.entry((located.finding.code.as_str(), located.policy.as_str())).or_insert("warning");
        if level(located) == "error" {
            *known = "error";
        }
    }
    levels
}

/// What a finding is, whether or not it is suppressed.
fn level(located: &LocatedFinding) -> &'static str {
    match located.finding.severity {
        Severity::Deny => "error",
        Severity::Warn => "warning",
    }
}

fn rule(run: Run<'_>, code: &str, policy: &str, level: &'static str) -> RuleDto {
    let annotation = |key| run.annotation(policy, key);
    let description = annotation("description");
    let how = format!("`forewarn explain {policy}` tells what is checked, why, and what to write.");
    RuleDto {
        id: code.to_owned(),
        short_description: description.map(MessageDto::of),
        help: description.map(|description| MultiformatDto {
            text: format!("{description}. {how}"),
            markdown: annotation("usage").map(str::to_owned),
        }),
        help_uri: annotation("url").map(str::to_owned),
        default_configuration: log::ConfigurationDto { level },
        properties: annotation("category").map(|category| TagsDto { tags: [category.to_owned()] }),
    }
}
