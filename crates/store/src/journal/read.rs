//! Reading a journal: after opening it, or from outside while another process writes to it.

use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
};

use canon::{Entry, EntryId};

use super::{
    Error,
    files::{self, Found},
    record::{self, Place},
};

/// Everything a restart needs: a snapshot, and the entries after it.
#[derive(Debug)]
pub struct Replay {
    /// The newest snapshot, as [`super::Mark::write`] was given it.
    pub snapshot: Option<Vec<u8>>,
    /// The entries that follow it, in order.
    pub entries: Reader,
    /// What was cut off at opening.
    pub torn: Option<Torn>,
}

/// Bytes at the end of a journal that are no whole record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Torn {
    /// In which file.
    pub file: PathBuf,
    /// Where they begin, in bytes.
    pub offset: u64,
    /// How many they are.
    pub bytes: u64,
    /// What is wrong with the first of them.
    pub what: &'static str,
}

/// Entries of a journal in order, one segment in memory at a time. Ends after the first error.
#[derive(Debug)]
pub struct Reader {
    dir: PathBuf,
    segments: VecDeque<u64>,
    current: Option<Current>,
    /// The id that must come next; unknown before the first segment where any will do.
    expected: Option<EntryId>,
    /// Entries up to this one are checked but not given.
    after: EntryId,
    /// Whether the last segment may end in the middle of a record: another process may be writing
    /// it.
    live: bool,
    torn: Option<Torn>,
}

#[derive(Debug)]
struct Current {
    path: PathBuf,
    bytes: Vec<u8>,
    at: usize,
    last: bool,
}

/// Reads a journal without locking it; a server may be writing to it.
///
/// # Errors
/// The folder cannot be read.
pub fn read(dir: &Path) -> Result<Replay, Error> {
    let mut replay = Replay::of(dir, &Found::in_dir(dir)?, None)?;
    replay.entries.live = true;
    Ok(replay)
}

/// Reads the entries after one, from the segments that are still there, without locking the
/// journal.
///
/// # Errors
/// The folder cannot be read.
pub fn read_after(dir: &Path, after: EntryId) -> Result<Reader, Error> {
    let found = Found::in_dir(dir)?;
    let mut segments = VecDeque::from(found.segments);
    while let Some(second) = segments.get(1).copied() {
        let header = files::read_header(dir, second)?;
        if header.first.0 > after.0.saturating_add(1) {
            break;
        }
        segments.pop_front();
    }
    Ok(Reader {
        dir: dir.to_owned(),
        segments,
        current: None,
        expected: None,
        after,
        live: true,
        torn: None,
    })
}

impl Replay {
    pub(super) fn of(dir: &Path, found: &Found, torn: Option<Torn>) -> Result<Self, Error> {
        let snapshot = found.newest_snapshot()?;
        let (from, first) = match &snapshot {
            Some(kept) => (kept.header.segment, kept.header.first),
            None => (0, EntryId(1)),
        };
        // The segment that is begun anew at opening is not part of what was there.
        let empty = found.last_without_entries()?;
        Ok(Self {
            snapshot: snapshot.map(|kept| kept.bytes),
            entries: Reader {
                dir: dir.to_owned(),
                segments: found
                    .segments
                    .iter()
                    .copied()
                    .filter(|number| *number >= from && Some(*number) != empty)
                    .collect(),
                current: None,
                expected: Some(first),
                after: EntryId(first.0.saturating_sub(1)),
                live: false,
                torn: None,
            },
            torn,
        })
    }
}

impl Reader {
    /// What was left unread at the end of the last segment, once all entries were given.
    #[must_use]
    pub fn torn(&self) -> Option<&Torn> {
        self.torn.as_ref()
    }

    /// Loads the next segment. `false` where there is none.
    fn load(&mut self) -> Result<bool, Error> {
        let Some(number) = self.segments.pop_front() else {
            return Ok(false);
        };
        let last = self.segments.is_empty();
        let path = files::segment_path(&self.dir, number);
        let bytes = files::read_file(&path)?;
        if last && self.live && bytes.len() < record::HEADER_BYTES {
            return Ok(false);
        }
        let header = files::header_of(&path, number, &bytes)?;
        let expected = *self.expected.get_or_insert(header.first);
        if header.first != expected {
            return Err(Error::Gap {
                file: path,
                expected: expected.0,
                found: header.first.0,
            });
        }
        self.current = Some(Current {
            path,
            bytes,
            at: record::HEADER_BYTES,
            last,
        });
        Ok(true)
    }

    /// The next entry of the current segment. `None` at its end.
    fn step(&mut self) -> Option<Result<(EntryId, Entry), Error>> {
        let current = self.current.as_mut()?;
        loop {
            let offset = current.at as u64;
            let what = match record::decode(&current.bytes, current.at) {
                Place::End => return None,
                Place::Bad(what) => what,
                Place::Record { id, .. } if Some(id) != self.expected => "a record is out of order",
                Place::Record { id, payload, next } => {
                    current.at = next;
                    self.expected = Some(EntryId(id.0.saturating_add(1)));
                    if id <= self.after {
                        continue;
                    }
                    return Some(serde_json::from_slice(payload).map_or_else(
                        |source| {
                            Err(Error::Entry {
                                file: current.path.clone(),
                                offset,
                                source,
                            })
                        },
                        |entry| Ok((id, entry)),
                    ));
                }
            };
            let file = current.path.clone();
            if current.last && self.live {
                self.torn = Some(Torn {
                    file,
                    offset,
                    bytes: current.bytes.len() as u64 - offset,
                    what,
                });
                return None;
            }
            return Some(Err(Error::Damaged { file, offset, what }));
        }
    }
}

impl Iterator for Reader {
    type Item = Result<(EntryId, Entry), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = loop {
            if let Some(item) = self.step() {
                break item;
            }
            self.current = None;
            match self.load() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => break Err(error),
            }
        };
        if item.is_err() {
            self.segments.clear();
            self.current = None;
        }
        Some(item)
    }
}
