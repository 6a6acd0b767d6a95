//! Suites as they are written.

use super::expectation::{Expectation, Mutated, Verdict};
use super::reader::{Part, Reader, did_you_mean, list};
use super::{Case, Change, Expect, Given, Placed, Subject, Suite, TestedPolicy};
use crate::metadata::Operation;
use crate::problem::{Problem, ProblemKind};
use crate::source::Source;
use crate::yaml::{Documents, YamlError};
use serde_json::Map;
use std::collections::HashMap;

const SUITE: &[&str] = &["policy", "policies", "settings", "cluster", "cases"];
const POLICY: &[&str] = &["module", "settings"];
const CASE: &[&str] = &[
    "name",
    "object",
    "file",
    "oldObject",
    "oldFile",
    "operation",
    "namespace",
    "subresource",
    "request",
    "requestFile",
    "settings",
    "cluster",
    "expect",
];
const EXPECT: &[&str] = &["verdict", "codes", "contains", "message", "pointer", "mutated"];

impl Suite {
    /// Reads the text of a suite.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(file: &str, text: &str) -> Result<Self, Vec<Problem>> {
        let source = Source::new(text);
        let mut documents = Documents::new(&source);
        let broken = |error: &YamlError| {
            let problem = Problem::of_yaml(file, error);
            vec![Problem { kind: ProblemKind::Configuration, ..problem }]
        };
        let document = match documents.next() {
            Some(document) => document.map_err(|error| broken(&error))?,
            None => Default::default(),
        };
        if let Some(flaw) = document.flaws().first() {
            return Err(broken(flaw));
        }
        let mut reader = Reader { file, source: &source, document: &document, problems: Vec::new() };
        let suite = reader.suite();
        if documents.next().is_some() {
            reader.wrong(
                &reader.root(),
                "the file holds more than one document, and a suite is one",
                "put each suite into a file of its own",
            );
        }
        match reader.problems.is_empty() {
            true => Ok(suite),
            false => Err(reader.problems),
        }
    }
}

impl Reader<'_, '_> {
    fn suite(&mut self) -> Suite {
        let root = self.root();
        if !self.mapping(&root, "a suite", SUITE) {
            return Suite::default();
        }
        let policies = self.policies(&root);
        let cluster = self.cluster(&root);
        let cases = match self.get(&root, "cases") {
            Some(cases) => self.cases(&cases, &policies),
            None => Vec::new(),
        };
        if cases.is_empty() && self.problems.is_empty() {
            self.wrong(&root, "the suite has no cases, so it tests nothing", "write `cases:` with a list of them");
        }
        Suite { policies, cluster, cases }
    }

    fn policies(&mut self, root: &Part) -> Vec<TestedPolicy> {
        let settings = self.get(root, "settings");
        match (self.get(root, "policy"), self.get(root, "policies")) {
            (Some(policy), None) => {
                let settings = self.settings(settings.as_ref(), &policy);
                let module = self.text(&policy, "`policy`");
                module.map(|module| TestedPolicy { id: stem(&module.value), module, settings }).into_iter().collect()
            }
            (None, Some(policies)) => {
                if let Some(settings) = settings {
                    let help = "write them below the policy's id: `policies: {<id>: {settings: …}}`";
                    self.wrong(&settings, "`settings` beside `policies` belong to none of them", help);
                }
                self.several(&policies)
            }
            (Some(_), Some(policies)) => {
                let help = "write all policies below `policies`";
                self.wrong(
                    &policies,
                    "`policy` and `policies` are both there, so it is not clear what is tested",
                    help,
                );
                Vec::new()
            }
            (None, None) => {
                let help = "write `policy:` with the id of a bundled policy or the path of a .wasm file";
                self.wrong(root, "the suite names no policy, so there is nothing to test", help);
                Vec::new()
            }
        }
    }

    fn several(&mut self, policies: &Part) -> Vec<TestedPolicy> {
        if !self.is_mapping(policies) {
            let found = self.shown(policies);
            let help = "write `policies: {<id>: {module: …, settings: …}}`; for a bundled policy its id is enough";
            self.wrong(policies, format!("`policies` is a mapping from ids to policies, not {found}"), help);
            return Vec::new();
        }
        let mut read = Vec::new();
        for (id, part) in self.entries(policies) {
            if EXPECT.contains(&id.as_str()) {
                let message = format!("a policy cannot be called `{id}`, which is a key of `expect`");
                self.wrong(&part, message, "call it something else, and write its module below `module`");
            }
            let position = self.position(&part);
            let Some(part) = self.get(policies, &id) else {
                let module = Placed { value: id.clone(), position };
                read.push(TestedPolicy { id, module, settings: Placed { value: Map::new(), position } });
                continue;
            };
            if !self.mapping(&part, &format!("the policy `{id}`"), POLICY) {
                continue;
            }
            let settings = self.get(&part, "settings");
            let settings = self.settings(settings.as_ref(), &part);
            let module = match self.get(&part, "module") {
                Some(module) => self.text(&module, "`module`"),
                None => Some(Placed { value: id.clone(), position }),
            };
            read.extend(module.map(|module| TestedPolicy { id, module, settings }));
        }
        if read.is_empty() && self.problems.is_empty() {
            self.wrong(policies, "`policies` names none, so there is nothing to test", "write the id of a policy");
        }
        read
    }

    fn settings(&mut self, settings: Option<&Part>, otherwise: &Part) -> Placed<Map<String, serde_json::Value>> {
        match settings {
            Some(settings) => Placed { value: self.object(settings, "`settings`"), position: self.position(settings) },
            None => Placed { value: Map::new(), position: self.position(otherwise) },
        }
    }

    fn cluster(&mut self, parent: &Part) -> Vec<Placed<Given>> {
        let Some(cluster) = self.get(parent, "cluster") else { return Vec::new() };
        let items = self.items(&cluster, "`cluster`");
        items.iter().filter_map(|item| self.given(item, "an item of `cluster`")).collect()
    }

    /// An object that is written there, or a file.
    fn given(&mut self, part: &Part, what: &str) -> Option<Placed<Given>> {
        let position = self.position(part);
        if self.is_mapping(part) {
            return Some(Placed { value: Given::Inline(self.json_text(part)), position });
        }
        match self.string(part).filter(|path| !path.is_empty()).map(str::to_owned) {
            Some(path) => Some(Placed { value: Given::File(path), position }),
            None => {
                let found = self.shown(part);
                self.wrong(part, format!("{what} is an object or the path of a file, not {found}"), "write either");
                None
            }
        }
    }

    fn cases(&mut self, part: &Part, policies: &[TestedPolicy]) -> Vec<Case> {
        let mut cases: Vec<Case> = Vec::new();
        let mut lines: HashMap<String, u32> = HashMap::new();
        for part in self.items(part, "`cases`") {
            let Some(case) = self.case(&part, policies) else { continue };
            let Placed { value: name, position } = &case.name;
            if let Some(line) = lines.get(name) {
                let message = format!("another case is called `{name}` too, in line {line}");
                self.wrong_at(*position, message, "give each case a name that says what it shows");
            }
            lines.entry(name.clone()).or_insert(position.line);
            cases.push(case);
        }
        cases
    }

    fn case(&mut self, part: &Part, policies: &[TestedPolicy]) -> Option<Case> {
        if !self.mapping(part, "a case", CASE) {
            return None;
        }
        let name = match self.get(part, "name") {
            Some(name) => self.text(&name, "`name`"),
            None => {
                self.wrong(part, "the case has no name, so a failure could not be told", "write `name: …`");
                None
            }
        };
        let subject = self.subject(part);
        let cluster = self.cluster(part);
        let settings = self.get(part, "settings").map(|settings| {
            if policies.len() > 1 {
                let help = "add the policy to `policies` once more, under another id, with these settings";
                self.wrong(&settings, "it is not clear which of the suite's policies these settings are for", help);
            }
            self.settings(Some(&settings), part)
        });
        let expect = match self.get(part, "expect") {
            Some(expect) => self.expect(&expect, policies),
            None => Some(Expect::Nothing),
        };
        Some(Case { name: name?, subject: subject?, settings, cluster, expect: expect?, pointer: part.pointer.clone() })
    }

    fn subject(&mut self, part: &Part) -> Option<Subject> {
        let before = self.problems.len();
        let object = self.either(part, "object", "file");
        let old = self.either(part, "oldObject", "oldFile");
        let request = self.request(part);
        let operation = self.get(part, "operation");
        let namespace = self.get(part, "namespace");
        let sub_resource = self.get(part, "subresource");
        if let Some(request) = request {
            let others = ["object", "file", "oldObject", "oldFile", "operation", "namespace", "subresource"];
            for other in others {
                if let Some(other_part) = self.get(part, other) {
                    let message = format!("`{other}` beside a request, which says all that there is to say");
                    self.wrong(&other_part, message, format!("remove `{other}` or the request"));
                }
            }
            return Some(Subject::Request(request));
        }
        let stated = operation.as_ref().and_then(|operation| self.operation(operation));
        let operation = stated.unwrap_or(if old.is_some() { Operation::Update } else { Operation::Create });
        let named = |operation| match operation {
            Operation::Create => "a CREATE",
            Operation::Update => "an UPDATE",
            _ => "a DELETE",
        };
        if self.problems.len() == before {
            let wants_object = operation != Operation::Delete;
            let wants_old = operation != Operation::Create;
            let what = named(operation);
            match (wants_object, &object) {
                (true, None) => {
                    let help = "write `object:` with the object, or `file:` with the path of its manifest";
                    self.wrong(part, format!("{what} needs the object, and the case has none"), help);
                }
                (false, Some(object)) => {
                    let message = format!("{what} has the object that was there, and no new one");
                    self.wrong_at(object.position, message, "write `oldObject` or `oldFile` in its place");
                }
                _ => {}
            }
            match (wants_old, &old) {
                (true, None) => {
                    let help = "write `oldObject:` or `oldFile:`";
                    self.wrong(part, format!("{what} needs the object as it was, and the case has none"), help);
                }
                (false, Some(old)) => {
                    let message = format!("{what} has no object as it was");
                    self.wrong_at(old.position, message, "remove it, or write `operation: UPDATE`");
                }
                _ => {}
            }
        }
        let namespace = namespace.and_then(|namespace| self.text(&namespace, "`namespace`"));
        let sub_resource = sub_resource.and_then(|name| self.text(&name, "`subresource`")).map(|name| name.value);
        (self.problems.len() == before)
            .then(|| Subject::Object(Box::new(Change { operation, object, old, namespace, sub_resource })))
    }

    /// The object under one key or the file under another.
    fn either(&mut self, part: &Part, inline: &str, file: &str) -> Option<Placed<Given>> {
        match (self.get(part, inline), self.get(part, file)) {
            (Some(object), None) if self.is_mapping(&object) => self.given(&object, ""),
            (Some(object), None) => {
                let found = self.shown(&object);
                let help = format!("for the path of a manifest write `{file}:`");
                self.wrong(&object, format!("`{inline}` is an object, not {found}"), help);
                None
            }
            (None, Some(path)) => Some(self.text(&path, &format!("`{file}`"))?.map(Given::File)),
            (Some(_), Some(path)) => {
                let message = format!("`{inline}` and `{file}` are both there, so it is not clear which one is meant");
                self.wrong(&path, message, "remove one of the two");
                None
            }
            (None, None) => None,
        }
    }

    /// A whole request, of which anything can be the value.
    fn request(&mut self, part: &Part) -> Option<Placed<Given>> {
        match (self.present(part, "request"), self.get(part, "requestFile")) {
            (Some(request), None) => {
                Some(Placed { value: Given::Inline(self.json_text(&request)), position: self.position(&request) })
            }
            (None, Some(path)) => Some(self.text(&path, "`requestFile`")?.map(Given::File)),
            (Some(_), Some(path)) => {
                let message = "`request` and `requestFile` are both there, so it is not clear which one is meant";
                self.wrong(&path, message, "remove one of the two");
                None
            }
            (None, None) => None,
        }
    }

    fn operation(&mut self, part: &Part) -> Option<Operation> {
        match self.string(part) {
            Some("CREATE") => return Some(Operation::Create),
            Some("UPDATE") => return Some(Operation::Update),
            Some("DELETE") => return Some(Operation::Delete),
            _ => {}
        }
        let found = self.shown(part);
        let help = "write `CREATE`, `UPDATE` or `DELETE`; for anything else give the whole `request`";
        self.wrong(part, format!("`operation` cannot be {found}"), help);
        None
    }

    fn expect(&mut self, part: &Part, policies: &[TestedPolicy]) -> Option<Expect> {
        let written = self.json(part);
        let ids: Vec<_> = policies.iter().map(|policy| policy.id.as_str()).collect();
        let entries = self.entries(part);
        let by_policy = entries.iter().any(|(key, _)| ids.contains(&key.as_str()));
        if !by_policy {
            return Some(Expect::All(Box::new(self.expectation(part, &ids)?), written));
        }
        self.mapping(part, "`expect` by policy", &ids);
        let known = entries.into_iter().filter(|(key, _)| ids.contains(&key.as_str()));
        let each: Vec<_> = known.map(|(id, part)| self.expectation_of(id, &part)).collect();
        Some(Expect::Each(each.into_iter().collect::<Option<_>>()?, written))
    }

    fn expectation_of(&mut self, id: String, part: &Part) -> Option<(String, Option<Expectation>)> {
        let expectation = match self.is_null(part) {
            true => None,
            false => Some(self.expectation(part, &[])?),
        };
        Some((id, expectation))
    }

    fn expectation(&mut self, part: &Part, ids: &[&str]) -> Option<Expectation> {
        let position = self.position(part);
        let of = |verdict| Expectation {
            verdict,
            codes: None,
            contains: None,
            message: None,
            pointer: None,
            mutated: None,
            position,
        };
        if !self.is_mapping(part) {
            return self.verdict(part).map(of);
        }
        let before = self.problems.len();
        let keys: Vec<_> = EXPECT.iter().chain(ids).copied().collect();
        self.mapping(part, "`expect`", &keys);
        let mutated = self.get(part, "mutated").and_then(|part| self.mutated(&part));
        let verdict = match self.get(part, "verdict") {
            Some(verdict) => self.verdict(&verdict),
            None if mutated.is_some() => Some(Verdict::Mutate),
            None if self.problems.len() == before => {
                self.wrong(part, "the expectation says no verdict", format!("write `verdict:` with {}", verdicts()));
                None
            }
            None => None,
        };
        let mut texts = |key: &str| self.get(part, key).map(|list| self.texts(&list, &format!("`{key}`")));
        let (codes, contains) = (texts("codes"), texts("contains"));
        let mut text =
            |key: &str| Some(self.get(part, key).and_then(|text| self.text(&text, &format!("`{key}`")))?.value);
        let message = text("message");
        let pointer = self.get(part, "pointer").and_then(|pointer| self.pointer(&pointer));
        let verdict = verdict?;
        for (key, allowed) in [
            ("codes", verdict.has_findings()),
            ("contains", verdict.has_findings()),
            ("message", verdict.has_findings() || verdict == Verdict::Error),
            ("pointer", verdict.has_findings()),
            ("mutated", verdict == Verdict::Mutate),
        ] {
            if let Some(part) = self.get(part, key).filter(|_| !allowed) {
                let message = format!("`{key}` beside the verdict `{}`, which never comes with one", verdict.name());
                self.wrong(&part, message, format!("remove `{key}`, or write another verdict"));
            }
        }
        (self.problems.len() == before).then(|| Expectation {
            codes,
            contains,
            message,
            pointer,
            mutated,
            ..of(verdict)
        })
    }

    /// A JSON Pointer; an empty one is the whole object.
    fn pointer(&mut self, part: &Part) -> Option<String> {
        let found = self.string(part).filter(|text| text.is_empty() || text.starts_with('/')).map(str::to_owned);
        if found.is_none() {
            let message = format!("`pointer` is a JSON Pointer, not {}", self.shown(part));
            self.wrong(part, message, "write `/spec/containers/0/image`, or `\"\"` for the object as a whole");
        }
        found
    }

    fn verdict(&mut self, part: &Part) -> Option<Verdict> {
        let text = self.string(part).unwrap_or_default().to_owned();
        if let Some(verdict) = Verdict::ALL.into_iter().find(|verdict| verdict.name() == text) {
            return Some(verdict);
        }
        let names = Verdict::ALL.map(Verdict::name);
        let message = format!("{} is no verdict{}", self.shown(part), did_you_mean(&text, &names));
        self.wrong(part, message, format!("the verdicts are {}", verdicts()));
        None
    }

    fn mutated(&mut self, part: &Part) -> Option<Placed<Mutated>> {
        let position = self.position(part);
        let written = self.json(part);
        let value = match written {
            serde_json::Value::Object(_) => Mutated::Object(written),
            serde_json::Value::String(path) if !path.is_empty() => Mutated::File(path),
            serde_json::Value::Array(_) => match serde_json::from_value::<json_patch::Patch>(written.clone()) {
                Ok(_) => Mutated::Patch(written),
                Err(error) => {
                    let help = "write a list of `{op: add, path: /spec/…, value: …}`, or the whole object";
                    self.wrong(part, format!("`mutated` is no JSON Patch: {error}"), help);
                    return None;
                }
            },
            _ => {
                let found = self.shown(part);
                let help = "write the whole object, a JSON Patch, or the path of a file";
                self.wrong(part, format!("`mutated` cannot be {found}"), help);
                return None;
            }
        };
        Some(Placed { value, position })
    }
}

fn verdicts() -> String {
    list(&Verdict::ALL.map(Verdict::name))
}

/// The id of a policy that has none but its module's name.
fn stem(module: &str) -> String {
    let name = module.rsplit(['/', '\\']).next().unwrap_or(module);
    name.strip_suffix(".wasm").unwrap_or(name).to_owned()
}
