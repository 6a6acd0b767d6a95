//! Where the configuration is.

use std::path::{Component, Path, PathBuf};

use super::NAME;

/// The configuration nearest to a path: in its folder or one above it, up to the root of the repository.
pub(super) fn upwards(from: &Path) -> Option<PathBuf> {
    let start = std::fs::canonicalize(if from.as_os_str() == "-" { Path::new(".") } else { from });
    let start = start.or_else(|_| std::fs::canonicalize(".")).ok()?;
    let start = if start.is_dir() { start.as_path() } else { start.parent()? };
    for folder in start.ancestors() {
        let file = folder.join(NAME);
        if file.is_file() {
            return Some(file);
        }
        if folder.join(".git").exists() {
            break;
        }
    }
    None
}

/// A path as seen from the current folder, so that messages are the same on every machine.
pub(crate) fn display(path: &Path) -> String {
    crate::inputs::display(&seen(path))
}

/// A path as seen from the current folder.
pub(super) fn seen(path: &Path) -> PathBuf {
    let relative = std::fs::canonicalize(".").ok().and_then(|current| relative(path, &current));
    relative.unwrap_or_else(|| path.to_owned())
}

fn relative(path: &Path, current: &Path) -> Option<PathBuf> {
    if path.is_relative() {
        return None;
    }
    let shared = path.components().zip(current.components()).take_while(|(a, b)| a == b).count();
    // What shares nothing but the root is clearer as it is.
    if shared < 2 {
        return None;
    }
    let up = current.components().skip(shared).map(|_| Component::ParentDir);
    Some(up.chain(path.components().skip(shared)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_seen_from_the_current_folder() {
        let relative = |path, current| relative(Path::new(path), Path::new(current));
        assert_eq!(relative("/a/b/c.yaml", "/a/b"), Some(PathBuf::from("c.yaml")));
        assert_eq!(relative("/a/b/c.yaml", "/a/d/e"), Some(PathBuf::from("../../b/c.yaml")));
        assert_eq!(relative("/x/c.yaml", "/a/d"), None);
        assert_eq!(relative("c.yaml", "/a"), None);
    }
}
