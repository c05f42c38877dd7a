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
/// that cannot be written, kept in memory until it can. [`Self::settling`] and [`Self::estimating`] are
/// for those who have time: many share one write.
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

    /// Ready when the reservation is as durable as configured: written in one with what others note in
    /// the same turn of this core, then perhaps after an fsync that is shared, too. To be awaited before
    /// anything is sent. Dropping the future leaves the hold as it is.
    ///
    /// # Errors
    /// The disk refused (503); nothing may be sent.
    pub async fn durable(&self) -> Result<(), Fault> {
        self.books
            .written(self.entry)
            .await
            .map_err(desk::cannot_record)?;
        self.books
            .syncing
            .synced(self.entry)
            .await
            .map_err(desk::cannot_record)
    }

    /// It ended and its cost is known. An amount below zero is not believed: it becomes an
    /// estimate.
    pub fn settle(self, settlement: Settlement, now: i64) {
        drop(self.settling(settlement, now));
    }

    /// The same, written down once what it gives was awaited or dropped.
    pub fn settling(mut self, settlement: Settlement, now: i64) -> Posted {
        self.end(End::Settle(settlement), now)
    }

    /// Nothing was sent, for certain.
    pub fn void(mut self, now: i64) {
        drop(self.end(End::Void, now));
    }

    /// It ended and its cost is estimated. Above what was set aside, that is charged.
    pub fn provisional(
        self,
        charged: NanoUsd,
        reason: ReasonForEstimate,
        generation: Option<Box<Record>>,
        now: i64,
    ) {
        drop(self.estimating(charged, reason, generation, now));
    }

    /// The same, written down once what it gives was awaited or dropped.
    pub fn estimating(
        mut self,
        charged: NanoUsd,
        reason: ReasonForEstimate,
        generation: Option<Box<Record>>,
        now: i64,
    ) -> Posted {
        let charged = Some(charged);
        self.end(
            End::Estimate {
                charged,
                reason,
                generation,
            },
            now,
        )
    }

    fn end(&mut self, end: End, now: i64) -> Posted {
        self.ended = true;
        let entry = self.books.end(&self.attempt, end, now);
        Posted {
            books: Some(Arc::clone(&self.books)),
            entry,
        }
    }
}

/// The end of an attempt, in the ledger. Dropped, it is written down at once; whoever has time awaits
/// [`Self::written`] and shares the write with others.
#[derive(Debug)]
pub struct Posted {
    /// None once it is written.
    books: Option<Arc<Books>>,
    entry: EntryId,
}

impl Posted {
    /// Ready when it is written down, or waits in memory for a disk that takes nothing. To be awaited
    /// before the caller sees the end. Dropping the future writes it down at once.
    pub async fn written(mut self) {
        if let Some(books) = &self.books
            && let Err(error) = books.written(self.entry).await
        {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the end of an attempt waits for the journal"
            );
        }
        self.books = None;
    }
}

impl Drop for Posted {
    fn drop(&mut self) {
        if let Some(books) = &self.books {
            books.write(self.entry);
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        tracing::warn!(attempt = %self.attempt, "dropped: charged by what was set aside");
        // Writes it down, too.
        drop(self.end(End::worst(ReasonForEstimate::Dropped), clock::now_micros()));
    }
}
