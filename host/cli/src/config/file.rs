//! What may be written in a `forewarn.yaml`. Parser, JSON Schema and documentation come from here.

use std::collections::BTreeMap;

use forewarn_core::yaml::typed::Placed;
use schemars::JsonSchema;
use serde::Deserialize;

use super::choice::Choice;
use super::day::Day;
use super::schema::choices;
use crate::args::{FailOn, Strictness};

/// Policies by id.
pub(super) type Policies = BTreeMap<Placed<String>, Placed<Choice>>;

/// How Forewarn reviews the manifests below this file's folder.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct File {
    /// Which policies are applied, and how: by id `on`, `off`, or the policy's settings. What is not named is on.
    #[schemars(schema_with = "choices")]
    pub(super) policies: Policies,

    /// The policies of a cluster, which take the place of the bundled ones: files and folders with Kubewarden's
    /// resources or a `policies.yml`, relative to this file.
    #[schemars(with = "Vec<String>")]
    pub(super) kubewarden: Vec<Placed<String>>,

    /// Which files are reviewed. Paths are relative to this file; `*` stays in one folder, `**` crosses folders, and a
    /// folder stands for all that is in it.
    pub(super) paths: Filter,

    /// Which kinds of objects are reviewed, as `Kind` or `group/Kind`.
    pub(super) kinds: Filter,

    /// The same policies with other settings, or others, for some files, namespaces or kinds. Of those that apply to an
    /// object, the last one that names a policy counts; its settings are laid over those above.
    #[schemars(with = "Vec<Override>")]
    pub(super) overrides: Vec<Placed<Override>>,

    /// Findings that do not count. They stay in the report, as suppressed.
    #[schemars(with = "Vec<Exemption>")]
    pub(super) exemptions: Vec<Placed<Exemption>>,

    /// The least severe finding that makes a check fail.
    pub(super) fail_on: Option<FailOn>,

    /// What to make of fields, types and kinds that the Kubernetes API does not know.
    pub(super) strict: Option<Strictness>,

    /// The Kubernetes version that the objects are for, in quotes: given to every policy with a setting of this name.
    #[schemars(with = "Option<String>")]
    pub(super) kubernetes_version: Option<Placed<String>>,

    /// The Kubernetes version that the next upgrade goes to, in quotes: given to every policy with a setting of this name.
    #[schemars(with = "Option<String>")]
    pub(super) upgrade_to: Option<Placed<String>>,

    /// Whether an annotation `forewarn.dev/allow.<policy>: <reason>` exempts its object: given to every policy with a
    /// setting of this name, and for `strict` too.
    #[schemars(with = "Option<bool>")]
    pub(super) honour_annotations: Option<Placed<bool>>,

    /// The file of known findings, which do not fail a check. It is written by `forewarn check --write-baseline FILE`.
    pub(super) baseline: Option<String>,
}

/// What is taken in, and what is left out of that.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Filter {
    /// Patterns of which one has to match; without any, everything does.
    #[schemars(with = "Vec<String>")]
    pub(super) include: Vec<Placed<String>>,

    /// Patterns of which none may match.
    #[schemars(with = "Vec<String>")]
    pub(super) exclude: Vec<Placed<String>>,
}

/// Other policies or settings for some objects.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Override {
    /// Files, relative to this file.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    paths: Vec<Placed<String>>,

    /// Namespaces, as they are written in the objects.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    namespaces: Vec<Placed<String>>,

    /// Kinds, as `Kind` or `group/Kind`.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    kinds: Vec<Placed<String>>,

    /// Names of objects.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    names: Vec<Placed<String>>,

    /// Which policies are applied there, and how.
    #[schemars(schema_with = "choices")]
    pub(super) policies: Policies,
}

/// Findings that do not count.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Exemption {
    /// Ids of policies, or codes of findings such as `root-user/unset`; `*` stands for any text.
    #[schemars(with = "Vec<String>", length(min = 1))]
    pub(super) policies: Vec<Placed<String>>,

    /// Files, relative to this file.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    paths: Vec<Placed<String>>,

    /// Namespaces, as they are written in the objects.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    namespaces: Vec<Placed<String>>,

    /// Kinds, as `Kind` or `group/Kind`.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    kinds: Vec<Placed<String>>,

    /// Names of objects.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    names: Vec<Placed<String>>,

    /// Names of containers.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) containers: Vec<Placed<String>>,

    /// Why; it is shown with what is suppressed.
    #[schemars(with = "String", length(min = 1))]
    pub(super) reason: Placed<String>,

    /// The last day on which this counts, such as 2027-03-31.
    #[serde(default)]
    #[schemars(with = "Option<String>", regex(pattern = r"^\d{4}-\d{2}-\d{2}$"))]
    pub(super) expires: Option<Placed<Day>>,
}

/// The patterns of an override or an exemption.
pub(super) struct Where<'f> {
    /// Of files.
    pub(super) paths: &'f [Placed<String>],
    /// Of namespaces.
    pub(super) namespaces: &'f [Placed<String>],
    /// Of kinds.
    pub(super) kinds: &'f [Placed<String>],
    /// Of objects.
    pub(super) names: &'f [Placed<String>],
}

impl Where<'_> {
    /// Whether nothing is said.
    pub(super) fn is_everywhere(&self) -> bool {
        [self.paths, self.namespaces, self.kinds, self.names].into_iter().all(<[_]>::is_empty)
    }
}

impl Override {
    /// To what it applies.
    pub(super) fn scope(&self) -> Where<'_> {
        let Self { paths, namespaces, kinds, names, policies: _ } = self;
        Where { paths, namespaces, kinds, names }
    }
}

impl Exemption {
    /// To what it applies.
    pub(super) fn scope(&self) -> Where<'_> {
        let Self { paths, namespaces, kinds, names, .. } = self;
        Where { paths, namespaces, kinds, names }
    }
}
