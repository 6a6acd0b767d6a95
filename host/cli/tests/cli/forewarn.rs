//! Running the command in a folder of its own.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A temporary folder to run the command in.
pub(crate) struct Folder(tempfile::TempDir);

/// What the command did.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Folder {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (name, text) in files {
            folder.write(name, text.as_bytes());
        }
        folder
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn run(&self, args: &[&str]) -> Outcome {
        self.run_with_input(args, "")
    }

    /// With `home` as the user's folder.
    pub(crate) fn run_in_home(&self, args: &[&str], home: &Path) -> Outcome {
        outcome(self.command(args).env("HOME", home), "")
    }

    /// With further variables in the environment.
    pub(crate) fn run_with_variables(&self, args: &[&str], variables: &[(&str, &str)]) -> Outcome {
        outcome(self.command(args).envs(variables.iter().copied()), "")
    }

    pub(crate) fn run_with_input(&self, args: &[&str], input: &str) -> Outcome {
        outcome(&mut self.command(args), input)
    }

    /// Runs the command with nobody reading what it prints, and gives its exit code and its complaints.
    pub(crate) fn run_unread(&self, args: &[&str]) -> (i32, String) {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = self.command(args).stdout(writer).stderr(Stdio::piped()).output().unwrap();
        (output.status.code().expect("the command ends by itself"), String::from_utf8(output.stderr).unwrap())
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_forewarn"));
        command.args(args).current_dir(self.path()).env_clear();
        // Where `git` is found.
        command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command
    }

    /// The JSON report of a check.
    pub(crate) fn report(&self, args: &[&str]) -> (i32, serde_json::Value) {
        let outcome = self.run(&[&["check", "--format", "json"], args].concat());
        let report = serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {outcome:?}"));
        (outcome.code, report)
    }
}

fn outcome(command: &mut Command, input: &str) -> Outcome {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // The command may end without reading its input.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    Outcome {
        code: output.status.code().expect("the command ends by itself"),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A pod that `privilege-escalation` rejects.
pub(crate) const BAD: &str = "\
apiVersion: v1
kind: Pod
metadata:
  name: web
  namespace: shop
spec:
  containers:
    - name: web
      image: nginx:1.27
      securityContext:
        allowPrivilegeEscalation: true
";

/// A pod that `privilege-escalation` accepts.
pub(crate) const GOOD: &str = "\
apiVersion: v1
kind: Pod
metadata:
  name: good
spec:
  containers:
    - name: web
      image: nginx:1.27
      securityContext:
        allowPrivilegeEscalation: false
";

/// Applies only `privilege-escalation`, so that other policies' findings stay out of the way.
pub(crate) const ONLY: &[&str] = &["--policy", "privilege-escalation"];
