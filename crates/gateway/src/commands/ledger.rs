//! `weir ledger verify`: proves the books from the journal alone.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};

use super::{DataFolder, terminal};
use crate::books;

/// The books.
#[derive(Debug, Args)]
pub(super) struct Ledger {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Replay the journal, check every invariant, print totals by account. Ends with 0 where all holds, else 1.
    #[command(after_help = "\
Examples:
  weir ledger verify --data /var/lib/weir      beside a running server too")]
    Verify(DataFolder),
}

impl Ledger {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let Command::Verify(folder) = self.command;
        let data = folder.path();
        let report = books::verify(&data)
            .with_context(|| format!("the books in {} cannot be verified", data.display()))?;
        terminal::say(report.to_string().trim_end())?;
        Ok(if report.is_sound() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}
