//! From a suite as it is written to questions that can be put.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use forewarn_core::cluster::Cluster;
use forewarn_core::metadata::{Operation, PolicyType};
use forewarn_core::policy::{Policy, SettingsError};
use forewarn_core::problem::{Problem, ProblemKind};
use forewarn_core::source::Position;
use forewarn_core::suite::{
    Case, Change, Expect, Expectation, Given, Mutated, Placed, Question, Subject, Suite, TestedPolicy, applied,
    check_objects, json_in, object_in,
};
use forewarn_engine::Module;
use serde_json::{Map, Value};

use super::modules::{Modules, Tested};
use crate::exit::Exit;
use crate::inputs::Input;
use crate::module;

/// A policy that is ready to be asked.
pub(super) type Ready = Policy<Arc<Module>>;

/// A case that is ready to be run.
pub(super) struct Loaded {
    /// The case as it is written.
    pub(super) case: Case,
    /// Each policy to ask, in the order of the suite, and what to ask it.
    pub(super) asked: Vec<Asked>,
}

/// One policy's part in a case.
pub(super) struct Asked {
    /// The policy with its settings and its cluster.
    pub(super) policy: Ready,
    /// The question.
    pub(super) question: Question,
    /// The mutated object that is expected.
    pub(super) mutated: Option<Value>,
}

/// Reads what the cases of a suite need.
pub(super) struct Loader<'l> {
    pub(super) modules: &'l Modules,
    /// The suite's name in reports.
    pub(super) file: &'l str,
    /// The folder that its paths start from.
    pub(super) folder: PathBuf,
    /// What is wrong so far.
    pub(super) problems: Vec<Problem>,
}

impl Loader<'_> {
    /// Makes the cases whose names are `wanted` ready.
    pub(super) fn suite(&mut self, suite: Suite, wanted: impl Fn(&str) -> bool) -> Vec<Loaded> {
        let policies: Vec<_> =
            suite.policies.into_iter().filter_map(|policy| Some((self.module(&policy)?, policy))).collect();
        let checked: Vec<_> = policies.iter().map(|(tested, policy)| self.policy(tested, policy, None)).collect();
        if !self.problems.is_empty() || checked.iter().any(Option::is_none) {
            return Vec::new();
        }
        let shared = self.cluster(&suite.cluster);
        // Read all the same: a suite is whole or broken, whatever part of it is run.
        let mut cases: Vec<_> =
            suite.cases.into_iter().map(|case| self.case(case, &policies, shared.clone())).collect();
        cases.retain(|loaded| wanted(&loaded.case.name.value));
        cases
    }

    fn wrong(&mut self, at: Position, message: impl Into<String>, help: Option<String>) {
        let problem = Problem::new(ProblemKind::Configuration, message).at(self.file, at);
        self.problems.push(Problem { help, ..problem });
    }

    fn module(&mut self, policy: &TestedPolicy) -> Option<Arc<Tested>> {
        match self.modules.named(&policy.module.value, &self.folder) {
            Ok(tested) => Some(tested),
            Err(failure) => {
                let kind = if failure.exit == Exit::Engine { ProblemKind::Engine } else { ProblemKind::Configuration };
                let problem = Problem::new(kind, format!("{:#}", failure.error)).at(self.file, policy.module.position);
                self.problems.push(Problem { help: failure.help, ..problem });
                None
            }
        }
    }

    /// A policy with settings that it takes; those of a case in place of its own.
    fn policy(
        &mut self,
        tested: &Tested,
        policy: &TestedPolicy,
        settings: Option<&Placed<Map<String, Value>>>,
    ) -> Option<Ready> {
        let Placed { value, position } = settings.unwrap_or(&policy.settings);
        let ready = Policy::new(&*policy.id, tested.metadata.clone(), value, Arc::clone(&tested.module));
        match ready.check_settings(self.modules.engine()) {
            Ok(()) => Some(ready),
            Err(SettingsError::Refused { message }) => {
                let known = module::bundled(&policy.module.value).map(|known| known.id);
                let help = known.map(|id| format!("`forewarn explain {id}` lists the settings"));
                self.wrong(*position, format!("`{}` refuses its settings: {message}", policy.id), help);
                None
            }
            Err(SettingsError::Failed(error)) => {
                let message = format!("`{}` fails when it is asked about its settings: {error}", policy.id);
                self.problems.push(Problem::new(ProblemKind::Engine, message).at(self.file, *position));
                None
            }
        }
    }

    fn case(&mut self, case: Case, policies: &[(Arc<Tested>, TestedPolicy)], mut cluster: Vec<String>) -> Loaded {
        cluster.extend(self.cluster(&case.cluster));
        let cluster = Arc::new(cluster);
        let mut asked = Vec::new();
        let subject = self.subject(&case.subject);
        for (tested, policy) in policies {
            let Some(expectation) = case.expect.of(&policy.id) else { continue };
            let Some(mut ready) = self.policy(tested, policy, case.settings.as_ref()) else { continue };
            let kinds = &tested.metadata.context_aware_resources;
            let inputs: Arc<Vec<String>> = Arc::clone(&cluster);
            ready.see(&Arc::new(Cluster::new(inputs, kinds)));
            let Some(question) = subject.as_ref().and_then(|json| self.question(&case, json, tested, policy)) else {
                continue;
            };
            let mutated = expectation.and_then(|expectation| self.mutated(expectation, &question));
            asked.push(Asked { policy: ready, question, mutated });
        }
        Loaded { case, asked }
    }

    /// What a case is about, as JSON: the object or the request, and the object as it was.
    fn subject(&mut self, subject: &Subject) -> Option<(String, Option<String>)> {
        match subject {
            Subject::Request(request) => Some((self.json(request)?, None)),
            Subject::Object(change) => {
                let before = self.problems.len();
                let object = change.object.as_ref().and_then(|object| self.object(object));
                let old = change.old.as_ref().and_then(|old| self.object(old));
                if self.problems.len() > before {
                    return None;
                }
                match change.operation {
                    Operation::Delete => Some((old?, None)),
                    _ => Some((object?, old)),
                }
            }
        }
    }

    fn question(
        &mut self,
        case: &Case,
        (json, old): &(String, Option<String>),
        tested: &Tested,
        policy: &TestedPolicy,
    ) -> Option<Question> {
        let is_raw = tested.metadata.policy_type == PolicyType::Raw;
        match &case.subject {
            Subject::Request(_) if is_raw => Some(Question::raw(json.clone())),
            Subject::Request(request) => match Question::of_request(json) {
                Ok(question) => Some(question),
                // Nothing says that it is not raw.
                Err(_) if !tested.annotated => Some(Question::raw(json.clone())),
                Err(error) => {
                    let help = "write the request that an API server would send, or `object:` with the object alone";
                    self.wrong(request.position, error.to_string(), Some(help.to_owned()));
                    None
                }
            },
            Subject::Object(_) if is_raw => {
                let message = format!("`{}` is a raw policy, which is not asked about objects", policy.id);
                self.wrong(case.name.position, message, Some("write `request:` with its input".to_owned()));
                None
            }
            Subject::Object(change) => {
                let Change { operation, namespace, sub_resource, object, old: old_at } = &**change;
                let at = namespace.as_ref().map(|namespace| namespace.position);
                let at = at.or_else(|| object.as_ref().or(old_at.as_ref()).map(|given| given.position));
                let namespace = namespace.as_ref().map(|namespace| namespace.value.as_str());
                match Question::of_object(*operation, json, old.clone(), namespace, sub_resource.clone()) {
                    Ok(question) => Some(question),
                    Err(error) => {
                        self.wrong(at.unwrap_or(case.name.position), error.to_string(), None);
                        None
                    }
                }
            }
        }
    }

    /// The whole mutated object that an expectation describes.
    fn mutated(&mut self, expectation: &Expectation, question: &Question) -> Option<Value> {
        let mutated = expectation.mutated.as_ref()?;
        let given = match &mutated.value {
            Mutated::Object(object) => return Some(object.clone()),
            Mutated::Patch(patch) => {
                let object: Value = serde_json::from_str(&question.object_json()).unwrap_or_default();
                let made = applied(patch, &object);
                if made.is_none() {
                    let message = "the patch does not fit the case's object: it names a place that is not there";
                    self.wrong(mutated.position, message, Some("write paths that exist in the object".to_owned()));
                }
                return made;
            }
            Mutated::File(path) => Given::File(path.clone()),
        };
        let json = self.object(&Placed { value: given, position: mutated.position })?;
        serde_json::from_str(&json).ok()
    }

    fn object(&mut self, given: &Placed<Given>) -> Option<String> {
        let (text, name, which) = match &given.value {
            Given::Inline(json) => return Some(json.clone()),
            file => {
                let (path, which) = file.file()?;
                (self.read(path, given.position)?, path, which)
            }
        };
        match object_in(&text, which) {
            Ok(json) => Some(json),
            Err(error) => {
                let help = match &error {
                    forewarn_core::suite::GivenError::Several { first, .. } => {
                        Some(format!("name it behind a `#`: `{name}#{first}`"))
                    }
                    _ => None,
                };
                self.wrong(given.position, format!("`{name}`: {error}"), help);
                None
            }
        }
    }

    /// Any YAML or JSON, as JSON.
    fn json(&mut self, given: &Placed<Given>) -> Option<String> {
        let path = match &given.value {
            Given::Inline(json) => return Some(json.clone()),
            Given::File(path) => path,
        };
        let text = self.read(path, given.position)?;
        match json_in(&text) {
            Ok(json) => Some(json),
            Err(error) => {
                self.wrong(given.position, format!("`{path}`: {error}"), None);
                None
            }
        }
    }

    /// The texts of a cluster.
    fn cluster(&mut self, items: &[Placed<Given>]) -> Vec<String> {
        let mut texts = Vec::new();
        for item in items {
            let (text, name) = match &item.value {
                Given::Inline(json) => (json.clone(), "the object"),
                Given::File(path) => match self.read(path, item.position) {
                    Some(text) => (text, path.as_str()),
                    None => continue,
                },
            };
            match check_objects(&text) {
                Ok(()) => texts.push(text),
                Err(error) => self.wrong(item.position, format!("`{name}`: {error}"), None),
            }
        }
        texts
    }

    fn read(&mut self, path: &str, at: Position) -> Option<String> {
        match Input::named(&self.folder.join(Path::new(path))).read() {
            Ok(text) => text,
            Err(error) => {
                let help = "paths start from the folder of the suite";
                self.wrong(at, error.to_string(), Some(help.to_owned()));
                None
            }
        }
    }
}

/// Whether a case says what it expects of a policy.
pub(super) fn expectation<'c>(case: &'c Case, policy: &str) -> Option<&'c Expectation> {
    match &case.expect {
        Expect::Nothing => None,
        expect => expect.of(policy).flatten(),
    }
}
