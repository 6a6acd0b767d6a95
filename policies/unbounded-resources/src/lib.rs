//! Requests and limits for CPU and memory: given, legal and sensible.
//!
//! Source: the article's chapter on pod security; `ValidateResourceRequirements`, `SetDefaults_Pod`, the admission plugin
//! LimitRanger and the pod-level resources (KEP-2837) of Kubernetes.

mod compare;
mod demand;
mod limit_range;
mod resource;
mod settings;
mod stated;

use forewarn_kit::export;
use forewarn_kit::finding::Findings;
use forewarn_kit::guard::{Guard, WorkloadPolicy};
use forewarn_kit::settings::Settings;
use forewarn_kit::version::Version;
use forewarn_kit::workload::Workload;

use crate::limit_range::LimitRanges;
use crate::resource::Resource;
use crate::settings::Bounds;
use crate::stated::{Owner, Stated};

/// The rule, with its settings.
#[derive(Debug)]
pub struct UnboundedResources(Bounds);

impl WorkloadPolicy for UnboundedResources {
    const ID: &'static str = "unbounded-resources";
    const CODES: &'static [&'static str] = &[
        "missing-limit",
        "missing-request",
        "implied-request",
        "request-above-limit",
        "above-max",
        "ratio",
        "invalid-quantity",
        "suspicious-unit",
    ];

    fn from_settings(settings: &mut Settings<'_>, kubernetes: Version) -> Self {
        Self(Bounds::read(settings, kubernetes))
    }

    fn check<'a>(&'a self, workload: &'a Workload<'a>, findings: &mut Findings<'a>) {
        let bounds = &self.0;
        let ranges = LimitRanges::of(workload.namespace.as_deref());
        for resource in Resource::ALL {
            // What the pod says holds for all its containers together.
            let pod = if bounds.pod_level {
                Stated::read(bounds, Owner::Pod(workload.spec), resource, findings)
            } else {
                Stated::nothing(Owner::Pod(workload.spec), resource)
            };
            compare::request_with_limit(bounds, &pod, &pod, findings);
            for container in workload.containers.iter().filter(|container| container.class.may_have_resources()) {
                let own = Stated::read(bounds, Owner::Container(container), resource, findings);
                demand::request(bounds, &own, &pod, &ranges, findings);
                demand::limit(bounds, &own, &pod, &ranges, findings);
                compare::request_with_limit(bounds, &own, &pod, findings);
                compare::with_max(bounds, &own, &pod, findings);
            }
        }
    }
}

export!(Guard<UnboundedResources>);
