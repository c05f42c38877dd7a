//! Snapshots: the whole ledger at the beginning of a segment, so that what came before need not be
//! replayed.
//!
//! A snapshot is the header of that segment, the CRC32C of its bytes, and its bytes.

use std::path::{Path, PathBuf};

use super::{
    Error, files,
    record::{self, Header},
};

/// Where a snapshot of the ledger belongs: before the first entry of a segment.
#[derive(Clone, Debug)]
pub struct Mark {
    dir: PathBuf,
    header: Header,
}

/// A snapshot that is whole.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) header: Header,
    pub(super) bytes: Vec<u8>,
}

impl Mark {
    pub(super) fn new(dir: &Path, header: &Header) -> Self {
        Self {
            dir: dir.to_owned(),
            header: *header,
        }
    }

    /// Writes the snapshot that was taken at this mark. It is on the disk when this returns.
    ///
    /// # Errors
    /// The file system said no; the snapshot before stays in use.
    pub fn write(&self, snapshot: &[u8]) -> Result<(), Error> {
        let mut bytes = self.header.encode().to_vec();
        bytes.extend_from_slice(&crc32c::crc32c(snapshot).to_le_bytes());
        bytes.extend_from_slice(snapshot);
        files::appear(
            &self.dir,
            &files::snapshot_path(&self.dir, self.header.segment),
            &bytes,
        )
    }
}

impl Kept {
    pub(super) fn parse(mut bytes: Vec<u8>) -> Option<Self> {
        let header = Header::decode(&bytes)?;
        let crc = record::u32_at(&bytes, record::HEADER_BYTES)?;
        let bytes = bytes.split_off(record::HEADER_BYTES + 4);
        (crc32c::crc32c(&bytes) == crc).then_some(Self { header, bytes })
    }
}
