//! `forewarn explain`

use anyhow::anyhow;
use forewarn_core::strict;

use crate::args::Explain;
use crate::exit::{Exit, Failure};
use crate::module;
use crate::output::print;

/// Prints a policy's page, or that of the check of fields.
///
/// # Errors
/// Exit 2 for an unknown id.
pub(crate) fn explain(args: &Explain) -> Result<Exit, Failure> {
    let id = args.id.split_once('/').map_or(args.id.as_str(), |(id, _)| id);
    if id == strict::POLICY {
        return print(strict::PAGE).map(|()| Exit::Clean);
    }
    let policies = module::all()?;
    let found = policies.iter().find(|(policy, _)| policy.id == id);
    let (_, metadata) = found.ok_or_else(|| module::unknown_policy(id))?;
    let page = metadata.annotation("io.kubewarden.policy.usage");
    let page = page.ok_or_else(|| Failure::engine(anyhow!("policy `{id}` has no page")))?;
    print(&format!("{}\n", page.trim_end())).map(|()| Exit::Clean)
}
