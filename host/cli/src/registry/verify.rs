//! `forewarn verify`

use serde_json::json;

use super::args::Verify;
use super::connection::registry_reference;
use super::failure::failure;
use crate::args::Format;
use crate::exit::{Exit, Failure};
use crate::output::{harmless, print};

/// Verifies a module in its registry, and prints the digest that is trusted.
///
/// # Errors
/// As of [`super::registry`].
pub(super) fn verify(args: &Verify) -> Result<Exit, Failure> {
    let reference = registry_reference(&args.reference)?;
    let trust = args.required.read()?;
    let client = args.connection.client()?;
    let module = client.resolve(&reference).map_err(failure)?;
    let verified = trust.verify(&client, module)?;
    let text = match args.format {
        Format::Text => {
            let met: String = verified.met().iter().map(|rule| format!("signed     by {rule}\n")).collect();
            format!("{reference}\ndigest     {}\n{met}", verified.digest())
        }
        Format::Json => {
            let value = json!({
                "version": 1,
                "reference": reference.to_string(),
                "digest": verified.digest(),
                "met": verified.met(),
            });
            format!("{value:#}\n")
        }
    };
    print(&harmless(&text)).map(|()| Exit::Clean)
}
