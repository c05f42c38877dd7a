//! Amazon's event streams (`application/vnd.amazon.eventstream`): binary messages with headers and two checksums.
//!
//! A message is: its length and that of its headers (32 bits each, most significant byte first, the whole message
//! counted), the CRC-32 of these eight bytes, the headers, the payload, and the CRC-32 of all that. A header is the
//! length of its name (8 bits), the name, a type, and a value whose length the type fixes or states.
//!
//! # What becomes of a message
//! [`Frame::data`] is the payload as it is. [`Frame::event`] tells the three kinds of messages apart
//! (`:message-type`):
//! - an event: its `:event-type` (`contentBlockDelta`, `chunk`);
//! - an exception, which the service has a name for: [`EXCEPTION`] and its `:exception-type`
//!   (`exception:throttlingException`);
//! - an error that has none: [`ERROR`] and its `:error-code`; there is no payload, `:error-message` takes its place.
//!
//! A message of no kind has no event. A stream that breaks off within a message leaves no frame of it.
//!
//! Facts: smithy.io/2.0/aws/amazon-eventstream.html and
//! docs.aws.amazon.com/lexv2/latest/dg/event-stream-encoding.html, read 2026-11-22 (CRC-32 is that of gzip).

use std::borrow::Cow;

use super::{Error, Frame, buffer::Buffer};

/// Stands before the name of an exception in [`Frame::event`].
pub const EXCEPTION: &str = "exception:";
/// Stands before the code of an error in [`Frame::event`].
pub const ERROR: &str = "error:";

const CRC: crc::Crc<u32, crc::Table<16>> =
    crc::Crc::<u32, crc::Table<16>>::new(&crc::CRC_32_ISO_HDLC);

/// Both lengths and their checksum.
const PRELUDE_BYTES: usize = 12;
/// The checksum behind the payload.
const TRAILER_BYTES: usize = 4;
/// The most bytes of headers that the format allows.
const HEADERS_BYTES_MAX: usize = 128 << 10;

/// Cuts messages out of bytes that arrive in pieces of any size.
#[derive(Debug)]
pub struct Reader {
    buffer: Buffer,
    /// The label of the message given out last; the frame borrows it.
    label: String,
}

impl Reader {
    /// A reader that refuses messages above `limit` bytes.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self {
            buffer: Buffer::new(limit),
            label: String::new(),
        }
    }

    /// Takes in a piece.
    ///
    /// # Errors
    /// A message is longer than the limit.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.buffer.push(bytes)
    }

    /// The next message, once it is whole.
    ///
    /// # Errors
    /// A length that cannot be, a checksum that does not fit, a header that is none. Nothing is skipped: asked again,
    /// it says the same.
    #[expect(
        clippy::should_implement_trait,
        reason = "it lends from the buffer; an iterator cannot"
    )]
    pub fn next(&mut self) -> Result<Option<Frame<'_>>, Error> {
        let Some((prelude, _)) = self.buffer.rest().split_first_chunk::<PRELUDE_BYTES>() else {
            return Ok(None);
        };
        let (total, headers) = parse_prelude(prelude, self.buffer.limit)?;
        let start = self.buffer.start;
        let Some(message) = self.buffer.bytes.get(start..start.saturating_add(total)) else {
            return Ok(None);
        };
        let message = check(message)?;
        let (headers, payload) = message
            .get(PRELUDE_BYTES..)
            .and_then(|body| body.split_at_checked(headers))
            .ok_or(Error::Length)?;
        let labels = parse_headers(headers)?;
        self.label.clear();
        let event = match labels {
            Labels {
                kind: "exception", ..
            } => Some((EXCEPTION, labels.exception)),
            Labels { kind: "error", .. } => Some((ERROR, labels.error_code)),
            Labels { event, .. } => event.map(|event| ("", Some(event))),
        };
        let data = match labels.error_message {
            Some(said) if labels.kind == "error" => said.as_bytes(),
            _ => payload,
        };
        let event = event.map(|(prefix, name)| {
            self.label.push_str(prefix);
            self.label.push_str(name.unwrap_or_default());
            self.label.as_str()
        });
        self.buffer.start += total;
        Ok(Some(Frame {
            event,
            data: Cow::Borrowed(data),
        }))
    }

    /// Whether no message has begun that has not been given out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.buffer.rest().is_empty()
    }
}

/// The lengths of the message and of its headers.
fn parse_prelude(prelude: &[u8; PRELUDE_BYTES], limit: usize) -> Result<(usize, usize), Error> {
    let [total, headers, checksum] = words(prelude);
    let (lengths, _) = prelude.split_at(8);
    if CRC.checksum(lengths) != checksum {
        return Err(Error::Checksum);
    }
    let size = |word: u32| usize::try_from(word).map_err(|_| Error::Length);
    let (total, headers) = (size(total)?, size(headers)?);
    let around = PRELUDE_BYTES + TRAILER_BYTES;
    if headers > HEADERS_BYTES_MAX || total < headers.saturating_add(around) {
        return Err(Error::Length);
    }
    if total > limit {
        return Err(Error::TooLong { limit });
    }
    Ok((total, headers))
}

/// The three numbers of a prelude.
fn words(prelude: &[u8; PRELUDE_BYTES]) -> [u32; 3] {
    let [a, b, c, d, e, f, g, h, i, j, k, l] = *prelude;
    [[a, b, c, d], [e, f, g, h], [i, j, k, l]].map(u32::from_be_bytes)
}

/// The message without its checksum, which must fit.
fn check(message: &[u8]) -> Result<&[u8], Error> {
    let (message, checksum) = message
        .split_last_chunk::<TRAILER_BYTES>()
        .ok_or(Error::Length)?;
    if CRC.checksum(message) == u32::from_be_bytes(*checksum) {
        Ok(message)
    } else {
        Err(Error::Checksum)
    }
}

/// What the headers say of the message.
#[derive(Clone, Copy, Default)]
struct Labels<'a> {
    kind: &'a str,
    event: Option<&'a str>,
    exception: Option<&'a str>,
    error_code: Option<&'a str>,
    error_message: Option<&'a str>,
}

fn parse_headers(mut bytes: &[u8]) -> Result<Labels<'_>, Error> {
    let mut labels = Labels::default();
    while let Some((&name_bytes, behind)) = bytes.split_first() {
        let (name, behind) = take(behind, name_bytes.into())?;
        let (&kind, behind) = behind.split_first().ok_or(Error::Header)?;
        let (value, behind) = parse_value(kind, behind)?;
        bytes = behind;
        let Some(text) = value else { continue };
        match name {
            b":message-type" => labels.kind = text,
            b":event-type" => labels.event = Some(text),
            b":exception-type" => labels.exception = Some(text),
            b":error-code" => labels.error_code = Some(text),
            b":error-message" => labels.error_message = Some(text),
            _ => {}
        }
    }
    Ok(labels)
}

/// A header's value where it is text, and what stands behind it.
fn parse_value(kind: u8, bytes: &[u8]) -> Result<(Option<&str>, &[u8]), Error> {
    let length = match kind {
        // true, false
        0 | 1 => 0,
        // integers of 8, 16, 32 and 64 bits
        2 => 1,
        3 => 2,
        4 => 4,
        5 => 8,
        // bytes and text, their length in front
        6 | 7 => {
            let (length, behind) = bytes.split_first_chunk::<2>().ok_or(Error::Header)?;
            let (value, behind) = take(behind, u16::from_be_bytes(*length).into())?;
            let is_text = kind == 7;
            let text = is_text.then(|| std::str::from_utf8(value)).transpose();
            return Ok((text.map_err(|_| Error::Header)?, behind));
        }
        // a timestamp; a UUID
        8 => 8,
        9 => 16,
        _ => return Err(Error::Header),
    };
    let (_, behind) = take(bytes, length)?;
    Ok((None, behind))
}

fn take(bytes: &[u8], length: usize) -> Result<(&[u8], &[u8]), Error> {
    bytes.split_at_checked(length).ok_or(Error::Header)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A message as Amazon writes it.
    fn message(headers: &[(&str, u8, &[u8])], payload: &[u8]) -> Vec<u8> {
        let mut block = Vec::new();
        for (name, kind, value) in headers {
            block.push(u8::try_from(name.len()).unwrap());
            block.extend_from_slice(name.as_bytes());
            block.push(*kind);
            if matches!(kind, 6 | 7) {
                block.extend_from_slice(&u16::try_from(value.len()).unwrap().to_be_bytes());
            }
            block.extend_from_slice(value);
        }
        let total = PRELUDE_BYTES + block.len() + payload.len() + TRAILER_BYTES;
        let mut bytes = u32::try_from(total).unwrap().to_be_bytes().to_vec();
        bytes.extend_from_slice(&u32::try_from(block.len()).unwrap().to_be_bytes());
        bytes.extend_from_slice(&CRC.checksum(&bytes).to_be_bytes());
        bytes.extend_from_slice(&block);
        bytes.extend_from_slice(payload);
        bytes.extend_from_slice(&CRC.checksum(&bytes).to_be_bytes());
        bytes
    }

    fn event(name: &str, payload: &[u8]) -> Vec<u8> {
        let headers: [(&str, u8, &[u8]); 3] = [
            (":event-type", 7, name.as_bytes()),
            (":content-type", 7, b"application/json"),
            (":message-type", 7, b"event"),
        ];
        message(&headers, payload)
    }

    type Read = Result<Vec<(Option<String>, Vec<u8>)>, Error>;

    fn read<'b>(pieces: impl IntoIterator<Item = &'b [u8]>) -> Read {
        let mut reader = Reader::new(1 << 16);
        let mut frames = Vec::new();
        for piece in pieces {
            reader.push(piece)?;
            while let Some(frame) = reader.next()? {
                frames.push((frame.event.map(str::to_owned), frame.data.into_owned()));
            }
        }
        Ok(frames)
    }

    fn one(bytes: &[u8]) -> (Option<String>, String) {
        let mut frames = read([bytes]).unwrap();
        assert_eq!(frames.len(), 1);
        let (event, data) = frames.remove(0);
        (event, String::from_utf8(data).unwrap())
    }

    #[test]
    fn the_example_of_the_format_is_read_as_its_authors_wrote_it() {
        // The empty message of the test vectors published with Amazon's own libraries.
        let bytes = [
            0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x05, 0xc2, 0x48, 0xeb, 0x7d, 0x98,
            0xc8, 0xff,
        ];
        assert_eq!(one(&bytes), (None, String::new()));
    }

    #[test]
    fn events_exceptions_and_errors_are_told_apart() {
        let (label, data) = one(&event("messageStart", b"{\"role\":\"assistant\"}"));
        assert_eq!(label.as_deref(), Some("messageStart"));
        assert_eq!(data, "{\"role\":\"assistant\"}");

        let exception = message(
            &[
                (":exception-type", 7, b"throttlingException"),
                (":message-type", 7, b"exception"),
            ],
            b"{\"message\":\"slow down\"}",
        );
        let (label, data) = one(&exception);
        assert_eq!(label.as_deref(), Some("exception:throttlingException"));
        assert_eq!(data, "{\"message\":\"slow down\"}");

        let error = message(
            &[
                (":error-code", 7, b"InternalError"),
                (":error-message", 7, b"it broke"),
                (":message-type", 7, b"error"),
            ],
            b"",
        );
        let (label, data) = one(&error);
        assert_eq!(label.as_deref(), Some("error:InternalError"));
        assert_eq!(data, "it broke");
    }

    #[test]
    fn headers_of_every_type_are_passed_over() {
        let bytes = message(
            &[
                ("yes", 0, b""),
                ("no", 1, b""),
                ("byte", 2, &[1]),
                ("short", 3, &[1; 2]),
                ("integer", 4, &[1; 4]),
                ("long", 5, &[1; 8]),
                ("bytes", 6, &[0xff; 5]),
                ("text", 7, "\u{e4}".as_bytes()),
                ("timestamp", 8, &[1; 8]),
                ("uuid", 9, &[1; 16]),
                (":event-type", 7, b"last"),
            ],
            b"{}",
        );
        assert_eq!(one(&bytes), (Some("last".to_owned()), "{}".to_owned()));
    }

    #[test]
    fn headers_that_are_none_are_refused() {
        let headers: [(&str, u8, &[u8]); 4] = [
            ("unknown type", 10, b""),
            ("not UTF-8", 7, &[0xff]),
            ("cut short", 5, &[0; 7]),
            ("cut shorter", 9, b""),
        ];
        for header in headers {
            assert_eq!(
                read([message(&[header], b"").as_slice()]),
                Err(Error::Header)
            );
        }
    }

    #[test]
    fn lengths_that_cannot_be_are_refused_before_anything_is_waited_for() {
        let prelude = |total: u32, headers: u32| {
            let mut bytes = total.to_be_bytes().to_vec();
            bytes.extend_from_slice(&headers.to_be_bytes());
            bytes.extend_from_slice(&CRC.checksum(&bytes).to_be_bytes());
            read([bytes.as_slice()])
        };
        assert_eq!(prelude(16, 0), Ok(Vec::new()), "not whole yet");
        assert_eq!(prelude(15, 0), Err(Error::Length));
        assert_eq!(prelude(0, 0), Err(Error::Length));
        assert_eq!(prelude(100, 85), Err(Error::Length));
        assert_eq!(prelude(u32::MAX, u32::MAX), Err(Error::Length));
        assert_eq!(prelude(1 << 20, (128 << 10) + 1), Err(Error::Length));
        assert_eq!(
            prelude((1 << 16) + 1, 0),
            Err(Error::TooLong { limit: 1 << 16 })
        );
    }

    #[test]
    fn a_message_that_the_end_cuts_off_is_no_frame() {
        let bytes = event("a", b"{}");
        let mut reader = Reader::new(1 << 16);
        reader.push(&bytes).unwrap();
        reader.push(&bytes[..bytes.len() - 1]).unwrap();
        assert!(reader.next().unwrap().is_some());
        assert_eq!(reader.next(), Ok(None));
        assert!(!reader.is_empty());
    }

    #[test]
    fn every_flipped_bit_is_an_error() {
        let whole = event("contentBlockDelta", b"{\"delta\":{\"text\":\"hello\"}}");
        for bit in 0..whole.len() * 8 {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(read([bytes.as_slice()]), Err(Error::Checksum), "bit {bit}");
        }
    }

    proptest! {
        #[test]
        fn frames_are_the_same_wherever_the_bytes_are_cut(
            messages in prop::collection::vec(
                ("[a-zA-Z]{1,12}", prop::collection::vec(any::<u8>(), 0..24)),
                1..4,
            ),
        ) {
            let mut bytes = Vec::new();
            let mut wanted = Vec::new();
            for (name, payload) in messages {
                bytes.extend(event(&name, &payload));
                wanted.push((Some(name), payload));
            }
            for cut in 0..=bytes.len() {
                let (before, behind) = bytes.split_at(cut);
                let found = read([before, behind]);
                prop_assert_eq!(found.as_ref(), Ok(&wanted), "cut at {}", cut);
            }
            let found = read(bytes.chunks(1));
            prop_assert_eq!(found.as_ref(), Ok(&wanted));
        }

        #[test]
        fn garbage_never_panics(
            bytes in prop::collection::vec(any::<u8>(), 0..256),
            headers in prop::collection::vec(any::<u8>(), 0..64),
        ) {
            // By itself, and as headers behind checksums that fit.
            let _either = read([bytes.as_slice()]);
            let mut message = u32::try_from(16 + headers.len()).unwrap().to_be_bytes().to_vec();
            message.extend_from_slice(&u32::try_from(headers.len()).unwrap().to_be_bytes());
            message.extend_from_slice(&CRC.checksum(&message).to_be_bytes());
            message.extend_from_slice(&headers);
            message.extend_from_slice(&CRC.checksum(&message).to_be_bytes());
            let _either = read([message.as_slice()]);
        }
    }
}
