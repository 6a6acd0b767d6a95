//! Pods say `automountServiceAccountToken: false`.
//!
//! Source: the article's chapter on pod security; `AutomountServiceAccountToken` in the Kubernetes API, and the
//! admission plugin ServiceAccount, which mounts the token.

mod account;
mod default;

use forewarn_kit::export;
use forewarn_kit::finding::{Finding, Findings, Severity, missing};
use forewarn_kit::guard::{Guard, WorkloadPolicy};
use forewarn_kit::json::{Kind, Node};
use forewarn_kit::request::Request;
use forewarn_kit::settings::{Level, Settings};
use forewarn_kit::version::Version;
use forewarn_kit::workload::Workload;

use crate::account::{Account, AccountGlob};
use crate::default::Default;

/// The rule, with its settings.
#[derive(Debug)]
pub struct ServiceAccountToken {
    allowed: Vec<AccountGlob>,
    objects: Level,
}

const FIELD: &[&str] = &["automountServiceAccountToken"];

impl WorkloadPolicy for ServiceAccountToken {
    const ID: &'static str = "service-account-token";
    const CODES: &'static [&'static str] = &["mounted", "unset"];

    fn from_settings(settings: &mut Settings<'_>, _: Version) -> Self {
        Self {
            allowed: settings.parsed_list(
                "allowed",
                "ServiceAccounts whose pods do call the Kubernetes API: globs `<namespace>/<serviceaccount>`.",
                &[],
                "a glob of the form `<namespace>/<serviceaccount>`",
                AccountGlob::parse,
            ),
            objects: settings.choice(
                "serviceAccountObjects",
                "What to do about a ServiceAccount object that hands its token to every pod which says nothing itself.",
                Level::Warn,
            ),
        }
    }

    fn check<'a>(&'a self, workload: &'a Workload<'a>, findings: &mut Findings<'a>) {
        let account = Account::of_pods(workload);
        let Some(automount) = Automount::read(workload.spec) else { return };
        if self.allows(&account) || is_mirror(workload) {
            return;
        }
        let name = &account.name;
        let (cause, note) = match automount {
            Automount::On(_) => ("`automountServiceAccountToken: true` puts".to_owned(), ""),
            Automount::Unset => match Default::of(&account) {
                Default::Off => return,
                Default::On => {
                    (format!("`automountServiceAccountToken` is not set, and the `true` in ServiceAccount `{name}` puts"), "")
                }
                Default::Unset => (
                    "neither the pod nor its ServiceAccount sets `automountServiceAccountToken`, and Kubernetes then puts"
                        .to_owned(),
                    "",
                ),
                Default::Unseen => (
                    "`automountServiceAccountToken` is not set, and Kubernetes then puts".to_owned(),
                    "; a `false` in the ServiceAccount would count too, but the account cannot be seen from here",
                ),
            },
        };
        let message = format!(
            "{cause} a token for the Kubernetes API into every container: whoever gets into one can act as the \
             ServiceAccount `{name}`"
        );
        let help = format!(
            "set `automountServiceAccountToken: false` in the pod spec{}{note}; if the pod does call the API, add \
             `{account}` to this policy's setting `allowed`",
            where_found(workload)
        );
        let finding = automount.finding(Severity::Deny, workload.spec, &account, message).help(help);
        // The token goes with the whole pod; an exempt container is one that may need it.
        let any_exempt = workload.containers.iter().any(|container| container.exempt);
        findings.push(if any_exempt { finding } else { finding.fix(workload.spec, FIELD, "false") });
    }

    fn check_other<'a>(&'a self, request: &'a Request<'a>, object: Node<'a>, findings: &mut Findings<'a>) {
        let (group, kind) = request.group_kind();
        let Some(severity) = self.objects.severity().filter(|_| group.is_empty() && kind == "ServiceAccount") else {
            return;
        };
        let Some(automount) = object.expect(Kind::Object).and_then(Automount::read) else { return };
        let account = Account::of_object(request, object);
        if self.allows(&account) {
            return;
        }
        let cause = match automount {
            Automount::On(_) => "sets `automountServiceAccountToken: true`",
            Automount::Unset => "does not set `automountServiceAccountToken`",
        };
        let message = format!(
            "ServiceAccount `{}` {cause}: each of its pods that says nothing itself gets a token for the \
             Kubernetes API",
            account.name
        );
        let help = format!(
            "set `automountServiceAccountToken: false` in the ServiceAccount; if its pods do call the API, add \
             `{account}` to this policy's setting `allowed`"
        );
        findings.push(automount.finding(severity, object, &account, message).help(help).fix(object, FIELD, "false"));
    }
}

impl ServiceAccountToken {
    fn allows(&self, account: &Account<'_>) -> bool {
        self.allowed.iter().any(|glob| glob.matches(account))
    }
}

/// The field where it does not keep the token out.
enum Automount<'a> {
    On(Node<'a>),
    Unset,
}

impl<'a> Automount<'a> {
    /// `None` where the field in `parent` is `false`, or no boolean.
    fn read(parent: Node<'a>) -> Option<Self> {
        match parent.field("automountServiceAccountToken") {
            Some(field) => field.to_boolean()?.then_some(Self::On(field)),
            None => Some(Self::Unset),
        }
    }

    fn finding(self, severity: Severity, parent: Node<'a>, account: &Account<'_>, message: String) -> Finding<'a> {
        let finding = match self {
            Self::On(field) => Finding::new(severity, "mounted", field, message),
            Self::Unset => Finding::new(severity, "unset", missing(parent, FIELD), message),
        };
        // The token of another account is another violation.
        finding.value(account.to_string())
    }
}

/// Whether the pod is the kubelet's record of a static pod, into which nothing is mounted.
/// Source: `Admit` in `k8s.io/kubernetes/plugin/pkg/admission/serviceaccount`.
fn is_mirror(workload: &Workload<'_>) -> bool {
    workload.pod_annotations().any(|(name, _)| name == "kubernetes.io/config.mirror")
}

/// Kubernetes ignores the field anywhere but in the pod spec; says where it was put instead.
fn where_found(workload: &Workload<'_>) -> &'static str {
    let has_field =
        |node: Option<Node<'_>>| node.is_some_and(|node| node.field("automountServiceAccountToken").is_some());
    if workload.spec.field("automountServiceAccountToken").is_some() {
        ""
    } else if has_field(workload.spec.field("securityContext")) {
        " (it was found in the pod's securityContext, where Kubernetes ignores it)"
    } else if workload.containers.iter().any(|container| has_field(Some(container.node))) {
        " (it was found under a container, where Kubernetes ignores it)"
    } else if has_field(workload.object.object("spec")) {
        " (it was found in the object's own spec, where Kubernetes ignores it)"
    } else {
        ""
    }
}

export!(Guard<ServiceAccountToken>);
