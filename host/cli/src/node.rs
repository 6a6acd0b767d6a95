//! `forewarn node`

use std::path::{Path, PathBuf};

use forewarn_core::facts::{FactFile, Facts};
use forewarn_core::object::Identity;
use forewarn_core::problem::{Problem, ProblemKind};
use forewarn_core::source::Position;
use serde_json::json;

use crate::args::Node;
use crate::exit::{Exit, Failure};
use crate::facts::{self, Broken};
use crate::inputs::display;

/// The input's name in the metadata of policies.
const INPUT: &str = "conntrack";

/// Where the kernel tells how many connections it tracks, below the proc file system.
const COUNT: &[&str] = &["sys/net/netfilter/nf_conntrack_count"];
/// Where it tells how many it can track; the older place is still there.
const MAX: &[&str] = &["sys/net/netfilter/nf_conntrack_max", "sys/net/nf_conntrack_max"];

/// Asks policies about this machine's table of tracked connections.
///
/// # Errors
/// See [`facts::review`].
pub(crate) fn node(args: &Node) -> Result<Exit, Failure> {
    facts::review(INPUT, || Ok(gather(args)), &args.reporting)
}

fn gather(args: &Node) -> Result<Facts, Vec<Broken>> {
    let (count, max) = match (Number::read(&args.proc, COUNT), Number::read(&args.proc, MAX)) {
        (Ok(count), Ok(max)) => (count, max),
        (count, max) => return Err([count.err(), max.err()].into_iter().flatten().collect()),
    };
    let mut input = json!({"count": count.value, "max": max.value});
    if let (Some(name), Some(fields)) = (&args.name, input.as_object_mut()) {
        fields.insert("node".to_owned(), json!(name));
    }
    Ok(Facts {
        identity: Identity {
            api_version: "v1".to_owned(),
            kind: "Node".to_owned(),
            namespace: None,
            name: args.name.clone(),
        },
        input: input.to_string(),
        files: vec![
            FactFile { name: count.file, text: count.text, holds: "/count" },
            FactFile { name: max.file, text: max.text, holds: "/max" },
        ],
        otherwise: "",
    })
}

/// A number that the kernel tells in a file.
struct Number {
    file: String,
    text: String,
    value: u64,
}

impl Number {
    /// Reads the first of the files that exists.
    fn read(proc: &Path, places: &[&str]) -> Result<Self, Broken> {
        let paths: Vec<PathBuf> = places.iter().map(|place| proc.join(place)).collect();
        let path = paths.iter().find(|path| path.exists()).or(paths.first()).cloned().unwrap_or_default();
        let file = display(&path);
        let broken = |message: String, help: &str| {
            let help = Some(help.to_owned());
            Problem { help, file: Some(file.clone()), ..Problem::new(ProblemKind::Input, message) }
        };
        let bytes = std::fs::read(&path).map_err(|error| {
            let message = format!("cannot read `{file}`: {error}");
            let help = "the kernel module `nf_conntrack` is not loaded, or `--proc` names no proc file system";
            Broken::new(broken(message, help), String::new())
        })?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let digits = text.trim();
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        match digits.parse().ok().filter(|_| plain) {
            Some(value) => Ok(Self { file, text, value }),
            None => {
                let start: String = digits.chars().take(40).collect();
                let message = format!("`{file}` holds `{start}`, which is no number of connections");
                let problem = broken(message, "give the proc file system of a Linux machine with `--proc`");
                Err(Broken::new(problem.at(&file, Position { line: 1, column: 1 }), text))
            }
        }
    }
}
