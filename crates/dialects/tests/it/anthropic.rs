//! Anthropic Messages: what only this dialect promises.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a test names what it expects; anything else fails it"
)]

mod callers;
mod calls;
mod clouds;
mod counts;
mod recorded;
mod requests;
mod streams;
mod thinking;

use canon::Request;
use dialects::{
    Call, Form, Loss, Serve, Target, Thinking, anthropic::Anthropic, framing::sse::Reader,
};
use serde_json::Value;

/// A Claude that is told to think in this way.
pub(crate) fn target<'a>(model: &'a str, thinking: Thinking, form: &'a Form) -> Target<'a> {
    Target {
        upstream_model: model,
        model,
        form,
        max_output_tokens: None,
        thinking,
    }
}

/// The body that Anthropic is sent for a request in this dialect, and what is lost on the way.
pub(crate) fn send(request: &Request, target: &Target<'_>) -> (Value, Vec<Loss>) {
    let mut loss = Vec::new();
    let body = Anthropic
        .render_request(request, target, &mut loss)
        .expect("it can be said");
    (serde_json::from_slice(&body).expect("JSON"), loss)
}

pub(crate) fn parse(body: &Value) -> Request {
    Anthropic
        .parse_request(body.to_string().as_bytes())
        .unwrap_or_else(|error| panic!("{error}\n{body}"))
}

/// The frames of a stream: name and data.
pub(crate) fn frames(bytes: &[u8]) -> Vec<(String, Value)> {
    let mut reader = Reader::new(1 << 26);
    reader.push(bytes).unwrap();
    let mut frames = Vec::new();
    while let Some(item) = reader.next() {
        if let dialects::framing::Item::Frame(frame) = item {
            let name = frame.event.expect("every frame is named").to_owned();
            frames.push((name, serde_json::from_slice(&frame.data).expect("JSON")));
        }
    }
    assert!(reader.is_empty());
    frames
}
