//! The books' own thread: what must happen and nobody waits for.

use std::{
    sync::{Arc, Weak},
    thread::JoinHandle,
    time::Duration,
};

use canon::{EntryId, Record};
use parking_lot::Mutex;
use store::journal;
use tokio::{sync::watch, time::MissedTickBehavior};

use super::{Books, desk};
use crate::clock;

/// How often records are shipped.
const TICK: Duration = Duration::from_millis(250);
/// Every how many ticks the slower duties come.
const SLOW_TICKS: u32 = 4;
/// Records in one transaction.
const ROWS_MAX: usize = 1_000;

/// What keeps records from being shipped; tried again at the next tick.
#[derive(Debug, thiserror::Error)]
enum ShipError {
    #[error("the database does not take records")]
    Store(#[from] store::Error),
    #[error("the journal cannot be read back")]
    Journal(#[from] journal::Error),
}

/// Starts the thread. It ends with [`Books::close`], or when the books are gone.
pub(super) fn start(books: &Arc<Books>) -> std::io::Result<JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (weak, stop) = (Arc::downgrade(books), books.stop.subscribe());
    let store = books.store.clone();
    std::thread::Builder::new()
        .name("weir-books".to_owned())
        .spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = store.watch() => {}
                    () = work(&weak, stop) => {}
                }
            });
        })
}

async fn work(books: &Weak<Books>, mut stop: watch::Receiver<bool>) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for tick in (0..SLOW_TICKS).cycle() {
        tokio::select! {
            _ = ticks.tick() => {}
            // An error means that the books are gone; then upgrading fails too.
            _ = stop.changed() => {}
        }
        let Some(books) = books.upgrade() else { return };
        let stopping = *stop.borrow_and_update();
        books.desk.lock().heal();
        if tick == 0 || stopping {
            books.sweep(clock::now_micros());
            books.shorten();
        }
        if let Err(error) = books.ship().await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "records wait for the database"
            );
        }
        if stopping {
            return;
        }
    }
}

impl Books {
    /// Begins a new segment of the journal where the current one is long, and removes what is not
    /// needed.
    fn shorten(&self) {
        if self.desk.lock().journal().is_long()
            && let Err(error) = self.rotate()
        {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the journal cannot be shortened"
            );
        }
    }

    /// Begins a new segment of the journal with a snapshot of the ledger, and removes segments that
    /// neither a restart nor the database needs. The lock is held while a file is made, not while
    /// the snapshot is written.
    ///
    /// # Errors
    /// The file system said no; nothing is lost.
    pub fn rotate(&self) -> Result<(), journal::Error> {
        let Some((mark, ledger)) = self.desk.lock().rotate()? else {
            return Ok(());
        };
        match serde_json::to_vec(&ledger.snapshot()) {
            Ok(snapshot) => mark.write(&snapshot)?,
            Err(error) => tracing::error!(%error, "the ledger has no snapshot"),
        }
        if let Some(shipped) = self.shipped.get() {
            let through = *shipped.lock();
            journal::prune(&self.dir, through)?;
        }
        Ok(())
    }

    /// Ships records until none is left.
    async fn ship(&self) -> Result<(), ShipError> {
        self.ship_gap().await?;
        loop {
            let (batch, journal) = {
                let desk = self.desk.lock();
                let journal = desk.journal();
                let batch = desk.shelf().batch(ROWS_MAX, journal.written());
                (batch, journal.id())
            };
            let Some(batch) = batch else { return Ok(()) };
            let generations = self.store.generations();
            generations
                .ship(journal, batch.through, &batch.generations)
                .await?;
            self.desk.lock().shelf_mut().shipped(batch.through);
            self.note_shipped(batch.through);
        }
    }

    /// Ships records that are in the journal only: of the process before, or those too many for
    /// memory.
    async fn ship_gap(&self) -> Result<(), ShipError> {
        let (gap, journal) = {
            let desk = self.desk.lock();
            let written = desk.journal().written();
            (
                desk.shelf().gap().filter(|end| *end <= written),
                desk.journal().id(),
            )
        };
        let Some(end) = gap else { return Ok(()) };
        let shipped = match self.shipped.get() {
            Some(shipped) => *shipped.lock(),
            None => self.store.generations().shipped(journal).await?,
        };
        let mut generations: Vec<Arc<Record>> = Vec::new();
        for read in journal::read_after(&self.dir, shipped)? {
            let (id, entry) = read?;
            if id > end {
                break;
            }
            generations.extend(desk::generation_of(entry.kind).map(Arc::from));
            if generations.len() >= ROWS_MAX {
                self.store
                    .generations()
                    .ship(journal, id, &generations)
                    .await?;
                generations.clear();
                self.note_shipped(id);
            }
        }
        self.store
            .generations()
            .ship(journal, end, &generations)
            .await?;
        self.note_shipped(end);
        self.desk.lock().shelf_mut().close_gap(end);
        Ok(())
    }

    fn note_shipped(&self, through: EntryId) {
        let mut shipped = self.shipped.get_or_init(|| Mutex::new(through)).lock();
        *shipped = through.max(*shipped);
    }
}
