//! A Service claims no external address that nobody planned for.
//!
//! Source: the article's chapter on public external addresses (each connection takes an entry in the conntrack table);
//! CVE-2020-8554; KEP-5707.

mod address;
mod cidr;
mod traffic;

use forewarn_kit::export;
use forewarn_kit::finding::{Finding, Findings};
use forewarn_kit::json::Node;
use forewarn_kit::object::{ObjectGuard, ObjectPolicy};
use forewarn_kit::request::Request;
use forewarn_kit::settings::{Level, Settings};
use forewarn_kit::version::Version;

use crate::address::NotAnAddress;
use crate::cidr::Cidr;

/// The rule, with its settings.
#[derive(Debug)]
pub struct ExternalIps {
    allowed: Vec<Cidr>,
    max: Option<i64>,
    traffic_policy: Level,
    kubernetes: Version,
}

/// The release that deprecates the field (KEP-5707).
const DEPRECATED: Version = Version::new(1, 36);

impl ObjectPolicy for ExternalIps {
    const ID: &'static str = "external-ips";
    const CODES: &'static [&'static str] =
        &["not-allowed", "too-many", "cluster-traffic-policy", "deprecated", "invalid-address"];
    const GRANDFATHER: Option<bool> = Some(true);

    fn from_settings(settings: &mut Settings<'_>) -> Self {
        Self {
            allowed: cidr::setting(settings),
            max: settings.optional_integer("max", "How many external addresses a Service may have at most.", 0..=1000),
            traffic_policy: settings.choice(
                "trafficPolicy",
                "What to do about a Service with external addresses or of type LoadBalancer whose traffic takes a detour \
                 over a second node.",
                Level::Warn,
            ),
            kubernetes: Version::setting(settings),
        }
    }

    fn check<'a>(&'a self, request: &'a Request<'a>, object: Node<'a>, findings: &mut Findings<'a>) {
        let (group, kind) = request.group_kind();
        let Some(spec) = object.object("spec").filter(|_| group.is_empty() && kind == "Service") else { return };
        let mut count = 0;
        for (node, text) in spec.strings("externalIPs") {
            count += 1;
            let finding = match address::parse(&text) {
                Ok(address) if self.allowed.iter().any(|range| range.contains(address)) => continue,
                Ok(address) => self.not_allowed(node, &text).value(address.to_string()),
                Err(NotAnAddress { reason, help }) => Finding::deny("invalid-address", node, reason).help(help),
            };
            findings.push(finding);
        }
        let list = spec.field("externalIPs").filter(|_| count > 0);
        let about_list = list.map(|list| [self.too_many(request, list, count), self.deprecated(list)]);
        let about_traffic = self.traffic_policy.severity().and_then(|severity| traffic::check(spec, severity));
        about_list.into_iter().flatten().flatten().chain(about_traffic).for_each(|finding| findings.push(finding));
    }
}

impl ExternalIps {
    fn not_allowed<'a>(&self, node: Node<'a>, text: &str) -> Finding<'a> {
        let message = format!(
            "`{text}` is not among the allowed external addresses: every connection to it takes an entry in its node's \
             conntrack table, and a full table stops the node taking any new connection; and whoever may create a \
             Service can hijack an address like this (CVE-2020-8554)"
        );
        let allowed: Vec<_> = self.allowed.iter().map(|range| format!("`{range}`")).collect();
        let planned = match allowed.as_slice() {
            [] => "add its range to this policy's setting `allowedCIDRs`".to_owned(),
            allowed => format!("take one of {}", allowed.join(", ")),
        };
        let help = format!(
            "remove it and use `type: LoadBalancer` or a Gateway, which get addresses from a pool that somebody plans; if \
             the address is planned, {planned}"
        );
        Finding::deny("not-allowed", node, message).help(help)
    }

    fn too_many<'a>(&self, request: &Request<'_>, list: Node<'a>, count: i64) -> Option<Finding<'a>> {
        let max = self.max.filter(|max| count > *max)?;
        let addresses = if count == 1 { "1 external address" } else { &format!("{count} external addresses") };
        let message = format!(
            "the Service has {addresses}, and at most {max} may be: every connection to each of them takes an entry in \
             its node's conntrack table"
        );
        let help = if max == 0 { "remove `externalIPs`".to_owned() } else { format!("keep {max} of them") };
        // Fewer than before is no new violation.
        let before = stored_count(request).filter(|before| *before > count).unwrap_or(count);
        Some(Finding::deny("too-many", list, message).help(help).value(before.to_string()))
    }

    fn deprecated<'a>(&self, list: Node<'a>) -> Option<Finding<'a>> {
        let message = format!(
            "`externalIPs` is deprecated since Kubernetes {DEPRECATED} (KEP-5707): a later release takes it out of \
             kube-proxy, and these addresses then lead nowhere"
        );
        let help =
            "move to `type: LoadBalancer` with a controller that assigns addresses, such as MetalLB, or to a Gateway";
        (self.kubernetes >= DEPRECATED).then(|| Finding::warn("deprecated", list, message).help(help))
    }
}

fn stored_count(request: &Request<'_>) -> Option<i64> {
    let addresses = request.stored()?.field("spec")?.field("externalIPs")?.elements().count();
    i64::try_from(addresses).ok()
}

export!(ObjectGuard<ExternalIps>);
