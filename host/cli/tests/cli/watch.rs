//! `forewarn check --watch`, by a real process and real files.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

use crate::forewarn::{BAD, Folder, GOOD, ONLY};

/// No test waits longer for what has to come.
const BOUND: Duration = Duration::from_secs(20);

/// A watching process.
struct Watching {
    child: Child,
    /// What it prints on both of its outputs.
    lines: Receiver<String>,
}

impl Watching {
    fn start(folder: &Folder, args: &[&str]) -> Self {
        Self::start_with(folder, &[&["check", "--watch"], ONLY, args].concat())
    }

    fn start_with(folder: &Folder, args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_forewarn"))
            .args(args)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = mpsc::channel();
        forward(child.stdout.take().unwrap(), sender.clone());
        forward(child.stderr.take().unwrap(), sender);
        let watching = Self { child, lines };
        watching.until(&["watching"]);
        watching
    }

    /// Waits for a review after a change of a file. A file that is just being written may be reviewed twice.
    fn review(&self, changed: &str, summary: &str) {
        self.until(&[&format!("changed: {changed}"), summary]);
    }

    /// Waits for lines, which may come in any order, because there are two outputs.
    fn until(&self, parts: &[&str]) {
        let end = Instant::now() + BOUND;
        let (mut seen, mut awaited) = (String::new(), parts.to_vec());
        while !awaited.is_empty() {
            match self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    awaited.retain(|part| !line.contains(part));
                    seen.push_str(&(line + "\n"));
                }
                Err(_) => panic!("no {awaited:?} in\n{seen}"),
            }
        }
    }

    #[cfg(unix)]
    fn interrupt(mut self) -> Option<i32> {
        let kill = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap();
        assert!(kill.success());
        let end = Instant::now() + BOUND;
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("it goes on after Ctrl-C");
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn forward(output: impl Read + Send + 'static, sender: Sender<String>) {
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
}

#[test]
fn a_finding_appears_and_goes_as_the_file_changes() {
    let folder = Folder::new(&[("k8s/a.yaml", GOOD)]);
    let watching = Watching::start(&folder, &["k8s"]);
    folder.write("k8s/a.yaml", BAD.as_bytes());
    watching.review("k8s/a.yaml", "1 denied in 1 object of 1 file");
    folder.write("k8s/a.yaml", GOOD.as_bytes());
    watching.review("k8s/a.yaml", "no findings in 1 object of 1 file");
    // What is new, renamed, deleted.
    folder.write("k8s/b.yaml", BAD.as_bytes());
    watching.review("k8s/b.yaml", "1 denied in 2 objects of 2 files");
    std::fs::rename(folder.path().join("k8s/b.yaml"), folder.path().join("k8s/b.txt")).unwrap();
    watching.review("k8s/b.yaml", "no findings in 1 object of 1 file");
    std::fs::create_dir(folder.path().join("k8s/more")).unwrap();
    watching.review("k8s/more", "no findings in 1 object of 1 file");
    folder.write("k8s/more/c.yaml", BAD.as_bytes());
    watching.review("k8s/more/c.yaml", "1 denied in 2 objects of 2 files");
    std::fs::remove_file(folder.path().join("k8s/more/c.yaml")).unwrap();
    watching.review("k8s/more/c.yaml", "no findings in 1 object of 1 file");
}

#[test]
fn broken_and_missing_files_end_nothing() {
    let folder = Folder::new(&[("a.yaml", GOOD)]);
    let watching = Watching::start(&folder, &["a.yaml"]);
    folder.write("a.yaml", b"a: [1\n");
    watching.review("a.yaml", "1 error");
    std::fs::remove_file(folder.path().join("a.yaml")).unwrap();
    watching.review("a.yaml", "cannot read `a.yaml`");
    // As editors write: a new file in the place of the old one.
    folder.write(".a.yaml.new", BAD.as_bytes());
    std::fs::rename(folder.path().join(".a.yaml.new"), folder.path().join("a.yaml")).unwrap();
    watching.review("a.yaml", "1 denied in 1 object");
}

#[test]
fn settings_are_read_again() {
    let folder = Folder::new(&[("a.yaml", BAD), ("s/settings.yaml", "{}")]);
    let watching = Watching::start(&folder, &["--settings", "s/settings.yaml", "a.yaml"]);
    folder.write("s/settings.yaml", b"nonsense: {}");
    watching.review("s/settings.yaml", "unknown policy `nonsense`");
    folder.write("s/settings.yaml", b"{}");
    watching.review("s/settings.yaml", "1 denied");
}

#[test]
fn the_configuration_above_and_what_it_names_are_watched() {
    let policy = |mode: &str| {
        format!(
            "apiVersion: policies.kubewarden.io/v1\nkind: ClusterAdmissionPolicy\nmetadata: {{name: p}}\nspec:\n  \
             module: registry://ghcr.io/forewarn/policies/privilege-escalation\n  mutating: false\n  mode: {mode}\n  \
             rules: [{{apiGroups: [''], apiVersions: [v1], resources: [pods], operations: [CREATE]}}]\n"
        )
    };
    let folder = Folder::new(&[
        ("forewarn.yaml", "kubewarden: [cluster]\n"),
        ("cluster/policy.yaml", &policy("protect")),
        ("k8s/a.yaml", BAD),
    ]);
    let watching = Watching::start_with(&folder, &["check", "--watch", "k8s"]);
    folder.write("cluster/policy.yaml", policy("monitor").as_bytes());
    watching.review("cluster/policy.yaml", "1 warned in 1 object of 1 file");
    folder.write("forewarn.yaml", b"paths: {exclude: [k8s/a.yaml]}\n");
    watching.review("forewarn.yaml", "no findings in 0 objects of 0 files");
}

#[test]
fn a_report_in_the_folder_is_no_change() {
    let folder = Folder::new(&[("k8s/a.yaml", GOOD)]);
    let watching = Watching::start(&folder, &["--output", "json=k8s/report.json", "k8s"]);
    folder.write("k8s/a.yaml", BAD.as_bytes());
    watching.review("k8s/a.yaml", "1 denied in 1 object of 1 file");
    std::thread::sleep(Duration::from_millis(300));
    let rest: String = watching.lines.try_iter().collect();
    assert!(!rest.contains("report.json"), "{rest}");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_with_the_last_reviews_exit_code() {
    let folder = Folder::new(&[("a.yaml", GOOD)]);
    assert_eq!(Watching::start(&folder, &["a.yaml"]).interrupt(), Some(0));
    let watching = Watching::start(&folder, &["."]);
    folder.write("a.yaml", BAD.as_bytes());
    watching.review("a.yaml", "1 denied");
    assert_eq!(watching.interrupt(), Some(1));
}

#[test]
fn what_cannot_be_watched_is_refused() {
    let folder = Folder::new(&[("a.yaml", GOOD)]);
    for args in [&["-"][..], &["--fix", "a.yaml"], &["--diff", "a.yaml"], &["--policy", "nonsense", "a.yaml"]] {
        let outcome = folder.run(&[&["check", "--watch"], args].concat());
        assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{args:?}: {}", outcome.stderr);
    }
}

/// What an edit may make of a file: with and without findings, facts that others' findings depend on, and what is no
/// manifest at all.
const TEXTS: [&str; 9] = [
    BAD,
    GOOD,
    "apiVersion: v1\nkind: Pod\nmetadata: {name: app, namespace: shop}\nspec:\n  serviceAccountName: robot\n  \
     containers:\n  - {name: app, image: 'a:1', livenesProbe: {}}\n",
    "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: robot, namespace: shop}\n\
     automountServiceAccountToken: false\n",
    "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: robot, namespace: shop}\n\
     automountServiceAccountToken: true\n",
    "apiVersion: v1\nkind: LimitRange\nmetadata: {name: all, namespace: shop}\nspec: {limits: [{type: Container, \
     default: {cpu: 1, memory: 1Gi}, defaultRequest: {cpu: 1, memory: 1Gi}}]}\n",
    "a: [1\n",
    "a: {{ .Values.a }}\n",
    "a: 1\n",
];
const CONFIGS: [&str; 4] = [
    "failOn: warn\n",
    "policies: {root-user: off}\n",
    "exemptions: [{policies: [missing-probes], paths: [k8s/0.yaml], reason: old}]\n",
    "policies: {root-usr: off}\n",
];

/// Files that are not reviewed again look as if they were.
#[test]
fn a_change_leads_to_what_a_fresh_run_says() {
    let names: Vec<_> = (0..5).map(|number| format!("k8s/{number}.yaml")).collect();
    let files: Vec<_> = names.iter().zip(TEXTS).map(|(name, text)| (name.as_str(), text)).collect();
    let folder = Folder::new(&files);
    folder.write("forewarn.yaml", b"failOn: deny\n");
    let watching = Watching::start_with(&folder, &["check", "--watch", "--output", "json=report.txt", "."]);
    // The same on every machine.
    let mut state = 42_usize;
    let mut random = |bound: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    };
    let mut current = std::collections::BTreeMap::new();
    for round in 0..40 {
        let (name, text) = match random(8) {
            0 => ("forewarn.yaml".to_owned(), Some(CONFIGS[random(CONFIGS.len())])),
            1 => (names[random(names.len())].clone(), None),
            _ => (names[random(names.len())].clone(), Some(TEXTS[random(TEXTS.len())])),
        };
        if current.insert(name.clone(), text) == Some(text) {
            continue;
        }
        match text {
            Some(text) => drop(folder.write(&name, text.as_bytes())),
            None if folder.path().join(&name).exists() => std::fs::remove_file(folder.path().join(&name)).unwrap(),
            None => continue,
        }
        let fresh = folder.run(&["check", "--format", "json", "."]);
        let end = Instant::now() + BOUND;
        // While the configuration is wrong, no report is written.
        while fresh.code != 2 && std::fs::read_to_string(folder.path().join("report.txt")).unwrap() != fresh.stdout {
            let said: String = watching.lines.try_iter().collect();
            assert!(Instant::now() < end, "after round {round}, a change of {name} to {text:?}, it said\n{said}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// The issue asks for 100 ms on a quiet machine. The bound is wide, because tests run beside each other.
#[test]
fn a_change_is_told_soon() {
    let names: Vec<_> = (0..20).map(|n| format!("k8s/{n:02}.yaml")).collect();
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), GOOD)).collect();
    let folder = Folder::new(&files);
    let watching = Watching::start(&folder, &["k8s"]);
    let mut best = Duration::MAX;
    for _ in 0..4 {
        for (text, summary) in [(BAD, "1 denied in 20 objects"), (GOOD, "no findings in 20 objects")] {
            let written = Instant::now();
            folder.write("k8s/07.yaml", text.as_bytes());
            watching.review("k8s/07.yaml", summary);
            best = best.min(written.elapsed());
        }
    }
    println!("from a write to the printed report of 20 files: {best:?}");
    assert!(best < Duration::from_secs(2), "{best:?}");
}
