//! The flag that taught Java 8 and 9 to read the container's memory limit.

use forewarn_kit::jvm::{JavaVersion, Jvm, JvmOption};

/// Experimental since 8u131, without need since 8u191 and 10, gone since 11.
const FLAG: &str = "UseCGroupMemoryLimitForHeap";
const REMOVED_IN: u16 = 11;

/// Whether the JVM is told to take the container's memory limit for its own. The flag counts only after the one that
/// unlocks it.
pub(crate) fn reads_limit(jvm: &Jvm<'_>) -> bool {
    let is = |text: &'static str| move |option: &JvmOption<'_>| option.text == text;
    let unlocked = jvm.options.iter().position(is("-XX:+UnlockExperimentalVMOptions"));
    let last = jvm.options.iter().rposition(|option| switches(option));
    let on = last.and_then(|index| jvm.options.get(index)).is_some_and(is("-XX:+UseCGroupMemoryLimitForHeap"));
    on && unlocked.is_some_and(|unlocked| last.is_some_and(|flag| unlocked < flag))
}

/// The options that a JVM of this version does not know any more.
pub(crate) fn removed<'j, 'a>(jvm: &'j Jvm<'a>, java: JavaVersion) -> impl Iterator<Item = &'j JvmOption<'a>> {
    let forgiving = jvm.options.iter().any(|option| option.text == "-XX:+IgnoreUnrecognizedVMOptions");
    let refuses = java.major >= REMOVED_IN && !forgiving;
    jvm.options.iter().filter(move |option| refuses && switches(option))
}

/// Whether it switches the flag on or off.
fn switches(option: &JvmOption<'_>) -> bool {
    let flag = option.text.strip_prefix("-XX:").and_then(|flag| flag.strip_prefix(['+', '-']));
    flag == Some(FLAG)
}
