//! Archives whose bytes follow from their contents.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use flate2::Compression;
use flate2::write::GzEncoder;

/// A compressed tar archive that says nothing of who made it, and when.
pub(crate) struct Archive {
    tar: tar::Builder<GzEncoder<Vec<u8>>>,
}

impl Archive {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self { tar: tar::Builder::new(GzEncoder::new(Vec::new(), Compression::best())) }
    }

    /// Adds a file by its contents.
    pub(crate) fn add(&mut self, name: &str, bytes: &[u8], executable: bool) -> Result<()> {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(if executable { 0o755 } else { 0o644 });
        // Some tools complain about 1970.
        header.set_mtime(1);
        self.tar.append_data(&mut header, name, bytes).with_context(|| format!("cannot archive `{name}`"))
    }

    /// Adds a file from the disk.
    pub(crate) fn add_file(&mut self, name: &str, path: &Path, executable: bool) -> Result<()> {
        let bytes = fs::read(path).with_context(|| format!("cannot read `{}`; write `just build`", path.display()))?;
        self.add(name, &bytes, executable)
    }

    /// The archive's bytes.
    pub(crate) fn finish(self) -> Result<Vec<u8>> {
        Ok(self.tar.into_inner()?.finish()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    #[test]
    fn the_same_files_give_the_same_bytes() {
        let make = || {
            let mut archive = Archive::new();
            archive.add("a/run", b"binary", true).unwrap();
            archive.add("a/text", b"words", false).unwrap();
            archive.finish().unwrap()
        };
        assert_eq!(make(), make());
        let bytes = make();
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes.as_slice()));
        let files: Vec<_> = archive
            .entries()
            .unwrap()
            .map(|entry| {
                let mut entry = entry.unwrap();
                let mut text = String::new();
                entry.read_to_string(&mut text).unwrap();
                (entry.path().unwrap().display().to_string(), entry.header().mode().unwrap(), text)
            })
            .collect();
        let file = |name: &str, mode, text: &str| (name.to_owned(), mode, text.to_owned());
        assert_eq!(files, [file("a/run", 0o755, "binary"), file("a/text", 0o644, "words")]);
    }
}
