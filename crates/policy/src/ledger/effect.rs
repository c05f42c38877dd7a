//! The state machine of an attempt: what an entry does, decided in full before anything is changed.

use canon::{Account, AttemptId, Entry, EntryKind, KeyId, NanoUsd, Posting, Transaction, Window};

use super::{
    Applied, Error, Ledger, Standing,
    attempts::{Provisional, Reserved},
    entries,
};

/// What an entry will do, checked in full before anything is changed.
pub(super) enum Effect {
    Nothing,
    Reserve(Reserved),
    Release,
    Charge { charged: NanoUsd, estimate: bool },
    Correct { charged: NanoUsd },
}

impl Ledger {
    /// The state machine: what this entry does to its attempt.
    pub(super) fn effect_of(&self, entry: &Entry) -> Result<Effect, Error> {
        let attempt = &entry.attempt;
        match (&entry.kind, self.standing(attempt)) {
            (EntryKind::Reserve { .. }, Standing::Unknown) => {
                Reserved::from_entry(entry).map(Effect::Reserve)
            }
            (EntryKind::Reserve { .. }, _) | (_, Standing::Ended) => Ok(Effect::Nothing),
            (_, Standing::Unknown) => Err(Error::UnknownAttempt(attempt.clone())),
            (EntryKind::Void, Standing::Open) => Ok(Effect::Release),
            (EntryKind::Void | EntryKind::Provisional { .. }, Standing::Provisional) => {
                Ok(Effect::Nothing)
            }
            (
                EntryKind::Settle {
                    charged,
                    transaction,
                    ..
                },
                standing,
            ) => {
                let estimated = self
                    .provisional
                    .get(attempt)
                    .map_or(NanoUsd::ZERO, |provisional| provisional.charged);
                self.agree(attempt, (*charged, estimated), transaction)?;
                Ok(match standing {
                    Standing::Provisional => Effect::Correct { charged: *charged },
                    Standing::Open | Standing::Ended | Standing::Unknown => Effect::Charge {
                        charged: *charged,
                        estimate: false,
                    },
                })
            }
            (
                EntryKind::Provisional {
                    charged,
                    transaction,
                    ..
                },
                Standing::Open,
            ) => {
                self.agree(attempt, (*charged, NanoUsd::ZERO), transaction)?;
                Ok(Effect::Charge {
                    charged: *charged,
                    estimate: true,
                })
            }
        }
    }

    /// The postings take from the wallet (and, above the reservation, from overrun) what is newly
    /// charged.
    fn agree(
        &self,
        attempt: &AttemptId,
        (charged, before): (NanoUsd, NanoUsd),
        transaction: &Transaction,
    ) -> Result<(), Error> {
        if charged < NanoUsd::ZERO {
            return Err(Error::Negative {
                attempt: attempt.clone(),
                amount: charged,
            });
        }
        let reserved = self.reserved(attempt)?;
        let posted = entries::taken(transaction, &reserved.workspace);
        if posted == charged.saturating_sub(before) {
            return Ok(());
        }
        Err(Error::Mismatch {
            attempt: attempt.clone(),
            charged,
            posted: posted.saturating_add(before),
        })
    }

    /// What was set aside for an attempt that is open or estimated.
    pub(super) fn reserved(&self, attempt: &AttemptId) -> Result<&Reserved, Error> {
        self.open
            .get(attempt)
            .or_else(|| {
                let provisional = self.provisional.get(attempt)?;
                Some(&provisional.reserved)
            })
            .ok_or_else(|| Error::UnknownAttempt(attempt.clone()))
    }

    /// The balances that the postings change, as they will be.
    pub(super) fn balances_after<'a>(
        &self,
        attempt: &AttemptId,
        transaction: Option<&'a Transaction>,
    ) -> Result<Vec<(&'a Account, NanoUsd)>, Error> {
        // A transaction has four postings, not four hundred: searching is faster than sorting.
        let mut balances: Vec<(&Account, NanoUsd)> = Vec::new();
        for Posting { account, amount } in transaction.into_iter().flat_map(Transaction::postings) {
            let known = balances.iter_mut().find(|(known, _)| *known == account);
            let before = known
                .as_ref()
                .map_or(self.balance(account), |known| known.1);
            let balance = before
                .checked_add(*amount)
                .ok_or_else(|| Error::Overflow(attempt.clone()))?;
            match known {
                Some(known) => known.1 = balance,
                None => balances.push((account, balance)),
            }
        }
        Ok(balances)
    }

    /// Whether the tallies of the key can hold what the effect adds.
    pub(super) fn fits(&self, attempt: &AttemptId, effect: &Effect) -> Result<(), Error> {
        let (reserved, added) = match effect {
            Effect::Nothing | Effect::Release => return Ok(()),
            Effect::Reserve(reserved) => (reserved, reserved.amount),
            Effect::Charge { charged, .. } | Effect::Correct { charged } => {
                (self.reserved(attempt)?, *charged)
            }
        };
        let tally = self.tally(&reserved.key, Window::Lifetime);
        tally
            .spent
            .checked_add(tally.reserved)
            .and_then(|sum| sum.checked_add(added))
            .map(|_| ())
            .ok_or_else(|| Error::Overflow(attempt.clone()))
    }

    /// Whose tallies an effect touches.
    pub(super) fn key_of(&self, attempt: &AttemptId, effect: &Effect) -> Option<KeyId> {
        match effect {
            Effect::Reserve(reserved) => Some(reserved.key.clone()),
            Effect::Nothing | Effect::Release | Effect::Charge { .. } | Effect::Correct { .. } => {
                self.reserved(attempt)
                    .ok()
                    .map(|reserved| reserved.key.clone())
            }
        }
    }

    /// Makes an effect true, all of it or (with an error) nothing.
    pub(super) fn commit(&mut self, attempt: &AttemptId, effect: Effect) -> Result<Applied, Error> {
        self.fits(attempt, &effect)?;
        let unknown = || Error::UnknownAttempt(attempt.clone());
        match effect {
            Effect::Nothing => return Ok(Applied::Repeat),
            Effect::Reserve(reserved) => {
                let tallies = self.keys.entry(reserved.key.clone()).or_default();
                tallies.reserve(reserved.at, reserved.amount);
                self.open.insert(attempt.clone(), reserved);
            }
            Effect::Release => {
                let reserved = self.open.remove(attempt).ok_or_else(unknown)?;
                let tallies = self.keys.entry(reserved.key).or_default();
                tallies.release(reserved.at, reserved.amount);
                self.ended.insert(attempt.clone(), ());
            }
            Effect::Charge { charged, estimate } => {
                let reserved = self.open.remove(attempt).ok_or_else(unknown)?;
                let tallies = self.keys.entry(reserved.key.clone()).or_default();
                tallies.release(reserved.at, reserved.amount);
                tallies.charge(reserved.at, charged);
                if estimate {
                    let provisional = Provisional { reserved, charged };
                    self.provisional.insert(attempt.clone(), provisional);
                } else {
                    self.ended.insert(attempt.clone(), ());
                }
            }
            Effect::Correct { charged } => {
                let Provisional {
                    reserved,
                    charged: estimated,
                } = self.provisional.remove(attempt).ok_or_else(unknown)?;
                let tallies = self.keys.entry(reserved.key).or_default();
                tallies.charge(reserved.at, charged.saturating_sub(estimated));
                self.ended.insert(attempt.clone(), ());
            }
        }
        Ok(Applied::Done)
    }
}
