//! Policies about facts that are no Kubernetes objects: Kubewarden's raw validation.

use crate::finding::Findings;
use crate::json::Node;
use crate::policy::{Outcome, Policy};
use crate::request::Request;
use crate::settings::Settings;

/// A rule about any JSON.
pub trait RawPolicy: Sized {
    /// The policy's id; names the bad thing.
    const ID: &'static str;
    /// What may follow the id in a finding's code.
    const CODES: &'static [&'static str];

    /// Reads the policy's settings.
    fn from_settings(settings: &mut Settings<'_>) -> Self;

    /// Reports every violation in `input`, whose type is not checked yet.
    fn check<'a>(&'a self, input: Node<'a>, findings: &mut Findings<'a>);
}

/// A raw policy as Kubewarden calls it.
#[derive(Debug)]
pub struct Raw<P>(P);

impl<P: RawPolicy> Policy for Raw<P> {
    const ID: &'static str = P::ID;
    const CODES: &'static [&'static str] = P::CODES;
    const RAW: bool = true;

    fn from_settings(settings: &mut Settings<'_>) -> Self {
        Self(P::from_settings(settings))
    }

    fn validate(&self, request: &Request<'_>) -> Outcome {
        let mut findings = Findings::raw(request.node());
        self.0.check(request.node(), &mut findings);
        Outcome { findings: findings.finish(), mutated: None }
    }
}
