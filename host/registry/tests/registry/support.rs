//! What tests share.

use std::collections::BTreeMap;
use std::time::Duration;

use forewarn_registry::store::Store;
use forewarn_registry::{Class, Client, DockerConfig, Error, Options, RegistryReference, Retry};
use tempfile::TempDir;

/// A store that goes with the test.
pub(crate) struct OwnStore {
    folder: TempDir,
    /// The store.
    pub(crate) store: Store,
}

impl OwnStore {
    /// An empty store.
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        let store = Store::open(folder.path().join("store")).expect("a store");
        Self { folder, store }
    }

    /// All files of a folder of the store, sorted.
    pub(crate) fn files(&self, folder: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path().join("store").join(folder)).expect("a folder");
        let mut names: Vec<_> =
            entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// The folder itself.
    pub(crate) fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("store")
    }
}

/// Options that wait for nothing and take no credentials.
pub(crate) fn options(host: &str) -> Options {
    let retry = Retry { attempts: 3, first_delay: Duration::from_millis(5), max_delay: Duration::from_secs(2) };
    Options {
        insecure: [host.to_owned()].into(),
        docker_config: DockerConfig::None,
        retry,
        connect_timeout: Duration::from_secs(5),
        read_timeout: Duration::from_secs(5),
        ..Options::default()
    }
}

/// A client with these options.
pub(crate) fn client(host: &str) -> Client {
    Client::new(options(host)).expect("a client")
}

/// A reference.
pub(crate) fn reference(text: &str) -> RegistryReference {
    text.parse().expect(text)
}

/// A module of so many bytes, different for each `seed`.
pub(crate) fn module(seed: u8, size: usize) -> Vec<u8> {
    let noise = (0..size).map(|index| (index as u32).wrapping_mul(2_654_435_761).to_be_bytes()[0] ^ seed);
    b"\0asm\x01\0\0\0".iter().copied().chain(noise).take(size.max(8)).collect()
}

/// Annotations of a module.
pub(crate) fn annotations() -> BTreeMap<String, String> {
    BTreeMap::from([("io.kubewarden.policy.title".to_owned(), "demo".to_owned())])
}

/// Checks an error's class and that its message has these words.
#[track_caller]
pub(crate) fn assert_error<T>(result: Result<T, Error>, class: Class, words: &[&str]) {
    let Err(error) = result else { panic!("there is no error") };
    let text = error.to_string();
    assert_eq!(error.class(), class, "{text}");
    for word in words {
        assert!(text.contains(word), "`{text}` does not say `{word}`");
    }
}
