//! What does not count: comments, annotations, exemptions, overrides and baselines, with a policy made of a function.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use forewarn_core::baseline::{Baseline, Sighting, accept};
use forewarn_core::configuration::{Configuration, Override};
use forewarn_core::engine::{Engine, EngineError};
use forewarn_core::exemption::Exemption;
use forewarn_core::host_calls::HostCalls;
use forewarn_core::metadata::Metadata;
use forewarn_core::policy::Policy;
use forewarn_core::report::text::TextReport;
use forewarn_core::review::{FileReview, Reviewer};
use forewarn_core::scope::{Patterns, Scope};
use serde_json::{Value, json};
use std::sync::Arc;

/// Denies every container's `image` that ends in `:bad`, and every `args` with the settings' word.
struct Images;

impl Engine for Images {
    type Module = ();

    fn call(&self, (): &(), _: &str, payload: &[u8], _: &Arc<dyn HostCalls>) -> Result<Vec<u8>, EngineError> {
        let payload: Value = serde_json::from_slice(payload).unwrap();
        let empty = Vec::new();
        let containers = payload["request"]["object"]["spec"]["containers"].as_array().unwrap_or(&empty);
        let word = payload["settings"]["word"].as_str().unwrap_or("bad");
        let mut findings = Vec::new();
        for (index, container) in containers.iter().enumerate() {
            let mut push = |what: &str, field: &str| {
                findings.push(json!({
                    "code": format!("images/{what}"),
                    "severity": "deny",
                    "pointer": format!("/spec/containers/{index}/{field}"),
                    "container": container["name"],
                    "message": format!("{what} image"),
                }));
            };
            if container["image"].as_str().is_some_and(|image| image.ends_with(word)) {
                push("tag", "image");
            }
            if container["image"].is_null() {
                push("missing", "image");
            }
        }
        let accepted = findings.is_empty();
        let findings = json!({"version": 1, "findings": findings}).to_string();
        Ok(json!({"accepted": accepted, "audit_annotations": {"findings": findings}}).to_string().into_bytes())
    }
}

fn policy(settings: Value) -> Policy<()> {
    let metadata = json!({
        "rules": [{"apiGroups": [""], "apiVersions": ["*"], "resources": ["pods"], "operations": ["CREATE"]}],
        "mutating": false,
    });
    let metadata = Metadata::from_json(metadata.to_string().as_bytes()).unwrap();
    Policy::new("images", metadata, settings.as_object().unwrap(), ())
}

fn review_with(configuration: &Configuration<()>, file: &str, text: &str) -> FileReview {
    let policies = [policy(json!({}))];
    Reviewer::new(&Images, &policies).configured(configuration).review(file, text)
}

fn review(text: &str) -> FileReview {
    let known = ["root-user".to_owned()].into();
    review_with(&Configuration { known, ..Configuration::default() }, "a.yaml", text)
}

/// `line code` for each finding, and who suppresses it.
fn told(review: &FileReview) -> Vec<String> {
    let tell = |located: &forewarn_core::review::LocatedFinding| {
        let suppressed = located.finding.suppressed.as_ref();
        let suppressed = suppressed.map(|by| format!(" {}: {}", by.by, by.reason)).unwrap_or_default();
        format!("{} {}{suppressed}", located.start.line, located.finding.code)
    };
    review.findings.iter().map(tell).collect()
}

const POD: &str = "\
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: a
      image: x:bad
    - name: b
      image: y:bad
";

#[test]
fn a_comment_suppresses_its_line_or_the_field_below() {
    let own_line = POD.replace("x:bad", "x:bad  # forewarn: allow images it is old");
    assert_eq!(told(&review(&own_line)), ["8 images/tag comment: it is old", "10 images/tag"]);
    let before =
        POD.replace("      image: y", "      # forewarn: allow images/tag - it is old\n\n      # more\n      image: y");
    assert_eq!(told(&review(&before)), ["8 images/tag", "13 images/tag comment: it is old"]);
    let item = POD.replace("    - name: b", "    # forewarn: allow images: it is old\n    - name: b");
    assert_eq!(told(&review(&item)), ["8 images/tag", "11 images/tag comment: it is old"]);
    let field = POD.replace("  containers:", "  # forewarn: allow images it is old\n  containers:");
    assert_eq!(told(&review(&field)), ["9 images/tag comment: it is old", "11 images/tag comment: it is old"]);
}

#[test]
fn a_comment_at_the_top_suppresses_the_object() {
    let two = format!("# forewarn: allow images it is old\n---\n{POD}---\n{POD}");
    let told = told(&review(&two));
    assert_eq!(
        told,
        ["10 images/tag comment: it is old", "12 images/tag comment: it is old", "21 images/tag", "23 images/tag"]
    );
}

#[test]
fn a_comment_inside_a_mapping_is_about_its_field_alone() {
    let text = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  -\n    # forewarn: allow images it is old\n    name: a\n    image: x:bad\n";
    assert_eq!(told(&review(text)), ["6 suppressions/unused", "8 images/tag"]);
}

#[test]
fn text_that_looks_like_a_comment_is_none() {
    let text = POD.replace(
        "  name: web",
        "  name: web\n  annotations:\n    a: |\n      # forewarn: allow images no\n    b: \"x # forewarn: allow images no\"\n    \
         c: 'y\n      # forewarn: allow images no'\n    d: z#forewarn:allow images no",
    );
    assert_eq!(told(&review(&text)), ["15 images/tag", "17 images/tag"]);
    // A plain scalar goes to the end of the line, but a comment ends it.
    let text = POD.replace("  name: web", "  name: web # forewarn: allow images no");
    assert_eq!(told(&review(&text)), ["4 suppressions/unused", "8 images/tag", "10 images/tag"]);
}

#[test]
fn comments_that_are_of_no_use_are_told() {
    for (comment, code, message) in [
        ("allow images", "missing-reason", "`allow images` gives no reason, so nothing is suppressed"),
        ("allow images/tag:", "missing-reason", "`allow images/tag` gives no reason, so nothing is suppressed"),
        (
            "allow image old",
            "unknown-policy",
            "there is no policy `image`, did you mean `images`?, so nothing is suppressed",
        ),
        ("allow zzz old", "unknown-policy", "there is no policy `zzz`, so nothing is suppressed"),
        ("allow", "unreadable", "the comment names no policy, so nothing is suppressed"),
        (
            "alow images old",
            "unreadable",
            "a comment for forewarn begins with `allow`, not `alow`; nothing is suppressed",
        ),
        (
            "allow images/missing old",
            "unused",
            "`allow images/missing` suppresses nothing: on this line there is no such finding",
        ),
    ] {
        let review = review(&POD.replace("x:bad", &format!("x:bad # forewarn: {comment}")));
        let warning = &review.findings[1];
        assert_eq!(
            (warning.finding.code.as_str(), warning.finding.message.as_str()),
            (&*format!("suppressions/{code}"), message)
        );
        assert_eq!((warning.start.line, warning.start.column), (8, 20));
        assert!(review.findings[0].finding.denies(), "{comment}");
        assert_eq!(warning.object.to_string(), "Pod web");
    }
}

#[test]
fn what_was_not_asked_is_not_unused() {
    let text = POD.replace("x:bad", "x:bad # forewarn: allow root-user old");
    assert_eq!(told(&review(&text)), ["8 images/tag", "10 images/tag"]);
    let text = "apiVersion: v1\nkind: Service # forewarn: allow images old\n";
    assert_eq!(told(&review(text)), [""; 0]);
    let text = "# forewarn: allow images old\n";
    assert_eq!(told(&review(text)), ["1 suppressions/unused"]);
    let quoted = "a: [\n# forewarn: allow images\n";
    assert_eq!(told(&review(quoted)), [""; 0]);
    let broken = format!("{POD}# forewarn: allow images old\n---\na: [\n");
    assert_eq!(told(&review(&broken)), ["8 images/tag", "10 images/tag"]);
}

#[test]
fn annotations_of_no_use_are_told() {
    let with = |annotation: &str, pod: &str| {
        told(&review(
            &pod.replace("  name: web", &format!("  name: web\n  annotations:\n    forewarn.dev/allow.{annotation}")),
        ))
    };
    let good = POD.replace(":bad", ":good");
    assert_eq!(with("images: it is old", &good), ["6 suppressions/unused"]);
    assert_eq!(with("images: ''", &good), ["6 suppressions/missing-reason"]);
    assert_eq!(with("imagse: it is old", &good), ["6 suppressions/unknown-policy"]);
    assert_eq!(with("root-user: it is old", &good), [""; 0], "it was not asked");
    assert_eq!(with("images: it is old", POD), ["6 suppressions/not-honoured", "10 images/tag", "12 images/tag"]);
}

fn names(pattern: &str) -> Patterns {
    Patterns::of_names([pattern]).unwrap()
}

#[test]
fn exemptions_are_for_codes_paths_and_containers() {
    let exemption = |policies: &str, scope, containers: Option<&str>| Exemption {
        policies: names(policies),
        scope,
        containers: containers.map(names),
        reason: "old".to_owned(),
    };
    let paths = Scope { paths: Some(Patterns::of_paths(["legacy"]).unwrap()), ..Scope::default() };
    for (exemption, file, expected) in [
        (exemption("images/tag", Scope::default(), Some("b")), "a.yaml", [false, true]),
        (exemption("images", paths.clone(), None), "a.yaml", [false, false]),
        (exemption("images", paths, None), "b.yaml", [true, true]),
        (exemption("*", Scope { names: Some(names("w*")), ..Scope::default() }, None), "b.yaml", [true, true]),
        (exemption("images/missing", Scope::default(), None), "b.yaml", [false, false]),
    ] {
        let paths = [("b.yaml".to_owned(), "legacy/b.yaml".to_owned())].into();
        let configuration = Configuration { exemptions: vec![exemption], paths, ..Configuration::default() };
        let review = review_with(&configuration, file, POD);
        let suppressed: Vec<_> = review.findings.iter().map(|found| found.finding.suppressed.is_some()).collect();
        assert_eq!(suppressed, expected);
        assert_eq!(review.exemptions.len(), usize::from(expected.contains(&true)));
    }
}

#[test]
fn the_last_override_that_names_a_policy_counts() {
    let namespaced = |pattern: &str, policy| Override {
        scope: Scope { namespaces: Some(names(pattern)), ..Scope::default() },
        policies: [("images".to_owned(), policy)].into(),
        switches: Default::default(),
    };
    let configuration = Configuration {
        overrides: vec![namespaced("a*", None), namespaced("ab", Some(policy(json!({"word": "good"}))))],
        ..Configuration::default()
    };
    let count = |namespace: &str| {
        let text =
            POD.replace("  name: web", &format!("  name: web\n  namespace: {namespace}")).replace("y:bad", "y:good");
        let review = review_with(&configuration, "a.yaml", &text);
        (review.evaluations, told(&review))
    };
    assert_eq!(count("z"), (1, vec!["9 images/tag".to_owned()]));
    assert_eq!(count("a"), (0, vec![]));
    assert_eq!(count("ab"), (1, vec!["11 images/tag".to_owned()]));
}

#[test]
fn kinds_can_be_left_out() {
    let evaluations = |include: Option<&str>, exclude: Option<&str>| {
        let (include_kinds, exclude_kinds) = (include.map(names), exclude.map(names));
        review_with(&Configuration { include_kinds, exclude_kinds, ..Configuration::default() }, "a.yaml", POD)
            .evaluations
    };
    assert_eq!(evaluations(Some("Pod"), None), 1);
    assert_eq!(evaluations(Some("Deployment"), None), 0);
    assert_eq!(evaluations(None, Some("P*")), 0);
}

fn paths() -> Vec<String> {
    vec!["k8s".to_owned()]
}

/// A baseline of a text's findings.
fn baseline(text: &str) -> String {
    let mut review = review(text);
    accept(&mut review);
    let mut sighting = Sighting::default();
    sighting.add(&review);
    sighting.write(&paths()).unwrap().0
}

#[test]
fn known_findings_are_suppressed_and_new_ones_are_not() {
    let known = baseline(POD);
    assert_eq!(known, baseline(&format!("# moved\n{POD}")));
    let configuration = Configuration { baseline: Some(Baseline::parse(&known).unwrap()), ..Configuration::default() };
    let text = format!("{POD}    - name: c\n      image: z:bad\n").replace("x:bad", "x:good");
    let review = review_with(&configuration, "moved/b.yaml", &text);
    assert_eq!(told(&review), ["10 images/tag baseline: known when the baseline was written", "12 images/tag"]);

    let baseline = configuration.baseline.unwrap();
    let mut sighting = Sighting::default();
    sighting.add(&review);
    let stale = |sighting: &Sighting, paths: Option<&[String]>| -> Vec<u32> {
        baseline.stale(sighting, paths).iter().map(|entry| entry.position.line).collect()
    };
    assert_eq!(stale(&sighting, None).len(), 1, "the one that is mended");
    // Of an object that was not seen, only the same run can tell.
    assert_eq!(stale(&Sighting::default(), None), [0; 0]);
    assert_eq!(stale(&Sighting::default(), Some(&["other".to_owned()])), [0; 0]);
    assert_eq!(stale(&Sighting::default(), Some(&paths())), [5, 6]);
}

#[test]
fn what_is_suppressed_otherwise_is_not_in_a_baseline() {
    let one = baseline(&POD.replace("x:bad", "x:bad  # forewarn: allow images it is old"));
    assert_eq!(one.matches("fingerprint").count(), 1);
    let none = baseline(&POD.replace(":bad", ":good # forewarn: allow images it is old"));
    assert_eq!(none, "{\n  \"version\": 1,\n  \"paths\": [\"k8s\"],\n  \"findings\": []\n}\n");
    assert_eq!(Baseline::parse(&none).unwrap().stale(&Sighting::default(), Some(&paths())).len(), 0);
}

#[test]
fn a_baseline_of_another_form_is_refused_with_its_place() {
    for (text, expected) in [
        ("{\"version\": 2, \"entries\": []}", "1:13: a baseline of version 2, and only version 1 can be read"),
        ("{\n\"version\": 1,\n\"paths\": []}", "1:1: the key `findings` is missing"),
        (
            "{\"version\": 1, \"paths\": [], \"findings\": [{\"policy\": 3}]}",
            "1:53: text is expected, not the number `3`; put it in quotes if it is text",
        ),
        ("[]", "1:1: a mapping is expected, not a list"),
        ("{\n  \"version\": 1,\n  \"paths\": [\n", "3:12: not valid YAML"),
        ("", "1:1: the key `version` is missing"),
    ] {
        let error = Baseline::parse(text).unwrap_err();
        let message = format!("{}:{}: {error}", error.position.line, error.position.column);
        assert!(message.starts_with(expected), "{text}: {message}");
        assert_eq!(error.help.as_deref(), Some("write it anew with `--write-baseline`"));
    }
}

#[test]
fn suppressed_findings_are_shown_on_demand() {
    let text = POD.replace("y:bad", "y:good").replace("x:bad", "x:bad  # forewarn: allow images it is old");
    let review = review(&text);
    assert_eq!(TextReport::new(false).file(&review, &text), "");
    assert_eq!(
        TextReport::new(false).with_suppressed(true).file(&review, &text),
        "\
note[images/tag]: tag image
 --> a.yaml:8:14
  |
8 |       image: x:bad  # forewarn: allow images it is old
  |              ^^^^^
  |
  = note: suppressed by comment: it is old
  = note: in Pod web, container `a`

"
    );
}
