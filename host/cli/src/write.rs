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
    exchange_bytes(path, old.as_bytes(), new)
}

fn exchange_bytes(path: &Path, old: &[u8], new: &str) -> Result<(), WriteError> {
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
    if fs::read(&target)? != old {
        return Err(WriteError::Changed);
    }
    temporary.persist(&target).map_err(|error| error.error)?;
    // The new name is safe once its folder is; what cannot be asked for that still has the file whole.
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
    Ok(())
}

/// Writes a file as a whole, whatever was in it before, so that a reader sees the old text or the new and never a part.
/// What is no regular file, such as a pipe, is written to.
///
/// # Errors
/// [`WriteError`]; a regular file is then as it was.
pub(crate) fn replace(path: &Path, text: &str) -> Result<(), WriteError> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => {
            let old = fs::read(path)?;
            // The same text again is no reason to touch the file.
            if old == text.as_bytes() { Ok(()) } else { exchange_bytes(path, &old, text) }
        }
        Ok(metadata) if metadata.is_dir() => Err(io::Error::from(io::ErrorKind::IsADirectory).into()),
        Ok(_) => Ok(OpenOptions::new().write(true).open(path)?.write_all(text.as_bytes())?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(path, text.as_bytes()),
        Err(error) => Err(error.into()),
    }
}

/// Writes a file as a whole, whether it is there already or not; of a symbolic link, the file that it leads to.
///
/// # Errors
/// What the file system says; the file is then as it was.
pub(crate) fn create(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let path = if path.exists() { fs::canonicalize(path)? } else { path.to_path_buf() };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".forewarn-").suffix(".tmp");
    readable(&mut builder);
    let mut temporary = builder.tempfile_in(folder)?;
    temporary.write_all(bytes)?;
    temporary.as_file().sync_all()?;
    temporary.persist(&path).map_err(|error| error.error)?;
    Ok(())
}

/// Lets others read the file as far as the user's mask does. A temporary file is otherwise for nobody else.
#[cfg(unix)]
fn readable(builder: &mut tempfile::Builder<'_, '_>) {
    use std::os::unix::fs::PermissionsExt as _;
    builder.permissions(fs::Permissions::from_mode(0o666));
}

#[cfg(not(unix))]
fn readable(_: &mut tempfile::Builder<'_, '_>) {}

/// Gives a file the owner and group of another where the user may do that.
#[cfg(unix)]
fn keep_owner(file: &File, of: &Metadata) {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let _ = fchown(file, Some(of.uid()), Some(of.gid()));
}

#[cfg(not(unix))]
fn keep_owner(_: &File, _: &Metadata) {}
