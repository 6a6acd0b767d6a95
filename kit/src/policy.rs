//! A policy as Kubewarden calls it.

use crate::finding::Reported;
use crate::json::{Kind, Tape, quote};
use crate::reply::reply;
use crate::request::{Operation, Request};
use crate::settings::Settings;

/// A rule with its settings.
pub trait Policy: Sized {
    /// The policy's id; names the bad thing.
    const ID: &'static str;
    /// What may follow the id in a finding's code, besides `malformed`.
    const CODES: &'static [&'static str];
    /// Whether requests are any JSON instead of admission requests (Kubewarden's raw validation).
    const RAW: bool = false;

    /// Reads the settings; what is wrong with them is told by the reader.
    fn from_settings(settings: &mut Settings<'_>) -> Self;

    /// Decides about an object that is created or changed, or about a raw request.
    fn validate(&self, request: &Request<'_>) -> Outcome;
}

/// What a policy says about one request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// All findings, in document order.
    pub findings: Vec<Reported>,
    /// The whole object after the safe fixes, as JSON.
    pub mutated: Option<String>,
}

/// A payload that no Kubewarden host sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadPayload(String);

impl std::fmt::Display for BadPayload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadPayload {}

/// HTTP status of a refusal that is the operator's fault.
const BAD_REQUEST: u16 = 400;

/// Answers the waPC operation `validate` with a Kubewarden ValidationResponse.
///
/// # Errors
/// When the payload is not `{"request": …, "settings": …}`.
pub fn validate<P: Policy>(payload: &[u8]) -> Result<String, BadPayload> {
    let text = utf8(payload)?;
    let tape = parse(text)?;
    let request = tape.root().get("request").filter(|request| P::RAW || request.kind() == Kind::Object);
    let request = Request::new(request.ok_or_else(|| BadPayload("payload has no `request` mapping".to_owned()))?);
    let mut settings = Settings::new(tape.root().get("settings"));
    let policy = P::from_settings(&mut settings);
    if let Err(problems) = settings.finish() {
        let message = format!("{}: {}", P::ID, problems.join("; "));
        return Ok(format!(r#"{{"accepted":false,"code":{BAD_REQUEST},"message":{}}}"#, quote(&message)));
    }
    let outcome = match request.operation() {
        _ if P::RAW => policy.validate(&request),
        Operation::Create | Operation::Update => policy.validate(&request),
        Operation::Delete | Operation::Other => Outcome::default(),
    };
    Ok(reply(P::ID, &outcome))
}

/// Answers the waPC operation `validate_settings` with a Kubewarden SettingsValidationResponse.
///
/// # Errors
/// When the payload is not JSON.
pub fn validate_settings<P: Policy>(payload: &[u8]) -> Result<String, BadPayload> {
    let text = utf8(payload)?;
    let tape = parse(if text.trim().is_empty() { "{}" } else { text })?;
    let mut settings = Settings::new(Some(tape.root()));
    P::from_settings(&mut settings);
    Ok(match settings.finish() {
        Ok(()) => r#"{"valid":true}"#.to_owned(),
        Err(problems) => format!(r#"{{"valid":false,"message":{}}}"#, quote(&problems.join("; "))),
    })
}

/// Answers Forewarn's own waPC operation `describe`: id, codes, and the JSON Schema of the settings.
pub fn describe<P: Policy>() -> String {
    let mut settings = Settings::describe();
    P::from_settings(&mut settings);
    let codes: Vec<_> = P::CODES.iter().chain(&["malformed"]).map(|code| quote(&format!("{}/{code}", P::ID))).collect();
    format!(r#"{{"id":{},"codes":[{}],"settings":{}}}"#, quote(P::ID), codes.join(","), settings.schema())
}

fn utf8(payload: &[u8]) -> Result<&str, BadPayload> {
    std::str::from_utf8(payload).map_err(|error| BadPayload(format!("payload is not UTF-8: {error}")))
}

fn parse(text: &str) -> Result<Tape<'_>, BadPayload> {
    Tape::parse(text).map_err(|error| BadPayload(format!("payload is not JSON from byte {}", error.offset)))
}
