//! `forewarn man`

use std::path::Path;

use anyhow::Context as _;
use clap::CommandFactory as _;

use crate::args::{Cli, Man};
use crate::exit::{Exit, Failure};
use crate::output;

/// Prints the manual page of `forewarn`, or writes those of all commands.
///
/// # Errors
/// Exit 3 when a page cannot be written.
pub(crate) fn man(args: &Man) -> Result<Exit, Failure> {
    match &args.out {
        Some(folder) => write(folder)?,
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Cli::command()).render(&mut page).map_err(Failure::engine)?;
            output::print_raw(&String::from_utf8_lossy(&page))?;
        }
    }
    Ok(Exit::Clean)
}

fn write(folder: &Path) -> Result<(), Failure> {
    let written = std::fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(Cli::command(), folder));
    written.with_context(|| format!("cannot write the manual pages to `{}`", folder.display())).map_err(Failure::input)
}
