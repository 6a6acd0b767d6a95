//! What is said about a container whose JVM does not fit.

use forewarn_kit::env::{Env, Source};
use forewarn_kit::finding::{Finding, Findings};
use forewarn_kit::jvm::{JvmOption, Origin};
use forewarn_kit::quantity::Quantity;
use forewarn_kit::workload::{Container, Workload};

use crate::JvmHeap;
use crate::heap::{Heap, HeapSize};
use crate::limit::{Known, LIMIT, Limit, REQUEST};

/// One container, and what it is judged by.
pub(crate) struct Report<'a> {
    pub(crate) policy: &'a JvmHeap,
    pub(crate) workload: &'a Workload<'a>,
    pub(crate) container: &'a Container<'a>,
    pub(crate) limit: Known<'a>,
}

impl<'a> Report<'a> {
    /// Reports bad options, and of all JVMs that the container may start the one with the largest heap.
    pub(crate) fn heaps(&self, heaps: &[Heap<'_, 'a>], findings: &mut Findings<'a>) {
        let (mut largest, mut widest): (Option<(u64, _)>, Option<(u32, _)>) = (None, None);
        let mut reported: Vec<&JvmOption<'_>> = Vec::new();
        for heap in heaps {
            for option in &heap.bad {
                if !reported.iter().any(|other| other.text == option.text && other.origin == option.origin) {
                    self.bad_size(option, findings);
                    reported.push(option);
                }
            }
            // A JVM that refuses to start needs no memory.
            let Some(decided) = heap.decided.filter(|_| heap.bad.is_empty() && heap.unseen.is_none()) else { continue };
            match decided.size {
                HeapSize::Bytes(bytes) if largest.is_none_or(|(most, _)| bytes > most) => {
                    largest = Some((bytes, decided.option));
                }
                HeapSize::Share(share) if widest.is_none_or(|(most, _)| share > most) => {
                    widest = Some((share, decided.option));
                }
                _ => {}
            }
        }
        let nothing = matches!(self.limit, Known::Nothing);
        if let Some((bytes, option)) = largest {
            match &self.limit {
                Known::Limit(limit) => self.bytes(bytes, option, limit, findings),
                Known::Nothing => self.no_limit(Some(bytes), option, findings),
                Known::Unusable => {}
            }
        }
        if let Some((share, option)) = widest {
            if nothing && largest.is_none() {
                self.no_limit(None, option, findings);
            }
            self.share(share, option, findings);
        }
    }

    /// Reports heaps that depend on what cannot be seen. Where no option is seen at all, an `envFrom` that cannot be
    /// seen is told too, if the container is known to run Java.
    pub(crate) fn unseen(&self, heaps: &[Heap<'_, 'a>], env: &Env<'a>, is_java: bool, findings: &mut Findings<'a>) {
        let mut reported: Vec<&Origin<'_>> = Vec::new();
        for option in heaps.iter().filter_map(|heap| heap.unseen) {
            if !reported.contains(&&*option.origin) {
                reported.push(&option.origin);
                self.unresolved(option, findings);
            }
        }
        let silent = heaps.iter().all(|heap| heap.decided.is_none() && heap.unseen.is_none() && heap.bad.is_empty());
        for (source, node) in env.unseen.iter().filter(|_| silent && is_java) {
            let (what, help) = explain(source);
            let message = format!(
                "{} runs Java and takes variables from {what}: if one of them sets the heap, nobody checked that it fits \
                 into the memory limit",
                self.container
            );
            findings.push(Finding::warn("unresolved", *node, message).container(self.container).help(help));
        }
    }

    fn bytes(&self, heap: u64, option: &JvmOption<'a>, limit: &Limit<'a>, findings: &mut Findings<'a>) {
        let headroom = &self.policy.headroom;
        let need = headroom.with(heap);
        if limit.value >= Quantity::units(need) {
            return;
        }
        let (whose, field) = if limit.of_pod {
            ("the pod's memory limit", "the pod's `resources.limits.memory`")
        } else {
            ("the memory limit", "`resources.limits.memory`")
        };
        let exceeds = limit.value <= Quantity::units(i64::try_from(heap).unwrap_or(i64::MAX));
        let (code, consequence) = if exceeds {
            ("heap-exceeds-limit", ": before the heap is full, the kernel kills the container".to_owned())
        } else {
            let consequence = format!(
                ", less than the {need} bytes of heap and headroom (`{headroom}`): threads, classes and buffers live outside \
                 the heap, and once they need more than is left, the kernel kills the container"
            );
            ("headroom", consequence)
        };
        let message = format!(
            "{} lets its heap grow to {heap} bytes (`{}` in {}), and {whose} is {}{consequence}",
            self.container,
            option.text,
            option.origin,
            limit.in_bytes()
        );
        let enough = headroom.limit_for(heap);
        let help = format!("set {field} to `{enough}`, or make the heap smaller");
        let finding = Finding::deny(code, limit.node, message).container(self.container).help(help);
        findings.push(self.with_fix(finding.value(format!("{heap} in {}", limit.text)), limit, &enough));
    }

    /// Raises the limit, and the request that was the same. A limit of the pod is shared, and one beside it bounds this
    /// one: nobody but the team can weigh them.
    fn with_fix(&self, mut finding: Finding<'a>, limit: &Limit<'a>, enough: &str) -> Finding<'a> {
        if limit.of_pod || self.workload.spec.field("resources").is_some() {
            return finding;
        }
        let json = format!("\"{enough}\"");
        finding = finding.fix(self.container.node, LIMIT, json.clone());
        let request = self.container.node.at(REQUEST).and_then(Quantity::read);
        if request == Some(Ok(limit.value)) { finding.fix(self.container.node, REQUEST, json) } else { finding }
    }

    fn no_limit(&self, heap: Option<u64>, option: &JvmOption<'a>, findings: &mut Findings<'a>) {
        let (how, help) = match heap {
            Some(heap) => (
                format!("lets its heap grow to {heap} bytes"),
                format!(
                    "set `resources.limits.memory` to `{}` (heap and headroom)",
                    self.policy.headroom.limit_for(heap)
                ),
            ),
            None => (
                "sizes its heap by the memory of the whole node".to_owned(),
                "set `resources.limits.memory`: the JVM takes the percentage of that".to_owned(),
            ),
        };
        let message = format!(
            "{} {how} (`{}` in {}) and has no memory limit: when the node runs out of memory, any container on it may be killed",
            self.container, option.text, option.origin
        );
        self.push(Finding::deny("no-limit", self.container.missing(LIMIT), message), help, &option.text, findings);
    }

    fn share(&self, share: u32, option: &JvmOption<'a>, findings: &mut Findings<'a>) {
        let most = self.policy.max_percentage;
        if i64::from(share) <= most * 100 {
            return;
        }
        let message = format!(
            "{} lets its heap grow to {} % of the memory limit (`{}` in {}), more than {most} %: threads, classes and buffers \
             live outside the heap, and once they need more than is left, the kernel kills the container",
            self.container,
            percent(share),
            option.text,
            option.origin
        );
        let help = format!("write `-XX:MaxRAMPercentage={most}.0` or less");
        self.push(Finding::deny("ram-percentage", option.origin.node, message), help, &option.text, findings);
    }

    fn bad_size(&self, option: &JvmOption<'a>, findings: &mut Findings<'a>) {
        let message = format!(
            "{} has `{}` in {}, and the JVM does not understand that: it refuses to start",
            self.container, option.text, option.origin
        );
        let help = if option.text.contains('$') {
            "write `$(VAR)`, with VAR set above it in `env` or by `envFrom`: the kubelet replaces nothing else"
        } else if option.text.starts_with("-XX:MaxRAM") {
            "write a percentage from 0 to 100, such as `-XX:MaxRAMPercentage=75.0`"
        } else {
            "write a whole number and one of k, m, g and t, without a blank: `-Xmx8g`, `-Xmx1536m`"
        };
        self.push(Finding::deny("bad-size", option.origin.node, message), help.to_owned(), &option.text, findings);
    }

    fn unresolved(&self, option: &JvmOption<'a>, findings: &mut Findings<'a>) {
        let origin = &option.origin;
        let file = option.text.strip_prefix('@').map(|file| format!("the file `{file}`, which cannot be seen here"));
        let (what, help) = explain(origin.source.as_ref().unwrap_or(&Source::Pod));
        let message = format!(
            "{} takes options of its JVM, in `{}`, from {}: if they set the heap, nobody checked that it fits into the memory \
             limit",
            self.container,
            origin.name,
            file.unwrap_or(what)
        );
        self.push(Finding::warn("unresolved", origin.node, message), help.to_owned(), &option.text, findings);
    }

    fn push(&self, finding: Finding<'a>, help: String, value: &str, findings: &mut Findings<'a>) {
        findings.push(finding.container(self.container).help(help).value(value));
    }
}

/// What cannot be seen, and how it can be.
fn explain(source: &Source) -> (String, &'static str) {
    match source {
        Source::ConfigMap(name) => (
            format!("the ConfigMap `{name}`, which cannot be seen here"),
            "review the ConfigMap together with this object; in a cluster, let the policy read ConfigMaps",
        ),
        Source::Secret(name) => (
            format!("the Secret `{name}`, which this policy does not read"),
            "the size of a heap is no secret: write it in the manifest or in a ConfigMap",
        ),
        Source::Pod => (
            "what is known only when the pod runs".to_owned(),
            "write the size of the heap as a number in the manifest, such as `-Xmx2g`",
        ),
    }
}

/// Hundredths of a percent as a percentage: `80.5`.
fn percent(hundredths: u32) -> String {
    let text = format!("{}.{:02}", hundredths / 100, hundredths % 100);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
