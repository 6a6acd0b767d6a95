//! `forewarn list`

use anstyle::Style;
use serde_json::json;

use crate::args::{Format, List};
use crate::exit::{Exit, Failure};
use crate::{module, output};

const BOLD: Style = Style::new().bold();

/// Prints the bundled policies, grouped by the article's chapters.
///
/// # Errors
/// When the bundle cannot be read or standard output cannot be written.
pub(crate) fn list(args: &List) -> Result<Exit, Failure> {
    let policies = module::all()?;
    let rows: Vec<_> = policies
        .iter()
        .map(|(policy, metadata)| {
            let annotation = |key: &str| metadata.annotation(key).unwrap_or_default();
            Row {
                id: policy.id,
                chapter: annotation("dev.forewarn.chapter"),
                severity: annotation("io.kubewarden.policy.severity"),
                description: annotation("io.kubewarden.policy.description"),
                version: annotation("io.kubewarden.policy.version"),
                mutating: metadata.mutating,
            }
        })
        .collect();
    output::write(|out| match args.format {
        Format::Json => {
            let rows: Vec<_> = rows.iter().map(Row::json).collect();
            writeln!(out, "{:#}", json!({ "version": 1, "policies": rows }))
        }
        Format::Text => text(out, &rows),
    })?;
    Ok(Exit::Clean)
}

struct Row<'a> {
    id: &'a str,
    chapter: &'a str,
    severity: &'a str,
    description: &'a str,
    version: &'a str,
    mutating: bool,
}

impl Row<'_> {
    fn json(&self) -> serde_json::Value {
        json!({
            "id": self.id,
            "chapter": self.chapter,
            "severity": self.severity,
            "description": self.description,
            "version": self.version,
            "mutating": self.mutating,
        })
    }
}

/// The article's chapters, in its order; others follow.
const CHAPTERS: [&str; 6] = ["jvm", "lifecycle", "delivery", "probes", "network", "security"];

fn text(out: &mut dyn std::io::Write, rows: &[Row<'_>]) -> std::io::Result<()> {
    let rank = |chapter: &str| CHAPTERS.iter().position(|known| *known == chapter).unwrap_or(CHAPTERS.len());
    let mut chapters: Vec<&str> = rows.iter().map(|row| row.chapter).collect();
    chapters.sort_by_key(|chapter| (rank(chapter), *chapter));
    chapters.dedup();
    let width = rows.iter().map(|row| row.id.len()).max().unwrap_or_default();
    for (n, chapter) in chapters.iter().enumerate() {
        let gap = if n == 0 { "" } else { "\n" };
        writeln!(out, "{gap}{BOLD}{chapter}{BOLD:#}")?;
        for row in rows.iter().filter(|row| row.chapter == *chapter) {
            writeln!(out, "  {:width$}  {:8}  {}", row.id, row.severity, row.description)?;
        }
    }
    writeln!(out, "\n`forewarn explain ID` tells what a policy checks, why, and what to write")
}
