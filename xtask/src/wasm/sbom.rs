//! What a module is made of: a bill of materials in CycloneDX's JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::compile::TARGET;
use crate::workspace::{Workspace, cargo};

/// The crates that are linked into each policy, and where they come from.
pub(crate) struct Materials {
    trees: BTreeMap<String, Tree>,
    checksums: BTreeMap<(String, String), String>,
}

/// The crates of one policy: each with those that it uses.
type Tree = BTreeMap<Crate, BTreeSet<Crate>>;

/// One crate of a tree.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Crate {
    name: String,
    version: String,
    license: String,
}

impl Materials {
    /// Asks cargo about all policies, and Cargo.lock about the checksums.
    pub(crate) fn of(workspace: &Workspace) -> Result<Self> {
        let mut command = Command::new(cargo());
        command.current_dir(&workspace.root).args(["tree", "--target", TARGET, "--edges", "normal,no-proc-macro"]);
        command.args(["--prefix", "depth", "--no-dedupe", "--format", "{p}\t{l}", "--color", "never"]);
        for policy in &workspace.policies {
            command.args(["--package", &policy.name]);
        }
        let output = command.output().context("cannot run `cargo tree`")?;
        ensure!(output.status.success(), "`cargo tree` failed:\n{}", String::from_utf8_lossy(&output.stderr));
        let trees = trees(&String::from_utf8(output.stdout)?)?;
        let lock = fs::read_to_string(workspace.root.join("Cargo.lock")).context("cannot read Cargo.lock")?;
        Ok(Self { trees, checksums: checksums(&lock) })
    }

    /// The bill of one policy, whose module has a digest.
    pub(crate) fn bill(&self, policy: &str, sha256: &str) -> Result<String> {
        let tree = self.trees.get(policy).with_context(|| format!("`cargo tree` does not show `{policy}`"))?;
        let root = tree.keys().find(|node| node.name == policy);
        let root = root.with_context(|| format!("`cargo tree` does not show `{policy}`"))?;
        let mut subject = self.component(root);
        if let Some(fields) = subject.as_object_mut() {
            fields.insert("hashes".to_owned(), hashes(sha256));
        }
        let others: Vec<_> = tree.keys().filter(|node| *node != root).map(|node| self.component(node)).collect();
        let uses = |(node, used): (&Crate, &BTreeSet<Crate>)| json!({"ref": node.purl(), "dependsOn": used.iter().map(Crate::purl).collect::<Vec<_>>()});
        let bill = json!({
            "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
            "bomFormat": "CycloneDX",
            "specVersion": "1.5",
            "version": 1,
            "metadata": {"component": subject},
            "components": others,
            "dependencies": tree.iter().map(uses).collect::<Vec<_>>(),
        });
        Ok(serde_json::to_string_pretty(&bill)? + "\n")
    }

    fn component(&self, node: &Crate) -> Value {
        let mut component = json!({
            "type": "library",
            "bom-ref": node.purl(),
            "name": node.name,
            "version": node.version,
            "purl": node.purl(),
            "licenses": [{"expression": node.license.replace('/', " OR ")}],
        });
        let checksum = self.checksums.get(&(node.name.clone(), node.version.clone()));
        if let (Some(checksum), Some(fields)) = (checksum, component.as_object_mut()) {
            fields.insert("hashes".to_owned(), hashes(checksum));
        }
        component
    }
}

impl Crate {
    /// The crate's name among all packages of the world.
    fn purl(&self) -> String {
        format!("pkg:cargo/{}@{}", self.name, self.version)
    }

    /// Reads `name v1.2.3 (where)`, a tab, and the licence.
    fn read(text: &str) -> Option<Self> {
        let (package, license) = text.split_once('\t')?;
        let mut words = package.split(' ');
        let name = words.next()?.to_owned();
        let version = words.next()?.strip_prefix('v')?.to_owned();
        Some(Self { name, version, license: license.to_owned() })
    }
}

fn hashes(sha256: &str) -> Value {
    json!([{"alg": "SHA-256", "content": sha256}])
}

/// Reads what `cargo tree --prefix depth` prints: each line begins with its depth.
fn trees(text: &str) -> Result<BTreeMap<String, Tree>> {
    let mut trees: BTreeMap<String, Tree> = BTreeMap::new();
    let mut above: Vec<Crate> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        let name = line.trim_start_matches(|first: char| first.is_ascii_digit());
        let depth = line.strip_suffix(name).and_then(|depth| depth.parse::<usize>().ok());
        let read = depth.zip(Crate::read(name));
        let (depth, node) = read.with_context(|| format!("`cargo tree` prints `{line}`, which cannot be read"))?;
        above.truncate(depth);
        let root = above.first().unwrap_or(&node).name.clone();
        let tree = trees.entry(root).or_default();
        tree.entry(node.clone()).or_default();
        if let Some(user) = above.last() {
            tree.entry(user.clone()).or_default().insert(node.clone());
        }
        above.push(node);
    }
    Ok(trees)
}

/// The checksums in Cargo.lock, by name and version. Cargo writes one `key = "value"` to a line.
fn checksums(lock: &str) -> BTreeMap<(String, String), String> {
    let mut checksums = BTreeMap::new();
    for package in lock.split("[[package]]") {
        let value = |key: &str| {
            let line = package.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = \""))?;
            line.strip_suffix('"').map(str::to_owned)
        };
        if let (Some(name), Some(version), Some(checksum)) = (value("name"), value("version"), value("checksum")) {
            checksums.insert((name, version), checksum);
        }
    }
    checksums
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREES: &str = "0demo v0.1.0 (/src/demo)\tApache-2.0\n1kit v0.1.0 (/src/kit)\tApache-2.0\n2json v1.2.3\tMIT/Apache-2.0\n\
                         3core v1.0.0\tMIT\n2core v1.0.0\tMIT\n\n0other v0.2.0 (/src/other)\tApache-2.0\n";

    fn materials() -> Materials {
        let lock = "version = 4\n\n[[package]]\nname = \"json\"\nversion = \"1.2.3\"\nchecksum = \"abc\"\n\
                    dependencies = [\n \"core\",\n]\n\n[[package]]\nname = \"kit\"\nversion = \"0.1.0\"\n";
        Materials { trees: trees(TREES).unwrap(), checksums: checksums(lock) }
    }

    #[test]
    fn every_crate_is_listed_once_with_what_it_uses() {
        let bill: Value = serde_json::from_str(&materials().bill("demo", "digest").unwrap()).unwrap();
        assert_eq!(bill["metadata"]["component"]["hashes"][0]["content"], "digest");
        let names: Vec<_> = bill["components"].as_array().unwrap().iter().map(|part| &part["purl"]).collect();
        assert_eq!(names, ["pkg:cargo/core@1.0.0", "pkg:cargo/json@1.2.3", "pkg:cargo/kit@0.1.0"]);
        assert_eq!(bill["components"][1]["hashes"][0]["content"], "abc");
        assert_eq!(bill["components"][1]["licenses"], json!([{"expression": "MIT OR Apache-2.0"}]));
        assert_eq!(bill["components"][2].get("hashes"), None);
        let uses = json!({"ref": "pkg:cargo/kit@0.1.0", "dependsOn": ["pkg:cargo/core@1.0.0", "pkg:cargo/json@1.2.3"]});
        assert!(bill["dependencies"].as_array().unwrap().contains(&uses), "{bill}");
    }

    #[test]
    fn trees_are_told_apart() {
        let other: Value = serde_json::from_str(&materials().bill("other", "digest").unwrap()).unwrap();
        assert_eq!(other["components"], json!([]));
        assert!(materials().bill("unknown", "digest").is_err());
        assert!(trees("demo v0.1.0\tMIT\n").is_err());
        assert!(trees("0demo\n").is_err());
    }
}
