//! Compiles the policies for Wasm, with the same bytes on every machine.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use crate::workspace::{Package, Workspace, cargo};

const PROFILE: &str = "wasm";

/// Compiles all policies in one cargo call, and gives each policy with its module.
pub(crate) fn policies(workspace: &Workspace) -> Result<Vec<(&Package, Vec<u8>)>> {
    ensure!(!workspace.policies.is_empty(), "there are no policies in `policies/`");
    let toolchain = Toolchain::find()?;
    let mut build = toolchain.cargo_build()?;
    build.current_dir(&workspace.root);
    for policy in &workspace.policies {
        build.args(["--package", &policy.name]);
    }
    // The user's own flags would change the modules' bytes.
    build.env_remove("RUSTFLAGS");
    build.env("CARGO_ENCODED_RUSTFLAGS", flags(workspace, &toolchain)?);
    let status = build.status().context("cannot run `cargo build`")?;
    ensure!(status.success(), "the policies do not compile");
    let folder = workspace.target.join(TARGET).join(PROFILE);
    let mut modules = Vec::new();
    for policy in &workspace.policies {
        let path = folder.join(format!("{}.wasm", policy.name.replace('-', "_")));
        modules.push((policy, fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))?));
    }
    Ok(modules)
}

/// Whether the compiler that builds everything else can build for Wasm too.
pub(crate) fn has_target() -> Result<bool> {
    Toolchain::own().has_target()
}

/// The target's name.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// Fails when a module names a folder of this machine.
pub(crate) fn check_paths(workspace: &Workspace, name: &str, wasm: &[u8]) -> Result<()> {
    for folder in workspace.dependencies.iter().chain([&workspace.root]) {
        let folder = folder.as_os_str().as_encoded_bytes();
        ensure!(
            !wasm.windows(folder.len()).any(|window| window == folder),
            "the module of `{name}` names the folder `{}`, so its bytes depend on this machine",
            String::from_utf8_lossy(folder)
        );
    }
    Ok(())
}

/// The compiler flags that hide this machine's folders from the modules.
fn flags(workspace: &Workspace, toolchain: &Toolchain) -> Result<OsString> {
    let sysroot = PathBuf::from(toolchain.rustc(&["--print", "sysroot"])?);
    let mut flags = Vec::new();
    let mut hide = |folder: &Path, name: &str| {
        let mut flag = OsString::from("--remap-path-prefix=");
        flag.push(folder);
        flag.push("=");
        flag.push(name);
        flags.push(flag);
    };
    // Of the flags that fit a path the compiler takes the last, so what can lie inside the workspace comes after it.
    hide(&workspace.root, "/forewarn");
    for folder in &workspace.dependencies {
        hide(folder, "/dependencies");
    }
    hide(&sysroot.join("lib/rustlib/src/rust"), "/rust");
    // Cargo's own separator, because folders can have spaces in their names.
    Ok(flags.join(OsStr::new("\x1f")))
}

/// A compiler that can make Wasm.
struct Toolchain {
    rustc: PathBuf,
    /// The folder of Debian's commands, where those have to be used.
    debian: Option<PathBuf>,
}

impl Toolchain {
    /// The compiler that builds everything else; else Debian's, which brings its standard library as source.
    fn find() -> Result<Self> {
        let own = Self::own();
        if own.has_target()? {
            return Ok(own);
        }
        if Path::new("/usr/lib/rustlib/src/rust/library").is_dir() {
            return Ok(Self { rustc: "/usr/bin/rustc".into(), debian: Some("/usr/bin".into()) });
        }
        bail!(
            "the compiler cannot build for `{TARGET}`, because its standard library for that target is not installed; \
             write `rustup target add {TARGET}`, or let `./bootstrap` find another way"
        );
    }

    fn own() -> Self {
        Self { rustc: env::var_os("RUSTC").map_or_else(|| "rustc".into(), PathBuf::from), debian: None }
    }

    fn has_target(&self) -> Result<bool> {
        Ok(Path::new(&self.rustc(&["--print", "target-libdir", "--target", TARGET])?).is_dir())
    }

    fn cargo_build(&self) -> Result<Command> {
        let mut build;
        match &self.debian {
            None => {
                build = Command::new(cargo());
                build.arg("build");
            }
            Some(bin) => {
                build = Command::new(bin.join("cargo"));
                build.args(["build", "-Zbuild-std=std,panic_abort"]);
                build.env("RUSTC", &self.rustc);
                // `build-std` is not stable yet, and Debian has no nightly compiler.
                build.env("RUSTC_BOOTSTRAP", "1");
                build.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", wasm_linker(bin)?);
            }
        }
        build.args(["--profile", PROFILE, "--target", TARGET]);
        Ok(build)
    }

    fn rustc(&self, arguments: &[&str]) -> Result<String> {
        let output = Command::new(&self.rustc).args(arguments).output().context("cannot run `rustc`")?;
        ensure!(output.status.success(), "`rustc {}` failed", arguments.join(" "));
        Ok(String::from_utf8(output.stdout).context("`rustc` names a folder that is not UTF-8")?.trim_end().to_owned())
    }
}

/// Debian puts the linker's version into its name.
fn wasm_linker(bin: &Path) -> Result<PathBuf> {
    fs::read_dir(bin)?
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().as_encoded_bytes().starts_with(b"wasm-ld"))
        .map(|entry| entry.path())
        .max()
        .context("no linker for Wasm is installed; write `apt-get install lld`")
}
