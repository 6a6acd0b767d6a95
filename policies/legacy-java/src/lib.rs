//! Java that does not know that it runs in a container.
//!
//! Source: the article's chapter on Java; JDK-8146115 (container support in 10, and in 8u191), JDK-8170888 (the
//! experimental flag of 9 and 8u131), JDK-8230305 (cgroup v2 in 15, and in 11.0.16 and 8u372).

mod age;
mod flags;
mod recogniser;

use forewarn_kit::cluster;
use forewarn_kit::env::Env;
use forewarn_kit::export;
use forewarn_kit::finding::{Finding, Findings};
use forewarn_kit::guard::{Guard, WorkloadPolicy};
use forewarn_kit::json::Node;
use forewarn_kit::jvm::{self, JavaVersion, Jvm};
use forewarn_kit::settings::Settings;
use forewarn_kit::version::Version;
use forewarn_kit::workload::{Container, Workload};

use crate::recogniser::Recogniser;

/// The rule, with its settings.
#[derive(Debug)]
pub struct LegacyJava {
    min_version: u16,
    images: Vec<Recogniser>,
    allow_java_8: bool,
    script_variables: Vec<String>,
}

/// A version of Java and what says so.
struct Java<'a> {
    version: JavaVersion,
    node: Node<'a>,
    evidence: String,
}

impl WorkloadPolicy for LegacyJava {
    const ID: &'static str = "legacy-java";
    const CODES: &'static [&'static str] = &["too-old", "removed-flag"];

    fn from_settings(settings: &mut Settings<'_>, _kubernetes: Version) -> Self {
        Self {
            min_version: settings
                .integer("minVersion", "The oldest Java that is accepted.", 11, 8..=99)
                .try_into()
                .unwrap_or(u16::MAX),
            images: Recogniser::read(settings),
            allow_java_8: settings.boolean(
                "allowJava8WithCgroupFlags",
                "Whether Java 8 is accepted where it respects the memory limit: from 8u131 with \
                 `-XX:+UnlockExperimentalVMOptions -XX:+UseCGroupMemoryLimitForHeap`, from 8u191 by itself.",
                false,
            ),
            script_variables: jvm::script_variables(settings),
        }
    }

    fn check<'a>(&'a self, workload: &'a Workload<'a>, findings: &mut Findings<'a>) {
        for container in &workload.containers {
            let config_map = |name: &str| cluster::get("v1", "ConfigMap", workload.namespace.as_deref()?, name).ok();
            let env = Env::of(container.node, &config_map, &|name| self.matters(name));
            let Some(java) = self.java(container, &env) else { continue };
            let jvms = jvm::jvms(container, &env, Some(java.version), &self.script_variables);
            self.check_age(container, &java, &jvms, findings);
            check_flags(container, &java, &jvms, findings);
        }
    }
}

impl LegacyJava {
    fn matters(&self, name: &str) -> bool {
        name == "JAVA_VERSION" || jvm::reads(name) || self.script_variables.iter().any(|variable| variable == name)
    }

    fn java<'a>(&self, container: &Container<'a>, env: &Env<'a>) -> Option<Java<'a>> {
        if let Some((version, variable)) = JavaVersion::stated(env) {
            let evidence = format!("`JAVA_VERSION` is `{}`", variable.value);
            return Some(Java { version, node: variable.node, evidence });
        }
        let node = container.node.field("image")?;
        let image = container.image()?;
        let own = self.images.iter().find_map(|recogniser| recogniser.version(&image));
        let version = own.or_else(|| jvm::of_image(&image))?;
        Some(Java { version, node, evidence: format!("image `{}`", node.as_str()?) })
    }

    fn check_age<'a>(
        &self,
        container: &'a Container<'a>,
        java: &Java<'a>,
        jvms: &[Jvm<'a>],
        findings: &mut Findings<'a>,
    ) {
        if java.version.major >= self.min_version || self.allow_java_8 && age::respects_limits(java.version, jvms) {
            return;
        }
        let message = format!(
            "{container} runs Java {} ({}), older than {}: {}",
            java.version,
            java.evidence,
            self.min_version,
            age::consequence(java.version)
        );
        let mut help = format!("use an image with Java {} or newer", self.min_version.max(age::ADVISED));
        if self.allow_java_8 && java.version.major == 8 {
            help += "; ";
            help += age::way_out(java.version);
        }
        let finding = Finding::deny("too-old", java.node, message).container(container).help(help);
        findings.push(finding.value(java.version.to_string()));
    }
}

fn check_flags<'a>(container: &'a Container<'a>, java: &Java<'a>, jvms: &[Jvm<'a>], findings: &mut Findings<'a>) {
    let mut reported = Vec::new();
    for option in jvms.iter().flat_map(|jvm| flags::removed(jvm, java.version)) {
        if reported.contains(&option.origin) {
            continue;
        }
        reported.push(option.origin.clone());
        let message = format!(
            "{container} runs Java {} ({}), and {} holds `{}`, which Java 11 removed: the JVM does not know it and refuses \
             to start",
            java.version, java.evidence, option.origin, option.text
        );
        let help = "remove it, and `-XX:+UnlockExperimentalVMOptions` if nothing else needs that: since Java 10 the JVM \
                    reads the container's limits by itself";
        let finding = Finding::deny("removed-flag", option.origin.node, message).container(container).help(help);
        findings.push(finding.value(option.text.clone()));
    }
}

export!(Guard<LegacyJava>);
