//! Signatures by keys.

use std::collections::BTreeMap;

use forewarn_registry::signature::{PublicKey, Refusal, Requirements, Signed, SigningKey};
use forewarn_registry::{Class, Client, Digest, Error, Reference, RegistryReference, Resolved};
use sigstore::crypto::SigningScheme;
use sigstore::crypto::signing_key::SigStoreKeyPair;

use crate::docker_registry::DockerRegistry;
use crate::http_server::{Answer, HttpServer};
use crate::support::{OwnStore, annotations, assert_error, client, module, reference};

const P256: SigningScheme = SigningScheme::ECDSA_P256_SHA256_ASN1;

/// A key pair.
pub(crate) fn pair(scheme: &SigningScheme) -> SigStoreKeyPair {
    scheme.create_signer().and_then(|signer| signer.to_sigstore_keypair()).expect("a key")
}

fn signing_key(pair: &SigStoreKeyPair) -> SigningKey {
    SigningKey::from_pem(&pair.private_key_to_pem().expect("a key"), None).expect("a key")
}

fn public_key(pair: &SigStoreKeyPair) -> PublicKey {
    PublicKey::from_pem(&pair.public_key_to_pem().expect("a key")).expect("a key")
}

fn keys(pairs: &[&SigStoreKeyPair]) -> Requirements {
    Requirements::keys(pairs.iter().map(|pair| public_key(pair)).collect(), &BTreeMap::new()).expect("requirements")
}

fn notes(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// A registry with a module.
struct Pushed {
    registry: DockerRegistry,
    client: Client,
    reference: RegistryReference,
    module: Vec<u8>,
}

impl Pushed {
    fn new() -> Self {
        let registry = DockerRegistry::start();
        let client = client(registry.host());
        let reference = reference(&format!("registry://{}/team/policy:v1", registry.host()));
        let module = module(1, 1000);
        client.push(&module, annotations(), &reference).expect("pushed");
        Self { registry, client, reference, module }
    }

    fn resolve(&self) -> Resolved {
        self.client.resolve(&self.reference).expect("it resolves")
    }

    fn sign(&self, pair: &SigStoreKeyPair, annotations: &[(&str, &str)]) -> Signed {
        self.client.sign(&self.resolve(), &signing_key(pair), &notes(annotations)).expect("signed")
    }

    #[track_caller]
    fn verify(&self, requirements: &Requirements) -> Result<Vec<String>, Error> {
        self.client.verify(self.resolve(), requirements, None).map(|verified| verified.met().to_vec())
    }

    /// The manifest behind a reference, as JSON, by the registry's own word.
    fn manifest(&self, target: &str) -> serde_json::Value {
        let mut path = format!("/v2/team/policy/manifests/{target}");
        let body = get(self.registry.host(), &mut path);
        serde_json::from_str(&body).expect("json")
    }
}

/// A bare GET.
fn get(host: &str, path: &mut str) -> String {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(host).expect("a connection");
    let accept = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json";
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {host}\r\nAccept: {accept}\r\n\r\n").expect("a request");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("an answer");
    text.split_once("\r\n\r\n").expect("a body").1.to_owned()
}

#[test]
fn signed_verified_and_pulled() {
    let pushed = Pushed::new();
    let pair = pair(&P256);
    let signed = pushed.sign(&pair, &[("env", "prod")]);
    assert!(signed.new);
    let verified = pushed.client.verify(pushed.resolve(), &keys(&[&pair]), None).expect("verified");
    assert_eq!(verified.digest(), &signed.digest);
    let own = OwnStore::new();
    // The tag moves on; what was verified is pulled all the same.
    pushed.client.push(&module(2, 1000), annotations(), &pushed.reference).expect("pushed");
    let pulled = pushed.client.pull(verified, &own.store).expect("pulled");
    assert_eq!(pulled.digest, signed.digest);
    let stored = own.store.read(&Reference::Registry(pushed.reference.clone())).expect("the store");
    assert_eq!(stored.expect("the module").bytes, pushed.module);
    // The new module is not signed.
    assert_error(pushed.verify(&keys(&[&pair])), Class::Integrity, &["is not signed"]);
}

#[test]
fn the_layout_that_kwctl_reads() {
    let pushed = Pushed::new();
    let signed = pushed.sign(&pair(&P256), &[("env", "prod")]);
    let tag = format!("sha256-{}.sig", signed.digest.hex());
    assert_eq!(signed.tag.tag(), Some(tag.as_str()));
    let manifest = pushed.manifest(&tag);
    assert_eq!(manifest["schemaVersion"], 2);
    assert_eq!(manifest["config"]["mediaType"], "application/vnd.oci.image.config.v1+json");
    let layers = manifest["layers"].as_array().expect("layers");
    assert_eq!(layers.len(), 1);
    assert_eq!(layers[0]["mediaType"], "application/vnd.dev.cosign.simplesigning.v1+json");
    assert!(layers[0]["annotations"]["dev.cosignproject.cosign/signature"].is_string());
    let mut path = format!("/v2/team/policy/blobs/{}", layers[0]["digest"].as_str().expect("a digest"));
    let payload: serde_json::Value = serde_json::from_str(&get(pushed.registry.host(), &mut path)).expect("json");
    let expected = serde_json::json!({
        "critical": {
            "identity": {"docker-reference": format!("{}/team/policy", pushed.registry.host())},
            "image": {"docker-manifest-digest": signed.digest},
            "type": "cosign container image signature",
        },
        "optional": {"env": "prod"},
    });
    assert_eq!(payload, expected);
}

#[test]
fn the_referrer_is_listed_although_the_registry_lists_none() {
    let pushed = Pushed::new();
    let signed = pushed.sign(&pair(&P256), &[]);
    let referrer = pushed.manifest(signed.referrer.as_str());
    assert_eq!(referrer["artifactType"], "application/vnd.dev.cosign.artifact.sig.v1+json");
    assert_eq!(referrer["subject"]["digest"], signed.digest.as_str());
    let index = pushed.manifest(&format!("sha256-{}", signed.digest.hex()));
    let entries = index["manifests"].as_array().expect("manifests");
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0]["digest"], signed.referrer.as_str());
    assert_eq!(entries[0]["artifactType"], "application/vnd.dev.cosign.artifact.sig.v1+json");
}

#[test]
fn signatures_stand_side_by_side_and_are_made_once() {
    let pushed = Pushed::new();
    let (ann, bob) = (pair(&P256), pair(&P256));
    pushed.sign(&ann, &[]);
    pushed.sign(&bob, &[]);
    assert!(!pushed.sign(&ann, &[]).new);
    assert!(pushed.sign(&ann, &[("env", "prod")]).new, "it says something else");
    pushed.verify(&keys(&[&ann, &bob])).expect("both signed");
    let signed = pushed.sign(&bob, &[]);
    assert!(!signed.new);
    let tag = pushed.manifest(&format!("sha256-{}.sig", signed.digest.hex()));
    assert_eq!(tag["layers"].as_array().map(Vec::len), Some(3));
    let index = pushed.manifest(&format!("sha256-{}", signed.digest.hex()));
    assert_eq!(index["manifests"].as_array().map(Vec::len), Some(3));
}

#[test]
fn two_who_sign_at_once_do_not_lose_each_other() {
    let pushed = Pushed::new();
    let pairs: Vec<_> = (0..3).map(|_| pair(&P256)).collect();
    std::thread::scope(|scope| {
        for pair in &pairs {
            let pushed = &pushed;
            scope.spawn(move || {
                let client = client(pushed.registry.host());
                let module = client.resolve(&pushed.reference).expect("it resolves");
                client.sign(&module, &signing_key(pair), &BTreeMap::new()).expect("signed");
            });
        }
    });
    // A registry has no locks, so a signature may be overwritten right after it was seen; signing again repairs it.
    for pair in &pairs {
        pushed.sign(pair, &[]);
    }
    pushed.verify(&keys(&pairs.iter().collect::<Vec<_>>())).expect("all signed");
}

#[test]
fn keys_of_all_kinds() {
    let pushed = Pushed::new();
    let schemes =
        [P256, SigningScheme::ECDSA_P384_SHA384_ASN1, SigningScheme::ED25519, SigningScheme::RSA_PKCS1_SHA256(2048)];
    let pairs: Vec<_> = schemes.iter().map(pair).collect();
    for pair in &pairs {
        assert_error(pushed.verify(&keys(&[pair])), Class::Integrity, &[]);
        pushed.sign(pair, &[]);
        pushed.verify(&keys(&[pair])).expect("signed");
    }
    pushed.verify(&keys(&pairs.iter().collect::<Vec<_>>())).expect("all signed");
}

#[test]
fn keys_that_are_none() {
    let pair = pair(&P256);
    let private = pair.private_key_to_pem().expect("a key");
    let public = pair.public_key_to_pem().expect("a key");
    let encrypted = pair.private_key_to_encrypted_pem(b"s3cret").expect("a key");
    assert!(encrypted.contains("ENCRYPTED SIGSTORE PRIVATE KEY"));
    let signing = |pem: &str, password: Option<&[u8]>| SigningKey::from_pem(pem, password).map_err(Error::from);
    assert_eq!(
        signing(&encrypted, Some(b"s3cret")).expect("a key").public().fingerprint(),
        public_key(&pair).fingerprint()
    );
    assert_error(signing(&encrypted, None), Class::Usage, &["no password"]);
    assert_error(signing(&encrypted, Some(b"other")), Class::Usage, &["password is not the right one"]);
    assert_error(signing(&public, None), Class::Usage, &["PKCS #8 private key", "`PUBLIC KEY`"]);
    assert_error(signing("text", None), Class::Usage, &["no PEM block"]);
    assert_error(signing("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", None), Class::Usage, &[]);
    let openssl = "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n";
    let error = signing(openssl, None).expect_err("another format");
    assert_eq!(error.help().as_deref(), Some("convert it with `openssl pkcs8 -topk8 -nocrypt`"));
    let verifying = |pem: &str| PublicKey::from_pem(pem).map_err(Error::from);
    assert_error(verifying(&private), Class::Usage, &["public key", "`PRIVATE KEY`"]);
    assert_error(verifying("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"), Class::Usage, &[]);
    assert_error(verifying(""), Class::Usage, &["no PEM block"]);
    let large = self::pair(&SigningScheme::ECDSA_P521_SHA512_ASN1);
    assert_error(signing(&large.private_key_to_pem().expect("a key"), None), Class::Usage, &["P-521"]);
    assert_error(verifying(&large.public_key_to_pem().expect("a key")), Class::Usage, &["kwctl"]);
}

#[test]
fn refusals_say_why() {
    let pushed = Pushed::new();
    let (ann, bob) = (pair(&P256), pair(&P256));
    assert_error(pushed.verify(&keys(&[&ann])), Class::Integrity, &["is not signed", &pushed.reference.to_string()]);
    pushed.sign(&ann, &[("env", "prod")]);
    assert_error(pushed.verify(&keys(&[&bob])), Class::Integrity, &["by another key"]);
    assert_error(pushed.verify(&keys(&[&ann, &bob])), Class::Integrity, &["by another key"]);
    let with = |annotations: &[(&str, &str)]| {
        Requirements::keys(vec![public_key(&ann)], &notes(annotations)).expect("requirements")
    };
    pushed.verify(&with(&[("env", "prod")])).expect("signed with it");
    assert_error(pushed.verify(&with(&[("env", "test")])), Class::Integrity, &["no annotation `env: test`"]);
    let error = Requirements::keys(Vec::new(), &BTreeMap::new()).map_err(Error::from);
    assert_error(error, Class::Usage, &["no key is named"]);
}

#[test]
fn a_signature_of_something_else_does_not_count() {
    let pushed = Pushed::new();
    let ann = pair(&P256);
    let signed = pushed.sign(&ann, &[]);
    // The signature is copied to another module, as whoever can write to the registry can.
    let other = reference(&format!("registry://{}/team/policy:v2", pushed.registry.host()));
    let evil = pushed.client.push(&module(3, 1000), annotations(), &other).expect("pushed");
    let manifest = pushed.manifest(&format!("sha256-{}.sig", signed.digest.hex()));
    put(
        pushed.registry.host(),
        &format!("/v2/team/policy/manifests/sha256-{}.sig", evil.digest.hex()),
        &manifest.to_string(),
    );
    let resolved = pushed.client.resolve(&other).expect("it resolves");
    let result = pushed.client.verify(resolved, &keys(&[&ann]), None);
    assert_error(
        result.map(|_| ()),
        Class::Integrity,
        &["no usable signature", signed.digest.as_str(), evil.digest.as_str()],
    );
}

/// A bare PUT of a manifest.
fn put(host: &str, path: &str, body: &str) {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(host).expect("a connection");
    let head = format!(
        "PUT {path} HTTP/1.0\r\nHost: {host}\r\nContent-Type: application/vnd.oci.image.manifest.v1+json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).expect("a request");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("an answer");
    assert!(text.starts_with("HTTP/1.0 201"), "{text}");
}

#[test]
fn a_tampered_signature_does_not_count() {
    let pushed = Pushed::new();
    let ann = pair(&P256);
    let signed = pushed.sign(&ann, &[("env", "test")]);
    let tag = format!("sha256-{}.sig", signed.digest.hex());
    let manifest = pushed.manifest(&tag);
    let payload = manifest["layers"][0]["digest"].as_str().expect("a digest").to_owned();
    // The signed document, changed in the registry's folder: its digest tells.
    let mut path = format!("/v2/team/policy/blobs/{payload}");
    let forged = get(pushed.registry.host(), &mut path).replace(r#""env":"test""#, r#""env":"prod""#);
    pushed.registry.tamper(&payload, forged.as_bytes());
    assert_error(pushed.verify(&keys(&[&ann])), Class::Integrity, &["no usable signature"]);
    // The referrers are the same, so nothing is left but signatures that cannot be read.
    let error = pushed.verify(&keys(&[&ann])).expect_err("refused");
    assert!(matches!(error, Error::Refused(Refusal::Unusable { .. })), "{error:?}");
}

#[test]
fn signatures_with_flaws_are_told_beside_good_ones() {
    let pushed = Pushed::new();
    let ann = pair(&P256);
    let signed = pushed.sign(&ann, &[]);
    let tag = format!("sha256-{}.sig", signed.digest.hex());
    let good = pushed.manifest(&tag);
    let path = format!("/v2/team/policy/manifests/{tag}");
    // A flaw each, before the good signature, which still counts.
    for flaw in [
        serde_json::json!({"dev.cosignproject.cosign/signature": "!"}),
        serde_json::json!({"dev.cosignproject.cosign/signature": "AAAA"}),
        serde_json::json!({}),
    ] {
        let mut manifest = good.clone();
        let mut flawed = good["layers"][0].clone();
        flawed["annotations"] = flaw;
        manifest["layers"].as_array_mut().expect("layers").insert(0, flawed);
        put(pushed.registry.host(), &path, &manifest.to_string());
        pushed.verify(&keys(&[&ann])).expect("the good one counts");
    }
}

#[test]
fn a_registry_that_fails_is_not_a_module_without_signatures() {
    let bytes = module(4, 100);
    let artifact = crate::bad_servers::Artifact::of(&bytes);
    let server = HttpServer::start(move |request, _| {
        let about_signatures = request.path.contains("sha256-") || request.path.contains("referrers");
        if about_signatures { Answer::status(500) } else { artifact.answer(request) }
    });
    let client = client(server.host());
    let resolved = client.resolve(&reference(&format!("registry://{}/policy:v1", server.host()))).expect("it resolves");
    assert_error(client.verify(resolved, &keys(&[&pair(&P256)]), None).map(|_| ()), Class::Input, &["answers 500"]);
}

#[test]
fn a_registry_that_lists_referrers_itself() {
    let pushed = Pushed::new();
    let ann = pair(&P256);
    let signed = pushed.sign(&ann, &[]);
    // What the real registry has, behind one with the newer API and without the tag that kwctl reads.
    let (host, digest) = (pushed.registry.host().to_owned(), signed.digest.clone());
    let server = HttpServer::start(move |request, _| {
        let mut path = request.path.clone();
        if path.ends_with(".sig") || path.ends_with(&format!("manifests/sha256-{}", digest.hex())) {
            return Answer::status(404);
        }
        if path.ends_with(&format!("/referrers/{digest}")) {
            path = format!("/v2/team/policy/manifests/sha256-{}", digest.hex());
        }
        Answer::ok(get(&host, &mut path))
    });
    let client = client(server.host());
    let resolved =
        client.resolve(&reference(&format!("registry://{}/team/policy:v1", server.host()))).expect("it resolves");
    client.verify(resolved, &keys(&[&ann]), None).expect("signed");
    assert_eq!(server.count(&format!("/v2/team/policy/referrers/{}", signed.digest)), 1);
}

/// A config with keys in place of `ANN` and `BOB`.
fn config(text: &str, ann: &SigStoreKeyPair, bob: &SigStoreKeyPair) -> Result<Requirements, Error> {
    let quoted = |pair: &SigStoreKeyPair| format!("{:?}", pair.public_key_to_pem().expect("a key"));
    let text = text.replace("ANN", &quoted(ann)).replace("BOB", &quoted(bob));
    Ok(Requirements::parse("verification.yml", &text)?)
}

#[test]
fn verification_configs() {
    let pushed = Pushed::new();
    let (ann, bob) = (pair(&P256), pair(&P256));
    pushed.sign(&ann, &[("env", "prod")]);
    let judge = |text: &str| pushed.verify(&config(text, &ann, &bob)?);
    judge("apiVersion: v1\nallOf:\n- {kind: pubKey, owner: ann, key: ANN, annotations: {env: prod}}\n").expect("met");
    assert_error(
        judge("apiVersion: v1\nallOf:\n- {kind: pubKey, key: ANN}\n- {kind: pubKey, owner: bob, key: BOB}\n"),
        Class::Integrity,
        &["the key of `bob`", "by another key"],
    );
    let any = "apiVersion: v1\nanyOf:\n  signatures:\n  - {kind: pubKey, key: BOB}\n  - {kind: pubKey, key: ANN}\n";
    judge(any).expect("one is enough");
    assert_error(judge(&format!("{any}  minimumMatches: 2\n")), Class::Integrity, &["1 of at least 2"]);
    let both = format!("{any}allOf:\n- {{kind: pubKey, key: BOB}}\n");
    assert_error(judge(&both), Class::Integrity, &["is not signed as required"]);
    pushed.sign(&bob, &[]);
    judge(&both).expect("both");
    judge(&format!("{any}  minimumMatches: 2\n")).expect("both");
    let keyless = "apiVersion: v1\nallOf:\n- {kind: pubKey, key: ANN}\n- {kind: githubAction, owner: acme}\n";
    assert_error(judge(keyless), Class::Usage, &["no trust root", "GitHub repository of acme"]);
}

#[test]
fn verification_configs_that_are_refused() {
    let (ann, bob) = (pair(&P256), pair(&P256));
    let start = "apiVersion: v1\n";
    for (text, words) in [
        (String::new(), "verification.yml:1:1: a verification config is one YAML document"),
        (format!("{start}---\n{start}"), "one YAML document"),
        (format!("{start}allOf: ["), "verification.yml:2"),
        (start.to_owned(), "neither `allOf` nor `anyOf`"),
        (format!("{start}allOf: []\n"), "verification.yml:2:8: `allOf` is empty"),
        (format!("{start}anyOf: {{signatures: []}}\n"), "`signatures` is empty"),
        (
            format!("{start}anyOf: {{minimumMatches: 0, signatures: [{{kind: pubKey, key: ANN}}]}}\n"),
            "`minimumMatches` is 0",
        ),
        (
            format!("{start}anyOf: {{minimumMatches: 2, signatures: [{{kind: pubKey, key: ANN}}]}}\n"),
            "`minimumMatches` is 2",
        ),
        (
            format!("{start}anyOf: {{minimumMatches: -1, signatures: [{{kind: pubKey, key: ANN}}]}}\n"),
            "verification.yml:2:25: invalid value",
        ),
        ("apiVersion: v2\nallOf: [{kind: pubKey, key: ANN}]\n".to_owned(), "verification.yml:1:13: the version `v2`"),
        ("allOf: [{kind: pubKey, key: ANN}]\n".to_owned(), "apiVersion"),
        (format!("{start}allOff: []\n"), "verification.yml:2:9: unknown field `allOff`"),
        (format!("{start}allOf:\n- kind: pubKey\n  kye: ANN\n"), "verification.yml:4:8: unknown field `kye`"),
        (format!("{start}allOf:\n- kind: gpg\n"), "unknown variant `gpg`"),
        (format!("{start}allOf:\n- kind: pubKey\n"), "verification.yml:3:3: a `pubKey` signature needs `key`"),
        (format!("{start}allOf:\n- {{kind: pubKey, key: text}}\n"), "no PEM block"),
        (format!("{start}allOf:\n- {{kind: pubKey, key: ANN, issuer: x}}\n"), "has no `issuer`"),
        (format!("{start}allOf:\n- {{kind: genericIssuer, issuer: x}}\n"), "needs `subject`"),
        (format!("{start}allOf:\n- {{kind: genericIssuer, subject: {{equal: x}}}}\n"), "needs `issuer`"),
        (
            format!("{start}allOf:\n- {{kind: genericIssuer, issuer: x, subject: {{like: x}}}}\n"),
            "unknown variant `like`",
        ),
        (format!("{start}allOf:\n- {{kind: githubAction, repo: x}}\n"), "needs `owner`"),
        (
            format!("{start}allOf:\n- {{kind: pubKey, key: ANN}}\nallOf:\n- {{kind: pubKey, key: BOB}}\n"),
            "`allOf` is already set",
        ),
    ] {
        assert_error(config(&text, &ann, &bob), Class::Usage, &[words]);
    }
}

#[test]
fn digests_are_what_is_signed() {
    let pushed = Pushed::new();
    let ann = pair(&P256);
    let signed = pushed.sign(&ann, &[]);
    // By any reference to the same manifest.
    let pinned = pushed.reference.pinned(&signed.digest);
    let verified = pushed.client.verify(pushed.client.resolve(&pinned).expect("it resolves"), &keys(&[&ann]), None);
    assert_eq!(verified.expect("verified").digest(), &signed.digest);
    assert_ne!(signed.digest, Digest::of(&pushed.module));
}
