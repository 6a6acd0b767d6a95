//! The Java in an image, as far as its name and tag tell.

use super::{JavaVersion, is_one_of};
use crate::image::Image;

/// The version of Java in an image. A number that may be another software's (`tomcat:9`, `maven:3.8`) is never taken
/// for it.
pub fn of_image(image: &Image) -> Option<JavaVersion> {
    let tag = image.tag.as_deref().unwrap_or_default();
    let name = image.name();
    named(tag, WORDS).or_else(|| of_name(image, name)).or_else(|| leading(tag).filter(|_| is_java(image, name)))
}

/// Words that a version of Java follows, at once or after a dash: `jdk8`, `jre-11`, `eclipse-temurin-17`.
const WORDS: &[&str] =
    &["jdk", "jre", "openjdk", "java", "temurin", "corretto", "amazoncorretto", "zulu", "semeru", "sapmachine"];
/// The same in the name of an image, where fewer words are sure.
const NAME_WORDS: &[&str] = &["jdk", "jre", "openjdk"];

/// The version after one of the words. `java` alone also names libraries, so it needs its number at once.
fn named(text: &str, words: &[&str]) -> Option<JavaVersion> {
    let mut parts = text.split('-').peekable();
    while let Some(part) = parts.next() {
        let Some(rest) = words.iter().find_map(|word| version_after(part, word)) else { continue };
        let version = if rest.is_empty() {
            parts.peek().filter(|_| part != "java").and_then(|next| JavaVersion::parse(next))
        } else {
            JavaVersion::parse(rest)
        };
        if version.is_some() {
            return version;
        }
    }
    None
}

fn version_after<'t>(part: &'t str, word: &str) -> Option<&'t str> {
    part.strip_prefix(word).filter(|rest| rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// `openjdk8`, `openjdk-17-runtime`, `base-jdk8`, and the images of distroless.
fn of_name(image: &Image, name: &str) -> Option<JavaVersion> {
    // The 18 in `redhat-openjdk-18/openjdk18-openshift` means 1.8.
    if name.ends_with("-openshift") {
        return None;
    }
    let words: &[&str] = if is_distroless(image) { &["java"] } else { NAME_WORDS };
    named(name, words)
}

fn is_distroless(image: &Image) -> bool {
    image.repository.rsplit('/').nth(1).is_some_and(|parent| parent == "distroless" || parent.ends_with("-distroless"))
        || image.repository.starts_with("distroless/")
}

/// Whether the tag of an image is the version of its Java.
fn is_java(image: &Image, name: &str) -> bool {
    const NAMES: &[&str] = &[
        "openjdk",
        "adoptopenjdk",
        "eclipse-temurin",
        "amazoncorretto",
        "ibm-semeru-runtimes",
        "ibmjava",
        "sapmachine",
        "dragonwell",
    ];
    const PREFIXES: &[&str] = &["zulu-openjdk", "liberica-open", "liberica-runtime-container"];
    const REPOSITORIES: &[&str] = &[
        "library/java",
        "openjdk/jdk",
        "java/openjdk",
        "java/jdk",
        "java/jre",
        "graalvm/jdk-community",
        "chainguard/jdk",
        "chainguard/jre",
    ];
    is_one_of(name, NAMES)
        || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        || is_one_of(&image.repository, REPOSITORIES)
        || (is_distroless(image) && (name == "java" || name.starts_with("java-debian")))
}

/// The version that a tag starts with, after words that say which part of Java it is.
fn leading(tag: &str) -> Option<JavaVersion> {
    let is_word = |part: &&str| is_one_of(part, &["open", "jdk", "jre", "all", "certified", "openjdk"]);
    tag.split('-').find(|part| !is_word(part)).and_then(JavaVersion::parse)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn knows_java_from_other_software() {
        for (image, expected) in [
            ("openjdk:8-jre", Some("8")),
            ("openjdk:8u212-jdk-slim", Some("8u212")),
            ("openjdk:11.0.16", Some("11")),
            ("java:8", Some("8")),
            ("java:openjdk-8-jre", Some("8")),
            ("eclipse-temurin:17", Some("17")),
            ("reg.example:5000/mirror/eclipse-temurin:8u392-b08-jre", Some("8u392")),
            ("amazoncorretto:8u392", Some("8u392")),
            ("azul/zulu-openjdk:11", Some("11")),
            ("azul/zulu-openjdk-alpine:8u392-8.74", Some("8u392")),
            ("ibm-semeru-runtimes:open-11-jre", Some("11")),
            ("sapmachine:17-jre-ubuntu", Some("17")),
            ("bellsoft/liberica-openjdk-alpine:8", Some("8")),
            ("bellsoft/liberica-runtime-container:jdk-17-musl", Some("17")),
            ("adoptopenjdk/openjdk8:latest", Some("8")),
            ("adoptopenjdk/openjdk8:jdk8u292-b10", Some("8u292")),
            ("adoptopenjdk:8-jdk-hotspot", Some("8")),
            ("gcr.io/distroless/java17-debian12", Some("17")),
            ("gcr.io/distroless/java17-debian12:nonroot", Some("17")),
            ("gcr.io/distroless/java:8", Some("8")),
            ("gcr.io/distroless/java-debian10:11", Some("11")),
            ("gcr.io/distroless/java-base-debian12", None),
            ("registry.access.redhat.com/ubi8/openjdk-11:1.15", Some("11")),
            ("registry.access.redhat.com/ubi9/openjdk-17-runtime:1.20", Some("17")),
            ("registry.access.redhat.com/redhat-openjdk-18/openjdk18-openshift:1.8", None),
            ("mcr.microsoft.com/openjdk/jdk:17-ubuntu", Some("17")),
            ("maven:3.8-jdk-8", Some("8")),
            ("maven:3.9-eclipse-temurin-17-alpine", Some("17")),
            ("maven:3.9-amazoncorretto-8", Some("8")),
            ("tomcat:9-jdk11", Some("11")),
            ("tomcat:9.0-jre8-temurin", Some("8")),
            ("gradle:7-jdk8-alpine", Some("8")),
            ("jenkins/jenkins:lts-jdk17", Some("17")),
            ("flink:1.17-scala_2.12-java8", Some("8")),
            ("acme/base-jdk8:2.3", Some("8")),
            ("acme/app:1.4-jre-11", Some("11")),
            ("tomcat:9", None),
            ("maven:3.8", None),
            ("elasticsearch:8.11", None),
            ("openjdk", None),
            ("openjdk:latest", None),
            ("openjdk:slim", None),
            ("openjdk:20190101", None),
            ("acme/java:8", None),
            ("acme/java-8-migration:1.0", None),
            ("acme/client-java:2.1", None),
            ("acme/app:sdk-java-8", None),
            ("acme/jdkit8:1", None),
        ] {
            let parsed = Image::parse(image).expect(image);
            assert_eq!(of_image(&parsed).map(|version| version.to_string()).as_deref(), expected, "{image}");
        }
    }

    proptest! {
        #[test]
        fn other_software_has_no_java(name in "[a-z]{3,6}", tag in "[0-9]{1,2}(\\.[0-9]{1,3}){0,2}(-(alpine|slim|debian12))?") {
            prop_assume!(!["java"].contains(&name.as_str()));
            let image = Image::parse(&format!("acme/{name}:{tag}")).expect("a reference");
            prop_assert_eq!(of_image(&image), None);
        }
    }
}
