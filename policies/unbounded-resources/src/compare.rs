//! Whether requests, limits and the settings fit each other.

use forewarn_kit::finding::{Finding, Findings};
use forewarn_kit::quantity::Quantity;

use crate::settings::Bounds;
use crate::stated::{Stated, Value};

/// Reports a request above the limit that bounds it, and a limit too far above its request.
pub(crate) fn request_with_limit<'a>(bounds: &Bounds, own: &Stated<'a>, pod: &Stated<'a>, findings: &mut Findings<'a>) {
    let (owner, name) = (own.owner, own.resource.name());
    let Some(request) = own.request.amount() else { return };
    let (limit, whose) = match &own.limit {
        Value::Absent => (pod.limit.amount(), "the pod's limit"),
        limit => (limit.amount(), "its limit"),
    };
    let Some(limit) = limit else { return };
    // Where a limit is demanded, zero is reported as a missing one.
    let missing = bounds.limits.contains(&own.resource) && !pod.limit.is_given();
    if limit.value == Quantity::ZERO && missing {
        return;
    }
    let both = format!("{name} {} {}", request.text, limit.text);
    if request.value > limit.value {
        let message = format!(
            "{owner} requests `{}` {name}, above {whose} of `{}`: the API server refuses it",
            request.text, limit.text
        );
        let help = if limit.value == Quantity::ZERO {
            format!("raise {whose} to `{}` or more, or remove it", request.text)
        } else {
            format!("lower the request to `{}`, or raise {whose} to `{}`", limit.text, request.text)
        };
        own.report(Finding::deny("request-above-limit", request.node, message).help(help).value(both), findings);
    } else if own.limit.amount().is_some()
        && bounds.is_too_far_above(own.resource, limit.value, request.value)
        && let Some(ratio) = bounds.max_ratio.get(own.resource)
    {
        let message = format!(
            "{owner} has a {name} limit of `{}`, more than {} times its request of `{}`: nodes fill up with \
             promises that they cannot keep all at once",
            limit.text, ratio.text, request.text
        );
        let help = format!("raise `resources.requests.{name}`, or lower `resources.limits.{name}`");
        own.report(Finding::deny("ratio", limit.node, message).help(help).value(both), findings);
    }
}

/// Reports amounts above the maximum for one container.
pub(crate) fn with_max<'a>(bounds: &Bounds, own: &Stated<'a>, pod: &Stated<'a>, findings: &mut Findings<'a>) {
    let Some(max) = bounds.max.get(own.resource) else { return };
    let (limit, whose) = match &own.limit {
        Value::Absent => (pod.limit.amount(), " (the pod's, for it has none of its own)"),
        limit => (limit.amount(), ""),
    };
    let name = own.resource.name();
    for (amount, what, whose) in [(own.request.amount(), "request", ""), (limit, "limit", whose)] {
        let Some(amount) = amount.filter(|amount| amount.value > max.value) else { continue };
        let message = format!(
            "{} has a {name} {what} of `{}`{whose}, above the maximum of `{}`: one container could take a \
             node for itself",
            own.owner, amount.text, max.text
        );
        let help = if whose.is_empty() {
            format!("lower the {what} to `{}` or less", max.text)
        } else {
            format!("give it a limit of its own, `{}` or less, or lower the pod's", max.text)
        };
        let finding = Finding::deny("above-max", amount.node, message).help(help);
        own.report(finding.value(format!("{name} {what} {}", amount.text)), findings);
    }
}
