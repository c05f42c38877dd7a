//! Amazon's event streams for tests: written from lines that people can read, and read without the codec's framing.

use serde_json::{Value, json};

const CRC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);

/// The bytes of a stream whose messages are lines `{"event": NAME, "data": {…}}` or `{"exception": NAME, …}`.
pub(crate) fn encode_lines(lines: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(lines).unwrap();
    let mut bytes = Vec::new();
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let kind = ["event", "exception"]
            .into_iter()
            .find(|kind| line[*kind].is_string())
            .unwrap();
        let name = line[kind].as_str().unwrap();
        bytes.extend(encode(kind, name, &line["data"].to_string()));
    }
    bytes
}

/// One message: an event or an exception of this name.
pub(crate) fn encode(kind: &str, name: &str, payload: &str) -> Vec<u8> {
    let mut headers = Vec::new();
    for (header, value) in [
        (format!(":{kind}-type"), name),
        (":content-type".to_owned(), "application/json"),
        (":message-type".to_owned(), kind),
    ] {
        headers.push(u8::try_from(header.len()).unwrap());
        headers.extend_from_slice(header.as_bytes());
        headers.push(7);
        headers.extend_from_slice(&u16::try_from(value.len()).unwrap().to_be_bytes());
        headers.extend_from_slice(value.as_bytes());
    }
    let size = |bytes: usize| u32::try_from(bytes).unwrap().to_be_bytes();
    let mut message = Vec::new();
    message.extend(size(16 + headers.len() + payload.len()));
    message.extend(size(headers.len()));
    message.extend(CRC.checksum(&message).to_be_bytes());
    message.extend(headers);
    message.extend_from_slice(payload.as_bytes());
    message.extend(CRC.checksum(&message).to_be_bytes());
    message
}

/// The messages of a stream as `{NAME: PAYLOAD}`; checksums are not looked at.
pub(crate) fn decode(mut bytes: &[u8]) -> Vec<Value> {
    let mut messages = Vec::new();
    while bytes.len() >= 16 {
        let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        let (total, headers) = (number(0), number(4));
        let labels = String::from_utf8_lossy(&bytes[12..12 + headers]).into_owned();
        let payload = &bytes[12 + headers..total - 4];
        // The name stands behind its header, a type and two bytes of length.
        let name = [":event-type", ":exception-type"]
            .into_iter()
            .find_map(|header| {
                let (_, behind) = labels.split_once(header)?;
                let behind = behind.as_bytes();
                let length = usize::from(*behind.get(2)?);
                Some(String::from_utf8(behind[3..3 + length].to_vec()).unwrap())
            });
        let payload: Value = serde_json::from_slice(payload).unwrap_or_default();
        messages.push(json!({ name.unwrap(): payload }));
        bytes = &bytes[total..];
    }
    messages
}
