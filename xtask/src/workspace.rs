//! The workspace as cargo sees it.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

/// What the tasks need to know of the workspace.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// The folder of the root manifest.
    pub(crate) root: PathBuf,
    /// Cargo's output folder.
    pub(crate) target: PathBuf,
    /// The packages in `policies/`, by name.
    pub(crate) policies: Vec<Package>,
    /// The folders that hold the sources of dependencies.
    pub(crate) dependencies: Vec<PathBuf>,
    /// The package with Kubernetes' own types.
    pub(crate) k8s_openapi: Option<Package>,
    /// The version that the members share.
    pub(crate) version: String,
    /// Where the source is published.
    pub(crate) repository: String,
}

/// One package of `cargo metadata`.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) description: Option<String>,
    pub(crate) license: Option<String>,
    pub(crate) repository: Option<String>,
    pub(crate) metadata: serde_json::Value,
    manifest_path: PathBuf,
}

impl Package {
    /// The folder of the package's manifest.
    pub(crate) fn folder(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(&self.manifest_path)
    }

    /// The policy's page.
    pub(crate) fn readme(&self) -> PathBuf {
        self.folder().join("README.md")
    }
}

#[derive(Deserialize)]
struct CargoMetadata {
    packages: Vec<Package>,
    workspace_members: Vec<String>,
    workspace_root: PathBuf,
    target_directory: PathBuf,
}

impl Workspace {
    /// The workspace around the current folder.
    pub(crate) fn here() -> Result<Self> {
        Self::at(Path::new("."))
    }

    /// The workspace around `folder`. Asks cargo, which also fetches the dependencies' sources where they are missing.
    pub(crate) fn at(folder: &Path) -> Result<Self> {
        let output = Command::new(cargo())
            .current_dir(folder)
            .args(["metadata", "--format-version", "1"])
            .output()
            .context("cannot run `cargo metadata`")?;
        if !output.status.success() {
            bail!("`cargo metadata` failed:\n{}", String::from_utf8_lossy(&output.stderr).trim_end());
        }
        let found: CargoMetadata = serde_json::from_slice(&output.stdout).context("cannot read `cargo metadata`")?;
        let folder = found.workspace_root.join("policies");
        let (members, others): (Vec<_>, Vec<_>) =
            found.packages.into_iter().partition(|package| found.workspace_members.contains(&package.id));
        let kit = members.iter().find(|package| package.name == "forewarn-kit").cloned();
        let mut policies: Vec<_> =
            members.into_iter().filter(|package| package.folder().parent() == Some(folder.as_path())).collect();
        policies.sort_by(|a, b| a.name.cmp(&b.name));
        let kit = kit.context("the workspace has no package `forewarn-kit`")?;
        let mut dependencies: Vec<_> =
            others.iter().filter_map(|package| package.folder().parent()).map(Path::to_path_buf).collect();
        dependencies.sort();
        dependencies.dedup();
        let k8s_openapi = others.iter().find(|package| package.name == "k8s-openapi").cloned();
        let (version, repository) = (kit.version, kit.repository.unwrap_or_default());
        Ok(Self {
            root: found.workspace_root,
            target: found.target_directory,
            policies,
            dependencies,
            k8s_openapi,
            version,
            repository,
        })
    }

    /// Where the built policies go.
    pub(crate) fn built_policies(&self) -> PathBuf {
        self.target.join("policies")
    }
}

/// The cargo that runs this program.
pub(crate) fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}
