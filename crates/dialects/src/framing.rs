//! Frames out of bytes that arrive in pieces of any size.

pub mod aws;
mod buffer;
pub mod lines;
pub mod sse;
pub mod whole;

use std::borrow::Cow;

/// How the frames of a stream are cut out of its bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Framing {
    /// Server-sent events.
    #[default]
    Sse,
    /// Amazon's binary event streams ([`aws`]).
    AwsEventStream,
    /// One JSON text a line ([`lines`]).
    JsonLines,
    /// None: the whole body is one frame ([`whole`]). The vendor does not stream in the request that asks; what it
    /// says is given out as a stream when it is all there.
    Whole,
}

/// One frame. Borrowed from the reader's buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Its kind, where the framing states one (SSE's `event` field; AWS's `:event-type` header, or
    /// `exception:` and the exception's name, see [`aws`]).
    pub event: Option<&'a str>,
    /// What it carries.
    pub data: Cow<'a, [u8]>,
}

/// What came out of the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// A frame.
    Frame(Frame<'a>),
    /// A comment: a sign of life.
    Comment,
}

/// Bytes that no frame can be cut from. Nothing follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A frame grew over the limit.
    #[error("a frame of the stream is longer than {limit} bytes")]
    TooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// A message states lengths that cannot be.
    #[error("a message of the event stream states lengths that cannot be")]
    Length,
    /// The bytes of a message are not those that were sent.
    #[error("a message of the event stream does not fit its checksum")]
    Checksum,
    /// The headers of a message cannot be read.
    #[error("a message of the event stream has headers that cannot be read")]
    Header,
}

/// Cuts frames out of the bytes of one stream.
#[derive(Debug)]
pub enum Reader {
    /// Of server-sent events.
    Sse(sse::Reader),
    /// Of Amazon's event streams.
    AwsEventStream(aws::Reader),
    /// Of JSON lines.
    JsonLines(lines::Reader),
    /// Of whole bodies.
    Whole(whole::Reader),
}

impl Reader {
    /// A reader of this framing that refuses frames above `limit` bytes.
    #[must_use]
    pub const fn new(framing: Framing, limit: usize) -> Self {
        match framing {
            Framing::Sse => Self::Sse(sse::Reader::new(limit)),
            Framing::AwsEventStream => Self::AwsEventStream(aws::Reader::new(limit)),
            Framing::JsonLines => Self::JsonLines(lines::Reader::new(limit)),
            Framing::Whole => Self::Whole(whole::Reader::new(limit)),
        }
    }

    /// Takes in a piece.
    ///
    /// # Errors
    /// A frame is longer than the limit.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        match self {
            Self::Sse(reader) => reader.push(bytes),
            Self::AwsEventStream(reader) => reader.push(bytes),
            Self::JsonLines(reader) => reader.push(bytes),
            Self::Whole(reader) => reader.push(bytes),
        }
    }

    /// The next frame or comment, once it is whole.
    ///
    /// # Errors
    /// The bytes are no frame of this framing.
    #[expect(
        clippy::should_implement_trait,
        reason = "it lends from the buffer; an iterator cannot"
    )]
    pub fn next(&mut self) -> Result<Option<Item<'_>>, Error> {
        match self {
            Self::Sse(reader) => Ok(reader.next()),
            Self::AwsEventStream(reader) => Ok(reader.next()?.map(Item::Frame)),
            Self::JsonLines(reader) => Ok(reader.next().map(Item::Frame)),
            Self::Whole(reader) => Ok(reader.next().map(Item::Frame)),
        }
    }

    /// The bytes are at their end: what is left becomes a last frame, where this framing allows that (a last event
    /// without its empty line, a last line without its line break). Says whether anything was left.
    pub fn close(&mut self) -> bool {
        match self {
            Self::Sse(reader) => !reader.is_empty() && reader.push(b"\n\n").is_ok(),
            // Half a message stays half.
            Self::AwsEventStream(reader) => !reader.is_empty(),
            Self::JsonLines(reader) => reader.close(),
            Self::Whole(reader) => reader.close(),
        }
    }
}
