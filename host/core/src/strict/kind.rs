//! Whether `apiVersion` and `kind` belong together.

use super::api::{Kind, api};
use super::{Violation, spelling};
use crate::object::Identity;

/// What is known of a kind.
pub(super) enum Known {
    /// Its fields are those of this type.
    Type(&'static str),
    /// There is no such kind.
    Wrong(Violation),
    /// It is somebody else's, or a version that this table no longer has.
    Foreign,
}

/// Only its versions are left in manifests; no kind of it is served any more.
const FORMER_GROUP: &str = "extensions";

/// Looks an object's kind up.
///
/// Alpha and beta versions come and go, so one that is not in the table is left to the policy about removed versions.
/// Versions of the core group and others without a dot are Kubernetes' own, since the group of a custom kind has a dot.
pub(super) fn known(identity: &Identity) -> Known {
    let kinds = &api().kinds;
    let is_it = |kind: &&Kind| kind.name == identity.kind && kind.api_version == identity.api_version;
    if let Some(kind) = kinds.iter().find(is_it) {
        return Known::Type(kind.type_name);
    }
    let (group, kind) = (identity.group(), identity.kind.as_str());
    let namesakes: Vec<&Kind> = kinds.iter().filter(|known| known.name == kind).collect();
    let is_preliminary = ["alpha", "beta"].iter().any(|stage| identity.version().contains(stage));
    if !is_built_in(group) {
        let meant = |known: &&Kind| !group.contains('.') || is_near(group, known.group());
        let meant: Vec<_> = namesakes.into_iter().filter(meant).collect();
        return if meant.is_empty() { Known::Foreign } else { Known::Wrong(wrong_group(identity, &meant)) };
    }
    if is_preliminary && (group == FORMER_GROUP || namesakes.iter().any(|known| known.group() == group)) {
        return Known::Foreign;
    }
    if !namesakes.is_empty() {
        return Known::Wrong(wrong_group(identity, &namesakes));
    }
    let own = kinds.iter().filter(|known| known.group() == group).map(|known| known.name);
    let all = kinds.iter().map(|known| known.name);
    match spelling::nearest(kind, own).or_else(|| spelling::nearest(kind, all)) {
        Some(near) => Known::Wrong(unknown_kind(identity, Some(near))),
        // Other programs' files have `apiVersion: v1` too.
        None if is_preliminary || group.is_empty() => Known::Foreign,
        None => Known::Wrong(unknown_kind(identity, None)),
    }
}

fn is_built_in(group: &str) -> bool {
    group == FORMER_GROUP || api().kinds.iter().any(|kind| kind.group() == group)
}

/// Whether one group is a misspelt other one. Groups below `k8s.io` are Kubernetes' own.
fn is_near(group: &str, known: &str) -> bool {
    group.ends_with(".k8s.io") && known.contains('.') && strsim::damerau_levenshtein(group, known) <= 2
}

fn wrong_group(identity: &Identity, namesakes: &[&Kind]) -> Violation {
    let kind = &identity.kind;
    let right: Vec<_> =
        preferred(identity.group(), namesakes).map(|version| format!("`apiVersion: {version}`")).collect();
    let message = format!(
        "there is no kind `{kind}` in `apiVersion: {}`, so the API server does not know what this is and refuses it",
        identity.api_version
    );
    violation("wrong-group", "/apiVersion", message, Some(format!("write {}", right.join(" or "))))
}

/// The versions to write: one of each group, those of the group that was written alone if there are any.
fn preferred<'k>(group: &str, namesakes: &[&'k Kind]) -> impl Iterator<Item = &'k str> {
    let own: Vec<_> = namesakes.iter().copied().filter(|known| known.group() == group).collect();
    let mut chosen = if own.is_empty() { namesakes.to_vec() } else { own };
    // `v2` before `v1` before `v1beta1`, which is not the order of the letters.
    let rank = |known: &Kind| (known.api_version.contains("alpha"), known.api_version.contains("beta"));
    chosen.sort_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| b.api_version.cmp(a.api_version)));
    let mut groups = Vec::new();
    chosen.retain(|known| {
        let is_new = !groups.contains(&known.group());
        groups.push(known.group());
        is_new
    });
    chosen.into_iter().map(|known| known.api_version)
}

fn unknown_kind(identity: &Identity, near: Option<&str>) -> Violation {
    let Identity { api_version, kind, .. } = identity;
    let message = format!(
        "`apiVersion: {api_version}` has no kind `{kind}`, so the API server does not know what this is and refuses it"
    );
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("`kubectl api-resources --api-group={}` lists the kinds that there are", identity.group()),
    };
    violation("unknown-kind", "/kind", message, Some(help))
}

fn violation(code: &'static str, pointer: &str, message: String, help: Option<String>) -> Violation {
    Violation {
        code,
        pointer: pointer.to_owned(),
        at_key: false,
        container: None,
        accepted: false,
        message,
        help,
        fix: Vec::new(),
    }
}
