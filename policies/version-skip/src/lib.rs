//! A Kubernetes version moves one minor version at a time, and never down.
//!
//! Source: the article's chapter on upgrades (Kubespray's playbook must pass through every minor version); Kubernetes'
//! version skew policy, "API servers should not skip minor versions when upgrading".

mod change;
mod fields;
mod release;

use forewarn_kit::export;
use forewarn_kit::finding::Findings;
use forewarn_kit::json::{Kind, Node};
use forewarn_kit::object::{ObjectGuard, ObjectPolicy};
use forewarn_kit::request::Request;
use forewarn_kit::settings::Settings;

use crate::change::judge;
use crate::fields::Field;

/// The rule, with its settings.
#[derive(Debug)]
pub struct VersionSkip {
    added: Vec<Field>,
}

impl ObjectPolicy for VersionSkip {
    const ID: &'static str = "version-skip";
    const CODES: &'static [&'static str] = &["skips-minor", "downgrade", "major", "unparsable"];
    const GRANDFATHER: Option<bool> = None;

    fn from_settings(settings: &mut Settings<'_>) -> Self {
        Self { added: Field::read(settings) }
    }

    fn check<'a>(&'a self, request: &'a Request<'a>, object: Node<'a>, findings: &mut Findings<'a>) {
        let Some(stored) = request.stored() else { return };
        let (group, kind) = request.group_kind();
        for (old, new) in fields::changes((&group, &kind), stored, object, &self.added) {
            let Some(after) = new.expect(Kind::String).and_then(Node::as_str) else { continue };
            // Nobody knows where a change from something else than a version started.
            let Some(before) = old.as_str() else { continue };
            if before != after
                && !before.is_empty()
                && !after.is_empty()
                && let Some(finding) = judge(&before, &after, new)
            {
                findings.push(finding);
            }
        }
    }
}

export!(ObjectGuard<VersionSkip>);
