//! `cargo xtask release`, against a real registry.
#![expect(clippy::expect_used, clippy::panic, reason = "tests")]

#[expect(dead_code, reason = "shared with the registry's own tests, which need more of it")]
#[path = "../../host/registry/tests/registry/docker_registry.rs"]
mod docker_registry;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use docker_registry::DockerRegistry;
use serde_json::Value;
use sigstore::crypto::SigningScheme;
use tempfile::TempDir;

fn run(program: impl AsRef<Path>, arguments: &[&str]) -> Output {
    Command::new(program.as_ref()).args(arguments).output().expect("it runs")
}

#[track_caller]
fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Everything is there, is what the checksums say, and can be verified by who has nothing but the public key.
#[test]
fn a_release_can_be_checked() {
    let registry = DockerRegistry::start();
    let folder = TempDir::new().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let signer = SigningScheme::ECDSA_P256_SHA256_ASN1.create_signer().expect("a signer");
    let pair = signer.to_sigstore_keypair().expect("keys");
    fs::write(path("release.key"), pair.private_key_to_pem().expect("a key")).expect("written");
    fs::write(path("release.pub"), pair.public_key_to_pem().expect("a key")).expect("written");

    let (host, output, key) = (registry.host(), path("out"), path("release.key"));
    let target = format!("{host}/policies");
    let arguments = ["release", "--output", &output, "--registry", &target, "--key", &key, "--insecure", host];
    let told = said(&run(env!("CARGO_BIN_EXE_xtask"), &arguments));

    let sums = fs::read_to_string(path("out/SHA256SUMS")).expect("checksums");
    let checked = Command::new("sha256sum").args(["--check", "--strict", "SHA256SUMS"]).current_dir(&output).output();
    assert_eq!(said(&checked.expect("sha256sum runs")).lines().count(), sums.lines().count());
    let index: Value = serde_json::from_slice(&fs::read(path("out/index.json")).expect("the index")).expect("json");
    let mut names = sums.lines().filter_map(|line| Some(line.split_once("  ")?.1));
    let archive = names.find(|name| name.ends_with(".tar.gz")).expect("an archive");
    let machine =
        archive.trim_end_matches(".tar.gz").trim_start_matches("forewarn-").split_once('-').expect("a machine").1;
    // What the release writes is what the action gets.
    let action = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../action.yml")).expect("the action");
    assert!(action.contains(&format!(" target={machine} ;;")), "{machine}");
    said(&run("tar", &["--extract", "--gzip", "--file", &path(&format!("out/{archive}")), "--directory", &path("")]));
    let unpacked = fs::read_dir(folder.path()).expect("a folder").flatten().map(|entry| entry.path().join("forewarn"));
    let forewarn = unpacked.into_iter().find(|program| program.is_file()).expect("the command");

    let policies = index["policies"].as_array().expect("policies");
    assert!(!policies.is_empty());
    for policy in policies {
        let text = |name: &str| policy[name].as_str().unwrap_or_else(|| panic!("no `{name}` in {policy}"));
        let reference = format!("registry://{target}/{}@{}", text("id"), text("manifestDigest"));
        assert!(told.contains(&format!("published {reference}\n")), "{told}");
        let store = path("store");
        let pull = [
            "pull",
            &reference,
            "--key",
            &path("release.pub"),
            "--insecure",
            host,
            "--store",
            &store,
            "-o",
            &path("pulled.wasm"),
        ];
        assert!(said(&run(&forewarn, &pull)).contains(", verified\n"));
        let module = fs::read(path(&format!("out/{}.wasm", text("id")))).expect("the module");
        assert_eq!(fs::read(path("pulled.wasm")).expect("the module"), module);
        let materials = fs::read(path(&format!("out/{}", text("sbom")))).expect("the bill of materials");
        let materials: Value = serde_json::from_slice(&materials).expect("json");
        assert_eq!(materials["bomFormat"], "CycloneDX");
        assert!(materials["components"].as_array().is_some_and(|components| !components.is_empty()));
    }
}
