//! What is true of every ledger at every moment. Tests, debug builds, `ledger verify` and the
//! loading of a snapshot all ask the same functions.

use std::collections::HashMap;

use canon::{Account, KeyId, NanoUsd, Window};
use thiserror::Error;

use super::{Ledger, Standing, windows_of};

/// Something that must never be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Violation {
    /// The accounts do not sum to zero.
    #[error("accounts miss zero by {0} nano-USD")]
    Unbalanced(i128),
    /// What a key has set aside is not what its open attempts need.
    #[error("key {key}: {tallied} USD set aside, open attempts need {needed} USD")]
    Reserved {
        /// Whose.
        key: KeyId,
        /// The balance.
        tallied: NanoUsd,
        /// The sum over open attempts.
        needed: NanoUsd,
    },
    /// An amount that can only be zero or more is less.
    #[error("key {key}: {amount} USD in {window:?} is negative")]
    Negative {
        /// Whose.
        key: KeyId,
        /// In which window.
        window: Window,
        /// The balance.
        amount: NanoUsd,
    },
    /// What keys have spent is not what wallets and overrun have given.
    #[error("keys have spent {spent} nano-USD, wallets and overrun have given {given} nano-USD")]
    Spent {
        /// Sum over keys.
        spent: i128,
        /// Sum over wallets and overrun, with the sign turned.
        given: i128,
    },
    /// An attempt is in two states at once.
    #[error("attempt {0} is both open and ended")]
    TwoStates(canon::AttemptId),
}

/// Everything, in time linear in keys and open attempts.
///
/// # Errors
/// The first thing that is wrong.
pub fn check(ledger: &Ledger) -> Result<(), Violation> {
    balanced(ledger)?;
    for key in ledger.keys.keys() {
        sound(ledger, key)?;
    }
    reserved_is_needed(ledger)?;
    spent_is_given(ledger)?;
    one_state_each(ledger)
}

/// I1: the accounts sum to zero.
///
/// # Errors
/// They do not.
pub fn balanced(ledger: &Ledger) -> Result<(), Violation> {
    match ledger
        .accounts
        .values()
        .map(|amount| i128::from(amount.get()))
        .sum()
    {
        0 => Ok(()),
        off => Err(Violation::Unbalanced(off)),
    }
}

/// I6, lower half: nothing of a key is negative.
///
/// # Errors
/// Something is.
pub fn sound(ledger: &Ledger, key: &KeyId) -> Result<(), Violation> {
    let Some(tallies) = ledger.keys.get(key) else {
        return Ok(());
    };
    for (window, tally) in tallies.iter() {
        let amount = tally.spent.min(tally.reserved);
        if amount < NanoUsd::ZERO {
            return Err(Violation::Negative {
                key: key.clone(),
                window,
                amount,
            });
        }
    }
    Ok(())
}

/// What is set aside belongs to an open attempt, in every window.
fn reserved_is_needed(ledger: &Ledger) -> Result<(), Violation> {
    let mut needed: HashMap<(&KeyId, Window), NanoUsd> = HashMap::new();
    for reserved in ledger.open.values() {
        for window in windows_of(reserved.at) {
            let sum = needed.entry((&reserved.key, window)).or_default();
            *sum = sum.saturating_add(reserved.amount);
        }
    }
    for (key, tallies) in &ledger.keys {
        for (window, tally) in tallies.iter() {
            let needed = needed.remove(&(key, window)).unwrap_or_default();
            if needed != tally.reserved {
                return Err(Violation::Reserved {
                    key: key.clone(),
                    tallied: tally.reserved,
                    needed,
                });
            }
        }
    }
    match needed
        .into_iter()
        .find(|(_, amount)| *amount != NanoUsd::ZERO)
    {
        None => Ok(()),
        Some(((key, _), needed)) => Err(Violation::Reserved {
            key: key.clone(),
            tallied: NanoUsd::ZERO,
            needed,
        }),
    }
}

/// What keys have spent is what wallets and overrun have given.
fn spent_is_given(ledger: &Ledger) -> Result<(), Violation> {
    let spent: i128 = ledger
        .keys
        .values()
        .map(|tallies| i128::from(tallies.get(Window::Lifetime).spent.get()))
        .sum();
    let given: i128 = ledger
        .accounts
        .iter()
        .filter(|(account, _)| matches!(account, Account::Wallet(_) | Account::Overrun))
        .map(|(_, balance)| -i128::from(balance.get()))
        .sum();
    if spent == given {
        return Ok(());
    }
    Err(Violation::Spent { spent, given })
}

/// I4: an attempt is open, estimated or ended, and only one of them.
fn one_state_each(ledger: &Ledger) -> Result<(), Violation> {
    let mut twice = ledger.open.keys().filter(|attempt| {
        ledger.provisional.get(attempt).is_some() || ledger.ended.get(attempt).is_some()
    });
    let estimated_and_ended =
        ledger
            .provisional
            .iter()
            .map(|(attempt, _)| attempt)
            .find(|attempt| {
                ledger.standing(attempt) != Standing::Provisional
                    || ledger.ended.get(attempt).is_some()
            });
    match twice.next().or(estimated_and_ended) {
        None => Ok(()),
        Some(attempt) => Err(Violation::TwoStates(attempt.clone())),
    }
}
