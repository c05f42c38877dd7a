//! The rules of the house that lints cannot see: who may depend on whom, how long a file may be, what it opens with.
//!
//! Each rule is also an invariant in ARCHITECTURE.md.

mod edges;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use crate::run::{root, say};

/// Lines of code, comments counted and tests not, above which a file must be split.
const FILE_LINES_MAX: usize = 400;
/// A file that is a table may ask for more with this line.
const TABLE_MARK: &str = "//! tidy: table";
/// Entries of a folder that can be seen at one glance.
const FOLDER_ENTRIES_MAX: usize = 20;
/// Folders of one file each alike, and of recorded tests.
const FOLDERS_UNCOUNTED: &[&str] = &["vendors", "snapshots", "fixtures", "commands"];
/// Names that say nothing.
const NAMES_BANNED: &[&str] = &[
    "utils", "util", "common", "helpers", "helper", "misc", "manager", "core", "types",
];
/// What a key looks like.
const SECRET_MARKS: &[&str] = &["sk-ant-", "sk-proj-", "AIzaSy", "gsk_", "xai-", "AKIA"];

/// Checks everything and prints every fault.
///
/// # Errors
/// There are faults.
pub(crate) fn run() -> Result<()> {
    let root = root();
    let mut faults = Vec::new();
    for file in files_below(&root.join("crates"), "rs")? {
        check_file(&root, &file, &mut faults)?;
    }
    check_folders(&root.join("crates"), &mut faults)?;
    for fixture in files_below(&root.join("fixtures"), "")? {
        check_secrets(&root, &fixture, &mut faults)?;
    }
    edges::check(&root, &mut faults)?;
    if faults.is_empty() {
        return say("tidy: nothing to say");
    }
    for fault in &faults {
        say(fault)?;
    }
    bail!("tidy: {} faults", faults.len())
}

fn check_file(root: &Path, file: &Path, faults: &mut Vec<String>) -> Result<()> {
    let text =
        fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let name = file
        .strip_prefix(root)
        .unwrap_or(file)
        .display()
        .to_string();
    if !text.starts_with("//!") {
        faults.push(format!(
            "{name}: opens without `//!`: say what it is for and why it exists"
        ));
    }
    let is_test = name.contains("/tests/");
    let lines = text
        .split("\n#[cfg(test)]\nmod tests")
        .next()
        .map_or(0, |code| code.lines().count());
    if lines > FILE_LINES_MAX && !is_test && !text.contains(TABLE_MARK) {
        faults.push(format!(
            "{name}: {lines} lines of code, at most {FILE_LINES_MAX}: split it by what it knows"
        ));
    }
    let stem = file
        .file_stem()
        .and_then(|stem| stem.to_str())
        .unwrap_or_default();
    if NAMES_BANNED.contains(&stem) {
        faults.push(format!(
            "{name}: `{stem}` says nothing about what is inside"
        ));
    }
    if stem == "mod" {
        faults.push(format!(
            "{name}: a module's file stands beside its folder, not in it"
        ));
    }
    for (number, line) in text.lines().enumerate() {
        let number = number + 1;
        if line.trim_end() != line {
            faults.push(format!(
                "{name}:{number}: white space at the end of the line"
            ));
        }
        // Split, so that this very line is not found.
        if line.contains(concat!("TO", "DO")) && !line.contains('#') && !name.contains("tidy") {
            faults.push(format!(
                "{name}:{number}: names no issue (`TO{}: #12`)",
                "DO"
            ));
        }
        if line.contains(concat!("#[", "ignore")) {
            faults.push(format!(
                "{name}:{number}: a test that does not run is no test"
            ));
        }
    }
    Ok(())
}

fn check_folders(folder: &Path, faults: &mut Vec<String>) -> Result<()> {
    let entries = entries_of(folder)?;
    let name = folder
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    // A module's file and its folder are one entry.
    let files = entries.iter().filter(|entry| entry.is_file()).count();
    if files > FOLDER_ENTRIES_MAX && !FOLDERS_UNCOUNTED.contains(&name) {
        faults.push(format!(
            "{}: {files} files, at most {FOLDER_ENTRIES_MAX}",
            folder.display()
        ));
    }
    if NAMES_BANNED.contains(&name) {
        faults.push(format!(
            "{}: `{name}` says nothing about what is inside",
            folder.display()
        ));
    }
    for entry in entries.iter().filter(|entry| entry.is_dir()) {
        check_folders(entry, faults)?;
    }
    Ok(())
}

fn check_secrets(root: &Path, file: &Path, faults: &mut Vec<String>) -> Result<()> {
    let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let text = String::from_utf8_lossy(&bytes);
    for mark in SECRET_MARKS {
        if text.contains(mark) {
            let name = file.strip_prefix(root).unwrap_or(file).display();
            faults.push(format!(
                "{name}: holds something that looks like a key (`{mark}…`)"
            ));
        }
    }
    Ok(())
}

/// Every file below a folder with that ending (any, where empty), sorted. An absent folder has none.
fn files_below(folder: &Path, ending: &str) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    if !folder.exists() {
        return Ok(files);
    }
    for entry in entries_of(folder)? {
        if entry.is_dir() {
            files.extend(files_below(&entry, ending)?);
        } else if ending.is_empty() || entry.extension().is_some_and(|found| found == ending) {
            files.push(entry);
        }
    }
    Ok(files)
}

fn entries_of(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut entries: Vec<PathBuf> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    entries.sort();
    Ok(entries)
}
