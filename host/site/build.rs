//! Makes the table of the site's files from what `just site` left in `target/site`.

use std::env;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use flate2::Compression;
use flate2::write::GzEncoder;

fn main() -> Result<()> {
    println!("cargo::rerun-if-env-changed=FOREWARN_SITE_DIR");
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(env::var_os("OUT_DIR").context("cargo sets `OUT_DIR`")?);
    let site = match env::var_os("FOREWARN_SITE_DIR") {
        Some(folder) => PathBuf::from(folder),
        // `OUT_DIR` is `<target>[/<triple>]/<profile>/build/<package>/out`.
        None => out.ancestors().nth(4).context("`OUT_DIR` is not where cargo puts it")?.join("site"),
    };
    println!("cargo::rerun-if-changed={}", site.display());
    let mut files = Vec::new();
    // A build without the site still compiles; the command then says what to type.
    if site.is_dir() {
        walk(&site, &mut files)?;
    }
    files.sort();
    let mut table = String::from("static FILES: &[SiteFile] = &[\n");
    for (index, path) in files.iter().enumerate() {
        let packed = out.join(format!("{index}.gz"));
        let mut encoder = GzEncoder::new(File::create(&packed)?, Compression::best());
        io::copy(&mut File::open(path)?, &mut encoder)?;
        encoder.finish()?;
        let name = path.strip_prefix(&site)?.to_str().context("a file's name is not UTF-8")?;
        table += &format!("    SiteFile {{ path: {name:?}, gzip: include_bytes!({packed:?}) }},\n");
    }
    fs::write(out.join("site.rs"), table + "];\n")?;
    Ok(())
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            walk(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
