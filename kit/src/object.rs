//! Policies about objects that hold no pods: what they share.

use crate::finding::{Findings, Reported, Suppression};
use crate::glob;
use crate::json::{Kind, Node};
use crate::leniency::{Leniency, is_going};
use crate::policy::{Outcome, Policy};
use crate::request::Request;
use crate::settings::Settings;

/// A rule about whole objects.
pub trait ObjectPolicy: Sized {
    /// The policy's id; names the bad thing.
    const ID: &'static str;
    /// What may follow the id in a finding's code.
    const CODES: &'static [&'static str];
    /// The default of the setting `grandfather`; `None` for a rule about changes alone, where it would mean nothing.
    const GRANDFATHER: Option<bool>;

    /// Reads the policy's own settings.
    fn from_settings(settings: &mut Settings<'_>) -> Self;

    /// Reports every violation in `object`, which is a mapping. With [`Request::stored`] it is a change of that object.
    /// While an old object is looked at for grandfathering, `object` is the stored one itself.
    fn check<'a>(&'a self, request: &'a Request<'a>, object: Node<'a>, findings: &mut Findings<'a>);
}

/// An object policy together with the common settings.
#[derive(Debug)]
pub struct ObjectGuard<P> {
    policy: P,
    exempt: Vec<Exemption>,
    leniency: Leniency,
}

/// Objects that a policy leaves alone.
#[derive(Debug)]
struct Exemption {
    objects: Vec<String>,
    reason: String,
}

impl<P: ObjectPolicy> Policy for ObjectGuard<P> {
    const ID: &'static str = P::ID;
    const CODES: &'static [&'static str] = P::CODES;

    fn from_settings(settings: &mut Settings<'_>) -> Self {
        Self {
            policy: P::from_settings(settings),
            exempt: settings.list(
                "exempt",
                "Objects that this policy leaves alone, each entry with its reason.",
                |item| {
                    let about = "Globs `<namespace>/<name>`, or `<name>` for what is in no namespace.";
                    let objects = item.strings("objects", about, &[]);
                    let reason = item.parsed("reason", "Why they are exempt.", None, "a reason", |text| {
                        (!text.trim().is_empty()).then(|| text.to_owned())
                    });
                    if !item.has("reason") {
                        item.refuse("a `reason` is needed");
                    }
                    if objects.is_empty() {
                        item.refuse("`objects` is needed; `objects: [\"*\"]` exempts all");
                    }
                    Exemption { objects, reason: reason.unwrap_or_default() }
                },
            ),
            leniency: Leniency::read(settings, P::ID, P::GRANDFATHER),
        }
    }

    fn validate(&self, request: &Request<'_>) -> Outcome {
        let Some(object) = request.object().filter(|_| !is_going(request)) else { return Outcome::default() };
        let mut findings = self.review(request, object);
        self.leniency.soften(request, &mut findings, |old| self.review(request, old));
        Outcome { findings, mutated: None }
    }
}

impl<P: ObjectPolicy> ObjectGuard<P> {
    /// All findings of one object, exempted ones marked.
    fn review(&self, request: &Request<'_>, object: Node<'_>) -> Vec<Reported> {
        let mut findings = Findings::new(object);
        if object.expect(Kind::Object).is_some() {
            self.policy.check(request, object, &mut findings);
        }
        let mut findings = findings.finish();
        if let Some(reason) = self.exemption(request, object) {
            for finding in findings.iter_mut().filter(|finding| finding.code != "malformed") {
                finding.suppressed = Some(Suppression { by: "exempt", reason: reason.to_owned() });
            }
        }
        self.leniency.exempt_by_annotation([object.object("metadata")], &mut findings);
        findings
    }

    fn exemption(&self, request: &Request<'_>, object: Node<'_>) -> Option<&str> {
        if self.exempt.is_empty() {
            return None;
        }
        let name = object.object("metadata").and_then(|metadata| metadata.string("name")).unwrap_or_default();
        let full = match request.namespace() {
            Some(namespace) => format!("{namespace}/{name}"),
            None => name.into_owned(),
        };
        let covers = |exemption: &&Exemption| exemption.objects.iter().any(|glob| glob::matches(glob, &full));
        self.exempt.iter().find(covers).map(|exemption| exemption.reason.as_str())
    }
}
