//! What all workload policies share: exemptions, grandfathering, mutation, and the kinds they look at.

use crate::finding::{Findings, Reported, Severity, Suppression};
use crate::json::{Node, Tape};
use crate::leniency::{Leniency, is_controlled, is_going};
use crate::patch;
use crate::pointer;
use crate::policy::{Outcome, Policy};
use crate::request::{Operation, Request};
use crate::settings::Settings;
use crate::version::Version;
use crate::workload::{Class, Container, ExtraKind, Workload};

/// A rule about pods, wherever their spec is.
pub trait WorkloadPolicy: Sized {
    /// The policy's id; names the bad thing.
    const ID: &'static str;
    /// What may follow the id in a finding's code.
    const CODES: &'static [&'static str];

    /// Reads the policy's own settings.
    fn from_settings(settings: &mut Settings<'_>, kubernetes: Version) -> Self;

    /// Reports every violation in a workload.
    fn check<'a>(&'a self, workload: &'a Workload<'a>, findings: &mut Findings<'a>);

    /// Reports every violation in the change from one state of a workload to another; [`WorkloadPolicy::check`] is asked
    /// about the new state as well. Places are in the new one.
    fn check_change<'a>(&'a self, old: &'a Workload<'a>, new: &'a Workload<'a>, findings: &mut Findings<'a>) {
        let _ = (old, new, findings);
    }

    /// Reports every violation in an object of another kind that the metadata's rules name.
    fn check_other<'a>(&'a self, request: &'a Request<'a>, object: Node<'a>, findings: &mut Findings<'a>) {
        let _ = (request, object, findings);
    }
}

/// A workload policy together with the common settings.
#[derive(Debug)]
pub struct Guard<P> {
    policy: P,
    exempt: Vec<Exemption>,
    leniency: Leniency,
    mutate: bool,
    kinds: Vec<ExtraKind>,
}

/// Containers that a policy leaves alone.
#[derive(Debug)]
struct Exemption {
    containers: Vec<String>,
    images: Vec<String>,
    reason: String,
}

/// A fix may uncover the next; more rounds than any object needs mean that two fixes undo each other.
const MAX_ROUNDS: usize = 16;

impl<P: WorkloadPolicy> Policy for Guard<P> {
    const ID: &'static str = P::ID;
    const CODES: &'static [&'static str] = P::CODES;

    fn from_settings(settings: &mut Settings<'_>) -> Self {
        let kubernetes = Version::setting(settings);
        Self {
            policy: P::from_settings(settings, kubernetes),
            exempt: settings.list(
                "exempt",
                "Containers that this policy leaves alone, each entry with its reason.",
                |item| {
                    let containers = item.strings("containers", "Globs over container names.", &[]);
                    let images = item.strings("images", "Globs over normalised image references.", &[]);
                    let reason = item.parsed("reason", "Why they are exempt.", None, "a reason", |text| {
                        (!text.trim().is_empty()).then(|| text.to_owned())
                    });
                    if !item.has("reason") {
                        item.refuse("a `reason` is needed");
                    }
                    if containers.is_empty() && images.is_empty() {
                        item.refuse("`containers` or `images` is needed; `containers: [\"*\"]` exempts all");
                    }
                    Exemption { containers, images, reason: reason.unwrap_or_default() }
                },
            ),
            leniency: Leniency::read(settings, P::ID, Some(false)),
            mutate: settings.boolean("mutate", "Whether to fix what has a safe fix instead of refusing it.", false),
            kinds: ExtraKind::read(settings),
        }
    }

    fn validate(&self, request: &Request<'_>) -> Outcome {
        let Some(object) = request.object() else { return Outcome::default() };
        if is_going(request) {
            return Outcome::default();
        }
        let mut findings = self.review_change(request, object);
        let mutated =
            (self.mutate && may_mutate(request, object)).then(|| self.repair(request, object, &mut findings)).flatten();
        Outcome { findings, mutated }
    }
}

impl<P: WorkloadPolicy> Guard<P> {
    /// All findings of the object that a request would store, with those softened that the stored one has already.
    fn review_change(&self, request: &Request<'_>, object: Node<'_>) -> Vec<Reported> {
        let mut findings = self.review(request, object, request.stored());
        self.leniency.soften(request, &mut findings, |old| self.review(request, old, None));
        findings
    }

    /// All findings of one object, and of its change from an `old` one, exempted ones marked.
    fn review(&self, request: &Request<'_>, object: Node<'_>, old: Option<Node<'_>>) -> Vec<Reported> {
        let mut findings = Findings::new(object);
        let find = |object| Workload::find(object, request.group_kind(), request.namespace(), &self.kinds);
        let mut workload = find(object);
        let old = old.and_then(find);
        for container in workload.iter_mut().flat_map(|workload| &mut workload.containers) {
            container.exempt = self.exemption(container).is_some();
        }
        match &workload {
            Some(workload) => {
                self.policy.check(workload, &mut findings);
                if let Some(old) = &old {
                    self.policy.check_change(old, workload, &mut findings);
                }
            }
            None => self.policy.check_other(request, object, &mut findings),
        }
        let mut findings = findings.finish();
        if let Some(workload) = &workload {
            if request.sub_resource().as_deref() == Some("ephemeralcontainers") {
                // Nothing else can be changed by this request, so nothing else is its fault.
                findings.retain(|finding| finding.code == "malformed" || finding.class == Some(Class::Ephemeral));
            }
            self.exempt_containers(workload, &mut findings);
        }
        let pod_metadata = workload.and_then(|workload| workload.pod_metadata);
        self.leniency.exempt_by_annotation([object.object("metadata"), pod_metadata], &mut findings);
        findings
    }

    fn exemption(&self, container: &Container<'_>) -> Option<&Exemption> {
        if self.exempt.is_empty() {
            return None;
        }
        let name = container.name.as_deref().unwrap_or_default();
        let image = container.image();
        self.exempt.iter().find(|exemption| exemption.covers(name, image.as_ref()))
    }

    /// Marks the findings of exempt containers. A finding about the whole pod is exempt when all its containers are.
    fn exempt_containers(&self, workload: &Workload<'_>, findings: &mut [Reported]) {
        if self.exempt.is_empty() {
            return;
        }
        let reasons: Vec<_> =
            workload.containers.iter().map(|container| self.exemption(container).map(|found| &found.reason)).collect();
        let whole_pod = reasons.iter().try_fold(None, |_, reason| reason.map(Some)).flatten();
        for finding in findings.iter_mut().filter(|finding| finding.code != "malformed") {
            let reason = match finding.container_offset {
                None => whole_pod,
                Some(offset) => {
                    let about = |container: &Container<'_>| container.node.span().start == offset;
                    workload.containers.iter().position(about).and_then(|index| reasons.get(index).copied().flatten())
                }
            };
            if let Some(reason) = reason {
                finding.suppressed = Some(Suppression { by: "exempt", reason: reason.clone() });
            }
        }
    }

    /// Applies safe fixes until none is left. Gives the repaired object, and leaves in `findings` what was repaired as
    /// warnings, and what could not be.
    fn repair(&self, request: &Request<'_>, object: Node<'_>, findings: &mut Vec<Reported>) -> Option<String> {
        let mut text = object.raw().to_owned();
        let mut repaired: Vec<Reported> = Vec::new();
        for _ in 0..MAX_ROUNDS {
            let chosen = independent(findings);
            if chosen.is_empty() {
                break;
            }
            let operations = chosen.iter().filter_map(|index| findings.get(*index)).flat_map(|finding| &finding.fix);
            // What cannot be applied is left as it is found: the object before it, with its denials.
            let Some(next) = patch::apply(&text, operations) else { break };
            let Ok(tape) = Tape::parse(&next) else { break };
            let fixed = findings.iter().enumerate().filter(|(index, _)| chosen.contains(index));
            repaired.extend(fixed.map(|(_, finding)| Reported {
                severity: Severity::Warn,
                message: format!("{} (repaired on admission)", finding.message),
                fix: Vec::new(),
                ..finding.clone()
            }));
            *findings = self.review_change(request, tape.root());
            text = next;
        }
        if repaired.is_empty() {
            return None;
        }
        findings.append(&mut repaired);
        Some(text)
    }
}

impl Exemption {
    fn covers(&self, name: &str, image: Option<&crate::image::Image>) -> bool {
        let by_name = self.containers.is_empty() || self.containers.iter().any(|glob| crate::glob::matches(glob, name));
        let by_image =
            self.images.is_empty() || image.is_some_and(|image| self.images.iter().any(|g| image.matches(g)));
        by_name && by_image
    }
}

/// The fixes that do not touch each other's places; the rest waits for the next round.
fn independent(findings: &[Reported]) -> Vec<usize> {
    let mut taken: Vec<&str> = Vec::new();
    let mut chosen = Vec::new();
    for (index, finding) in findings.iter().enumerate() {
        let fixable = !finding.fix.is_empty() && finding.suppressed.is_none();
        let touches = |path: &str| taken.iter().any(|other| pointer::holds(other, path) || pointer::holds(path, other));
        if fixable && !finding.fix.iter().any(|operation| touches(&operation.path)) {
            taken.extend(finding.fix.iter().map(|operation| operation.path.as_str()));
            chosen.push(index);
        }
    }
    chosen
}

/// The API server refuses changes to the spec of a Pod and to the template of a Job once they exist. A Deployment that
/// finds its ReplicaSet changed makes another one, again and again.
fn may_mutate(request: &Request<'_>, object: Node<'_>) -> bool {
    let (group, kind) = request.group_kind();
    match (group.as_ref(), kind.as_ref(), request.operation()) {
        ("", "Pod", Operation::Update) | ("batch", "Job", Operation::Update) => false,
        ("apps", "ReplicaSet", _) => !is_controlled(object),
        (_, _, operation) => matches!(operation, Operation::Create | Operation::Update),
    }
}
