//! What each old Java knows about containers.

use forewarn_kit::jvm::{JavaVersion, Jvm};

use crate::flags;

/// The oldest long-term release that is worth moving to.
pub(crate) const ADVISED: u16 = 11;

/// The experimental flag came with this update of Java 8.
const FLAG_SINCE: u16 = 131;
/// This one reads the limits by itself, as cgroup v1 states them.
const LIMITS_SINCE: u16 = 191;
/// This one reads them from cgroup v2 as well.
const CGROUP_V2_SINCE: u16 = 372;

/// Whether it is a Java 8 whose heap stays within the container's limit. An image that names no update has the last
/// one, or an old copy of it: only the flags make sure.
pub(crate) fn respects_limits(java: JavaVersion, jvms: &[Jvm<'_>]) -> bool {
    let with_flags = || !jvms.is_empty() && jvms.iter().all(flags::reads_limit);
    match (java.major, java.update) {
        (8, Some(update)) => update >= LIMITS_SINCE || update >= FLAG_SINCE && with_flags(),
        (8, None) => with_flags(),
        _ => false,
    }
}

/// What happens to a container with this Java.
pub(crate) fn consequence(java: JavaVersion) -> String {
    let killed = "sizes its heap by the node's memory, and the kernel kills it";
    match (java.major, java.update) {
        (8, Some(update)) if update < FLAG_SINCE => {
            format!("before 8u{FLAG_SINCE} no flag makes the JVM see the container's memory limit; it {killed}")
        }
        (8, Some(update)) if update < LIMITS_SINCE => {
            format!("before 8u{LIMITS_SINCE} the JVM does not see the container's memory limit by itself; it {killed}")
        }
        (8, Some(update)) if update < CGROUP_V2_SINCE => format!(
            "before 8u{CGROUP_V2_SINCE} the JVM does not see the container's memory limit on nodes with cgroup v2; it {killed}"
        ),
        (8, Some(_)) => {
            "it does see the container's memory limit, but the setting `minVersion` asks for newer".to_owned()
        }
        (8, None) => format!(
            "before 8u{LIMITS_SINCE} (on nodes with cgroup v2 before 8u{CGROUP_V2_SINCE}) the JVM does not see the \
             container's memory limit; it {killed}"
        ),
        (..8, _) => format!("the JVM does not see the container's memory limit, and no flag helps; it {killed}"),
        (9, _) => format!("the JVM does not see the container's memory limit by itself; it {killed}"),
        (10, _) => "it has had no security fixes since 2018".to_owned(),
        _ => "the setting `minVersion` asks for newer".to_owned(),
    }
}

/// How a Java 8 may stay where the setting allows it.
pub(crate) fn way_out(java: JavaVersion) -> &'static str {
    match java.update {
        Some(update) if update < FLAG_SINCE => "Java 8 may stay from 8u191 on",
        _ => {
            "Java 8 may stay with `-XX:+UnlockExperimentalVMOptions -XX:+UseCGroupMemoryLimitForHeap` in \
             `JAVA_TOOL_OPTIONS`, or with an image that names 8u191 or newer"
        }
    }
}
