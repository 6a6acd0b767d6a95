//! The smaller commands.

use serde_json::{Value, json};

use crate::forewarn::Folder;

fn json(outcome: &str) -> Value {
    serde_json::from_str(outcome).unwrap()
}

#[test]
fn list_shows_every_policy_by_chapter() {
    let outcome = Folder::new(&[]).run(&["list"]);
    assert_eq!(outcome.code, 0);
    let listed = json(&Folder::new(&[]).run(&["list", "--format", "json"]).stdout);
    let policies = listed["policies"].as_array().unwrap();
    assert_eq!(policies.len(), 18);
    for policy in policies {
        for field in ["id", "chapter", "severity", "description", "version"] {
            assert!(policy[field].as_str().is_some_and(|text| !text.is_empty()), "{policy}");
        }
        assert!(outcome.stdout.contains(policy["id"].as_str().unwrap()));
    }
    // Headings are the lines that are not indented, and the last one is a hint.
    let headings: Vec<_> = outcome.stdout.lines().filter(|line| line.starts_with(char::is_alphabetic)).collect();
    assert_eq!(headings, ["jvm", "lifecycle", "delivery", "probes", "network", "security"]);
}

#[test]
fn explain_prints_the_page_of_a_policy_or_a_code() {
    let folder = Folder::new(&[]);
    let page = folder.run(&["explain", "privilege-escalation"]);
    assert_eq!(page.code, 0);
    assert!(page.stdout.starts_with("# Privilege escalation\n"), "{}", page.stdout);
    assert_eq!(folder.run(&["explain", "privilege-escalation/unset"]).stdout, page.stdout);
    let unknown = folder.run(&["explain", "root-usr"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.stderr.contains("did you mean `root-user`?"), "{}", unknown.stderr);
}

#[test]
fn inspect_reads_modules_without_running_them() {
    let folder = Folder::new(&[("text.wasm", "no module")]);
    folder.write(
        "plain.wasm",
        &wat::parse_str(r#"(module (import "env" "f" (func)) (memory (export "memory") 1))"#).unwrap(),
    );
    let inspected = json(&folder.run(&["inspect", "privilege-escalation", "--format", "json"]).stdout);
    assert_eq!(inspected["metadata"]["protocolVersion"], "v1");
    assert!(inspected["digest"].as_str().unwrap().starts_with("sha256:"));
    let plain = folder.run(&["inspect", "plain.wasm"]);
    assert_eq!(plain.code, 0);
    assert!(plain.stdout.contains("import    env.f") && plain.stdout.contains("not annotated"), "{}", plain.stdout);
    let text = folder.run(&["inspect", "text.wasm"]);
    assert_eq!((text.code, text.stderr.lines().count()), (4, 1), "{}", text.stderr);
    assert_eq!(folder.run(&["inspect", "missing.wasm"]).code, 3);
}

#[test]
fn run_asks_one_module() {
    let request = |escalation: bool| {
        json!({"uid": "1", "operation": "CREATE", "userInfo": {},
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "object": {"spec": {"containers": [{"name": "a", "securityContext": {"allowPrivilegeEscalation": escalation}}]}}})
    };
    let review = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request(true)});
    let folder = Folder::new(&[
        ("good.json", &request(false).to_string()),
        ("bad.json", &review.to_string()),
        ("mutate.yaml", "mutate: true\n"),
        ("wrong.yaml", "mutat: true\n"),
        ("none.json", "{}"),
    ]);
    let run = |request: &str, more: &[&str]| {
        folder.run(&[&["run", "--module", "privilege-escalation", "--request", request], more].concat())
    };
    let good = run("good.json", &[]);
    assert_eq!((good.code, json(&good.stdout)), (0, json!({"accepted": true})));
    let bad = run("bad.json", &[]);
    assert_eq!((bad.code, &json(&bad.stdout)["accepted"]), (1, &json!(false)));
    let mutated = run("bad.json", &["--settings", "mutate.yaml"]);
    let pointer = "/mutated_object/spec/containers/0/securityContext/allowPrivilegeEscalation";
    assert_eq!((mutated.code, json(&mutated.stdout).pointer(pointer)), (0, Some(&json!(false))));
    let wrong = run("bad.json", &["--settings", "wrong.yaml"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("did you mean `mutate`"), "{}", wrong.stderr);
    let none = run("none.json", &[]);
    assert_eq!(none.code, 3);
    assert_eq!(none.stderr.matches("missing field `uid`").count(), 1, "{}", none.stderr);
    assert_eq!(run("missing.json", &[]).code, 3);
    let input = folder
        .run_with_input(&["run", "--module", "privilege-escalation", "--request", "-"], &request(false).to_string());
    assert_eq!(input.code, 0);
}

#[test]
fn a_reader_who_has_seen_enough_is_no_error() {
    let folder = Folder::new(&[("pod.yaml", crate::forewarn::BAD)]);
    let commands: [(&[&str], i32); 4] =
        [(&["check", "pod.yaml"], 1), (&["list"], 0), (&["explain", "root-user"], 0), (&["inspect", "root-user"], 0)];
    for (args, code) in commands {
        assert_eq!(folder.run_unread(args), (code, String::new()), "{args:?}");
    }
}

#[test]
fn every_shell_has_completions_for_every_command() {
    let folder = Folder::new(&[]);
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let outcome = folder.run(&["completions", shell]);
        assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{shell}");
        for word in ["check", "explain", "fail-on", "output", "completions"] {
            assert!(outcome.stdout.contains(word), "{shell} does not complete `{word}`");
        }
    }
    assert_eq!(folder.run(&["completions", "csh"]).code, 2);
}

#[test]
#[cfg(unix)]
fn bash_takes_its_completions() {
    let folder = Folder::new(&[]);
    folder.write("forewarn.bash", folder.run(&["completions", "bash"]).stdout.as_bytes());
    let complete = "source ./forewarn.bash; COMP_WORDS=(forewarn check --form); COMP_CWORD=2; COMP_LINE='forewarn check --form'; \
                    _forewarn forewarn --form check; echo \"${COMPREPLY[@]}\"";
    let output = std::process::Command::new("bash")
        .args(["--noprofile", "--norc", "-c", complete])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "--format\n", "{output:?}");
}

#[test]
fn every_command_has_a_manual_page() {
    let folder = Folder::new(&[("file", "")]);
    let page = folder.run(&["man"]);
    assert_eq!(page.code, 0);
    assert!(page.stdout.contains(".SH SUBCOMMANDS") || page.stdout.contains("forewarn\\-check(1)"), "{}", page.stdout);
    assert_eq!(folder.run(&["man", "--out", "share/man1"]).code, 0);
    let mut pages: Vec<_> = std::fs::read_dir(folder.path().join("share/man1"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    pages.sort_unstable();
    for command in ["forewarn.1", "forewarn-check.1", "forewarn-completions.1", "forewarn-man.1"] {
        assert!(pages.iter().any(|page| page == command), "{pages:?}");
    }
    let check = std::fs::read_to_string(folder.path().join("share/man1/forewarn-check.1")).unwrap();
    assert!(check.contains("FORMAT=FILE"), "{check}");
    let failed = folder.run(&["man", "--out", "file/below"]);
    assert_eq!(failed.code, 3);
    assert!(failed.stderr.contains("cannot write the manual pages to `file/below`"), "{}", failed.stderr);
}
