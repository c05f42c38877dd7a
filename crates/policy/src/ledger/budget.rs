//! May this key spend this much? The decision before money is set aside.

use canon::{AttemptId, Entry, EntryKind, Key, NanoUsd, ProviderId, Window};
use thiserror::Error;

use super::{Ledger, Standing, window_of};

/// What is asked for when money is to be set aside.
#[derive(Clone, Debug)]
pub struct HoldRequest<'a> {
    /// For which call to a provider.
    pub attempt: AttemptId,
    /// Against whose limit.
    pub key: &'a Key,
    /// Who will be called.
    pub provider: &'a ProviderId,
    /// The worst it may cost.
    pub amount: NanoUsd,
    /// Until when it must have ended, in microseconds since 1970.
    pub deadline: i64,
    /// The version of the prices that `amount` was computed with.
    pub price_version: u32,
}

/// Why no money is set aside.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The limit would be passed, or is reached.
    #[error("{left} USD of {limit} USD are left, and {asked} USD are asked for")]
    OverLimit {
        /// The key's limit.
        limit: NanoUsd,
        /// The window that it holds for.
        window: Window,
        /// What is left of it: not spent and not set aside. Never negative.
        left: NanoUsd,
        /// What was asked for.
        asked: NanoUsd,
    },
    /// An amount below zero.
    #[error("{0} USD is negative")]
    Negative(NanoUsd),
    /// The attempt already has its money, or had it.
    #[error("attempt {0} was reserved before")]
    Repeated(AttemptId),
}

impl Ledger {
    /// The entry that sets money aside, or why not. It takes effect when it is applied.
    ///
    /// A limit that is reached refuses everything, what is free included.
    ///
    /// # Errors
    /// The limit does not allow it, or the request makes no sense.
    pub fn hold(&self, request: &HoldRequest<'_>, now: i64) -> Result<Entry, Refusal> {
        let HoldRequest { key, amount, .. } = *request;
        if amount < NanoUsd::ZERO {
            return Err(Refusal::Negative(amount));
        }
        if self.standing(&request.attempt) != Standing::Unknown {
            return Err(Refusal::Repeated(request.attempt.clone()));
        }
        let window = window_of(key.limit_reset, now);
        if let Some(limit) = key.limit {
            let tally = self.tally(&key.id, window);
            let left = limit
                .saturating_sub(tally.spent)
                .saturating_sub(tally.reserved);
            if tally.spent >= limit || amount > left {
                return Err(Refusal::OverLimit {
                    limit,
                    window,
                    left: left.max(NanoUsd::ZERO),
                    asked: amount,
                });
            }
        }
        Ok(Entry {
            at: now,
            attempt: request.attempt.clone(),
            kind: EntryKind::Reserve {
                key: key.id.clone(),
                workspace: key.workspace.clone(),
                provider: request.provider.clone(),
                window,
                amount,
                deadline: request.deadline,
                price_version: request.price_version,
            },
        })
    }

    /// What a key may still set aside at `now`: its limit less what is spent and set aside, never
    /// negative. `None` where it has no limit.
    #[must_use]
    pub fn headroom(&self, key: &Key, now: i64) -> Option<NanoUsd> {
        let limit = key.limit?;
        let tally = self.tally(&key.id, window_of(key.limit_reset, now));
        let left = limit
            .saturating_sub(tally.spent)
            .saturating_sub(tally.reserved);
        Some(left.max(NanoUsd::ZERO))
    }
}
