//! The time to start that a team states in an annotation.

use forewarn_kit::finding::{Finding, Findings};
use forewarn_kit::json::{Kind, Node};
use forewarn_kit::workload::{Container, Workload};

use crate::need::{MAX_SECONDS, Need};

/// For all containers; followed by a dot and a name, for that container.
const NAME: &str = "forewarn.dev/startup-seconds";

/// What the annotations state about `container`: the one with its name, else the one for all.
pub(crate) fn stated(workload: &Workload<'_>, container: &Container<'_>) -> Option<Need> {
    let own = container.name.as_ref().map(|container| format!("{NAME}.{container}"));
    let read = |name: &str| {
        let seconds = places(workload).find_map(|annotations| annotations.field(name))?.as_str()?;
        let seconds = seconds_in(&seconds)?;
        Some(Need { seconds, source: format!("the annotation `{name}` asks for {seconds} s") })
    };
    own.and_then(|name| read(&name)).or_else(|| read(NAME))
}

/// Reports annotations that state nothing.
pub(crate) fn check<'a>(workload: &Workload<'a>, findings: &mut Findings<'a>) {
    for (name, node) in places(workload).flat_map(Node::fields) {
        let container = name.strip_prefix(NAME).and_then(|rest| rest.strip_prefix('.'));
        if container.is_none() && name != NAME {
            continue;
        }
        let Some(text) = node.expect(Kind::String).and_then(Node::as_str) else { continue };
        if seconds_in(&text).is_none() {
            let message = format!(
                "annotation `{name}` is `{text}`, not a whole number of seconds from 0 to {MAX_SECONDS}, so nobody knows \
                 how long the start may take"
            );
            let help = format!("write the seconds alone, such as `{name}: \"600\"`");
            findings.push(Finding::deny("bad-budget", node, message).help(help));
        } else if let Some(container) = container
            && !workload.containers.iter().any(|other| other.name.as_deref() == Some(container))
        {
            let message = format!(
                "annotation `{name}` is about a container `{container}` that is not there, so it changes nothing"
            );
            let help = "name one of the pod's containers after the last dot";
            findings.push(Finding::warn("bad-budget", node, message).help(help));
        }
    }
}

/// The annotations of the object, then those of its pods. A Pod has only one place for them.
fn places<'a>(workload: &Workload<'a>) -> impl Iterator<Item = Node<'a>> + use<'a> {
    let own = workload.metadata();
    let pods = workload.pod_metadata.filter(|pods| Some(*pods) != own);
    own.into_iter().chain(pods).filter_map(|metadata| metadata.object("annotations"))
}

fn seconds_in(text: &str) -> Option<i64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|seconds| digits && *seconds <= MAX_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::seconds_in;

    #[test]
    fn reads_whole_numbers_only() {
        assert_eq!(seconds_in("600"), Some(600));
        assert_eq!(seconds_in("0"), Some(0));
        for text in ["", "10m", "-5", "+5", " 5", "1.5", "99999999999"] {
            assert_eq!(seconds_in(text), None, "{text}");
        }
    }
}
