//! The money desk of the process: nothing is sent to a provider before its worst cost is set aside
//! here, and nothing that was set aside leaves without a settlement, a release or an estimate.
//!
//! `policy::ledger` decides, `store::journal` writes down. An entry is appended and applied under one
//! lock, so what is in memory is what a replay of the journal gives; it is written before anything
//! outside depends on it (a byte to a provider, the end of an answer). Whoever waits for that lets
//! everybody else on its core have their turn first, so that one write serves them all. A thread of its own
//! ships the records of requests from the journal into the database, ends attempts that passed
//! their deadline, keeps the journal short and notices keys that another process changed.

mod desk;
mod hold;
mod shelf;
mod verify;
mod worker;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    thread::JoinHandle,
};

use canon::{AttemptId, EntryId, Fault, GenerationId, Key, KeyId, NanoUsd, Record, Window};
use parking_lot::Mutex;
pub use policy::ledger::{HoldRequest, ReasonForEstimate, Spending};
pub use store::journal::Durability;
use store::{
    Store,
    journal::{self, Syncing},
};
use thiserror::Error;
use tokio::sync::watch;

use desk::{Desk, End};
pub use hold::{Hold, Posted, Settlement};
pub use verify::{Counts, Report, verify};

/// The money desk. One for a process and a data folder.
#[derive(Debug)]
pub struct Books {
    desk: Mutex<Desk>,
    dir: PathBuf,
    syncing: Syncing,
    store: Store,
    /// Up to which entry the journal is in the database; unset until the database was asked.
    shipped: OnceLock<Mutex<EntryId>>,
    stop: watch::Sender<bool>,
    worker: Mutex<Option<JoinHandle<()>>>,
}

/// Why the books cannot be opened or verified.
#[derive(Debug, Error)]
pub enum Error {
    /// The journal cannot be read or written.
    #[error("the journal cannot be used")]
    Journal(#[source] journal::Error),
    /// The snapshot is of another version.
    #[error("the journal's snapshot is unreadable")]
    Snapshot(#[source] serde_json::Error),
    /// The snapshot contradicts itself.
    #[error("the journal's snapshot is wrong")]
    Unsound(#[source] policy::ledger::invariants::Violation),
    /// An entry makes no sense after those before it.
    #[error("entry {} of the journal cannot be applied", entry.0)]
    Replay {
        /// Its place.
        entry: EntryId,
        /// Why not.
        #[source]
        source: policy::ledger::Error,
    },
    /// The system gave no thread.
    #[error("the thread of the books cannot be started")]
    Thread(#[source] std::io::Error),
}

impl Books {
    /// Opens the books in a data folder. Attempts that the process before left open are charged by
    /// what was set aside for them, because nobody knows what became of them. `now` is in
    /// microseconds since 1970.
    ///
    /// # Errors
    /// Another process has them open, or the journal is damaged or cannot be written.
    pub fn open(
        data_dir: &Path,
        durability: Durability,
        now: i64,
        store: Store,
    ) -> Result<Arc<Self>, Error> {
        let dir = journal_dir(data_dir);
        let desk = Desk::open(&dir, durability, now)?;
        let books = Arc::new(Self {
            syncing: desk.syncing(),
            desk: Mutex::new(desk),
            dir,
            store,
            shipped: OnceLock::new(),
            stop: watch::Sender::new(false),
            worker: Mutex::new(None),
        });
        let worker = worker::start(&books).map_err(Error::Thread)?;
        *books.worker.lock() = Some(worker);
        Ok(books)
    }

    /// Sets money aside for an attempt; to be awaited ([`Hold::durable`]) before anything is sent.
    /// `now` is in microseconds since 1970.
    ///
    /// # Errors
    /// The key's limit does not allow it (402), or nothing can be written down (503).
    pub fn hold(self: &Arc<Self>, request: &HoldRequest<'_>, now: i64) -> Result<Hold, Fault> {
        let entry = self.desk.lock().hold(request, now)?;
        let attempt = request.attempt.clone();
        let money = (request.amount, entry);
        Ok(Hold::new(Arc::clone(self), attempt, money))
    }

    /// What a key may still spend: its limit less what is spent and set aside. `None` where it has
    /// no limit.
    #[must_use]
    pub fn headroom(&self, key: &Key, now: i64) -> Option<NanoUsd> {
        // A key without a limit needs no lock.
        key.limit?;
        self.desk.lock().ledger().headroom(key, now)
    }

    /// What a key has spent in a window, estimates included, reservations not.
    #[must_use]
    pub fn spent(&self, key: &KeyId, window: Window) -> NanoUsd {
        self.desk.lock().ledger().spent(key, window)
    }

    /// What a key has spent ever, today, this week and this month (UTC).
    #[must_use]
    pub fn spending(&self, key: &KeyId, now: i64) -> Spending {
        self.desk.lock().ledger().spending(key, now)
    }

    /// A record that is written down but not yet in the database.
    #[must_use]
    pub fn find_generation(&self, id: &GenerationId) -> Option<Arc<Record>> {
        self.desk.lock().shelf().find(id)
    }

    /// How many attempts have money set aside.
    #[must_use]
    pub fn open_attempts(&self) -> usize {
        self.desk.lock().ledger().open().count()
    }

    /// Why no attempt can be written down at the moment, where that is so. For the health endpoint.
    #[must_use]
    pub fn broken(&self) -> Option<String> {
        self.desk.lock().journal().broken()
    }

    /// Ships what is left, then ends the thread. Blocks; call it outside of any runtime. Holds that
    /// are still alive may end afterwards: their records are shipped after the next start.
    pub fn close(&self) {
        self.stop.send_replace(true);
        let worker = self.worker.lock().take();
        if let Some(worker) = worker
            && worker.join().is_err()
        {
            tracing::error!("the thread of the books ended in a panic");
        }
    }

    /// Keeps the record of a request whose last attempt has ended without it. Changes no amount.
    pub fn record(&self, attempt: &AttemptId, generation: Option<Box<Record>>, now: i64) {
        // The second end of an attempt is a repetition to the ledger; the journal takes the record.
        let repeated = End::Estimate {
            charged: None,
            reason: ReasonForEstimate::NoUsage,
            generation,
        };
        let entry = self.end(attempt, repeated, now);
        self.write(entry);
    }

    /// Charges attempts that passed their deadline by what was set aside for them, and gives their
    /// number. A settlement that comes later still corrects that. The books' own thread does this
    /// every second.
    pub fn sweep(&self, now: i64) -> usize {
        let mut desk = self.desk.lock();
        let swept = desk.sweep(now);
        let last = desk.journal().last();
        report(desk.write(last));
        swept
    }

    /// Ends an attempt; noted, not yet written. Gives up to which entry to write.
    fn end(&self, attempt: &AttemptId, end: End, now: i64) -> EntryId {
        let mut desk = self.desk.lock();
        desk.end(attempt, end, now);
        desk.journal().last()
    }

    /// Ready when this entry is written down. Others on this core have their turn before, and what they
    /// note is written in one with it.
    async fn written(&self, entry: EntryId) -> Result<(), journal::Error> {
        tokio::task::yield_now().await;
        self.desk.lock().write(entry)
    }

    /// Writes this entry down at once.
    fn write(&self, entry: EntryId) {
        report(self.desk.lock().write(entry));
    }
}

impl Drop for Books {
    fn drop(&mut self) {
        let mut desk = self.desk.lock();
        let last = desk.journal().last();
        report(desk.write(last));
    }
}

/// What is not written down now waits in memory until it can be.
fn report(written: Result<(), journal::Error>) {
    if let Err(error) = written {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "the end of an attempt waits for the journal"
        );
    }
}

/// Where the journal is inside a data folder.
fn journal_dir(data_dir: &Path) -> PathBuf {
    data_dir.join("journal")
}
