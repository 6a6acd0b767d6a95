//! Nothing is used that Kubernetes has removed, or removes with the next upgrade.
//!
//! Source: the article's chapter on upgrades (every minor version has to be passed through, each with its removals);
//! Kubernetes' deprecation policy and its deprecated API migration guide.

mod apis;
mod data;
mod fields;
mod lifecycle;
mod volumes;

use forewarn_kit::export;
use forewarn_kit::finding::Findings;
use forewarn_kit::json::Node;
use forewarn_kit::object::{ObjectGuard, ObjectPolicy};
use forewarn_kit::request::Request;
use forewarn_kit::settings::Settings;
use forewarn_kit::version::Version;
use forewarn_kit::workload::Workload;

use crate::apis::Added;
use crate::lifecycle::Target;

/// The rule, with its settings.
#[derive(Debug)]
pub struct RemovedApi {
    target: Target,
    added: Vec<Added>,
}

impl ObjectPolicy for RemovedApi {
    const ID: &'static str = "removed-api";
    const CODES: &'static [&'static str] = &["removed", "removed-in-next", "deprecated"];
    const GRANDFATHER: Option<bool> = Some(false);

    fn from_settings(settings: &mut Settings<'_>) -> Self {
        let now = Version::setting(settings);
        let about = "The Kubernetes version that the next upgrade goes to.";
        let expected = "a version in quotes, such as \"1.37\"";
        let next = settings.parsed("upgradeTo", about, None, expected, Version::parse);
        if let Some(next) = next.filter(|next| *next < now) {
            settings.refuse(&format!("`upgradeTo` {next} is before `kubernetesVersion` {now}"));
        }
        Self { target: Target { now, next }, added: Added::read(settings) }
    }

    fn check<'a>(&'a self, request: &'a Request<'a>, object: Node<'a>, findings: &mut Findings<'a>) {
        let target = self.target;
        apis::check(target, &self.added, request, object, findings);
        let (group, kind) = request.group_kind();
        match (group.as_ref(), kind.as_ref()) {
            ("", "Service") => fields::check_service(target, object, findings),
            ("", "PersistentVolume") => volumes::check_persistent_volume(target, object, findings),
            ("storage.k8s.io", "StorageClass") => volumes::check_storage_class(target, object, findings),
            _ => {
                let pods = Workload::find(object, (group, kind), request.namespace(), &[]);
                if let Some(workload) = pods {
                    fields::check_pods(target, &workload, findings);
                    volumes::check_pods(target, &workload, findings);
                }
            }
        }
    }
}

export!(ObjectGuard<RemovedApi>);
