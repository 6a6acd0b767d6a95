//! `cargo xtask package`: the files by which others find and install the policies.

mod artifact_hub;
mod changelog;
mod chart;
mod files;
mod questions;

use std::fs;

use anyhow::{Context as _, Result};
use forewarn_engine::{Engine, Limits};

use crate::generate::Mode;
use crate::package::chart::Chart;
use crate::package::files::Files;
use crate::workspace::Workspace;
use crate::{compile, description, metadata};

/// Writes or checks everything that is generated for Artifact Hub and for Helm.
pub(crate) fn package(workspace: &Workspace, mode: Mode) -> Result<()> {
    let changelog = fs::read_to_string(workspace.root.join("CHANGELOG.md")).context("cannot read CHANGELOG.md")?;
    let engine = Engine::new(Limits::DEFAULT)?;
    let mut files = Files::default();
    let mut of_chart = Vec::new();
    files.add("artifacthub/artifacthub-repo.yml", artifact_hub::repository(metadata::AUTHOR)?);
    for (policy, wasm) in compile::policies(workspace)? {
        let (name, version) = (&policy.name, &policy.version);
        let metadata = metadata::of(policy)?;
        let description = description::of(&engine, name, wasm)?;
        let created = changelog::date(&changelog, version)?;
        let questions = questions::of(&description.schema()?);
        let folder = format!("artifacthub/{name}/{version}");
        let page = artifact_hub::package(&metadata, &created, questions.as_deref())
            .with_context(|| format!("cannot describe `{name}`"))?;
        files.add(format!("{folder}/artifacthub-pkg.yml"), page);
        let readme = fs::read_to_string(policy.readme());
        let readme = readme.with_context(|| format!("cannot read policies/{name}/README.md"))?;
        files.add(format!("{folder}/README.md"), readme);
        files.keep_only(format!("artifacthub/{name}"));
        of_chart.push((metadata, description.settings));
    }
    files.keep_only("artifacthub");
    let people = artifact_hub::people(metadata::AUTHOR)?;
    files.add("deploy/chart/Chart.yaml", Chart::manifest(&workspace.version, &workspace.repository, &people));
    let chart = Chart::of(of_chart);
    files.add("deploy/chart/files/policies.yaml", chart.policies()?);
    files.add("deploy/chart/values.schema.json", chart.schema()?);
    files.bring_up_to_date(&workspace.root, mode)
}
