//! `cargo x dialects` and `cargo x corpus`: the pages of `docs/` that are written from code.
//!
//! The tests of the crate `dialects` know what a page should say and fail where it says something else. These
//! commands run the same tests and have them write the page instead, so that there is one truth.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::run::{root, run, say};

const HELP_DIALECTS: &str = "\
Writes docs/dialects.md: for each dialect served and each one called, what cannot be carried, and why.

usage: cargo x dialects";

const HELP_CORPUS: &str = "\
Writes docs/conformance.md: what became of the recorded exchanges with model providers, vendor by vendor. The
recordings stand beside the repository, in ../shared/corpus; where they are absent, nothing is written.

usage: cargo x corpus";

/// Runs `cargo x dialects`.
///
/// # Errors
/// The codecs do not build, or a feature vanishes without a word.
pub(crate) fn dialects(args: &[String]) -> Result<()> {
    if wants_help(args, HELP_DIALECTS)? {
        return Ok(());
    }
    write("pages::losses::the_page")?;
    say("docs/dialects.md is written")
}

/// Runs `cargo x corpus`.
///
/// # Errors
/// The codecs do not build, or a difference to OpenRouter's answers has no reason.
pub(crate) fn corpus(args: &[String]) -> Result<()> {
    if wants_help(args, HELP_CORPUS)? {
        return Ok(());
    }
    let corpus = root().join("../shared/corpus");
    if !corpus.join("INDEX.csv").is_file() {
        return say(
            "the recorded exchanges are not at hand (../shared/corpus): docs/conformance.md stays as it is",
        );
    }
    write("pages::conformance::the_page")?;
    say("docs/conformance.md is written")
}

fn wants_help(args: &[String], help: &str) -> Result<bool> {
    match args {
        [] => Ok(false),
        [flag] if flag == "--help" || flag == "-h" => say(help).map(|()| true),
        _ => bail!("unknown arguments\n\n{help}"),
    }
}

/// Runs the test that knows a page, so that it writes it.
fn write(test: &str) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    run(Command::new(cargo)
        .args([
            "test",
            "--quiet",
            "--package",
            "dialects",
            "--test",
            "it",
            test,
        ])
        .env("WEIR_WRITE_PAGES", "1")
        .current_dir(root()))
    .context("the page is not written")
}
