//! Bytes of a segment: one header, then records. All numbers are little-endian.
//!
//! | header | bytes | record | bytes |
//! |---|---|---|---|
//! | magic `WEIRWAL1` | 8 | length of the payload | 4 |
//! | journal | 8 | CRC32C of length, id and payload | 4 |
//! | segment | 8 | id of the entry | 8 |
//! | epoch | 8 | the entry as JSON | length |
//! | id of the first entry | 8 | | |
//! | CRC32C of the above | 4 | | |

use canon::{Entry, EntryId};

use super::Error;

/// Size of a segment's header.
pub(super) const HEADER_BYTES: usize = 44;
/// Size of a record without its payload.
const HEAD_BYTES: usize = 16;
/// No entry comes near this; a length above it is damage.
const PAYLOAD_BYTES_MAX: usize = 16 * 1024 * 1024;
const MAGIC: &[u8; 8] = b"WEIRWAL1";

/// The beginning of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Which journal it belongs to.
    pub(super) journal: u64,
    /// Its place among the segments, from 1.
    pub(super) segment: u64,
    /// How often the journal was opened when it was made.
    pub(super) epoch: u64,
    /// The first entry that it holds or will hold.
    pub(super) first: EntryId,
}

/// What stands at a place of a segment.
pub(super) enum Place<'a> {
    /// A whole record.
    Record {
        id: EntryId,
        payload: &'a [u8],
        /// Where the next one begins.
        next: usize,
    },
    /// Nothing: the segment ends here.
    End,
    /// Something that is no record.
    Bad(&'static str),
}

impl Header {
    pub(super) fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        let numbers = [self.journal, self.segment, self.epoch, self.first.0];
        let body = MAGIC
            .iter()
            .copied()
            .chain(numbers.into_iter().flat_map(u64::to_le_bytes));
        for (place, byte) in bytes.iter_mut().zip(body) {
            *place = byte;
        }
        let (body, crc) = bytes.split_at_mut(HEADER_BYTES - 4);
        crc.copy_from_slice(&crc32c::crc32c(body).to_le_bytes());
        bytes
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let body = bytes.get(..HEADER_BYTES - 4)?;
        let whole = body.starts_with(MAGIC) && u32_at(bytes, 40)? == crc32c::crc32c(body);
        if !whole {
            return None;
        }
        Some(Self {
            journal: u64_at(bytes, 8)?,
            segment: u64_at(bytes, 16)?,
            epoch: u64_at(bytes, 24)?,
            first: EntryId(u64_at(bytes, 32)?),
        })
    }
}

/// Adds a record to a buffer. No allocation once the buffer has grown.
pub(super) fn encode(buffer: &mut Vec<u8>, id: EntryId, entry: &Entry) -> Result<(), Error> {
    let start = buffer.len();
    buffer.extend_from_slice(&[0; HEAD_BYTES]);
    serde_json::to_writer(&mut *buffer, entry).map_err(Error::Encode)?;
    let bytes = buffer.len() - start - HEAD_BYTES;
    let length = u32::try_from(bytes)
        .ok()
        .filter(|_| bytes <= PAYLOAD_BYTES_MAX)
        .ok_or(Error::TooLarge { bytes })?;
    let record = buffer.get_mut(start..).unwrap_or_default();
    let Some((head, payload)) = record.split_first_chunk_mut::<HEAD_BYTES>() else {
        return Err(Error::TooLarge { bytes });
    };
    let (number, id) = (length.to_le_bytes(), id.0.to_le_bytes());
    let crc = checksum(number, id, payload).to_le_bytes();
    for (place, byte) in head.iter_mut().zip(number.into_iter().chain(crc).chain(id)) {
        *place = byte;
    }
    Ok(())
}

/// What stands at `at` (bytes from the beginning of the segment).
pub(super) fn decode(bytes: &[u8], at: usize) -> Place<'_> {
    let rest = bytes.get(at..).unwrap_or_default();
    if rest.is_empty() {
        return Place::End;
    }
    let (Some(length), Some(crc), Some(id)) = (u32_at(rest, 0), u32_at(rest, 4), u64_at(rest, 8))
    else {
        return Place::Bad("a record's head is cut off");
    };
    let Some(len) = usize::try_from(length)
        .ok()
        .filter(|len| *len <= PAYLOAD_BYTES_MAX)
    else {
        return Place::Bad("a record's length is impossible");
    };
    let Some(payload) = rest.get(HEAD_BYTES..HEAD_BYTES + len) else {
        return Place::Bad("a record is cut off");
    };
    if len == 0 || checksum(length.to_le_bytes(), id.to_le_bytes(), payload) != crc {
        return Place::Bad("a record does not match its checksum");
    }
    Place::Record {
        id: EntryId(id),
        payload,
        next: at + HEAD_BYTES + len,
    }
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..)?.first_chunk::<4>()?;
    Some(u32::from_le_bytes(*bytes))
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..)?.first_chunk::<8>()?;
    Some(u64::from_le_bytes(*bytes))
}

fn checksum(length: [u8; 4], id: [u8; 8], payload: &[u8]) -> u32 {
    let crc = crc32c::crc32c_append(crc32c::crc32c(&length), &id);
    crc32c::crc32c_append(crc, payload)
}
