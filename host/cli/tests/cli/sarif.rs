//! The SARIF report against the standard: which properties its objects may have, which they must, and of what kind.
//!
//! `host/web/e2e/sarif.test.mjs` holds reports against the official JSON Schema. What it demands of the objects that are
//! written is written down here too, because references between parts are followed beyond it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::formats::parsed;

/// What a property holds.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    /// A URI or a relative reference: ASCII, and nothing that has to be encoded.
    Uri,
    Flag,
    /// A number from 0.
    Index,
    /// A number from 1.
    Number,
    OneOf(&'static [&'static str]),
    Object(&'static str),
    /// A list of objects with at least so many.
    List(&'static str, usize),
    /// Objects by any name.
    Map(&'static str),
    Texts,
    TextMap,
    /// Whatever a tool wants to say.
    Bag,
}

/// A property, and whether it must be there.
type Property = (&'static str, bool, Kind);

const LEVELS: Kind = Kind::OneOf(&["none", "note", "warning", "error"]);

/// The properties of an object, by the names of section 3 of the standard.
fn properties(object: &str) -> &'static [Property] {
    use Kind::*;
    match object {
        "sarifLog" => &[("$schema", false, Uri), ("version", true, OneOf(&["2.1.0"])), ("runs", true, List("run", 0))],
        "run" => &[
            ("tool", true, Object("tool")),
            ("invocations", false, List("invocation", 0)),
            ("columnKind", false, OneOf(&["utf16CodeUnits", "unicodeCodePoints"])),
            ("originalUriBaseIds", false, Map("artifactLocation")),
            ("artifacts", false, List("artifact", 0)),
            ("results", false, List("result", 0)),
            ("properties", false, Bag),
        ],
        "tool" => &[("driver", true, Object("toolComponent"))],
        "toolComponent" => &[
            ("name", true, Text),
            ("semanticVersion", false, Text),
            ("informationUri", false, Uri),
            ("rules", false, List("reportingDescriptor", 0)),
        ],
        "reportingDescriptor" => &[
            ("id", true, Text),
            ("shortDescription", false, Object("multiformatMessageString")),
            ("help", false, Object("multiformatMessageString")),
            ("helpUri", false, Uri),
            ("defaultConfiguration", false, Object("reportingConfiguration")),
            ("properties", false, Bag),
        ],
        "reportingConfiguration" => &[("level", false, LEVELS)],
        "multiformatMessageString" => &[("text", true, Text), ("markdown", false, Text)],
        "invocation" => &[
            ("executionSuccessful", true, Flag),
            ("toolExecutionNotifications", false, List("notification", 0)),
            ("toolConfigurationNotifications", false, List("notification", 0)),
        ],
        "notification" => {
            &[("level", false, LEVELS), ("message", true, Object("message")), ("locations", false, List("location", 0))]
        }
        "message" => &[("text", true, Text)],
        "artifact" => &[("location", false, Object("artifactLocation"))],
        "artifactLocation" => {
            &[("uri", false, Uri), ("uriBaseId", false, Text), ("description", false, Object("message"))]
        }
        "result" => &[
            ("ruleId", false, Text),
            ("ruleIndex", false, Index),
            ("level", false, LEVELS),
            ("message", true, Object("message")),
            ("locations", false, List("location", 0)),
            ("partialFingerprints", false, TextMap),
            ("suppressions", false, List("suppression", 0)),
            ("fixes", false, List("fix", 0)),
            ("properties", false, Bag),
        ],
        "location" => &[
            ("physicalLocation", false, Object("physicalLocation")),
            ("logicalLocations", false, List("logicalLocation", 0)),
        ],
        "physicalLocation" => {
            &[("artifactLocation", true, Object("artifactLocation")), ("region", false, Object("region"))]
        }
        "logicalLocation" => &[("fullyQualifiedName", false, Text), ("kind", false, Text)],
        "region" => &[
            ("startLine", true, Number),
            ("startColumn", false, Number),
            ("endLine", false, Number),
            ("endColumn", false, Number),
        ],
        "suppression" => &[
            ("kind", true, OneOf(&["inSource", "external"])),
            ("status", false, OneOf(&["accepted", "underReview", "rejected"])),
            ("justification", false, Text),
        ],
        "fix" => &[("description", false, Object("message")), ("artifactChanges", true, List("artifactChange", 1))],
        "artifactChange" => {
            &[("artifactLocation", true, Object("artifactLocation")), ("replacements", true, List("replacement", 1))]
        }
        "replacement" => {
            &[("deletedRegion", true, Object("region")), ("insertedContent", false, Object("artifactContent"))]
        }
        "artifactContent" => &[("text", false, Text)],
        other => panic!("{other} is no object of the standard"),
    }
}

/// Everything that is wrong with an object, with where it is.
fn faults(value: &Value, object: &'static str, at: &str, faults_found: &mut Vec<String>) {
    let Some(fields) = value.as_object() else { return faults_found.push(format!("{at} is no object")) };
    let known = properties(object);
    for (name, required, kind) in known {
        match fields.get(*name) {
            Some(value) => fault_of(value, *kind, &format!("{at}/{name}"), faults_found),
            None if *required => faults_found.push(format!("{at} has no `{name}`")),
            None => {}
        }
    }
    for name in fields.keys().filter(|name| known.iter().all(|(known, ..)| known != name)) {
        faults_found.push(format!("{at} has the unknown property `{name}`"));
    }
}

fn fault_of(value: &Value, kind: Kind, at: &str, faults_found: &mut Vec<String>) {
    let is_right = match kind {
        Kind::Text => value.is_string(),
        Kind::Uri => value.as_str().is_some_and(is_uri),
        Kind::Flag => value.is_boolean(),
        Kind::Index => value.is_u64(),
        Kind::Number => value.as_u64().is_some_and(|number| number > 0),
        Kind::OneOf(names) => value.as_str().is_some_and(|text| names.contains(&text)),
        Kind::Object(object) => return faults(value, object, at, faults_found),
        Kind::List(object, least) => {
            let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
            for (index, item) in items.iter().enumerate() {
                faults(item, object, &format!("{at}/{index}"), faults_found);
            }
            value.is_array() && items.len() >= least
        }
        Kind::Map(object) => {
            for (name, item) in value.as_object().into_iter().flatten() {
                faults(item, object, &format!("{at}/{name}"), faults_found);
            }
            value.is_object()
        }
        Kind::Texts => value.as_array().is_some_and(|items| items.iter().all(Value::is_string)),
        Kind::TextMap => value.as_object().is_some_and(|fields| fields.values().all(Value::is_string)),
        Kind::Bag => {
            if let Some(tags) = value.get("tags") {
                fault_of(tags, Kind::Texts, &format!("{at}/tags"), faults_found);
            }
            value.is_object()
        }
    };
    if !is_right {
        faults_found.push(format!("{at} is {value}"));
    }
}

/// Whether a text has only the characters of RFC 3986, and percent signs only before two digits.
fn is_uri(text: &str) -> bool {
    let is_allowed =
        |character: char| character.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(character);
    let is_encoded = |rest: &str| rest.get(..2).is_some_and(|two| two.chars().all(|digit| digit.is_ascii_hexdigit()));
    !text.is_empty() && text.chars().all(is_allowed) && text.split('%').skip(1).all(is_encoded)
}

fn all_faults(report: &Value) -> Vec<String> {
    let mut found = Vec::new();
    faults(report, "sarifLog", "", &mut found);
    found
}

#[test]
fn every_object_is_one_of_the_standard() {
    let report = parsed("sarif");
    assert_eq!(all_faults(&report).join("\n"), "");
}

#[test]
fn the_check_against_the_standard_finds_what_is_wrong() {
    let report = parsed("sarif");
    let broken = |pointer: &str, value: Value| {
        let mut report = report.clone();
        *report.pointer_mut(pointer).unwrap() = value;
        all_faults(&report)
    };
    let first = "/runs/0/results/0";
    let location = format!("{first}/locations/0/physicalLocation");
    for (pointer, value) in [
        (format!("{first}/level"), "deny".into()),
        (format!("{first}/message"), serde_json::json!({})),
        (format!("{first}/locations"), Value::Null),
        (format!("{location}/region/startLine"), 0.into()),
        (format!("{location}/artifactLocation/uri"), "a b".into()),
        (format!("{location}/artifactLocation"), serde_json::json!({"url": "a"})),
        (format!("{first}/fixes/0/artifactChanges"), serde_json::json!([])),
        ("/version".to_owned(), "2.0".into()),
    ] {
        assert!(!broken(&pointer, value).is_empty(), "{pointer}");
    }
}

#[test]
fn references_lead_to_what_they_name() {
    let report = parsed("sarif");
    let run = &report["runs"][0];
    let rules: Vec<_> = run["tool"]["driver"]["rules"].as_array().unwrap().iter().map(|rule| &rule["id"]).collect();
    let distinct: BTreeSet<_> = rules.iter().map(|rule| rule.as_str()).collect();
    assert_eq!(distinct.len(), rules.len());
    let artifacts: Vec<_> = run["artifacts"].as_array().unwrap().iter().map(|artifact| &artifact["location"]).collect();
    for result in run["results"].as_array().unwrap() {
        assert_eq!(rules[result["ruleIndex"].as_u64().unwrap() as usize], &result["ruleId"]);
        let location = &result["locations"][0]["physicalLocation"]["artifactLocation"];
        assert!(artifacts.contains(&location), "{location}");
        assert!(run["originalUriBaseIds"].get(location["uriBaseId"].as_str().unwrap()).is_some());
        for fix in result["fixes"].as_array().into_iter().flatten() {
            assert_eq!(&fix["artifactChanges"][0]["artifactLocation"], location);
        }
    }
}
