//! Which of a container's programs is Java, and what its command line holds.

use super::is_one_of;
use crate::env::UNSEEN;
use crate::shell::{self, Variables};

/// A program that may be, or may start, a JVM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    /// It is the `java` command itself.
    pub(super) is_java: bool,
    /// It is another command of the JDK, which does not read what only `java` reads.
    pub(super) is_other_tool: bool,
    /// Its arguments, as far as they may be Java's.
    pub(super) arguments: Vec<String>,
    /// Its environment.
    pub(super) variables: Variables,
}

const SHELLS: &[&str] = &["sh", "bash", "ash", "dash", "ksh", "zsh"];
/// What runs the program that follows, after options and numbers of their own.
const WRAPPERS: &[&str] =
    &["exec", "env", "command", "nohup", "nice", "setsid", "stdbuf", "tini", "dumb-init", "catatonit", "timeout"];
/// The same, with a user's name in between.
const USER_WRAPPERS: &[&str] = &["gosu", "su-exec"];
const OTHER_TOOLS: &[&str] =
    &["javac", "jshell", "jar", "keytool", "jcmd", "jmap", "jstack", "jstat", "jlink", "jdeps"];
/// Shell commands that start no JVM.
const BUILTINS: &[&str] =
    &["cd", "echo", "printf", "set", "ulimit", "umask", "sleep", "mkdir", "cp", "mv", "rm", "chmod", "true", ":"];

/// What the container runs. `argv` holds `command` and `args`; without a `command` they are arguments of the image's
/// own program, or a whole command line that it runs. All calls of `java` when there are any; else the last program,
/// which may start a JVM that cannot be seen.
pub(super) fn runs(argv: &[String], has_command: bool, variables: Variables) -> Vec<Run> {
    let mut runs = Vec::new();
    let is_followed = find(argv, variables.clone(), &mut runs).is_some();
    if is_followed && runs.iter().any(|run| run.is_java) {
        runs.retain(|run| run.is_java);
        return runs;
    }
    // The image's program may be `java`.
    let arguments = if runs.is_empty() && !has_command { argv.to_vec() } else { Vec::new() };
    let last = runs.pop().filter(|_| is_followed);
    vec![last.unwrap_or(Run { is_java: false, is_other_tool: false, arguments, variables })]
}

/// Adds what `argv` runs. `None` when there is a script that cannot be followed.
fn find(mut argv: &[String], mut variables: Variables, runs: &mut Vec<Run>) -> Option<()> {
    while let Some((program, arguments)) = argv.split_first() {
        let name = base(program);
        let is_java = is_one_of(name, &["java", "java.exe"]);
        if is_one_of(name, WRAPPERS) {
            argv = wrapped(arguments, &mut variables);
        } else if is_one_of(name, USER_WRAPPERS) {
            argv = arguments.get(1..).unwrap_or_default();
        } else if let Some((script, rest)) = is_one_of(name, SHELLS).then(|| script(arguments)).flatten() {
            for call in shell::calls(script, variables, rest.len() > 1)? {
                find(&call.words, call.variables, runs)?;
            }
            break;
        } else {
            if !is_one_of(name, BUILTINS) && !name.starts_with('-') {
                let arguments = if is_java { arguments.to_vec() } else { Vec::new() };
                runs.push(Run { is_java, is_other_tool: is_one_of(name, OTHER_TOOLS), arguments, variables });
            }
            break;
        }
    }
    Some(())
}

/// The script after `-c`, and the words after it.
fn script(mut arguments: &[String]) -> Option<(&String, &[String])> {
    let mut is_next = false;
    while let Some((word, rest)) = arguments.split_first() {
        let Some(flags) = word.strip_prefix(['-', '+']) else { return is_next.then_some((word, rest)) };
        arguments = rest;
        if !flags.starts_with('-') {
            is_next |= flags.contains('c');
            // `-o pipefail`
            if flags.ends_with('o') {
                arguments = arguments.get(1..).unwrap_or_default();
            }
        }
    }
    None
}

/// The command line inside a wrapper's; what `env` sets goes to `variables`.
fn wrapped<'w>(mut arguments: &'w [String], variables: &mut Variables) -> &'w [String] {
    while let Some((word, rest)) = arguments.split_first() {
        let is_number = word.starts_with(|c: char| c.is_ascii_digit());
        if let Some((name, value)) = word.split_once('=').filter(|_| !word.starts_with('-')) {
            variables.set(name, value.to_owned());
        } else if !word.starts_with('-') && !is_number {
            break;
        }
        arguments = rest;
    }
    arguments
}

/// The options on the command line of `java`: up to the class, the module or the jar that it runs. What follows is
/// the application's. A file of arguments and an unseen word are given as they are.
pub(super) fn options(arguments: &[String]) -> Vec<String> {
    let mut options = Vec::new();
    let mut has_value = false;
    for word in arguments {
        if std::mem::take(&mut has_value) {
            continue;
        }
        if !word.starts_with(['-', '@', UNSEEN]) || is_one_of(word, &["-m", "--module"]) {
            break;
        }
        has_value = is_one_of(word, WITH_VALUE);
        // The launcher still takes the spelling of Java 1.1.
        options.push(match word.strip_prefix("-mx") {
            Some(size) => format!("-Xmx{size}"),
            None => word.clone(),
        });
    }
    options
}

/// Options whose value is the next word.
const WITH_VALUE: &[&str] = &[
    "-cp",
    "-classpath",
    "--class-path",
    "-p",
    "--module-path",
    "--upgrade-module-path",
    "--add-modules",
    "--limit-modules",
    "--enable-native-access",
    "--add-exports",
    "--add-opens",
    "--add-reads",
    "--patch-module",
    "-d",
    "--describe-module",
    "--source",
];

/// The last part of a path.
fn base(program: &str) -> &str {
    program.rsplit(['/', '\\']).next().unwrap_or(program)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split('|').map(str::to_owned).collect()
    }

    fn java(argv: &str) -> Vec<Vec<String>> {
        let runs = runs(&words(argv), true, Variables::new());
        runs.into_iter().filter(|run| run.is_java).map(|run| options(&run.arguments)).collect()
    }

    #[test]
    fn finds_java_behind_wrappers_and_shells() {
        for (argv, expected) in [
            ("java|-Xmx1g|-jar|a.jar|-Xmx9g", vec!["-Xmx1g|-jar"]),
            ("/usr/bin/java|-cp|-Xmx9g|-Xmx1g|Main|-Xmx8g", vec!["-cp|-Xmx1g"]),
            ("java|-m|app/Main|-Xmx8g", vec![""]),
            ("java|-mx1g|Main", vec!["-Xmx1g"]),
            ("tini|--|java|-Xmx1g|Main", vec!["-Xmx1g"]),
            ("/sbin/tini|-g|-s|java|-Xmx1g|Main", vec!["-Xmx1g"]),
            ("gosu|app|java|-Xmx1g|Main", vec!["-Xmx1g"]),
            ("nice|-n|10|java|-Xmx1g|Main", vec!["-Xmx1g"]),
            ("timeout|30s|java|-Xmx1g|Main", vec!["-Xmx1g"]),
            ("env|A=b|java|-Xmx1g|Main", vec!["-Xmx1g"]),
            ("sh|-c|exec java -Xmx1g -jar a", vec!["-Xmx1g|-jar"]),
            ("bash|-eo|pipefail|-c|java -Xmx1g Main|x", vec!["-Xmx1g"]),
            ("sh|-c|java -Xmx1g Migrate && exec java -Xmx2g Main", vec!["-Xmx1g", "-Xmx2g"]),
            ("sh|-c|$JAVA_HOME/bin/java -Xmx1g Main", vec!["-Xmx1g"]),
            ("java|@app.options|Main", vec!["@app.options"]),
        ] {
            let expected: Vec<Vec<String>> =
                expected.into_iter().map(|run| if run.is_empty() { Vec::new() } else { words(run) }).collect();
            assert_eq!(java(argv), expected, "{argv}");
        }
        for argv in ["echo|java|-Xmx1g", "javac|-J-Xmx1g", "sh|start.sh|-Xmx1g", "sh|-c|echo java -Xmx1g", "./run|java"]
        {
            assert_eq!(java(argv), Vec::<Vec<String>>::new(), "{argv}");
        }
    }
}
