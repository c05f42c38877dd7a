//! The thread that moves written entries to the disk: at once and for all who wait (power), or
//! about once a second (process).

use std::{
    fs::File,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use canon::EntryId;
use parking_lot::{Condvar, Mutex};
use tokio::sync::watch;

use super::{Durability, Error};

/// How long written entries may wait for the disk where nobody waits for them.
const INTERVAL: Duration = Duration::from_secs(1);

/// The thread; ends, after a last sync, when this is dropped.
#[derive(Debug)]
pub(super) struct SyncThread {
    shared: Arc<Shared>,
    handle: Syncing,
    thread: Option<JoinHandle<()>>,
}

/// Waits for entries to reach the disk.
#[derive(Clone, Debug)]
pub struct Syncing {
    durability: Durability,
    progress: watch::Receiver<Progress>,
}

#[derive(Debug)]
struct Shared {
    durability: Durability,
    written: AtomicU64,
    /// Whether a sync failed; asked before every write.
    failed: AtomicBool,
    state: Mutex<State>,
    wake: Condvar,
    progress: watch::Sender<Progress>,
}

#[derive(Debug)]
struct State {
    file: Arc<File>,
    stop: bool,
}

#[derive(Clone, Debug)]
struct Progress {
    synced: u64,
    failure: Option<Arc<str>>,
}

impl SyncThread {
    pub(super) fn start(
        dir: &Path,
        file: Arc<File>,
        (durability, last): (Durability, EntryId),
    ) -> std::io::Result<Self> {
        let (progress, receiver) = watch::channel(Progress {
            synced: last.0,
            failure: None,
        });
        let shared = Arc::new(Shared {
            durability,
            written: AtomicU64::new(last.0),
            failed: AtomicBool::new(false),
            state: Mutex::new(State { file, stop: false }),
            wake: Condvar::new(),
            progress,
        });
        let thread = std::thread::Builder::new()
            .name("weir-journal".to_owned())
            .spawn({
                let (shared, dir) = (Arc::clone(&shared), dir.display().to_string());
                move || shared.run(&dir)
            })?;
        Ok(Self {
            shared,
            handle: Syncing {
                durability,
                progress: receiver,
            },
            thread: Some(thread),
        })
    }

    /// Entries up to this one are written.
    pub(super) fn written(&self, last: EntryId) {
        match self.shared.durability {
            Durability::Process => self.shared.written.store(last.0, Ordering::Release),
            Durability::Power => {
                let state = self.shared.state.lock();
                self.shared.written.store(last.0, Ordering::Release);
                drop(state);
                self.shared.wake.notify_one();
            }
        }
    }

    /// The journal goes on in another file; the one before is on the disk.
    pub(super) fn follow(&self, file: Arc<File>) {
        self.shared.state.lock().file = file;
    }

    pub(super) fn handle(&self) -> Syncing {
        self.handle.clone()
    }

    /// Whether nothing may be written any more.
    pub(super) fn has_failed(&self) -> bool {
        self.shared.failed.load(Ordering::Acquire)
    }

    /// Why nothing may be written any more, where a sync failed.
    pub(super) fn failure(&self) -> Option<String> {
        let progress = self.shared.progress.borrow();
        progress.failure.as_deref().map(str::to_owned)
    }
}

impl Drop for SyncThread {
    fn drop(&mut self) {
        self.shared.state.lock().stop = true;
        self.shared.wake.notify_one();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the journal's sync thread ended in a panic");
        }
    }
}

impl Shared {
    fn run(&self, dir: &str) {
        while let Some((file, written)) = self.next() {
            let failure = file.sync_data().err();
            if let Some(error) = &failure {
                tracing::error!(%error, dir, "the journal cannot be synced");
            }
            self.progress.send_modify(|progress| match failure {
                None => progress.synced = written,
                // After a failed fsync the kernel may have dropped the pages: later success proves
                // nothing.
                Some(error) => {
                    progress.failure = Some(format!("sync failed: {error}").into());
                    self.failed.store(true, Ordering::Release);
                }
            });
        }
    }

    /// Waits for something to sync. `None` when the journal is closed and nothing is left to do.
    fn next(&self) -> Option<(Arc<File>, u64)> {
        let mut state = self.state.lock();
        loop {
            let (synced, failed) = {
                let progress = self.progress.borrow();
                (progress.synced, progress.failure.is_some())
            };
            let written = self.written.load(Ordering::Acquire);
            let behind = written > synced && !failed;
            let due = behind && self.durability == Durability::Power;
            if due || (state.stop && behind) {
                return Some((Arc::clone(&state.file), written));
            }
            if state.stop {
                return None;
            }
            let waited = self.wake.wait_for(&mut state, INTERVAL);
            if waited.timed_out() && behind {
                let written = self.written.load(Ordering::Acquire);
                return Some((Arc::clone(&state.file), written));
            }
        }
    }
}

impl Syncing {
    /// Ready when an entry is as durable as the journal promises: at once for
    /// [`Durability::Process`], after its fsync for [`Durability::Power`]. Dropping the future does
    /// nothing.
    ///
    /// # Errors
    /// The sync failed, or the journal was closed before it.
    pub async fn synced(&self, entry: EntryId) -> Result<(), Error> {
        match self.durability {
            Durability::Process => Ok(()),
            Durability::Power => self.on_disk(entry).await,
        }
    }

    /// Ready when an entry is on the disk, whatever the journal promises.
    ///
    /// # Errors
    /// The sync failed, or the journal was closed before it.
    pub async fn on_disk(&self, entry: EntryId) -> Result<(), Error> {
        let mut progress = self.progress.clone();
        let done = progress
            .wait_for(|progress| progress.synced >= entry.0 || progress.failure.is_some())
            .await;
        let why = match done {
            Ok(progress) if progress.synced >= entry.0 => return Ok(()),
            Ok(progress) => progress.failure.as_deref().unwrap_or_default().to_owned(),
            Err(_) => "it is closed".to_owned(),
        };
        Err(Error::Broken { why })
    }
}
