//! The framings: frames are the same wherever the bytes are cut, and a limit holds.

use dialects::framing::{Error, Framing, Item, Reader};

/// A limit that small inputs reach.
const LIMIT: usize = 4096;

/// Server-sent events.
pub fn sse(data: &[u8]) {
    cut_anywhere(Framing::Sse, data);
}

/// JSON lines.
pub fn lines(data: &[u8]) {
    cut_anywhere(Framing::JsonLines, data);
}

/// AWS event streams: as they come, and with the checksums put right, so that mutations come further.
pub fn aws(data: &[u8]) {
    cut_anywhere(Framing::AwsEventStream, data);
    let Some((cut, bytes)) = data.split_first() else {
        return;
    };
    let mut mended = vec![*cut];
    mended.extend(mend(bytes));
    cut_anywhere(Framing::AwsEventStream, &mended);
}

/// The first byte says where the rest is cut.
fn cut_anywhere(framing: Framing, data: &[u8]) {
    let Some((cut, bytes)) = data.split_first() else {
        return;
    };
    let whole = frames(framing, &[bytes]);
    let (before, behind) = bytes.split_at(bytes.len() * usize::from(*cut) / 256);
    let pieces = frames(framing, &[before, behind]);
    // A limit may be met earlier or later; what came before it is the same.
    if whole.1.is_none() && pieces.1.is_none() {
        assert_eq!(whole.0, pieces.0);
    }
}

/// What is in a frame, and what kind it states; nothing in a comment.
type Seen = Option<(Option<String>, Vec<u8>)>;

fn frames(framing: Framing, pieces: &[&[u8]]) -> (Vec<Seen>, Option<Error>) {
    let mut reader = Reader::new(framing, LIMIT);
    let mut seen = Vec::new();
    for piece in pieces {
        if let Err(error) = reader.push(piece) {
            return (seen, Some(error));
        }
        if let Err(error) = drain(&mut reader, &mut seen) {
            return (seen, Some(error));
        }
    }
    reader.close();
    let error = drain(&mut reader, &mut seen).err();
    (seen, error)
}

fn drain(reader: &mut Reader, seen: &mut Vec<Seen>) -> Result<(), Error> {
    while let Some(item) = reader.next()? {
        seen.push(match item {
            Item::Frame(frame) => Some((frame.event.map(str::to_owned), frame.data.into_owned())),
            Item::Comment => None,
        });
    }
    Ok(())
}

/// Puts lengths into bounds and checksums right, message after message.
fn mend(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = bytes;
    while rest.len() > 2 {
        let headers = usize::from(rest[0]).min(rest.len() - 2);
        let body = (usize::from(rest[1]) + headers).min(rest.len() - 2);
        let total = 16 + body;
        let mut message = Vec::with_capacity(total);
        message.extend((total as u32).to_be_bytes());
        message.extend((headers as u32).to_be_bytes());
        message.extend(crc32(&message).to_be_bytes());
        message.extend(&rest[2..2 + body]);
        message.extend(crc32(&message).to_be_bytes());
        out.extend(message);
        rest = &rest[2 + body..];
    }
    out
}

/// CRC-32 (ISO-HDLC), bit by bit: written here again on purpose.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
        }
    }
    !crc
}
