//! Asking a shipped module.

use std::sync::{Arc, OnceLock};

use forewarn_core::cluster::{Cluster, View};
use forewarn_core::engine::Engine as _;
use forewarn_core::host_calls::{HostCalls, offline};
use forewarn_core::metadata::{Metadata, PolicyType};
use forewarn_core::object::{Contents, Identity};
use forewarn_core::reply;
use forewarn_core::request::{Change, Request, raw_payload};
use forewarn_core::review::{FileReview, LocatedFinding};
use forewarn_core::source::Source;
use forewarn_core::yaml::{Document, Documents, NodeId};
use forewarn_engine::{Engine, Limits, Module, inspect};
use serde_json::Value;
use serde_json::value::Map;

/// A bundled policy, loaded.
pub struct Policy {
    /// The policy's id.
    pub id: &'static str,
    /// The module that Kubewarden loads.
    pub wasm: &'static [u8],
    module: Module,
}

/// What came of one object.
pub struct Answer {
    /// The object that was asked about, as JSON.
    pub object: Value,
    /// The module's whole reply.
    pub reply: Value,
    /// The findings in it, placed in the file.
    pub findings: Vec<LocatedFinding>,
}

impl Answer {
    /// The findings that nothing exempts.
    pub fn counting(&self) -> impl Iterator<Item = &LocatedFinding> {
        self.findings.iter().filter(|located| located.finding.suppressed.is_none())
    }

    /// Whether the object is accepted.
    #[must_use]
    pub fn accepted(&self) -> bool {
        self.reply.get("accepted") == Some(&Value::Bool(true))
    }
}

/// The bundled policies, loaded once per process.
///
/// # Panics
/// When they were not built, because then nothing can be tested.
#[expect(clippy::panic, reason = "a test run without modules must not pass")]
pub fn policies() -> &'static [Policy] {
    static POLICIES: OnceLock<Vec<Policy>> = OnceLock::new();
    POLICIES.get_or_init(|| {
        if std::env::var_os(crate::WORKSPACE).is_some() {
            return built().unwrap_or_else(|error| panic!("{error}"));
        }
        let bundled = forewarn_bundle::policies();
        if bundled.is_empty() {
            panic!("the policies are not built: write `./bootstrap build`");
        }
        let load = |policy: &forewarn_bundle::BundledPolicy| Policy {
            id: policy.id,
            wasm: policy.wasm,
            module: policy.module(engine()),
        };
        bundled.iter().map(load).collect()
    })
}

/// The policies that another workspace built.
fn built() -> std::io::Result<Vec<Policy>> {
    let mut policies = Vec::new();
    for entry in std::fs::read_dir(crate::root().join("target/policies"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "wasm") {
            let wasm: &'static [u8] = std::fs::read(&path)?.leak();
            let id = path.file_stem().unwrap_or_default().to_string_lossy().into_owned().leak();
            policies.push(Policy { id, wasm, module: engine().module(wasm) });
        }
    }
    Ok(policies)
}

/// The engine that all tests share.
///
/// # Panics
/// When wasmtime does not support this machine.
#[expect(clippy::panic, reason = "a test run without an engine must not pass")]
pub fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| Engine::new(Limits::DEFAULT).unwrap_or_else(|error| panic!("{error}")))
}

impl Policy {
    /// Calls an operation, offline, and reads the reply as JSON.
    ///
    /// # Errors
    /// What the engine says, or that the reply is not JSON.
    pub fn call(&self, operation: &str, payload: &[u8]) -> Result<Value, String> {
        self.call_seeing(operation, payload, &offline())
    }

    fn call_seeing(&self, operation: &str, payload: &[u8], host: &Arc<dyn HostCalls>) -> Result<Value, String> {
        let reply = engine().call(&self.module, operation, payload, host).map_err(|error| error.to_string())?;
        serde_json::from_slice(&reply).map_err(|error| format!("reply to `{operation}`: {error}"))
    }

    /// What the module says about itself.
    ///
    /// # Errors
    /// When the metadata cannot be read.
    pub fn metadata(&self) -> Result<Metadata, String> {
        let info = inspect(self.wasm).map_err(|error| error.to_string())?;
        Metadata::from_json(info.metadata().unwrap_or_default()).map_err(|error| error.to_string())
    }

    /// Asks about every object in a manifest, or a raw policy about every document. The manifest is also the cluster,
    /// as far as the policy declares its kinds. With `old` the requests are UPDATEs of the objects at the same places in
    /// that manifest.
    ///
    /// # Errors
    /// A sentence about YAML that does not parse, or a reply that is no verdict.
    pub fn review(
        &self,
        text: &str,
        settings: &Map<String, Value>,
        old: Option<&str>,
        sub_resource: Option<&str>,
    ) -> Result<Vec<Answer>, String> {
        let settings = Value::Object(settings.clone()).to_string();
        let metadata = self.metadata()?;
        let raw = metadata.policy_type == PolicyType::Raw;
        let declared = &metadata.context_aware_resources;
        let cluster = Cluster::new(Arc::new(vec![text.to_owned()]), declared);
        let host: Arc<dyn HostCalls> = Arc::new(View::new(Arc::new(cluster), declared));
        let mut old = old.map(objects).transpose()?.unwrap_or_default().into_iter();
        let mut answers = Vec::new();
        let source = Source::new(text);
        for document in Documents::new(&source) {
            let document = document.map_err(|error| error.to_string())?;
            if raw {
                let mut input = String::new();
                document.write_json(document.root(), &mut input);
                let identity =
                    Identity { api_version: String::new(), kind: "Input".to_owned(), namespace: None, name: None };
                let asked = Asked { node: document.root(), identity, payload: raw_payload(&input, &settings), input };
                answers.push(self.answer(&source, &document, asked, &host)?);
                continue;
            }
            for object in &Contents::of(&document).objects {
                let change = Change { old_object: old.next(), sub_resource: sub_resource.map(str::to_owned) };
                let request = Request::new(&document, object, &change);
                let asked = Asked {
                    node: object.node(),
                    identity: object.identity().clone(),
                    payload: request.payload(&settings),
                    input: request.object_json().to_owned(),
                };
                answers.push(self.answer(&source, &document, asked, &host)?);
            }
        }
        Ok(answers)
    }

    fn answer(
        &self,
        source: &Source<'_>,
        document: &Document<'_>,
        asked: Asked,
        host: &Arc<dyn HostCalls>,
    ) -> Result<Answer, String> {
        let reply = self.call_seeing("validate", &asked.payload, host)?;
        let found = reply::findings(self.id, reply.to_string().as_bytes(), &asked.input);
        let found = found.map_err(|error| error.to_string())?;
        let identity = Arc::new(asked.identity);
        let locate = |finding| LocatedFinding::new(source, document, asked.node, self.id, &identity, finding);
        let mut findings: Vec<_> = found.into_iter().map(locate).collect();
        findings.sort_by_key(|located| located.span.start());
        let object = serde_json::from_str(&asked.input).map_err(|error| error.to_string())?;
        Ok(Answer { object, reply, findings })
    }
}

/// One question, and what it is about.
struct Asked {
    node: NodeId,
    identity: Identity,
    payload: Vec<u8>,
    /// The object, or the raw input, as JSON.
    input: String,
}

/// A review as the text report takes it.
#[must_use]
pub fn file_review(file: &str, answers: &[Answer]) -> FileReview {
    let findings = answers.iter().flat_map(Answer::counting).cloned().collect();
    FileReview { file: file.to_owned(), findings, ..FileReview::default() }
}

/// Every object of a manifest as JSON text.
fn objects(text: &str) -> Result<Vec<String>, String> {
    let source = Source::new(text);
    let mut found = Vec::new();
    for document in Documents::new(&source) {
        let document = document.map_err(|error| error.to_string())?;
        for object in &Contents::of(&document).objects {
            let mut json = String::new();
            object.write_json(&document, &mut json);
            found.push(json);
        }
    }
    Ok(found)
}

/// A YAML mapping as JSON.
///
/// # Errors
/// A sentence about what it is instead.
pub fn mapping(text: &str) -> Result<Map<String, Value>, String> {
    let source = Source::new(text);
    let document = Documents::new(&source).next().ok_or("nothing there")?.map_err(|error| error.to_string())?;
    let mut json = String::new();
    document.write_json(document.root(), &mut json);
    match serde_json::from_str(&json) {
        Ok(Value::Object(mapping)) => Ok(mapping),
        other => Err(format!("not a mapping: {other:?}")),
    }
}
