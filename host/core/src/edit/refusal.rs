//! Why a fix is not made.

use thiserror::Error;

/// Why a fix is not made in the text. The message ends a sentence that starts with "not fixed:".
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The place is reached through an alias.
    #[error("the value comes through an alias, and a change of it would reach every place that uses it")]
    Alias,
    /// The place is reached through a merge key.
    #[error("the value comes through the merge key `<<`, and a change of it would reach every place that uses it")]
    Merge,
    /// The place is repeated elsewhere.
    #[error("an alias in line {line} repeats this text, and would repeat the change")]
    Anchor {
        /// The line of the first such alias, from 1.
        line: u32,
    },
    /// The operation names no part of the object, or one that is not there.
    #[error("the fix names `{path}`, which is not a place in the object")]
    NoPlace {
        /// The operation's path.
        path: String,
    },
    /// The text is laid out in a way that cannot be edited.
    #[error("the text around it is laid out in a way that cannot be edited")]
    Layout,
    /// The edited text would not be read as the fixed object, or as the same everything else.
    #[error("the changed text would not be read as exactly the fixed object")]
    Unproven,
    /// The fix is what the text says already.
    #[error("the fix changes nothing")]
    NoChange,
    /// The fix does not last.
    #[error("{}", unsettled(.codes))]
    Unsettled {
        /// The codes of the findings whose fixes undo each other, or none where that cannot be told.
        codes: Vec<String>,
    },
    /// With the fix in place, a policy fails.
    #[error("a policy gives no verdict on the fixed object")]
    Unreviewable,
    /// The text did not come from a file.
    #[error("it was not read from a file; change what made it")]
    NoFile,
    /// The file cannot be written.
    #[error("the file cannot be written")]
    NotWritable,
}

fn unsettled(codes: &[String]) -> String {
    match codes {
        [] => "the policies' fixes never come to an end".to_owned(),
        [code] => format!("the fix does not satisfy `{code}` itself"),
        codes => {
            let codes: Vec<_> = codes.iter().map(|code| format!("`{code}`")).collect();
            format!("{} want different things here, so that no fix would last", codes.join(" and "))
        }
    }
}
