//! The `forewarn` command.

mod against;
mod annotate;
mod args;
mod chart;
mod check;
mod cluster;
mod completions;
mod config;
mod exit;
mod explain;
mod facts;
mod fix;
mod git;
#[cfg(test)]
mod history;
mod inputs;
mod inspect;
mod kubewarden;
mod list;
mod man;
mod memory;
mod module;
mod node;
mod output;
mod parallel;
mod playground;
mod policies;
mod progress;
mod registry;
mod report;
mod run;
mod scaffold;
mod settings;
mod strict;
mod suites;
mod watch;
mod write;

use std::io::Write as _;

use anstream::ColorChoice;
use anstyle::{AnsiColor, Style};
use clap::Parser as _;

use crate::args::{Cli, Color, Command};
use crate::exit::{Exit, Failure};
use crate::output::harmless;

fn main() -> Exit {
    let cli = Cli::parse();
    choose_color(cli.color);
    let result = match cli.command {
        Command::Check(args) if args.watch => watch::watch(&args),
        Command::Check(args) => check::check(&args, None),
        Command::Init(args) => config::init::init(&args),
        Command::List(args) => list::list(&args),
        Command::Explain(args) => explain::explain(&args),
        Command::Inspect(args) => inspect::inspect(&args),
        Command::Annotate(args) => annotate::annotate(&args),
        Command::Scaffold(args) => scaffold::scaffold(&args),
        Command::Run(args) => run::run(&args),
        Command::Node(args) => node::node(&args),
        Command::Chart(args) => chart::chart(&args),
        Command::Test(args) => suites::test(&args),
        Command::Playground(args) => playground::playground(&args),
        Command::Completions(args) => completions::completions(&args),
        Command::Man(args) => man::man(&args),
        Command::Registry(command) => registry::registry(&command),
    };
    result.unwrap_or_else(|failure| tell(&failure))
}

fn choose_color(color: Color) {
    match color {
        Color::Auto => {}
        Color::Always => ColorChoice::Always.write_global(),
        Color::Never => ColorChoice::Never.write_global(),
    }
}

const ERROR: Style = AnsiColor::Red.on_default().bold();
const HELP: Style = AnsiColor::Cyan.on_default().bold();

/// Says what went wrong, on standard error.
pub(crate) fn tell(failure: &Failure) -> Exit {
    let mut err = anstream::stderr().lock();
    // When standard error is closed too, the exit code is all that is left to say.
    let _ = writeln!(err, "{ERROR}error{ERROR:#}: {}", harmless(&format!("{:#}", failure.error)));
    if let Some(help) = &failure.help {
        let _ = writeln!(err, "{HELP}help{HELP:#}: {help}");
    }
    failure.exit
}
