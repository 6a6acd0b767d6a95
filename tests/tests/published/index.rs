//! `target/policies`: what the build says of the modules.

use std::fs;
use std::path::{Path, PathBuf};

use forewarn_core::oci_manifest::{OciManifest, digest};
use forewarn_tests::ask::policies;
use serde_json::{Value, json};

fn built() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("policies")
}

fn json(name: &str) -> Value {
    serde_json::from_slice(&fs::read(built().join(name)).unwrap()).unwrap()
}

#[test]
fn the_index_says_what_the_modules_are() {
    let index = json("index.json");
    let entries = index["policies"].as_array().unwrap();
    assert_eq!(entries.len(), policies().len());
    for (entry, policy) in entries.iter().zip(policies()) {
        assert_eq!(entry["id"], policy.id);
        assert_eq!(format!("sha256:{}", entry["sha256"].as_str().unwrap()), digest(policy.wasm));
        let manifest = OciManifest::of(policy.wasm, Some(&policy.metadata().unwrap())).unwrap();
        assert_eq!(entry["manifestDigest"], manifest.digest);
    }
    // In a clone there is a history, in an unpacked archive there is none.
    let commit = index["source"]["commit"].as_str();
    assert!(commit.is_none_or(|commit| commit.len() >= 40), "{commit:?}");
}

#[test]
fn every_module_has_a_bill_of_materials() {
    for entry in json("index.json")["policies"].as_array().unwrap() {
        let name = entry["sbom"].as_str().unwrap();
        let bill = json(name);
        assert_eq!((&bill["bomFormat"], &bill["specVersion"]), (&json!("CycloneDX"), &json!("1.5")));
        let subject = &bill["metadata"]["component"];
        assert_eq!(subject["name"], entry["id"]);
        assert_eq!(subject["hashes"], json!([{"alg": "SHA-256", "content": entry["sha256"]}]));
        let parts = bill["components"].as_array().unwrap();
        assert!(parts.iter().any(|part| part["name"] == "forewarn-kit"), "{name}");
        for part in parts {
            // What comes from a registry has a checksum, and everything has a licence.
            assert_eq!(part.get("hashes").is_none(), part["name"] == "forewarn-kit", "{part}");
            assert!(part["licenses"][0]["expression"].as_str().is_some_and(|licence| !licence.is_empty()), "{part}");
            let used = bill["dependencies"].as_array().unwrap().iter();
            assert_eq!(used.filter(|entry| entry["ref"] == part["bom-ref"]).count(), 1, "{part}");
        }
    }
}

#[test]
fn the_checksums_are_those_of_the_files() {
    let sums = fs::read_to_string(built().join("SHA256SUMS")).unwrap();
    assert_eq!(sums.lines().count(), 3 * policies().len());
    for line in sums.lines() {
        let (sum, name) = line.split_once("  ").unwrap();
        assert_eq!(digest(&fs::read(built().join(name)).unwrap()), format!("sha256:{sum}"), "{name}");
    }
}
