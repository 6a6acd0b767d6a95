//! Capabilities that stand where Kubernetes ignores them.

use forewarn_kit::finding::Finding;
use forewarn_kit::json::Node;
use forewarn_kit::workload::{Container, Workload};

/// What stands in the pod's securityContext or directly under the pod spec.
pub(crate) fn in_pod<'a>(workload: &Workload<'a>) -> impl Iterator<Item = Finding<'a>> {
    const HELP: &str = "move it into `securityContext.capabilities` of each container";
    let in_context = workload.security_context().into_iter().flat_map(|context| find(context, ANY));
    let in_context = in_context.map(|stray| stray.finding("in the pod's securityContext", HELP));
    let in_spec = find(workload.spec, ANY).map(|stray| stray.finding("directly under the pod spec", HELP));
    in_context.into_iter().chain(in_spec)
}

/// What stands directly under a container or its securityContext.
pub(crate) fn in_container<'a>(container: &Container<'a>) -> impl Iterator<Item = Finding<'a>> {
    const HELP: &str = "move it into `securityContext.capabilities` of this container";
    let in_context = container.security_context().into_iter().flat_map(|context| find(context, LISTS));
    let in_context =
        in_context.map(move |stray| stray.finding(&format!("directly in the securityContext of {container}"), HELP));
    let in_container = find(container.node, ANY);
    let in_container = in_container.map(move |stray| stray.finding(&format!("directly under {container}"), HELP));
    in_context.into_iter().chain(in_container)
}

/// Lists that have lost their `capabilities` to wrong indentation are astray, too.
const LISTS: &[&str] = &["drop", "add"];
const ANY: &[&str] = &["capabilities", "drop", "add"];

/// A field that is not where it belongs.
struct Stray<'a> {
    key: &'static str,
    node: Node<'a>,
}

impl<'a> Stray<'a> {
    fn finding(&self, place: &str, help: &str) -> Finding<'a> {
        let message = format!(
            "`{}` stands {place}, where Kubernetes ignores it: no capability is dropped or added by it",
            self.key
        );
        Finding::deny("misplaced", self.node, message).help(help)
    }
}

fn find<'a>(parent: Node<'a>, keys: &'static [&'static str]) -> impl Iterator<Item = Stray<'a>> {
    keys.iter().filter_map(move |key| Some(Stray { key, node: parent.field(key)? }))
}
