//! What other systems run of `forewarn`: the GitHub Action, the pre-commit hooks, and the examples in `docs/ci.md`.

use std::path::Path;

use forewarn_core::source::Source;
use forewarn_core::yaml::Documents;
use serde_json::Value;

use crate::forewarn::{BAD, Folder, GOOD};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

fn read(name: &str) -> String {
    std::fs::read_to_string(Path::new(ROOT).join(name)).unwrap()
}

fn yaml(text: &str) -> Value {
    let source = Source::new(text);
    let document = Documents::new(&source).next().unwrap().unwrap();
    assert!(document.flaws().is_empty(), "{text}");
    let mut json = String::new();
    document.write_json(document.root(), &mut json);
    serde_json::from_str(&json).unwrap()
}

/// The fenced blocks of a page in one language.
fn fences(page: &str, language: &str) -> Vec<String> {
    let start = format!("```{language}\n");
    page.split(&start).skip(1).map(|block| block.split("```").next().unwrap().to_owned()).collect()
}

/// Runs a `forewarn` command line as it is written, in a folder with manifests.
fn try_command(line: &str) {
    let folder = Folder::new(&[("k8s/pod.yaml", GOOD), ("out/readme", "")]);
    let words: Vec<_> = line.split_whitespace().skip(1).take_while(|word| *word != ">").collect();
    let outcome = folder.run(&words);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (if line.contains("k8s") { 1 } else { 0 }, ""), "{line}");
}

#[test]
fn the_examples_run() {
    let page = read("docs/ci.md");
    let commands: Vec<_> = fences(&page, "sh")
        .iter()
        .chain(&fences(&page, "yaml"))
        .flat_map(|block| block.lines().map(|line| line.trim().trim_start_matches("- ").to_owned()).collect::<Vec<_>>())
        .filter(|line| line.starts_with("forewarn "))
        .collect();
    assert!(commands.len() >= 4, "{commands:?}");
    commands.iter().for_each(|line| try_command(line));
}

#[test]
fn the_examples_use_what_the_action_and_the_hooks_offer() {
    let action = yaml(&read("action.yml"));
    let hooks = yaml(&read(".pre-commit-hooks.yaml"));
    let hooks: Vec<_> = hooks.as_array().unwrap().iter().map(|hook| &hook["id"]).collect();
    let (mut steps_seen, mut hooks_seen) = (0, 0);
    for example in fences(&read("docs/ci.md"), "yaml") {
        let example = yaml(&example);
        let steps = example.pointer("/jobs/forewarn/steps").and_then(Value::as_array);
        for step in steps.into_iter().flatten().filter(|step| step["uses"] == release("forewarn/forewarn@v")) {
            for input in step["with"].as_object().unwrap().keys() {
                assert!(action["inputs"].get(input).is_some(), "{input}");
            }
            steps_seen += 1;
        }
        for repository in example["repos"].as_array().into_iter().flatten() {
            assert_eq!(repository["rev"], release("v"));
            for hook in repository["hooks"].as_array().unwrap() {
                assert!(hooks.contains(&&hook["id"]), "{hook}");
                hooks_seen += 1;
            }
        }
    }
    assert_eq!((steps_seen, hooks_seen), (2, 2));
}

fn release(prefix: &str) -> String {
    format!("{prefix}{}", env!("CARGO_PKG_VERSION"))
}

#[test]
fn the_action_gets_this_release_and_uses_its_inputs() {
    let text = read("action.yml");
    let action = yaml(&text);
    assert_eq!(action["inputs"]["version"]["default"], env!("CARGO_PKG_VERSION"));
    for input in action["inputs"].as_object().unwrap().keys() {
        assert!(text.contains(&format!("${{{{ inputs.{input} }}}}")), "{input} is not used");
    }
    for step in action["runs"]["steps"].as_array().unwrap() {
        // An expression in a script would run whatever is in the input.
        assert!(!step["run"].as_str().unwrap().contains("${{"), "{step}");
    }
    let releases = &action["runs"]["steps"][0]["env"]["RELEASES"];
    assert_eq!(*releases, concat!(env!("CARGO_PKG_REPOSITORY"), "/releases/download"));
}

#[test]
fn the_hooks_run() {
    let hooks = yaml(&read(".pre-commit-hooks.yaml"));
    let folder = Folder::new(&[("bad.yaml", BAD), ("values.yaml", "a: 1\n")]);
    for hook in hooks.as_array().unwrap() {
        let mut words: Vec<_> = hook["entry"].as_str().unwrap().split(' ').skip(1).collect();
        words.extend(["bad.yaml", "values.yaml"]);
        let outcome = folder.run(&words);
        assert_eq!((outcome.code, outcome.stderr.as_str()), (1, ""), "{hook}");
    }
}

/// The scripts of the action, run by bash as a runner would.
#[cfg(unix)]
mod action {
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::PathBuf;
    use std::process::Command;

    use sha2::{Digest as _, Sha256};

    use super::{BAD, Folder, read, yaml};

    struct Runner {
        folder: Folder,
        environment: Vec<(String, String)>,
    }

    impl Runner {
        /// With a step's environment, in which expressions are left to the test.
        fn new() -> Self {
            let folder = Folder::new(&[("repository/k8s/pod.yaml", BAD), ("temp/none", "")]);
            let mut runner = Self { folder, environment: Vec::new() };
            for (name, file) in [
                ("RUNNER_TEMP", "temp"),
                ("GITHUB_PATH", "path"),
                ("GITHUB_STEP_SUMMARY", "summary"),
                ("GITHUB_OUTPUT", "output"),
            ] {
                let path = runner.path(file).to_str().unwrap().to_owned();
                runner.set(name, &path);
            }
            runner.set("RUNNER_OS", "Linux");
            runner.set("RUNNER_ARCH", "X64");
            runner
        }

        fn set(&mut self, name: &str, value: &str) {
            self.environment.push((name.to_owned(), value.to_owned()));
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        fn read(&self, name: &str) -> String {
            std::fs::read_to_string(self.path(name)).unwrap_or_default()
        }

        /// Runs a step's script; gives its exit code, and what it printed.
        fn step(&self, index: usize) -> (i32, String) {
            let action = yaml(&read("action.yml"));
            let script = action["runs"]["steps"][index]["run"].as_str().unwrap().to_owned();
            let ours = PathBuf::from(env!("CARGO_BIN_EXE_forewarn")).parent().unwrap().to_owned();
            let paths = std::env::var_os("PATH").unwrap();
            let paths = std::env::join_paths(std::iter::once(ours).chain(std::env::split_paths(&paths))).unwrap();
            let mut command = Command::new("bash");
            command.args(["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", &script]);
            command.current_dir(self.path("repository")).env_clear().env("PATH", paths);
            let output = command.envs(self.environment.iter().cloned()).output().unwrap();
            let printed = [output.stdout, output.stderr].concat();
            (output.status.code().unwrap(), String::from_utf8(printed).unwrap())
        }
    }

    #[test]
    fn the_review_annotates_and_writes_its_reports() {
        let mut runner = Runner::new();
        runner.set("PATHS", "k8s\n\n");
        runner.set("ARGS", "--policy\nprivilege-escalation\n");
        runner.set("FAIL_ON", "deny");
        runner.set("SARIF_FILE", "out.sarif");
        let (code, printed) = runner.step(1);
        assert_eq!(code, 1, "{printed}");
        assert!(printed.starts_with("::error file=k8s/pod.yaml,line=11,"), "{printed}");
        assert!(runner.read("summary").starts_with("## Forewarn: ❌ denied\n"));
        assert_eq!(runner.read("output"), "exit-code=1\n");
        assert!(runner.read("repository/out.sarif").contains("privilege-escalation/allowed"));
        runner.set("FAIL_ON", "never");
        runner.set("SARIF_FILE", "");
        assert_eq!(runner.step(1).0, 0);
    }

    #[test]
    fn the_release_is_compared_with_its_sum() {
        let mut runner = Runner::new();
        let name = "forewarn-1.2.3-x86_64-unknown-linux-gnu";
        let inner = runner.folder.write(&format!("made/{name}/forewarn"), b"#!/bin/sh\necho forewarn\n");
        std::fs::set_permissions(&inner, std::fs::Permissions::from_mode(0o755)).unwrap();
        let archive = runner.folder.write(&format!("releases/v1.2.3/{name}.tar.gz"), b"");
        let mut tar = Command::new("tar");
        tar.arg("-czf").arg(&archive).arg("-C").arg(runner.path("made")).arg(name);
        assert!(tar.status().unwrap().success());
        let sum = Sha256::digest(std::fs::read(&archive).unwrap());
        let sum: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
        let sums = |sum: &str| format!("{}  another.tar.gz\n{sum}  {name}.tar.gz\n", "0".repeat(64));
        let releases = format!("file://{}", runner.path("releases").display());
        runner.set("VERSION", "1.2.3");
        runner.set("RELEASES", &releases);

        runner.folder.write("releases/v1.2.3/SHA256SUMS", sums(&"1".repeat(64)).as_bytes());
        let (code, printed) = runner.step(0);
        assert!(code != 0 && runner.read("path").is_empty(), "{printed}");
        runner.folder.write("releases/v1.2.3/SHA256SUMS", b"none of ours\n");
        let (code, printed) = runner.step(0);
        assert!(code == 2 && printed.contains("does not name"), "{printed}");

        runner.folder.write("releases/v1.2.3/SHA256SUMS", sums(&sum).as_bytes());
        let (code, printed) = runner.step(0);
        assert_eq!(code, 0, "{printed}");
        assert!(PathBuf::from(runner.read("path").trim()).join("forewarn").is_file());

        runner.set("RUNNER_ARCH", "S390X");
        let (code, printed) = runner.step(0);
        assert!(code == 2 && printed.contains("no release for Linux on S390X"), "{printed}");
    }
}
