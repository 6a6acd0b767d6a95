//! Volume plugins that were part of Kubernetes, and are gone or on their way out.
//!
//! The fields stay in the API for ever; what goes is the code behind them. Sources: Kubernetes' page on volumes and
//! storage classes; the `Deprecated:` notes in `k8s.io/api/core/v1`; `warningsForPodSpecAndMeta` in
//! `k8s.io/kubernetes/pkg/api/pod`; kubernetes/kubernetes#101685, #111619, #111620, KEP-5040.

use forewarn_kit::finding::{Finding, Findings};
use forewarn_kit::json::{Kind, Node};
use forewarn_kit::version::Version;
use forewarn_kit::workload::Workload;

use crate::lifecycle::{Lifecycle, Phase, Target};

/// A plugin, and what became of it.
#[derive(Debug)]
struct Plugin {
    /// The field of a volume or a PersistentVolume.
    field: &'static str,
    /// The provisioner of a StorageClass.
    provisioner: Option<&'static str>,
    lifecycle: Lifecycle,
    fate: Fate,
}

#[derive(Debug)]
enum Fate {
    /// What the field says is done by a CSI driver, since the plugin went for certain.
    Redirected {
        /// The driver's name.
        driver: &'static str,
        /// The minor version that has no code of its own for it.
        in_tree_until: Option<u16>,
    },
    /// Nothing is done; here is what to do instead.
    Gone(&'static str),
}

/// Where a plugin is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    Pod,
    PersistentVolume,
    StorageClass,
}

impl Use {
    /// What happens where the plugin is gone.
    fn consequence(self) -> &'static str {
        match self {
            Self::Pod => "no container that mounts it starts",
            Self::PersistentVolume => "no pod can mount it",
            Self::StorageClass => "every claim of this class stays Pending",
        }
    }

    /// How to ask for a CSI driver instead.
    fn with_driver(self, driver: &str) -> String {
        match self {
            Self::Pod => format!(
                "mount a `persistentVolumeClaim` whose PersistentVolume or StorageClass names the driver `{driver}`"
            ),
            Self::PersistentVolume => format!("write `csi: {{driver: {driver}, volumeHandle: …}}`"),
            Self::StorageClass => format!("write `provisioner: {driver}`"),
        }
    }
}

/// A plugin whose field goes on working where its driver is installed, so it is never removed.
const fn redirected(
    field: &'static str,
    provisioner: &'static str,
    (deprecated, in_tree_until): (u16, Option<u16>),
    driver: &'static str,
) -> Plugin {
    let fate = Fate::Redirected { driver, in_tree_until };
    Plugin { field, provisioner: Some(provisioner), lifecycle: Lifecycle::new(deprecated, None), fate }
}

const fn gone(
    field: &'static str,
    provisioner: Option<&'static str>,
    deprecated: u16,
    removed: u16,
    instead: &'static str,
) -> Plugin {
    Plugin { field, provisioner, lifecycle: Lifecycle::new(deprecated, Some(removed)), fate: Fate::Gone(instead) }
}

const VENDOR: &str = "use the vendor's CSI driver, or other storage";

#[rustfmt::skip]
const PLUGINS: &[Plugin] = &[
    redirected("awsElasticBlockStore", "kubernetes.io/aws-ebs", (19, Some(27)), "ebs.csi.aws.com"),
    redirected("azureDisk", "kubernetes.io/azure-disk", (19, Some(27)), "disk.csi.azure.com"),
    redirected("azureFile", "kubernetes.io/azure-file", (21, Some(30)), "file.csi.azure.com"),
    gone("cephfs", None, 28, 31, "use the CSI driver `cephfs.csi.ceph.com` (ceph-csi)"),
    redirected("cinder", "kubernetes.io/cinder", (11, Some(26)), "cinder.csi.openstack.org"),
    Plugin { field: "flexVolume", provisioner: None, lifecycle: Lifecycle::new(23, None), fate: Fate::Gone("use a CSI driver for the same storage") },
    gone("flocker", Some("kubernetes.io/flocker"), 22, 25, "use other storage: Flocker itself is no longer maintained"),
    redirected("gcePersistentDisk", "kubernetes.io/gce-pd", (17, Some(28)), "pd.csi.storage.gke.io"),
    gone("gitRepo", None, 11, 36, "use an `emptyDir` volume, and an init container that clones the repository into it"),
    gone("glusterfs", Some("kubernetes.io/glusterfs"), 25, 26, VENDOR),
    gone("photonPersistentDisk", Some("kubernetes.io/photon-pd"), 16, 16, "use other storage: Photon Controller itself is no longer maintained"),
    redirected("portworxVolume", "kubernetes.io/portworx-volume", (25, None), "pxd.portworx.com"),
    gone("quobyte", Some("kubernetes.io/quobyte"), 22, 25, VENDOR),
    gone("rbd", Some("kubernetes.io/rbd"), 28, 31, "use the CSI driver `rbd.csi.ceph.com` (ceph-csi)"),
    gone("scaleIO", Some("kubernetes.io/scaleio"), 16, 22, VENDOR),
    gone("storageos", Some("kubernetes.io/storageos"), 22, 25, VENDOR),
    redirected("vsphereVolume", "kubernetes.io/vsphere-volume", (19, Some(30)), "csi.vsphere.vmware.com"),
];

/// Reports volumes of a pod.
pub(crate) fn check_pods<'a>(target: Target, workload: &Workload<'a>, findings: &mut Findings<'a>) {
    for volume in workload.spec.objects("volumes") {
        check_fields(target, volume, Use::Pod, findings);
    }
}

/// Reports the source of a PersistentVolume.
pub(crate) fn check_persistent_volume<'a>(target: Target, object: Node<'a>, findings: &mut Findings<'a>) {
    if let Some(spec) = object.object("spec") {
        check_fields(target, spec, Use::PersistentVolume, findings);
    }
}

/// Reports the provisioner of a StorageClass.
pub(crate) fn check_storage_class<'a>(target: Target, object: Node<'a>, findings: &mut Findings<'a>) {
    let Some(node) = object.field("provisioner").and_then(|node| node.expect(Kind::String)) else { return };
    let name = node.as_str();
    let Some(plugin) =
        PLUGINS.iter().find(|plugin| plugin.provisioner.is_some() && plugin.provisioner == name.as_deref())
    else {
        return;
    };
    let subject = format!("provisioner `{}`", name.unwrap_or_default());
    if let Some(finding) = plugin.finding(target, &subject, Use::StorageClass, node) {
        findings.push(finding);
    }
}

fn check_fields<'a>(target: Target, parent: Node<'a>, used: Use, findings: &mut Findings<'a>) {
    for (key, node) in parent.fields() {
        let Some(plugin) = PLUGINS.iter().find(|plugin| plugin.field == key) else { continue };
        let subject = match parent.field("name").and_then(Node::as_str) {
            Some(name) => format!("`{key}` of volume `{name}`"),
            None => format!("volume plugin `{key}`"),
        };
        if let Some(finding) = plugin.finding(target, &subject, used, node) {
            findings.push(finding);
        }
    }
}

impl Plugin {
    fn finding<'a>(&self, target: Target, subject: &str, used: Use, place: Node<'a>) -> Option<Finding<'a>> {
        let phase = target.phase(self.lifecycle)?;
        Some(match self.fate {
            Fate::Gone(instead) => target.finding(phase, subject, used.consequence(), place).help(instead),
            Fate::Redirected { driver, in_tree_until } => {
                let Phase::Deprecated(since, _) = phase else { return None };
                let message = match in_tree_until.map(|minor| Version::new(1, minor)) {
                    Some(gone) if gone <= target.now => format!(
                        "{subject} is deprecated since Kubernetes {since}, and its own code is gone since {gone}: it works \
                         only where the CSI driver `{driver}` is installed"
                    ),
                    Some(gone) if gone <= target.horizon() => format!(
                        "{subject} is deprecated since Kubernetes {since}, and its own code goes in {gone}: after the next \
                         upgrade it works only where the CSI driver `{driver}` is installed"
                    ),
                    _ => format!(
                        "{subject} is deprecated since Kubernetes {since}, in favour of the CSI driver `{driver}`"
                    ),
                };
                Finding::warn("deprecated", place, message).help(used.with_driver(driver))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorted_without_repetitions_and_removed_after_deprecated() {
        assert!(PLUGINS.is_sorted_by(|one, two| one.field < two.field));
        for plugin in PLUGINS {
            let Lifecycle { deprecated, removed } = plugin.lifecycle;
            assert!(removed.is_none() || removed >= deprecated, "{plugin:?}");
            if let Fate::Redirected { in_tree_until: Some(until), .. } = plugin.fate {
                assert!(deprecated < Lifecycle::new(until, None).deprecated, "{plugin:?}");
            }
            let provisioners = PLUGINS.iter().filter(|other| other.provisioner == plugin.provisioner);
            assert!(plugin.provisioner.is_none() || provisioners.count() == 1, "{plugin:?}");
        }
    }
}
