//! Pages from Markdown: one per policy, and the book.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use pulldown_cmark::{CowStr, Event, LinkType, Options, Parser, Tag, html};

/// A page per policy, from the README that its module carries.
pub(crate) fn policies(folder: &Path, out: &Path) -> Result<()> {
    fs::create_dir_all(out)?;
    let mut list = String::from("# Policies\n\n");
    for path in sorted(folder)? {
        let readme = path.join("README.md");
        if readme.exists() {
            let id = path.file_name().context("a policy has a name")?.to_string_lossy().into_owned();
            write!(list, "- [{id}]({id}.html)\n")?;
            fs::write(out.join(format!("{id}.html")), page(&id, &fs::read_to_string(readme)?))?;
        }
    }
    fs::write(out.join("index.html"), page("Policies", &list))?;
    Ok(())
}

/// The book: README, then docs/.
pub(crate) fn book(root: &Path, out: &Path) -> Result<()> {
    fs::create_dir_all(out)?;
    let mut list = String::from("\n## Book\n\n");
    let docs = root.join("docs");
    let chapters = if docs.is_dir() { sorted(&docs)? } else { Vec::new() };
    for path in chapters.iter().filter(|path| path.extension().is_some_and(|extension| extension == "md")) {
        let text = fs::read_to_string(path)?;
        let name = path.file_stem().context("a file has a name")?.to_string_lossy().into_owned();
        let title = text.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or(&name).to_owned();
        write!(list, "- [{title}]({name}.html)\n")?;
        fs::write(out.join(format!("{name}.html")), page(&title, &text))?;
    }
    list.push_str("- [The policies](../policies/)\n");
    let readme = fs::read_to_string(root.join("README.md"))?;
    fs::write(out.join("index.html"), page("Forewarn", &(readme + &list)))?;
    Ok(())
}

fn page(title: &str, markdown: &str) -> String {
    let events = Parser::new_ext(markdown, Options::ENABLE_TABLES).map(|event| match event {
        Event::Start(Tag::Link { link_type: LinkType::Inline, dest_url, title, id }) => {
            Event::Start(Tag::Link { link_type: LinkType::Inline, dest_url: link(&dest_url), title, id })
        }
        // Raw HTML is shown, not run.
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        other => other,
    });
    let mut body = String::new();
    html::push_html(&mut body, events);
    let title = title.replace('&', "&amp;").replace('<', "&lt;");
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title} - Forewarn</title>\n<link rel=\"icon\" href=\"data:,\">\n\
         <link rel=\"stylesheet\" href=\"../style.css\">\n</head>\n<body>\n<header><a href=\"../\">Playground</a> \
         <a href=\"../policies/\">Policies</a> <a href=\"../book/\">Book</a></header>\n<main class=\"page\">\n\
         {body}</main>\n</body>\n</html>\n"
    )
}

/// Links between documents of the repository lead to pages of the site.
fn link(target: &str) -> CowStr<'static> {
    let is_document = !target.contains("://") && target.ends_with(".md");
    let name = target.rsplit('/').next().unwrap_or(target);
    if !is_document {
        target.to_owned().into()
    } else if target.starts_with("docs/") || !target.contains('/') && name != "README.md" && name.to_lowercase() == name
    {
        name.replace(".md", ".html").into()
    } else {
        format!("https://github.com/forewarn/forewarn/blob/main/{target}").into()
    }
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}
