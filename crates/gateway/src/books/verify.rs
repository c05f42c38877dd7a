//! Proves the books from the journal alone: replays it read-only, also beside a running server.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use canon::{Account, AttemptId, Entry, EntryKind, NanoUsd};
use policy::ledger::{Ledger, invariants};
use store::journal;

use super::{Error, desk, journal_dir};

/// What a journal adds up to.
#[derive(Clone, Debug)]
pub struct Report {
    /// Which journal.
    pub journal: PathBuf,
    /// Entries ever applied, those before the snapshot included.
    pub entries: u64,
    /// Entries after the newest snapshot.
    pub replayed: Counts,
    /// Attempts that money is set aside for, with the amounts.
    pub open: Vec<(AttemptId, NanoUsd)>,
    /// Attempts charged by an estimate that may still be corrected.
    pub provisional: usize,
    /// Balances. They sum to zero.
    pub accounts: Vec<(Account, NanoUsd)>,
    /// Bytes at the end that are no whole entry: a server is writing, or was killed.
    pub torn_bytes: u64,
    /// The first invariant that does not hold.
    pub violation: Option<invariants::Violation>,
}

/// Entries by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Money set aside.
    pub reserved: u64,
    /// Ended, cost known.
    pub settled: u64,
    /// Ended, nothing sent.
    pub voided: u64,
    /// Ended, cost estimated.
    pub provisional: u64,
}

/// Replays the journal of a data folder and checks it. Changes nothing and takes no lock, so a
/// server may run.
///
/// # Errors
/// The journal is damaged, or an entry cannot be applied.
pub fn verify(data_dir: &Path) -> Result<Report, Error> {
    let dir = journal_dir(data_dir);
    let mut replay = journal::read(&dir).map_err(Error::Journal)?;
    let mut counts = Counts::default();
    let ledger = desk::replayed(&mut replay, |entry| counts.count(entry))?;
    let torn_bytes = replay.entries.torn().map_or(0, |torn| torn.bytes);
    Ok(Report::of(dir, &ledger, counts, torn_bytes))
}

impl Report {
    /// Whether everything adds up.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.violation.is_none()
    }

    fn of(journal: PathBuf, ledger: &Ledger, replayed: Counts, torn_bytes: u64) -> Self {
        let mut open: Vec<_> = ledger
            .open()
            .map(|(attempt, amount)| (attempt.clone(), amount))
            .collect();
        open.sort();
        Self {
            journal,
            entries: ledger.entries(),
            replayed,
            open,
            provisional: ledger.provisional_len(),
            accounts: ledger
                .accounts()
                .map(|(account, balance)| (account.clone(), balance))
                .collect(),
            torn_bytes,
            violation: invariants::check(ledger).err(),
        }
    }
}

impl Counts {
    fn count(&mut self, entry: &Entry) {
        let count = match &entry.kind {
            EntryKind::Reserve { .. } => &mut self.reserved,
            EntryKind::Settle { .. } => &mut self.settled,
            EntryKind::Void => &mut self.voided,
            EntryKind::Provisional { .. } => &mut self.provisional,
        };
        *count = count.saturating_add(1);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts {
            reserved,
            settled,
            voided,
            provisional,
        } = self.replayed;
        let set_aside: NanoUsd = self.open.iter().map(|(_, amount)| *amount).sum();
        writeln!(f, "journal             {}", self.journal.display())?;
        writeln!(f, "entries             {}", self.entries)?;
        writeln!(
            f,
            "since the snapshot  {reserved} reserved, {settled} settled, {voided} voided, \
             {provisional} estimated"
        )?;
        writeln!(
            f,
            "open attempts       {} (${set_aside} set aside)",
            self.open.len()
        )?;
        writeln!(
            f,
            "estimates           {} that may still be corrected",
            self.provisional
        )?;
        if self.torn_bytes > 0 {
            writeln!(f, "unfinished tail     {} bytes", self.torn_bytes)?;
        }
        writeln!(f)?;
        let mut sum: i128 = 0;
        for (account, balance) in &self.accounts {
            sum += i128::from(balance.get());
            writeln!(f, "{:<40} {:>20}", name_of(account), balance.to_string())?;
        }
        writeln!(f, "{:<40} {:>20}", "sum", sum)?;
        writeln!(f)?;
        match &self.violation {
            None => writeln!(f, "every invariant holds"),
            Some(violation) => writeln!(f, "INVARIANT BROKEN: {violation}"),
        }
    }
}

fn name_of(account: &Account) -> String {
    match account {
        Account::Wallet(workspace) => format!("wallet of {workspace}"),
        Account::Cost(provider) => format!("cost of {provider}"),
        Account::Insurance => "insurance".to_owned(),
        Account::Suspense => "suspense".to_owned(),
        Account::Overrun => "overrun".to_owned(),
        Account::Adjust => "adjust".to_owned(),
    }
}
