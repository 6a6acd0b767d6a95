//! `forewarn check --strict`: fields, types and kinds that the API does not know.

use serde_json::Value;

use crate::forewarn::Folder;

const MISSPELT: &str = "\
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  label: {app: web}
data:
  port: 8080
";

/// Code with severity of each finding that is about fields.
fn strict(report: &Value) -> Vec<(&str, &str)> {
    let text = |finding: &'static str, value: &Value| value.get(finding).and_then(Value::as_str).unwrap().to_owned();
    let findings = report.get("findings").and_then(Value::as_array).unwrap();
    let own = findings.iter().filter(|finding| text("policy", finding) == "strict");
    own.map(|finding| {
        let text = |key| finding.get(key).and_then(Value::as_str).unwrap();
        (text("code"), text("severity"))
    })
    .collect()
}

#[test]
fn strict_fields_are_warnings_unless_told_otherwise() {
    let folder = Folder::new(&[("a.yaml", MISSPELT)]);
    let codes = ["strict/unknown-field", "strict/wrong-type"];
    let check = |args: &[&str], exit, severity: Option<&str>| {
        let (code, report) = folder.report(&[args, &["a.yaml"]].concat());
        assert_eq!(code, exit, "{args:?}");
        let expected: Vec<_> = severity.iter().flat_map(|severity| codes.map(|code| (code, *severity))).collect();
        assert_eq!(strict(&report), expected, "{args:?}");
    };
    check(&[], 0, Some("warn"));
    check(&["--strict", "warn"], 0, Some("warn"));
    check(&["--fail-on", "warn"], 1, Some("warn"));
    check(&["--strict", "deny"], 1, Some("deny"));
    check(&["--strict", "off"], 0, None);
    // Whoever names policies wants those alone.
    check(&["--policy", "root-user"], 0, None);
    check(&["--policy", "root-user", "--strict", "deny"], 1, Some("deny"));
    assert_eq!(folder.run(&["check", "--strict", "most", "a.yaml"]).code, 2);
}

#[test]
fn the_level_can_be_configured() {
    let folder = Folder::new(&[("a.yaml", MISSPELT)]);
    let check = |config: &str, args: &[&str], exit, found| {
        folder.write("forewarn.yaml", config.as_bytes());
        let (code, report) = folder.report(&[args, &["a.yaml"]].concat());
        assert_eq!((code, strict(&report).len()), (exit, found), "{config} {args:?}");
    };
    check("strict: deny\n", &[], 1, 2);
    check("strict: warn\n", &[], 0, 2);
    check("strict: off\n", &[], 0, 0);
    check("strict: \"off\"\n", &[], 0, 0);
    check("strict:\n", &[], 0, 2);
    check("strict: off\n", &["--strict", "deny"], 1, 2);
    // Whoever names policies wants those alone.
    check("strict: deny\n", &["--policy", "root-user"], 0, 0);
}

#[test]
fn a_strict_finding_looks_like_any_other() {
    let folder = Folder::new(&[("a.yaml", MISSPELT)]);
    insta::assert_snapshot!(folder.run(&["check", "a.yaml"]).stdout);
}

#[test]
fn quotes_are_put_right() {
    let folder = Folder::new(&[("a.yaml", MISSPELT)]);
    let outcome = folder.run(&["check", "--fix", "a.yaml"]);
    assert!(outcome.stdout.contains("fixed 1 finding in 1 file"), "{}", outcome.stdout);
    let fixed = std::fs::read_to_string(folder.path().join("a.yaml")).unwrap();
    assert_eq!(fixed, MISSPELT.replace("8080", "\"8080\""));
}

#[test]
fn explain_prints_the_page_with_every_code() {
    let folder = Folder::new(&[]);
    let page = folder.run(&["explain", "strict"]);
    assert_eq!(page.code, 0);
    for (code, _) in forewarn_core::strict::CODES {
        assert!(page.stdout.contains(&format!("`{code}`")), "{code}");
    }
    assert_eq!(folder.run(&["explain", "strict/wrong-type"]).stdout, page.stdout);
}
