//! For tests: a folder with a history that the real git made.

use std::path::Path;
use std::process::Command;

/// A temporary folder that is a git working tree.
pub(crate) struct History(tempfile::TempDir);

impl History {
    /// Without any commit.
    pub(crate) fn new() -> Self {
        let history = Self(tempfile::tempdir().unwrap());
        history.git(&["init", "--quiet", "--initial-branch", "main"]);
        history
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Runs git in the folder, away from the configuration of whoever runs the tests.
    pub(crate) fn git(&self, arguments: &[&str]) {
        let mut command = Command::new("git");
        command.current_dir(self.path()).args(arguments);
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        for role in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{role}_NAME"), "Test").env(format!("GIT_{role}_EMAIL"), "test@example.org");
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
    }

    /// Writes a file, making its folders.
    pub(crate) fn write(&self, name: &str, contents: &[u8]) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, contents).unwrap();
    }

    /// Commits all that is there.
    pub(crate) fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", "step"]);
    }
}
