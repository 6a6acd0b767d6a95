//! A real registry for one test.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long the registry may take to start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running registry. It ends with the test.
pub(crate) struct DockerRegistry {
    process: Child,
    host: String,
    folder: TempDir,
}

/// What the registry asks for.
#[derive(Default)]
pub(crate) struct Setup<'a> {
    /// A user and a password.
    pub(crate) login: Option<(&'a str, &'a str)>,
    /// A certificate and its key, as PEM.
    pub(crate) tls: Option<(&'a str, &'a str)>,
}

impl DockerRegistry {
    /// A registry that lets everyone in, without TLS.
    pub(crate) fn start() -> Self {
        Self::start_with(&Setup::default())
    }

    /// A registry as set up.
    pub(crate) fn start_with(setup: &Setup<'_>) -> Self {
        let folder = TempDir::new().expect("a folder");
        // Another process may take the port in between; then the next one is tried.
        for _ in 0..5 {
            let port =
                TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
            let host = format!("127.0.0.1:{port}");
            let config = folder.path().join("config.yml");
            fs::write(&config, configuration(folder.path(), &host, setup)).expect("a file");
            let mut process = Command::new(program())
                .arg("serve")
                .arg(&config)
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .env("OTEL_TRACES_EXPORTER", "none")
                .spawn()
                .expect("the registry starts");
            let errors = process.stderr.take().expect("standard error");
            // The pipe has to be emptied, else the registry stops when it is full.
            std::thread::spawn(move || BufReader::new(errors).lines().for_each(drop));
            let started = Instant::now();
            while started.elapsed() < PATIENCE {
                if TcpStream::connect(&host).is_ok() && process.try_wait().expect("a status").is_none() {
                    return Self { process, host, folder };
                }
                if process.try_wait().expect("a status").is_some() {
                    break;
                }
                std::thread::sleep(Duration::from_millis(10));
            }
            let _ = process.kill();
            let _ = process.wait();
        }
        panic!("the registry does not start");
    }

    /// Host and port.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Overwrites a content in the registry's own folder.
    pub(crate) fn tamper(&self, digest: &str, bytes: &[u8]) {
        let hex = digest.trim_start_matches("sha256:");
        let blobs = self.folder.path().join("data/docker/registry/v2/blobs/sha256");
        fs::write(blobs.join(hex.split_at(2).0).join(hex).join("data"), bytes).expect("the content is there");
    }
}

impl Drop for DockerRegistry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The registry's program. `FOREWARN_DOCKER_REGISTRY` names another one than that of the path or of `./bootstrap`.
fn program() -> PathBuf {
    if let Some(path) = std::env::var_os("FOREWARN_DOCKER_REGISTRY") {
        return PathBuf::from(path);
    }
    // Several packages include this file.
    let folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let bootstrap = folders.map(|folder| folder.join("target/tools/debian/usr/bin/docker-registry"));
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&paths).map(|folder| folder.join("docker-registry"));
    on_path.chain(bootstrap).find(|path| path.is_file()).expect(
        "the tests need the program `docker-registry`: `./bootstrap test` gets it, or `apt-get install docker-registry`",
    )
}

fn configuration(folder: &Path, host: &str, setup: &Setup<'_>) -> String {
    let mut text = format!(
        "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\nhttp:\n  addr: {host}\n",
        folder.join("data").display()
    );
    if let Some((certificate, key)) = setup.tls {
        let (certificate_file, key_file) = (folder.join("tls.pem"), folder.join("tls.key"));
        fs::write(&certificate_file, certificate).expect("a file");
        fs::write(&key_file, key).expect("a file");
        let paths = (certificate_file.display(), key_file.display());
        text.push_str(&format!("  tls: {{certificate: {}, key: {}}}\n", paths.0, paths.1));
    }
    if let Some((user, password)) = setup.login {
        let hash = bcrypt::hash(password, 4).expect("a hash");
        let file = folder.join("htpasswd");
        fs::write(&file, format!("{user}:{hash}\n")).expect("a file");
        text.push_str(&format!("auth: {{htpasswd: {{realm: test, path: {}}}}}\n", file.display()));
    }
    text
}
