//! `forewarn run`

use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, anyhow};
use forewarn_core::admission::AdmissionRequest;
use forewarn_core::engine::Engine as _;
use forewarn_core::host_calls::offline;
use forewarn_engine::{Engine, Limits};
use serde_json::{Value, json};

use crate::args::Run;
use crate::exit::{Exit, Failure};
use crate::output::print;
use crate::{module, settings};

/// Asks one module about one request, as the policy-server does: settings first, then the request. Prints the
/// module's reply.
///
/// # Errors
/// Exit 2 for refused settings, 3 for a request that cannot be read, 4 for a module that fails.
pub(crate) fn run(args: &Run) -> Result<Exit, Failure> {
    let module = module::named(&args.module)?;
    let request = read_request(&args.request)?;
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
    let payload = request.payload(&settings).map_err(Failure::input)?;
    let reply = call("validate", &payload)?;
    let exit = match reply.get("accepted").and_then(Value::as_bool) {
        Some(true) => Exit::Clean,
        Some(false) => Exit::Denied,
        None => return Err(Failure::engine(anyhow!("the reply does not say `accepted`: {reply}"))),
    };
    print(&format!("{reply:#}\n")).map(|()| exit)
}

fn read_request(path: &Path) -> Result<AdmissionRequest, Failure> {
    let mut text = String::new();
    let read = if path.as_os_str() == "-" {
        std::io::stdin().lock().read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|mut file| file.read_to_string(&mut text))
    };
    read.with_context(|| format!("cannot read `{}`", path.display())).map_err(Failure::input)?;
    let request = AdmissionRequest::from_json(&text)
        .with_context(|| format!("`{}` is no AdmissionReview and no AdmissionRequest", path.display()));
    request.map_err(Failure::input)
}
