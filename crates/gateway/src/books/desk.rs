//! What is behind the one lock: the ledger, the journal, and the records that are not in the
//! database yet.

use std::{path::Path, sync::Arc};

use canon::{
    Again, AttemptId, Blame, Entry, EntryId, EntryKind, Fault, Kind, NanoUsd, Record, Window,
};
use policy::ledger::{Final, HoldRequest, Ledger, ReasonForEstimate, Refusal, Snapshot};
use store::journal::{self, Durability, Journal, Mark, Replay, Syncing};

use super::{Error, shelf::Shelf};

/// What is behind the one lock.
#[derive(Debug)]
pub(super) struct Desk {
    ledger: Ledger,
    journal: Journal,
    shelf: Shelf,
}

/// How an attempt ends.
#[derive(Debug)]
pub(super) enum End {
    Settle(Final),
    Void,
    Estimate {
        /// What was set aside, where `None`.
        charged: Option<NanoUsd>,
        reason: ReasonForEstimate,
        generation: Option<Box<Record>>,
    },
}

/// What keeps an entry from being taken.
#[derive(Debug, thiserror::Error)]
enum TakeError {
    #[error("the ledger refuses it")]
    Ledger(#[source] policy::ledger::Error),
    #[error("the journal does not take it")]
    Journal(#[source] journal::Error),
}

impl Desk {
    /// Opens the journal, replays it, and ends what the process before left open.
    pub(super) fn open(dir: &Path, durability: Durability, now: i64) -> Result<Self, Error> {
        let (journal, mut replay) = Journal::open(dir, durability).map_err(Error::Journal)?;
        let ledger = replayed(&mut replay, |_| {})?;
        let mut desk = Self {
            ledger,
            shelf: Shelf::after(journal.last()),
            journal,
        };
        let mut left: Vec<_> = desk
            .ledger
            .open()
            .map(|(attempt, _)| attempt.clone())
            .collect();
        left.sort();
        if !left.is_empty() {
            tracing::warn!(
                attempts = left.len(),
                "attempts that the process before left open are charged by what was set aside"
            );
        }
        for attempt in left {
            match desk.try_end(&attempt, End::worst(ReasonForEstimate::Restart), now) {
                Ok(_) => {}
                Err(TakeError::Journal(source)) => return Err(Error::Journal(source)),
                Err(TakeError::Ledger(source)) => {
                    let entry = desk.journal.last();
                    return Err(Error::Replay { entry, source });
                }
            }
        }
        desk.journal.write().map_err(Error::Journal)?;
        Ok(desk)
    }

    pub(super) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    pub(super) fn journal(&self) -> &Journal {
        &self.journal
    }

    pub(super) fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    pub(super) fn shelf_mut(&mut self) -> &mut Shelf {
        &mut self.shelf
    }

    pub(super) fn syncing(&self) -> Syncing {
        self.journal.syncing()
    }

    /// Sets money aside; noted, not yet written.
    pub(super) fn hold(&mut self, request: &HoldRequest<'_>, now: i64) -> Result<EntryId, Fault> {
        if self.journal.is_broken() {
            let why = self.journal.broken().unwrap_or_default();
            return Err(cannot_record(journal::Error::Broken { why }));
        }
        let entry = self.ledger.hold(request, now).map_err(refused)?;
        match self.take(entry) {
            Ok(entry) => Ok(entry),
            Err(TakeError::Journal(source)) => Err(cannot_record(source)),
            Err(TakeError::Ledger(error)) => Err(Fault::ours(error)),
        }
    }

    /// Ends an attempt; noted, not yet written. What cannot be taken as it is (an amount that does not
    /// fit, a record that is too long) is charged by what was set aside, so that no money stays set
    /// aside for what is over. Beyond what may wait for a full disk the reservation stays, and ends by
    /// its deadline.
    pub(super) fn end(&mut self, attempt: &AttemptId, end: End, now: i64) {
        let Err(error) = self.try_end(attempt, end.believed(), now) else {
            return;
        };
        tracing::error!(
            %attempt,
            error = &error as &dyn std::error::Error,
            "an attempt is charged by what was set aside"
        );
        if let Err(error) = self.try_end(attempt, End::worst(ReasonForEstimate::AbsurdUsage), now) {
            tracing::error!(
                %attempt,
                error = &error as &dyn std::error::Error,
                "an attempt cannot be ended"
            );
        }
    }

    /// Writes down what is noted up to this entry, with all that was noted since.
    pub(super) fn write(&mut self, through: EntryId) -> Result<(), journal::Error> {
        if self.journal.written() >= through {
            return Ok(());
        }
        self.journal.write()
    }

    /// Charges attempts past their deadline by what was set aside.
    pub(super) fn sweep(&mut self, now: i64) -> usize {
        let overdue = self.ledger.overdue(now);
        let mut swept = 0;
        for attempt in &overdue {
            match self.try_end(attempt, End::worst(ReasonForEstimate::Deadline), now) {
                Ok(_) => {
                    tracing::warn!(%attempt, "past its deadline: charged by an estimate");
                    swept += 1;
                }
                Err(error) => {
                    tracing::error!(%attempt, %error, "past its deadline, and cannot be ended");
                    break;
                }
            }
        }
        swept
    }

    /// Writes what nobody waits for, and makes a broken journal work again if that is possible.
    pub(super) fn heal(&mut self) {
        let was_broken = self.journal.is_broken();
        if self.journal.heal().is_ok() && was_broken {
            tracing::info!("the journal can be written again");
        }
    }

    /// Begins a new segment of the journal, and gives the ledger as it is at its beginning, where that
    /// is known.
    pub(super) fn rotate(&mut self) -> Result<Option<(Mark, Ledger)>, journal::Error> {
        let mark = self.journal.rotate()?;
        Ok(mark.map(|mark| (mark, self.ledger.clone())))
    }

    fn try_end(&mut self, attempt: &AttemptId, end: End, now: i64) -> Result<EntryId, TakeError> {
        let entry = match end {
            End::Settle(end) => self.ledger.settle(attempt, end, now),
            End::Void => self.ledger.void(attempt, now),
            End::Estimate {
                charged,
                reason,
                generation,
            } => self
                .ledger
                .provisional(attempt, (charged, reason), generation, now),
        }
        .map_err(TakeError::Ledger)?;
        self.take(entry)
    }

    /// Append and apply, both or neither: the only way into the ledger. Nothing depends on the entry
    /// before it is written.
    fn take(&mut self, entry: Entry) -> Result<EntryId, TakeError> {
        let id = self.journal.append(&entry).map_err(TakeError::Journal)?;
        if let Err(error) = self.ledger.apply(&entry) {
            self.journal.withdraw(id);
            return Err(TakeError::Ledger(error));
        }
        if let Some(generation) = generation_of(entry.kind) {
            self.shelf.put(id, Arc::from(generation));
        }
        Ok(id)
    }
}

impl End {
    /// The same, but an amount below zero is an absurd one.
    fn believed(self) -> Self {
        match self {
            Self::Settle(end) if end.charged.min(end.upstream_cost) < NanoUsd::ZERO => {
                Self::absurd(end.generation)
            }
            Self::Estimate {
                charged: Some(charged),
                generation,
                ..
            } if charged < NanoUsd::ZERO => Self::absurd(generation),
            Self::Settle(_) | Self::Void | Self::Estimate { .. } => self,
        }
    }

    fn absurd(generation: Option<Box<Record>>) -> Self {
        let (charged, reason) = (None, ReasonForEstimate::AbsurdUsage);
        Self::Estimate {
            charged,
            reason,
            generation,
        }
    }

    /// Charged by what was set aside.
    pub(super) fn worst(reason: ReasonForEstimate) -> Self {
        Self::Estimate {
            charged: None,
            reason,
            generation: None,
        }
    }
}

/// The ledger that a journal leads to. `see` is shown every entry after the snapshot.
pub(super) fn replayed(replay: &mut Replay, mut see: impl FnMut(&Entry)) -> Result<Ledger, Error> {
    let mut ledger = match &replay.snapshot {
        None => Ledger::default(),
        Some(bytes) => {
            let snapshot: Snapshot = serde_json::from_slice(bytes).map_err(Error::Snapshot)?;
            Ledger::from_snapshot(snapshot).map_err(Error::Unsound)?
        }
    };
    for read in replay.entries.by_ref() {
        let (id, entry) = read.map_err(Error::Journal)?;
        see(&entry);
        ledger
            .apply(&entry)
            .map_err(|source| Error::Replay { entry: id, source })?;
    }
    Ok(ledger)
}

/// The record that an entry carries, if it does.
pub(super) fn generation_of(kind: EntryKind) -> Option<Box<Record>> {
    match kind {
        EntryKind::Reserve { .. } | EntryKind::Void => None,
        EntryKind::Settle { generation, .. } | EntryKind::Provisional { generation, .. } => {
            generation
        }
    }
}

/// The fault of a disk that takes nothing: the gateway refuses rather than serve unmetered.
pub(super) fn cannot_record(error: journal::Error) -> Fault {
    Fault::new(
        Kind::ProviderOverloaded,
        Blame::Us,
        Again::Never,
        "Spending cannot be recorded at the moment, so nothing is served. Try again shortly.",
    )
    .with_source(error)
}

fn refused(refusal: Refusal) -> Fault {
    let Refusal::OverLimit {
        limit,
        window,
        left,
        asked,
    } = &refusal
    else {
        return Fault::ours(refusal);
    };
    let period = match window {
        Window::Lifetime => "total",
        Window::Day(_) => "daily",
        Window::Week(_) => "weekly",
        Window::Month(_) => "monthly",
    };
    let say = format!(
        "Key limit exceeded: ${left} of the {period} limit of ${limit} is left, and this request \
         may cost up to ${asked}. Ask for fewer tokens, or raise the key's limit."
    );
    Fault::caller(Kind::PaymentRequired, say)
}
