//! Who may depend on whom: the arrows of ARCHITECTURE.md, read from the manifests and the imports.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result};
use serde_json::Value;

use super::files_below;

/// What each crate may import of ours. Development dependencies may add `testbed`.
const OURS: &[(&str, &[&str])] = &[
    ("canon", &[]),
    ("dialects", &["canon"]),
    ("policy", &["canon"]),
    ("store", &["canon"]),
    ("providers", &["canon", "dialects"]),
    (
        "gateway",
        &["canon", "dialects", "policy", "providers", "store"],
    ),
    ("testbed", &["canon", "dialects"]),
    (
        "xtask",
        &[
            "canon",
            "dialects",
            "policy",
            "providers",
            "store",
            "gateway",
            "testbed",
        ],
    ),
];

/// What a crate may not import of others', and why.
const BANNED: &[(&str, &[&str], &str)] = &[
    (
        "canon",
        &["tokio", "hyper", "axum", "reqwest", "sqlx", "rand"],
        "canon only names things",
    ),
    (
        "dialects",
        &["tokio", "hyper", "axum", "reqwest", "sqlx", "rand"],
        "codecs are pure",
    ),
    (
        "policy",
        &["tokio", "hyper", "axum", "reqwest", "sqlx", "rand"],
        "decisions are pure",
    ),
    (
        "providers",
        &["axum", "sqlx"],
        "providers dial out and do nothing else",
    ),
    ("store", &["axum", "hyper"], "the store is at rest"),
    (
        "gateway",
        &["sqlx", "hyper-rustls"],
        "SQL is in store, clients are in providers",
    ),
];

/// Inside the gateway: a folder and what it may not use.
const ROOMS: &[(&str, &[&str])] = &[
    ("platform", &["crate::relay"]),
    ("relay", &["crate::platform"]),
    ("relay.rs", &["crate::platform"]),
    ("events", &["crate::relay", "crate::platform"]),
];

pub(super) fn check(root: &Path, faults: &mut Vec<String>) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
        ])
        .current_dir(root)
        .output()
        .context("cannot run cargo metadata")?;
    let metadata: Value =
        serde_json::from_slice(&output.stdout).context("cargo metadata is not JSON")?;
    for package in metadata
        .get("packages")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        check_package(package, faults);
    }
    check_rooms(root, faults)
}

fn check_package(package: &Value, faults: &mut Vec<String>) {
    let text = |value: &Value, name: &str| {
        value
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let name = text(package, "name");
    let Some((_, allowed)) = OURS.iter().find(|(known, _)| *known == name) else {
        faults.push(format!(
            "crates/{name}: not in the picture; draw it in ARCHITECTURE.md and in tidy/edges.rs"
        ));
        return;
    };
    for dependency in package
        .get("dependencies")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let on = text(dependency, "name");
        let for_tests = text(dependency, "kind") == "dev";
        let ours = OURS.iter().any(|(known, _)| *known == on);
        if ours && !allowed.contains(&on.as_str()) && !(for_tests && on == "testbed") {
            faults.push(format!("crates/{name}: may not depend on {on}"));
        }
        let banned = BANNED
            .iter()
            .filter(|(known, _, _)| *known == name && !for_tests);
        for (_, _, why) in banned.filter(|(_, banned, _)| banned.contains(&on.as_str())) {
            faults.push(format!("crates/{name}: may not depend on {on}: {why}"));
        }
    }
}

fn check_rooms(root: &Path, faults: &mut Vec<String>) -> Result<()> {
    let source = root.join("crates/gateway/src");
    for (room, banned) in ROOMS {
        let path = source.join(room);
        let files = if path.is_file() {
            vec![path]
        } else {
            files_below(&path, "rs")?
        };
        for file in files {
            let text = fs::read_to_string(&file)
                .with_context(|| format!("cannot read {}", file.display()))?;
            for used in banned.iter().filter(|banned| text.contains(**banned)) {
                faults.push(format!("{}: {room} may not use {used}", file.display()));
            }
        }
    }
    Ok(())
}
