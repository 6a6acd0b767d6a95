//! `forewarn completions`

use clap::CommandFactory as _;

use crate::args::{Cli, Completions};
use crate::exit::{Exit, Failure};
use crate::output;

/// Prints the script for a shell.
///
/// # Errors
/// Exit 3 when standard output cannot be written.
pub(crate) fn completions(args: &Completions) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "forewarn", &mut script);
    output::print_raw(&String::from_utf8_lossy(&script)).map(|()| Exit::Clean)
}
