//! Pages from Markdown: one per policy, and the book.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use pulldown_cmark::{CowStr, Event, LinkType, Options, Parser, Tag, html};

use crate::anchors::anchored;

/// Documents have no scripts, and nothing but their style sheet.
const CSP: &str = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'";
/// What every policy may find; their READMEs tell of what is their own.
const COMMON: [(&str, &str); 1] = [(
    "malformed",
    "(deny): a field that the policy reads holds a value of the wrong type, so that nothing can be told about it.",
)];

/// A page per policy, from the README that its module carries, and one for the check of fields.
pub(crate) fn policies(root: &Path, out: &Path) -> Result<()> {
    fs::create_dir_all(out)?;
    let mut list = String::from("# Policies\n\n");
    for path in sorted(&root.join("policies"))? {
        let readme = path.join("README.md");
        if readme.exists() {
            let id = path.file_name().context("a policy has a name")?.to_string_lossy().into_owned();
            let text = fs::read_to_string(readme)?;
            writeln!(list, "- [{id}]({id}.html): {}", summary(&text))?;
            fs::write(out.join(format!("{id}.html")), page(&id, &text, &COMMON))?;
        }
    }
    let strict = fs::read_to_string(root.join("host/core/src/strict/page.md"))?;
    write!(list, "\nNo policies, but parts of every review:\n\n- [strict](strict.html): {}\n", summary(&strict))?;
    list.push_str(
        "- [suppressions](../book/config.html): Comments, annotations and exemptions that suppress nothing.\n",
    );
    fs::write(out.join("strict.html"), page("strict", &strict, &[]))?;
    fs::write(out.join("index.html"), page("Policies", &list, &[]))?;
    Ok(())
}

/// The paragraph below the title.
fn summary(markdown: &str) -> String {
    let paragraph = markdown.lines().skip(1).skip_while(|line| line.is_empty()).take_while(|line| !line.is_empty());
    paragraph.collect::<Vec<_>>().join(" ")
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
        writeln!(list, "- [{title}]({name}.html)")?;
        fs::write(out.join(format!("{name}.html")), page(&title, &text, &[]))?;
    }
    list.push_str("- [The policies](../policies/)\n");
    let readme = fs::read_to_string(root.join("README.md"))?;
    fs::write(out.join("index.html"), page("Forewarn", &(readme + &list), &[]))?;
    Ok(())
}

/// `codes` are those that the page is to have beside those in its tables.
fn page(title: &str, markdown: &str, codes: &[(&str, &str)]) -> String {
    let events = Parser::new_ext(markdown, Options::ENABLE_TABLES);
    let events = events.filter(|event| !matches!(event, Event::Html(text) if text.starts_with("<!--")));
    let events = events.map(|event| match event {
        Event::Start(Tag::Link { link_type: LinkType::Inline, dest_url, title, id }) => {
            Event::Start(Tag::Link { link_type: LinkType::Inline, dest_url: link(&dest_url), title, id })
        }
        // Raw HTML is shown, not run.
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        other => other,
    });
    let mut body = String::new();
    html::push_html(&mut body, anchored(events, codes));
    // What is wider than the page scrolls by itself, with the keyboard too.
    let body = body.replace("<pre>", "<pre tabindex=\"0\">");
    let body =
        body.replace("<table>", "<div class=\"wide\" tabindex=\"0\"><table>").replace("</table>", "</table></div>");
    let title = title.replace('&', "&amp;").replace('<', "&lt;");
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{CSP}\">\n\
         <title>{title} - Forewarn</title>\n<link rel=\"icon\" href=\"data:,\">\n\
         <link rel=\"stylesheet\" href=\"../style.css\">\n</head>\n<body>\n<header><a href=\"../\">Playground</a> \
         <a href=\"../policies/\">Policies</a> <a href=\"../book/\">Book</a></header>\n<main class=\"page\">\n\
         {body}</main>\n</body>\n</html>\n"
    )
}

/// Links between documents of the repository lead to pages of the site, those to its other files to where it is kept.
fn link(target: &str) -> CowStr<'static> {
    if target.contains("://") || target.starts_with(['#', '.']) || target.ends_with(".html") {
        return target.to_owned().into();
    }
    let name = target.rsplit('/').next().unwrap_or(target);
    let is_chapter = target.starts_with("docs/") || !target.contains('/') && name.to_lowercase() == name;
    match name.strip_suffix(".md") {
        Some(name) if is_chapter => format!("{name}.html").into(),
        _ => format!("https://github.com/forewarn/forewarn/blob/main/{target}").into(),
    }
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}
