//! Modules to a real registry and back.

use forewarn_registry::store::Store;
use forewarn_registry::{Class, Client, Digest, Options, Reference, Resolved};
use forewarn_registry::{DockerConfig, RegistryReference};

use crate::docker_registry::DockerRegistry;
use crate::http_server::HttpServer;
use crate::support::{OwnStore, annotations, assert_error, client, module, options, reference};

fn resolve(client: &Client, reference: &RegistryReference) -> Resolved {
    client.resolve(reference).expect("it resolves")
}

#[test]
fn what_was_pushed_comes_back_bit_for_bit() {
    let registry = DockerRegistry::start();
    let client = client(registry.host());
    let own = OwnStore::new();
    // Larger than any buffer on the way.
    let module = module(1, 3 << 20);
    let reference = reference(&format!("registry://{}/team/policy:v1", registry.host()));
    let pushed = client.push(&module, annotations(), &reference).expect("pushed");
    assert!(pushed.uploaded);
    assert_eq!(pushed.immutable.to_string(), format!("registry://{}/team/policy@{}", registry.host(), pushed.digest));

    let resolved = resolve(&client, &reference);
    assert_eq!(resolved.digest(), &pushed.digest);
    assert_eq!(resolved.module().annotations, annotations());
    let pulled = client.pull(resolved, &own.store).expect("pulled");
    assert!(pulled.downloaded);
    assert_eq!((&pulled.digest, &pulled.module), (&pushed.digest, &Digest::of(&module)));
    let stored = own.store.read(&Reference::Registry(reference.clone())).expect("the store").expect("the module");
    assert_eq!(stored.bytes, module);

    // By digest it is there, too, without any question to the registry.
    let by_digest = own.store.read(&Reference::Registry(pushed.immutable.clone())).expect("the store");
    assert_eq!(by_digest.map(|stored| stored.bytes), Some(module.clone()));
    let again = client.pull(resolve(&client, &reference), &own.store).expect("pulled");
    assert!(!again.downloaded);
    assert_eq!(own.files("partial"), [""; 0]);
    assert_eq!(own.files("tmp"), [""; 0]);
    assert_eq!(own.files("blobs/sha256").len(), 3);
}

#[test]
fn the_same_module_has_the_same_digest_and_is_uploaded_once() {
    let registry = DockerRegistry::start();
    let client = client(registry.host());
    let module = module(2, 1000);
    let push = |tag: &str| {
        let reference = reference(&format!("registry://{}/policy:{tag}", registry.host()));
        client.push(&module, annotations(), &reference).expect("pushed")
    };
    let (first, second) = (push("v1"), push("v2"));
    assert_eq!(first.digest, second.digest);
    assert!(first.uploaded && !second.uploaded);
    let reference = reference(&format!("registry://{}/policy:v2", registry.host()));
    assert_eq!(client.digest(&reference).expect("a digest"), first.digest);
}

#[test]
fn a_tag_is_latest_if_none_is_written() {
    let registry = DockerRegistry::start();
    let client = client(registry.host());
    let untagged = reference(&format!("registry://{}/policy", registry.host()));
    let pushed = client.push(&module(3, 100), annotations(), &untagged).expect("pushed");
    let latest = reference(&format!("registry://{}/policy:latest", registry.host()));
    assert_eq!(client.digest(&latest).expect("a digest"), pushed.digest);
}

#[test]
fn what_is_not_there() {
    let registry = DockerRegistry::start();
    let client = client(registry.host());
    let there = reference(&format!("registry://{}/policy:v1", registry.host()));
    client.push(&module(4, 100), annotations(), &there).expect("pushed");
    for missing in ["policy:v2", "other:v1", &format!("policy@{}", Digest::of(b"x"))] {
        let missing = reference(&format!("registry://{}/{missing}", registry.host()));
        assert_error(client.resolve(&missing), Class::Input, &[&missing.to_string(), "does not exist"]);
        assert_error(client.digest(&missing), Class::Input, &["does not exist"]);
    }
}

#[test]
fn what_cannot_be_pushed() {
    let client = client("127.0.0.1:9");
    let tagged = reference("registry://127.0.0.1:9/policy:v1");
    assert_error(client.push(b"MZ", annotations(), &tagged), Class::Input, &["not a Wasm module"]);
    let pinned = reference(&format!("registry://127.0.0.1:9/policy@{}", Digest::of(b"x")));
    assert_error(client.push(&module(5, 8), annotations(), &pinned), Class::Usage, &["has a digest"]);
    let small = Client::new(Options { max_module_bytes: 10, ..options("127.0.0.1:9") }).expect("a client");
    assert_error(small.push(&module(5, 11), annotations(), &tagged), Class::Usage, &["11 bytes", "10"]);
}

#[test]
fn a_registry_that_is_down() {
    // Nobody listens at the discard port.
    let reference = reference("registry://127.0.0.1:9/policy:v1");
    let client = client("127.0.0.1:9");
    assert_error(client.resolve(&reference), Class::Input, &["cannot reach 127.0.0.1:9"]);
    assert_error(client.push(&module(6, 8), annotations(), &reference), Class::Input, &["cannot reach 127.0.0.1:9"]);
}

#[test]
fn plain_http_is_for_hosts_that_are_named() {
    let registry = DockerRegistry::start();
    let reference = reference(&format!("registry://{}/policy:v1", registry.host()));
    // The port belongs to the name.
    let options = Options { docker_config: DockerConfig::None, ..options("127.0.0.1") };
    let client = Client::new(options).expect("a client");
    assert_error(client.resolve(&reference), Class::Input, &["is not trusted"]);
}

#[test]
fn a_content_that_was_changed_in_the_registry_is_refused() {
    let registry = DockerRegistry::start();
    let client = client(registry.host());
    let own = OwnStore::new();
    let (good, bad) = (module(7, 5000), module(8, 5000));
    let reference = reference(&format!("registry://{}/policy:v1", registry.host()));
    let pushed = client.push(&good, annotations(), &reference).expect("pushed");
    registry.tamper(pushed.module.as_str(), &bad);
    let resolved = resolve(&client, &reference);
    let words = [pushed.module.as_str(), Digest::of(&bad).to_string().leak()];
    assert_error(client.pull(resolved, &own.store), Class::Integrity, &words);
    assert_eq!(own.files("blobs/sha256"), [""; 0]);
    assert_eq!(own.files("refs"), [""; 0]);
    assert_eq!(own.files("partial"), [""; 0]);
}

#[test]
fn a_tag_that_moves_changes_nothing_that_was_resolved() {
    let registry = DockerRegistry::start();
    let client = client(registry.host());
    let own = OwnStore::new();
    let (first, second) = (module(9, 500), module(10, 500));
    let reference = reference(&format!("registry://{}/policy:v1", registry.host()));
    client.push(&first, annotations(), &reference).expect("pushed");
    let resolved = resolve(&client, &reference);
    client.push(&second, annotations(), &reference).expect("pushed");
    client.pull(resolved, &own.store).expect("pulled");
    let stored = own.store.read(&Reference::Registry(reference)).expect("the store").expect("the module");
    assert_eq!(stored.bytes, first);
}

#[test]
fn many_at_once_download_once() {
    let bytes = module(11, 1 << 20);
    let server = HttpServer::start({
        let artifact = crate::bad_servers::Artifact::of(&bytes);
        move |request, _| artifact.answer(request)
    });
    let own = OwnStore::new();
    let reference = reference(&format!("registry://{}/policy:v1", server.host()));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let client = client(server.host());
                let store = Store::open(own.path()).expect("a store");
                client.pull(resolve(&client, &reference), &store).expect("pulled");
            });
        }
    });
    assert_eq!(server.count(&format!("/v2/policy/blobs/{}", Digest::of(&bytes))), 1);
    let stored = own.store.read(&Reference::Registry(reference)).expect("the store").expect("the module");
    assert_eq!(stored.bytes, bytes);
}
