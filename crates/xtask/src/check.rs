//! `cargo x check`: what must pass before a change comes in. Formatting, lints, tidy, the fuzz crate, dependencies, then every
//! test.

use anyhow::{Result, bail};

use crate::{
    fuzz,
    run::{cargo, has, say, step},
    test, tidy,
};

const HELP: &str = "\
What must pass: formatting, lints, tidy, the fuzz crate builds, the rules for dependencies (cargo-deny, where it is
installed), then test.

usage: cargo x check [--quick]

  --quick   without the official clients";

/// Runs the command; the cheapest check first, and the first failure ends it.
///
/// # Errors
/// A check or a test fails.
pub(crate) fn check(args: &[String]) -> Result<()> {
    match args {
        [] => {}
        [flag] if flag == "--quick" => {}
        [flag] if flag == "--help" || flag == "-h" => return say(HELP),
        _ => bail!("unknown arguments\n\n{HELP}"),
    }
    step("formatting")?;
    cargo(&["fmt", "--all", "--check"])?;
    step("tidy")?;
    tidy::run()?;
    step("lints")?;
    cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--quiet",
        "--",
        "-D",
        "warnings",
    ])?;
    step("the fuzz targets' library, a workspace of its own")?;
    fuzz::check()?;
    step("dependencies")?;
    if has("cargo", &["deny", "--version"]) {
        cargo(&["deny", "check"])?;
    } else {
        say(
            "   cargo-deny is not installed, so deny.toml is not checked: `cargo install cargo-deny`",
        )?;
    }
    test::test(args)
}
