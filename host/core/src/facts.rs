//! Facts that are no Kubernetes objects: what raw policies are asked about, and where their findings belong.

use crate::engine::Engine;
use crate::finding::Finding;
use crate::fingerprint;
use crate::metadata::{Metadata, PolicyType};
use crate::object::Identity;
use crate::policy::{Policy, PolicyError};
use crate::problem::Problem;
use crate::reply;
use crate::request::raw_payload;
use crate::review::{FileReview, LocatedFinding};
use crate::source::Source;
use crate::yaml::{Document, Documents};
use std::sync::Arc;

/// An annotation by which a raw policy names the input that it understands, such as `conntrack`.
const INPUT: &str = "dev.forewarn.input";

/// Facts about one thing, and the files that they were read from.
#[derive(Debug, Clone)]
pub struct Facts {
    /// What they are about.
    pub identity: Identity,
    /// The facts as JSON.
    pub input: String,
    /// Where they come from. A finding about anything else is shown at the first.
    pub files: Vec<FactFile>,
    /// Where in the first file: a JSON Pointer.
    pub otherwise: &'static str,
}

/// A YAML file whose contents are a part of the facts.
#[derive(Debug, Clone)]
pub struct FactFile {
    /// The file's name in reports.
    pub name: String,
    /// Its text.
    pub text: String,
    /// The JSON Pointer in the facts to what the file holds.
    pub holds: &'static str,
}

/// Whether a policy is a raw one that is asked about an input of this name.
#[must_use]
pub fn is_asked(metadata: &Metadata, input: &str) -> bool {
    metadata.policy_type == PolicyType::Raw && metadata.annotation(INPUT) == Some(input)
}

impl Facts {
    /// Asks policies about the facts. Gives a review for each file; objects and evaluations are counted in the first.
    #[must_use]
    pub fn review<'p, E: Engine + 'p>(
        &self,
        engine: &E,
        policies: impl IntoIterator<Item = &'p Policy<E::Module>>,
    ) -> Vec<FileReview>
    where
        E::Module: 'p,
    {
        let sources: Vec<_> = self.files.iter().map(|file| Source::new(&file.text)).collect();
        // What does not parse has no places; whoever built the facts has told of it.
        let first = |source| Documents::new(source).next().and_then(Result::ok).unwrap_or_default();
        let documents: Vec<Document<'_>> = sources.iter().map(first).collect();
        let mut reviews: Vec<_> =
            self.files.iter().map(|file| FileReview { file: file.name.clone(), ..FileReview::default() }).collect();
        let identity = Arc::new(self.identity.clone());
        for policy in policies {
            let findings = self.ask(engine, policy);
            if let Some(review) = reviews.first_mut() {
                review.objects = 1;
                review.evaluations += 1;
            }
            let findings = match findings {
                Ok(findings) => findings,
                Err(error) => {
                    let problem = Problem::of_policy(policy.id(), &self.identity, &error);
                    reviews.iter_mut().take(1).for_each(|review| review.problems.push(problem.clone()));
                    continue;
                }
            };
            for finding in findings {
                let (index, pointer) = self.place(&finding.pointer);
                let parts = (sources.get(index), documents.get(index), reviews.get_mut(index));
                if let (Some(source), Some(document), Some(review)) = parts {
                    let at = Finding { pointer, ..finding.clone() };
                    let located = LocatedFinding::new(source, document, document.root(), policy.id(), &identity, at);
                    review.findings.push(LocatedFinding { finding, ..located });
                }
            }
        }
        for review in &mut reviews {
            review.findings.sort_by_key(|located| located.span.start());
            fingerprint::number(&mut review.findings);
        }
        reviews
    }

    fn ask<E: Engine>(&self, engine: &E, policy: &Policy<E::Module>) -> Result<Vec<Finding>, PolicyError> {
        let payload = raw_payload(&self.input, policy.settings());
        let reply = engine.call(policy.module(), "validate", &payload, policy.host())?;
        Ok(reply::findings(policy.id(), &reply, &self.input)?)
    }

    /// The file that holds what a pointer leads to, and the pointer in it.
    fn place(&self, pointer: &str) -> (usize, String) {
        let inside = |file: &FactFile| {
            let rest = pointer.strip_prefix(file.holds)?;
            (rest.is_empty() || rest.starts_with('/')).then(|| rest.to_owned())
        };
        let mut found = self.files.iter().enumerate().filter_map(|(index, file)| Some((index, inside(file)?)));
        found.next().unwrap_or_else(|| (0, self.otherwise.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::EngineError;
    use crate::host_calls::HostCalls;
    use serde_json::{Map, Value, json};

    /// Checks what it is asked, and reports at the given pointers.
    struct Pointers(&'static [&'static str]);

    impl Engine for Pointers {
        type Module = ();

        fn call(
            &self,
            (): &(),
            operation: &str,
            payload: &[u8],
            _: &Arc<dyn HostCalls>,
        ) -> Result<Vec<u8>, EngineError> {
            let payload: Value = serde_json::from_slice(payload).unwrap();
            assert_eq!((operation, &payload["settings"]), ("validate", &json!({"a": 1})));
            assert_eq!(payload["request"], json!({"chart": {"name": "web"}}));
            let finding = |pointer| json!({"code": "p/x", "severity": "deny", "pointer": pointer, "message": pointer});
            let findings: Vec<_> = self.0.iter().map(finding).collect();
            let findings = json!({"version": 1, "findings": findings}).to_string();
            Ok(json!({"accepted": false, "audit_annotations": {"findings": findings}}).to_string().into_bytes())
        }
    }

    fn metadata(value: Value) -> Metadata {
        Metadata::from_json(value.to_string().as_bytes()).unwrap()
    }

    fn facts() -> Facts {
        let file = |name: &str, text: &str, holds| FactFile { name: name.to_owned(), text: text.to_owned(), holds };
        Facts {
            identity: Identity {
                api_version: String::new(),
                kind: "Chart".to_owned(),
                namespace: None,
                name: Some("web".to_owned()),
            },
            input: r#"{"chart":{"name":"web"}}"#.to_owned(),
            files: vec![
                file("Chart.yaml", "name: web\nversion: 1.0.0\n", "/chart"),
                file("values.yaml", "# nothing\nimage:\n  tag: a\n", "/values"),
            ],
            otherwise: "/version",
        }
    }

    #[test]
    fn findings_are_shown_where_the_facts_come_from() {
        let pointers = &["/values/image/tag", "/releaseNotes", "/chart/name", "/values", "/chart/missing", "/charted"];
        let settings = json!({"a": 1});
        let policy =
            Policy::new("p", metadata(json!({"rules": [], "mutating": false})), settings.as_object().unwrap(), ());
        let [chart, values] = facts().review(&Pointers(pointers), [&policy]).try_into().unwrap();
        let shown = |review: &FileReview| -> Vec<_> {
            let place = |located: &LocatedFinding| (located.finding.pointer.clone(), located.start.line);
            review.findings.iter().map(place).collect()
        };
        let expected =
            |places: &[(&str, u32)]| -> Vec<_> { places.iter().map(|(p, l)| ((*p).to_owned(), *l)).collect() };
        assert_eq!(
            shown(&chart),
            expected(&[("/chart/missing", 1), ("/chart/name", 1), ("/releaseNotes", 2), ("/charted", 2)])
        );
        assert_eq!(shown(&values), expected(&[("/values", 2), ("/values/image/tag", 3)]));
        assert_eq!((chart.objects, chart.evaluations, values.objects, values.evaluations), (1, 1, 0, 0));
    }

    #[test]
    fn an_empty_file_has_a_place_too() {
        let mut facts = facts();
        facts.files.iter_mut().for_each(|file| file.text.clear());
        let settings: Map<_, _> = json!({"a": 1}).as_object().unwrap().clone();
        let policy = Policy::new("p", metadata(json!({"rules": [], "mutating": false})), &settings, ());
        let reviews = facts.review(&Pointers(&["/chart/name", "/values/image"]), [&policy]);
        assert!(reviews.iter().all(|review| review.findings.iter().all(|located| located.start.line == 1)));
        assert_eq!(reviews.iter().map(|review| review.findings.len()).sum::<usize>(), 2);
    }

    #[test]
    fn policies_name_their_input() {
        let with = |kind: &str, input: &str| {
            let annotations = json!({"dev.forewarn.input": input});
            metadata(json!({"rules": [], "mutating": false, "policyType": kind, "annotations": annotations}))
        };
        assert!(is_asked(&with("raw", "chart"), "chart"));
        assert!(!is_asked(&with("raw", "conntrack"), "chart"));
        assert!(!is_asked(&with("kubernetes", "chart"), "chart"));
        assert!(!is_asked(&metadata(json!({"rules": [], "mutating": false, "policyType": "raw"})), "chart"));
    }
}
