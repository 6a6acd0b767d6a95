//! Input that cannot be read, and wrong usage.

use serde_json::json;

use crate::forewarn::{BAD, Folder, ONLY};

#[test]
fn what_cannot_be_read_is_told_and_the_rest_is_reviewed() {
    let folder = Folder::new(&[("pod.yaml", BAD), ("empty/readme.md", "")]);
    folder.write("latin1.yaml", b"b: 1\na: \xe9\n");
    let (code, report) = folder.report(&[ONLY, &["missing.yaml", "empty", "latin1.yaml", "pod.yaml"]].concat());
    assert_eq!(code, 3);
    assert_eq!(report["summary"]["denied"], 1);
    let errors: Vec<_> =
        report["errors"].as_array().unwrap().iter().map(|e| (e["kind"].clone(), e["file"].clone())).collect();
    let input = |file: &str| (json!("input"), json!(file));
    assert_eq!(errors, [input("empty"), input("missing.yaml"), input("latin1.yaml")]);
    assert_eq!((&report["errors"][2]["line"], &report["errors"][2]["column"]), (&json!(2), &json!(4)));
}

#[test]
fn yaml_that_does_not_parse_has_a_place() {
    for (text, line, word) in [
        ("apiVersion: v1\nkind: [Pod\n", 2, "unclosed"),
        ("apiVersion: v1\nkind: Pod\nkind: Pod\n", 3, "kind"),
        ("a: &a [x, x]\nb: *nowhere\n", 2, ""),
        ("a:\n\t- b\n", 2, ""),
    ] {
        let folder = Folder::new(&[("x.yaml", text)]);
        let (code, report) = folder.report(&["x.yaml"]);
        assert_eq!(code, 3, "{text}");
        assert_eq!(report["errors"][0]["line"], line, "{report}");
        assert!(report["errors"][0]["column"].is_u64() && report["errors"][0]["file"] == "x.yaml");
        assert!(report["errors"][0]["message"].as_str().unwrap().contains(word), "{report}");
    }
}

#[test]
fn bombs_are_bounded() {
    let mut aliases = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for n in 1..12 {
        let previous = format!("*a{}, ", n - 1).repeat(10);
        aliases += &format!("a{n}: &a{n} [{}]\n", previous.trim_end_matches(", "));
    }
    let deep = format!("apiVersion: v1\nkind: Pod\nspec: {}{}\n", "[".repeat(10_000), "]".repeat(10_000));
    let deep_block = format!(
        "apiVersion: v1
kind: Pod
spec:
  {}a
",
        "- ".repeat(10_000)
    );
    let bomb = format!("apiVersion: v1\nkind: Pod\nspec:\n  containers: *a11\n{aliases}");
    let bomb_first = format!("{aliases}apiVersion: v1\nkind: Pod\nspec:\n  containers: *a11\n");
    for text in [bomb, bomb_first, deep, deep_block] {
        let folder = Folder::new(&[("x.yaml", &text)]);
        let (code, report) = folder.report(&["x.yaml"]);
        assert_eq!(code, 3);
        assert!(report["errors"][0]["line"].is_u64(), "{report}");
    }
}

#[test]
fn a_huge_file_is_refused_by_its_limit() {
    let folder = Folder::new(&[]);
    let file = std::fs::File::create(folder.path().join("huge.yaml")).unwrap();
    file.set_len(200 * 1024 * 1024).unwrap();
    let (code, report) = folder.report(&["huge.yaml"]);
    assert_eq!(code, 3);
    assert!(report["errors"][0]["message"].as_str().unwrap().contains("32 MiB"), "{report}");
}

#[test]
fn wrong_types_are_findings_at_the_field() {
    let text = BAD.replace("allowPrivilegeEscalation: true", "allowPrivilegeEscalation: 'true'");
    let folder = Folder::new(&[("pod.yaml", &text)]);
    let (code, report) = folder.report(&[ONLY, &["pod.yaml"]].concat());
    let finding = &report["findings"][0];
    assert_eq!((code, &finding["code"], &finding["line"]), (1, &json!("privilege-escalation/malformed"), &json!(11)));
}

#[test]
fn wrong_usage_names_what_is_allowed() {
    let folder = Folder::new(&[
        ("pod.yaml", BAD),
        ("key.yaml", "privilege-escalation: {mutat: true}\n"),
        ("value.yaml", "privilege-escalation: {mutate: maybe}\n"),
        ("policy.yaml", "privilege-escalatoin: {}\n"),
        ("list.yaml", "- a\n"),
        ("scalar.yaml", "privilege-escalation: on\n"),
        ("broken.yaml", "a: [\n"),
    ]);
    for (args, words) in [
        (vec!["--policy", "privilege-escalatoin"], vec!["did you mean `privilege-escalation`", "the policies are"]),
        (vec!["--settings", "policy.yaml"], vec!["did you mean `privilege-escalation`"]),
        (vec!["--settings", "key.yaml"], vec!["`mutat`", "did you mean `mutate`", "`grandfather`"]),
        (vec!["--settings", "value.yaml"], vec!["`mutate`", "`maybe`", "true or false"]),
        (vec!["--settings", "list.yaml"], vec!["a mapping is expected"]),
        (vec!["--settings", "scalar.yaml"], vec!["`privilege-escalation`", "not a mapping"]),
        (vec!["--settings", "broken.yaml"], vec!["line 1, column 4"]),
        (vec!["--settings", "missing.yaml"], vec!["missing.yaml"]),
        (vec!["--jobs", "0"], vec!["1..=1024"]),
        (vec!["--format", "xml"], vec!["text, json"]),
    ] {
        let outcome = folder.run(&[&["check", "pod.yaml"], args.as_slice()].concat());
        assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{args:?}: {outcome:?}");
        for word in words {
            assert!(outcome.stderr.contains(word), "{args:?}: `{word}` is not in {}", outcome.stderr);
        }
    }
    assert_eq!(folder.run(&[]).code, 2);
    assert_eq!(folder.run(&["chek"]).code, 2);
}

#[test]
#[cfg(unix)]
fn only_regular_files_are_read_from_directories() {
    let folder = Folder::new(&[("a/pod.yaml", BAD)]);
    std::os::unix::fs::symlink("/dev/zero", folder.path().join("a/zero.yaml")).unwrap();
    std::os::unix::fs::symlink("nowhere", folder.path().join("a/dangling.yaml")).unwrap();
    std::os::unix::fs::symlink("../a", folder.path().join("a/loop")).unwrap();
    let (code, report) = folder.report(&[ONLY, &["a"]].concat());
    let errors: Vec<_> = report["errors"].as_array().unwrap().iter().map(|error| error["file"].as_str()).collect();
    assert_eq!((code, errors), (3, vec![Some("a/dangling.yaml"), Some("a/zero.yaml")]));
    assert_eq!(report["summary"]["denied"], 1);
}

#[test]
#[cfg(unix)]
fn a_file_name_gives_no_orders_to_the_terminal() {
    let folder = Folder::new(&[("a\u{1b}[31m\nb.yaml", BAD)]);
    let outcome = folder.run(&[&["check", "--color", "always", "."], ONLY].concat());
    assert!(outcome.stdout.contains("a\u{fffd}[31m\u{fffd}b.yaml:11:35"), "{}", outcome.stdout);
}
