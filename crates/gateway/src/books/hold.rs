//! Money set aside for one attempt, as a value that cannot be forgotten.

use std::sync::Arc;

use canon::{AttemptId, EntryId, Fault, NanoUsd, Record};
use policy::ledger::{Final, ReasonForEstimate};

use super::{
    Books,
    desk::{self, End},
};
use crate::clock;

/// How an attempt ended whose cost is known.
pub type Settlement = Final;

/// Money set aside for one attempt. Ends in [`Self::settle`], [`Self::void`] or
/// [`Self::provisional`]; dropped otherwise (a panic, a task that is cancelled), what was set aside
/// is charged as an estimate.
///
/// All three are short, synchronous and done when they return: written to the journal, or, while
/// that cannot be written, kept in memory until it can.
#[must_use = "money stays set aside until the hold ends"]
#[derive(Debug)]
pub struct Hold {
    books: Arc<Books>,
    attempt: AttemptId,
    amount: NanoUsd,
    entry: EntryId,
    ended: bool,
}

impl Hold {
    pub(super) fn new(
        books: Arc<Books>,
        attempt: AttemptId,
        (amount, entry): (NanoUsd, EntryId),
    ) -> Self {
        Self {
            books,
            attempt,
            amount,
            entry,
            ended: false,
        }
    }

    /// For which attempt.
    #[must_use]
    pub fn attempt(&self) -> &AttemptId {
        &self.attempt
    }

    /// What is set aside: the most that an estimate charges.
    #[must_use]
    pub fn amount(&self) -> NanoUsd {
        self.amount
    }

    /// Ready when the reservation is as durable as configured: at once, or after an fsync that is
    /// shared with others. To be awaited before anything is sent. Dropping the future leaves the
    /// hold as it is.
    ///
    /// # Errors
    /// The disk refused (503); nothing may be sent.
    pub async fn durable(&self) -> Result<(), Fault> {
        self.books
            .syncing
            .synced(self.entry)
            .await
            .map_err(desk::cannot_record)
    }

    /// It ended and its cost is known. An amount below zero is not believed: it becomes an
    /// estimate.
    pub fn settle(mut self, settlement: Settlement, now: i64) {
        self.end(End::Settle(settlement), now);
    }

    /// Nothing was sent, for certain.
    pub fn void(mut self, now: i64) {
        self.end(End::Void, now);
    }

    /// It ended and its cost is estimated. Above what was set aside, that is charged.
    pub fn provisional(
        mut self,
        charged: NanoUsd,
        reason: ReasonForEstimate,
        generation: Option<Box<Record>>,
        now: i64,
    ) {
        let charged = Some(charged);
        self.end(
            End::Estimate {
                charged,
                reason,
                generation,
            },
            now,
        );
    }

    fn end(&mut self, end: End, now: i64) {
        self.ended = true;
        self.books.end(&self.attempt, end, now);
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        tracing::warn!(attempt = %self.attempt, "dropped: charged by what was set aside");
        self.end(End::worst(ReasonForEstimate::Dropped), clock::now_micros());
    }
}
