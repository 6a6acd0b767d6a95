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
fn quotes_and_keys_are_put_right() {
    let folder = Folder::new(&[("a.yaml", MISSPELT)]);
    let outcome = folder.run(&["check", "--fix", "a.yaml"]);
    assert!(outcome.stdout.contains("fixed 2 findings in 1 file"), "{}", outcome.stdout);
    let fixed = std::fs::read_to_string(folder.path().join("a.yaml")).unwrap();
    assert_eq!(fixed, MISSPELT.replace("8080", "\"8080\"").replace("label:", "labels:"));
}

const MISSPELT_DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
        - name: web
          image: nginx:1.27
          securityContex:   # from the vendor
            runAsUser: 1000
";

/// A policy adds a `securityContext` where it finds none; the misspelt one comes first.
#[test]
fn a_misspelt_key_is_put_right_before_others_look_for_it() {
    let folder = Folder::new(&[("a.yaml", MISSPELT_DEPLOYMENT)]);
    folder.run(&["check", "--fix", "a.yaml"]);
    let text = std::fs::read_to_string(folder.path().join("a.yaml")).unwrap();
    assert!(text.contains("          securityContext:   # from the vendor\n            runAsUser: 1000\n"), "{text}");
    assert_eq!(text.matches("securityContex").count(), text.matches("securityContext").count(), "{text}");
    assert_eq!(strict(&folder.report(&["a.yaml"]).1), []);
}

/// The finding's code, and by what it is suppressed.
fn suppressed(folder: &Folder) -> Vec<(String, String)> {
    let (_, report) = folder.report(&["a.yaml"]);
    let findings = report["findings"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let own = findings.filter(|finding| ["strict", "suppressions"].contains(&finding["policy"].as_str().unwrap()));
    own.map(|finding| (text(&finding["code"]), text(&finding["suppressed"]["by"]))).collect()
}

#[test]
fn strict_fields_are_suppressed_like_findings_of_policies() {
    let expect = |found: Vec<(String, String)>, expected: &[(&str, &str)]| {
        let found: Vec<_> = found.iter().map(|(code, by)| (code.as_str(), by.as_str())).collect();
        assert_eq!(found, expected);
    };
    let unknown = "strict/unknown-field";
    let comment = MISSPELT_DEPLOYMENT.replace("# from the vendor", "# forewarn: allow strict the operator reads it");
    expect(suppressed(&Folder::new(&[("a.yaml", &comment)])), &[(unknown, "comment")]);
    let one = comment.replace("allow strict", "allow strict/unknown-field");
    expect(suppressed(&Folder::new(&[("a.yaml", &one)])), &[(unknown, "comment")]);
    let useless = comment.replace("securityContex:", "securityContext:");
    expect(suppressed(&Folder::new(&[("a.yaml", &useless)])), &[("suppressions/unused", "-")]);

    let annotate = |text: &str, reason: &str| {
        let annotations = format!("  name: web\n  annotations: {{forewarn.dev/allow.strict: {reason}}}\n");
        text.replacen("  name: web\n", &annotations, 1)
    };
    let folder = Folder::new(&[("a.yaml", &annotate(MISSPELT_DEPLOYMENT, "the operator reads it"))]);
    expect(suppressed(&folder), &[("suppressions/not-honoured", "-"), (unknown, "-")]);
    folder.write("forewarn.yaml", b"honourAnnotations: true\n");
    expect(suppressed(&folder), &[(unknown, "annotation")]);
    let before = std::fs::read(folder.path().join("a.yaml")).unwrap();
    folder.run(&["check", "--fix", "a.yaml", "--policy", "external-ips", "--strict", "warn"]);
    assert_eq!(std::fs::read(folder.path().join("a.yaml")).unwrap(), before, "what does not count is not fixed");
    folder.write("a.yaml", annotate(MISSPELT_DEPLOYMENT, "''").as_bytes());
    expect(suppressed(&folder), &[("suppressions/missing-reason", "-"), (unknown, "-")]);
    let good = MISSPELT_DEPLOYMENT.replace("securityContex:", "securityContext:");
    folder.write("a.yaml", annotate(&good, "the operator reads it").as_bytes());
    expect(suppressed(&folder), &[("suppressions/unused", "-")]);
    let pods = MISSPELT_DEPLOYMENT.replace(
        "  template:\n",
        "  template:\n    metadata: {annotations: {forewarn.dev/allow.strict: the operator reads it}}\n",
    );
    folder.write("a.yaml", pods.as_bytes());
    expect(suppressed(&folder), &[(unknown, "annotation")]);
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
