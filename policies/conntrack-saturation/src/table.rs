//! The numbers of one table, as they are given.

use std::borrow::Cow;

use forewarn_kit::finding::{Finding, Findings, missing};
use forewarn_kit::json::{Kind, Node};

/// A table that has a limit.
#[derive(Debug)]
pub(crate) struct Table<'a> {
    /// The name of the node that it is of.
    pub(crate) node: Option<Cow<'a, str>>,
    /// Where `count` is written.
    pub(crate) place: Node<'a>,
    /// How many entries it has.
    pub(crate) count: u64,
    /// How many it can have; not 0.
    pub(crate) max: u64,
}

impl<'a> Table<'a> {
    /// Reads `{"node", "count", "max"}`; reports all that is wrong with it.
    pub(crate) fn read(input: Node<'a>, findings: &mut Findings<'a>) -> Option<Self> {
        let input = input.expect(Kind::Object)?;
        let node = input.string("node");
        report_missing(input, findings);
        let count = input.field("count").and_then(|node| Some((node, entries("count", node, findings)?)));
        let max = input.field("max").and_then(|node| Some((node, entries("max", node, findings)?)));
        let (place, count) = count?;
        let (max_place, max) = max?;
        if max == 0 {
            // `__nf_conntrack_alloc` in the kernel's net/netfilter/nf_conntrack_core.c.
            let message = "`max` is 0, which the kernel takes as no limit: the table grows until the memory is full";
            let help = "set `net.netfilter.nf_conntrack_max` to what the node's memory allows";
            findings.push(Finding::deny("malformed", max_place, message).help(help));
            return None;
        }
        Some(Self { node, place, count, max })
    }
}

fn report_missing(input: Node<'_>, findings: &mut Findings<'_>) {
    let (keys, what): (&[&str], _) = match (input.field("count"), input.field("max")) {
        (Some(_), Some(_)) => return,
        (None, Some(_)) => (&["count"], "`count` is"),
        (Some(_), None) => (&["max"], "`max` is"),
        (None, None) => (&["count"], "`count` and `max` are"),
    };
    let message = format!("{what} missing, so nothing can be told");
    let help = "write `count` and `max` as `net.netfilter.nf_conntrack_count` and `net.netfilter.nf_conntrack_max` are on \
                the node";
    findings.push(Finding::deny("malformed", missing(input, keys), message).help(help));
}

/// A number of entries; reports one that is negative.
fn entries<'a>(key: &str, node: Node<'a>, findings: &mut Findings<'a>) -> Option<u64> {
    let number = node.to_integer()?;
    let entries = u64::try_from(number).ok();
    if entries.is_none() {
        let message = format!("`{key}` is {number}, and no table has a negative number of entries");
        let help = format!("write what `net.netfilter.nf_conntrack_{key}` is on the node");
        findings.push(Finding::deny("malformed", node, message).help(help));
    }
    entries
}
