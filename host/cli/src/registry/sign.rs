//! `forewarn sign`

use std::env;

use forewarn_registry::signature::SigningKey;
use serde_json::json;

use super::args::Sign;
use super::connection::registry_reference;
use super::failure::failure;
use super::trust::{in_file, read};
use crate::args::Format;
use crate::exit::{Exit, Failure};
use crate::output::print;

/// Signs a module in its registry, and prints where the signature is.
///
/// # Errors
/// As of [`super::registry`].
pub(super) fn sign(args: &Sign) -> Result<Exit, Failure> {
    let reference = registry_reference(&args.reference)?;
    let password = env::var_os("COSIGN_PASSWORD").map(|password| password.into_encoded_bytes());
    let key = in_file(&args.key, SigningKey::from_pem(&read(&args.key)?, password.as_deref()))?;
    let client = args.connection.client()?;
    let module = client.resolve(&reference).map_err(failure)?;
    let signed = client.sign(&module, &key, &args.annotation.iter().cloned().collect()).map_err(failure)?;
    let text = match args.format {
        Format::Text => {
            let known = if signed.new { "" } else { ", as before" };
            format!("{reference}\ndigest     {}{known}\nsignature  {}\n", signed.digest, signed.tag)
        }
        Format::Json => {
            let value = json!({
                "version": 1,
                "reference": reference.to_string(),
                "digest": signed.digest,
                "signature": signed.tag.to_string(),
                "referrer": signed.referrer,
                "new": signed.new,
            });
            format!("{value:#}\n")
        }
    };
    print(&text).map(|()| Exit::Clean)
}
