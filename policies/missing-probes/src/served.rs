//! Whether a Service sends traffic to the pods.

use forewarn_kit::cluster;
use forewarn_kit::json::{Kind, Node, Tape};
use forewarn_kit::workload::Workload;

/// What is known of the Services in the workload's namespace.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Served {
    /// The Service of this name selects the pods, and asks whether they are ready.
    By(String),
    /// There are Services, and none of them does.
    ByNone,
    /// No Service can be seen, so nothing follows.
    Unseen,
}

/// A label that a StatefulSet gives to its pods: their name.
const POD_NAME: &str = "statefulset.kubernetes.io/pod-name";

impl Served {
    /// Asks the cluster for the Services.
    pub(crate) fn of(workload: &Workload<'_>) -> Self {
        let list = workload.namespace.as_deref().map(|namespace| cluster::list("v1", "Service", namespace));
        list.and_then(Result::ok).map_or(Self::Unseen, |list| Self::read(&list, workload))
    }

    fn read(list: &str, workload: &Workload<'_>) -> Self {
        let Ok(tape) = Tape::parse(list) else { return Self::Unseen };
        let mut services = tape.root().objects("items").peekable();
        // Offline a workload is often checked without the file of its Service.
        if services.peek().is_none() {
            return Self::Unseen;
        }
        let serving = services.find(|service| {
            service.object("spec").is_some_and(|spec| asks_for_readiness(spec) && selects(spec, workload))
        });
        let name = |service: Node<'_>| service.object("metadata")?.string("name").map(String::from);
        serving.map_or(Self::ByNone, |service| Self::By(name(service).unwrap_or_default()))
    }
}

/// Whether the Service routes by selector and readiness.
fn asks_for_readiness(service: Node<'_>) -> bool {
    service.string("type").as_deref() != Some("ExternalName")
        && service.boolean("publishNotReadyAddresses") != Some(true)
}

/// Whether the Service's selector matches the pods. An empty one selects nothing: its endpoints are made by hand.
fn selects(service: Node<'_>, workload: &Workload<'_>) -> bool {
    let Some(selector) = service.object("selector") else { return false };
    let labels = workload.pod_metadata.and_then(|metadata| metadata.object("labels"));
    let mut wanted = selector.fields().peekable();
    wanted.peek().is_some()
        && wanted.all(|(key, value)| {
            let Some(value) = value.as_str().filter(|_| value.kind() == Kind::String) else { return false };
            labels.and_then(|labels| labels.string(&key)).is_some_and(|label| label == value)
                || (key == POD_NAME && is_pod_of_stateful_set(workload, &value))
        })
}

/// Whether the StatefulSet makes a pod of this name: its own with a number.
fn is_pod_of_stateful_set(workload: &Workload<'_>, pod: &str) -> bool {
    let name = workload.metadata().and_then(|metadata| metadata.string("name")).unwrap_or_default();
    let ordinal = pod.strip_prefix(name.as_ref()).and_then(|rest| rest.strip_prefix('-'));
    workload.kind == "StatefulSet"
        && ordinal.is_some_and(|ordinal| !ordinal.is_empty() && ordinal.bytes().all(|byte| byte.is_ascii_digit()))
}
