//! Standard output.

use std::io::{self, ErrorKind, Write};

use anstyle::{AnsiColor, Style};

use crate::exit::Failure;

/// Prints text to standard output, without its colours where they are not wanted.
///
/// # Errors
/// Exit 3 when it cannot be written, as on a full disk.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    write(|out| out.write_all(text.as_bytes()))
}

/// Prints text to standard error, without its colours where they are not wanted.
pub(crate) fn print_error(text: &str) {
    // When standard error is closed, the exit code is all that is left to say.
    let _ = anstream::stderr().lock().write_all(text.as_bytes());
}

const WARNING: Style = AnsiColor::Yellow.on_default().bold();

/// Prints something to standard error that does not keep the command from its work.
pub(crate) fn warn(message: &str) {
    print_error(&format!("{WARNING}warning{WARNING:#}: {}\n", harmless(message)));
}

/// Prints text to standard output byte by byte, whatever it contains.
///
/// # Errors
/// As of [`print`].
pub(crate) fn print_raw(text: &str) -> Result<(), Failure> {
    check(io::stdout().lock().write_all(text.as_bytes()))
}

/// Lets `write` write to standard output; otherwise like [`print`].
pub(crate) fn write(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    check(write(&mut anstream::stdout().lock()))
}

fn check(written: io::Result<()>) -> Result<(), Failure> {
    match written {
        // Whoever reads has seen enough; the exit code still tells.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::input(error)),
        _ => Ok(()),
    }
}

/// Foreign text without the control characters that could give orders to a terminal.
pub(crate) fn harmless(text: &str) -> String {
    text.replace(|character: char| character.is_control() && character != '\n', "\u{fffd}")
}
