//! What a container's JVM is told by its environment and command line, and which Java it is.
//!
//! Source: the reference of the `java` command (JDK 11 and 21), `Arguments::parse` in HotSpot's
//! `share/runtime/arguments.cpp`, and `ParseArguments` in the launcher's `libjli/java.c`.

mod image;
mod program;
mod split;
mod variables;
mod version;

use std::fmt;
use std::rc::Rc;

use crate::env::{Env, Source, UNSEEN, Variable, holds};
use crate::json::Node;
use crate::shell::Variables;
use crate::workload::Container;

use self::program::Run;
use self::split::split;
use self::variables::{FIRST, LAST, LAUNCHER};

pub use self::image::of_image;
pub use self::variables::{reads, script_variables};
pub use self::version::JavaVersion;

/// One JVM that a container may start, with its options in the order in which it takes them.
#[derive(Debug, Clone)]
pub struct Jvm<'a> {
    /// The last of contradicting options wins.
    pub options: Vec<JvmOption<'a>>,
}

/// One option.
#[derive(Debug, Clone)]
pub struct JvmOption<'a> {
    /// The option as the JVM gets it. One that [`JvmOption::hides`] is not known.
    pub text: String,
    /// Where it is written.
    pub origin: Rc<Origin<'a>>,
    /// Whether a JVM reads it for sure. The arguments of a program that only the image names are Java's only if they
    /// look like it.
    pub certain: bool,
}

/// Where an option is written.
#[derive(Debug, Clone, PartialEq)]
pub struct Origin<'a> {
    /// The text that holds it, or the entry of `env` that leads there.
    pub node: Node<'a>,
    /// The variable's name, or `command` or `args`.
    pub name: String,
    /// What holds it when the manifest does not.
    pub source: Option<Source>,
}

/// How messages call it: `` `JAVA_OPTS` ``, `` `JAVA_OPTS`, from the ConfigMap `web` ``.
impl fmt::Display for Origin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.name)?;
        match &self.source {
            Some(Source::ConfigMap(name)) => write!(f, ", from the ConfigMap `{name}`"),
            Some(Source::Secret(name)) => write!(f, ", from the Secret `{name}`"),
            Some(Source::Pod) => f.write_str(", from the running pod"),
            None => Ok(()),
        }
    }
}

impl JvmOption<'_> {
    /// Whether any number of options may stand here: an unseen value, or a file of arguments.
    pub fn hides(&self) -> bool {
        self.text.starts_with([UNSEEN, '@'])
            || self.text.starts_with("-XX:Flags=")
            || self.text.starts_with("-XX:VMOptionsFile=")
    }
}

/// The JVMs that a container may start. `java` is its version, when known; `script_variables` are the variables that
/// start scripts put on Java's command line, in that order. They count where the program is a script or unknown: a
/// command line that is there to be read says itself which variables it uses.
pub fn jvms<'a>(
    container: &Container<'a>,
    env: &Env<'a>,
    java: Option<JavaVersion>,
    script_variables: &[String],
) -> Vec<Jvm<'a>> {
    let mut reader = Reader { container: container.node, env, words: Vec::new(), argv: Vec::new() };
    for name in ["command", "args"] {
        for (node, text) in container.node.strings(name) {
            reader.words.push((name, node));
            reader.argv.push(env.expand(&text));
        }
    }
    let variables = Variables::of(env);
    let has_command = reader.words.first().is_some_and(|(name, _)| *name == "command");
    let mut jvms = Vec::new();
    for run in program::runs(&reader.argv, has_command, variables) {
        let mut options = Vec::new();
        reader.read_variable(&run, FIRST, &mut options);
        if !run.is_other_tool && java.is_none_or(|java| java.major >= 9) {
            reader.read_variable(&run, LAUNCHER, &mut options);
        }
        if !run.is_java {
            script_variables.iter().for_each(|name| reader.read_variable(&run, name, &mut options));
        }
        for text in program::options(&run.arguments) {
            let origin = Rc::new(reader.origin(&text));
            options.push(JvmOption { text, origin, certain: run.is_java });
        }
        reader.read_variable(&run, LAST, &mut options);
        jvms.push(Jvm { options });
    }
    jvms
}

/// Finds out where options come from.
struct Reader<'r, 'a> {
    container: Node<'a>,
    env: &'r Env<'a>,
    /// The list (`command` or `args`) and the text of each word.
    words: Vec<(&'static str, Node<'a>)>,
    /// The same words, as the container gets them.
    argv: Vec<String>,
}

impl<'a> Reader<'_, 'a> {
    /// Adds the options in a variable. One that Java itself reads has to have its quotes closed; it refuses to start
    /// otherwise, so that nothing follows from it.
    fn read_variable(&self, run: &Run, name: &str, options: &mut Vec<JvmOption<'a>>) {
        let Some(value) = run.variables.get(name) else { return };
        let (texts, is_closed) = split(value);
        if !is_closed && reads(name) {
            return;
        }
        let origin = match self.env.get(name).filter(|variable| variable.value == *value) {
            Some(variable) => Origin::of(variable),
            // A script gave it another value.
            None => Origin { name: name.to_owned(), ..self.origin(value) },
        };
        let origin = Rc::new(origin);
        for text in texts {
            options.push(JvmOption { text, origin: origin.clone(), certain: true });
        }
    }

    /// The text that holds an argument: a word of the command, unless a variable was put there.
    fn origin(&self, text: &str) -> Origin<'a> {
        let mut origin = Origin { node: self.container, name: "command".to_owned(), source: None };
        for ((name, node), expanded) in self.words.iter().zip(&self.argv) {
            origin.node = *node;
            origin.name = (*name).to_owned();
            if holds(node.raw(), text) {
                return origin;
            }
            if holds(expanded, text) {
                break;
            }
        }
        let is_used = |name: &str| self.words.iter().any(|(_, node)| holds(node.raw(), name));
        match self.env.variables.iter().find(|variable| holds(&variable.value, text) && is_used(&variable.name)) {
            Some(variable) => Origin::of(variable),
            None => origin,
        }
    }
}

impl<'a> Origin<'a> {
    fn of(variable: &Variable<'a>) -> Self {
        Self { node: variable.node, name: variable.name.clone(), source: variable.source.clone() }
    }
}

/// Whether a list has a text.
fn is_one_of(text: &str, list: &[&str]) -> bool {
    list.contains(&text)
}
