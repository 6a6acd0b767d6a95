//! What a case asks of a policy.

use super::answer::{Again, Answer, Mutation, Outcome};
use crate::admission::{AdmissionRequest, RequestError};
use crate::engine::Engine;
use crate::metadata::Operation;
use crate::object::{Contents, Identity};
use crate::policy::{Policy, PolicyError};
use crate::reply;
use crate::request::{Change, Request, raw_payload};
use crate::resource::Resource;
use crate::rules;
use crate::source::Source;
use crate::yaml::Documents;
use serde_json::{Map, Value};
use thiserror::Error;

/// A question that can be put to policies.
#[derive(Debug, Clone)]
pub struct Question {
    form: Form,
    about: Option<About>,
}

/// What decides whether a policy is asked. A raw request has nothing of it.
#[derive(Debug, Clone)]
struct About {
    identity: Identity,
    plural: String,
    sub_resource: Option<String>,
    operation: Operation,
}

#[derive(Debug, Clone)]
enum Form {
    /// An operation on an object; the change is kept for the second question about what the first one made of it.
    Object(Box<Request>, Change),
    Admission(Box<AdmissionRequest>),
    Raw(String),
}

/// Why something is no question.
#[derive(Debug, Error)]
pub enum QuestionError {
    /// It is no Kubernetes object.
    #[error("it is no Kubernetes object: `apiVersion` and `kind` are expected")]
    NoObject,
    /// It is a list of objects.
    #[error("it holds {count} objects, and a case is about one")]
    Several {
        /// How many.
        count: usize,
    },
    /// The namespace contradicts the object.
    #[error("the object is in the namespace `{own}`, so it cannot go to `{given}`")]
    OtherNamespace {
        /// The object's own.
        own: String,
        /// The case's.
        given: String,
    },
    /// The object is in no namespace.
    #[error("a {kind} belongs to the whole cluster, so it has no namespace")]
    NotNamespaced {
        /// The object's kind.
        kind: String,
    },
    /// It is no admission request.
    #[error("it is no AdmissionReview and no AdmissionRequest: {0}")]
    Request(#[from] RequestError),
}

impl Question {
    /// An operation on an object, given as JSON; a deletion is about the object that was there.
    ///
    /// # Errors
    /// When it is no object, or cannot go to the namespace.
    pub fn of_object(
        operation: Operation,
        object: &str,
        old: Option<String>,
        namespace: Option<&str>,
        sub_resource: Option<String>,
    ) -> Result<Self, QuestionError> {
        let placed = match namespace {
            Some(namespace) => in_namespace(object, namespace)?,
            None => object.to_owned(),
        };
        let old = match (old, namespace) {
            (Some(old), Some(namespace)) => Some(in_namespace(&old, namespace)?),
            (old, _) => old,
        };
        let change = Change { old_object: old, sub_resource };
        Self::build(operation, &placed, change)
    }

    fn build(operation: Operation, object: &str, change: Change) -> Result<Self, QuestionError> {
        let source = Source::new(object);
        let document = Documents::new(&source).next().and_then(Result::ok).ok_or(QuestionError::NoObject)?;
        let contents = Contents::of(&document);
        let object = match contents.objects.as_slice() {
            [object] => object,
            [] => return Err(QuestionError::NoObject),
            several => return Err(QuestionError::Several { count: several.len() }),
        };
        let identity = object.identity().clone();
        let plural = Resource::of(identity.group(), identity.version(), &identity.kind).plural.into_owned();
        let request = match operation {
            Operation::Delete => Request::deletion(&document, object, &change),
            _ => Request::new(&document, object, &change),
        };
        let about = About { identity, plural, sub_resource: change.sub_resource.clone(), operation };
        Ok(Self { form: Form::Object(Box::new(request), change), about: Some(about) })
    }

    /// An AdmissionReview or an AdmissionRequest as JSON.
    ///
    /// # Errors
    /// When it is neither.
    pub fn of_request(json: &str) -> Result<Self, QuestionError> {
        let request = AdmissionRequest::from_json(json)?;
        let kind = &request.kind;
        let api_version = match kind.group.as_str() {
            "" => kind.version.clone(),
            group => format!("{group}/{}", kind.version),
        };
        let operation = match request.operation.as_str() {
            "UPDATE" => Operation::Update,
            "DELETE" => Operation::Delete,
            "CONNECT" => Operation::Connect,
            _ => Operation::Create,
        };
        let about = About {
            identity: Identity {
                api_version,
                kind: kind.kind.clone(),
                namespace: request.namespace.clone(),
                name: request.name.clone(),
            },
            plural: request.resource.resource.clone(),
            sub_resource: request.sub_resource.clone(),
            operation,
        };
        Ok(Self { form: Form::Admission(Box::new(request)), about: Some(about) })
    }

    /// Any JSON, for a raw policy.
    #[must_use]
    pub fn raw(json: String) -> Self {
        Self { form: Form::Raw(json), about: None }
    }

    /// What a policy makes of it.
    pub fn ask<E: Engine>(&self, engine: &E, policy: &Policy<E::Module>) -> Outcome {
        if !self.is_for(policy) {
            return Outcome::Skipped;
        }
        let (findings, mutated) = match self.answer(engine, policy) {
            Ok(answer) => answer,
            Err(error) => return Outcome::Failed(error.to_string()),
        };
        let rejects = findings.iter().any(crate::finding::Finding::denies);
        let mutation = mutated.filter(|_| !rejects).map(|object| {
            let again = self.ask_again(engine, policy, &object);
            Mutation { object, again }
        });
        Outcome::Answered(Answer { findings, mutation })
    }

    /// The object of the question as JSON.
    #[must_use]
    pub fn object_json(&self) -> String {
        match &self.form {
            Form::Object(request, _) => request.object_json().to_owned(),
            Form::Admission(request) => request.object.as_ref().map_or_else(|| "null".to_owned(), Value::to_string),
            Form::Raw(json) => json.clone(),
        }
    }

    fn is_for<M>(&self, policy: &Policy<M>) -> bool {
        let Some(About { identity, plural, sub_resource, operation }) = &self.about else { return true };
        let resource = Resource {
            group: identity.group(),
            version: identity.version(),
            plural: plural.as_str().into(),
            namespaced: identity.namespace.is_some(),
        };
        match sub_resource {
            None => policy.covers(identity, &resource, *operation),
            Some(name) => rules::matches_subresource(&policy.metadata().rules, &resource, name, *operation),
        }
    }

    fn answer<E: Engine>(
        &self,
        engine: &E,
        policy: &Policy<E::Module>,
    ) -> Result<(Vec<crate::finding::Finding>, Option<Value>), PolicyError> {
        let settings = policy.settings();
        let payload = match &self.form {
            Form::Object(request, _) => request.payload(settings),
            // What was read from JSON can be written as JSON.
            Form::Admission(request) => request.payload(settings).unwrap_or_default(),
            Form::Raw(json) => raw_payload(json, settings),
        };
        let reply = engine.call(policy.module(), "validate", &payload, policy.host())?;
        let object = self.object_json();
        Ok((reply::findings(policy.id(), &reply, &object)?, reply::mutation(&reply, &object)))
    }

    /// Puts the question once more, about what the policy has made of the object.
    fn ask_again<E: Engine>(&self, engine: &E, policy: &Policy<E::Module>, object: &Value) -> Again {
        let again = match &self.form {
            Form::Object(_, change) => {
                let operation = self.about.as_ref().map_or(Operation::Create, |about| about.operation);
                match Self::build(operation, &object.to_string(), change.clone()) {
                    Ok(question) => question,
                    Err(error) => return Again::Failed(error.to_string()),
                }
            }
            Form::Admission(request) => {
                let request = AdmissionRequest { object: Some(object.clone()), ..(**request).clone() };
                Self { form: Form::Admission(Box::new(request)), about: None }
            }
            Form::Raw(_) => Self::raw(object.to_string()),
        };
        match again.answer(engine, policy) {
            Err(error) => Again::Failed(error.to_string()),
            Ok((findings, mutated)) => match (findings.iter().find(|finding| finding.denies()), mutated) {
                (Some(denial), _) => Again::Denied(denial.message.clone()),
                (None, Some(object)) => Again::Changed(object),
                (None, None) => Again::Unchanged,
            },
        }
    }
}

/// The object in the namespace that it is created in.
fn in_namespace(object: &str, namespace: &str) -> Result<String, QuestionError> {
    let mut object: Value = serde_json::from_str(object).map_err(|_| QuestionError::NoObject)?;
    let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (api_version, kind) = (text("apiVersion"), text("kind"));
    let (group, version) = api_version.split_once('/').unwrap_or(("", &api_version));
    if !Resource::of(group, version, &kind).namespaced {
        return Err(QuestionError::NotNamespaced { kind });
    }
    let fields = object.as_object_mut().ok_or(QuestionError::NoObject)?;
    if let Value::Object(metadata) = fields.entry("metadata").or_insert_with(|| Map::new().into()) {
        let own = metadata.entry("namespace").or_insert_with(|| namespace.into());
        if *own != namespace {
            let own = own.as_str().map_or_else(|| own.to_string(), str::to_owned);
            return Err(QuestionError::OtherNamespace { own, given: namespace.to_owned() });
        }
    }
    Ok(object.to_string())
}
