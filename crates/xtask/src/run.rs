//! Running other programs, and saying what is done.

use std::{
    io::{IsTerminal, Write},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

/// The workspace's root.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// Where cargo puts what it builds.
pub(crate) fn target() -> PathBuf {
    let named = std::env::var("CARGO_TARGET_DIR").ok();
    named.map_or_else(|| root().join("target"), |named| root().join(named))
}

/// Prints a line on standard output.
///
/// # Errors
/// Standard output is closed.
pub(crate) fn say(text: &str) -> Result<()> {
    writeln!(std::io::stdout(), "{text}").context("cannot write to standard output")
}

/// Prints the heading of a step, bold on a terminal.
///
/// # Errors
/// Standard output is closed.
pub(crate) fn step(text: &str) -> Result<()> {
    if std::io::stdout().is_terminal() {
        say(&format!("\u{1b}[1m== {text}\u{1b}[0m"))
    } else {
        say(&format!("== {text}"))
    }
}

/// Runs a program to its end; its output goes where ours goes.
///
/// # Errors
/// It cannot be started, or ends with another code than 0.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let name = format!("{command:?}");
    let status = command
        .status()
        .with_context(|| format!("cannot start {name}"))?;
    if !status.success() {
        bail!("{name} ended with {status}");
    }
    Ok(())
}

/// Runs cargo in the workspace.
///
/// # Errors
/// It fails.
pub(crate) fn cargo(args: &[&str]) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    run(Command::new(cargo).args(args).current_dir(root()))
}

/// Whether a program answers to `--version`.
pub(crate) fn has(program: &str, args: &[&str]) -> bool {
    Command::new(program)
        .args(args)
        .output()
        .is_ok_and(|output| output.status.success())
}
