//! `cargo x`: the project's own tools, in the project's own language.
#![expect(
    clippy::disallowed_methods,
    reason = "a tool measures time and reads its environment"
)]

mod bench;
mod catalog;
mod check;
mod conformance;
mod demo;
mod fuzz;
mod pages;
mod run;
mod test;
mod tidy;

use std::{io::Write as _, process::ExitCode};

use anyhow::{Result, bail};

const HELP: &str = "\
The project's own tools.

usage: cargo x COMMAND

  demo [--once]      install what is needed, start a real small model, fake vendors and weir, and show the main job
  test [--quick]     everything the tests need, then all tests (--quick: without the official clients)
  check              formatting, lints, tidy, then test
  tidy               the rules of the house that lints cannot see
  catalog [--check]  write crates/policy/data from the pinned packages (--check: only compare)
  bench              side by side with nginx, in one run
  dialects           write docs/dialects.md: what each pair of dialects cannot carry
  corpus             write docs/conformance.md: what became of recorded traffic
  fuzz               every fuzz target for a minute

Each command has its own --help where it takes more.";

fn main() -> ExitCode {
    match dispatch() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // One line for people, whatever RUST_BACKTRACE says.
            drop(writeln!(std::io::stderr(), "error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn dispatch() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let Some((command, rest)) = args.split_first() else {
        return run::say(HELP);
    };
    match command.as_str() {
        "bench" => bench::bench(rest),
        "catalog" => catalog::run(rest),
        "check" => check::check(rest),
        "corpus" => pages::corpus(rest),
        "demo" => demo::demo(rest),
        "dialects" => pages::dialects(rest),
        "fuzz" => fuzz::fuzz(rest),
        "test" => test::test(rest),
        "tidy" => tidy::run(),
        "help" | "--help" | "-h" => run::say(HELP),
        _ => bail!("there is no command `{command}`\n\n{HELP}"),
    }
}
