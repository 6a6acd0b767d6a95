//! A node's connection tracking table has room for new connections.
//!
//! Source: the article's chapter on public external addresses; `nf_conntrack_count` and `nf_conntrack_max` in the
//! kernel's `Documentation/networking/nf_conntrack-sysctl.rst`.

mod table;

use forewarn_kit::export;
use forewarn_kit::finding::{Finding, Findings, Severity};
use forewarn_kit::fraction::Fraction;
use forewarn_kit::json::Node;
use forewarn_kit::raw::{Raw, RawPolicy};
use forewarn_kit::settings::Settings;

use crate::table::Table;

/// The rule, with its thresholds.
#[derive(Debug)]
pub struct ConntrackSaturation {
    warn_at: Fraction,
    deny_at: Fraction,
}

const WARN_AT: Fraction = Fraction::percent(70);
const DENY_AT: Fraction = Fraction::percent(90);

impl RawPolicy for ConntrackSaturation {
    const ID: &'static str = "conntrack-saturation";
    const CODES: &'static [&'static str] = &["saturated", "filling"];

    fn from_settings(settings: &mut Settings<'_>) -> Self {
        let warn_at = settings.fraction("warnAt", "The used part of the table that draws a warning.", WARN_AT);
        let deny_at = settings.fraction("denyAt", "The used part of the table that is refused.", DENY_AT);
        if deny_at <= warn_at {
            settings.refuse(&format!("`denyAt` is {deny_at} and has to be above `warnAt`, which is {warn_at}"));
        }
        Self { warn_at, deny_at }
    }

    fn check<'a>(&'a self, input: Node<'a>, findings: &mut Findings<'a>) {
        let Some(Table { node, place, count, max }) = Table::read(input, findings) else { return };
        let (code, severity, setting, limit) = if self.deny_at.reached_by(count, max) {
            ("saturated", Severity::Deny, "denyAt", self.deny_at)
        } else if self.warn_at.reached_by(count, max) {
            ("filling", Severity::Warn, "warnAt", self.warn_at)
        } else {
            return;
        };
        let whose = node.map(|name| format!(" of node `{name}`")).unwrap_or_default();
        let used = percentage(count, max);
        let left = match max.saturating_sub(count) {
            0 => "no entry left".to_owned(),
            1 => "1 entry left".to_owned(),
            left => format!("{left} entries left"),
        };
        let message = format!(
            "the conntrack table{whose} is {used} % full (`count` {count} of `max` {max}, {left}; `{setting}` is {limit}): a \
             node whose table is full drops every new connection, whichever pod it is for"
        );
        let help = "spread the static addresses over more nodes by peering the edge router with several of them, raise \
                    `net.netfilter.nf_conntrack_max`, and set `externalTrafficPolicy: Local` so that one node tracks a \
                    connection instead of two";
        findings.push(Finding::new(severity, code, place, message).help(help));
    }
}

/// With one decimal place, rounded down: what is not full is never shown as 100 %.
fn percentage(count: u64, max: u64) -> String {
    let permille = u128::from(count) * 1000 / u128::from(max.max(1));
    format!("{}.{}", permille / 10, permille % 10)
}

export!(Raw<ConntrackSaturation>);
