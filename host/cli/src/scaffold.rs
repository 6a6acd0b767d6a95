//! `forewarn scaffold`

use anyhow::{Context as _, anyhow};
use forewarn_core::metadata::Metadata;
use forewarn_core::oci_manifest::OciManifest;
use forewarn_core::policy::Policy;
use forewarn_core::scaffold::{
    self, Installation, Mode, Namespaces, Options, admission_policy_group, cluster_admission_policies, policies_yml,
};
use forewarn_engine::{Engine, Limits, Module};

use crate::args::{Scaffold, ScaffoldFormat, ScaffoldMode};
use crate::exit::{Exit, Failure};
use crate::output::{print_raw, warn};
use crate::{module, policies};

/// The annotation that says where a policy is published.
const OCI_URL: &str = "io.kubewarden.policy.ociUrl";

/// Where nobody but the cluster itself runs anything.
const OF_THE_CLUSTER: [&str; 2] = ["kube-node-lease", "kube-system"];

/// Prints configuration by which a cluster runs the bundled policies.
///
/// # Errors
/// Exit 2 for unknown policies, refused settings, and what a format cannot say.
pub(crate) fn scaffold(args: &Scaffold) -> Result<Exit, Failure> {
    let engine = Engine::new(Limits::DEFAULT).map_err(Failure::engine)?;
    let policies = policies::ready(&engine, args.settings.as_deref(), &args.policy, |_| true)?;
    let installations: Vec<_> =
        policies.iter().map(|policy| installation(policy, args)).collect::<Result<_, Failure>>()?;
    let chosen: Vec<_> = installations.into_iter().filter(|policy| keep(policy, args)).collect();
    if let Some(refused) = args.policy.iter().find(|id| !chosen.iter().any(|policy| policy.id == id.as_str())) {
        return Err(cannot(refused, &policies, args));
    }
    let mode = match args.mode {
        ScaffoldMode::Monitor => Mode::Monitor,
        ScaffoldMode::Protect => Mode::Protect,
    };
    let options = Options { mode, policy_server: args.policy_server.clone(), namespaces: namespaces(args) };
    let text = match args.format {
        ScaffoldFormat::ClusterAdmissionPolicies => cluster_admission_policies(&chosen, &options),
        ScaffoldFormat::PoliciesYml => policies_yml(&chosen, &options),
        ScaffoldFormat::Group => admission_policy_group(&chosen, group_namespace(args)?, &options),
    };
    if args.format == ScaffoldFormat::PoliciesYml && !(args.namespace.is_empty() && args.exclude_namespace.is_empty()) {
        let error =
            anyhow!("a policies.yml cannot name namespaces: whoever calls policy-server decides what it is asked");
        return Err(Failure::usage(error).with_help("leave `--namespace` and `--exclude-namespace` out"));
    }
    print_raw(&text).map(|()| Exit::Clean)
}

fn installation<'a>(policy: &'a Policy<Module>, args: &Scaffold) -> Result<Installation<'a>, Failure> {
    let id = policy.id();
    let settings = serde_json::from_str(policy.settings()).map_err(Failure::engine)?;
    Ok(Installation { id, metadata: policy.metadata(), module: reference(id, policy.metadata(), args)?, settings })
}

/// Where the cluster finds the same bytes that this program carries.
fn reference(id: &str, metadata: &Metadata, args: &Scaffold) -> Result<String, Failure> {
    let bundled = module::bundled(id).ok_or_else(|| module::unknown_policy(id))?;
    let digest = OciManifest::of(bundled.wasm, Some(metadata)).map_err(Failure::engine)?.digest;
    let repository = match &args.registry {
        Some(registry) => format!("{}/{id}", registry.trim_start_matches("registry://").trim_end_matches('/')),
        None => {
            let published = metadata.annotation(OCI_URL).filter(|url| !url.is_empty());
            let published = published.with_context(|| format!("bundled policy `{id}` has no annotation `{OCI_URL}`"));
            published.map_err(Failure::engine)?.to_owned()
        }
    };
    Ok(format!("registry://{repository}@{digest}"))
}

/// Whether the format can say a policy; one that nobody asked for by name is left out otherwise, with a note.
fn keep(policy: &Installation<'_>, args: &Scaffold) -> bool {
    let Some(reason) = obstacle(policy, args.format) else { return true };
    if args.policy.is_empty() {
        warn(&format!("`{}` is left out: {reason}", policy.id));
    }
    false
}

fn obstacle(policy: &Installation<'_>, format: ScaffoldFormat) -> Option<String> {
    match format {
        ScaffoldFormat::PoliciesYml => None,
        ScaffoldFormat::ClusterAdmissionPolicies => policy.is_raw().then(|| scaffold::GroupError::Raw.to_string()),
        ScaffoldFormat::Group => policy.fits_a_group().err().map(|error| error.to_string()),
    }
}

fn cannot(id: &str, policies: &[Policy<Module>], args: &Scaffold) -> Failure {
    let policy = policies.iter().find(|policy| policy.id() == id).map(|policy| installation(policy, args));
    let reason = match policy {
        Some(Ok(policy)) => obstacle(&policy, args.format).unwrap_or_default(),
        Some(Err(failure)) => return failure,
        None => return module::unknown_policy(id),
    };
    let failure = Failure::usage(anyhow!("policy `{id}` cannot be written in this format: {reason}"));
    match args.format {
        ScaffoldFormat::ClusterAdmissionPolicies => failure.with_help("write `--format policies-yml`"),
        _ => failure,
    }
}

fn namespaces(args: &Scaffold) -> Namespaces {
    if !args.namespace.is_empty() {
        return Namespaces::Only(args.namespace.clone());
    }
    let mut except = args.exclude_namespace.clone();
    if except.is_empty() {
        except = OF_THE_CLUSTER.map(str::to_owned).to_vec();
    }
    // An empty name is how to exclude nothing.
    except.retain(|name| !name.is_empty());
    Namespaces::Except(except)
}

fn group_namespace(args: &Scaffold) -> Result<&str, Failure> {
    match args.namespace.as_slice() {
        [] => Ok("default"),
        [one] => Ok(one),
        _ => {
            let error = anyhow!("a group belongs to one namespace, and {} are given", args.namespace.len());
            Err(Failure::usage(error).with_help("call `forewarn scaffold` once for each"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Cli, Command};
    use clap::Parser as _;

    fn parse(args: &[&str]) -> Scaffold {
        match Cli::parse_from([&["forewarn", "scaffold"], args].concat()).command {
            Command::Scaffold(args) => args,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_clusters_own_namespaces_are_left_alone_unless_named() {
        let of = |args: &[&str]| namespaces(&parse(args));
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(of(&[]), Namespaces::Except(names(&["kube-node-lease", "kube-system"])));
        assert_eq!(of(&["--namespace", "a", "--namespace", "b"]), Namespaces::Only(names(&["a", "b"])));
        assert_eq!(of(&["--exclude-namespace", "a"]), Namespaces::Except(names(&["a"])));
        assert_eq!(of(&["--exclude-namespace", ""]), Namespaces::Except(Vec::new()));
    }

    #[test]
    fn a_group_has_one_namespace() {
        assert_eq!(group_namespace(&parse(&[])).unwrap(), "default");
        assert_eq!(group_namespace(&parse(&["--namespace", "a"])).unwrap(), "a");
        let two = parse(&["--namespace", "a", "--namespace", "b"]);
        assert_eq!(group_namespace(&two).unwrap_err().exit, Exit::Usage);
    }

    #[test]
    fn the_registry_is_the_users_or_the_policys() {
        let metadata = Metadata::from_json(
            br#"{"rules":[],"mutating":false,"annotations":{"io.kubewarden.policy.ociUrl":"registry.example/p/root-user"}}"#,
        )
        .unwrap();
        let of = |args: &[&str]| reference("root-user", &metadata, &parse(args)).unwrap();
        assert!(of(&[]).starts_with("registry://registry.example/p/root-user@sha256:"));
        for registry in ["registry.corp:5000/team", "registry://registry.corp:5000/team/"] {
            let reference = of(&["--registry", registry]);
            assert!(reference.starts_with("registry://registry.corp:5000/team/root-user@sha256:"), "{reference}");
        }
    }
}
