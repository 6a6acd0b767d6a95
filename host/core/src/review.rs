//! The review of one file: every policy that covers an object is asked about it.

use crate::comparison::{Comparison, Pairing, Unclear};
use crate::configuration::Configuration;
use crate::edit::Refusal;
use crate::engine::Engine;
use crate::finding::Finding;
use crate::fingerprint;
use crate::kubewarden::{Configured, Namespaces, Remark, Situation};
use crate::object::{Contents, Identity, Object};
use crate::policy::{Policy, PolicyError};
use crate::problem::Problem;
use crate::reply;
use crate::request::{Change, Request};
use crate::source::{Position, Source, Span};
use crate::strict::{self, Strict};
use crate::suppress::Suppressions;
use crate::template;
use crate::yaml::{Document, Documents, Located, NodeId};
use std::sync::Arc;

/// Reviews files with a fixed set of policies.
#[derive(Debug)]
pub struct Reviewer<'e, E: Engine> {
    engine: &'e E,
    /// Sorted by id, which is their order in reports.
    policies: Vec<&'e Policy<E::Module>>,
    /// Sorted by id, too.
    configured: Vec<&'e Configured<E::Module>>,
    namespaces: Namespaces,
    comparison: Option<&'e Comparison>,
    strict: Strict,
    configuration: Option<&'e Configuration<E::Module>>,
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
    /// Whether the file is not reviewed but says how others are.
    pub configuration: bool,
    /// The objects, and which policies were asked about each.
    pub asked: Vec<Asked>,
    /// Which exemptions of the configuration apply to a finding, by their number there.
    pub exemptions: Vec<usize>,
}

/// An object, and who was asked about it.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The object.
    pub object: Arc<Identity>,
    /// Which of the file's objects it is, from 0 in the order of the text.
    pub object_index: usize,
    /// Where it is written.
    pub span: Span,
    /// The ids of the policies, sorted; none where the object is as it was, or not to be reviewed.
    pub policies: Vec<String>,
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
        Self::placed(source, document, node, located, policy, identity, finding)
    }

    /// The same with a place that is known already.
    pub(crate) fn placed(
        source: &Source<'_>,
        document: &Document<'_>,
        node: NodeId,
        located: Located,
        policy: &str,
        identity: &Arc<Identity>,
        finding: Finding,
    ) -> Self {
        let place = fingerprint::place(document, node, &finding.pointer);
        let finding = Self::at(source, located.span, policy, identity, &place, finding);
        Self { exact: located.exact, via_alias: located.via_alias, ..finding }
    }

    /// A finding at these bytes; the fingerprint knows the place by this name.
    #[must_use]
    pub fn at(
        source: &Source<'_>,
        span: Span,
        policy: &str,
        identity: &Arc<Identity>,
        place: &str,
        finding: Finding,
    ) -> Self {
        let container = finding.container.as_deref();
        Self {
            fingerprint: fingerprint::of(policy, &finding.code, identity, container, place),
            policy: policy.to_owned(),
            finding,
            object: Arc::clone(identity),
            object_index: 0,
            span,
            start: source.position(span.start()),
            end: source.position(span.end()),
            exact: true,
            via_alias: false,
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

    /// Of a file that says how others are reviewed.
    #[must_use]
    pub fn of_configuration(file: &str, notices: Vec<Notice>) -> Self {
        Self { file: file.to_owned(), notices, configuration: true, ..Self::default() }
    }

    /// Notes what a reader should know about an object. What holds for others too is said once.
    fn remark(&mut self, remarks: Vec<Remark>, position: Position) {
        for Remark { message, help } in remarks {
            if self.notices.iter().all(|notice| notice.message != message) {
                self.notices.push(Notice { message, help: Some(help), position });
            }
        }
    }
}

impl<'e, E: Engine> Reviewer<'e, E> {
    /// Takes the policies to ask. Their settings should have been checked.
    pub fn new(engine: &'e E, policies: impl IntoIterator<Item = &'e Policy<E::Module>>) -> Self {
        let mut policies: Vec<_> = policies.into_iter().collect();
        policies.sort_by_key(|policy| policy.id());
        Self {
            engine,
            policies,
            configured: Vec::new(),
            namespaces: Namespaces::default(),
            comparison: None,
            strict: Strict::Off,
            configuration: None,
        }
    }

    /// Asks these policies too, as Kubewarden would; they are selected by the labels of these namespaces.
    #[must_use]
    pub fn with(
        mut self,
        configured: impl IntoIterator<Item = &'e Configured<E::Module>>,
        namespaces: Namespaces,
    ) -> Self {
        self.configured.extend(configured);
        self.configured.sort_by_key(|configured| configured.id());
        Self { namespaces, ..self }
    }

    /// Reviews changes: an object that was there before is asked about as an UPDATE.
    #[must_use]
    pub fn against(self, comparison: &'e Comparison) -> Self {
        Self { comparison: Some(comparison), ..self }
    }

    /// Looks for fields that the API does not know, too.
    #[must_use]
    pub fn strict(self, strict: Strict) -> Self {
        Self { strict, ..self }
    }

    /// Reviews as it is configured.
    #[must_use]
    pub fn configured(self, configuration: &'e Configuration<E::Module>) -> Self {
        Self { configuration: Some(configuration), ..self }
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
        let mut suppressions = Suppressions::of(text);
        for document in Documents::new(&source) {
            match document {
                Ok(document) => {
                    let flaws = document.flaws().iter().map(|flaw| Problem::of_yaml(file, flaw));
                    review.problems.extend(flaws.map(|problem| Problem { reviewed: true, ..problem }));
                    self.review_document(&source, &document, &mut review);
                    suppressions.iter_mut().for_each(|suppressions| suppressions.add(&document));
                }
                Err(error) => review.problems.push(Problem::of_yaml(file, &error)),
            }
        }
        let nothing = Configuration::default();
        let configuration = self.configuration.unwrap_or(&nothing);
        if let Some(suppressions) = suppressions {
            let own = self.policies.iter().map(|policy| policy.id().to_owned());
            let known = configuration.known.iter().cloned().chain(own).chain([strict::POLICY.to_owned()]).collect();
            suppressions.apply(&source, &known, &mut review);
        }
        configuration.settle(&mut review);
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
        let span = document.span(object.node());
        review.asked.push(Asked { object: Arc::clone(&identity), object_index, span, policies: Vec::new() });
        let Some(change) = self.change(source, document, object, review) else {
            review.unchanged += 1;
            return;
        };
        let policies = match self.configuration {
            Some(configuration) if !configuration.reviews(&identity) => return,
            Some(configuration) => configuration.choose(&self.policies, &review.file, &identity),
            None => self.policies.clone(),
        };
        let situation = Situation::new(document, object, &change);
        let (resource, operation) = (situation.resource(), situation.operation());
        let mut answers = Vec::new();
        for policy in policies.into_iter().filter(|policy| policy.covers(&identity, resource, operation)) {
            answers.push((policy.id(), self.ask(policy, situation.request())));
        }
        let mut remarks = Vec::new();
        let may_ask = |configured: &&&Configured<E::Module>| {
            self.configuration.is_none_or(|configuration| configuration.asks(configured.id(), &review.file, &identity))
        };
        for configured in self.configured.iter().filter(may_ask) {
            let answer = configured.ask(self.engine, &situation, &self.namespaces, &mut remarks);
            answers.extend(answer.map(|answer| (configured.id(), answer)));
        }
        let start = source.position(document.span(object.node()).start());
        review.remark(remarks, start);
        review.evaluations += answers.len();
        if let Some(asked) = review.asked.last_mut() {
            asked.policies = answers.iter().map(|(id, _)| (*id).to_owned()).collect();
            asked.policies.extend((self.strict != Strict::Off).then(|| strict::POLICY.to_owned()));
            asked.policies.sort_unstable();
        }
        let mut located = self.strict.findings(source, document, object, &identity);
        if self.configuration.is_some_and(|configuration| configuration.honour_annotations) {
            strict::exempt_by_annotation(document, object, &mut located);
        }
        for (id, answer) in answers {
            match answer {
                Ok(findings) => located.extend(
                    findings
                        .into_iter()
                        .map(|finding| LocatedFinding::new(source, document, object.node(), id, &identity, finding)),
                ),
                Err(error) => {
                    let problem = Problem::of_policy(id, &identity, &error);
                    review.problems.push(problem.at(&review.file, start));
                }
            }
        }
        located.iter_mut().for_each(|located| located.object_index = object_index);
        // A reader goes through an object from top to bottom; at one place the policies come by their ids.
        located.sort_by(|a, b| (a.span.start(), &a.policy).cmp(&(b.span.start(), &b.policy)));
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
