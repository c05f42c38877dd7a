//! The messages of an AWS event stream: lengths and headers in front of a payload, a checksum
//! after the lengths and one at the end.

use serde_json::{Value, json};

/// The two lengths and their checksum.
const PRELUDE_BYTES: usize = 12;
const CHECKSUM_BYTES: usize = 4;
/// The type of a header whose value is a string.
const STRING: u8 = 7;
/// The reflected polynomial of CRC-32.
const POLYNOMIAL: u32 = 0xEDB8_8320;
/// What payloads are padded with, to hide their length.
const PADDING: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456";

/// An event whose payload is an object, padded as the vendor does.
pub(super) fn event(kind: &str, mut payload: Value) -> Vec<u8> {
    let size = payload.to_string().len();
    if let Some(members) = payload.as_object_mut() {
        let padding = PADDING.get(..1 + size % PADDING.len()).unwrap_or(PADDING);
        members.insert("p".to_owned(), json!(padding));
    }
    raw_event(kind, payload.to_string().as_bytes())
}

/// An event with any payload.
pub(super) fn raw_event(kind: &str, payload: &[u8]) -> Vec<u8> {
    let headers = [
        (":event-type", kind),
        (":content-type", "application/json"),
        (":message-type", "event"),
    ];
    message(&headers, payload)
}

/// The exception that ends a stream.
pub(super) fn exception(kind: &str, payload: &Value) -> Vec<u8> {
    let headers = [
        (":exception-type", kind),
        (":content-type", "application/json"),
        (":message-type", "exception"),
    ];
    message(&headers, payload.to_string().as_bytes())
}

fn message(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    let mut head = Vec::new();
    for (name, value) in headers {
        head.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
        head.extend_from_slice(name.as_bytes());
        head.push(STRING);
        let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
        head.extend_from_slice(&length.to_be_bytes());
        head.extend_from_slice(value.as_bytes());
    }
    let total = PRELUDE_BYTES + head.len() + payload.len() + CHECKSUM_BYTES;
    let length = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX).to_be_bytes();
    let mut message = Vec::with_capacity(total);
    message.extend_from_slice(&length(total));
    message.extend_from_slice(&length(head.len()));
    message.extend_from_slice(&checksum(&message).to_be_bytes());
    message.extend_from_slice(&head);
    message.extend_from_slice(payload);
    message.extend_from_slice(&checksum(&message).to_be_bytes());
    message
}

/// CRC-32, a bit at a time: a fake vendor's messages are small.
fn checksum(bytes: &[u8]) -> u32 {
    let folded = bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..u8::BITS).fold(sum ^ u32::from(*byte), |sum, _| {
            (sum >> 1) ^ (POLYNOMIAL & (sum & 1).wrapping_neg())
        })
    });
    !folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_one_of_the_standards() {
        assert_eq!(checksum(b"123456789"), 0xCBF4_3926);
        assert_eq!(checksum(b""), 0);
    }

    /// The message without headers or payload that AWS publishes with its SDKs.
    #[test]
    fn the_empty_message_has_known_bytes() {
        let empty = [
            0, 0, 0, 16, 0, 0, 0, 0, 0x05, 0xC2, 0x48, 0xEB, 0x7D, 0x98, 0xC8, 0xFF,
        ];
        assert_eq!(message(&[], b""), empty);
    }
}
