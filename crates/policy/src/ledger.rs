//! The ledger: what every key has spent and set aside, kept by applying entries and by nothing
//! else.
//!
//! An attempt goes Reserved → Settled | Voided | Provisional → Settled. The functions that make
//! entries ([`Ledger::hold`], [`Ledger::settle`], [`Ledger::void`], [`Ledger::provisional`]) only
//! read; the caller writes the entry to the journal and then applies it. So a restart that replays
//! the journal arrives at the same balances. No clock and no input or output here: `now` is an
//! argument and decides nothing but windows and deadlines.
//!
//! An attempt counts in the windows of the instant at which it was reserved, for as long as it
//! lives. No counter is ever reset: a new day is a new account (spec: money, units and accounts).
#![deny(clippy::float_arithmetic)]

mod attempts;
mod budget;
mod effect;
mod entries;
pub mod invariants;
mod snapshot;
mod tally;
mod window;

use std::collections::BTreeMap;

use foldhash::HashMap;

use canon::{Account, AttemptId, Entry, EntryKind, KeyId, NanoUsd, Transaction, Window};
use thiserror::Error;

use attempts::{Provisional, Recent, Reserved};
pub use budget::{HoldRequest, Refusal};
use effect::Effect;
pub use entries::{Final, ReasonForEstimate};
pub use snapshot::Snapshot;
use tally::Tallies;
pub use tally::{Spending, Tally};
pub use window::{window_of, windows_of};

/// How many ended attempts are remembered so that a repeated entry is known as one.
const FINAL_MAX: usize = 4_096;
/// How many estimated attempts can still be corrected by a late settlement.
const PROVISIONAL_MAX: usize = 65_536;

/// Balances and open attempts, as of the last entry applied.
#[derive(Clone, Debug)]
pub struct Ledger {
    open: HashMap<AttemptId, Reserved>,
    provisional: Recent<Provisional>,
    ended: Recent<()>,
    keys: HashMap<KeyId, Tallies>,
    accounts: BTreeMap<Account, NanoUsd>,
    entries: u64,
}

/// Why an entry cannot be applied. The ledger is unchanged.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum Error {
    /// The attempt was never reserved, or ended so long ago that it is forgotten.
    #[error("attempt {0} is not known")]
    UnknownAttempt(AttemptId),
    /// Usage cannot mint money.
    #[error("attempt {attempt}: {amount} USD is negative")]
    Negative {
        /// Which attempt.
        attempt: AttemptId,
        /// What was to be written.
        amount: NanoUsd,
    },
    /// The window that the reservation names does not hold the instant at which it was made.
    #[error("attempt {0}: its window does not hold the time of its reservation")]
    ForeignWindow(AttemptId),
    /// The postings say something else than the amount charged.
    #[error("attempt {attempt}: {charged} USD charged, but {posted} USD posted")]
    Mismatch {
        /// Which attempt.
        attempt: AttemptId,
        /// What the entry says is charged.
        charged: NanoUsd,
        /// What its postings take from the wallet.
        posted: NanoUsd,
    },
    /// A balance would pass what 64 bits hold.
    #[error("attempt {0}: a balance would not fit")]
    Overflow(AttemptId),
}

/// What applying an entry did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It took effect.
    Done,
    /// The attempt had already got as far: nothing changed.
    Repeat,
}

/// Where an attempt stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Money is set aside for it.
    Open,
    /// An estimate is charged, and may be corrected once.
    Provisional,
    /// It is over.
    Ended,
    /// Never heard of, or forgotten.
    Unknown,
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            open: HashMap::default(),
            provisional: Recent::holding(PROVISIONAL_MAX),
            ended: Recent::holding(FINAL_MAX),
            keys: HashMap::default(),
            accounts: BTreeMap::new(),
            entries: 0,
        }
    }
}

impl Ledger {
    /// Applies an entry. A repeated one is a no-op, so replaying twice is replaying once.
    ///
    /// # Errors
    /// The entry makes no sense here; nothing has changed.
    pub fn apply(&mut self, entry: &Entry) -> Result<Applied, Error> {
        let effect = self.effect_of(entry)?;
        let postings = transaction_of(&entry.kind).filter(|_| !matches!(effect, Effect::Nothing));
        let balances = self.balances_after(&entry.attempt, postings)?;
        let key = cfg!(debug_assertions).then(|| self.key_of(&entry.attempt, &effect));
        let applied = self.commit(&entry.attempt, effect)?;
        for (account, balance) in balances {
            match self.accounts.get_mut(account) {
                Some(known) => *known = balance,
                None => drop(self.accounts.insert(account.clone(), balance)),
            }
        }
        if applied == Applied::Done {
            self.entries = self.entries.saturating_add(1);
        }
        debug_assert_eq!(invariants::balanced(self), Ok(()));
        debug_assert_eq!(
            key.flatten()
                .map_or(Ok(()), |key| invariants::sound(self, &key)),
            Ok(())
        );
        Ok(applied)
    }

    /// Whether [`Self::apply`] would take the entry, so that nothing is written down that cannot be
    /// applied.
    ///
    /// # Errors
    /// It would not, and why.
    pub fn check(&self, entry: &Entry) -> Result<(), Error> {
        let effect = self.effect_of(entry)?;
        let postings = transaction_of(&entry.kind).filter(|_| !matches!(effect, Effect::Nothing));
        self.balances_after(&entry.attempt, postings)?;
        self.fits(&entry.attempt, &effect)
    }

    /// Where an attempt stands.
    #[must_use]
    pub fn standing(&self, attempt: &AttemptId) -> Standing {
        if self.open.contains_key(attempt) {
            Standing::Open
        } else if self.provisional.get(attempt).is_some() {
            Standing::Provisional
        } else if self.ended.get(attempt).is_some() {
            Standing::Ended
        } else {
            Standing::Unknown
        }
    }

    /// The attempts that money is set aside for, with the amounts.
    pub fn open(&self) -> impl Iterator<Item = (&AttemptId, NanoUsd)> {
        self.open
            .iter()
            .map(|(attempt, reserved)| (attempt, reserved.amount))
    }

    /// Open attempts that should have ended before `now` (microseconds since 1970), the oldest
    /// first.
    #[must_use]
    pub fn overdue(&self, now: i64) -> Vec<AttemptId> {
        let mut overdue: Vec<_> = self
            .open
            .iter()
            .filter(|(_, reserved)| reserved.deadline < now)
            .map(|(attempt, reserved)| (reserved.deadline, attempt.clone()))
            .collect();
        overdue.sort();
        overdue.into_iter().map(|(_, attempt)| attempt).collect()
    }

    /// How many attempts are charged by an estimate that may still be corrected.
    #[must_use]
    pub fn provisional_len(&self) -> usize {
        self.provisional.len()
    }

    /// What a key has spent and set aside in a window.
    #[must_use]
    pub fn tally(&self, key: &KeyId, window: Window) -> Tally {
        self.keys
            .get(key)
            .map_or_else(Tally::default, |tallies| tallies.get(window))
    }

    /// What a key has spent in a window, estimates included, reservations not.
    #[must_use]
    pub fn spent(&self, key: &KeyId, window: Window) -> NanoUsd {
        self.tally(key, window).spent
    }

    /// What a key has spent in all windows that hold `now` (microseconds since 1970).
    #[must_use]
    pub fn spending(&self, key: &KeyId, now: i64) -> Spending {
        let [lifetime, day, week, month] =
            windows_of(now).map(|window| self.tally(key, window).spent);
        Spending {
            lifetime,
            day,
            week,
            month,
        }
    }

    /// Every account and its balance, in a fixed order. They sum to zero.
    pub fn accounts(&self) -> impl Iterator<Item = (&Account, NanoUsd)> {
        self.accounts
            .iter()
            .map(|(account, balance)| (account, *balance))
    }

    /// The balance of an account.
    #[must_use]
    pub fn balance(&self, account: &Account) -> NanoUsd {
        self.accounts.get(account).copied().unwrap_or(NanoUsd::ZERO)
    }

    /// How many entries ever took effect.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.entries
    }
}

/// The postings of an entry, where it has some.
fn transaction_of(kind: &EntryKind) -> Option<&Transaction> {
    match kind {
        EntryKind::Reserve { .. } | EntryKind::Void => None,
        EntryKind::Settle { transaction, .. } | EntryKind::Provisional { transaction, .. } => {
            Some(transaction)
        }
    }
}
