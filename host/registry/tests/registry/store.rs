//! The store.

use std::fs;
use std::io::{Cursor, Read as _};

use forewarn_registry::store::{LoadLimits, Store, StoreError};
use forewarn_registry::{Client, Digest, Reference};
use tar::{Archive, Builder, EntryType, Header};

use crate::docker_registry::DockerRegistry;
use crate::support::{OwnStore, annotations, client, module, reference};

/// A registry with modules `policy:v1`, `v2`, …, and a store that has them, too.
struct Filled {
    registry: DockerRegistry,
    client: Client,
    own: OwnStore,
    modules: Vec<Vec<u8>>,
}

impl Filled {
    fn with(count: u8) -> Self {
        let registry = DockerRegistry::start();
        let client = client(registry.host());
        let own = OwnStore::new();
        let modules: Vec<_> = (1..=count).map(|seed| module(seed, 1000 + usize::from(seed))).collect();
        let filled = Self { registry, client, own, modules };
        for (index, module) in filled.modules.iter().enumerate() {
            filled.client.push(module, annotations(), &reference(&filled.name(index))).expect("pushed");
            filled.pull(index);
        }
        filled
    }

    fn name(&self, index: usize) -> String {
        format!("registry://{}/policy:v{}", self.registry.host(), index + 1)
    }

    fn reference(&self, index: usize) -> Reference {
        self.name(index).parse().expect("a reference")
    }

    fn pull(&self, index: usize) -> bool {
        let resolved = self.client.resolve(&reference(&self.name(index))).expect("it resolves");
        self.client.pull(resolved, &self.own.store).expect("pulled").downloaded
    }

    fn blob(&self, digest: &Digest) -> std::path::PathBuf {
        self.own.path().join("blobs/sha256").join(digest.hex())
    }

    fn archive(&self) -> Vec<u8> {
        let mut archive = Vec::new();
        self.own.store.save(&[], &mut archive).expect("saved");
        archive
    }
}

/// A change of a content.
type Damage = fn(&mut Vec<u8>);

fn read(store: &Store, reference: &Reference) -> Option<Vec<u8>> {
    store.read(reference).expect("the store").map(|module| module.bytes)
}

#[test]
fn damaged_contents_are_noticed_and_fetched_again() {
    let filled = Filled::with(1);
    let store = &filled.own.store;
    let module = Digest::of(&filled.modules[0]);
    let manifest = store.list().expect("a list")[0].digest.clone();
    // The module: another byte, cut off, too long. The manifest: another byte, gone.
    let damages: [(&Digest, Damage); 4] = [
        (&module, |bytes| bytes[500] ^= 1),
        (&module, |bytes| bytes.truncate(10)),
        (&module, |bytes| bytes.push(0)),
        (&manifest, |bytes| bytes[20] ^= 1),
    ];
    for (digest, damage) in damages {
        let path = filled.blob(digest);
        let mut bytes = fs::read(&path).expect("a content");
        damage(&mut bytes);
        fs::write(&path, &bytes).expect("a content");
        let error = store.read(&filled.reference(0)).expect_err("it is damaged");
        assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
        assert!(error.to_string().contains(digest.hex()), "{error}");
        let downloaded = filled.pull(0);
        assert_eq!(downloaded, digest == &module);
        assert_eq!(read(store, &filled.reference(0)).as_ref(), Some(&filled.modules[0]));
    }
    for digest in [&module, &manifest] {
        fs::remove_file(filled.blob(digest)).expect("a content");
        assert_eq!(read(store, &filled.reference(0)), None);
        assert_eq!(store.list().expect("a list")[0].module, None);
        filled.pull(0);
        assert_eq!(read(store, &filled.reference(0)).as_ref(), Some(&filled.modules[0]));
    }
}

#[test]
fn a_damaged_reference_is_as_good_as_none() {
    let filled = Filled::with(1);
    let store = &filled.own.store;
    let file = filled.own.path().join("refs").join(&filled.own.files("refs")[0]);
    for text in ["", "{", r#"{"reference":"registry://other.example/a:b","digest":"sha256:00"}"#] {
        fs::write(&file, text).expect("a file");
        assert_eq!(read(store, &filled.reference(0)), None);
        assert_eq!(store.list().expect("a list"), []);
        assert!(!filled.pull(0), "the contents are still there");
        assert_eq!(read(store, &filled.reference(0)).as_ref(), Some(&filled.modules[0]));
    }
}

#[test]
fn listing_and_removing() {
    let filled = Filled::with(3);
    let store = &filled.own.store;
    let names: Vec<_> = store.list().expect("a list").into_iter().map(|entry| entry.reference).collect();
    assert_eq!(names, [filled.name(0), filled.name(1), filled.name(2)]);
    assert_eq!(filled.own.files("blobs/sha256").len(), 3 + 3 + 1, "modules, manifests, one configuration");

    store.remove(&filled.name(0)).expect("removed");
    assert_eq!(read(store, &filled.reference(0)), None);
    assert_eq!(filled.own.files("blobs/sha256").len(), 2 + 2 + 1);
    // By the beginning of the module's digest.
    let prefix = &Digest::of(&filled.modules[1]).to_string()[..20];
    assert_eq!(store.remove(prefix).expect("removed").len(), 1);
    assert_eq!(read(store, &filled.reference(2)).as_ref(), Some(&filled.modules[2]), "the others stay");
    for unknown in [prefix, "abc", "zzzz", "", &filled.name(0), "../../etc"] {
        let error = store.remove(unknown).expect_err(unknown);
        assert!(matches!(error, StoreError::Unknown { .. }), "{error}");
    }
    let manifest = store.list().expect("a list")[0].digest.clone();
    store.remove(manifest.hex()).expect("removed");
    assert_eq!(filled.own.files("blobs/sha256"), [""; 0]);
    assert_eq!(filled.own.files("refs"), [""; 0]);
}

#[test]
fn the_beginning_of_several_digests_is_ambiguous() {
    // Modules are made until two of their digests start with the same four digits.
    let mut seen = std::collections::HashMap::new();
    let (first, second) = (0_u32..)
        .find_map(|number| {
            let bytes = [b"\0asm\x01\0\0\0".as_slice(), &number.to_be_bytes()].concat();
            let start = Digest::of(&bytes).hex()[..4].to_owned();
            seen.insert(start, bytes.clone()).map(|earlier| (earlier, bytes))
        })
        .expect("two modules");
    let registry = DockerRegistry::start();
    let client = client(registry.host());
    let own = OwnStore::new();
    for (tag, bytes) in [("a", &first), ("b", &second)] {
        let reference = reference(&format!("registry://{}/policy:{tag}", registry.host()));
        client.push(bytes, annotations(), &reference).expect("pushed");
        client.pull(client.resolve(&reference).expect("it resolves"), &own.store).expect("pulled");
    }
    let digest = Digest::of(&first);
    let start = &digest.hex()[..4];
    let error = own.store.remove(start).expect_err("ambiguous");
    assert!(matches!(&error, StoreError::Ambiguous { digests, .. } if digests.len() == 2), "{error}");
    assert_eq!(own.store.list().expect("a list").len(), 2);
}

#[test]
fn saved_and_loaded() {
    let filled = Filled::with(2);
    let archive = filled.archive();
    assert_eq!(archive, filled.archive(), "the same bytes each time");
    let other = OwnStore::new();
    let entries = other.store.load(Cursor::new(&archive), &LoadLimits::default()).expect("loaded");
    assert_eq!(entries, filled.own.store.list().expect("a list"));
    for (index, module) in filled.modules.iter().enumerate() {
        assert_eq!(read(&other.store, &filled.reference(index)).as_ref(), Some(module));
    }
    assert_eq!(other.files("tmp"), [""; 0]);
    // It is an OCI image layout.
    let mut names = Vec::new();
    for entry in Archive::new(Cursor::new(&archive)).entries().expect("entries") {
        names.push(entry.expect("an entry").path().expect("a path").to_string_lossy().into_owned());
    }
    assert_eq!(names[..2], ["oci-layout", "index.json"]);
    assert!(names[2..].iter().all(|name| name.starts_with("blobs/sha256/")));
    // One reference alone, and one that is not there.
    let mut one = Vec::new();
    let saved = filled.own.store.save(&[filled.reference(1)], &mut one).expect("saved");
    assert_eq!(saved.len(), 1);
    let missing = "registry://other.example/a:b".parse().expect("a reference");
    let error = filled.own.store.save(&[missing], Vec::new()).expect_err("it is missing");
    assert!(matches!(error, StoreError::Unknown { .. }), "{error}");
}

/// The files of an archive.
fn files(archive: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in Archive::new(Cursor::new(archive)).entries().expect("entries") {
        let mut entry = entry.expect("an entry");
        let name = entry.path().expect("a path").to_string_lossy().into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).expect("bytes");
        files.push((name, bytes));
    }
    files
}

fn pack(files: &[(String, Vec<u8>)], kind: EntryType) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_entry_type(if name.starts_with("odd") { kind } else { EntryType::Regular });
        // The library refuses to write such names by itself.
        let field = &mut header.as_old_mut().name;
        field[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        builder.append(&header, bytes.as_slice()).expect("a file");
    }
    builder.into_inner().expect("an archive")
}

#[test]
fn archives_that_are_refused() {
    let filled = Filled::with(1);
    let good = files(&filled.archive());
    let small = LoadLimits { module_bytes: 100, ..LoadLimits::default() };
    let few = LoadLimits { files: 2, ..LoadLimits::default() };
    let little = LoadLimits { total_bytes: 1000, ..LoadLimits::default() };
    let with = |name: &str, bytes: &[u8]| {
        let mut files = good.clone();
        files.retain(|(own, _)| own != name);
        files.push((name.to_owned(), bytes.to_vec()));
        files
    };
    let without = |start: &str| {
        let mut files = good.clone();
        let at = files.iter().position(|(name, _)| name.starts_with(start)).expect("a file");
        files.remove(at);
        files
    };
    let tampered = {
        let mut files = good.clone();
        let module = files.iter_mut().find(|(_, bytes)| bytes.starts_with(b"\0asm")).expect("the module");
        module.1[100] ^= 1;
        files
    };
    let index = |text: &str| with("index.json", text.as_bytes());
    let renamed = |name: &str| {
        let text = String::from_utf8(good[1].1.clone()).expect("text");
        index(&text.replace(&filled.name(0), name))
    };
    let pinned = format!("registry://a.example/b@{}", Digest::of(b"other"));
    let cases = [
        (with("../escape", b"x"), EntryType::Regular, LoadLimits::default(), "leads out"),
        (with("/absolute", b"x"), EntryType::Regular, LoadLimits::default(), "leads out"),
        (with("odd", b""), EntryType::Symlink, LoadLimits::default(), "neither a file nor a folder"),
        (with("odd", b""), EntryType::Link, LoadLimits::default(), "neither a file nor a folder"),
        (with("odd", b""), EntryType::Fifo, LoadLimits::default(), "neither a file nor a folder"),
        (with("blobs/sha256/../../x", b"x"), EntryType::Regular, LoadLimits::default(), "not named by a digest"),
        (with("oci-layout", b"{}"), EntryType::Regular, LoadLimits::default(), "oci-layout"),
        (with("oci-layout", br#"{"imageLayoutVersion":"2.0.0"}"#), EntryType::Regular, LoadLimits::default(), "2.0.0"),
        (without("oci-layout"), EntryType::Regular, LoadLimits::default(), "no `oci-layout`"),
        (without("index.json"), EntryType::Regular, LoadLimits::default(), "no `index.json`"),
        (without("blobs/"), EntryType::Regular, LoadLimits::default(), "missing"),
        (tampered, EntryType::Regular, LoadLimits::default(), "has the digest"),
        (index("{"), EntryType::Regular, LoadLimits::default(), "cannot be read"),
        (index(r#"{"schemaVersion":2,"manifests":[]}"#), EntryType::Regular, LoadLimits::default(), "names no module"),
        (renamed("v1"), EntryType::Regular, LoadLimits::default(), "`v1`"),
        (renamed("file:///etc/passwd"), EntryType::Regular, LoadLimits::default(), "is a file"),
        (renamed(&pinned), EntryType::Regular, LoadLimits::default(), "leads to"),
        (good.clone(), EntryType::Regular, small, "more than the 100"),
        (good.clone(), EntryType::Regular, few, "more than 2 files"),
        (good.clone(), EntryType::Regular, little, "larger than 1000 bytes"),
    ];
    for (files, kind, limits, words) in cases {
        let own = OwnStore::new();
        let error = own.store.load(Cursor::new(pack(&files, kind)), &limits).expect_err(words);
        assert!(matches!(error, StoreError::Archive { .. }), "{words}: {error:?}");
        assert!(error.to_string().contains(words), "`{error}` does not say `{words}`");
        for folder in ["blobs/sha256", "refs", "tmp"] {
            assert_eq!(own.files(folder), [""; 0], "{words}");
        }
    }
}

#[test]
fn a_truncated_archive_is_refused_wherever_it_ends() {
    let filled = Filled::with(1);
    let archive = filled.archive();
    // The end of an archive is two empty blocks, which readers do not insist on.
    let content = archive.len() - 1024;
    for end in (0..content - 512).step_by(397) {
        let own = OwnStore::new();
        own.store.load(Cursor::new(&archive[..end]), &LoadLimits::default()).expect_err("it is truncated");
        assert_eq!(own.files("blobs/sha256"), [""; 0]);
        assert_eq!(own.files("tmp"), [""; 0]);
    }
}

#[test]
fn other_files_in_an_archive_do_not_matter() {
    let filled = Filled::with(1);
    let mut all = files(&filled.archive());
    all.push(("manifest.json".to_owned(), b"[]".to_vec()));
    for (name, _) in &mut all {
        *name = format!("./{name}");
    }
    let own = OwnStore::new();
    own.store.load(Cursor::new(pack(&all, EntryType::Regular)), &LoadLimits::default()).expect("loaded");
    assert_eq!(read(&own.store, &filled.reference(0)).as_ref(), Some(&filled.modules[0]));
}

#[test]
fn pulling_and_removing_at_once() {
    let filled = Filled::with(2);
    let own = &filled.own;
    std::thread::scope(|scope| {
        for index in 0..2 {
            let filled = &filled;
            scope.spawn(move || {
                let client = client(filled.registry.host());
                let store = Store::open(own.path()).expect("a store");
                for _ in 0..15 {
                    let resolved = client.resolve(&reference(&filled.name(index))).expect("it resolves");
                    client.pull(resolved, &store).expect("pulled");
                    // It may have been removed again, but it is never half there.
                    let module = store.read(&filled.reference(index)).expect("the store");
                    assert!(module.is_none_or(|module| module.bytes == filled.modules[index]));
                }
            });
        }
        scope.spawn(|| {
            let store = Store::open(own.path()).expect("a store");
            for _ in 0..30 {
                let _ = store.remove(&filled.name(0));
                let _ = store.remove(&filled.name(1));
            }
        });
    });
    for index in 0..2 {
        filled.pull(index);
        assert_eq!(read(&own.store, &filled.reference(index)).as_ref(), Some(&filled.modules[index]));
    }
    assert_eq!(own.files("blobs/sha256").len(), 2 + 2 + 1);
}
