//! The review of one file: every policy that covers an object is asked about it.

use crate::comparison::{Comparison, Pairing, Unclear};
use crate::edit::Refusal;
use crate::engine::Engine;
use crate::finding::Finding;
use crate::fingerprint;
use crate::metadata::Operation;
use crate::object::{Contents, Identity, Object};
use crate::policy::{Policy, PolicyError};
use crate::problem::Problem;
use crate::reply;
use crate::request::{Change, Request};
use crate::resource::Resource;
use crate::source::{Position, Source, Span};
use crate::template;
use crate::yaml::{Document, Documents, NodeId};
use std::sync::Arc;

/// Reviews files with a fixed set of policies.
#[derive(Debug)]
pub struct Reviewer<'e, E: Engine> {
    engine: &'e E,
    /// Sorted by id, which is their order in reports.
    policies: Vec<&'e Policy<E::Module>>,
    comparison: Option<&'e Comparison>,
}

/// What came of one file.
#[derive(Debug, Clone, Default)]
pub struct FileReview {
    /// The file's name, as given.
    pub file: String,
    /// How many objects the file holds.
    pub objects: usize,
    /// How many times a policy was asked about one of them.
    pub evaluations: usize,
    /// What the policies found: by object in the order of the text, then by policy id, then as the policy lists it.
    pub findings: Vec<LocatedFinding>,
    /// Objects that were not reviewed, because they are as they were before the change.
    pub unchanged: usize,
    /// What a reader should know about how objects were reviewed.
    pub notices: Vec<Notice>,
    /// What was not checked because it is no object.
    pub skipped: Vec<Skipped>,
    /// What could not be checked.
    pub problems: Vec<Problem>,
    /// How many findings are gone because they were fixed.
    pub fixed: usize,
}

/// A finding, and where in the file it is.
#[derive(Debug, Clone)]
pub struct LocatedFinding {
    /// The id of the policy.
    pub policy: String,
    /// The policy's words.
    pub finding: Finding,
    /// The object concerned.
    pub object: Arc<Identity>,
    /// What it is known by from one run to the next: the same wherever object and lines move, 32 hexadecimal digits.
    pub fingerprint: String,
    /// Which of the file's objects it is, from 0 in the order of the text.
    pub object_index: usize,
    /// The bytes to mark.
    pub span: Span,
    /// Where the marked text starts.
    pub start: Position,
    /// Where it ends: the position behind its last character.
    pub end: Position,
    /// Whether the field exists; if not, its nearest parent is marked.
    pub exact: bool,
    /// Whether the field came by an alias or a merge key, so that its text is shared.
    pub via_alias: bool,
    /// Why the fix was not made, if one was wanted and not made.
    pub not_fixed: Option<Refusal>,
}

/// Something about an object's review that is neither a finding nor a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What happened.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Where the object starts.
    pub position: Position,
}

/// A part of a file that was not checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The line where it starts, from 1.
    pub line: u32,
    /// Why it was skipped.
    pub reason: SkipReason,
}

/// Why a part of a file is not checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SkipReason {
    /// The YAML is no Kubernetes object.
    NotAnObject,
    /// The file is a Helm template.
    UnrenderedHelmTemplate,
}

impl SkipReason {
    /// The reason in words.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::NotAnObject => "not a Kubernetes object: a mapping with `apiVersion` and `kind` is expected",
            Self::UnrenderedHelmTemplate => "unrendered Helm template",
        }
    }

    /// What to do to have it checked.
    #[must_use]
    pub fn hint(self) -> Option<&'static str> {
        match self {
            Self::NotAnObject => None,
            Self::UnrenderedHelmTemplate => Some("check what it renders to: `helm template … | forewarn check -`"),
        }
    }
}

impl LocatedFinding {
    /// Places a finding about the object at `node` in its file, of which it is taken to be the first object. The
    /// fingerprint tells it from others only when those of the whole file have been numbered.
    #[must_use]
    pub fn new(
        source: &Source<'_>,
        document: &Document<'_>,
        node: NodeId,
        policy: &str,
        identity: &Arc<Identity>,
        finding: Finding,
    ) -> Self {
        let located = document.locate(source, node, &finding.pointer);
        let place = fingerprint::place(document, node, &finding.pointer);
        let container = finding.container.as_deref();
        Self {
            fingerprint: fingerprint::of(policy, &finding.code, identity, container, &place),
            policy: policy.to_owned(),
            finding,
            object: Arc::clone(identity),
            object_index: 0,
            span: located.span,
            start: source.position(located.span.start()),
            end: source.position(located.span.end()),
            exact: located.exact,
            via_alias: located.via_alias,
            not_fixed: None,
        }
    }
}

impl FileReview {
    /// Of a file that is no Kubernetes object as a whole.
    #[must_use]
    pub fn not_an_object(file: &str) -> Self {
        let skipped = vec![Skipped { line: 1, reason: SkipReason::NotAnObject }];
        Self { file: file.to_owned(), skipped, ..Self::default() }
    }
}

impl<'e, E: Engine> Reviewer<'e, E> {
    /// Takes the policies to ask. Their settings should have been checked.
    pub fn new(engine: &'e E, policies: impl IntoIterator<Item = &'e Policy<E::Module>>) -> Self {
        let mut policies: Vec<_> = policies.into_iter().collect();
        policies.sort_by_key(|policy| policy.id());
        Self { engine, policies, comparison: None }
    }

    /// Reviews changes: an object that was there before is asked about as an UPDATE.
    #[must_use]
    pub fn against(self, comparison: &'e Comparison) -> Self {
        Self { comparison: Some(comparison), ..self }
    }

    /// Reviews the text of a file. The result depends on nothing but the arguments and the policies.
    #[must_use]
    pub fn review(&self, file: &str, text: &str) -> FileReview {
        let source = Source::new(text);
        let mut review = FileReview { file: file.to_owned(), ..FileReview::default() };
        if let Some(offset) = template::unrendered_helm_template(&source) {
            review
                .skipped
                .push(Skipped { line: source.position(offset).line, reason: SkipReason::UnrenderedHelmTemplate });
            return review;
        }
        for document in Documents::new(&source) {
            match document {
                Ok(document) => {
                    let flaws = document.flaws().iter().map(|flaw| Problem::of_yaml(file, flaw));
                    review.problems.extend(flaws.map(|problem| Problem { reviewed: true, ..problem }));
                    self.review_document(&source, &document, &mut review);
                }
                Err(error) => review.problems.push(Problem::of_yaml(file, &error)),
            }
        }
        fingerprint::number(&mut review.findings);
        review
    }

    fn review_document(&self, source: &Source<'_>, document: &Document<'_>, review: &mut FileReview) {
        let contents = Contents::of(document);
        for object in &contents.objects {
            self.review_object(source, document, object, review);
        }
        review.skipped.extend(contents.others.into_iter().map(|node| Skipped {
            line: source.position(document.span(node).start()).line,
            reason: SkipReason::NotAnObject,
        }));
    }

    fn review_object(&self, source: &Source<'_>, document: &Document<'_>, object: &Object, review: &mut FileReview) {
        let object_index = review.objects;
        review.objects += 1;
        let identity = Arc::new(object.identity().clone());
        let Some(change) = self.change(source, document, object, review) else {
            review.unchanged += 1;
            return;
        };
        let operation = if change.old_object.is_some() { Operation::Update } else { Operation::Create };
        let resource = Resource::of(identity.group(), identity.version(), &identity.kind);
        let covering: Vec<_> =
            self.policies.iter().filter(|policy| policy.covers(&identity, &resource, operation)).collect();
        if covering.is_empty() {
            return;
        }
        let request = Request::new(document, object, &change);
        let mut located = Vec::new();
        for policy in covering {
            review.evaluations += 1;
            match self.ask(policy, &request) {
                Ok(findings) => located.extend(findings.into_iter().map(|finding| {
                    let located = LocatedFinding::new(source, document, object.node(), policy.id(), &identity, finding);
                    LocatedFinding { object_index, ..located }
                })),
                Err(error) => {
                    let start = document.span(object.node()).start();
                    let problem = Problem::of_policy(policy.id(), &identity, &error);
                    review.problems.push(problem.at(&review.file, source.position(start)));
                }
            }
        }
        // A reader goes through an object from top to bottom; at one place the policies come by their ids.
        located.sort_by_key(|finding| finding.span.start());
        review.findings.append(&mut located);
    }

    /// What is done to the object; nothing where it is as it was.
    fn change(
        &self,
        source: &Source<'_>,
        document: &Document<'_>,
        object: &Object,
        review: &mut FileReview,
    ) -> Option<Change> {
        let Some(comparison) = self.comparison else { return Some(Change::default()) };
        let mut json = String::new();
        object.write_json(document, &mut json);
        let old = match comparison.pair(&review.file, object.identity(), object.name(), &json) {
            Pairing::New => None,
            Pairing::Unchanged(_) if !comparison.all => return None,
            Pairing::Unchanged(old) | Pairing::Changed(old) => Some(old.to_owned()),
            Pairing::Unclear(why) => {
                let position = source.position(document.span(object.node()).start());
                review.notices.push(notice(object.identity(), &why, position));
                None
            }
        };
        Some(Change { old_object: old, sub_resource: None })
    }

    fn ask(&self, policy: &Policy<E::Module>, request: &Request) -> Result<Vec<Finding>, PolicyError> {
        let payload = request.payload(policy.settings());
        let reply = self.engine.call(policy.module(), "validate", &payload, policy.host())?;
        Ok(reply::findings(policy.id(), &reply, request.object_json())?)
    }
}

fn notice(object: &Identity, why: &Unclear<'_>, position: Position) -> Notice {
    let (reason, help) = match why {
        Unclear::GeneratedName => ("`generateName` gives it another name each time".to_owned(), "give it a `name`"),
        Unclear::Several(places) => {
            let places: Vec<_> = places.iter().map(|place| format!("`{place}`")).collect();
            let reason = format!("several objects have its name, before the change in {}", places.join(", "));
            (reason, "give each its own name or `namespace`, or check one folder at a time")
        }
        Unclear::Unreadable(place) => {
            let reason = format!("it may have been in `{place}`, which cannot be read as it was before the change");
            (reason, "compare with a revision in which the file can be read")
        }
    };
    let message = format!(
        "{object} cannot be compared with what it was: {reason}; it is reviewed as a new object, and policies about \
         changes are not asked about it"
    );
    Notice { message, help: Some(help.to_owned()), position }
}
