//! The lean view agrees with k8s-openapi's types on pods that both can read.

#![expect(clippy::expect_used, reason = "a test fails by panicking, its helpers too")]

use forewarn_kit::json::{Node, Tape};
use forewarn_kit::workload::{Class, Origin, Workload};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::CronJob;
use k8s_openapi::api::core::v1::{
    Container, EphemeralContainer, Pod, PodOS, PodSecurityContext, PodSpec, PodTemplateSpec, SeccompProfile,
    SecurityContext,
};
use proptest::option::of;
use proptest::prelude::*;

fn seccomp() -> impl Strategy<Value = SeccompProfile> {
    ("RuntimeDefault|Unconfined|Localhost", of("[a-z]{1,4}"))
        .prop_map(|(type_, localhost_profile)| SeccompProfile { type_, localhost_profile })
}

fn security_context() -> impl Strategy<Value = SecurityContext> {
    (of(any::<bool>()), of(any::<bool>()), of(any::<bool>()), of(0i64..5000), of(0i64..5000), of(seccomp())).prop_map(
        |(allow_privilege_escalation, privileged, run_as_non_root, run_as_user, run_as_group, seccomp_profile)| {
            SecurityContext {
                allow_privilege_escalation,
                privileged,
                run_as_non_root,
                run_as_user,
                run_as_group,
                seccomp_profile,
                ..SecurityContext::default()
            }
        },
    )
}

fn pod_security_context() -> impl Strategy<Value = PodSecurityContext> {
    (of(any::<bool>()), of(0i64..5000), of(0i64..5000), of(seccomp())).prop_map(
        |(run_as_non_root, run_as_user, run_as_group, seccomp_profile)| PodSecurityContext {
            run_as_non_root,
            run_as_user,
            run_as_group,
            seccomp_profile,
            ..PodSecurityContext::default()
        },
    )
}

fn container() -> impl Strategy<Value = Container> {
    ("[a-z\"é]{1,6}", of("[a-z]{1,6}"), of("Always|OnFailure"), of(security_context())).prop_map(
        |(name, image, restart_policy, security_context)| Container {
            name,
            image,
            restart_policy,
            security_context,
            ..Container::default()
        },
    )
}

fn ephemeral() -> impl Strategy<Value = EphemeralContainer> {
    ("[a-z]{1,6}", of(security_context())).prop_map(|(name, security_context)| EphemeralContainer {
        name,
        security_context,
        ..EphemeralContainer::default()
    })
}

fn spec() -> impl Strategy<Value = PodSpec> {
    let lists = (
        prop::collection::vec(container(), 0..3),
        of(prop::collection::vec(container(), 0..3)),
        of(prop::collection::vec(ephemeral(), 0..2)),
    );
    let rest = (of(pod_security_context()), of("linux|windows"), of("Always|Never|OnFailure"));
    (lists, rest).prop_map(|((containers, init_containers, ephemeral_containers), (security_context, os, restart))| {
        PodSpec {
            containers,
            init_containers,
            ephemeral_containers,
            security_context,
            os: os.map(|name| PodOS { name }),
            restart_policy: restart,
            ..PodSpec::default()
        }
    })
}

/// Name, class and the effective values of the fields that rules ask for: UID and GID, runAsNonRoot, seccomp type.
type View = (String, Class, [Option<i64>; 2], Option<bool>, Option<String>);

/// Read from the types.
fn typed(spec: &PodSpec) -> Vec<View> {
    let pod = spec.security_context.clone().unwrap_or_default();
    let view = |name: &str, class, own: &Option<SecurityContext>| {
        let own = own.clone().unwrap_or_default();
        (
            name.to_owned(),
            class,
            [own.run_as_user.or(pod.run_as_user), own.run_as_group.or(pod.run_as_group)],
            own.run_as_non_root.or(pod.run_as_non_root),
            own.seccomp_profile.or_else(|| pod.seccomp_profile.clone()).map(|profile| profile.type_),
        )
    };
    let regular = spec.containers.iter().map(|c| view(&c.name, Class::Regular, &c.security_context));
    let init = spec.init_containers.iter().flatten().map(|c| {
        let class = if c.restart_policy.as_deref() == Some("Always") { Class::Sidecar } else { Class::Init };
        view(&c.name, class, &c.security_context)
    });
    let ephemeral = spec.ephemeral_containers.iter().flatten();
    let ephemeral = ephemeral.map(|c| view(&c.name, Class::Ephemeral, &c.security_context));
    // k8s-openapi writes `containers` first, then the other lists by their names.
    regular.chain(ephemeral).chain(init).collect()
}

/// The same, read through the kit.
fn lean(workload: &Workload<'_>) -> Vec<View> {
    let containers = workload.containers.iter().map(|container| {
        let effective = |field| workload.effective(container, field).map(|effective| effective.node);
        let number = |field| effective(field).and_then(Node::to_integer);
        (
            container.name.as_deref().unwrap_or_default().to_owned(),
            container.class,
            [number("runAsUser"), number("runAsGroup")],
            effective("runAsNonRoot").and_then(Node::to_boolean),
            effective("seccompProfile").and_then(|profile| Some(profile.string("type")?.into_owned())),
        )
    });
    containers.collect()
}

fn check(object: &impl serde::Serialize, group: &str, kind: &str, spec: &PodSpec) {
    let text = serde_json::to_string(object).expect("typed objects are JSON");
    let tape = Tape::parse(&text).expect("JSON");
    let workload = Workload::find(tape.root(), (group.into(), kind.into()), None, &[]).expect("a workload");
    assert_eq!(lean(&workload), typed(spec), "{text}");
    assert_eq!(workload.on_windows(), spec.os.as_ref().is_some_and(|os| os.name == "windows"));
    let ends = matches!(spec.restart_policy.as_deref(), Some("Never" | "OnFailure"));
    assert_eq!(workload.runs_to_completion(), ends || group == "batch");
    for container in &workload.containers {
        if let Some(effective) = workload.effective(container, "runAsUser") {
            let own = container.security("runAsUser").is_some();
            assert_eq!(effective.origin, if own { Origin::Container } else { Origin::Pod });
        }
    }
    assert_eq!(tape.malformed(), [], "{text}");
}

proptest! {
    #[test]
    fn pods_agree(spec in spec()) {
        let pod = Pod { spec: Some(spec.clone()), ..Pod::default() };
        check(&pod, "", "Pod", &spec);
    }

    #[test]
    fn templates_agree(spec in spec()) {
        let template = PodTemplateSpec { spec: Some(spec.clone()), ..PodTemplateSpec::default() };
        let mut deployment = Deployment::default();
        deployment.spec.get_or_insert_default().template = template.clone();
        check(&deployment, "apps", "Deployment", &spec);
        let mut cron = CronJob::default();
        cron.spec.job_template.spec.get_or_insert_default().template = template;
        check(&cron, "batch", "CronJob", &spec);
    }
}
