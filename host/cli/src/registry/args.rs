//! The command lines of these commands.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::args::Format;

/// The commands about registries and the store.
#[derive(Debug, Subcommand)]
pub(crate) enum Registry {
    /// Push a module to an OCI registry, in the layout that Kubewarden reads
    Push(Push),
    /// Pull a module from an OCI registry or a web server into the local store
    Pull(Pull),
    /// Print the digest that a reference leads to
    Digest(Digest),
    /// Sign a module in a registry with a key
    Sign(Sign),
    /// Verify that a module in a registry is signed as required
    Verify(Verify),
    /// List, remove, save or load the modules of the local store
    Store(Store),
}

/// How registries are talked to.
#[derive(Debug, Clone, Args)]
pub(crate) struct Connection {
    /// A registry (`host` or `host:port`) without TLS; may be repeated
    #[arg(long, value_name = "HOST", help_heading = "Connection")]
    pub(crate) insecure: Vec<String>,

    /// A PEM file with certificate authorities to trust besides the system's; may be repeated
    #[arg(long, value_name = "FILE", help_heading = "Connection")]
    pub(crate) ca: Vec<PathBuf>,

    /// The directory of the config.json with credentials [default: $DOCKER_CONFIG, else ~/.docker]
    #[arg(long, value_name = "DIR", help_heading = "Connection")]
    pub(crate) docker_config: Option<PathBuf>,

    /// The largest module, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..), help_heading = "Connection")]
    pub(crate) max_size: u16,
}

/// Where the store is.
#[derive(Debug, Clone, Args)]
pub(crate) struct StoreFolder {
    /// The folder of the store [default: `store` in $FOREWARN_CACHE, else in forewarn in the user's cache folder]
    #[arg(long = "store", value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
}

/// Which signatures are required.
#[derive(Debug, Clone, Args)]
pub(crate) struct Required {
    /// A public key that the module must be signed with; may be repeated, all of them have to be met
    #[arg(long, short, value_name = "FILE", help_heading = "Signatures")]
    pub(crate) key: Vec<PathBuf>,

    /// What the signatures of the keys must say, as `key=value`; may be repeated
    #[arg(long, short, value_name = "KEY=VALUE", requires = "key", value_parser = key_value, help_heading = "Signatures")]
    pub(crate) annotation: Vec<(String, String)>,

    /// A verification config, in Kubewarden's format
    #[arg(long, value_name = "FILE", conflicts_with = "key", help_heading = "Signatures")]
    pub(crate) verification_config: Option<PathBuf>,

    /// Sigstore's trusted_root.json, or a trust config with it, for signatures without a key; nothing is fetched
    #[arg(long, value_name = "FILE", requires = "verification_config", help_heading = "Signatures")]
    pub(crate) trust_root: Option<PathBuf>,
}

/// Where modules that are not bundled come from.
#[derive(Debug, Clone, Args)]
pub(crate) struct Sources {
    /// Pull no modules: use what is bundled or in the local store, and nothing else
    #[arg(long, conflicts_with_all = ["key", "verification_config"])]
    pub(crate) offline: bool,

    #[command(flatten)]
    pub(crate) required: Required,

    #[command(flatten)]
    pub(crate) store: StoreFolder,

    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// `forewarn push`
#[derive(Debug, Args)]
pub(crate) struct Push {
    /// A .wasm file, or the id of a bundled policy
    #[arg(value_name = "MODULE")]
    pub(crate) module: PathBuf,

    /// Where to, as `registry://host[:port]/repository[:tag]`
    #[arg(value_name = "REFERENCE")]
    pub(crate) reference: String,

    /// Push a module without Kubewarden metadata, too
    #[arg(long, short)]
    pub(crate) force: bool,

    /// How to print what was pushed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,

    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// `forewarn pull`
#[derive(Debug, Args)]
pub(crate) struct Pull {
    /// What, as `registry://host[:port]/repository[:tag][@sha256:…]` or `https://host/path[@sha256:…]`
    #[arg(value_name = "REFERENCE")]
    pub(crate) reference: String,

    /// Write the module to this file, too; one that is there is replaced
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// How to print what was pulled
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,

    #[command(flatten)]
    pub(crate) required: Required,

    #[command(flatten)]
    pub(crate) store: StoreFolder,

    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// `forewarn digest`
#[derive(Debug, Args)]
pub(crate) struct Digest {
    /// What, as `registry://host[:port]/repository[:tag]`
    #[arg(value_name = "REFERENCE")]
    pub(crate) reference: String,

    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// `forewarn sign`
#[derive(Debug, Args)]
pub(crate) struct Sign {
    /// What, as `registry://host[:port]/repository[:tag][@sha256:…]`
    #[arg(value_name = "REFERENCE")]
    pub(crate) reference: String,

    /// A private key: PKCS #8, or encrypted by cosign, its password being in COSIGN_PASSWORD
    #[arg(long, short, value_name = "FILE")]
    pub(crate) key: PathBuf,

    /// What the signature says besides, as `key=value`; may be repeated
    #[arg(long, short, value_name = "KEY=VALUE", value_parser = key_value)]
    pub(crate) annotation: Vec<(String, String)>,

    /// How to print what was signed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,

    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// `forewarn verify`
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// What, as `registry://host[:port]/repository[:tag][@sha256:…]`
    #[arg(value_name = "REFERENCE")]
    pub(crate) reference: String,

    /// How to print what was verified
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,

    #[command(flatten)]
    pub(crate) required: Required,

    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// `forewarn store`
#[derive(Debug, Args)]
pub(crate) struct Store {
    #[command(flatten)]
    pub(crate) folder: StoreFolder,

    /// What to do with the store.
    #[command(subcommand)]
    pub(crate) command: StoreCommand,
}

/// The subcommands of `forewarn store`.
#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// List the modules
    List {
        /// How to print the list
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Remove modules
    Rm {
        /// References, or the beginnings of digests (of a manifest or a module)
        #[arg(value_name = "REFERENCE|DIGEST", required = true)]
        what: Vec<String>,
    },
    /// Save modules as an archive (a tar file with an OCI image layout) for machines without a network
    Save {
        /// The references; all of the store if none is named
        #[arg(value_name = "REFERENCE")]
        references: Vec<String>,

        /// The archive
        #[arg(long, short, value_name = "FILE")]
        output: PathBuf,
    },
    /// Take all modules of an archive
    Load {
        /// The archive, or `-` for standard input
        #[arg(value_name = "FILE")]
        input: PathBuf,
    },
}

fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("`key=value` is expected".to_owned()),
    }
}
