//! The packages for Artifact Hub: what the hub demands of them, and that they say what the modules say.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use forewarn_core::metadata::{Metadata, PolicyType};
use forewarn_tests::ask::{Policy, mapping, policies};
use forewarn_tests::{folder, root};
use serde_json::{Map, Value, json};

/// The keys that the hub knows of a package, as far as ours need them. It reads strictly: another one is an error.
const KEYS: [&str; 15] = [
    "version",
    "name",
    "displayName",
    "createdAt",
    "description",
    "license",
    "homeURL",
    "containersImages",
    "keywords",
    "links",
    "install",
    "maintainers",
    "provider",
    "recommendations",
    "annotations",
];

/// The annotations that Kubewarden's tools know.
const ANNOTATIONS: [&str; 6] = [
    "kubewarden/mutation",
    "kubewarden/resources",
    "kubewarden/rules",
    "kubewarden/contextAwareResources",
    "kubewarden/questions-ui",
    "kubewarden/hidden-ui",
];

struct Package {
    policy: &'static Policy,
    metadata: Metadata,
    folder: PathBuf,
    page: Map<String, Value>,
}

impl Package {
    fn text(&self, key: &str) -> &str {
        self.page.get(key).and_then(Value::as_str).unwrap_or_else(|| panic!("{}: no text `{key}`", self.policy.id))
    }

    fn of_module(&self, key: &str) -> &str {
        self.metadata.annotation(key).unwrap_or_else(|| panic!("{}: no annotation `{key}`", self.policy.id))
    }

    fn annotation(&self, key: &str) -> Option<&str> {
        self.page["annotations"].get(key).and_then(Value::as_str)
    }
}

/// The package of every bundled policy's version.
fn packages() -> Vec<Package> {
    let package = |policy: &'static Policy| {
        let metadata = policy.metadata().unwrap();
        let version = metadata.annotation("io.kubewarden.policy.version").unwrap();
        let folder = root().join("artifacthub").join(policy.id).join(version);
        let text = fs::read_to_string(folder.join("artifacthub-pkg.yml"));
        let text = text.unwrap_or_else(|error| panic!("{}: {error}; write `just gen`", policy.id));
        Package { policy, folder, page: mapping(&text).unwrap(), metadata }
    };
    policies().iter().map(package).collect()
}

/// A list that is a text of its own.
fn list_in(text: &str) -> Value {
    let indented: String = text.lines().flat_map(|line| ["  ", line, "\n"]).collect();
    mapping(&format!("list:\n{indented}")).unwrap().remove("list").unwrap()
}

#[test]
fn only_keys_that_the_hub_knows() {
    for package in packages() {
        let unknown: Vec<_> = package.page.keys().filter(|key| !KEYS.contains(&key.as_str())).collect();
        assert!(unknown.is_empty(), "{}: {unknown:?}", package.policy.id);
        let annotations = package.page["annotations"].as_object().unwrap();
        for (key, value) in annotations {
            assert!(ANNOTATIONS.contains(&key.as_str()) && value.is_string(), "{}: {key}", package.policy.id);
        }
    }
}

#[test]
fn required_fields_say_what_the_module_says() {
    for package in packages() {
        for (field, key) in [
            ("version", "io.kubewarden.policy.version"),
            ("name", "io.kubewarden.policy.title"),
            ("displayName", "io.artifacthub.displayName"),
            ("description", "io.kubewarden.policy.description"),
            ("license", "io.kubewarden.policy.license"),
            ("homeURL", "io.kubewarden.policy.url"),
        ] {
            assert_eq!(package.text(field), package.of_module(key), "{}: {field}", package.policy.id);
            assert!(!package.text(field).is_empty());
        }
        let name = package.text("name");
        let label = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(name.len() <= 63 && name.chars().all(label), "{name} is no RFC 1123 label");
        semver::Version::parse(package.text("version")).unwrap();
        let created = package.text("createdAt");
        created.parse::<jiff::Timestamp>().unwrap();
        assert!(created.ends_with('Z') && created.contains('T'), "{created} is not as RFC 3339 writes it");
    }
}

#[test]
fn the_only_image_is_the_policy() {
    for package in packages() {
        let image = format!("{}:v{}", package.of_module("io.kubewarden.policy.ociUrl"), package.text("version"));
        assert_eq!(package.page["containersImages"], json!([{"name": "policy", "image": image}]));
        let (repository, tag) = image.rsplit_once(':').unwrap();
        assert!(repository.starts_with("ghcr.io/forewarn/policies/") && tag.starts_with('v'), "{image}");
    }
}

#[test]
fn people_can_be_reached() {
    let owners = mapping(&fs::read_to_string(root().join("artifacthub/artifacthub-repo.yml")).unwrap()).unwrap();
    let keys: BTreeSet<_> = owners.keys().map(String::as_str).collect();
    assert!(keys.is_subset(&BTreeSet::from(["repositoryID", "owners", "ignore"])), "{keys:?}");
    let mut lists = vec![owners["owners"].clone()];
    for package in packages() {
        lists.push(package.page["maintainers"].clone());
        assert_eq!(package.page["provider"], json!({"name": "Forewarn"}));
    }
    for people in lists {
        let people = people.as_array().unwrap();
        assert!(!people.is_empty());
        for person in people {
            let mail = person["email"].as_str().unwrap();
            assert!(mail.split_once('@').is_some_and(|(user, host)| !user.is_empty() && host.contains('.')), "{mail}");
            assert!(!person["name"].as_str().unwrap().is_empty());
        }
    }
}

#[test]
fn annotations_are_those_of_the_module() {
    for package in packages() {
        let id = package.policy.id;
        assert_eq!(package.annotation("kubewarden/mutation"), Some(package.metadata.mutating.to_string().as_str()));
        let rules = package.annotation("kubewarden/rules").unwrap();
        assert_eq!(list_in(rules), json!(package.metadata.rules), "{id}");
        let resources = package.annotation("kubewarden/contextAwareResources").map(list_in);
        let wanted = json!(package.metadata.context_aware_resources);
        assert_eq!(resources.unwrap_or_else(|| json!([])), wanted, "{id}");
        let raw = package.metadata.policy_type == PolicyType::Raw;
        assert_eq!(package.annotation("kubewarden/hidden-ui"), raw.then_some("true"), "{id}");
        assert_eq!(package.annotation("kubewarden/resources").is_some(), !raw, "{id}");
        assert_eq!(package.annotation("kubewarden/questions-ui").is_some(), !raw, "{id}");
    }
}

#[test]
fn the_page_is_the_policys_own() {
    for package in packages() {
        let page = fs::read_to_string(package.folder.join("README.md")).unwrap();
        assert_eq!(page, fs::read_to_string(folder(package.policy.id).join("README.md")).unwrap());
    }
}

/// What is nowhere but in the questions would be refused when somebody fills in the form.
#[test]
fn modules_take_the_defaults_of_their_questions() {
    for package in packages() {
        let Some(questions) = package.annotation("kubewarden/questions-ui") else { continue };
        let questions = mapping(questions).unwrap();
        let questions = questions["questions"].as_array().unwrap();
        let described = package.policy.call("describe", b"").unwrap();
        let settings = described["settings"]["properties"].as_object().unwrap();
        let asked: BTreeSet<_> = questions
            .iter()
            .map(|question| question["variable"].as_str().unwrap().split('.').next().unwrap().to_owned())
            .collect();
        assert_eq!(asked, settings.keys().cloned().collect(), "{}", package.policy.id);
        let mut defaults = json!({});
        for question in questions {
            let kind = question["type"].as_str().unwrap();
            let kinds = ["string", "boolean", "int", "float", "enum", "array[", "sequence["];
            assert!(kinds.contains(&kind), "{kind}");
            assert_eq!(kind == "sequence[", question.get("sequence_questions").is_some());
            let Some(default) = question.get("default") else { continue };
            let pointer = format!("/{}", question["variable"].as_str().unwrap().replace('.', "/"));
            for value in std::iter::once(default).chain(question["options"].as_array().into_iter().flatten()) {
                let mut one = json!({});
                set(&mut one, &pointer, value);
                let reply = package.policy.call("validate_settings", one.to_string().as_bytes()).unwrap();
                assert_eq!(reply["valid"], true, "{}: {one}: {reply}", package.policy.id);
            }
            set(&mut defaults, &pointer, default);
        }
        let reply = package.policy.call("validate_settings", defaults.to_string().as_bytes()).unwrap();
        assert_eq!(reply["valid"], true, "{}: {defaults}: {reply}", package.policy.id);
    }
}

fn set(settings: &mut Value, pointer: &str, value: &Value) {
    let place = pointer.split('/').skip(1).fold(settings, |place, key| &mut place[key]);
    *place = value.clone();
}
