//! `forewarn init`

use std::path::Path;

use anyhow::{Context as _, anyhow};

use super::{NAME, find, schema};
use crate::args::Init;
use crate::check::is_about_objects;
use crate::exit::{Exit, Failure};
use crate::module;
use crate::output::print;

/// Writes a commented configuration, or prints the schema of one.
///
/// # Errors
/// Exit 2 when there is one already, 3 when it cannot be written.
pub(crate) fn init(args: &Init) -> Result<Exit, Failure> {
    if args.schema {
        print(&schema::schema()?)?;
        return Ok(Exit::Clean);
    }
    let path = args.directory.join(NAME);
    let name = find::display(&path);
    if path.exists() && !args.force {
        let error = anyhow!("`{name}` is there already, and was left as it is");
        return Err(Failure::usage(error).with_help("`--force` writes it anew"));
    }
    write(&path, &template()?).with_context(|| format!("cannot write `{name}`")).map_err(Failure::input)?;
    print(&format!("wrote {name}; it changes nothing until you remove a `#`\n"))?;
    Ok(Exit::Clean)
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    std::fs::write(path, text)
}

/// A configuration in which all is commented out.
fn template() -> Result<String, Failure> {
    let mut policies = String::new();
    for (policy, metadata) in module::all()?.into_iter().filter(|(_, metadata)| is_about_objects(metadata)) {
        let about = metadata.annotation("io.kubewarden.policy.description").unwrap_or_default();
        policies.push_str(&format!("  # {about}\n  # {}: off\n", policy.id));
    }
    Ok(TEMPLATE.replace("{schema}", &schema_url()).replace("  {policies}\n", &(policies + "\n")))
}

/// Where the schema of this version is published.
fn schema_url() -> String {
    let repository = env!("CARGO_PKG_REPOSITORY").replace("https://github.com/", "https://raw.githubusercontent.com/");
    format!("{repository}/v{}/forewarn.schema.json", env!("CARGO_PKG_VERSION"))
}

const TEMPLATE: &str = "\
# yaml-language-server: $schema={schema}
#
# How `forewarn check` reviews the manifests below this folder. Everything is optional; what is commented out shows how
# it is written. Command-line flags win over this file.

# Which policies are applied, and how: `on`, `off`, or the policy's settings (`forewarn explain ID` lists them).
# What is not named is on.
policies:
  {policies}
# The policies of a cluster, in place of the bundled ones: files and folders with Kubewarden's resources.
kubewarden:
  # - cluster/policies

# Which files are reviewed. Paths are relative to this file; a folder stands for all that is in it.
paths:
  # include: [k8s]
  # exclude: [k8s/vendor, \"**/*.generated.yaml\"]

# Which kinds are reviewed, as `Kind` or `group/Kind`.
kinds:
  # exclude: [Secret, \"*.cattle.io/*\"]

# Other settings, or other policies, for some paths, namespaces, kinds or names. The last one that applies counts.
overrides:
  # - namespaces: [kube-system]
  #   policies:
  #     root-user: off

# Findings that do not count. They stay in the report, as suppressed, with the reason.
exemptions:
  # - policies: [root-user/unset]
  #   paths: [k8s/legacy]
  #   reason: moves to the new base image in spring
  #   expires: 2027-03-31

# The least severe finding that makes a check fail: deny, warn or never.
# failOn: deny

# What to make of fields, types and kinds that the Kubernetes API does not know: off, warn or deny.
# strict: warn

# The Kubernetes version that the objects are for, and the one that the next upgrade goes to.
# kubernetesVersion: \"1.36\"
# upgradeTo: \"1.37\"

# Whether an annotation `forewarn.dev/allow.<policy>: <reason>` exempts its object.
# honourAnnotations: true

# Known findings, which do not fail a check. `forewarn check --write-baseline FILE` writes them.
# baseline: forewarn-baseline.json
";
