//! The variables that carry options to a JVM.

use crate::settings::Settings;

/// Read by every JVM, before the command line.
pub(super) const FIRST: &str = "JAVA_TOOL_OPTIONS";
/// Read by the `java` command since Java 9, between the two others.
pub(super) const LAUNCHER: &str = "JDK_JAVA_OPTIONS";
/// Read by every JVM, after the command line.
pub(super) const LAST: &str = "_JAVA_OPTIONS";

/// Whether Java itself reads the variable of this name.
pub fn reads(name: &str) -> bool {
    [FIRST, LAUNCHER, LAST].contains(&name)
}

/// Reads the settings about the variables that start scripts put on Java's command line.
pub fn script_variables(settings: &mut Settings<'_>) -> Vec<String> {
    let about = "The variables that start scripts put on Java's command line, in the order in which they come there.";
    let mut variables = settings.strings("scriptVariables", about, SCRIPT_VARIABLES);
    variables.extend(settings.strings("moreScriptVariables", "More of them, which come after the others.", &[]));
    variables
}

/// The general ones, then those of single products, in the order of their start scripts.
const SCRIPT_VARIABLES: &[&str] = &[
    "JAVA_OPTS",
    "JAVA_OPTIONS",
    "JAVA_ARGS",
    "JAVA_OPTS_APPEND",
    "JVM_OPTS",
    "JVM_ARGS",
    "JVMFLAGS",
    "SERVER_JVMFLAGS",
    "CATALINA_OPTS",
    "KAFKA_HEAP_OPTS",
    "KAFKA_JVM_PERFORMANCE_OPTS",
    "KAFKA_OPTS",
    "ES_JAVA_OPTS",
    "OPENSEARCH_JAVA_OPTS",
    "LS_JAVA_OPTS",
    "SOLR_JAVA_MEM",
    "SOLR_OPTS",
    "PULSAR_MEM",
    "BOOKIE_MEM",
    "ACTIVEMQ_OPTS_MEMORY",
    "ACTIVEMQ_OPTS",
    "HADOOP_OPTS",
    "JENKINS_JAVA_OPTS",
    "GRADLE_OPTS",
    "MAVEN_OPTS",
    "SBT_OPTS",
];
