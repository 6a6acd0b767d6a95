//! No container keeps a terminal open.
//!
//! Source: where the rule comes from, such as a page of the Kubernetes documentation.

use forewarn_kit::export;
use forewarn_kit::finding::{Finding, Findings};
use forewarn_kit::guard::{Guard, WorkloadPolicy};
use forewarn_kit::settings::Settings;
use forewarn_kit::version::Version;
use forewarn_kit::workload::Workload;

/// The rule. It has no settings of its own.
#[derive(Debug)]
pub struct {{Type}};

impl WorkloadPolicy for {{Type}} {
    const ID: &'static str = "{{id}}";
    const CODES: &'static [&'static str] = &["open"];

    fn from_settings(_: &mut Settings<'_>, _: Version) -> Self {
        Self
    }

    fn check<'a>(&'a self, workload: &'a Workload<'a>, findings: &mut Findings<'a>) {
        for container in &workload.containers {
            let Some(tty) = container.node.field("tty").filter(|tty| tty.to_boolean() == Some(true)) else { continue };
            let message = format!("{container} keeps a terminal open, and what happens because of it");
            let finding = Finding::deny("open", tty, message).help("remove `tty: true`");
            findings.push(finding.container(container).fix(container.node, &["tty"], "false"));
        }
    }
}

export!(Guard<{{Type}}>);
