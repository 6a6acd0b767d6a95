//! Puts the site together: `forewarn-web-pack ROOT OUT`, in the repository's root.
//!
//! The result is a folder of static files that any web server can serve: the playground, a page per policy, the book.

mod anchors;
mod archive;
mod examples;
mod pages;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let root = arguments.next().context("usage: forewarn-web-pack ROOT OUT")?.canonicalize()?;
    let out = arguments.next().context("usage: forewarn-web-pack ROOT OUT")?;
    if out.exists() {
        fs::remove_dir_all(&out)?;
    }
    fs::create_dir_all(&out)?;
    let web = root.join("host/web");
    core(&web)?;
    bundle(&web, &out)?;
    let modules = archive::modules(&root.join("target/policies"))?;
    fs::write(out.join("policies.xz"), archive::pack(&modules)?)?;
    fs::write(out.join("examples.json"), examples::json(&root.join("examples"))?)?;
    for file in ["index.html", "style.css"] {
        fs::copy(web.join("page").join(file), out.join(file))?;
    }
    pages::policies(&root, &out.join("policies"))?;
    pages::book(&root, &out.join("book"))?;
    report(&out)
}

/// Core with its JavaScript side, beside the page's own scripts in `target/page`.
fn core(web: &Path) -> Result<()> {
    let wasm = web.join("target/wasm32-unknown-unknown/release/forewarn_web.wasm");
    let page = web.join("target/page");
    fs::create_dir_all(&page)?;
    Bindgen::new()
        .input_path(&wasm)
        .web(true)?
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(&page)?;
    for entry in fs::read_dir(web.join("page"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "js") {
            fs::copy(&path, page.join(path.file_name().context("a file has a name")?))?;
        }
    }
    Ok(())
}

/// The page's scripts, each as one file.
fn bundle(web: &Path, out: &Path) -> Result<()> {
    let page = web.join("target/page");
    let status = Command::new(web.join("page/node_modules/.bin/esbuild"))
        .args([
            "early.js",
            "app.js",
            "worker.js",
            "--bundle",
            "--minify",
            "--format=esm",
            "--target=es2022",
            "--log-level=warning",
        ])
        .arg(format!("--outdir={}", fs::canonicalize(out)?.display()))
        .env("NODE_PATH", web.join("page/node_modules"))
        .current_dir(&page)
        .status()
        .context("cannot start esbuild; write `npm ci` in host/web/page")?;
    ensure!(status.success(), "esbuild failed");
    fs::copy(page.join("forewarn_web_bg.wasm"), out.join("core.wasm"))?;
    Ok(())
}

/// What a first visit transfers, compressed as web servers do.
fn report(out: &Path) -> Result<()> {
    let mut total = 0;
    for name in
        ["index.html", "style.css", "early.js", "app.js", "worker.js", "core.wasm", "policies.xz", "examples.json"]
    {
        let bytes = fs::read(out.join(name))?;
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        std::io::Write::write_all(&mut encoder, &bytes)?;
        let size = encoder.finish()?.len();
        total += size;
        println!("{name}: {} bytes, {size} compressed", bytes.len());
    }
    println!("transferred at a first visit: {total} bytes");
    Ok(())
}
