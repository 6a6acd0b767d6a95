//! What a finding is known by from one run to the next, however the text around it moves.

use crate::object::Identity;
use crate::review::LocatedFinding;
use crate::yaml::{Document, NodeId};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::fmt::Write as _;

/// How many bytes of the digest are kept: enough that nobody finds two findings with the same.
const BYTES: usize = 16;

/// The fields that tell the items of Kubernetes' lists apart, the first that an item has before the others. A mount has
/// a `name` too, but that is the volume's.
const ITEM_KEYS: [&str; 9] =
    ["mountPath", "devicePath", "name", "containerPort", "port", "key", "ip", "host", "topologyKey"];

/// The fingerprint of a finding that is the first of its kind: of policy, code, object, container and place.
///
/// The object's version does not count, nor do file, line, message and severity. An item of a list counts by its name
/// instead of its number, so that new neighbours make no difference.
pub(crate) fn of(policy: &str, code: &str, object: &Identity, container: Option<&str>, place: &str) -> String {
    let fields = [
        policy,
        code,
        object.group(),
        &object.kind,
        object.namespace.as_deref().unwrap_or_default(),
        object.name.as_deref().unwrap_or_default(),
        container.unwrap_or_default(),
        place,
    ];
    digest(&fields)
}

/// Numbers the findings of a file that are alike so far, in the order of the text. To be done once, when all are there.
pub(crate) fn number(findings: &mut [LocatedFinding]) {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for located in findings {
        let count = seen.entry(located.fingerprint.clone()).or_default();
        if *count > 0 {
            located.fingerprint = digest(&[&located.fingerprint, &count.to_string()]);
        }
        *count += 1;
    }
}

/// A JSON Pointer with the items of lists by name: `/spec/containers/name=web/image`.
pub(crate) fn place(document: &Document<'_>, root: NodeId, pointer: &str) -> String {
    let mut place = String::new();
    let mut at = Some(root);
    for token in pointer.split('/').skip(1) {
        place.push('/');
        let Some(node) = at else {
            place.push_str(token);
            continue;
        };
        if let Some(items) = document.items(node) {
            at = token.parse::<usize>().ok().and_then(|index| items.get(index).copied());
            match at {
                Some(item) => place.push_str(&item_name(document, item)),
                None => place.push_str(token),
            }
        } else {
            at = document.get(node, &token.replace("~1", "/").replace("~0", "~"));
            place.push_str(token);
        }
    }
    place
}

/// What an item is called: by its key field, or by itself if it is a scalar. What has no name is told apart by counting.
fn item_name(document: &Document<'_>, item: NodeId) -> String {
    let escaped = |text: &str| text.replace('~', "~0").replace('/', "~1");
    if let Some(scalar) = document.scalar(item) {
        return format!("={}", escaped(&scalar.value));
    }
    let named = ITEM_KEYS.iter().find_map(|key| Some((key, document.scalar(document.get(item, key)?)?)));
    named.map_or_else(|| "*".to_owned(), |(key, scalar)| format!("{key}={}", escaped(&scalar.value)))
}

/// A digest in which no two lists of fields are alike.
fn digest(fields: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for field in fields {
        hasher.update((field.len() as u64).to_le_bytes());
        hasher.update(field.as_bytes());
    }
    hasher.finalize().iter().take(BYTES).fold(String::with_capacity(2 * BYTES), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Finding, Severity};
    use crate::object::Contents;
    use crate::source::Source;
    use crate::yaml::Documents;
    use std::sync::Arc;

    /// The fingerprints of findings at these pointers of the file's first object.
    fn fingerprints(text: &str, pointers: &[&str]) -> Vec<String> {
        let source = Source::new(text);
        let document = Documents::new(&source).next().unwrap().unwrap();
        let object = Contents::of(&document).objects.remove(0);
        let identity = Arc::new(object.identity().clone());
        let finding = |pointer: &&str| Finding {
            code: "p/x".to_owned(),
            severity: Severity::Deny,
            pointer: (*pointer).to_owned(),
            container: None,
            message: pointer.to_string(),
            help: None,
            fix: Vec::new(),
            suppressed: None,
        };
        let located = |finding| LocatedFinding::new(&source, &document, object.node(), "p", &identity, finding);
        let mut findings: Vec<_> = pointers.iter().map(finding).map(located).collect();
        number(&mut findings);
        findings.into_iter().map(|located| located.fingerprint).collect()
    }

    const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: n}\nspec:\n  containers:\n  \
                       - name: web\n    args: [-a, -b]\n  - name: proxy\n";

    #[test]
    fn items_count_by_name() {
        let reordered = "# a comment\n\nkind: Pod\napiVersion: v1\nmetadata: {namespace: n, name: a}\nspec:\n  \
                         containers:\n  - name: proxy\n\n  - {args: [-c, -b, -a], name: web}\n";
        let before =
            fingerprints(POD, &["/spec/containers/0/image", "/spec/containers/1", "/spec/containers/0/args/1"]);
        let after =
            fingerprints(reordered, &["/spec/containers/1/image", "/spec/containers/0", "/spec/containers/1/args/1"]);
        assert_eq!(before, after);
        assert_ne!(before[0], before[1]);
        assert!(before.iter().all(|fingerprint| fingerprint.len() == 32));
    }

    #[test]
    fn another_version_is_the_same_object_and_another_name_is_not() {
        let of = |text: &str| fingerprints(text, &["/spec/x"]).remove(0);
        let pod = of(POD);
        assert_eq!(of(&POD.replace("apiVersion: v1", "apiVersion: v2")), pod);
        for (old, new) in
            [("name: a", "name: b"), ("namespace: n", "namespace: m"), ("kind: Pod", "kind: Job"), ("v1", "batch/v1")]
        {
            assert_ne!(of(&POD.replace(old, new)), pod, "{old} -> {new}");
        }
        // No field runs into the next.
        assert_ne!(of(&POD.replace("{name: a, namespace: n}", "{name: na}")), pod);
        assert_ne!(fingerprints(POD, &["/spec/y"])[0], pod);
    }

    #[test]
    fn what_is_alike_is_counted() {
        let rules = "apiVersion: v1\nkind: Pod\nspec:\n  rules:\n  - {a: 1}\n  - {b: 1}\n";
        let [first, second, elsewhere] =
            fingerprints(rules, &["/spec/rules/0", "/spec/rules/1", "/spec/x"]).try_into().unwrap();
        assert!(first != second && second != elsewhere);
        assert_eq!(fingerprints(rules, &["/spec/rules/1"]), [first], "the only one left is the first");
    }

    #[test]
    fn mounts_count_by_their_path() {
        let text = "apiVersion: v1\nkind: Pod\nm:\n- {name: v, mountPath: /a/~b}\n- {name: v, mountPath: /c}\n- [x]\n";
        let source = Source::new(text);
        let document = Documents::new(&source).next().unwrap().unwrap();
        let place = |pointer| place(&document, document.root(), pointer);
        assert_eq!(place("/m/0/name"), "/m/mountPath=~1a~1~0b/name");
        assert_eq!(place("/m/2/0"), "/m/*/=x");
        assert_eq!(place("/m/7/0"), "/m/7/0");
        assert_eq!(place("/gone/0"), "/gone/0");
        assert_eq!(place(""), "");
    }
}
