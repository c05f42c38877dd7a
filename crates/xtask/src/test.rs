//! `cargo x test`: everything the tests need, then all tests: ours in Rust, then the official clients against weir.

use anyhow::{Result, bail};

use crate::{
    conformance,
    run::{cargo, has, say, step},
};

const HELP: &str = "\
Runs all tests: those in Rust, then the official clients for Python and Node against a running weir.

Needs Rust, Node 20 or newer and Python 3. The clients are installed under target/conformance and conformance/node,
once; where the package indexes are out of reach they are skipped, and it says so.

usage: cargo x test [--quick] [--only conformance]

  --quick              without the official clients
  --only conformance   only the official clients";

/// Which tests.
struct Chosen {
    rust: bool,
    conformance: bool,
}

/// Runs the command. The clients are run though a test in Rust failed: two reports are better than one.
///
/// # Errors
/// Something does not build, or a test fails.
pub(crate) fn test(args: &[String]) -> Result<()> {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let chosen = match words.as_slice() {
        [] => Chosen {
            rust: true,
            conformance: true,
        },
        ["--quick"] => Chosen {
            rust: true,
            conformance: false,
        },
        ["--only", "conformance"] => Chosen {
            rust: false,
            conformance: true,
        },
        ["--help" | "-h"] => return say(HELP),
        _ => bail!("unknown arguments\n\n{HELP}"),
    };
    step("building")?;
    if chosen.rust {
        // With all targets, so that the binaries are built once, with the features that the tests need.
        cargo(&["build", "--workspace", "--all-targets", "--quiet"])?;
    } else {
        cargo(&[
            "build",
            "--package",
            "gateway",
            "--package",
            "testbed",
            "--bins",
            "--quiet",
        ])?;
    }
    let rust = if chosen.rust { rust() } else { Ok(()) };
    let clients = if chosen.conformance {
        conformance::conformance()
    } else {
        say("conformance: skipped, as --quick says")
    };
    match (rust, clients) {
        (Ok(()), Ok(())) => Ok(()),
        (Err(rust), Err(clients)) => bail!("{rust:#}; and {clients:#}"),
        (Err(error), Ok(())) | (Ok(()), Err(error)) => Err(error),
    }
}

/// The tests in Rust, all of them, whatever fails.
fn rust() -> Result<()> {
    step("tests in Rust")?;
    let runner: &[&str] = if has("cargo", &["nextest", "--version"]) {
        &["nextest", "run"]
    } else {
        &["test", "--quiet"]
    };
    let failed = cargo(&[runner, &["--workspace", "--no-fail-fast"]].concat()).is_err();
    if failed {
        bail!("tests in Rust failed");
    }
    Ok(())
}
