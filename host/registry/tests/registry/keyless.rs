//! Signatures without keys: a certificate authority, a log and a signer of our own, no service of anybody else.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use forewarn_registry::signature::{Requirements, TrustRoot};
use forewarn_registry::{Class, Client, Digest, Error};
use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, SanType, date_time_ymd,
};
use serde_json::{Value, json};
use sigstore::crypto::SigningScheme;
use sigstore::crypto::signing_key::SigStoreKeyPair;

use crate::bad_servers::Artifact;
use crate::http_server::{Answer, HttpServer};
use crate::signatures::pair;
use crate::support::{assert_error, client, module, reference};

const P256: SigningScheme = SigningScheme::ECDSA_P256_SHA256_ASN1;
const GITHUB: &str = "https://token.actions.githubusercontent.com";
const SUBJECT: &str = "https://github.com/acme/policies/.github/workflows/release.yml@refs/tags/v1";
/// 2026-02-03T00:00:00Z, in the middle of the certificate's validity.
const SIGNED_AT: u64 = 1_770_076_800;

/// A change of a document.
type Change = fn(&mut Value);

/// What may be wrong with a signature.
struct Scene {
    issuer: &'static str,
    subject: &'static str,
    repository: &'static str,
    code_signing: bool,
    signed_at: u64,
    other_log: bool,
    other_authority: bool,
    other_signer: bool,
    unlogged: bool,
    change_entry: Change,
    change_body: Change,
    change_root: Change,
}

impl Default for Scene {
    fn default() -> Self {
        Self {
            issuer: GITHUB,
            subject: SUBJECT,
            repository: "acme/policies",
            code_signing: true,
            signed_at: SIGNED_AT,
            other_log: false,
            other_authority: false,
            other_signer: false,
            unlogged: false,
            change_entry: |_| {},
            change_body: |_| {},
            change_root: |_| {},
        }
    }
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut parameters = CertificateParams::new(Vec::new()).expect("parameters");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    CertifiedIssuer::self_signed(parameters, KeyPair::generate().expect("a key")).expect("a certificate")
}

fn sign(pair: &SigStoreKeyPair, message: &[u8]) -> String {
    STANDARD.encode(pair.to_sigstore_signer(&P256).expect("a signer").sign(message).expect("a signature"))
}

impl Scene {
    /// Signs a module in this way, and asks whether it is signed as required.
    fn judge(&self, config: &str) -> Result<(), Error> {
        let (module, client, server, root) = self.play();
        let requirements = Requirements::parse("verification.yml", config)?;
        let trust = TrustRoot::parse(&root)?;
        let resolved = client.resolve(&reference(&format!("registry://{}/policy:v1", server.host())))?;
        assert_eq!(resolved.module().layer.digest, Digest::of(&module));
        client.verify(resolved, &requirements, Some(&trust)).map(|_| ())
    }

    fn play(&self) -> (Vec<u8>, Client, HttpServer, String) {
        let bytes = module(1, 100);
        let artifact = Artifact::of(&bytes);
        let (trusted, stranger) = (authority(), authority());
        let (log, stranger_log) = (pair(&P256), pair(&P256));

        let key = KeyPair::generate().expect("a key");
        let mut parameters = CertificateParams::new(Vec::new()).expect("parameters");
        parameters.not_before = date_time_ymd(2026, 2, 1);
        parameters.not_after = date_time_ymd(2026, 2, 5);
        parameters.subject_alt_names = vec![if self.subject.contains('@') && !self.subject.contains("//") {
            SanType::Rfc822Name(Ia5String::try_from(self.subject).expect("a name"))
        } else {
            SanType::URI(Ia5String::try_from(self.subject).expect("a name"))
        }];
        if self.code_signing {
            parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning];
        }
        let extension = |last: u64, text: &str| {
            CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 57264, 1, last], text.as_bytes().to_vec())
        };
        parameters.custom_extensions = vec![extension(1, self.issuer), extension(5, self.repository)];
        let issuer = if self.other_authority { &stranger } else { &trusted };
        let certificate = parameters.signed_by(&key, issuer).expect("a certificate");

        let digest = artifact.digest();
        let payload = json!({
            "critical": {"identity": {"docker-reference": "x"}, "image": {"docker-manifest-digest": digest},
                         "type": "cosign container image signature"},
            "optional": null,
        })
        .to_string();
        let signer = SigStoreKeyPair::from_pem(key.serialize_pem().as_bytes()).expect("a key");
        let signature = sign(if self.other_signer { &stranger_log } else { &signer }, payload.as_bytes());

        let mut body = json!({
            "apiVersion": "0.0.1",
            "kind": "hashedrekord",
            "spec": {
                "data": {"hash": {"algorithm": "sha256", "value": Digest::of(payload.as_bytes()).hex()}},
                "signature": {"content": signature, "publicKey": {"content": STANDARD.encode(certificate.pem())}},
            },
        });
        (self.change_body)(&mut body);
        let log_der = log.public_key_to_der().expect("a key");
        // As the log signs it: sorted keys, no spaces.
        let entry = BTreeMap::from([
            ("body", json!(STANDARD.encode(body.to_string()))),
            ("integratedTime", json!(self.signed_at)),
            ("logID", json!(Digest::of(&log_der).hex())),
            ("logIndex", json!(42)),
        ]);
        let signed = serde_json::to_vec(&entry).expect("json");
        let set = sign(if self.other_log { &stranger_log } else { &log }, &signed);
        let mut bundle = json!({"SignedEntryTimestamp": set, "Payload": entry});
        (self.change_entry)(&mut bundle);

        let mut notes = json!({
            "dev.cosignproject.cosign/signature": signature,
            "dev.sigstore.cosign/certificate": certificate.pem(),
        });
        if !self.unlogged {
            notes["dev.sigstore.cosign/bundle"] = json!(bundle.to_string());
        }
        let payload_digest = Digest::of(payload.as_bytes());
        let signatures = json!({
            "schemaVersion": 2,
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": Digest::of(b"{}"), "size": 2},
            "layers": [{"mediaType": "application/vnd.dev.cosign.simplesigning.v1+json", "digest": payload_digest,
                        "size": payload.len(), "annotations": notes}],
        })
        .to_string();
        let tag = format!("/v2/policy/manifests/sha256-{}.sig", digest.hex());
        let server = HttpServer::start(move |request, _| {
            if request.path == tag {
                Answer::ok(signatures.clone())
            } else if request.path.ends_with(payload_digest.as_str()) {
                Answer::ok(payload.clone())
            } else {
                artifact.answer(request)
            }
        });
        let mut root = json!({
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [{
                "baseUrl": "https://log.example",
                "hashAlgorithm": "SHA2_256",
                "publicKey": {"rawBytes": STANDARD.encode(&log_der), "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                              "validFor": {"start": "2026-01-01T00:00:00.000Z"}},
            }],
            "certificateAuthorities": [{
                "uri": "https://ca.example",
                "certChain": {"certificates": [{"rawBytes": STANDARD.encode(trusted.der())}]},
                "validFor": {"start": "2026-01-01T00:00:00Z", "end": "2027-01-01T00:00:00Z"},
            }],
        });
        (self.change_root)(&mut root);
        (bytes, client(server.host()), server, root.to_string())
    }
}

fn github(rest: &str) -> String {
    format!("apiVersion: v1\nallOf:\n- {{kind: githubAction, {rest}}}\n")
}

fn issuer(rest: &str) -> String {
    format!("apiVersion: v1\nallOf:\n- {{kind: genericIssuer, {rest}}}\n")
}

#[test]
fn the_right_workflow() {
    let good = Scene::default();
    good.judge(&github("owner: acme")).expect("trusted");
    good.judge(&github("owner: acme, repo: policies")).expect("trusted");
    good.judge(&issuer(&format!("issuer: '{GITHUB}', subject: {{equal: '{SUBJECT}'}}"))).expect("trusted");
    good.judge(&issuer(&format!("issuer: '{GITHUB}', subject: {{urlPrefix: 'https://github.com/acme'}}")))
        .expect("trusted");
}

#[test]
fn a_person() {
    let person = Scene { issuer: "https://login.example", subject: "ann@a.example", ..Scene::default() };
    person.judge(&issuer("issuer: 'https://login.example', subject: {equal: ann@a.example}")).expect("trusted");
    let bob = issuer("issuer: 'https://login.example', subject: {equal: bob@a.example}");
    assert_error(person.judge(&bob), Class::Integrity, &["ann@a.example", "bob@a.example"]);
}

#[test]
fn the_trust_root_within_a_trust_config() {
    let inside = Scene { change_root: |root| *root = json!({"trustedRoot": root.clone()}), ..Scene::default() };
    inside.judge(&github("owner: acme")).expect("trusted");
}

#[test]
fn somebody_else() {
    let good = Scene::default();
    assert_error(good.judge(&github("owner: acm")), Class::Integrity, &["`acme/policies`"]);
    assert_error(good.judge(&github("owner: acme, repo: other")), Class::Integrity, &["`acme/policies`"]);
    let prefix = issuer(&format!("issuer: '{GITHUB}', subject: {{urlPrefix: 'https://github.com/acm'}}"));
    assert_error(good.judge(&prefix), Class::Integrity, &[SUBJECT]);
    let other = issuer(&format!("issuer: 'https://login.example', subject: {{equal: '{SUBJECT}'}}"));
    assert_error(good.judge(&other), Class::Integrity, &["vouches for"]);
    let elsewhere = Scene { issuer: "https://login.example", ..Scene::default() };
    assert_error(elsewhere.judge(&github("owner: acme")), Class::Integrity, &["https://login.example"]);
    let disguised = Scene { subject: "https://github.com.evil.example/acme/policies", ..Scene::default() };
    assert_error(disguised.judge(&github("owner: acme")), Class::Integrity, &["evil"]);
}

#[test]
fn what_does_not_hold() {
    let config = github("owner: acme");
    let refuse = |scene: Scene, words: &str| assert_error(scene.judge(&config), Class::Integrity, &[words]);
    refuse(Scene { other_authority: true, ..Scene::default() }, "certificate is not trusted");
    refuse(Scene { code_signing: false, ..Scene::default() }, "certificate is not trusted");
    // Before and after the four days for which the certificate was good.
    refuse(Scene { signed_at: SIGNED_AT - 5 * 86_400, ..Scene::default() }, "certificate is not trusted");
    refuse(Scene { signed_at: SIGNED_AT + 5 * 86_400, ..Scene::default() }, "certificate is not trusted");
    refuse(Scene { signed_at: 1_600_000_000, ..Scene::default() }, "log is not trusted");
    refuse(Scene { other_log: true, ..Scene::default() }, "not signed by its log");
    refuse(Scene { other_signer: true, ..Scene::default() }, "not made with the key of its certificate");
    refuse(Scene { unlogged: true, ..Scene::default() }, "in no transparency log");
    let later = |bundle: &mut Value| bundle["Payload"]["integratedTime"] = json!(SIGNED_AT + 1);
    refuse(Scene { change_entry: later, ..Scene::default() }, "not signed by its log");
    let unknown = |bundle: &mut Value| bundle["Payload"]["logID"] = json!("00");
    refuse(Scene { change_entry: unknown, ..Scene::default() }, "does not know the log 00");
    refuse(Scene { change_entry: |bundle| *bundle = json!([]), ..Scene::default() }, "a log entry does not hold");
}

#[test]
fn a_log_entry_about_something_else_lends_no_time() {
    let config = github("owner: acme");
    let changes: [Change; 5] = [
        |body| body["kind"] = json!("rekord"),
        |body| body["spec"]["data"]["hash"]["value"] = json!(Digest::of(b"other").hex()),
        |body| body["spec"]["data"]["hash"]["algorithm"] = json!("sha1"),
        |body| body["spec"]["signature"]["content"] = json!("AAAA"),
        |body| body["spec"]["signature"]["publicKey"]["content"] = json!(STANDARD.encode(authority().pem())),
    ];
    for change_body in changes {
        let scene = Scene { change_body, ..Scene::default() };
        assert_error(scene.judge(&config), Class::Integrity, &["about another signature"]);
    }
}

#[test]
fn trust_roots_that_trust_nobody() {
    let config = github("owner: acme");
    let changes: [(Change, &str); 6] = [
        (|root| root["tlogs"] = json!([]), "no transparency log"),
        (|root| root["certificateAuthorities"] = json!([]), "no certificate authority"),
        (|root| *root = json!({}), "no certificate authority"),
        (|root| *root = json!("x"), "cannot be read"),
        (|root| root["tlogs"][0]["publicKey"]["rawBytes"] = json!("!"), "cannot be read"),
        (|root| root["tlogs"][0]["publicKey"]["validFor"]["start"] = json!("yesterday"), "`yesterday`"),
    ];
    for (change_root, words) in changes {
        let scene = Scene { change_root, ..Scene::default() };
        assert_error(scene.judge(&config), Class::Usage, &[words]);
    }
    let ended = |root: &mut Value| {
        root["certificateAuthorities"][0]["validFor"]["end"] = json!("2026-01-15T00:00:00Z");
    };
    let scene = Scene { change_root: ended, ..Scene::default() };
    assert_error(scene.judge(&config), Class::Integrity, &["no authority is trusted at that time"]);
}
