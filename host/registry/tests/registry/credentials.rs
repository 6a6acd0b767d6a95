//! Registries that ask who is there.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use forewarn_registry::{Class, Client, DockerConfig, Options};
use tempfile::TempDir;

use crate::docker_registry::{DockerRegistry, Setup};
use crate::support::{OwnStore, annotations, assert_error, module, options, reference};

const HELPER: &str = "FOREWARN_TEST_HELPER_FOLDER";

fn client_with(host: &str, config: &str) -> (Client, TempDir) {
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("config.json"), config).expect("a file");
    let docker_config = DockerConfig::Directory(folder.path().to_owned());
    (Client::new(Options { docker_config, ..options(host) }).expect("a client"), folder)
}

fn auths(host: &str, login: &str) -> String {
    format!(r#"{{"auths":{{"{host}":{{"auth":"{}"}}}}}}"#, STANDARD.encode(login))
}

#[test]
fn a_registry_with_passwords() {
    let registry = DockerRegistry::start_with(&Setup { login: Some(("ann", "s3cret:x")), ..Setup::default() });
    let host = registry.host();
    let tag = reference(&format!("registry://{host}/policy:v1"));
    let module = module(1, 1000);
    for config in ["{}", &auths(host, "ann:wrong"), &auths("other.example", "ann:s3cret:x")] {
        let (client, _folder) = client_with(host, config);
        assert_error(client.resolve(&tag), Class::Input, &[host, "refuses access"]);
        assert_error(client.push(&module, annotations(), &tag), Class::Input, &[host, "refuses access"]);
    }
    let (client, _folder) = client_with(host, &auths(host, "ann:s3cret:x"));
    let own = OwnStore::new();
    let pushed = client.push(&module, annotations(), &tag).expect("pushed");
    let pulled = client.pull(client.resolve(&tag).expect("it resolves"), &own.store).expect("pulled");
    assert_eq!(pulled.digest, pushed.digest);
}

#[test]
fn credentials_that_cannot_be_had() {
    let registry = DockerRegistry::start_with(&Setup { login: Some(("ann", "s3cret")), ..Setup::default() });
    let host = registry.host();
    let tag = reference(&format!("registry://{host}/policy:v1"));
    let identity = format!(r#"{{"auths":{{"{host}":{{"identitytoken":"x"}}}}}}"#);
    let helper = format!(r#"{{"credHelpers":{{"{host}":"forewarn-test-missing"}}}}"#);
    for (config, words) in [("{", "config.json"), (&identity, "identity token"), (&helper, "credential helper")] {
        let (client, _folder) = client_with(host, config);
        assert_error(client.resolve(&tag), Class::Input, &[words]);
    }
    let docker_config = DockerConfig::Directory("/nonexistent".into());
    let client = Client::new(Options { docker_config, ..options(host) }).expect("a client");
    assert_error(client.resolve(&tag), Class::Input, &["/nonexistent/config.json"]);
}

#[test]
fn nobody_needs_credentials_where_nobody_asks() {
    let registry = DockerRegistry::start();
    let (client, _folder) = client_with(registry.host(), "{");
    let tag = reference(&format!("registry://{}/policy:v1", registry.host()));
    client.push(&module(2, 10), annotations(), &tag).expect("pushed");
    client.resolve(&tag).expect("it resolves");
}

/// Helpers are found on the path, so this runs the test again in a process with another one.
#[test]
fn credential_helpers() {
    if let Some(folder) = std::env::var_os(HELPER) {
        return with_helper(Path::new(&folder));
    }
    let folder = TempDir::new().expect("a folder");
    let helper = folder.path().join("docker-credential-forewarn-test");
    let script = r#"#!/bin/sh
read -r host
case "$host" in
    127.0.0.1:*) echo "{\"ServerURL\":\"$host\",\"Username\":\"ann\",\"Secret\":\"s3cret\"}" ;;
    *) echo "credentials not found in native keychain"; exit 1 ;;
esac
"#;
    fs::write(&helper, script).expect("a file");
    fs::set_permissions(&helper, fs::Permissions::from_mode(0o755)).expect("permissions");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let paths = [folder.path().to_owned()].into_iter().chain(std::env::split_paths(&path));
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "credentials::credential_helpers", "--nocapture"])
        .env("PATH", std::env::join_paths(paths).expect("a path"))
        .env(HELPER, folder.path())
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
}

fn with_helper(folder: &Path) {
    let registry = DockerRegistry::start_with(&Setup { login: Some(("ann", "s3cret")), ..Setup::default() });
    let host = registry.host();
    let tag = reference(&format!("registry://{host}/policy:v1"));
    for config in
        [format!(r#"{{"credHelpers":{{"{host}":"forewarn-test"}}}}"#), r#"{"credsStore":"forewarn-test"}"#.to_owned()]
    {
        let (client, _folder) = client_with(host, &config);
        client.push(&module(3, 10), annotations(), &tag).expect("pushed");
    }
    // A helper without an entry is no failure: access is anonymous, and refused.
    let script = "#!/bin/sh\nread -r host\necho 'credentials not found in native keychain'\nexit 1\n";
    fs::write(folder.join("docker-credential-forewarn-test"), script).expect("a file");
    let (client, _folder) = client_with(host, r#"{"credsStore":"forewarn-test"}"#);
    assert_error(client.resolve(&tag), Class::Input, &["refuses access"]);
    let script = "#!/bin/sh\nread -r host\necho 'the keychain is locked' >&2\nexit 1\n";
    fs::write(folder.join("docker-credential-forewarn-test"), script).expect("a file");
    assert_error(client.resolve(&tag), Class::Input, &["the keychain is locked"]);
}
