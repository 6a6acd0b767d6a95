//! `forewarn run`

use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, anyhow};
use forewarn_core::admission::AdmissionRequest;
use forewarn_core::engine::Engine as _;
use forewarn_core::host_calls::offline;
use forewarn_core::metadata::PolicyType;
use forewarn_core::request::raw_payload;
use forewarn_engine::{Engine, Limits};
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use crate::args::Run;
use crate::exit::{Exit, Failure};
use crate::output::print;
use crate::{module, settings};

/// Asks one module about one request, or a raw one about any JSON, as the policy-server does: settings first, then the request. Prints the
/// module's reply.
///
/// # Errors
/// Exit 2 for refused settings, 3 for a request that cannot be read, 4 for a module that fails.
pub(crate) fn run(args: &Run) -> Result<Exit, Failure> {
    let module = module::named(&args.module)?;
    let raw = args.raw || module.metadata.as_ref().is_some_and(|metadata| metadata.policy_type == PolicyType::Raw);
    let request = Asked::read(&args.request, raw)?;
    let settings = args.settings.as_deref().map(settings::read).transpose()?.unwrap_or_default();
    let settings = Value::Object(settings).to_string();

    let engine = Engine::new(Limits::DEFAULT).map_err(Failure::engine)?;
    let guest = engine.module(module.wasm);
    let call = |operation: &str, payload: &[u8]| {
        let reply = engine.call(&guest, operation, payload, &offline());
        let reply = reply.with_context(|| format!("`{}`, operation `{operation}`", args.module.display()));
        let reply = reply.and_then(|reply| serde_json::from_slice::<Value>(&reply).context("the reply is not JSON"));
        reply.map_err(Failure::engine)
    };

    let checked = call("validate_settings", settings.as_bytes())?;
    if checked.get("valid") != Some(&json!(true)) {
        let message = checked.get("message").and_then(Value::as_str).unwrap_or("no reason given").to_owned();
        return Err(Failure::usage(anyhow!("the settings are refused: {message}")));
    }
    let payload = request.payload(&settings)?;
    let reply = call("validate", &payload)?;
    let exit = match reply.get("accepted").and_then(Value::as_bool) {
        Some(true) => Exit::Clean,
        Some(false) => Exit::Denied,
        None => return Err(Failure::engine(anyhow!("the reply does not say `accepted`: {reply}"))),
    };
    print(&format!("{reply:#}\n")).map(|()| exit)
}

/// What the module is asked about.
enum Asked {
    Admission(Box<AdmissionRequest>),
    /// JSON as it was given.
    Raw(String),
}

impl Asked {
    fn read(path: &Path, raw: bool) -> Result<Self, Failure> {
        let text = read(path)?;
        let name = path.display();
        if raw {
            let json = serde_json::from_str::<IgnoredAny>(&text).with_context(|| format!("`{name}` is not JSON"));
            return json.map(|_| Self::Raw(text)).map_err(Failure::input);
        }
        let request = AdmissionRequest::from_json(&text)
            .with_context(|| format!("`{name}` is no AdmissionReview and no AdmissionRequest"));
        request.map(|request| Self::Admission(Box::new(request))).map_err(Failure::input)
    }

    fn payload(&self, settings: &str) -> Result<Vec<u8>, Failure> {
        match self {
            Self::Admission(request) => request.payload(settings).map_err(Failure::input),
            Self::Raw(json) => Ok(raw_payload(json, settings)),
        }
    }
}

fn read(path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let read = if path.as_os_str() == "-" {
        std::io::stdin().lock().read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|mut file| file.read_to_string(&mut text))
    };
    read.with_context(|| format!("cannot read `{}`", path.display())).map_err(Failure::input)?;
    Ok(text)
}
