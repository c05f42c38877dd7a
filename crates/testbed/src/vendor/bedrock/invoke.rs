//! `invoke-with-response-stream`: Anthropic's events, each in base64 in an event of Bedrock's, the
//! last with the host's own account.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use super::{LATENCY_MS, framing};
use crate::vendor::answer::Answer;
use crate::vendor::anthropic;
use crate::vendor::place::Host;
use crate::vendor::wire::Frame;

/// The events of a streamed answer.
pub(in crate::vendor) fn stream(answer: &Answer) -> Vec<Frame> {
    let mut events = anthropic::events(answer, Host::Bedrock);
    if let (Some(last), Some(told)) = (events.last_mut(), answer.told())
        && let Some(members) = last.data.as_object_mut()
    {
        let metrics = json!({
            "inputTokenCount": told.prompt.saturating_sub(told.cached),
            "outputTokenCount": told.completion,
            "invocationLatency": LATENCY_MS,
            "firstByteLatency": LATENCY_MS,
        });
        members.insert("amazon-bedrock-invocationMetrics".to_owned(), metrics);
    }
    events
        .into_iter()
        .map(|event| {
            let bytes = chunk(&event.data);
            event.into_frame(bytes)
        })
        .collect()
}

/// The last event of every stream.
pub(in crate::vendor) fn done() -> Frame {
    Frame::silent(chunk(&anthropic::done()))
}

fn chunk(event: &Value) -> Vec<u8> {
    framing::event("chunk", json!({"bytes": BASE64.encode(event.to_string())}))
}
