//! A policy's answer as JSON.

use crate::finding::{Reported, Severity};
use crate::json::write_string;
use crate::patch::Operation;
use crate::policy::Outcome;

/// HTTP status of a refusal: the request was understood, and is forbidden.
const FORBIDDEN: &str = "403";

/// One ValidationResponse for both readers: the cluster sees `accepted`, `message` and `warnings`; the audit log and
/// the offline host see every finding in `audit_annotations`.
pub(crate) fn reply(id: &str, outcome: &Outcome) -> String {
    let counting = |severity| outcome.findings.iter().filter(move |f| f.severity == severity && f.suppressed.is_none());
    let mut reply = String::with_capacity(64 + outcome.findings.len() * 1024);
    if counting(Severity::Deny).next().is_none() {
        reply.push_str("{\"accepted\":true");
    } else {
        reply.push_str("{\"accepted\":false,\"code\":");
        reply.push_str(FORBIDDEN);
        let mut message = String::new();
        counting(Severity::Deny).for_each(|finding| write_sentence(&mut message, id, finding));
        field(&mut reply, "message", &message);
    }
    if let Some(object) = &outcome.mutated {
        reply.push_str(",\"mutated_object\":");
        reply.push_str(object);
    }
    let mut separator = ",\"warnings\":[";
    for finding in counting(Severity::Warn) {
        reply.push_str(separator);
        write_string(&mut reply, &format!("{} [{id}/{}]", finding.message, finding.code));
        separator = ",";
    }
    if separator == "," {
        reply.push(']');
    }
    if !outcome.findings.is_empty() {
        let findings = findings(id, &outcome.findings);
        reply.push_str(",\"audit_annotations\":{\"findings\":");
        write_string(&mut reply, &findings);
        reply.push('}');
    }
    reply.push('}');
    reply
}

/// A denial as `kubectl` shows it, on a line of its own.
fn write_sentence(out: &mut String, id: &str, finding: &Reported) {
    if !out.is_empty() {
        out.push('\n');
    }
    out.push_str(&finding.message);
    if let Some(help) = &finding.help {
        out.push_str("; ");
        out.push_str(help);
    }
    for part in [" [", id, "/", finding.code, " at ", &finding.pointer, "]"] {
        out.push_str(part);
    }
}

fn findings(id: &str, findings: &[Reported]) -> String {
    let mut out = String::with_capacity(32 + findings.len() * 512);
    let mut separator = "{\"version\":1,\"findings\":[";
    for finding in findings {
        out.push_str(separator);
        write_finding(&mut out, id, finding);
        separator = ",";
    }
    out.push_str("]}");
    out
}

fn write_finding(out: &mut String, id: &str, finding: &Reported) {
    // Ids and codes are plain words.
    for part in ["{\"code\":\"", id, "/", finding.code, "\",\"severity\":\"", finding.severity.name(), "\""] {
        out.push_str(part);
    }
    field(out, "pointer", &finding.pointer);
    optional(out, "container", finding.container.as_deref());
    field(out, "message", &finding.message);
    optional(out, "help", finding.help.as_deref());
    out.push_str(",\"fix\":[");
    for (index, operation) in finding.fix.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_operation(out, operation);
    }
    out.push_str("],\"suppressed\":");
    match &finding.suppressed {
        None => out.push_str("null"),
        Some(suppression) => {
            out.push_str("{\"by\":");
            write_string(out, suppression.by);
            field(out, "reason", &suppression.reason);
            out.push('}');
        }
    }
    out.push('}');
}

fn write_operation(out: &mut String, operation: &Operation) {
    out.push_str("{\"op\":");
    write_string(out, operation.name());
    field(out, "path", &operation.path);
    out.push_str(",\"value\":");
    out.push_str(&operation.value);
    out.push('}');
}

/// Appends a member that is not the first.
fn field(out: &mut String, key: &str, text: &str) {
    optional(out, key, Some(text));
}

fn optional(out: &mut String, key: &str, text: Option<&str>) {
    for part in [",\"", key, "\":"] {
        out.push_str(part);
    }
    match text {
        Some(text) => write_string(out, text),
        None => out.push_str("null"),
    }
}
