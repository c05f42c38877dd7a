//! Bytes that came and are not given out yet: what every framing cuts its frames from.

use super::Error;

/// The bytes of one stream from the first frame on that has not been given out.
#[derive(Debug)]
pub(super) struct Buffer {
    /// What came. Given-out bytes in front are dropped at the next [`Buffer::push`], not before: frames borrow them.
    pub(super) bytes: Vec<u8>,
    /// Where the first frame that has not been given out begins.
    pub(super) start: usize,
    /// Up to where `bytes` were searched for the end of that frame.
    pub(super) searched: usize,
    /// The most bytes that may wait for the end of one frame.
    pub(super) limit: usize,
}

impl Buffer {
    /// An empty one that refuses frames above `limit` bytes.
    pub(super) const fn new(limit: usize) -> Self {
        Self {
            bytes: Vec::new(),
            start: 0,
            searched: 0,
            limit,
        }
    }

    /// Takes in a piece.
    ///
    /// # Errors
    /// What waited before this piece for the end of its frame is longer than the limit.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if self.start == self.bytes.len() {
            self.bytes.clear();
            self.start = 0;
            self.searched = 0;
        } else if self.start > 0 {
            self.bytes.drain(..self.start);
            self.searched = self.searched.saturating_sub(self.start);
            self.start = 0;
        }
        self.bytes.extend_from_slice(bytes);
        if self.bytes.len() > self.limit.saturating_add(bytes.len()) {
            return Err(Error::TooLong { limit: self.limit });
        }
        Ok(())
    }

    /// What has not been given out.
    pub(super) fn rest(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }
}
