//! The waPC operations of a module.

use wapc_guest::{CallResult, register_function};

use crate::policy::{self, Policy};

/// Registers what Kubewarden calls (`protocol_version`, `validate_settings`, `validate`) and Forewarn's `describe`.
pub fn register<P: Policy>() {
    register_function("protocol_version", protocol_version);
    register_function("validate_settings", validate_settings::<P>);
    register_function("validate", validate::<P>);
    register_function("describe", describe::<P>);
}

fn protocol_version(_: &[u8]) -> CallResult {
    Ok(b"\"v1\"".to_vec())
}

fn validate_settings<P: Policy>(payload: &[u8]) -> CallResult {
    Ok(policy::validate_settings::<P>(payload)?.into_bytes())
}

fn validate<P: Policy>(payload: &[u8]) -> CallResult {
    Ok(policy::validate::<P>(payload)?.into_bytes())
}

fn describe<P: Policy>(_: &[u8]) -> CallResult {
    Ok(policy::describe::<P>().into_bytes())
}
