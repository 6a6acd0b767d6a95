//! The administrator of Windows containers.

use forewarn_kit::finding::Finding;
use forewarn_kit::json::{Kind, Node};
use forewarn_kit::workload::{Container, Effective, Origin, Workload};

/// What is wrong with the effective `windowsOptions.runAsUserName`, if anything.
pub(crate) fn violation<'a>(workload: &Workload<'a>, container: &Container<'a>) -> Option<Finding<'a>> {
    let admin = administrator(workload, container)?;
    let message = format!(
        "{container} runs as `{}`{}, the administrator: whoever gets into it owns all of the container \
         and is a step nearer to the node",
        admin.node.as_scalar()?,
        admin.whose()
    );
    Some(Finding::deny("windows-admin", admin.node, message).help("set `runAsUserName: ContainerUser`"))
}

/// The effective user name, when it is the administrator's; like every Windows name, in any case and with any domain.
/// Source: the kubelet's `verifyRunAsNonRoot` for Windows.
pub(crate) fn administrator<'a>(workload: &Workload<'a>, container: &Container<'a>) -> Option<Effective<'a>> {
    let name = |context: Node<'a>| context.object("windowsOptions")?.field("runAsUserName");
    let own = || Some(Effective { node: container.security_context().and_then(name)?, origin: Origin::Container });
    let pod = || Some(Effective { node: workload.security_context().and_then(name)?, origin: Origin::Pod });
    let user = own().or_else(pod)?;
    let name = user.node.expect(Kind::String)?.as_str()?;
    let account = name.rsplit('\\').next().unwrap_or_default();
    account.eq_ignore_ascii_case("ContainerAdministrator").then_some(user)
}
