//! Reads AWS event streams, with checksums by a library that the vendor does not use; the reader is
//! itself held against recorded streams.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use crc::{CRC_32_ISO_HDLC, Crc};
use serde_json::{Value, json};
use testbed::{Mood, Reply, Wire, corpus};

use crate::client::{moody, say_hello};

pub(crate) const TYPE: &str = "application/vnd.amazon.eventstream";
const CHECKSUM: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// One message of a stream.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) payload: Vec<u8>,
}

impl Message {
    /// What it says, as [`crate::client::Heard::events`] describes.
    pub(crate) fn text(&self) -> String {
        let text = String::from_utf8(self.payload.clone()).unwrap();
        let Ok(payload) = serde_json::from_str::<Value>(&text) else {
            return text;
        };
        if let Some(bytes) = payload.get("bytes").and_then(Value::as_str) {
            return String::from_utf8(BASE64.decode(bytes).unwrap()).unwrap();
        }
        let kinds = [":event-type", ":exception-type"];
        let kind = kinds.iter().find_map(|kind| self.headers.get(*kind));
        json!({kind.unwrap(): payload}).to_string()
    }
}

/// The whole messages in `bytes`; the rest, if any, is one that was cut.
pub(crate) fn read(mut bytes: &[u8]) -> Vec<Message> {
    let number = |bytes: &[u8]| u32::from_be_bytes(bytes.try_into().unwrap());
    let mut messages = Vec::new();
    while bytes.len() >= 12 {
        let total = usize::try_from(number(&bytes[..4])).unwrap();
        let head = 12 + usize::try_from(number(&bytes[4..8])).unwrap();
        assert_eq!(number(&bytes[8..12]), CHECKSUM.checksum(&bytes[..8]));
        if bytes.len() < total {
            break;
        }
        let (message, rest) = bytes.split_at(total);
        let (message, sum) = message.split_at(total - 4);
        assert_eq!(number(sum), CHECKSUM.checksum(message));
        messages.push(Message {
            headers: headers(&message[12..head]),
            payload: message[head..].to_vec(),
        });
        bytes = rest;
    }
    messages
}

fn headers(mut bytes: &[u8]) -> BTreeMap<String, String> {
    let mut headers = BTreeMap::new();
    while let Some((length, rest)) = bytes.split_first() {
        let (name, rest) = rest.split_at(usize::from(*length));
        assert_eq!(rest[0], 7, "a header that is no string");
        let length = usize::from(u16::from_be_bytes([rest[1], rest[2]]));
        let (value, rest) = rest[3..].split_at(length);
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        headers.insert(text(name), text(value));
        bytes = rest;
    }
    headers
}

/// Recorded streams of one kind.
pub(crate) fn recorded(kind: &str) -> Vec<Vec<Message>> {
    let exchanges = corpus::exchanges(Some("bedrock"), kind);
    exchanges
        .filter_map(|exchange| exchange.unwrap().response.base64)
        .map(|text| read(&BASE64.decode(text).unwrap()))
        .collect()
}

#[test]
fn recorded_streams_are_read_to_their_end() {
    if !corpus::available() {
        println!("skipped: no recordings at {}", corpus::root().display());
        return;
    }
    let streams = recorded("converse_stream");
    assert!(streams.len() > 20, "{}", streams.len());
    for stream in streams {
        assert_eq!(stream[0].headers[":event-type"], "messageStart");
        assert_eq!(stream.last().unwrap().headers[":event-type"], "metadata");
    }
}

#[tokio::test]
async fn messages_carry_the_headers_that_recorded_ones_do() {
    let event = BTreeMap::from(
        [
            (":event-type", "messageStop"),
            (":content-type", "application/json"),
            (":message-type", "event"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    let heard = say_hello(&moody(Mood::default()).await, Wire::Bedrock, true).await;
    assert_eq!(heard.header("content-type"), TYPE);
    let messages = read(&heard.bytes());
    let stop = messages.iter().find(|message| message.headers == event);
    let payload: Value = serde_json::from_slice(&stop.unwrap().payload).unwrap();
    assert_eq!(payload["stopReason"], "end_turn");
    for stream in recorded("converse_stream") {
        assert!(stream.iter().any(|message| message.headers == event));
    }
}

#[tokio::test]
async fn an_error_in_a_stream_is_an_exception() {
    for wire in [Wire::Bedrock, Wire::BedrockAnthropic] {
        let vendor = moody(Mood::replying(Reply::ErrorAfter(2))).await;
        let messages = read(&say_hello(&vendor, wire, true).await.bytes());
        let headers = &messages[2].headers;
        assert_eq!(headers[":message-type"], "exception");
        assert_eq!(headers[":exception-type"], "internalServerException");
        assert_eq!(messages.len(), 3);
    }
}
