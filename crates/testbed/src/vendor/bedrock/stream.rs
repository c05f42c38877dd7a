//! The streamed `Converse` form: the role, the blocks one after the other, the reason to stop, the
//! account.

use serde_json::{Value, json};

use super::{LATENCY_MS, REDACTED, SIGNATURE, framing, stop_reason, tell_tier, tool_use_id, usage};
use crate::vendor::answer::{Answer, Call};
use crate::vendor::source::web_location;
use crate::vendor::wire::Frame;

/// The events of a streamed answer.
pub(in crate::vendor) fn stream(answer: &Answer) -> Vec<Frame> {
    let mut blocks = Blocks {
        frames: vec![opening()],
        index: 0,
    };
    if !answer.reasoning.is_empty() {
        for token in &answer.reasoning {
            blocks.delta(Frame::thought, json!({"reasoningContent": {"text": token}}));
        }
        let signature = json!({"reasoningContent": {"signature": SIGNATURE}});
        blocks.delta(Frame::silent, signature);
        blocks.stop();
    }
    if answer.redacted {
        let delta = json!({"reasoningContent": {"redactedContent": REDACTED}});
        blocks.delta(Frame::silent, delta);
        blocks.stop();
    }
    if !answer.text.is_empty() {
        for token in &answer.text {
            blocks.delta(Frame::token, json!({"text": token}));
        }
        if answer.cited {
            blocks.delta(Frame::silent, json!({"citation": web_location()}));
        }
        blocks.stop();
    }
    for call in &answer.calls {
        blocks.call(call);
    }
    blocks.end(answer)
}

/// The stream that is over before anything was said.
pub(in crate::vendor) fn done() -> Frame {
    let stop = json!({"stopReason": "end_turn"});
    Frame::silent(framing::event("messageStop", stop))
}

/// A message whose frame is sound and whose payload is cut off.
pub(in crate::vendor) fn garbage_event(kind: &str) -> Frame {
    let payload = br#"{"contentBlockIndex":0,"delta":{"te"#;
    Frame::silent(framing::raw_event(kind, payload))
}

fn opening() -> Frame {
    Frame {
        early: true,
        ..Frame::silent(framing::event("messageStart", json!({"role": "assistant"})))
    }
}

/// The events so far, and the block they are in.
struct Blocks {
    frames: Vec<Frame>,
    index: u64,
}

// === impl Blocks ===

impl Blocks {
    fn delta(&mut self, frame: fn(Vec<u8>) -> Frame, delta: Value) {
        let payload = json!({"contentBlockIndex": self.index, "delta": delta});
        self.frames
            .push(frame(framing::event("contentBlockDelta", payload)));
    }

    fn stop(&mut self) {
        let payload = json!({"contentBlockIndex": self.index});
        let stop = framing::event("contentBlockStop", payload);
        self.frames.push(Frame::silent(stop));
        self.index += 1;
    }

    /// The only block that says that it begins.
    fn call(&mut self, call: &Call) {
        let start = json!({"toolUse": {"name": call.name, "toolUseId": tool_use_id(call)}});
        let payload = json!({"contentBlockIndex": self.index, "start": start});
        let start = framing::event("contentBlockStart", payload);
        self.frames.push(Frame::token(start));
        for fragment in &call.fragments {
            self.delta(Frame::token, json!({"toolUse": {"input": fragment}}));
        }
        self.stop();
    }

    fn end(mut self, answer: &Answer) -> Vec<Frame> {
        let stop = json!({"stopReason": stop_reason(&answer.finish)});
        let stop = framing::event("messageStop", stop);
        self.frames.push(Frame::silent(stop));
        let mut account = json!({"metrics": {"latencyMs": LATENCY_MS}});
        if let (Some(told), Some(members)) = (answer.told(), account.as_object_mut()) {
            members.insert("usage".to_owned(), usage(told));
        }
        tell_tier(&mut account, answer);
        self.frames
            .push(Frame::silent(framing::event("metadata", account)));
        self.frames
    }
}
