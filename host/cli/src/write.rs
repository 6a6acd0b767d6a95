//! Files exchanged as a whole.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use thiserror::Error;

/// Why a file was not written. It is as it was.
#[derive(Debug, Error)]
pub(crate) enum WriteError {
    /// Nobody may write to it.
    #[error("it is read-only")]
    ReadOnly,
    /// It is a pipe or the like.
    #[error("it is no regular file")]
    NotAFile,
    /// Somebody else wrote to it meanwhile.
    #[error("it changed while it was reviewed")]
    Changed,
    /// The file system said no.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Puts a new text in the place of a file's old one, so that a reader sees either and never a part, even after a crash.
/// Permissions stay; of a symbolic link, the file that it leads to is written.
///
/// # Errors
/// [`WriteError`]; the file is then as it was.
pub(crate) fn exchange(path: &Path, old: &str, new: &str) -> Result<(), WriteError> {
    let target = fs::canonicalize(path)?;
    let metadata = fs::metadata(&target)?;
    if !metadata.is_file() {
        return Err(WriteError::NotAFile);
    }
    if metadata.permissions().readonly() {
        return Err(WriteError::ReadOnly);
    }
    // Renaming needs no right to the file itself; whoever may not write to it shall not replace it either.
    OpenOptions::new().write(true).open(&target)?;
    let folder = target.parent().ok_or(io::ErrorKind::NotFound).map_err(io::Error::from)?;
    let mut temporary = tempfile::Builder::new().prefix(".forewarn-").suffix(".tmp").tempfile_in(folder)?;
    temporary.write_all(new.as_bytes())?;
    keep_owner(temporary.as_file(), &metadata);
    temporary.as_file().set_permissions(metadata.permissions())?;
    temporary.as_file().sync_all()?;
    if fs::read(&target)? != old.as_bytes() {
        return Err(WriteError::Changed);
    }
    temporary.persist(&target).map_err(|error| error.error)?;
    // The new name is safe once its folder is; what cannot be asked for that still has the file whole.
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
    Ok(())
}

/// Writes a file as a whole: whoever reads it sees what was there before, or all of this.
///
/// # Errors
/// What the file system says; the file is then as it was.
pub(crate) fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let path = if path.exists() { fs::canonicalize(path)? } else { path.to_path_buf() };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".forewarn-").suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // A temporary file is its maker's alone, and this one is for everybody whom the user's umask lets in.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut temporary = builder.tempfile_in(folder)?;
    temporary.write_all(bytes)?;
    temporary.as_file().sync_all()?;
    temporary.persist(&path).map(drop).map_err(|error| error.error)
}

/// Gives a file the owner and group of another where the user may do that.
#[cfg(unix)]
fn keep_owner(file: &File, of: &Metadata) {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let _ = fchown(file, Some(of.uid()), Some(of.gid()));
}

#[cfg(not(unix))]
fn keep_owner(_: &File, _: &Metadata) {}
