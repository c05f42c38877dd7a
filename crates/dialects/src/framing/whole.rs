//! Bodies that are one frame: answers of vendors that do not stream in the request that asks.
//!
//! The end of the body is the end of the frame ([`Reader::close`]). A blank body is none.

use std::borrow::Cow;

use super::{Error, Frame, buffer::Buffer};

/// Gathers a body that arrives in pieces of any size.
#[derive(Debug)]
pub struct Reader {
    buffer: Buffer,
    is_closed: bool,
}

impl Reader {
    /// A reader that refuses bodies above `limit` bytes.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self {
            buffer: Buffer::new(limit),
            is_closed: false,
        }
    }

    /// Takes in a piece.
    ///
    /// # Errors
    /// The body is longer than the limit.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.buffer.push(bytes)?;
        let limit = self.buffer.limit;
        if self.buffer.rest().len() > limit {
            return Err(Error::TooLong { limit });
        }
        Ok(())
    }

    /// The body, once, when it is whole.
    #[expect(
        clippy::should_implement_trait,
        reason = "it lends from the buffer; an iterator cannot"
    )]
    pub fn next(&mut self) -> Option<Frame<'_>> {
        if !self.is_closed || self.buffer.rest().trim_ascii().is_empty() {
            return None;
        }
        let start = self.buffer.start;
        self.buffer.start = self.buffer.bytes.len();
        Some(Frame {
            event: None,
            data: Cow::Borrowed(self.buffer.bytes.get(start..).unwrap_or_default()),
        })
    }

    /// The bytes are at their end. Says whether there are any.
    pub fn close(&mut self) -> bool {
        self.is_closed = true;
        !self.buffer.rest().trim_ascii().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_blank_body_is_no_frame() {
        let mut reader = Reader::new(64);
        reader.push(b" \r\n").unwrap();
        assert!(!reader.close());
        assert_eq!(reader.next(), None);
    }

    #[test]
    fn a_body_above_the_limit_is_refused() {
        let mut reader = Reader::new(4);
        assert_eq!(reader.push(b"1234"), Ok(()));
        assert_eq!(reader.push(b"5"), Err(Error::TooLong { limit: 4 }));
    }

    proptest! {
        #[test]
        fn a_body_is_one_frame_wherever_it_is_cut(
            bytes in prop::collection::vec(any::<u8>(), 0..48),
            size in 1_usize..9,
        ) {
            let mut reader = Reader::new(1 << 10);
            for piece in bytes.chunks(size) {
                reader.push(piece).unwrap();
                prop_assert_eq!(reader.next(), None);
            }
            let is_blank = bytes.trim_ascii().is_empty();
            prop_assert_eq!(reader.close(), !is_blank);
            let frame = reader.next().map(|frame| frame.data.into_owned());
            prop_assert_eq!(frame, (!is_blank).then_some(bytes));
            prop_assert_eq!(reader.next(), None);
        }
    }
}
