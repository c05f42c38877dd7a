//! JSON lines (NDJSON): one JSON text a line.
//!
//! Lines end with LF or CRLF; a CR alone ends nothing, JSON may hold it between its tokens. Blank lines say nothing.
//! The last line needs no line break ([`Reader::close`]). Whether a line is JSON is the dialect's to say.

use std::borrow::Cow;

use super::{Error, Frame, buffer::Buffer};

/// Cuts lines out of bytes that arrive in pieces of any size.
#[derive(Debug)]
pub struct Reader {
    buffer: Buffer,
}

impl Reader {
    /// A reader that refuses lines above `limit` bytes.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self {
            buffer: Buffer::new(limit),
        }
    }

    /// Takes in a piece.
    ///
    /// # Errors
    /// A line is longer than the limit.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.buffer.push(bytes)
    }

    /// The next line that is not blank, once it is whole; without its line break.
    #[expect(
        clippy::should_implement_trait,
        reason = "it lends from the buffer; an iterator cannot"
    )]
    pub fn next(&mut self) -> Option<Frame<'_>> {
        let buffer = &mut self.buffer;
        loop {
            let from = buffer.searched.max(buffer.start);
            let unsearched = buffer.bytes.get(from..).unwrap_or_default();
            let Some(found) = memchr::memchr(b'\n', unsearched) else {
                buffer.searched = buffer.bytes.len();
                return None;
            };
            let (start, end) = (buffer.start, from + found);
            buffer.start = end + 1;
            buffer.searched = end + 1;
            let line = buffer.bytes.get(start..end).unwrap_or_default();
            if !line.trim_ascii().is_empty() {
                // Looked up again: a borrow that is only returned sometimes would last for the whole loop.
                let line = buffer.bytes.get(start..end).unwrap_or_default();
                return Some(Frame {
                    event: None,
                    data: Cow::Borrowed(line.strip_suffix(b"\r").unwrap_or(line)),
                });
            }
        }
    }

    /// The bytes are at their end: a last line without its line break is whole now. Says whether there is one.
    pub fn close(&mut self) -> bool {
        !self.buffer.rest().trim_ascii().is_empty() && self.push(b"\n").is_ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read<'b>(pieces: impl IntoIterator<Item = &'b [u8]>) -> Vec<Vec<u8>> {
        let mut reader = Reader::new(1 << 20);
        let mut lines = Vec::new();
        for piece in pieces {
            reader.push(piece).unwrap();
            while let Some(frame) = reader.next() {
                lines.push(frame.data.into_owned());
            }
        }
        reader.close();
        while let Some(frame) = reader.next() {
            lines.push(frame.data.into_owned());
        }
        lines
    }

    #[test]
    fn lines_end_with_lf_or_crlf_and_blank_ones_are_skipped() {
        let lines = read([b"{\"a\":1}\n\r\n  \n{\"b\":\r2}\r\n\n{\"c\":3}".as_slice()]);
        assert_eq!(
            lines,
            [
                b"{\"a\":1}".as_slice(),
                b"{\"b\":\r2}",
                b"{\"c\":3}" // the end of the stream ends it
            ]
        );
    }

    #[test]
    fn nothing_left_at_the_end_is_no_line() {
        let mut reader = Reader::new(64);
        reader.push(b"{}\n\r\n ").unwrap();
        assert!(reader.next().is_some());
        assert_eq!(reader.next(), None);
        assert!(!reader.close());
        assert_eq!(reader.next(), None);
    }

    #[test]
    fn a_line_above_the_limit_is_refused() {
        let mut reader = Reader::new(16);
        assert_eq!(reader.push(b"\"0123456789abcde"), Ok(()));
        assert_eq!(reader.next(), None);
        assert_eq!(reader.push(b"0"), Ok(()));
        assert_eq!(reader.next(), None);
        assert_eq!(reader.push(b"0"), Err(Error::TooLong { limit: 16 }));
    }

    proptest! {
        #[test]
        fn lines_are_the_same_wherever_the_bytes_are_cut(
            bytes in prop::collection::vec(prop::sample::select(b"\r\n {}1".to_vec()), 0..48),
        ) {
            let whole = read([bytes.as_slice()]);
            // Written another way: split, cleaned, blank ones left out.
            let wanted: Vec<Vec<u8>> = bytes
                .split(|byte| *byte == b'\n')
                .filter(|line| line.iter().any(|byte| !byte.is_ascii_whitespace()))
                .map(|line| line.strip_suffix(b"\r").unwrap_or(line).to_vec())
                .collect();
            prop_assert_eq!(&whole, &wanted);
            for cut in 0..=bytes.len() {
                let (before, behind) = bytes.split_at(cut);
                prop_assert_eq!(&read([before, behind]), &whole, "cut at {}", cut);
            }
            prop_assert_eq!(&read(bytes.chunks(1)), &whole);
        }
    }
}
