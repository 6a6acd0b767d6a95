//! `forewarn pull`

use anyhow::{Context as _, anyhow};
use forewarn_registry::{Pulled, Reference};
use serde_json::json;

use super::args::Pull;
use super::connection::reference;
use super::failure::failure;
use crate::args::Format;
use crate::exit::{Exit, Failure};
use crate::output::print;
use crate::write;

/// Pulls a module into the store, verified if that is asked for, and prints what it is.
///
/// # Errors
/// As of [`super::registry`].
pub(super) fn pull(args: &Pull) -> Result<Exit, Failure> {
    let reference = reference(&args.reference)?;
    // Files that cannot be read are told before anything is downloaded.
    let trust = (!args.required.is_empty()).then(|| args.required.read()).transpose()?;
    let client = args.connection.client()?;
    let store = args.store.open()?;
    let verified = trust.is_some();
    let pulled = match (&reference, trust) {
        (Reference::Registry(reference), trust) => {
            let resolved = client.resolve(reference).map_err(failure)?;
            match trust {
                Some(trust) => client.pull(trust.verify(&client, resolved)?, &store),
                None => client.pull(resolved, &store),
            }
        }
        (Reference::Https(reference), None) => client.pull_https(reference, &store),
        (Reference::Https(_), Some(_)) => {
            let error = anyhow!("`{reference}` is not in a registry, so it has no signatures");
            return Err(Failure::usage(error).with_help("push the module to a registry, or name its digest"));
        }
        (Reference::File(_), _) => {
            let error = anyhow!("`{reference}` is a file, so there is nothing to pull");
            return Err(Failure::usage(error).with_help("use the file as it is"));
        }
    }
    .map_err(failure)?;
    if let Some(path) = &args.output {
        let module = store.read(&reference).map_err(failure)?;
        let module = module.ok_or_else(|| Failure::input(anyhow!("`{reference}` was removed from the store")))?;
        write::create(path, &module.bytes)
            .with_context(|| format!("cannot write `{}`", path.display()))
            .map_err(Failure::input)?;
    }
    print(&told(&pulled, &reference, verified, args.format)).map(|()| Exit::Clean)
}

fn told(pulled: &Pulled, reference: &Reference, verified: bool, format: Format) -> String {
    let Pulled { digest, module, size, downloaded } = pulled;
    match format {
        Format::Text => {
            let (verified, present) =
                (if verified { ", verified" } else { "" }, if *downloaded { "" } else { ", already there" });
            format!("{reference}\ndigest  {digest}{verified}\nmodule  {module}, {size} bytes{present}\n")
        }
        Format::Json => {
            let value = json!({
                "version": 1,
                "reference": reference.to_string(),
                "digest": digest,
                "module": module,
                "size": size,
                "downloaded": downloaded,
                "verified": verified,
            });
            format!("{value:#}\n")
        }
    }
}
