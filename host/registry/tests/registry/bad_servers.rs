//! Registries that misbehave.

use std::time::{Duration, Instant};

use forewarn_registry::{Class, Client, Digest, Error, Options, Pulled, Reference, Retry};

use crate::http_server::{Answer, HttpServer, Request};
use crate::support::{OwnStore, annotations, assert_error, client, module, options, reference};

const WASM: &str = "application/vnd.wasm.content.layer.v1+wasm";

/// What a well-behaved registry answers about one module, `policy:v1`.
#[derive(Clone)]
pub(crate) struct Artifact {
    module: Vec<u8>,
    manifest: String,
}

impl Artifact {
    /// A module with its manifest.
    pub(crate) fn of(module: &[u8]) -> Self {
        let layers = format!("[{}]", descriptor(WASM, &Digest::of(module), module.len()));
        Self { module: module.to_vec(), manifest: manifest(&layers) }
    }

    /// The digest of the manifest.
    pub(crate) fn digest(&self) -> Digest {
        Digest::of(self.manifest.as_bytes())
    }

    fn with_layers(module: &[u8], layers: &str) -> Self {
        Self { module: module.to_vec(), manifest: manifest(layers) }
    }

    fn blob_path(&self) -> String {
        format!("/v2/policy/blobs/{}", Digest::of(&self.module))
    }

    /// The answer to a request.
    pub(crate) fn answer(&self, request: &Request) -> Answer {
        let by_digest = format!("/v2/policy/manifests/{}", self.digest());
        if request.path == "/v2/policy/manifests/v1" || request.path == by_digest {
            Answer::ok(self.manifest.clone()).with("Content-Type", "application/vnd.oci.image.manifest.v1+json")
        } else if request.path == self.blob_path() {
            ranged(request, &self.module)
        } else {
            Answer::status(404)
        }
    }
}

/// A server of an artifact that answers some requests in its own way.
fn server(
    artifact: &Artifact,
    other: impl Fn(&Request, usize) -> Option<Answer> + Send + Sync + 'static,
) -> HttpServer {
    let artifact = artifact.clone();
    HttpServer::start(move |request, before| other(request, before).unwrap_or_else(|| artifact.answer(request)))
}

/// A content, or the rest of it that was asked for.
fn ranged(request: &Request, content: &[u8]) -> Answer {
    let start = request.header("range").and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
    match start {
        Some(start) if start < content.len() => {
            let range = format!("bytes {start}-{}/{}", content.len() - 1, content.len());
            Answer { status: 206, ..Answer::ok(&content[start..]) }.with("Content-Range", &range)
        }
        Some(_) => Answer::status(416),
        None => Answer::ok(content),
    }
}

fn descriptor(media_type: &str, digest: &Digest, size: usize) -> String {
    format!(r#"{{"mediaType":"{media_type}","digest":"{digest}","size":{size}}}"#)
}

fn manifest(layers: &str) -> String {
    let config = descriptor("application/vnd.wasm.config.v1+json", &Digest::of(b"{}"), 2);
    format!(r#"{{"schemaVersion":2,"config":{config},"layers":{layers}}}"#)
}

fn pull(client: &Client, server: &HttpServer, own: &OwnStore) -> Result<Pulled, Error> {
    let resolved = client.resolve(&reference(&format!("registry://{}/policy:v1", server.host())))?;
    client.pull(resolved, &own.store)
}

#[track_caller]
fn assert_stored(server: &HttpServer, own: &OwnStore, module: &[u8]) {
    let reference: Reference = format!("registry://{}/policy:v1", server.host()).parse().expect("a reference");
    let stored = own.store.read(&reference).expect("the store").expect("the module");
    assert_eq!(stored.bytes, module);
}

#[track_caller]
fn assert_empty(own: &OwnStore) {
    for folder in ["blobs/sha256", "refs", "partial", "tmp"] {
        assert_eq!(own.files(folder), [""; 0], "{folder}");
    }
}

#[test]
fn a_server_error_may_pass() {
    let module = module(1, 1000);
    let artifact = Artifact::of(&module);
    let own = OwnStore::new();
    for status in [500, 502, 503, 504, 429] {
        let server = server(&artifact, move |_, before| (before == 0 || before == 2).then(|| Answer::status(status)));
        pull(&client(server.host()), &server, &own).expect("pulled");
        assert_stored(&server, &own, &module);
    }
}

#[test]
fn a_server_error_that_stays() {
    let server = server(&Artifact::of(&module(2, 10)), |_, _| Some(Answer::status(503)));
    let own = OwnStore::new();
    assert_error(pull(&client(server.host()), &server, &own), Class::Input, &["answers 503"]);
    assert_eq!(server.requests().len(), 3, "the number of attempts");
    assert_empty(&own);
}

#[test]
fn a_server_that_asks_to_wait() {
    let busy = |seconds: &'static str| {
        server(&Artifact::of(&module(3, 10)), move |_, before| {
            (before == 0).then(|| Answer::status(429).with("Retry-After", seconds))
        })
    };
    let own = OwnStore::new();
    let server = busy("1");
    let started = Instant::now();
    pull(&client(server.host()), &server, &own).expect("pulled");
    assert!(started.elapsed() >= Duration::from_secs(1), "as long as it was asked for");

    let server = busy("3600");
    let started = Instant::now();
    assert_error(pull(&client(server.host()), &server, &own), Class::Input, &["answers 429"]);
    assert!(started.elapsed() < Duration::from_secs(30), "nobody waits an hour");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_broken_download_is_taken_up_where_it_broke() {
    let module = module(4, 100_000);
    let artifact = Artifact::of(&module);
    let path = artifact.blob_path();
    let content = module.clone();
    let server = server(&artifact, move |request, _| {
        let first = request.path == path && request.header("range").is_none();
        first.then(|| Answer::ok(content.clone()).cut(60_000))
    });
    let own = OwnStore::new();
    pull(&client(server.host()), &server, &own).expect("pulled");
    assert_stored(&server, &own, &module);
    let ranges: Vec<_> =
        server.requests().iter().filter_map(|request| request.header("range").map(str::to_owned)).collect();
    assert_eq!(ranges, ["bytes=60000-"]);
}

#[test]
fn a_server_that_cannot_resume_sends_all_again() {
    let module = module(5, 100_000);
    let artifact = Artifact::of(&module);
    let path = artifact.blob_path();
    for resumed in [200, 206, 416] {
        let (path, content) = (path.clone(), module.clone());
        let server = server(&artifact, move |request, before| {
            (request.path == path).then(|| match (before, resumed) {
                (1, _) => Answer::ok(content.clone()).cut(60_000),
                // The wrong part, or none.
                (2, 206) => {
                    Answer { status: 206, ..Answer::ok(content.clone()) }.with("Content-Range", "bytes 0-9/100000")
                }
                (2, 416) => Answer::status(416),
                _ => Answer::ok(content.clone()),
            })
        });
        let own = OwnStore::new();
        pull(&client(server.host()), &server, &own).expect("pulled");
        assert_stored(&server, &own, &module);
    }
}

#[test]
fn the_next_run_goes_on_where_the_last_one_gave_up() {
    let module = module(6, 100_000);
    let artifact = Artifact::of(&module);
    let (path, content) = (artifact.blob_path(), module.clone());
    let server = server(&artifact, move |request, before| {
        // The first run gets a beginning and then nothing but errors.
        (request.path == path && before < 4).then(|| match before {
            1 => Answer::ok(content.clone()).cut(70_000),
            _ => Answer::status(500),
        })
    });
    let own = OwnStore::new();
    let once = Options { retry: Retry { attempts: 2, ..options("").retry }, ..options(server.host()) };
    let client = Client::new(once).expect("a client");
    assert_error(pull(&client, &server, &own), Class::Input, &["500"]);
    assert_eq!(own.files("partial").len(), 1);
    assert_eq!(own.files("blobs/sha256"), [""; 0]);
    pull(&client, &server, &own).expect("pulled");
    assert_stored(&server, &own, &module);
    assert_eq!(own.files("partial"), [""; 0]);
    assert_eq!(
        server.requests().last().and_then(|request| request.header("range").map(str::to_owned)).as_deref(),
        Some("bytes=70000-")
    );
}

#[test]
fn a_wrong_beginning_costs_one_more_download() {
    let module = module(7, 1000);
    let server = server(&Artifact::of(&module), |_, _| None);
    let own = OwnStore::new();
    for wrong in [vec![0; 500], vec![0; 5000]] {
        let partial = own.path().join("partial").join(Digest::of(&module).hex());
        std::fs::write(partial, wrong).expect("a file");
        let _ = own.store.remove(&Digest::of(&module).to_string());
        std::fs::create_dir_all(own.path().join("partial")).expect("a folder");
        pull(&client(server.host()), &server, &own).expect("pulled");
        assert_stored(&server, &own, &module);
    }
}

#[test]
fn a_module_that_is_too_large_is_not_even_asked_for() {
    let module = module(8, 2000);
    let artifact = Artifact::of(&module);
    let server = server(&artifact, |_, _| None);
    let own = OwnStore::new();
    let client = Client::new(Options { max_module_bytes: 1999, ..options(server.host()) }).expect("a client");
    assert_error(pull(&client, &server, &own), Class::Input, &["2000 bytes", "1999"]);
    assert_eq!(server.count(&artifact.blob_path()), 0);
    assert_empty(&own);
}

#[test]
fn a_content_that_does_not_end_is_cut_off() {
    let module = module(9, 2000);
    let artifact = Artifact::of(&module);
    for endless in [true, false] {
        let (path, content) = (artifact.blob_path(), module.clone());
        let server = server(&artifact, move |request, _| {
            (request.path == path).then(|| Answer { endless, ..Answer::ok([&content[..], &[0; 1 << 20]].concat()) })
        });
        let own = OwnStore::new();
        assert_error(pull(&client(server.host()), &server, &own), Class::Integrity, &["larger than the 2000 bytes"]);
        assert_empty(&own);
    }
}

#[test]
fn a_content_of_another_digest_is_refused() {
    let artifact = Artifact::of(&module(10, 2000));
    let path = artifact.blob_path();
    let server = server(&artifact, move |request, _| (request.path == path).then(|| Answer::ok(module(11, 2000))));
    let own = OwnStore::new();
    assert_error(pull(&client(server.host()), &server, &own), Class::Integrity, &["instead of"]);
    assert_empty(&own);
}

#[test]
fn a_content_that_is_no_module_is_refused() {
    let server = server(&Artifact::of(b"#!/bin/sh"), |_, _| None);
    let own = OwnStore::new();
    assert_error(pull(&client(server.host()), &server, &own), Class::Input, &["is not a Wasm module"]);
    assert_empty(&own);
}

#[test]
fn manifests_of_other_kinds_are_refused() {
    let module = module(12, 100);
    let layer = |media_type: &str| descriptor(media_type, &Digest::of(&module), module.len());
    for (layers, words) in [
        (format!("[{}]", layer("application/wasm")), "`application/wasm`"),
        (format!("[{},{}]", layer(WASM), layer("application/vnd.oci.image.layer.v1.tar")), "layer.v1.tar"),
        (format!("[{},{}]", layer(WASM), layer(WASM)), "2 modules"),
        ("[]".to_owned(), "no layer"),
    ] {
        let artifact = Artifact::with_layers(&module, &layers);
        let server = server(&artifact, |_, _| None);
        let own = OwnStore::new();
        assert_error(pull(&client(server.host()), &server, &own), Class::Input, &[words, "policy:v1"]);
        assert_eq!(server.count(&artifact.blob_path()), 0);
        assert_empty(&own);
    }
}

#[test]
fn manifests_that_cannot_be_read() {
    let artifact = Artifact::of(&module(13, 100));
    for (body, words) in [
        (b"<html>".to_vec(), "cannot be read"),
        (br#"{"schemaVersion":1}"#.to_vec(), "schema version 1"),
        (br#"{"schemaVersion":2,"mediaType":"application/vnd.cncf.helm.config.v1+json"}"#.to_vec(), "helm"),
        (br#"{"schemaVersion":2,"layers":[{"mediaType":"a","digest":"sha256:../../x","size":1}]}"#.to_vec(), "digest"),
        (vec![b' '; (4 << 20) + 1], "larger than"),
    ] {
        let server = server(&artifact, move |_, _| Some(Answer::ok(body.clone())));
        assert_error(pull(&client(server.host()), &server, &OwnStore::new()), Class::Input, &[words]);
    }
}

#[test]
fn a_manifest_that_is_not_what_was_asked_for() {
    let artifact = Artifact::of(&module(14, 100));
    let other = Digest::of(b"another manifest");
    // By its own word.
    let told = other.to_string();
    let manifest = artifact.manifest.clone();
    let server = server(&artifact, move |_, _| Some(Answer::ok(manifest.clone()).with("Docker-Content-Digest", &told)));
    let client = client(server.host());
    let tagged = reference(&format!("registry://{}/policy:v1", server.host()));
    assert_error(client.resolve(&tagged), Class::Integrity, &[other.as_str()]);
    assert_error(client.digest(&tagged), Class::Integrity, &[other.as_str()]);
    // By what was asked for.
    let pinned = reference(&format!("registry://{}/policy@{other}", server.host()));
    assert_error(client.resolve(&pinned), Class::Integrity, &[other.as_str()]);
}

#[test]
fn an_index_is_followed_for_this_platform() {
    let module = module(15, 100);
    let artifact = Artifact::of(&module);
    let entry = |os: &str, architecture: &str| {
        format!(
            r#"{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{}","size":{},"platform":{{"os":"{os}","architecture":"{architecture}"}}}}"#,
            artifact.digest(),
            artifact.manifest.len(),
        )
    };
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    let os = if cfg!(target_os = "macos") { "darwin" } else { std::env::consts::OS };
    for (entry, fits) in [(entry(os, architecture), true), (entry("plan9", "mips"), false)] {
        let index = format!(r#"{{"schemaVersion":2,"manifests":[{entry}]}}"#);
        let digest = Digest::of(index.as_bytes());
        let server = server(&artifact, move |request, _| {
            (request.path == "/v2/policy/manifests/v1").then(|| Answer::ok(index.clone()))
        });
        let own = OwnStore::new();
        let pulled = pull(&client(server.host()), &server, &own);
        if fits {
            assert_eq!(pulled.expect("pulled").digest, digest, "what the reference leads to");
            assert_stored(&server, &own, &module);
        } else {
            assert_error(pulled, Class::Input, &["index"]);
            assert_empty(&own);
        }
    }
}

#[test]
fn a_full_disk_leaves_the_store_whole() {
    let module = module(16, 200_000);
    let server = server(&Artifact::of(&module), |_, _| None);
    let own = OwnStore::new();
    let partial = own.path().join("partial").join(Digest::of(&module).hex());
    #[cfg(target_os = "linux")]
    {
        // Every write to this device says that the disk is full.
        std::os::unix::fs::symlink("/dev/full", &partial).expect("a link");
        assert_error(pull(&client(server.host()), &server, &own), Class::Input, &["No space left"]);
        assert_empty(&own);
    }
    pull(&client(server.host()), &server, &own).expect("pulled");
    assert_stored(&server, &own, &module);
}

#[test]
fn tokens_are_fetched_where_the_registry_says() {
    let module = module(17, 100);
    let artifact = Artifact::of(&module);
    let tokens = HttpServer::start(|request, _| {
        let fits = request.path.contains("scope=repository%3Apolicy%3Apull") && request.path.contains("service=here");
        if fits { Answer::ok(r#"{"token":"secret-token"}"#) } else { Answer::status(400) }
    });
    let challenge = format!(r#"Bearer realm="http://{}/token",service="here""#, tokens.host());
    let server = server(&artifact, move |request, _| {
        let authorized = request.header("authorization") == Some("Bearer secret-token");
        (!authorized).then(|| Answer::status(401).with("WWW-Authenticate", &challenge))
    });
    let own = OwnStore::new();
    pull(&client(server.host()), &server, &own).expect("pulled");
    assert_stored(&server, &own, &module);
    assert_eq!(tokens.requests().len(), 1, "a token is kept");
}

#[test]
fn a_token_does_not_go_to_other_hosts() {
    let module = module(18, 100);
    let artifact = Artifact::of(&module);
    let elsewhere = HttpServer::start({
        let module = module.clone();
        move |request, _| {
            if request.method == "PUT" { Answer::status(201) } else { ranged(request, &module) }
        }
    });
    let (path, location) = (artifact.blob_path(), format!("http://{}/there?state=1", elsewhere.host()));
    let server = HttpServer::start({
        let artifact = artifact.clone();
        move |request, _| {
            let realm =
                format!(r#"Bearer realm="http://{}/token",service="s""#, request.header("host").unwrap_or_default());
            if request.path.starts_with("/token") {
                return Answer::ok(r#"{"token":"secret-token"}"#);
            }
            if request.header("authorization") != Some("Bearer secret-token") {
                return Answer::status(401).with("WWW-Authenticate", &realm);
            }
            match request.method.as_str() {
                "HEAD" => Answer::status(404),
                "POST" => Answer::status(202).with("Location", &location),
                "PUT" => Answer::status(201),
                _ if request.path == path => Answer::status(307).with("Location", &location),
                _ => artifact.answer(request),
            }
        }
    });
    let client = client(server.host());
    let own = OwnStore::new();
    pull(&client, &server, &own).expect("pulled");
    assert_stored(&server, &own, &module);
    // The fake registry keeps nothing, so the push fails at its end, after the upload.
    let tag = reference(&format!("registry://{}/policy:v1", server.host()));
    let _ = client.push(&module, annotations(), &tag);
    let seen = elsewhere.requests();
    assert!(seen.iter().any(|request| request.method == "PUT" && request.body == module));
    assert!(seen.iter().any(|request| request.method == "GET"));
    assert!(seen.iter().all(|request| request.header("authorization").is_none()));
}
