//! Where modules come from.

use super::{PODS, REGISTRY, cluster_policy, denying};
use crate::forewarn::{BAD, Folder, Outcome};

/// Checks a bad pod with one policy whose module is this; `home` has a store.
fn check(folder: &Folder, module: &str) -> Outcome {
    let policy = cluster_policy("p", module, &format!("mutating: false, rules: [{PODS}]"));
    folder.write("conf/p.yaml", policy.as_bytes());
    folder.write("pod.yaml", BAD.as_bytes());
    folder.run_in_home(&["check", "--offline", "--policies", "conf/p.yaml", "pod.yaml"], &folder.path().join("home"))
}

fn digest() -> String {
    let outcome = Folder::new(&[]).run(&["inspect", "privilege-escalation", "--format", "json"]);
    let info: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    info["manifestDigest"].as_str().unwrap().to_owned()
}

#[test]
fn the_bundled_policy_of_the_same_name() {
    let folder = Folder::new(&[]);
    let plain = "ghcr.io/forewarn/policies/privilege-escalation";
    let exact = format!("{plain}@{}", digest());
    for module in [plain, &format!("registry://{plain}"), &format!("{plain}:v0.1.0"), &exact] {
        let outcome = check(&folder, module);
        assert_eq!(outcome.code, 1, "{outcome:?}");
        assert!(outcome.stdout.contains("error[privilege-escalation/allowed]"), "{}", outcome.stdout);
        assert!(!outcome.stdout.contains("bundled"), "{}", outcome.stdout);
    }
}

#[test]
fn another_version_is_told_and_another_digest_is_refused() {
    let folder = Folder::new(&[]);
    let outcome = check(&folder, &format!("{REGISTRY}/privilege-escalation:v9.9.9"));
    assert_eq!(outcome.code, 1, "{outcome:?}");
    for word in ["version 0.1.0 of `privilege-escalation` is used", "conf/p.yaml:4:16"] {
        assert!(outcome.stdout.contains(word), "{}", outcome.stdout);
    }
    let outcome = check(&folder, &format!("{REGISTRY}/privilege-escalation@sha256:{}", "0".repeat(64)));
    assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{outcome:?}");
    assert!(outcome.stderr.contains(&digest()) && outcome.stderr.contains("conf/p.yaml:4:16"), "{}", outcome.stderr);
}

#[test]
fn files_are_found_from_the_folder_of_the_definition() {
    let folder = Folder::new(&[]);
    let path = folder.write("conf/sub/deny.wasm", &denying());
    for module in ["file://sub/deny.wasm", "sub/deny.wasm", "./sub/deny.wasm", &format!("file://{}", path.display())] {
        let outcome = check(&folder, module);
        assert_eq!(outcome.code, 1, "{module}: {outcome:?}");
        assert!(outcome.stdout.contains("error[p]: never"), "{}", outcome.stdout);
    }
}

#[test]
fn what_kwctl_pulled_is_found() {
    for (module, stored) in [
        ("ghcr.io/acme/never:v1", "registry/ghcr.io/acme/never:v1"),
        ("registry://localhost:5000/never", "registry/localhost:5000/never:latest"),
        ("https://example.com/never.wasm", "https/example.com/never.wasm"),
        // What was pulled is what the definition says; the bundled one has another version.
        ("ghcr.io/forewarn/policies/root-user:v9", "registry/ghcr.io/forewarn/policies/root-user:v9"),
    ] {
        let folder = Folder::new(&[]);
        folder.write(&format!("home/.cache/kubewarden/store/{stored}"), &denying());
        let outcome = check(&folder, module);
        assert_eq!(outcome.code, 1, "{module}: {outcome:?}");
        assert!(outcome.stdout.contains("error[p]: never"), "{}", outcome.stdout);
    }
}

#[test]
fn what_kwctl_pulled_is_not_taken_for_a_digest() {
    let folder = Folder::new(&[]);
    let module = format!("ghcr.io/acme/never@sha256:{}", "a".repeat(64));
    folder.write(&format!("home/.cache/kubewarden/store/registry/{module}"), &denying());
    let outcome = check(&folder, &module);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{outcome:?}");
    assert!(outcome.stderr.contains("neither bundled nor in the local store"), "{}", outcome.stderr);
}

#[test]
fn what_is_nowhere_is_refused_with_a_way_to_get_it() {
    let folder = Folder::new(&[("conf/text.wasm", "text"), ("conf/x", "")]);
    folder.write("home/.cache/kubewarden/store/registry/ghcr.io/acme/broken:v1", b"broken");
    for (module, words) in [
        ("ghcr.io/acme/unknown:v1", vec!["neither bundled nor in the local store", "forewarn pull", "--offline"]),
        ("https://example.com/unknown.wasm", vec!["https://example.com/unknown.wasm", "forewarn pull"]),
        ("https://example.com/../../conf/text.wasm", vec!["neither bundled nor"]),
        ("http://example.com/unknown.wasm", vec!["plain HTTP", "write `https://`"]),
        ("ftp://example.com/unknown.wasm", vec!["`ftp://` is unknown"]),
        ("unknown", vec!["names no registry host", "file://"]),
        ("file://missing.wasm", vec!["conf/missing.wasm", "relative path"]),
        ("text.wasm", vec!["no Wasm module"]),
        ("ghcr.io/acme/broken:v1", vec!["no Wasm module"]),
    ] {
        let outcome = check(&folder, module);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{module}: {outcome:?}");
        for word in words.iter().chain(&["conf/p.yaml:4:16"]) {
            assert!(outcome.stderr.contains(word), "{module}: `{word}` is not in {}", outcome.stderr);
        }
    }
}

#[test]
fn a_module_that_cannot_run_is_a_failure() {
    let folder = Folder::new(&[]);
    let wat = r#"(module (import "wasi_snapshot_preview1" "fd_write" (func)) (memory (export "memory") 1)
                    (func (export "__guest_call") (param i32 i32) (result i32) (i32.const 0)))"#;
    folder.write("conf/wasi.wasm", &wat::parse_str(wat).unwrap());
    let outcome = check(&folder, "wasi.wasm");
    assert_eq!((outcome.code, outcome.stdout.as_str()), (4, ""), "{outcome:?}");
    assert!(outcome.stderr.contains("wasi_snapshot_preview1.fd_write"), "{}", outcome.stderr);
}
