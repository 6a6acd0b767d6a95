//! What a git repository held at a revision, by way of the `git` command.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use thiserror::Error;

use crate::exit::Failure;

/// A repository with a working tree.
#[derive(Debug)]
pub(crate) struct Repository {
    root: PathBuf,
}

/// A commit that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Revision {
    commit: String,
}

/// A file at a revision. Symbolic links and submodules are none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct File {
    /// The path from the repository's root, with forward slashes.
    pub(crate) path: String,
    /// The id of its contents: the same for the same bytes.
    pub(crate) blob: String,
}

/// Why a repository could not be read.
#[derive(Debug, Error)]
pub(crate) enum GitError {
    /// There is no such program.
    #[error("cannot run `git`: {0}")]
    NotRunnable(#[source] io::Error),
    /// No repository holds the path.
    #[error("`{path}` is in no git working tree: {reason}")]
    NoRepository {
        /// The path.
        path: String,
        /// What git said.
        reason: String,
    },
    /// The revision does not name a commit.
    #[error("`{revision}` is no commit of the git repository `{root}`")]
    NoRevision {
        /// The revision as it was given.
        revision: String,
        /// The repository.
        root: String,
    },
    /// Git failed, or answered something else than what it was asked.
    #[error("`git {command}` in `{root}`: {reason}")]
    Failed {
        /// What git was to do.
        command: &'static str,
        /// The repository.
        root: String,
        /// What git said.
        reason: String,
    },
}

impl From<GitError> for Failure {
    fn from(error: GitError) -> Self {
        match error {
            GitError::NotRunnable(_) => Self::usage(error).with_help("install git, or leave out `--against`"),
            GitError::NoRepository { .. } => {
                Self::usage(error).with_help("`--against` compares with a commit of the repository that holds the path")
            }
            GitError::NoRevision { .. } => Self::usage(error).with_help(
                "name a branch, tag or commit that is there; after a shallow clone fetch it first (`git fetch origin main`)",
            ),
            GitError::Failed { .. } => Self::input(error),
        }
    }
}

/// Where a hook of git would point its children to another repository than the one around a path.
const LOCAL_VARIABLES: [&str; 6] =
    ["GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_NAMESPACE"];

impl Repository {
    /// The repository whose working tree holds `path`, a directory or a file in one.
    ///
    /// # Errors
    /// When there is none, or git cannot be run.
    pub(crate) fn around(path: &Path) -> Result<Self, GitError> {
        let directory = if path.is_dir() { path } else { path.parent().unwrap_or(path) };
        let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
        let output = output(git(directory).args(["rev-parse", "--show-toplevel"]))?;
        let root = String::from_utf8_lossy(&output.stdout);
        match root.strip_suffix('\n').filter(|root| output.status.success() && !root.is_empty()) {
            Some(root) => Ok(Self { root: PathBuf::from(root) }),
            None => Err(GitError::NoRepository { path: path.display().to_string(), reason: complaint(&output) }),
        }
    }

    /// The path of a file or directory from the repository's root, with forward slashes; empty for the root itself.
    /// `None` when it is elsewhere.
    pub(crate) fn path_of(&self, path: &Path) -> Option<String> {
        let root = self.root.canonicalize().ok()?;
        let path = path.canonicalize().ok()?;
        let parts: Option<Vec<_>> = path.strip_prefix(root).ok()?.iter().map(|part| part.to_str()).collect();
        Some(parts?.join("/"))
    }

    /// The commit that a branch, tag, id or expression such as `HEAD~1` names.
    ///
    /// # Errors
    /// When it names none.
    pub(crate) fn revision(&self, name: &str) -> Result<Revision, GitError> {
        // An option's look-alike is a name here, not an option.
        let expression = format!("{name}^{{commit}}");
        let arguments = ["rev-parse", "--verify", "--quiet", "--end-of-options", &expression];
        let output = output(git(&self.root).args(arguments))?;
        let commit = String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
        let is_id = !commit.is_empty() && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
        if output.status.success() && is_id {
            return Ok(Revision { commit });
        }
        Err(GitError::NoRevision { revision: name.to_owned(), root: self.root.display().to_string() })
    }

    /// The files at a revision below a directory, or the file of that very path, sorted by path. `below` counts from the
    /// root and is empty for all files. None when there was no such path.
    ///
    /// # Errors
    /// When git fails.
    pub(crate) fn files(&self, revision: &Revision, below: &str) -> Result<Vec<File>, GitError> {
        let mut command = git(&self.root);
        command.args(["ls-tree", "-r", "-z", "--full-tree", &revision.commit]);
        if !below.is_empty() {
            command.args(["--", below]);
        }
        let output = output(&mut command)?;
        if !output.status.success() {
            return Err(self.failed("ls-tree", complaint(&output)));
        }
        let entries = output.stdout.split(|byte| *byte == 0).filter(|entry| !entry.is_empty());
        let mut files = Vec::new();
        for entry in entries {
            let entry = String::from_utf8_lossy(entry);
            // <mode> <type> <id>\t<path>
            let (attributes, path) = entry.split_once('\t').ok_or_else(|| self.unexpected("ls-tree", &entry))?;
            let [mode, "blob", blob] = *attributes.split(' ').collect::<Vec<_>>() else { continue };
            if mode.starts_with("100") {
                files.push(File { path: path.to_owned(), blob: blob.to_owned() });
            }
        }
        files.sort_unstable();
        Ok(files)
    }

    /// The contents of files, by the ids of their blobs, all with one process.
    ///
    /// # Errors
    /// When git fails, also because a blob is missing from a partial clone.
    pub(crate) fn read(&self, files: &[File]) -> Result<BTreeMap<String, Vec<u8>>, GitError> {
        let request: String = files.iter().map(|file| format!("{}\n", file.blob)).collect();
        let mut command = git(&self.root);
        command.args(["cat-file", "--batch"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(GitError::NotRunnable)?;
        let stdin = child.stdin.take();
        let output = std::thread::scope(|scope| {
            // Written beside the reading: neither end waits with a full pipe for the other.
            scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(request.as_bytes())));
            child.wait_with_output()
        });
        let output = output.map_err(GitError::NotRunnable)?;
        if !output.status.success() {
            return Err(self.failed("cat-file", complaint(&output)));
        }
        let mut rest = output.stdout.as_slice();
        let mut contents = BTreeMap::new();
        for file in files {
            let (header, bytes) = split_line(rest).ok_or_else(|| self.unexpected("cat-file", "the end"))?;
            let header = String::from_utf8_lossy(header);
            // <id> blob <size>, and after the contents a line break
            let size = header.strip_prefix(&format!("{} blob ", file.blob)).and_then(|size| size.parse().ok());
            let split = size.and_then(|size| bytes.split_at_checked(size));
            let (content, after) = split.ok_or_else(|| self.unexpected("cat-file", &header))?;
            contents.insert(file.blob.clone(), content.to_vec());
            rest = after.strip_prefix(b"\n").unwrap_or(after);
        }
        Ok(contents)
    }

    /// The paths below a directory whose files are others in the working tree than at a revision, counted from the root.
    /// Files that git does not know count as well, those that a `.gitignore` names do not.
    ///
    /// # Errors
    /// When git fails.
    pub(crate) fn changed(&self, revision: &Revision, below: &str) -> Result<BTreeSet<String>, GitError> {
        let differing = ["diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--no-textconv"];
        let unknown = ["ls-files", "-z", "--others", "--exclude-per-directory=.gitignore"];
        let mut diff = git(&self.root);
        diff.args(differing).args(["--ignore-submodules=all", &revision.commit]);
        let mut ls_files = git(&self.root);
        ls_files.args(unknown);
        let mut paths = BTreeSet::new();
        for (name, mut command) in [("diff", diff), ("ls-files", ls_files)] {
            let output = output(command.arg("--").args(Some(below).filter(|below| !below.is_empty())))?;
            if !output.status.success() {
                return Err(self.failed(name, complaint(&output)));
            }
            let names = output.stdout.split(|byte| *byte == 0).filter(|name| !name.is_empty());
            paths.extend(names.map(|name| String::from_utf8_lossy(name).into_owned()));
        }
        Ok(paths)
    }

    fn failed(&self, command: &'static str, reason: String) -> GitError {
        GitError::Failed { command, root: self.root.display().to_string(), reason }
    }

    fn unexpected(&self, command: &'static str, answer: &str) -> GitError {
        self.failed(command, format!("unexpected answer `{answer}`"))
    }
}

/// Git in a directory, bound to what is on this machine.
fn git(directory: &Path) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(directory).args(["--literal-pathspecs", "-c", "core.fsmonitor=false"]).stdin(Stdio::null());
    for variable in LOCAL_VARIABLES {
        command.env_remove(variable);
    }
    // A review fetches nothing, asks nobody and leaves the repository as it is.
    command.env("GIT_NO_LAZY_FETCH", "1").env("GIT_TERMINAL_PROMPT", "0").env("GIT_OPTIONAL_LOCKS", "0");
    command.env("LC_ALL", "C");
    command
}

fn output(command: &mut Command) -> Result<Output, GitError> {
    command.output().map_err(GitError::NotRunnable)
}

/// The first line of what git complained of.
fn complaint(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let line = text.lines().next().unwrap_or("no reason given");
    line.strip_prefix("fatal: ").unwrap_or(line).to_owned()
}

fn split_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    Some((bytes.get(..end)?, bytes.get(end + 1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::History;

    fn paths(files: &[File]) -> Vec<&str> {
        files.iter().map(|file| file.path.as_str()).collect()
    }

    fn text(repository: &Repository, file: &File) -> Vec<u8> {
        repository.read(std::slice::from_ref(file)).unwrap().remove(&file.blob).unwrap()
    }

    #[test]
    fn reads_what_a_revision_held() {
        let history = History::new();
        history.write("charts/app/Chart.yaml", b"version: 1.0.0\n");
        history.write("charts/app/gone.yaml", b"");
        history.write("charts/application/Chart.yaml", b"another\n");
        history.commit();
        history.write("charts/app/Chart.yaml", b"version: 1.1.0\n");
        history.write("charts/app/new.yaml", b"");
        std::fs::remove_file(history.path().join("charts/app/gone.yaml")).unwrap();
        history.commit();

        let repository = Repository::around(&history.path().join("charts/app")).unwrap();
        let below = repository.path_of(&history.path().join("charts/app")).unwrap();
        assert_eq!(below, "charts/app");
        let before = repository.files(&repository.revision("HEAD~1").unwrap(), &below).unwrap();
        assert_eq!(paths(&before), ["charts/app/Chart.yaml", "charts/app/gone.yaml"]);
        assert_eq!(text(&repository, &before[0]), b"version: 1.0.0\n");
        let main = repository.revision("main").unwrap();
        let now = repository.files(&main, &below).unwrap();
        assert_eq!(paths(&now), ["charts/app/Chart.yaml", "charts/app/new.yaml"]);
        assert_eq!(now[1].blob, before[1].blob, "the same bytes have the same id");
        assert_eq!(repository.files(&main, "").unwrap().len(), 3);
        assert_eq!(paths(&repository.files(&main, "charts/app/new.yaml").unwrap()), ["charts/app/new.yaml"]);
        assert!(repository.files(&main, "charts/other").unwrap().is_empty());
        assert_eq!(repository.path_of(history.path()).as_deref(), Some(""));
        assert_eq!(repository.path_of(history.path().parent().unwrap()), None);
    }

    #[test]
    fn names_are_taken_literally() {
        let history = History::new();
        for name in ["with space.yaml", "quote\".yaml", "line\nbreak.yaml", "[ab]*.yaml", ":colon/a.yaml", "é.yaml"] {
            history.write(name, name.as_bytes());
        }
        history.write("a.yaml", b"");
        history.commit();
        let repository = Repository::around(history.path()).unwrap();
        let head = repository.revision("HEAD").unwrap();
        let all = repository.files(&head, "").unwrap();
        assert_eq!(all.len(), 7);
        let contents = repository.read(&all).unwrap();
        for file in all.iter().filter(|file| file.path != "a.yaml") {
            assert_eq!(contents[&file.blob], file.path.as_bytes());
        }
        assert_eq!(paths(&repository.files(&head, "[ab]*.yaml").unwrap()), ["[ab]*.yaml"]);
        assert_eq!(paths(&repository.files(&head, ":colon").unwrap()), [":colon/a.yaml"]);
    }

    #[test]
    fn tells_what_changed_since() {
        let history = History::new();
        for name in ["app/same.yaml", "app/edited.yaml", "app/gone.yaml", "app/staged.yaml", "other/edited.yaml"] {
            history.write(name, b"before\n");
        }
        history.write(".gitignore", b"*.tgz\n");
        history.commit();
        history.write("app/committed.yaml", b"");
        history.commit();
        for name in ["app/edited.yaml", "app/staged.yaml", "other/edited.yaml", "app/new \"1\".yaml", "app/ignored.tgz"]
        {
            history.write(name, b"after\n");
        }
        history.write("app/same.yaml", b"before\n");
        history.git(&["add", "app/staged.yaml"]);
        std::fs::remove_file(history.path().join("app/gone.yaml")).unwrap();
        let repository = Repository::around(history.path()).unwrap();
        let changed = repository.changed(&repository.revision("HEAD~1").unwrap(), "app").unwrap();
        let expected =
            ["app/committed.yaml", "app/edited.yaml", "app/gone.yaml", "app/new \"1\".yaml", "app/staged.yaml"];
        assert_eq!(changed.iter().map(String::as_str).collect::<Vec<_>>(), expected);
        assert_eq!(repository.changed(&repository.revision("HEAD").unwrap(), "").unwrap().len(), 5);
    }

    #[test]
    #[cfg(unix)]
    fn links_and_submodules_are_no_files() {
        let inner = History::new();
        inner.write("inside.yaml", b"");
        inner.commit();
        let history = History::new();
        history.write("file.yaml", b"");
        std::os::unix::fs::symlink("file.yaml", history.path().join("link.yaml")).unwrap();
        let url = inner.path().to_str().unwrap();
        history.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", url, "module"]);
        history.commit();
        let repository = Repository::around(history.path()).unwrap();
        let files = repository.files(&repository.revision("HEAD").unwrap(), "").unwrap();
        assert_eq!(paths(&files), [".gitmodules", "file.yaml"]);
    }

    #[test]
    fn much_is_read_without_waiting_for_ever() {
        let history = History::new();
        for index in 0..3000 {
            history.write(&format!("{index}.txt"), format!("{index}\n{}", "x".repeat(500)).as_bytes());
        }
        history.write("binary", &[0, b'\n', 0xff].repeat(1 << 20));
        history.commit();
        let repository = Repository::around(history.path()).unwrap();
        let files = repository.files(&repository.revision("HEAD").unwrap(), "").unwrap();
        let contents = repository.read(&files).unwrap();
        assert_eq!((files.len(), contents.len()), (3001, 3001));
        let binary = files.iter().find(|file| file.path == "binary").unwrap();
        assert_eq!(contents[&binary.blob].len(), 3 << 20);
    }

    #[test]
    fn says_what_is_not_there() {
        let history = History::new();
        history.write("a.yaml", b"");
        history.commit();
        let repository = Repository::around(&history.path().join("a.yaml")).unwrap();
        for name in ["nowhere", "", "--help", "-h", "HEAD:a.yaml", "HEAD~1"] {
            let error = repository.revision(name).unwrap_err();
            assert!(matches!(&error, GitError::NoRevision { revision, .. } if revision == name), "{name}: {error}");
        }
        let unheard_of = File { path: "a".to_owned(), blob: "0".repeat(40) };
        let error = repository.read(&[unheard_of]).unwrap_err();
        assert!(error.to_string().contains("missing"), "{error}");
        let elsewhere = tempfile::tempdir().unwrap();
        let error = Repository::around(elsewhere.path()).unwrap_err();
        assert!(matches!(&error, GitError::NoRepository { reason, .. } if reason.contains("not a git repository")));
    }
}
