//! Which source the modules were built from.

use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};

/// A commit, and whether the files differ from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Revision {
    pub(crate) commit: String,
    pub(crate) modified: bool,
}

/// The revision of a work tree; nothing where there is no git or no history.
pub(crate) fn of(root: &Path) -> Option<Revision> {
    let commit = git(root, &["rev-parse", "--verify", "HEAD"])?.trim().to_owned();
    let changes = git(root, &["status", "--porcelain", "--untracked-files=no"])?;
    Some(Revision { commit, modified: !changes.is_empty() })
}

fn git(root: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").current_dir(root).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8(output.stdout).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_work_tree_has_a_revision_and_may_differ_from_it() {
        let folder = tempfile::tempdir().unwrap();
        let run = |arguments: &[&str]| git(folder.path(), arguments).unwrap();
        run(&["init", "--quiet"]);
        assert_eq!(of(folder.path()), None);
        fs::write(folder.path().join("a"), "1").unwrap();
        run(&["add", "a"]);
        run(&["-c", "user.name=n", "-c", "user.email=n@example.com", "commit", "--quiet", "--message", "a"]);
        let clean = of(folder.path()).unwrap();
        assert_eq!((clean.commit.len(), clean.modified), (40, false));
        fs::write(folder.path().join("a"), "2").unwrap();
        assert_eq!(of(folder.path()), Some(Revision { modified: true, ..clean }));
    }
}
