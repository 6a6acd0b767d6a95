//! TLS with a certificate authority of our own.

use std::fs;
use std::path::PathBuf;

use forewarn_registry::{Class, Client, Digest, HttpsReference, Options, OptionsError, Reference};
use tempfile::TempDir;

use crate::authority::Certified;
use crate::docker_registry::{DockerRegistry, Setup};
use crate::http_server::{Answer, HttpServer};
use crate::support::{OwnStore, annotations, assert_error, module, options, reference};

/// A registry behind TLS, and the file with the authority that vouches for it.
struct Secure {
    registry: DockerRegistry,
    authority: PathBuf,
    folder: TempDir,
}

impl Secure {
    fn start() -> Self {
        let certified = Certified::new();
        let tls = Some((certified.certificate.as_str(), certified.key.as_str()));
        let folder = TempDir::new().expect("a folder");
        let file = folder.path().join("ca.pem");
        fs::write(&file, &certified.authority).expect("a file");
        Self { registry: DockerRegistry::start_with(&Setup { tls, ..Setup::default() }), authority: file, folder }
    }

    fn client(&self) -> Client {
        let trusting = Options { certificate_authorities: vec![self.authority.clone()], ..options("unused.example") };
        Client::new(trusting).expect("a client")
    }
}

#[test]
fn an_authority_that_is_named_is_trusted() {
    let secure = Secure::start();
    let host = secure.registry.host();
    let tag = reference(&format!("registry://{host}/policy:v1"));
    let own = OwnStore::new();
    let module = module(1, 1000);
    let client = secure.client();
    client.push(&module, annotations(), &tag).expect("pushed");
    client.pull(client.resolve(&tag).expect("it resolves"), &own.store).expect("pulled");

    let stranger = Client::new(options("unused.example")).expect("a client");
    assert_error(stranger.resolve(&tag), Class::Input, &[host, "is not trusted"]);
    // To name a host as one without TLS does not mean to accept any certificate.
    let plain = Client::new(options(host)).expect("a client");
    assert_error(plain.resolve(&tag), Class::Input, &[]);
}

#[test]
fn modules_behind_addresses() {
    let secure = Secure::start();
    let host = secure.registry.host();
    let client = secure.client();
    let module = module(2, 100_000);
    let tag = reference(&format!("registry://{host}/policy:v1"));
    let pushed = client.push(&module, annotations(), &tag).expect("pushed");
    client.push(&self::module(3, 8), annotations(), &tag).expect("pushed");
    let own = OwnStore::new();
    // A registry is a web server, too.
    let address = format!("https://{host}/v2/policy/blobs/{}", pushed.module);
    let pull = |text: &str| {
        let Ok(Reference::Https(reference)) = text.parse::<Reference>() else { panic!("{text}") };
        client.pull_https(&reference, &own.store)
    };
    let pulled = pull(&address).expect("pulled");
    assert_eq!(pulled.module, pushed.module);
    let stored = own.store.read(&address.parse().expect("a reference")).expect("the store").expect("the module");
    assert_eq!(stored.bytes, module);
    let pinned = format!("{address}@{}", pushed.module);
    pull(&pinned).expect("pulled");
    let other = format!("{address}@{}", Digest::of(b"other"));
    assert_error(pull(&other), Class::Integrity, &["instead of", Digest::of(b"other").as_str()]);
    let missing = format!("https://{host}/v2/policy/blobs/{}", Digest::of(b"missing"));
    assert_error(pull(&missing), Class::Input, &["does not exist"]);
    let config = format!("https://{host}/v2/policy/blobs/{}", Digest::of(b"{}"));
    assert_error(pull(&config), Class::Input, &["is not a Wasm module"]);
    let small = Options {
        certificate_authorities: vec![secure.authority.clone()],
        max_module_bytes: 99_999,
        ..options("unused.example")
    };
    let small = Client::new(small).expect("a client");
    let Ok(Reference::Https(reference)) = address.parse::<Reference>() else { panic!("{address}") };
    assert_error(small.pull_https(&reference, &own.store), Class::Integrity, &["larger than the 99999 bytes"]);
    assert_eq!(own.files("tmp"), [""; 0]);
}

#[test]
fn addresses_are_asked_by_tls_only() {
    // The web server speaks no TLS.
    let plain = HttpServer::start(|_, _| Answer::ok(module(4, 100)));
    let reference: Reference = format!("https://{}/policy.wasm", plain.host()).parse().expect("a reference");
    let Reference::Https(reference): Reference = reference else { panic!("an address") };
    let reference: HttpsReference = reference;
    let client = Client::new(options(plain.host())).expect("a client");
    assert_error(client.pull_https(&reference, &OwnStore::new().store), Class::Input, &[plain.host()]);
    assert_eq!(plain.requests().len(), 0, "nothing is sent in the clear, also to a host that is named as insecure");
}

#[test]
fn authorities_that_are_none() {
    let secure = Secure::start();
    let with = |path: PathBuf| Client::new(Options { certificate_authorities: vec![path], ..options("x.example") });
    let error = with("/nonexistent.pem".into()).err().expect("an error");
    assert!(matches!(error, forewarn_registry::Error::Options(OptionsError::UnreadableAuthority { .. })), "{error}");
    let empty = secure.folder.path().join("empty.pem");
    for text in ["", "text", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        fs::write(&empty, text).expect("a file");
        assert_error(with(empty.clone()).map(|_| ()), Class::Usage, &["empty.pem"]);
    }
    let insecure = Options { insecure: ["not a host".to_owned()].into(), ..options("x.example") };
    assert_error(Client::new(insecure).map(|_| ()), Class::Usage, &["`not a host`"]);
}
