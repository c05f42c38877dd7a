//! The files of a journal: their names, how they come to be and when they go.
//!
//! A file appears whole (written aside, synced, renamed) or not at all.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    hash::{BuildHasher, Hasher},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use canon::EntryId;

use super::{
    Error, Torn,
    record::{self, Header, Place},
    snapshot::Kept,
};

/// What is in the folder, by number.
#[derive(Debug)]
pub(super) struct Found {
    dir: PathBuf,
    pub(super) segments: Vec<u64>,
    pub(super) snapshots: Vec<u64>,
    unfinished: Vec<PathBuf>,
}

/// The end of a segment.
struct End {
    header: Header,
    /// The last whole record, or the one before `header.first`.
    last: EntryId,
    /// Bytes that hold whole records.
    len: usize,
    /// What is wrong with the bytes after that, if there are any.
    bad: Option<&'static str>,
}

impl Found {
    pub(super) fn in_dir(dir: &Path) -> Result<Self, Error> {
        let io = |source| Error::Io {
            doing: "list",
            path: dir.to_owned(),
            source,
        };
        let mut found = Self {
            dir: dir.to_owned(),
            segments: Vec::new(),
            snapshots: Vec::new(),
            unfinished: Vec::new(),
        };
        for entry in fs::read_dir(dir).map_err(io)? {
            let path = entry.map_err(io)?.path();
            let number = path
                .file_stem()
                .and_then(|stem| stem.to_str())
                .and_then(|stem| stem.parse::<u64>().ok());
            let extension = path.extension().and_then(|extension| extension.to_str());
            match (number, extension) {
                (Some(number), Some("wal")) => found.segments.push(number),
                (Some(number), Some("snapshot")) => found.snapshots.push(number),
                (_, Some("tmp")) => found.unfinished.push(path),
                _ => {}
            }
        }
        found.segments.sort_unstable();
        found.snapshots.sort_unstable();
        Ok(found)
    }

    /// Removes files that a crash kept from appearing.
    pub(super) fn remove_unfinished(&self) -> Result<(), Error> {
        self.unfinished.iter().try_for_each(|path| remove(path))
    }

    /// Moves what follows the last whole record of the last segment aside. Gives what was moved,
    /// and forgets a last segment in which nothing is left.
    pub(super) fn cut_torn_tail(mut self) -> Result<(Self, Option<Torn>), Error> {
        let Some(number) = self.segments.last().copied() else {
            return Ok((self, None));
        };
        let path = segment_path(&self.dir, number);
        let bytes = read_file(&path)?;
        if bytes.len() < record::HEADER_BYTES {
            let torn = set_aside(&path, &bytes, 0, "a header is cut off")?;
            remove(&path)?;
            self.segments.pop();
            let (found, earlier) = self.cut_torn_tail()?;
            return Ok((found, earlier.or(Some(torn))));
        }
        let end = End::of(&path, number, &bytes)?;
        let Some(what) = end.bad else {
            return Ok((self, None));
        };
        let tail = bytes.get(end.len..).unwrap_or_default();
        let torn = set_aside(&path, tail, end.len as u64, what)?;
        let io = |source| Error::Io {
            doing: "cut the torn tail off",
            path: path.clone(),
            source,
        };
        let file = OpenOptions::new().write(true).open(&path).map_err(io)?;
        file.set_len(end.len as u64).map_err(io)?;
        file.sync_all().map_err(io)?;
        Ok((self, Some(torn)))
    }

    /// The header of the segment that begins now: a new epoch, after the last entry. A segment
    /// without entries is begun anew.
    pub(super) fn next_header(&self) -> Result<Header, Error> {
        let after_segments = match self.segments.last() {
            Some(number) => {
                let path = segment_path(&self.dir, *number);
                let end = End::of(&path, *number, &read_file(&path)?)?;
                let empty = end.last.0.saturating_add(1) == end.header.first.0;
                Some(Header {
                    segment: number.saturating_add(u64::from(!empty)),
                    first: EntryId(end.last.0.saturating_add(1)),
                    ..end.header
                })
            }
            None => None,
        };
        let after_snapshot = self.newest_snapshot()?.map(|kept| kept.header);
        let header = match (after_segments, after_snapshot) {
            (Some(left), Some(right)) if right.first > left.first => right,
            (Some(header), _) | (None, Some(header)) => header,
            (None, None) => Header {
                journal: drawn(),
                segment: 1,
                epoch: 0,
                first: EntryId(1),
            },
        };
        Ok(Header {
            epoch: header.epoch.saturating_add(1),
            ..header
        })
    }

    /// The last snapshot that is whole. A damaged one is passed over: the segments behind it decide
    /// whether an older one, or none, will do.
    pub(super) fn newest_snapshot(&self) -> Result<Option<Kept>, Error> {
        for number in self.snapshots.iter().rev() {
            let path = snapshot_path(&self.dir, *number);
            match Kept::parse(read_file(&path)?) {
                Some(kept) => return Ok(Some(kept)),
                None => {
                    tracing::warn!(file = %path.display(), "a snapshot is damaged and passed over");
                }
            }
        }
        Ok(None)
    }

    /// The last segment, where it holds no entry yet.
    pub(super) fn last_without_entries(&self) -> Result<Option<u64>, Error> {
        let Some(number) = self.segments.last().copied() else {
            return Ok(None);
        };
        let path = segment_path(&self.dir, number);
        let len = fs::metadata(&path)
            .map_err(|source| Error::Io {
                doing: "read",
                path,
                source,
            })?
            .len();
        Ok((len <= record::HEADER_BYTES as u64).then_some(number))
    }
}

impl End {
    fn of(path: &Path, number: u64, bytes: &[u8]) -> Result<Self, Error> {
        let header = header_of(path, number, bytes)?;
        let mut end = Self {
            header,
            last: EntryId(header.first.0.saturating_sub(1)),
            len: record::HEADER_BYTES,
            bad: None,
        };
        loop {
            match record::decode(bytes, end.len) {
                Place::Record { id, next, .. } if id.0 == end.last.0.saturating_add(1) => {
                    end.last = id;
                    end.len = next;
                }
                Place::Record { .. } => end.bad = Some("a record is out of order"),
                Place::Bad(what) => end.bad = Some(what),
                Place::End => return Ok(end),
            }
            if end.bad.is_some() {
                return Ok(end);
            }
        }
    }
}

/// The header of a segment, which must be the one that its name promises.
pub(super) fn header_of(path: &Path, number: u64, bytes: &[u8]) -> Result<Header, Error> {
    Header::decode(bytes)
        .filter(|header| header.segment == number)
        .ok_or_else(|| Error::Damaged {
            file: path.to_owned(),
            offset: 0,
            what: "the header is not that of this segment",
        })
}

/// The header of a segment, without reading the rest.
pub(super) fn read_header(dir: &Path, number: u64) -> Result<Header, Error> {
    let path = segment_path(dir, number);
    let mut bytes = Vec::with_capacity(record::HEADER_BYTES);
    File::open(&path)
        .and_then(|file| {
            file.take(record::HEADER_BYTES as u64)
                .read_to_end(&mut bytes)
        })
        .map_err(|source| Error::Io {
            doing: "read",
            path: path.clone(),
            source,
        })?;
    header_of(&path, number, &bytes)
}

/// Makes the folder, for its owner only.
pub(super) fn make_dir(dir: &Path) -> Result<(), Error> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(|source| Error::Io {
            doing: "make",
            path: dir.to_owned(),
            source,
        })
}

/// Makes a segment and opens it for appending.
pub(super) fn begin_segment(dir: &Path, header: &Header) -> Result<File, Error> {
    let path = segment_path(dir, header.segment);
    appear(dir, &path, &header.encode())?;
    OpenOptions::new()
        .append(true)
        .open(&path)
        .map_err(|source| Error::Io {
            doing: "open",
            path,
            source,
        })
}

/// Removes what neither a replay nor the shipping of generations needs any more: segments before
/// the newest snapshot whose entries are all shipped, and older snapshots. For the process that
/// holds the journal only.
///
/// # Errors
/// The file system said no.
pub(super) fn prune(dir: &Path, shipped: EntryId) -> Result<usize, Error> {
    let found = Found::in_dir(dir)?;
    let Some(kept) = found.newest_snapshot()? else {
        return Ok(0);
    };
    let mut removed = 0;
    for pair in found.segments.windows(2) {
        let [number, next] = pair else { continue };
        let next = read_header(dir, *next)?;
        if *number >= kept.header.segment || next.first.0 > shipped.0.saturating_add(1) {
            break;
        }
        remove(&segment_path(dir, *number))?;
        removed += 1;
    }
    for number in &found.snapshots {
        if *number < kept.header.segment {
            remove(&snapshot_path(dir, *number))?;
            removed += 1;
        }
    }
    Ok(removed)
}

pub(super) fn segment_path(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("{number:010}.wal"))
}

pub(super) fn snapshot_path(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("{number:010}.snapshot"))
}

pub(super) fn read_file(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|source| Error::Io {
        doing: "read",
        path: path.to_owned(),
        source,
    })
}

fn remove(path: &Path) -> Result<(), Error> {
    fs::remove_file(path).map_err(|source| Error::Io {
        doing: "remove",
        path: path.to_owned(),
        source,
    })
}

/// Keeps the bytes that follow the last whole record, for whoever wants to look at them.
fn set_aside(path: &Path, tail: &[u8], offset: u64, what: &'static str) -> Result<Torn, Error> {
    let aside = path.with_extension("torn");
    tracing::warn!(
        file = %path.display(), offset, bytes = tail.len(), what, aside = %aside.display(),
        "the journal's tail is torn and is set aside"
    );
    appear(path.parent().unwrap_or(Path::new(".")), &aside, tail)?;
    Ok(Torn {
        file: path.to_owned(),
        offset,
        bytes: tail.len() as u64,
        what,
    })
}

/// Makes a file that appears whole or not at all, and is on the disk when this returns.
pub(super) fn appear(dir: &Path, path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let unfinished = path.with_extension("tmp");
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(0o600)
            .open(&unfinished)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&unfinished, path)?;
        File::open(dir)?.sync_all()
    };
    write().map_err(|source| Error::Io {
        doing: "make",
        path: path.to_owned(),
        source,
    })
}

/// A number that no other journal has. From the seed of the standard library's hash maps, which the
/// operating system draws.
fn drawn() -> u64 {
    std::collections::hash_map::RandomState::new()
        .build_hasher()
        .finish()
}
