//! What a change of version does to a cluster.

use std::cmp::Ordering;

use forewarn_kit::finding::Finding;
use forewarn_kit::json::Node;

use crate::release::Release;

/// The violation in a change from the version `before` to `after`, which stands at `place`.
pub(crate) fn judge<'a>(before: &str, after: &str, place: Node<'a>) -> Option<Finding<'a>> {
    let Some(new) = Release::parse(after) else { return Some(unparsable(before, after, place)) };
    let old = Release::parse(before)?;
    let change = format!("`{before}` → `{after}`");
    match new.order(&old) {
        Ordering::Less => Some(downgrade(&change, before, &old, &new, place)),
        _ if new.major > old.major => Some(major(&change, &old, place)),
        _ if new.minor > old.minor.saturating_add(1) => Some(skips_minor(&change, &old, &new, place)),
        _ => None,
    }
}

fn skips_minor<'a>(change: &str, old: &Release, new: &Release, place: Node<'a>) -> Finding<'a> {
    let next = old.minor.saturating_add(1);
    let skipped = match new.minor.saturating_sub(next) {
        1 => format!("{}.{next}", old.major),
        many => format!("{many} minor versions"),
    };
    let message = format!(
        "{change} skips {skipped}: Kubernetes keeps stored objects and components compatible from one minor version to \
         the next, no further, so a cluster passes through each of them: {}",
        way(old, new)
    );
    let help = format!(
        "write a {major}.{next} version first, wait until the whole cluster runs it, and go on from there; or build a \
         new cluster with {major}.{} and move the workloads over",
        new.minor,
        major = old.major
    );
    Finding::deny("skips-minor", place, message).help(help)
}

/// Every minor version on the way; of a very long way the ends.
fn way(old: &Release, new: &Release) -> String {
    const SHOWN: u64 = 12;
    let name = |minor: u64| format!("{}.{minor}", old.major);
    if new.minor - old.minor > SHOWN {
        return [name(old.minor), name(old.minor + 1), "…".to_owned(), name(new.minor)].join(" → ");
    }
    let steps: Vec<_> = (old.minor..=new.minor).map(name).collect();
    steps.join(" → ")
}

fn downgrade<'a>(change: &str, before: &str, old: &Release, new: &Release, place: Node<'a>) -> Finding<'a> {
    let (why, help) = if (old.major, old.minor) == (new.major, new.minor) {
        let why = "and brings back the bugs and security holes that were fixed in between";
        (why, format!("keep `{before}`, or write a newer version of {}.{}", old.major, old.minor))
    } else {
        let why = "where Kubernetes supports no way back: what the newer version has stored, the older one may not be able \
                   to read";
        let help = format!(
            "keep `{before}`; who has to go back restores a backup of etcd, or builds a new cluster with {}.{} and moves \
             the workloads over",
            new.major, new.minor
        );
        (why, help)
    };
    Finding::deny("downgrade", place, format!("{change} goes down {why}")).help(help)
}

fn major<'a>(change: &str, old: &Release, place: Node<'a>) -> Finding<'a> {
    let message = format!(
        "{change} changes the major version: Kubernetes has never had another than 1, so nobody has tried such an upgrade"
    );
    let help = format!("write a version of {}.{} or {0}.{}", old.major, old.minor, old.minor.saturating_add(1));
    Finding::deny("major", place, message).help(help)
}

fn unparsable<'a>(before: &str, after: &str, place: Node<'a>) -> Finding<'a> {
    let message = format!(
        "`{after}` is no Kubernetes version, so nobody can tell whether the step from `{before}` skips a minor version"
    );
    let help = "write the version out, such as `v1.36.0`; a vendor's suffix (`+k3s1`, `+rke2r1`, `-eks-…`) may follow";
    Finding::deny("unparsable", place, message).help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_every_version_on_the_way() {
        let way = |old, new| way(&Release::parse(old).expect(old), &Release::parse(new).expect(new));
        assert_eq!(way("v1.27.3", "v1.29.0"), "1.27 → 1.28 → 1.29");
        assert_eq!(way("1.9", "1.12"), "1.9 → 1.10 → 1.11 → 1.12");
        assert_eq!(way("1.3", "1.18446744073709551615"), "1.3 → 1.4 → … → 1.18446744073709551615");
    }
}
