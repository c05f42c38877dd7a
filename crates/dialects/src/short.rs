//! The short way for what a stream is made of: more text of the same block.
//!
//! A vendor's chunks of text are the same bytes but for the text (and a few numbers that say nothing). Once a chunk has
//! been read the long way and said nothing but text, its bytes around that are kept; a chunk that has the same ones
//! around another plain text says that text, and needs no parser. By construction this reads what the parser would read: the same
//! JSON with another text in the same place. It serves every pair of dialects, and whatever it does not know goes
//! the long way.

pub(crate) mod whole;

use canon::Event;

use crate::{Error, Frame, ParseStream, Step};

/// Longer surroundings are not worth keeping, in bytes; also the memory that a stream may take for this.
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
    /// Its bytes up to the first gap, between the gaps, and behind the last one.
    pieces: Vec<Vec<u8>>,
    /// What stands between the pieces: one fewer.
    gaps: Vec<Gap>,
    choice: u32,
    block: u32,
}

/// What differs from chunk to chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gap {
    /// The text, without its quotation marks.
    Text,
    /// A string that says nothing.
    Padding,
    /// A number that says nothing here.
    Number,
}

/// Fields that differ in each chunk of some vendors and that no parser here reads behind the first chunk, up to where
/// their value begins.
const IDLE_FIELDS: &[(&[u8], Gap)] = &[
    // OpenAI: makes the length of a chunk say nothing of its text.
    (b"\"obfuscation\":\"", Gap::Padding),
    (b"\"sequence_number\":", Gap::Number),
    (b"\"created\":", Gap::Number),
];

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
            self.long.heard(self.known.choice, text);
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

/// Whole numbers of so many digits fit into 64 bits, with a sign too.
const NUMBER_DIGITS_MAX: usize = 18;

impl Known {
    /// Keeps what stands around the text of a frame; says whether that is beyond doubt.
    fn learn(&mut self, frame: &Frame<'_>, text: &str) -> bool {
        let data = &*frame.data;
        // With an escape anywhere, the same text could stand elsewhere in another spelling.
        if text.is_empty()
            || data.len() > text.len() + SURROUNDINGS_BYTES_MAX
            || data.contains(&b'\\')
            || text.contains('"')
        {
            return false;
        }
        let Some(start) = only_place_of(text, data) else {
            return false;
        };
        let mut gaps = vec![(start, start + text.len(), Gap::Text)];
        for (name, gap) in IDLE_FIELDS {
            for found in memchr::memmem::find_iter(data, name) {
                let start = found + name.len();
                let value = data.get(start..).unwrap_or_default();
                gaps.push((start, start + gap.length(value), *gap));
            }
        }
        gaps.sort_unstable_by_key(|(start, ..)| *start);
        self.pieces.clear();
        self.gaps.clear();
        let mut at = 0;
        for (start, end, gap) in gaps {
            let Some(piece) = data.get(at..start) else {
                return false;
            };
            self.pieces.push(piece.to_vec());
            self.gaps.push(gap);
            at = end;
        }
        self.pieces
            .push(data.get(at..).unwrap_or_default().to_vec());
        self.event = frame.event.map(str::to_owned);
        true
    }

    /// The text of a frame that is like the known one.
    fn text_of<'f>(&self, frame: &'f Frame<'_>) -> Option<&'f str> {
        if frame.event != self.event.as_deref() {
            return None;
        }
        let (last, pieces) = self.pieces.split_last()?;
        let mut rest = &*frame.data;
        let mut text = None;
        for (piece, gap) in pieces.iter().zip(&self.gaps) {
            rest = rest.strip_prefix(piece.as_slice())?;
            let (value, behind) = rest.split_at_checked(gap.length(rest))?;
            match gap {
                Gap::Text => text = Some(value),
                Gap::Number if !is_number(value) => return None,
                Gap::Padding if std::str::from_utf8(value).is_err() => return None,
                Gap::Padding | Gap::Number => {}
            }
            rest = behind;
        }
        let text = text.filter(|text| !text.is_empty() && rest == last.as_slice())?;
        std::str::from_utf8(text).ok()
    }
}

impl Gap {
    /// How many bytes of it stand here.
    fn length(self, bytes: &[u8]) -> usize {
        let belongs = |byte: &u8| match self {
            Self::Text | Self::Padding => !matches!(byte, b'"' | b'\\' | 0..0x20),
            Self::Number => byte.is_ascii_digit(),
        };
        bytes
            .iter()
            .position(|byte| !belongs(byte))
            .unwrap_or(bytes.len())
    }
}

/// Whether digits are a whole number of JSON, and of no more than 64 bits.
fn is_number(digits: &[u8]) -> bool {
    matches!(digits, [b'0'] | [b'1'..=b'9', ..]) && digits.len() <= NUMBER_DIGITS_MAX
}

/// Where a text stands as a JSON string, if that is one place.
fn only_place_of(text: &str, data: &[u8]) -> Option<usize> {
    let quoted = [b"\"", text.as_bytes(), b"\""].concat();
    let mut places = memchr::memmem::find_iter(data, &quoted);
    let place = places.next()?;
    places.next().is_none().then_some(place + 1)
}
