//! Modules in a registry and in the store.

use serde_json::Value;
use sigstore::crypto::SigningScheme;
use sigstore::crypto::signing_key::SigStoreKeyPair;

use crate::authority::Certified;
use crate::docker_registry::{DockerRegistry, Setup};
use crate::forewarn::{BAD, Folder, GOOD, Outcome};
use crate::http_server::{Answer, HttpServer};

/// A folder beside a registry.
struct Scene {
    registry: DockerRegistry,
    folder: Folder,
}

impl Scene {
    fn new() -> Self {
        Self { registry: DockerRegistry::start(), folder: Folder::new(&[]) }
    }

    fn reference(&self, rest: &str) -> String {
        format!("registry://{}/{rest}", self.registry.host())
    }

    /// Runs a command that talks to the registry.
    fn run(&self, args: &[&str]) -> Outcome {
        self.folder.run(&[args, &["--insecure", self.registry.host()]].concat())
    }

    #[track_caller]
    fn run_json(&self, args: &[&str]) -> Value {
        let outcome = self.run(&[args, &["--format", "json"]].concat());
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        serde_json::from_str(&outcome.stdout).expect("json")
    }

    fn push(&self, module: &str, rest: &str) -> Value {
        self.run_json(&["push", module, &self.reference(rest)])
    }

    fn pull(&self, rest: &str, store: &str) -> Value {
        self.run_json(&["pull", &self.reference(rest), "--store", store])
    }

    /// Writes `NAME.key` and `NAME.pub`.
    fn keys(&self, name: &str) {
        let pair = pair();
        self.folder.write(&format!("{name}.key"), pair.private_key_to_pem().expect("a key").as_bytes());
        self.folder.write(&format!("{name}.pub"), pair.public_key_to_pem().expect("a key").as_bytes());
    }
}

fn pair() -> SigStoreKeyPair {
    let signer = SigningScheme::ECDSA_P256_SHA256_ASN1.create_signer();
    signer.and_then(|signer| signer.to_sigstore_keypair()).expect("a key")
}

#[track_caller]
fn assert_fails(outcome: &Outcome, code: i32, words: &[&str]) {
    assert_eq!(outcome.code, code, "{outcome:?}");
    assert_eq!(outcome.stdout, "");
    for word in words {
        assert!(outcome.stderr.contains(word), "`{}` does not say `{word}`", outcome.stderr);
    }
}

#[test]
fn the_bundled_modules_come_back_bit_for_bit() {
    let scene = Scene::new();
    let listed: Value = serde_json::from_str(&scene.folder.run(&["list", "--format", "json"]).stdout).expect("json");
    let policies = listed["policies"].as_array().expect("policies");
    assert!(!policies.is_empty());
    for policy in policies {
        let id = policy["id"].as_str().expect("an id");
        let embedded = scene.folder.run(&["inspect", id, "--format", "json"]).stdout;
        let pushed = scene.push(id, &format!("policies/{id}:v1"));
        let pulled = scene.run_json(&[
            "pull",
            &scene.reference(&format!("policies/{id}:v1")),
            "--store",
            "store",
            "--output",
            &format!("{id}.wasm"),
        ]);
        assert_eq!(pushed["digest"], pulled["digest"]);
        // What the module says about itself, its digest among it, is the same from both.
        assert_eq!(scene.folder.run(&["inspect", &format!("{id}.wasm"), "--format", "json"]).stdout, embedded);
    }
    let store = scene.folder.run(&["store", "--store", "store", "list"]);
    assert_eq!(store.stdout.lines().count(), policies.len());
}

#[test]
fn a_pulled_module_judges_as_the_embedded_one() {
    let scene = Scene::new();
    scene.push("external-ips", "external-ips:v1");
    let reference = scene.reference("external-ips:v1");
    scene.run_json(&["pull", &reference, "--store", "store", "-o", "external-ips.wasm"]);
    let request = r#"{"uid":"1","kind":{"group":"","version":"v1","kind":"Service"},
        "resource":{"group":"","version":"v1","resource":"services"},"operation":"CREATE","userInfo":{},
        "object":{"apiVersion":"v1","kind":"Service","metadata":{"name":"a"},"spec":{"externalIPs":["192.0.2.1"]}}}"#;
    scene.folder.write("request.json", request.as_bytes());
    let run = |module: &str| scene.folder.run(&["run", "--module", module, "--request", "request.json"]);
    let (pulled, embedded) = (run("external-ips.wasm"), run("external-ips"));
    assert_eq!((pulled.code, pulled.stdout), (embedded.code, embedded.stdout.clone()));
    assert!(embedded.stdout.contains("192.0.2.1"), "{}", embedded.stdout);
}

/// Pushes and signs every bundled policy about objects, and configures a cluster with them, in `pulled.yaml`; `embedded.yaml`
/// is the same with the modules that the command carries.
fn publish_all(scene: &Scene) {
    scene.keys("ann");
    for (file, registry) in [("embedded.yaml", None), ("pulled.yaml", Some(scene.registry.host()))] {
        let args = registry.map(|registry| ["--registry", registry]);
        let printed = scene
            .folder
            .run(&[&["scaffold", "--mode", "protect"][..], args.as_ref().map_or(&[], |args| args)].concat());
        assert_eq!(printed.code, 0, "{}", printed.stderr);
        scene.folder.write(file, printed.stdout.as_bytes());
    }
    let configured = std::fs::read_to_string(scene.folder.path().join("pulled.yaml")).expect("text");
    for reference in configured.lines().filter_map(|line| line.trim().strip_prefix("module: ")) {
        let reference = reference.trim_matches('"');
        let (repository, _) = reference.split_once('@').expect("a digest");
        let (_, id) = repository.rsplit_once('/').expect("a name");
        let pushed = scene.push(id, &format!("{id}:v1"));
        assert_eq!(reference, format!("{repository}@{}", pushed["digest"].as_str().expect("a digest")));
        assert_eq!(scene.run(&["sign", reference, "--key", "ann.key"]).code, 0);
    }
}

#[test]
fn a_check_with_pulled_modules_reports_as_one_with_the_embedded() {
    let scene = Scene::new();
    publish_all(&scene);
    scene.folder.write("in/bad.yaml", BAD.as_bytes());
    scene.folder.write("in/good.yaml", GOOD.as_bytes());
    let check = |args: &[&str]| scene.run(&[&["check", "in", "--format", "json", "--policies"], args].concat());
    let embedded = check(&["embedded.yaml", "--offline", "--store", "never"]);
    assert_eq!(embedded.code, 1, "{embedded:?}");
    assert!(!scene.folder.path().join("never").exists());
    let pulled = ["pulled.yaml", "--store", "store"];
    let offline = [&pulled[..], &["--offline"]].concat();
    assert_fails(&check(&offline), 2, &["neither bundled nor in the local store"]);
    assert_eq!(check(&pulled).stdout, embedded.stdout);
    // From now on the store is enough.
    assert_eq!(check(&offline).stdout, embedded.stdout);
    let signed = [&pulled[..], &["--key", "ann.pub"]].concat();
    assert_eq!(check(&signed).stdout, embedded.stdout);
    scene.keys("bob");
    let other = [&pulled[..], &["--key", "bob.pub"]].concat();
    assert_fails(&check(&other), 4, &["pulled.yaml:", "by another key"]);
}

#[test]
fn a_check_with_a_module_behind_an_address() {
    let certified = Certified::new();
    let tls = Some((certified.certificate.as_str(), certified.key.as_str()));
    let scene =
        Scene { registry: DockerRegistry::start_with(&Setup { tls, ..Setup::default() }), folder: Folder::new(&[]) };
    scene.folder.write("ca.pem", certified.authority.as_bytes());
    scene.folder.write("pod.yaml", BAD.as_bytes());
    let trusting = |args: &[&str]| scene.folder.run(&[args, &["--ca", "ca.pem"]].concat());
    let pushed = trusting(&["push", "privilege-escalation", &scene.reference("demo:v1"), "--format", "json"]);
    let pushed: Value = serde_json::from_str(&pushed.stdout).expect("json");
    let digest = pushed["module"].as_str().expect("a digest");
    // A registry is a web server, too.
    let address = format!("https://{}/v2/demo/blobs/{digest}", scene.registry.host());
    let check = ["check", "pod.yaml", "--policies", "policies.yml", "--store", "store"];
    let wrong = format!("{address}@sha256:{}", "0".repeat(64));
    scene.folder.write("policies.yml", format!("p:\n  module: {wrong}\n").as_bytes());
    assert_fails(&trusting(&check), 4, &["policies.yml:2:", "instead of"]);
    scene.folder.write("policies.yml", format!("p:\n  module: {address}\n").as_bytes());
    assert_fails(&scene.folder.run(&check), 3, &["is not trusted"]);
    let pulled = trusting(&check);
    assert_eq!(pulled.code, 1, "{pulled:?}");
    assert_eq!(scene.folder.run(&[&check[..], &["--offline"]].concat()).stdout, pulled.stdout);
}

#[test]
fn a_check_that_cannot_pull() {
    let scene = Scene::new();
    scene.keys("ann");
    let policy = |module: &str| {
        let policy = format!("p:\n  module: {module}\n");
        scene.folder.write("policies.yml", policy.as_bytes());
    };
    scene.folder.write("pod.yaml", BAD.as_bytes());
    let check = |args: &[&str]| {
        scene.run(&[&["check", "pod.yaml", "--policies", "policies.yml", "--store", "s"], args].concat())
    };
    policy(&scene.reference("root-user:v1"));
    assert_fails(&check(&[]), 3, &["policies.yml:2:", "does not exist"]);
    let digest = scene.push("root-user", "root-user:v1")["module"].as_str().expect("a digest").to_owned();
    assert_fails(&check(&["--key", "ann.pub"]), 4, &["is not signed"]);
    assert_eq!(check(&[]).code, 1);
    // A damaged content is never used: it is pulled again, or refused where nothing is to be pulled.
    let blob = scene.folder.path().join("s/blobs/sha256").join(digest.trim_start_matches("sha256:"));
    let bytes = std::fs::read(&blob).expect("the module");
    let mut damaged = bytes.clone();
    *damaged.last_mut().expect("a byte") ^= 1;
    std::fs::write(&blob, &damaged).expect("written");
    assert_fails(&check(&["--offline"]), 4, &["policies.yml:2:"]);
    assert_eq!(check(&[]).code, 1);
    assert_eq!(std::fs::read(&blob).expect("the module"), bytes);
    // Signatures are asked of the registry, not of the store.
    assert_fails(&check(&["--offline", "--key", "ann.pub"]), 2, &["--offline"]);
    policy("https://host.example/a.wasm");
    assert_fails(&check(&["--key", "ann.pub"]), 4, &["has no signatures"]);
    scene.folder.write("a.wasm", &bytes);
    policy("file://a.wasm");
    assert_fails(&check(&["--key", "ann.pub"]), 4, &["has no signatures"]);
    assert_eq!(check(&[]).code, 1);
}

#[test]
fn digests_and_their_references() {
    let scene = Scene::new();
    let digest = scene.push("root-user", "root-user:v1")["digest"].as_str().expect("a digest").to_owned();
    let text = scene.run(&["push", "root-user", &scene.reference("root-user:v2")]);
    assert_eq!(text.stdout, format!("{}@{digest}\n", scene.reference("root-user")));
    let shown = scene.run(&["digest", &scene.reference("root-user:v1")]);
    assert_eq!(shown.stdout, format!("{}@{digest}\n", scene.reference("root-user:v1")));
    let pinned = scene.reference(&format!("root-user@{digest}"));
    assert_eq!(scene.run(&["digest", &pinned]).stdout, format!("{pinned}\n"));
    let pulled = scene.run(&["pull", &pinned, "--store", "store"]);
    assert!(pulled.stdout.contains(&format!("digest  {digest}\n")), "{}", pulled.stdout);
    let again = scene.run(&["pull", &pinned, "--store", "store"]);
    assert!(again.stdout.contains("already there"), "{}", again.stdout);
}

#[test]
fn signed_and_verified() {
    let scene = Scene::new();
    scene.keys("ann");
    scene.keys("bob");
    let reference = scene.reference("root-user:v1");
    let pushed = scene.push("root-user", "root-user:v1");
    assert_fails(&scene.run(&["verify", &reference, "--key", "ann.pub"]), 4, &["is not signed", &reference]);
    let signed = scene.run(&["sign", &reference, "--key", "ann.key", "-a", "env=prod"]);
    assert_eq!(signed.code, 0, "{}", signed.stderr);
    let verified = scene.run_json(&["verify", &reference, "--key", "ann.pub", "-a", "env=prod"]);
    assert_eq!(verified["digest"], pushed["digest"]);
    assert_fails(&scene.run(&["verify", &reference, "--key", "bob.pub"]), 4, &["by another key"]);
    assert_fails(&scene.run(&["verify", &reference, "--key", "ann.pub", "-a", "env=test"]), 4, &["env: test"]);

    // A pull that is refused leaves nothing.
    let pull = ["pull", &reference, "--store", "store", "-o", "out.wasm", "--key"];
    assert_fails(&scene.run(&[&pull[..], &["bob.pub"]].concat()), 4, &["by another key"]);
    assert_eq!(scene.folder.run(&["store", "--store", "store", "list"]).stdout, "");
    assert!(!scene.folder.path().join("out.wasm").exists());
    let pulled = scene.run(&[&pull[..], &["ann.pub"]].concat());
    assert!(pulled.stdout.contains(", verified\n"), "{pulled:?}");

    let key = std::fs::read_to_string(scene.folder.path().join("ann.pub")).expect("a key");
    let config = format!("apiVersion: v1\nallOf:\n- {{kind: pubKey, owner: ann, key: {key:?}}}\n");
    scene.folder.write("verification.yml", config.as_bytes());
    let verified = scene.run(&["verify", &reference, "--verification-config", "verification.yml"]);
    assert!(verified.stdout.contains("signed     by the key of `ann`"), "{verified:?}");

    // The bytes in the registry are changed: the signature is good, the module is not what was signed.
    let module = pushed["module"].as_str().expect("a digest");
    scene.registry.tamper(module, b"\0asm");
    assert_fails(&scene.run(&["pull", &reference, "--store", "other", "--key", "ann.pub"]), 3, &[]);
    let mut bytes = std::fs::read(scene.folder.path().join("out.wasm")).expect("the module");
    *bytes.last_mut().expect("a byte") ^= 1;
    scene.registry.tamper(module, &bytes);
    assert_fails(&scene.run(&["pull", &reference, "--store", "other", "--key", "ann.pub"]), 4, &["instead of", module]);
}

#[test]
fn requirements_that_require_nothing() {
    let scene = Scene::new();
    scene.keys("ann");
    let reference = scene.reference("root-user:v1");
    let config = |text: &str| {
        scene.folder.write("verification.yml", text.as_bytes());
        scene.run(&["verify", &reference, "--verification-config", "verification.yml"])
    };
    assert_fails(&config("apiVersion: v1\nallOf: []\n"), 2, &["verification.yml:2:8: `allOf` is empty"]);
    assert_fails(&config("apiVersion: v1\n"), 2, &["neither `allOf` nor `anyOf`"]);
    assert_fails(&scene.run(&["verify", &reference]), 2, &["no key is named"]);
    // A trust root alone requires nobody's signature.
    let pull = ["pull", &reference, "--store", "store", "--trust-root", "root.json"];
    assert_fails(&scene.run(&pull), 2, &["--verification-config"]);
    assert_fails(&scene.run(&["verify", &reference, "--key", "missing.pub"]), 3, &["`missing.pub`"]);
    assert_fails(&scene.run(&["verify", &reference, "--key", "ann.key"]), 2, &["`ann.key`", "public key"]);
    assert_fails(&scene.run(&["sign", &reference, "--key", "ann.pub"]), 2, &["`ann.pub`", "private key"]);
    let encrypted = pair().private_key_to_encrypted_pem(b"s3cret").expect("a key");
    scene.folder.write("ann.key", encrypted.as_bytes());
    assert_fails(&scene.run(&["sign", &reference, "--key", "ann.key"]), 2, &["encrypted", "COSIGN_PASSWORD"]);
    scene.push("root-user", "root-user:v1");
    let keyless = "apiVersion: v1\nallOf:\n- {kind: githubAction, owner: acme}\n";
    assert_fails(&config(keyless), 2, &["no trust root"]);
}

#[test]
fn the_store_travels_in_an_archive() {
    let scene = Scene::new();
    for id in ["root-user", "missing-probes"] {
        scene.push(id, &format!("{id}:v1"));
        scene.pull(&format!("{id}:v1"), "here");
    }
    let here = scene.folder.run(&["store", "--store", "here", "list"]).stdout;
    assert_eq!(here.lines().count(), 2);
    assert_eq!(scene.folder.run(&["store", "--store", "here", "save", "-o", "all.tar"]).code, 0);
    let loaded = scene.folder.run(&["store", "--store", "there", "load", "all.tar"]);
    assert_eq!((loaded.code, loaded.stdout), (0, here.clone()));
    assert_eq!(scene.folder.run(&["store", "--store", "there", "list"]).stdout, here);
    let removed = scene.folder.run(&["store", "--store", "there", "rm", &scene.reference("root-user:v1")]);
    assert!(removed.stdout.ends_with(&format!("{}\n", scene.reference("root-user:v1"))), "{removed:?}");
    assert_eq!(scene.folder.run(&["store", "--store", "there", "list"]).stdout.lines().count(), 1);
    assert_fails(&scene.folder.run(&["store", "--store", "there", "rm", "abcd1234"]), 2, &["not in the store"]);
    // Cut off within the last module.
    let archive = std::fs::read(scene.folder.path().join("all.tar")).expect("the archive");
    scene.folder.write("cut.tar", &archive[..archive.len() / 2]);
    assert_fails(&scene.folder.run(&["store", "--store", "third", "load", "cut.tar"]), 4, &["nothing of it was taken"]);
    assert_fails(&scene.folder.run(&["store", "--store", "third", "load", "no.tar"]), 3, &["`no.tar`"]);
    assert_eq!(scene.folder.run(&["store", "--store", "third", "list"]).stdout, "");
}

#[test]
fn the_store_is_in_the_cache_folder() {
    let scene = Scene::new();
    scene.push("root-user", "root-user:v1");
    let home = scene.folder.path().join("home");
    let reference = scene.reference("root-user:v1");
    let pull = scene.folder.run_in_home(&["pull", &reference, "--insecure", scene.registry.host()], &home);
    assert_eq!(pull.code, 0, "{}", pull.stderr);
    assert!(home.join(".cache/forewarn/store/blobs/sha256").is_dir());
}

#[test]
fn a_module_without_metadata_is_pushed_by_force() {
    let scene = Scene::new();
    scene.folder.write("plain.wasm", &wat::parse_str(r#"(module (memory (export "memory") 1))"#).expect("a module"));
    let reference = scene.reference("plain:v1");
    assert_fails(&scene.run(&["push", "plain.wasm", &reference]), 2, &["no Kubewarden metadata", "by force"]);
    assert_eq!(scene.run(&["push", "plain.wasm", &reference, "--force"]).code, 0);
}

#[test]
fn what_goes_wrong() {
    let scene = Scene::new();
    let there = scene.reference("root-user:v1");
    assert_fails(&scene.run(&["pull", &there, "--store", "s"]), 3, &["does not exist"]);
    assert_fails(&scene.run(&["digest", &there]), 3, &["does not exist"]);
    assert_fails(&scene.run(&["push", "missing.wasm", &there]), 3, &["missing.wasm"]);
    assert_fails(&scene.folder.run(&["digest", &there]), 3, &["is not trusted", "name the certificate authority"]);
    assert_fails(&scene.run(&["pull", "oci://host.example/a", "--store", "s"]), 2, &["`oci://` is unknown"]);
    assert_fails(&scene.run(&["pull", "http://host.example/a.wasm", "--store", "s"]), 2, &["plain HTTP"]);
    assert_fails(&scene.run(&["pull", "file://a.wasm", "--store", "s"]), 2, &["nothing to pull"]);
    assert_fails(&scene.run(&["push", "root-user", "https://host.example/a.wasm"]), 2, &["not in a registry"]);
    assert_fails(&scene.run(&["digest", "root-user"]), 2, &["names no registry host"]);
    scene.keys("ann");
    let address = ["pull", "https://host.example/a.wasm", "--store", "s", "--key", "ann.pub"];
    assert_fails(&scene.run(&address), 2, &["has no signatures"]);
    assert_fails(&scene.run(&["digest", &there, "--ca", "missing.pem"]), 2, &["missing.pem"]);
    assert_fails(&scene.run(&["digest", &there, "--insecure", "a b"]), 2, &["`a b`"]);
    scene.folder.write("file", b"");
    assert_fails(&scene.run(&["pull", &there, "--store", "file"]), 3, &["file"]);
    scene.push("root-user", "root-user:v1");
    assert_fails(&scene.run(&["pull", &there, "--store", "s", "-o", "no/such/folder"]), 3, &["no/such/folder"]);
    assert_fails(&scene.run(&["sign", &there, "--key", "ann.key", "-a", "text"]), 2, &["`key=value`"]);
}

#[test]
fn proxies_are_those_of_the_environment() {
    // A proxy is asked for whole addresses.
    let proxy = HttpServer::start(|_, _| Answer::status(404));
    let folder = Folder::new(&[]);
    let digest = ["digest", "registry://registry.invalid/root-user:v1", "--insecure", "registry.invalid"];
    let address = format!("http://{}", proxy.host());
    let asked = folder.run_with_variables(&digest, &[("HTTP_PROXY", &address)]);
    assert_fails(&asked, 3, &["does not exist"]);
    let path = "http://registry.invalid/v2/root-user/manifests/v1";
    assert_eq!(proxy.count(path), 1, "{:?}", proxy.requests());
    let direct = [("HTTP_PROXY", address.as_str()), ("NO_PROXY", "registry.invalid")];
    assert_fails(&folder.run_with_variables(&digest, &direct), 3, &["registry.invalid"]);
    assert_eq!(proxy.count(path), 1);
}

#[test]
fn credentials_are_those_of_docker() {
    let registry = DockerRegistry::start_with(&Setup { login: Some(("ann", "s3cret")), ..Setup::default() });
    let scene = Scene { registry, folder: Folder::new(&[]) };
    let reference = scene.reference("root-user:v1");
    scene.folder.write("docker/config.json", b"{}");
    let push = ["push", "root-user", &reference, "--docker-config", "docker"];
    assert_fails(&scene.run(&push), 3, &["refuses access", "docker login"]);
    // `ann:s3cret` in base64.
    let auths = format!(r#"{{"auths":{{"{}":{{"auth":"YW5uOnMzY3JldA=="}}}}}}"#, scene.registry.host());
    scene.folder.write("docker/config.json", auths.as_bytes());
    assert_eq!(scene.run(&push).code, 0);
}
