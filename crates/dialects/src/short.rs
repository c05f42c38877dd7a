//! The short way for what a stream is made of: more text of the same block.
//!
//! A vendor's chunks of text are the same bytes but for the text. Once a chunk has been read the long way and said
//! nothing but text, its bytes before and behind that text are kept; a chunk that has the same ones around another
//! plain text says that text, and needs no parser. By construction this reads what the parser would read: the same
//! JSON with another text in the same place. It serves every pair of dialects, and whatever it does not know goes
//! the long way.

use canon::Event;

use crate::{Error, Frame, ParseStream, Step};

/// Longer surroundings are not worth keeping, in bytes.
const SURROUNDINGS_BYTES_MAX: usize = 4_096;

/// Reads a streamed answer, chunks of mere text the short way.
pub struct Short {
    long: Box<dyn ParseStream>,
    /// Whether `known` holds for the next frame.
    is_known: bool,
    known: Known,
}

/// A chunk that said nothing but text.
#[derive(Debug, Default)]
struct Known {
    event: Option<String>,
    /// Up to and with the quotation mark before the text.
    before: Vec<u8>,
    /// From the quotation mark behind the text on.
    behind: Vec<u8>,
    choice: u32,
    block: u32,
}

impl std::fmt::Debug for Short {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Short")
            .field("is_known", &self.is_known)
            .finish_non_exhaustive()
    }
}

impl Short {
    /// Reads what `long` reads.
    #[must_use]
    pub fn new(long: Box<dyn ParseStream>) -> Self {
        Self {
            long,
            is_known: false,
            known: Known::default(),
        }
    }
}

impl ParseStream for Short {
    fn frame(&mut self, frame: &Frame<'_>, out: &mut Vec<Step>) -> Result<(), Error> {
        if self.is_known
            && let Some(text) = self.known.text_of(frame)
        {
            out.push(Step::Event(Event::Text {
                choice: self.known.choice,
                block: self.known.block,
                text: text.to_owned(),
            }));
            return Ok(());
        }
        let begin = out.len();
        self.is_known = false;
        self.long.frame(frame, out)?;
        if let Some(
            [
                Step::Event(Event::Text {
                    choice,
                    block,
                    text,
                }),
            ],
        ) = out.get(begin..)
        {
            (self.known.choice, self.known.block) = (*choice, *block);
            self.is_known = self.known.learn(frame, text);
        }
        Ok(())
    }

    fn is_complete(&self) -> bool {
        self.long.is_complete()
    }
}

impl Known {
    /// Keeps what stands around the text of a frame; says whether that is beyond doubt.
    fn learn(&mut self, frame: &Frame<'_>, text: &str) -> bool {
        let data = &*frame.data;
        // With an escape anywhere, the same text could stand elsewhere in another spelling.
        if text.is_empty() || data.contains(&b'\\') || text.contains('"') {
            return false;
        }
        let mut quoted = Vec::with_capacity(text.len() + 2);
        quoted.push(b'"');
        quoted.extend_from_slice(text.as_bytes());
        quoted.push(b'"');
        let mut places = memchr::memmem::find_iter(data, &quoted);
        let (Some(place), None) = (places.next(), places.next()) else {
            return false;
        };
        let end = place + quoted.len() - 1;
        let (Some(before), Some(behind)) = (data.get(..=place), data.get(end..)) else {
            return false;
        };
        if before.len() + behind.len() > SURROUNDINGS_BYTES_MAX {
            return false;
        }
        self.before.clear();
        self.before.extend_from_slice(before);
        self.behind.clear();
        self.behind.extend_from_slice(behind);
        self.event = frame.event.map(str::to_owned);
        true
    }

    /// The text of a frame that is like the known one.
    fn text_of<'f>(&self, frame: &'f Frame<'_>) -> Option<&'f str> {
        if frame.event != self.event.as_deref() {
            return None;
        }
        let text = frame
            .data
            .strip_prefix(self.before.as_slice())?
            .strip_suffix(self.behind.as_slice())?;
        let is_plain = |byte: &u8| !matches!(byte, b'"' | b'\\' | 0..0x20);
        if text.is_empty() || !text.iter().all(is_plain) {
            return None;
        }
        std::str::from_utf8(text).ok()
    }
}
