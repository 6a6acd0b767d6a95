//! Whether a container has a request and a limit, its own, by way of the pod or from a LimitRange.

use forewarn_kit::finding::{Finding, Findings};
use forewarn_kit::json::quote;
use forewarn_kit::quantity::Quantity;

use crate::limit_range::{Completion, LimitRanges};
use crate::resource::Resource;
use crate::settings::{Amount, Bounds};
use crate::stated::{Side, Stated, Value};

/// Reports a limit that is demanded and nowhere to be found.
pub(crate) fn limit<'a>(
    bounds: &Bounds,
    own: &Stated<'a>,
    pod: &Stated<'a>,
    ranges: &LimitRanges<'_>,
    findings: &mut Findings<'a>,
) {
    let resource = own.resource;
    if own.limit.is_given() || pod.limit.is_given() || !bounds.limits.contains(&resource) {
        return;
    }
    let (owner, name) = (own.owner, resource.name());
    let why = match resource {
        Resource::Cpu => "one busy loop can take every idle core of the node",
        Resource::Memory => "one leak can fill the node, and its neighbours are killed for it",
    };
    let (place, what) = match own.limit.zero() {
        Some(zero) => {
            (zero.node.into(), format!("a {name} limit of `{}`, which Kubernetes takes for none: {why}", zero.text))
        }
        None => {
            let what = match ranges.complete(bounds, own, Side::Limit) {
                Completion::Fits => return,
                Completion::Unfit(flaw) => format!("no {name} limit, and {flaw}"),
                Completion::Nothing => format!("no {name} limit: {why}"),
            };
            (own.missing(Side::Limit), what)
        }
    };
    let default = bounds.default_limit.get(resource).as_ref();
    let (amount, suggested) = suggestion(bounds, resource, default);
    let suggested = match own.request.amount() {
        Some(request) if !fits_request(bounds, own, amount) => &request.text,
        _ => suggested,
    };
    let note = pod_note(bounds, pod);
    let help =
        format!("set `resources.limits.{name}` to what it needs on its busiest day, for example `{suggested}`{note}");
    let finding = Finding::deny("missing-limit", place, format!("{owner} has {what}")).help(help).value(name);
    let fits = |default: &&Amount| says_nothing(pod) && fits_request(bounds, own, default.value);
    own.report(fixed(finding, own, Side::Limit, default.filter(fits)), findings);
}

/// Reports a request that is demanded and nowhere to be found, or only implied by a limit.
pub(crate) fn request<'a>(
    bounds: &Bounds,
    own: &Stated<'a>,
    pod: &Stated<'a>,
    ranges: &LimitRanges<'_>,
    findings: &mut Findings<'a>,
) {
    let resource = own.resource;
    if own.request.is_given() || pod.request.is_given() || !bounds.requests.contains(&resource) {
        return;
    }
    let (owner, name) = (own.owner, resource.name());
    let (limit, implied) = if own.limit.is_given() {
        (&own.limit, "reserves its whole limit for it")
    } else {
        (&pod.limit, "guesses one from the limit of the whole pod")
    };
    let why = match resource {
        Resource::Cpu => "the scheduler reserves nothing for it, and it starves first on a busy node",
        Resource::Memory => "the scheduler reserves nothing for it, and it is among the first to be evicted or killed",
    };
    // Its own limit stands in for a request before a LimitRange is looked at; what is for the whole pod does not.
    let completion = match (&own.request, &own.limit) {
        (Value::Absent, Value::Absent) => ranges.complete(bounds, own, Side::Request),
        _ => Completion::Nothing,
    };
    let (place, what) = match (own.request.zero(), completion, limit) {
        (Some(zero), ..) => (zero.node.into(), format!("requests `{}` {name}, the same as nothing: {why}", zero.text)),
        (None, Completion::Fits, _) => return,
        (None, Completion::Unfit(flaw), _) => {
            (own.missing(Side::Request), format!("has no {name} request, and {flaw}"))
        }
        (None, Completion::Nothing, Value::Amount(limit)) if limit.value > Quantity::ZERO => {
            let message = format!("{owner} has no {name} request, so Kubernetes {implied}: `{}`", limit.text);
            let help = format!("set `resources.requests.{name}` to what it needs on an ordinary day");
            let finding = Finding::warn("implied-request", own.missing(Side::Request), message).help(help).value(name);
            return own.report(finding, findings);
        }
        (None, Completion::Nothing, Value::Unusable) => return,
        (None, Completion::Nothing, _) => {
            let what = format!("has no {name} request, nor a limit that could stand in for it: {why}");
            (own.missing(Side::Request), what)
        }
    };
    let default = bounds.default_request.get(resource).as_ref();
    let (amount, suggested) = suggestion(bounds, resource, default);
    let suggested = match own.limit.amount() {
        Some(limit) if limit.value > Quantity::ZERO && !fits_limit(bounds, own, amount) => &limit.text,
        _ => suggested,
    };
    let note = pod_note(bounds, pod);
    let help =
        format!("set `resources.requests.{name}` to what it needs on an ordinary day, for example `{suggested}`{note}");
    let finding = Finding::deny("missing-request", place, format!("{owner} {what}")).help(help).value(name);
    let fits = |default: &&Amount| says_nothing(pod) && fits_limit(bounds, own, default.value);
    own.report(fixed(finding, own, Side::Request, default.filter(fits)), findings);
}

/// What to write where nothing better is known: the default, else something modest that is not above the maximum.
fn suggestion<'b>(bounds: &'b Bounds, resource: Resource, default: Option<&'b Amount>) -> (Quantity, &'b str) {
    let low_max = bounds.max.get(resource).as_ref().filter(|max| max.value < resource.modest());
    default.or(low_max).map_or((resource.modest(), resource.modest_text()), |amount| (amount.value, &amount.text))
}

/// Whoever wrote the pod's own `resources` wants to know why they do not count.
fn pod_note(bounds: &Bounds, pod: &Stated<'_>) -> &'static str {
    if !bounds.pod_level && pod.owner.node().field("resources").is_some() {
        "; the `resources` of the whole pod do not count before Kubernetes 1.34"
    } else {
        ""
    }
}

fn fixed<'a>(finding: Finding<'a>, own: &Stated<'a>, side: Side, default: Option<&Amount>) -> Finding<'a> {
    match default {
        Some(default) => finding.fix(own.owner.node(), side.keys(own.resource), quote(&default.text)),
        None => finding,
    }
}

/// The API server holds the containers' sums against the pod's own amounts; a default could break them.
fn says_nothing(pod: &Stated<'_>) -> bool {
    matches!((&pod.request, &pod.limit), (Value::Absent, Value::Absent))
}

fn fits_request(bounds: &Bounds, own: &Stated<'_>, limit: Quantity) -> bool {
    match &own.request {
        Value::Absent => true,
        Value::Unusable => false,
        Value::Amount(request) if request.value == Quantity::ZERO => true,
        Value::Amount(request) => {
            request.value <= limit && !bounds.is_too_far_above(own.resource, limit, request.value)
        }
    }
}

fn fits_limit(bounds: &Bounds, own: &Stated<'_>, request: Quantity) -> bool {
    match &own.limit {
        Value::Absent => true,
        Value::Unusable => false,
        Value::Amount(limit) => request <= limit.value && !bounds.is_too_far_above(own.resource, limit.value, request),
    }
}
