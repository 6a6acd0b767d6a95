//! Memory limits that hold a JVM's heap and what the JVM needs beside it.
//!
//! Source: the article's chapter on Java; HotSpot's `Arguments::set_heap_size`.

mod headroom;
mod heap;
mod limit;
mod report;
mod size;
#[cfg(test)]
mod table;

use forewarn_kit::cluster;
use forewarn_kit::env::Env;
use forewarn_kit::export;
use forewarn_kit::finding::Findings;
use forewarn_kit::guard::{Guard, WorkloadPolicy};
use forewarn_kit::jvm::{self, JavaVersion};
use forewarn_kit::settings::Settings;
use forewarn_kit::version::Version;
use forewarn_kit::workload::{Container, Workload};

use crate::headroom::Headroom;
use crate::heap::Heap;
use crate::limit::Known;
use crate::report::Report;

/// The rule, with its settings.
#[derive(Debug)]
pub struct JvmHeap {
    headroom: Headroom,
    max_percentage: i64,
    script_variables: Vec<String>,
}

impl WorkloadPolicy for JvmHeap {
    const ID: &'static str = "jvm-heap";
    const CODES: &'static [&'static str] =
        &["heap-exceeds-limit", "headroom", "no-limit", "ram-percentage", "bad-size", "unresolved"];

    fn from_settings(settings: &mut Settings<'_>, _kubernetes: Version) -> Self {
        Self {
            headroom: Headroom::read(settings),
            max_percentage: settings.integer(
                "maxRamPercentage",
                "The largest `-XX:MaxRAMPercentage` that leaves enough beside the heap.",
                80,
                1..=100,
            ),
            script_variables: jvm::script_variables(settings),
        }
    }

    fn check<'a>(&'a self, workload: &'a Workload<'a>, findings: &mut Findings<'a>) {
        let config_map = |name: &str| cluster::get("v1", "ConfigMap", workload.namespace.as_deref()?, name).ok();
        for container in workload.containers.iter().filter(|container| container.class.may_have_resources()) {
            let env = Env::of(container.node, &config_map, &|name| self.matters(name));
            let java = java(container, &env);
            let jvms = jvm::jvms(container, &env, java, &self.script_variables);
            let heaps: Vec<_> = jvms.iter().map(Heap::of).collect();
            let report = Report { policy: self, workload, container, limit: Known::of(workload, container) };
            report.heaps(&heaps, findings);
            report.unseen(&heaps, &env, java.is_some(), findings);
        }
    }
}

impl JvmHeap {
    /// Whether a variable may hold the options of a JVM.
    fn matters(&self, name: &str) -> bool {
        jvm::reads(name) || self.script_variables.iter().any(|variable| variable == name)
    }
}

/// The container's Java, when it is known.
fn java<'a>(container: &Container<'a>, env: &Env<'a>) -> Option<JavaVersion> {
    let stated = JavaVersion::stated(env).map(|(version, _)| version);
    stated.or_else(|| jvm::of_image(&container.image()?))
}

export!(Guard<JvmHeap>);
