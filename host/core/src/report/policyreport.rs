//! PolicyReport objects of the Kubernetes policy working group, which dashboards such as Policy Reporter show.

use super::run::{Run, Standing};
use crate::object::Identity;
use crate::problem::Problem;
use crate::resource::Resource;
use crate::review::{FileReview, LocatedFinding};
use serde::Serialize;
use std::collections::BTreeMap;

const API_VERSION: &str = "wgpolicyk8s.io/v1alpha2";
const NAME: &str = "forewarn";

/// Renders a run as a List with a report for each namespace, and one for what belongs to none, which also holds the
/// errors. It is JSON, which `kubectl` reads as well as YAML.
///
/// What passes is not listed: policies only tell what they find.
///
/// # Errors
///
/// Those of the JSON writer, of which none applies to this report.
pub fn render(run: Run<'_>) -> Result<String, serde_json::Error> {
    let mut by_namespace: BTreeMap<Option<&str>, Vec<ResultDto<'_>>> = BTreeMap::new();
    for (review, located) in run.findings() {
        let results = by_namespace.entry(namespace(&located.object)).or_default();
        results.push(of_finding(run, review, located));
    }
    // Always there, so that a run without findings has a report too.
    by_namespace.entry(None).or_default().extend(run.all_problems().map(of_problem));
    let items = by_namespace.into_iter().map(|(namespace, results)| ReportDto {
        api_version: API_VERSION,
        kind: if namespace.is_some() { "PolicyReport" } else { "ClusterPolicyReport" },
        metadata: MetadataDto {
            name: NAME,
            namespace,
            annotations: if namespace.is_none() { annotations(run) } else { BTreeMap::new() },
        },
        summary: Counts::of(&results),
        results,
    });
    serde_json::to_string_pretty(&List { api_version: "v1", kind: "List", items: items.collect() })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct List<'r> {
    api_version: &'static str,
    kind: &'static str,
    items: Vec<ReportDto<'r>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReportDto<'r> {
    api_version: &'static str,
    kind: &'static str,
    metadata: MetadataDto<'r>,
    summary: Counts,
    results: Vec<ResultDto<'r>>,
}

#[derive(Serialize)]
struct MetadataDto<'r> {
    name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'r str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<&'static str, String>,
}

#[derive(Serialize, Default)]
struct Counts {
    pass: usize,
    fail: usize,
    warn: usize,
    error: usize,
    skip: usize,
}

#[derive(Serialize)]
struct ResultDto<'r> {
    source: &'static str,
    policy: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'r str>,
    result: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    severity: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<&'r str>,
    scored: bool,
    message: &'r str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resources: Vec<ResourceDto<'r>>,
    properties: BTreeMap<&'static str, String>,
}

#[derive(Serialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Fail,
    Warn,
    Error,
    Skip,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceDto<'r> {
    api_version: &'r str,
    kind: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'r str>,
}

impl Counts {
    fn of(results: &[ResultDto<'_>]) -> Self {
        let mut counts = Self::default();
        for result in results {
            let count = match result.result {
                Outcome::Fail => &mut counts.fail,
                Outcome::Warn => &mut counts.warn,
                Outcome::Error => &mut counts.error,
                Outcome::Skip => &mut counts.skip,
            };
            *count += 1;
        }
        counts
    }
}

/// The namespace that an object would be in, which is `default` where it names none and needs one.
fn namespace(object: &Identity) -> Option<&str> {
    let resource = Resource::of(object.group(), object.version(), &object.kind);
    object.namespace.as_deref().or(resource.namespaced.then_some("default"))
}

fn of_finding<'r>(run: Run<'r>, review: &'r FileReview, located: &'r LocatedFinding) -> ResultDto<'r> {
    let finding = &located.finding;
    let mut properties = BTreeMap::from([
        ("file", review.file.clone()),
        ("line", located.start.line.to_string()),
        ("column", located.start.column.to_string()),
        ("pointer", finding.pointer.clone()),
        ("fingerprint", located.fingerprint.clone()),
        ("fixable", (!finding.fix.is_empty()).to_string()),
    ]);
    properties.extend(finding.container.clone().map(|container| ("container", container)));
    properties.extend(finding.help.clone().map(|help| ("help", help)));
    properties.extend(located.not_fixed.as_ref().map(|refusal| ("notFixed", refusal.to_string())));
    let standing = Standing::of(located);
    if let Standing::Suppressed(suppression) = standing {
        properties.insert("suppressedBy", suppression.by.clone());
        properties.insert("suppressedReason", suppression.reason.clone());
    }
    ResultDto {
        source: NAME,
        policy: &located.policy,
        rule: Some(&finding.code),
        result: match standing {
            Standing::Denied => Outcome::Fail,
            Standing::Warned => Outcome::Warn,
            Standing::Suppressed(_) => Outcome::Skip,
        },
        severity: run.annotation(&located.policy, "severity"),
        category: run.annotation(&located.policy, "category"),
        scored: standing == Standing::Denied,
        message: &finding.message,
        resources: vec![ResourceDto {
            api_version: &located.object.api_version,
            kind: &located.object.kind,
            namespace: namespace(&located.object),
            name: located.object.name.as_deref(),
        }],
        properties,
    }
}

fn of_problem(problem: &Problem) -> ResultDto<'_> {
    let mut properties = BTreeMap::from([("kind", problem.kind.name().to_owned())]);
    properties.extend(problem.file.clone().map(|file| ("file", file)));
    properties.extend(problem.line.map(|line| ("line", line.to_string())));
    properties.extend(problem.column.map(|column| ("column", column.to_string())));
    properties.extend(problem.help.clone().map(|help| ("help", help)));
    ResultDto {
        source: NAME,
        policy: problem.policy.as_deref().unwrap_or(NAME),
        rule: None,
        result: Outcome::Error,
        severity: None,
        category: None,
        scored: false,
        message: &problem.message,
        resources: Vec::new(),
        properties,
    }
}

/// What is no result.
fn annotations(run: Run<'_>) -> BTreeMap<&'static str, String> {
    let summary = run.summary();
    let mut annotations = BTreeMap::from([("forewarn.dev/objects", summary.objects.to_string())]);
    if summary.fixed > 0 {
        annotations.insert("forewarn.dev/fixed", summary.fixed.to_string());
    }
    let notices =
        run.notices().map(|(review, notice)| format!("{}:{}: {}", review.file, notice.position.line, notice.message));
    let unrendered = run
        .unrendered()
        .map(|(review, skipped)| format!("{}:{}: skipped: {}", review.file, skipped.line, skipped.reason.message()));
    let told: Vec<_> = notices.chain(unrendered).collect();
    if !told.is_empty() {
        annotations.insert("forewarn.dev/notices", told.join("\n"));
    }
    annotations
}
