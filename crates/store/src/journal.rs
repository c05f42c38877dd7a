//! The journal: entries of the ledger, written down before they take effect outside. Append-only
//! files in one folder, locked by the process that writes.
//!
//! [`Journal::append`] numbers an entry and puts it behind those that wait; [`Journal::write`] writes
//! all that wait with one `write(2)`, so that many who append at the same time share its price. What is
//! written survives the death of the process ([`Durability::Process`]); with [`Durability::Power`] the
//! caller also waits for [`Syncing::synced`], and one `fsync` serves all who wait. Entries are numbered from 1 without gaps across files. A file (segment) begins
//! when the journal is opened or rotated; a snapshot stands for everything before the segment of
//! its number.
//!
//! Opening ends at the last whole record: what a crash left behind it is moved to a `.torn` file,
//! never thrown away. Damage anywhere else is an error that names the file and the offset. After a
//! failed write nothing more is written until [`Journal::heal`] succeeds; what waits goes on waiting,
//! in memory and up to a limit, and whoever asks ([`Journal::is_broken`]) serves nothing unmetered.

mod files;
mod lock;
mod read;
mod record;
mod snapshot;
mod sync;

use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
};

use canon::{Entry, EntryId};
use thiserror::Error;

pub use read::{Reader, Replay, Torn, read, read_after};
use record::Header;
pub use snapshot::Mark;
use sync::SyncThread;
pub use sync::Syncing;

/// A segment larger than this should be rotated, in bytes.
pub const SEGMENT_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// How much may wait to be written, in bytes: some 60,000 ends of attempts while the disk is full.
const WAITING_BYTES_MAX: usize = 64 * 1024 * 1024;
/// The write buffer is given back to the allocator beyond this size, in bytes.
const BUFFER_BYTES_KEPT: usize = 1024 * 1024;
/// What [`Journal::heal`] wants to be able to write before it trusts the disk again, in bytes.
const PROBE_BYTES: usize = 64 * 1024;

/// What an appended entry survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// The death of the process. Power loss may cost the last second.
    #[default]
    Process,
    /// Power loss, once [`Syncing::synced`] is ready.
    Power,
}

/// The writing end. One exists for a folder, on the whole machine.
#[derive(Debug)]
pub struct Journal {
    dir: PathBuf,
    file: Arc<File>,
    header: Header,
    /// Bytes of the current segment that hold whole records.
    len: u64,
    /// The last entry that is written.
    written: EntryId,
    /// The last entry that has a number.
    last: EntryId,
    /// Entries that wait to be written, as they will be.
    waiting: Vec<u8>,
    /// Where the last of them begins.
    last_begins: usize,
    broken: Option<String>,
    sync: SyncThread,
    /// Released by the kernel when the process ends, however it ends.
    _lock: File,
}

/// Removes what neither a replay nor the shipping of generations needs any more: segments before
/// the newest snapshot whose entries are all shipped, and older snapshots. For the process that
/// holds the journal only. Gives how many files are gone.
///
/// # Errors
/// The file system said no.
pub fn prune(dir: &Path, shipped: EntryId) -> Result<usize, Error> {
    files::prune(dir, shipped)
}

/// Why the journal cannot be opened, read or written.
#[derive(Debug, Error)]
pub enum Error {
    /// Another process writes here.
    #[error("{} is in use by another process", dir.display())]
    Locked {
        /// The folder.
        dir: PathBuf,
    },
    /// The file system said no.
    #[error("cannot {doing} {}", path.display())]
    Io {
        /// What was tried: `read`, `write`, `sync`.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// What it said.
        #[source]
        source: std::io::Error,
    },
    /// A file is not what was written.
    #[error("{} is damaged at byte {offset}: {what}", file.display())]
    Damaged {
        /// Which file.
        file: PathBuf,
        /// Where in it, in bytes.
        offset: u64,
        /// In what way.
        what: &'static str,
    },
    /// Entries are missing, so balances would be wrong.
    #[error("{} begins with entry {found}, entry {expected} is missing", file.display())]
    Gap {
        /// The file after the gap.
        file: PathBuf,
        /// The first missing entry.
        expected: u64,
        /// The first entry found.
        found: u64,
    },
    /// A whole record that is not an entry of this version.
    #[error("{} holds no readable entry at byte {offset}", file.display())]
    Entry {
        /// Which file.
        file: PathBuf,
        /// Where in it, in bytes.
        offset: u64,
        /// What is unreadable.
        #[source]
        source: serde_json::Error,
    },
    /// The entry is larger than a record may be.
    #[error("an entry of {bytes} bytes is larger than a record may be")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// The entry has no JSON form.
    #[error("an entry cannot be written as JSON")]
    Encode(#[source] serde_json::Error),
    /// An earlier write or sync failed.
    #[error("the journal cannot be written: {why}")]
    Broken {
        /// What failed.
        why: String,
    },
}

impl Journal {
    /// Opens the journal in a folder, which is made where absent, and begins a new epoch. Entries
    /// that were there are in the [`Replay`].
    ///
    /// # Errors
    /// The folder is in use, cannot be read or written, or is damaged elsewhere than at its end.
    pub fn open(dir: &Path, durability: Durability) -> Result<(Self, Replay), Error> {
        files::make_dir(dir)?;
        let lock = lock::acquire(dir)?;
        let found = files::Found::in_dir(dir)?;
        found.remove_unfinished()?;
        let (found, torn) = found.cut_torn_tail()?;
        let replay = Replay::of(dir, &found, torn)?;
        let header = found.next_header()?;
        let file = Arc::new(files::begin_segment(dir, &header)?);
        let last = EntryId(header.first.0.saturating_sub(1));
        let journal = Self {
            dir: dir.to_owned(),
            sync: SyncThread::start(dir, Arc::clone(&file), (durability, last)).map_err(
                |source| Error::Io {
                    doing: "start the sync thread of",
                    path: dir.to_owned(),
                    source,
                },
            )?,
            file,
            header,
            len: record::HEADER_BYTES as u64,
            written: last,
            last,
            waiting: Vec::new(),
            last_begins: 0,
            broken: None,
            _lock: lock,
        };
        Ok((journal, replay))
    }

    /// Numbers an entry and puts it behind those that wait for [`Self::write`]. It survives nothing
    /// before that.
    ///
    /// # Errors
    /// It is too large, or too much waits already; nothing of it remains.
    pub fn append(&mut self, entry: &Entry) -> Result<EntryId, Error> {
        if self.waiting.len() >= WAITING_BYTES_MAX {
            let why = self.broken().unwrap_or_else(|| "too much waits".to_owned());
            return Err(Error::Broken { why });
        }
        let begins = self.waiting.len();
        let id = EntryId(self.last.0.saturating_add(1));
        if let Err(error) = record::encode(&mut self.waiting, id, entry) {
            self.waiting.truncate(begins);
            return Err(error);
        }
        (self.last, self.last_begins) = (id, begins);
        Ok(id)
    }

    /// Forgets an entry just appended, whose number the next one takes. Anything but the last entry,
    /// still unwritten, stays.
    pub fn withdraw(&mut self, entry: EntryId) {
        if entry == self.last && entry > self.written {
            self.waiting.truncate(self.last_begins);
            self.last = EntryId(entry.0.saturating_sub(1));
        }
    }

    /// Writes down all that waits, with one `write(2)`. When this returns, it survives the process.
    ///
    /// # Errors
    /// Nothing of it is written down; it goes on waiting, until the journal is healed.
    pub fn write(&mut self) -> Result<(), Error> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        if self.is_broken() {
            let why = self.broken().unwrap_or_default();
            return Err(Error::Broken { why });
        }
        if let Err(source) = (&*self.file).write_all(&self.waiting) {
            return Err(self.give_up(source));
        }
        self.len = self.len.saturating_add(self.waiting.len() as u64);
        self.written = self.last;
        self.sync.written(self.written);
        self.waiting.clear();
        self.waiting.shrink_to(BUFFER_BYTES_KEPT);
        Ok(())
    }

    /// The last entry appended.
    #[must_use]
    pub fn last(&self) -> EntryId {
        self.last
    }

    /// The last entry written.
    #[must_use]
    pub fn written(&self) -> EntryId {
        self.written
    }

    /// Counted up at every opening.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.header.epoch
    }

    /// A number drawn when the journal was made, so that it is not taken for another.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.header.journal
    }

    /// Whether nothing can be written at the moment.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.broken.is_some() || self.sync.has_failed()
    }

    /// Why nothing can be written, where that is so.
    #[must_use]
    pub fn broken(&self) -> Option<String> {
        self.broken.clone().or_else(|| self.sync.failure())
    }

    /// A handle for waiting until entries are on the disk, which needs no access to the journal
    /// itself.
    #[must_use]
    pub fn syncing(&self) -> Syncing {
        self.sync.handle()
    }

    /// Tries to write again after a failed write: cuts off what the write left, writes and removes a
    /// probe, then writes what waits. After a failed sync only opening anew helps, because the kernel may
    /// have dropped pages.
    ///
    /// # Errors
    /// The disk is still not well.
    pub fn heal(&mut self) -> Result<(), Error> {
        if let Some(why) = self.sync.failure() {
            return Err(Error::Broken { why });
        }
        if self.broken.is_none() {
            return self.write();
        }
        // A crash between probe and cut leaves zeros, which no record begins with: a torn tail.
        self.cut()
            .and_then(|()| (&*self.file).write_all(&[0; PROBE_BYTES]))
            .and_then(|()| self.file.sync_data())
            .and_then(|()| self.cut())
            .map_err(|source| {
                // Whatever remains of the probe is cut off by the next try or by the next opening.
                let cut = self.cut();
                tracing::debug!(?cut, "the probe failed");
                self.io("write a probe to", source)
            })?;
        self.broken = None;
        self.write()
    }

    /// Whether the current segment is large enough for [`Self::rotate`].
    #[must_use]
    pub fn is_long(&self) -> bool {
        self.len >= SEGMENT_BYTES_MAX
    }

    /// Begins a new segment. The caller takes a snapshot of the ledger at this very moment (before
    /// any other append) and writes it with [`Mark::write`], at leisure; until then replay goes on
    /// from the snapshot before. `None` where something waits that the old segment does not take: it
    /// will be in the new one, where no snapshot may stand for it.
    ///
    /// # Errors
    /// The segment could not be made; the journal goes on in the old one.
    pub fn rotate(&mut self) -> Result<Option<Mark>, Error> {
        let all_written = self.write().is_ok();
        // A segment that is not the last is trusted to the end, so it must be on the disk before
        // the next is.
        self.file
            .sync_data()
            .map_err(|source| self.io("sync", source))?;
        let header = Header {
            segment: self.header.segment.saturating_add(1),
            first: EntryId(self.written.0.saturating_add(1)),
            ..self.header
        };
        let file = Arc::new(files::begin_segment(&self.dir, &header)?);
        self.sync.follow(Arc::clone(&file));
        self.file = file;
        self.header = header;
        self.len = record::HEADER_BYTES as u64;
        Ok(all_written.then(|| Mark::new(&self.dir, &header)))
    }

    fn io(&self, doing: &'static str, source: std::io::Error) -> Error {
        Error::Io {
            doing,
            path: files::segment_path(&self.dir, self.header.segment),
            source,
        }
    }

    /// Cuts the segment back to whole records.
    fn cut(&self) -> std::io::Result<()> {
        self.file.set_len(self.len)
    }

    /// A write failed: write nothing more, and leave no half record behind if that can be helped.
    fn give_up(&mut self, source: std::io::Error) -> Error {
        let cut = self.cut();
        self.broken = Some(source.to_string());
        let dir = self.dir.display();
        tracing::error!(error = %source, ?cut, %dir, "the journal cannot be written");
        self.io("write", source)
    }
}
