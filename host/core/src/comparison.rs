//! Two trees of manifests, before and after a change: which object became which.

use crate::object::{Contents, Identity};
use crate::resource::Resource;
use crate::source::Source;
use crate::template::unrendered_helm_template;
use crate::yaml::Documents;
use std::collections::HashMap;

/// The objects of one tree.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    objects: HashMap<Key, Vec<Stored>>,
    unreadable: Vec<Unreadable>,
}

/// A file in which a document does not parse.
#[derive(Debug, Clone)]
struct Unreadable {
    place: String,
    text: String,
}

/// What makes two objects the same one: neither the file nor the API version.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    group: String,
    kind: String,
    namespace: Option<String>,
    name: String,
}

#[derive(Debug, Clone)]
struct Stored {
    place: String,
    json: String,
}

/// A tree before a change, and the one after it.
#[derive(Debug, Clone, Default)]
pub struct Comparison {
    /// The objects before the change.
    pub before: Tree,
    /// The objects after it: the ones under review.
    pub after: Tree,
    /// Whether unchanged objects are reviewed too.
    pub all: bool,
    /// Where a file under review stands in the trees, by its name in reports.
    pub places: HashMap<String, String>,
}

/// What became of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pairing<'c> {
    /// It was not there before.
    New,
    /// It is as it was.
    Unchanged(&'c str),
    /// It was this, as JSON.
    Changed(&'c str),
    /// Nobody can tell.
    Unclear(Unclear<'c>),
}

/// Why an object cannot be paired with one before the change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unclear<'c> {
    /// The API server makes up its name.
    GeneratedName,
    /// Several objects before or after the change have its name; the places of those before.
    Several(Vec<&'c str>),
    /// It may have been in a file before the change that cannot be read.
    Unreadable(&'c str),
}

impl Tree {
    /// Adds the objects of a file; `place` is its path within the tree. A document that does not parse is passed over
    /// and remembered; an unrendered Helm template holds no objects.
    pub fn add(&mut self, place: &str, text: &str) {
        let source = Source::new(text);
        if unrendered_helm_template(&source).is_some() {
            return;
        }
        let mut broken = false;
        for document in Documents::new(&source) {
            let Ok(document) = document else {
                broken = true;
                continue;
            };
            for object in &Contents::of(&document).objects {
                let Some(key) = Key::of(object.identity(), object.name()) else { continue };
                let mut json = String::new();
                object.write_json(&document, &mut json);
                self.objects.entry(key).or_default().push(Stored { place: place.to_owned(), json });
            }
        }
        if broken {
            self.unreadable.push(Unreadable { place: place.to_owned(), text: text.to_owned() });
        }
    }

    /// A file that cannot be read and names the object: one that does not cannot have held it.
    fn may_hold(&self, key: &Key) -> Option<&str> {
        let names = |file: &&Unreadable| file.text.contains(&key.name) && file.text.contains(&key.kind);
        self.unreadable.iter().find(names).map(|file| file.place.as_str())
    }

    fn of(&self, key: &Key) -> &[Stored] {
        self.objects.get(key).map(Vec::as_slice).unwrap_or_default()
    }
}

impl Key {
    fn of(identity: &Identity, name: Option<&str>) -> Option<Self> {
        let resource = Resource::of(identity.group(), identity.version(), &identity.kind);
        let own = || identity.namespace.clone().unwrap_or_else(|| "default".to_owned());
        Some(Self {
            group: identity.group().to_owned(),
            kind: identity.kind.clone(),
            namespace: resource.namespaced.then(own),
            name: name?.to_owned(),
        })
    }
}

impl Comparison {
    /// Tells what became of an object under review: of this identity, with this `metadata.name`, as JSON, in a file
    /// with this name in reports.
    ///
    /// Objects of the same name are told apart by their file, then by what is left when all others are paired.
    #[must_use]
    pub fn pair(&self, file: &str, identity: &Identity, name: Option<&str>, json: &str) -> Pairing<'_> {
        let Some(key) = Key::of(identity, name) else { return Pairing::Unclear(Unclear::GeneratedName) };
        let (before, after) = (self.before.of(&key), self.after.of(&key));
        if let Some(same) = before.iter().find(|old| old.json == json) {
            return Pairing::Unchanged(&same.json);
        }
        let only_in =
            |objects: &[Stored], place: &str| objects.iter().filter(|other| other.place == place).count() == 1;
        let stays = |place: &str| only_in(before, place) && only_in(after, place);
        let place = self.places.get(file).map_or(file, String::as_str);
        if stays(place)
            && let Some(old) = before.iter().find(|old| old.place == place)
        {
            return Pairing::Changed(&old.json);
        }
        // Those in their old file and those with their old contents are paired among themselves.
        let left = |objects, others: &[Stored]| -> Vec<&Stored> {
            let paired =
                |object: &&Stored| stays(&object.place) || others.iter().any(|other| other.json == object.json);
            <[Stored]>::iter(objects).filter(|object| !paired(object)).collect()
        };
        let (old, new) = (left(before, after), left(after, before));
        match (old.as_slice(), new.len()) {
            ([], _) => match self.before.may_hold(&key) {
                Some(unreadable) => Pairing::Unclear(Unclear::Unreadable(unreadable)),
                None => Pairing::New,
            },
            ([old], 1) => Pairing::Changed(&old.json),
            (several, _) => Pairing::Unclear(Unclear::Several(several.iter().map(|old| old.place.as_str()).collect())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Objects as `<place> <name> <value>`.
    fn tree(objects: &[(&str, &str, &str)]) -> Tree {
        let mut tree = Tree::default();
        for (place, name, value) in objects {
            tree.add(place, &manifest(name, value));
        }
        tree
    }

    fn manifest(name: &str, value: &str) -> String {
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{a: {value}}}\n")
    }

    fn json(name: &str, value: &str) -> String {
        format!(r#"{{"apiVersion":"v1","data":{{"a":"{value}"}},"kind":"ConfigMap","metadata":{{"name":"{name}"}}}}"#)
    }

    type Objects<'t> = &'t [(&'t str, &'t str, &'t str)];

    /// What became of the first object after the change, in words.
    fn first(before: Objects<'_>, after: Objects<'_>) -> String {
        let comparison = Comparison { before: tree(before), after: tree(after), ..Comparison::default() };
        let (place, name, value) = after[0];
        let identity = Identity {
            api_version: "v1".to_owned(),
            kind: "ConfigMap".to_owned(),
            namespace: None,
            name: Some(name.to_owned()),
        };
        match comparison.pair(place, &identity, Some(name), &json(name, value)) {
            Pairing::New => "new".to_owned(),
            Pairing::Unchanged(_) => "unchanged".to_owned(),
            Pairing::Changed(old) => format!("was {}", old.split('"').nth(9).unwrap_or_default()),
            Pairing::Unclear(unclear) => format!("{unclear:?}"),
        }
    }

    #[test]
    fn pairs_by_name_and_not_by_file() {
        assert_eq!(first(&[("a", "x", "one")], &[("a", "x", "two")]), "was one");
        assert_eq!(first(&[("a", "x", "one")], &[("b", "x", "two")]), "was one");
        assert_eq!(first(&[("a", "x", "one")], &[("b", "x", "one")]), "unchanged");
        assert_eq!(first(&[("a", "x", "one")], &[("a", "y", "one")]), "new");
    }

    #[test]
    fn tells_objects_of_one_name_apart_by_their_file() {
        let before = &[("dev", "x", "one"), ("prod", "x", "two")];
        assert_eq!(first(before, &[("prod", "x", "three"), ("dev", "x", "one")]), "was two");
        // `dev` stays in its file, so the other one moved.
        assert_eq!(first(before, &[("live", "x", "three"), ("dev", "x", "four")]), "was two");
        // A copy of what is still there is new.
        assert_eq!(first(&[("dev", "x", "one")], &[("prod", "x", "two"), ("dev", "x", "one")]), "new");
    }

    #[test]
    fn does_not_guess() {
        let before = &[("a", "x", "one"), ("b", "x", "two")];
        assert_eq!(first(before, &[("c", "x", "three"), ("d", "x", "four")]), r#"Several(["a", "b"])"#);
        assert_eq!(first(&[("a", "x", "one"), ("a", "x", "two")], &[("a", "x", "three")]), r#"Several(["a", "a"])"#);
    }

    #[test]
    fn what_cannot_be_read_may_have_held_it() {
        let mut comparison = Comparison { after: tree(&[("a", "web", "one")]), ..Comparison::default() };
        comparison
            .before
            .add("template", "kind: ConfigMap\nmetadata:\n  name: web\n{{- if .Values.x }}\na: [\n{{- end }}\n");
        comparison.before.add("of something else", "kind: ConfigMap\nmetadata: {name: other}\na: [\n");
        let identity = |name: Option<&str>| Identity {
            api_version: "v1".to_owned(),
            kind: "ConfigMap".to_owned(),
            namespace: None,
            name: name.map(str::to_owned),
        };
        let pair = |name| comparison.pair("a", &identity(name), name, "{}");
        assert_eq!(pair(Some("web")), Pairing::New);
        comparison.before.add("broken", "kind: ConfigMap\nmetadata: {name: web}\na: [\n");
        let pair = |name| comparison.pair("a", &identity(name), name, "{}");
        assert_eq!(pair(Some("web")), Pairing::Unclear(Unclear::Unreadable("broken")));
        assert_eq!(pair(None), Pairing::Unclear(Unclear::GeneratedName));
    }

    #[test]
    fn the_default_namespace_may_be_left_out() {
        let mut comparison = Comparison::default();
        comparison
            .before
            .add("a", "apiVersion: apps/v1beta1\nkind: Deployment\nmetadata: {name: x, namespace: default}\n");
        comparison.after.add("a", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\n");
        let identity = Identity {
            api_version: "apps/v1".to_owned(),
            kind: "Deployment".to_owned(),
            namespace: None,
            name: Some("x".to_owned()),
        };
        assert!(matches!(comparison.pair("a", &identity, Some("x"), "{}"), Pairing::Changed(_)));
    }
}
