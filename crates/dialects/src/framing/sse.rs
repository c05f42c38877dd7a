//! Server-sent events: frames out of bytes that arrive in pieces of any size.
//!
//! Facts: WHATWG HTML, "Server-sent events", 9.2.5–9.2.6. Lines end with LF, CR or CRLF; `data` lines of one event
//! join with LF; a line that starts with a colon is a comment; an event that the end of the stream cuts off is dropped;
//! one byte order mark at the very beginning is skipped.

use std::borrow::Cow;

use super::{Error, Frame, Item, buffer::Buffer};

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Cuts frames out of bytes that arrive in pieces of any size.
#[derive(Debug)]
pub struct Reader {
    buffer: Buffer,
    /// Whether the beginning of the stream is behind us, where a byte order mark may stand.
    is_begun: bool,
}

impl Reader {
    /// A reader that refuses frames above `limit` bytes.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self {
            buffer: Buffer::new(limit),
            is_begun: false,
        }
    }

    /// Takes in a piece.
    ///
    /// # Errors
    /// A frame is longer than the limit.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.buffer.push(bytes)
    }

    /// The next event or comment, once it is whole.
    #[expect(
        clippy::should_implement_trait,
        reason = "it lends from the buffer; an iterator cannot"
    )]
    pub fn next(&mut self) -> Option<Item<'_>> {
        if !self.is_begun {
            self.skip_mark()?;
        }
        loop {
            let (end, next) = self.find_end()?;
            let start = self.buffer.start;
            self.buffer.start = next;
            self.buffer.searched = next;
            let block = self.buffer.bytes.get(start..end).unwrap_or_default();
            let has_field = lines(block).any(|line| !line.is_empty());
            if has_field {
                let block = self.buffer.bytes.get(start..end).unwrap_or_default();
                return Some(parse_block(block));
            }
        }
    }

    /// What is left when the bytes are at their end: whether an event was cut off.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let rest = self.buffer.rest();
        rest.iter().all(u8::is_ascii_whitespace)
    }

    /// Skips a byte order mark at the beginning of the stream; nothing where it may be under way.
    fn skip_mark(&mut self) -> Option<()> {
        let rest = self.buffer.rest();
        if rest.len() < BYTE_ORDER_MARK.len() && BYTE_ORDER_MARK.starts_with(rest) {
            return None;
        }
        if rest.starts_with(BYTE_ORDER_MARK) {
            self.buffer.start += BYTE_ORDER_MARK.len();
        }
        self.is_begun = true;
        Some(())
    }

    /// The end of the event that begins at `start` (behind its last line), and where the next one begins.
    fn find_end(&mut self) -> Option<(usize, usize)> {
        let mut at = self.buffer.searched.max(self.buffer.start);
        while let Some(found) = self
            .buffer
            .bytes
            .get(at..)
            .and_then(|rest| memchr::memchr2(b'\n', b'\r', rest))
        {
            let line_end = at + found;
            let first = line_break(&self.buffer.bytes, line_end)?;
            let behind = line_end + first;
            match self.buffer.bytes.get(behind) {
                // Not here yet: search this line break again when more has come.
                None => {
                    self.buffer.searched = line_end;
                    return None;
                }
                Some(b'\n' | b'\r') => {
                    let Some(second) = line_break(&self.buffer.bytes, behind) else {
                        self.buffer.searched = line_end;
                        return None;
                    };
                    return Some((line_end, behind + second));
                }
                Some(_) => at = behind,
            }
        }
        self.buffer.searched = self.buffer.bytes.len();
        None
    }
}

/// Length of the line break at `at`; `None` where a CR is the last byte and a LF may follow.
fn line_break(bytes: &[u8], at: usize) -> Option<usize> {
    match (bytes.get(at), bytes.get(at + 1)) {
        (Some(b'\r'), Some(b'\n')) => Some(2),
        (Some(b'\r'), None) => None,
        _ => Some(1),
    }
}

/// The lines of a block. CRLF shows as a line and an empty one, which means nothing here.
fn lines(block: &[u8]) -> impl Iterator<Item = &[u8]> {
    block.split(|byte| matches!(byte, b'\n' | b'\r'))
}

fn parse_block(block: &[u8]) -> Item<'_> {
    let mut event = None;
    let mut data: Option<Cow<'_, [u8]>> = None;
    for line in lines(block) {
        let (name, value) = match memchr::memchr(b':', line) {
            Some(colon) => (line.get(..colon), line.get(colon + 1..)),
            None => (Some(line), None),
        };
        let (name, value) = (name.unwrap_or_default(), value.unwrap_or_default());
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match name {
            b"data" => match &mut data {
                None => data = Some(Cow::Borrowed(value)),
                Some(data) => {
                    let data = data.to_mut();
                    data.push(b'\n');
                    data.extend_from_slice(value);
                }
            },
            b"event" => event = std::str::from_utf8(value).ok(),
            _ => {}
        }
    }
    match data {
        // An event without data is none (9.2.6).
        Some(data) if !data.is_empty() => Item::Frame(Frame { event, data }),
        Some(_) | None => Item::Comment,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pieces: &[&[u8]]) -> Vec<(Option<String>, Vec<u8>)> {
        let mut reader = Reader::new(1 << 20);
        let mut frames = Vec::new();
        for piece in pieces {
            reader.push(piece).unwrap();
            while let Some(item) = reader.next() {
                if let Item::Frame(frame) = item {
                    frames.push((frame.event.map(str::to_owned), frame.data.into_owned()));
                }
            }
        }
        frames
    }

    #[test]
    fn frames_are_the_same_wherever_the_bytes_are_cut() {
        for stream in [
            "data: {\"a\":1}\n\ndata: [DONE]\n\n",
            ": hello\n\nevent: ping\ndata: {}\n\ndata: a\ndata: b\n\n",
            "event: x\r\ndata: 1\r\n\r\ndata:2\r\n\r\n",
            "\u{feff}\n\n\n\ndata: \u{e4}\u{1f600}\n\n",
            "\u{feff}data: 1\n\ndata: 2\n\n",
            "data: 1\r\rdata: 2\r\r\n",
        ] {
            let bytes = stream.as_bytes();
            let whole = read(&[bytes]);
            assert!(!whole.is_empty());
            for cut in 0..=bytes.len() {
                assert_eq!(
                    read(&[&bytes[..cut], &bytes[cut..]]),
                    whole,
                    "{stream:?} cut at {cut}"
                );
            }
            let single: Vec<&[u8]> = bytes.chunks(1).collect();
            assert_eq!(read(&single), whole, "{stream:?} byte by byte");
        }
    }

    #[test]
    fn a_byte_order_mark_is_skipped_at_the_beginning_and_nowhere_else() {
        let frames = read(&[
            b"\xef\xbb",
            b"\xbfdata: 1\n\n\xef\xbb\xbfdata: 2\n\ndata: 3\n\n",
        ]);
        let data: Vec<&[u8]> = frames.iter().map(|(_, data)| data.as_slice()).collect();
        assert_eq!(data, [b"1", b"3"]);
    }

    #[test]
    fn a_frame_above_the_limit_is_refused() {
        let mut reader = Reader::new(16);
        assert_eq!(reader.push(b"data: 0123456789"), Ok(()));
        assert_eq!(reader.push(b"0123456789"), Ok(()));
        assert_eq!(reader.push(b"0"), Err(Error::TooLong { limit: 16 }));
    }

    #[test]
    fn an_event_that_the_end_cuts_off_is_noticed() {
        let mut reader = Reader::new(64);
        reader.push(b"data: 1\n\ndata: 2\n").unwrap();
        assert!(matches!(reader.next(), Some(Item::Frame(_))));
        assert_eq!(reader.next(), None);
        assert!(!reader.is_empty());
    }
}
