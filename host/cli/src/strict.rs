//! How strict a check is about fields.

use forewarn_core::strict::Strict;

use crate::args::{Check, Strictness};

/// What the arguments ask for. Whoever names policies wants those alone.
pub(crate) fn level(args: &Check) -> Strict {
    match args.strict {
        Some(Strictness::Off) => Strict::Off,
        Some(Strictness::Warn) => Strict::Warn,
        Some(Strictness::Deny) => Strict::Deny,
        None if args.policy.is_empty() => Strict::Warn,
        None => Strict::Off,
    }
}
