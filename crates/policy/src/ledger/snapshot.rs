//! The whole ledger as plain data, so that the journal can be cut short and a restart need not read
//! it all.

use canon::{Account, AttemptId, KeyId, NanoUsd, Window};
use serde::{Deserialize, Serialize};

use super::{
    FINAL_MAX, Ledger, PROVISIONAL_MAX,
    attempts::{Provisional, Recent, Reserved},
    invariants,
    tally::Tally,
};

/// The whole ledger as plain data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    open: Vec<(AttemptId, Reserved)>,
    provisional: Vec<(AttemptId, Provisional)>,
    ended: Vec<AttemptId>,
    keys: Vec<(KeyId, Vec<(Window, Tally)>)>,
    accounts: Vec<(Account, NanoUsd)>,
    entries: u64,
}

impl Ledger {
    /// The ledger as data. Two ledgers that went through the same entries give equal snapshots.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let mut open: Vec<_> = self
            .open
            .iter()
            .map(|(attempt, reserved)| (attempt.clone(), reserved.clone()))
            .collect();
        open.sort_by(|(left, _), (right, _)| left.cmp(right));
        let mut keys: Vec<_> = self
            .keys
            .iter()
            .map(|(key, tallies)| (key.clone(), tallies.iter().collect()))
            .collect();
        keys.sort_by(|(left, _): &(KeyId, Vec<_>), (right, _)| left.cmp(right));
        Snapshot {
            open,
            provisional: self
                .provisional
                .iter()
                .map(|(attempt, provisional)| (attempt.clone(), provisional.clone()))
                .collect(),
            ended: self
                .ended
                .iter()
                .map(|(attempt, ())| attempt.clone())
                .collect(),
            keys,
            accounts: self
                .accounts
                .iter()
                .map(|(account, balance)| (account.clone(), *balance))
                .collect(),
            entries: self.entries,
        }
    }

    /// The ledger that a snapshot was taken of.
    ///
    /// # Errors
    /// It contradicts itself.
    pub fn from_snapshot(snapshot: Snapshot) -> Result<Self, invariants::Violation> {
        let mut provisional = Recent::holding(PROVISIONAL_MAX);
        for (attempt, value) in snapshot.provisional {
            provisional.insert(attempt, value);
        }
        let mut ended = Recent::holding(FINAL_MAX);
        for attempt in snapshot.ended {
            ended.insert(attempt, ());
        }
        let ledger = Self {
            open: snapshot.open.into_iter().collect(),
            provisional,
            ended,
            keys: snapshot
                .keys
                .into_iter()
                .map(|(key, tallies)| (key, tallies.into_iter().collect()))
                .collect(),
            accounts: snapshot.accounts.into_iter().collect(),
            entries: snapshot.entries,
        };
        invariants::check(&ledger)?;
        Ok(ledger)
    }
}
