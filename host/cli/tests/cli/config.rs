//! `forewarn.yaml`

use std::path::Path;

use serde_json::{Value, json};

use crate::forewarn::{BAD, Folder, GOOD, ONLY};

/// A folder with a configuration, and a pod with a finding of `privilege-escalation` in `k8s` and in `legacy`.
fn folder(config: &str) -> Folder {
    Folder::new(&[("forewarn.yaml", config), ("k8s/pod.yaml", BAD), ("legacy/pod.yaml", BAD)])
}

/// The exit code and `file:line code (by)` of each finding, where only `privilege-escalation` is applied.
fn told(folder: &Folder, args: &[&str]) -> (i32, Vec<String>) {
    let (code, report) = folder.report(&[ONLY, args].concat());
    (code, findings(&report))
}

fn findings(report: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let tell = |finding: &Value| {
        let by = finding["suppressed"].get("by").map(|by| format!(" ({})", text(by))).unwrap_or_default();
        format!("{}:{} {}{by}", text(&finding["file"]), finding["line"], text(&finding["code"]))
    };
    report["findings"].as_array().unwrap().iter().map(tell).collect()
}

const K8S: &str = "k8s/pod.yaml:11 privilege-escalation/allowed";

#[test]
fn is_found_upwards_from_the_first_path() {
    let folder = folder("failOn: never\n");
    let code = |args: &[&str]| folder.report(&[ONLY, args].concat()).0;
    assert_eq!(code(&["k8s"]), 0);
    assert_eq!(code(&["k8s/pod.yaml"]), 0);
    assert_eq!(code(&["."]), 0);
    assert_eq!(code(&["k8s", "--no-config"]), 1);
    assert_eq!(code(&["k8s", "--fail-on", "deny"]), 1, "flags win");
    assert_eq!(folder.run_with_input(&["check", "-"], BAD).code, 0);
    folder.write("other.yaml", b"failOn: deny\n");
    assert_eq!(code(&["k8s", "--config", "other.yaml"]), 1);
    folder.write("k8s/.git/HEAD", b"");
    assert_eq!(code(&["k8s"]), 1, "the search ends at the root of a repository");
}

#[test]
fn the_file_itself_is_no_manifest() {
    let folder = Folder::new(&[("forewarn.yaml", "policies:\n"), ("pod.yaml", GOOD)]);
    let (code, report) = folder.report(&[ONLY, &["."]].concat());
    assert_eq!((code, &report["summary"]["files"], &report["summary"]["skipped"]), (0, &json!(1), &json!(0)));
}

#[test]
fn paths_are_included_and_excluded() {
    for (config, files) in [
        ("paths: {exclude: [legacy]}\n", 1),
        ("paths: {include: ['legacy/*.yaml']}\n", 1),
        ("paths: {include: [k8s, legacy], exclude: ['**/pod.yaml']}\n", 0),
        ("paths:\n  # exclude: [legacy]\n", 2),
    ] {
        let (_, report) = folder(config).report(&["."]);
        assert_eq!(report["summary"]["files"], files, "{config}");
    }
    // As given by a hook that names files.
    let (code, report) = folder("paths: {exclude: [legacy]}\n").report(&["legacy/pod.yaml"]);
    assert_eq!((code, &report["summary"]["files"]), (0, &json!(0)));
}

#[test]
fn policies_are_switched_and_set() {
    let codes = |config: &str, args: &[&str]| {
        let (_, report) = folder(config).report(&[args, &["k8s"]].concat());
        let findings = report["findings"].as_array().unwrap();
        let own = findings.iter().filter(|finding| finding["policy"] == "privilege-escalation");
        own.map(|finding| finding["suppressed"]["reason"].as_str().unwrap_or("-").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(codes("policies: {privilege-escalation: off}\n", &[]), [""; 0]);
    assert_eq!(codes("policies: {privilege-escalation: \"off\"}\n", &[]), [""; 0]);
    assert_eq!(codes("policies: {privilege-escalation: on}\n", &[]), ["-"]);
    assert_eq!(codes("policies: {privilege-escalation: off}\n", ONLY), ["-"], "flags win");
    let exempt = "policies: {privilege-escalation: {exempt: [{containers: ['*'], reason: old}]}}\n";
    assert_eq!(codes(exempt, &[]), ["old"]);
    assert_eq!(codes("overrides: [{namespaces: [shop], policies: {privilege-escalation: off}}]\n", &[]), [""; 0]);
    assert_eq!(codes("overrides: [{paths: [legacy], policies: {privilege-escalation: off}}]\n", &[]), ["-"]);
}

#[test]
fn settings_of_a_flag_are_laid_over_those_of_the_file() {
    let folder = folder("policies:\n  privilege-escalation: {honourAnnotations: true}\n");
    folder.write("settings.yaml", b"privilege-escalation: {honourAnnotations: false}\n");
    let annotated = BAD
        .replace("  name: web\n  n", "  name: web\n  annotations: {forewarn.dev/allow.privilege-escalation: old}\n  n");
    folder.write("k8s/pod.yaml", annotated.as_bytes());
    assert_eq!(
        told(&folder, &["k8s"]),
        (0, vec!["k8s/pod.yaml:12 privilege-escalation/allowed (annotation)".to_owned()])
    );
    let (code, told) = told(&folder, &["--settings", "settings.yaml", "k8s"]);
    assert_eq!(code, 1);
    assert_eq!(told, ["k8s/pod.yaml:5 suppressions/not-honoured", "k8s/pod.yaml:12 privilege-escalation/allowed"]);
}

#[test]
fn settings_for_all_go_to_the_policies_that_have_them() {
    let cron = "apiVersion: batch/v1beta1\nkind: CronJob\nmetadata: {name: a, namespace: b}\nspec: {}\n";
    let folder = Folder::new(&[("cron.yaml", cron)]);
    let code = |config: &str| {
        folder.write("forewarn.yaml", config.as_bytes());
        let (_, report) = folder.report(&["--policy", "removed-api", "cron.yaml"]);
        report["findings"][0]["code"].as_str().map(str::to_owned)
    };
    assert_eq!(code("kubernetesVersion: '1.24'\n").as_deref(), Some("removed-api/deprecated"));
    assert_eq!(code("kubernetesVersion: '1.24'\nupgradeTo: '1.25'\n").as_deref(), Some("removed-api/removed-in-next"));
    assert_eq!(code("kubernetesVersion: '1.25'\n").as_deref(), Some("removed-api/removed"));
    // What a policy is told itself counts more.
    let own = "kubernetesVersion: '1.25'\npolicies: {removed-api: {kubernetesVersion: '1.24'}}\n";
    assert_eq!(code(own).as_deref(), Some("removed-api/deprecated"));
    let folder = self::folder("honourAnnotations: true\n");
    let annotated = BAD
        .replace("  name: web\n  n", "  name: web\n  annotations: {forewarn.dev/allow.privilege-escalation: old}\n  n");
    folder.write("k8s/pod.yaml", annotated.as_bytes());
    assert_eq!(told(&folder, &["k8s"]).0, 0);
}

#[test]
fn exemptions_keep_what_they_suppress() {
    let config = "exemptions:\n  - policies: [privilege-escalation/allowed]\n    paths: [legacy]\n    reason: moves in spring\n    expires: 2027-03-31\n";
    let folder = folder(config);
    let legacy = "legacy/pod.yaml:11 privilege-escalation/allowed";
    let at = |today: &str| told(&folder, &["--today", today, "."]);
    assert_eq!(at("2027-03-31"), (1, vec![K8S.to_owned(), format!("{legacy} (config)")]));
    assert_eq!(
        at("2027-04-02"),
        (1, vec![K8S.to_owned(), legacy.to_owned(), "forewarn.yaml:5 suppressions/expired".to_owned()])
    );
    let outcome = folder.run(&[&["check", "--today", "2027-04-02", "legacy"], ONLY].concat());
    insta::assert_snapshot!("expired-exemption", outcome.stdout);
    let outcome = folder.run(&[&["check", "--today", "2027-03-01", "--show-suppressed", "legacy"], ONLY].concat());
    insta::assert_snapshot!("shown-exemption", outcome.stdout);
}

#[test]
fn an_exemption_for_nothing_is_told_by_a_run_that_can_know() {
    let folder = folder("exemptions:\n- {policies: [privilege-escalation], names: [nobody], reason: old}\n");
    let codes = |args: &[&str]| findings(&folder.report(args).1);
    assert!(codes(&["."]).contains(&"forewarn.yaml:2 suppressions/unused".to_owned()));
    assert!(!codes(&["k8s"]).iter().any(|told| told.contains("suppressions")));
    assert!(!codes(&[ONLY, &["."]].concat()).iter().any(|told| told.contains("suppressions")));
    let (_, report) = folder.report(&["."]);
    assert_eq!(report["summary"]["files"], 2, "the configuration is no input");
}

#[test]
fn comments_are_shown_with_their_reasons() {
    let folder = Folder::new(&[(
        "pod.yaml",
        &BAD.replace("Escalation: true", "Escalation: true  # forewarn: allow privilege-escalation needs ping"),
    )]);
    assert_eq!(
        told(&folder, &["pod.yaml"]),
        (0, vec!["pod.yaml:11 privilege-escalation/allowed (comment)".to_owned()])
    );
    let fixed = folder.run(&[&["check", "--fix", "pod.yaml"], ONLY].concat());
    assert_eq!(
        fixed.stdout,
        "no findings in 1 object of 1 file (1 evaluation), 1 suppressed\nfixed 0 findings in 0 files\n"
    );
}

#[test]
fn every_mistake_has_its_place() {
    for (config, expected) in [
        ("policis: {}\n", "forewarn.yaml:1:1: unknown key `policis`, did you mean `policies`?"),
        (
            "policies:\n  root-usre: off\n",
            "forewarn.yaml:2:3: there is no policy `root-usre`, did you mean `root-user`?",
        ),
        (
            "policies: {root-user: maybe}\n",
            "forewarn.yaml:1:23: `on`, `off` or a mapping of the policy's settings is expected, not the text `maybe`",
        ),
        (
            "policies:\n  root-user: {mutat: true}\n",
            "forewarn.yaml:2:3: settings of `root-user`: unknown setting `mutat`, did you mean `mutate`?",
        ),
        ("policies: {chart-release: off}\n", "forewarn.yaml:1:12: `chart-release` is not about manifests"),
        ("kubernetesVersion: \"new\"\n", "forewarn.yaml:1:20: settings of `"),
        (
            "kubernetesVersion: 1.30\n",
            "forewarn.yaml:1:20: text is expected, not the number `1.3`; put it in quotes if it is text",
        ),
        ("strict: on\n", "forewarn.yaml:1:9: `off`, `warn` or `deny` is expected, not `true`"),
        ("strict: most\n", "forewarn.yaml:1:9: `off`, `warn` or `deny` is expected, not the text `most`"),
        ("policies: {strict: off}\n", "forewarn.yaml:1:12: `strict` is no policy, so it is not switched here"),
        ("kubewarden: [k8s, gone]\n", "forewarn.yaml:1:19: there is no file or folder `gone`"),
        ("kubewarden: policies\n", "forewarn.yaml:1:13: a list is expected, not the text `policies`"),
        ("failOn: always\n", "forewarn.yaml:1:9: unknown value `always`"),
        ("paths: {exclude: ['a[']}\n", "forewarn.yaml:1:19: `a[` is no pattern"),
        ("paths: {include: [/etc]}\n", "forewarn.yaml:1:19: `/etc` matches no file"),
        ("overrides:\n- policies: {root-user: off}\n", "forewarn.yaml:2:3: the override does not say where"),
        ("overrides:\n- paths: [a]\n", "forewarn.yaml:2:3: the key `policies` is missing"),
        ("overrides:\n- paths: [a]\n  policies: {x: off}\n", "forewarn.yaml:3:14: there is no policy `x`"),
        ("exemptions:\n- policies: [root-user]\n", "forewarn.yaml:2:3: the key `reason` is missing"),
        ("exemptions:\n- {policies: [root-user], reason: ' '}\n", "forewarn.yaml:2:35: an exemption without a reason"),
        ("exemptions:\n- {policies: [], reason: old}\n", "forewarn.yaml:2:3: the exemption names no policy"),
        (
            "exemptions:\n- {policies: [root-usr/unset], reason: old}\n",
            "forewarn.yaml:2:15: there is no policy `root-usr`, did you mean `root-user`?",
        ),
        (
            "exemptions:\n- {policies: ['*'], reason: old, expires: soon}\n",
            "forewarn.yaml:2:43: `soon` is no day; write it as 2027-03-31",
        ),
        ("failOn: deny\nfailOn: warn\n", "forewarn.yaml:2:1: the key `failOn` is already set in line 1"),
        ("policies: [\n", "forewarn.yaml:1:11: not valid YAML"),
        ("- a\n", "forewarn.yaml:1:1: a mapping is expected, not a list"),
        ("{}\n---\n{}\n", "forewarn.yaml:3:1: a second document"),
    ] {
        let outcome = folder(config).run(&["check", "k8s"]);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{config}: {}", outcome.stderr);
        assert!(outcome.stderr.starts_with(&format!("error: {expected}")), "{config}: {}", outcome.stderr);
    }
    let outcome = folder("").run(&["check", "--config", "gone.yaml", "k8s"]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.starts_with("error: cannot read the configuration `gone.yaml`"), "{}", outcome.stderr);
}

#[test]
fn init_writes_what_changes_nothing() {
    let folder = Folder::new(&[("k8s/pod.yaml", BAD), ("k8s/good.yaml", GOOD)]);
    let without = folder.report(&["k8s"]);
    let outcome = folder.run(&["init"]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""));
    assert_eq!(folder.report(&["k8s"]), without);
    let text = std::fs::read_to_string(folder.path().join("forewarn.yaml")).unwrap();
    insta::assert_snapshot!("init", text);

    let again = folder.run(&["init"]);
    assert_eq!(again.code, 2);
    assert_eq!(
        again.stderr,
        "error: `forewarn.yaml` is there already, and was left as it is\nhelp: `--force` writes it anew\n"
    );
    folder.write("forewarn.yaml", b"failOn: warn\n");
    assert_eq!(folder.run(&["init", "--force"]).code, 0);
    assert_eq!(std::fs::read_to_string(folder.path().join("forewarn.yaml")).unwrap(), text);
    assert_eq!(folder.run(&["init", "nowhere"]).code, 3);
}

/// What `init` shows in comments is right, too.
#[test]
fn the_examples_of_init_are_read() {
    let folder = Folder::new(&[("k8s/pod.yaml", BAD)]);
    folder.run(&["init"]);
    let text = std::fs::read_to_string(folder.path().join("forewarn.yaml")).unwrap();
    let is_example = |line: &str| {
        let rest = line.trim_start().strip_prefix("# ")?;
        let key = rest.trim_start().trim_start_matches("- ").split(": ").next()?;
        let is_key =
            key.chars().all(|character| character.is_ascii_alphanumeric() || character == '-' || character == ':');
        (is_key && rest.contains(':') && !rest.contains('$')).then(|| line.replacen("# ", "", 1))
    };
    let shown: Vec<_> = text.lines().map(|line| is_example(line).unwrap_or_else(|| line.to_owned())).collect();
    let shown = shown.join("\n").replace("baseline:", "# baseline:").replace("- cluster/policies", "");
    assert!(shown.contains("\n  root-user: off\n") && shown.contains("\nfailOn: deny\n"), "{shown}");
    folder.write("forewarn.yaml", shown.as_bytes());
    let outcome = folder.run(&["check", "k8s"]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{shown}");
}

/// `forewarn init --schema > forewarn.schema.json` writes it anew.
#[test]
fn the_shipped_schema_is_up_to_date() {
    let outcome = Folder::new(&[]).run(&["init", "--schema"]);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../forewarn.schema.json");
    let shipped = std::fs::read_to_string(path).unwrap();
    assert!(outcome.stdout == shipped, "run `just gen`");
    let schema: Value = serde_json::from_str(&shipped).unwrap();
    let keys: Vec<_> = schema["properties"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(
        keys,
        [
            "baseline",
            "exemptions",
            "failOn",
            "honourAnnotations",
            "kinds",
            "kubernetesVersion",
            "kubewarden",
            "overrides",
            "paths",
            "policies",
            "strict",
            "upgradeTo"
        ]
    );
    let settings = &schema["$defs"]["policies"]["properties"]["root-user"]["anyOf"][1];
    assert_eq!(settings["additionalProperties"], false);
    assert!(settings["properties"]["mutate"]["description"].is_string());
}

/// The examples in the documentation are configurations.
#[test]
fn the_documented_examples_are_read() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/config.md");
    let text = std::fs::read_to_string(path).unwrap();
    let mut count = 0;
    for fence in text.split("```yaml forewarn\n").skip(1) {
        let example = fence.split("```").next().unwrap();
        let folder = folder(&example.replace("baseline:", "# baseline:"));
        let outcome = folder.run(&["check", "k8s"]);
        assert!(outcome.code <= 1, "{example}\n{}", outcome.stderr);
        count += 1;
    }
    assert!(count >= 3, "{count}");
}
