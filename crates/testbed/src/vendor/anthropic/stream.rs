//! The streamed Anthropic form: the message, its blocks one after the other with a ping in the
//! first, the end.

use serde_json::{Value, json};

use super::{SIGNATURE, closing_usage, opening, opening_usage, stop_reason, tool_use};
use crate::vendor::answer::{Answer, Told};
use crate::vendor::asked::nothing;
use crate::vendor::wire::Frame;

/// The events of a streamed answer.
pub(in crate::vendor) fn stream(answer: &Answer) -> Vec<Frame> {
    let mut blocks = Blocks::new(answer);
    if !answer.reasoning.is_empty() {
        blocks.start(
            &json!({"type": "thinking", "thinking": "", "signature": ""}),
            0,
        );
        for token in &answer.reasoning {
            let delta = json!({"type": "thinking_delta", "thinking": token});
            blocks.delta(&delta, Frame::thought);
        }
        let delta = json!({"type": "signature_delta", "signature": SIGNATURE});
        blocks.delta(&delta, Frame::silent);
        blocks.stop();
    }
    if !answer.text.is_empty() {
        blocks.start(&json!({"type": "text", "text": ""}), 0);
        for token in &answer.text {
            blocks.delta(&json!({"type": "text_delta", "text": token}), Frame::token);
        }
        blocks.stop();
    }
    for call in &answer.calls {
        blocks.start(&tool_use(call, &nothing()), 1);
        blocks.delta(
            &json!({"type": "input_json_delta", "partial_json": ""}),
            Frame::silent,
        );
        for fragment in &call.fragments {
            let delta = json!({"type": "input_json_delta", "partial_json": fragment});
            blocks.delta(&delta, Frame::token);
        }
        blocks.stop();
    }
    blocks.end(answer)
}

/// The last event of every stream.
pub(in crate::vendor) fn done() -> Frame {
    Frame::silent(event(&json!({"type": "message_stop"})))
}

/// The events so far, and the block they are in.
struct Blocks {
    frames: Vec<Frame>,
    index: u64,
}

// === impl Blocks ===

impl Blocks {
    fn new(answer: &Answer) -> Self {
        let mut message = opening(answer);
        if let Some(told) = answer.told() {
            let opened = Told {
                completion: told.completion.min(1),
                ..told
            };
            message.insert("usage".to_owned(), opening_usage(opened));
        }
        let start = event(&json!({"type": "message_start", "message": message}));
        Self {
            frames: vec![Frame {
                early: true,
                ..Frame::silent(start)
            }],
            index: 0,
        }
    }

    /// Opens a block that itself carries `tokens`.
    fn start(&mut self, block: &Value, tokens: u64) {
        let start =
            json!({"type": "content_block_start", "index": self.index, "content_block": block});
        self.frames.push(Frame {
            tokens,
            ..Frame::silent(event(&start))
        });
        if self.index == 0 {
            self.frames
                .push(Frame::silent("event: ping\ndata: {\"type\": \"ping\"}\n\n"));
        }
    }

    fn delta(&mut self, delta: &Value, frame: fn(String) -> Frame) {
        let delta = json!({"type": "content_block_delta", "index": self.index, "delta": delta});
        self.frames.push(frame(event(&delta)));
    }

    fn stop(&mut self) {
        let stop = json!({"type": "content_block_stop", "index": self.index});
        self.frames.push(Frame::silent(event(&stop)));
        self.index += 1;
    }

    fn end(mut self, answer: &Answer) -> Vec<Frame> {
        let (reason, sequence) = stop_reason(&answer.finish);
        let delta = json!({"stop_reason": reason, "stop_sequence": sequence, "stop_details": null});
        let mut last = json!({"type": "message_delta", "delta": delta});
        if let (Some(told), Some(members)) = (answer.told(), last.as_object_mut()) {
            members.insert("usage".to_owned(), closing_usage(told));
        }
        self.frames.push(Frame::silent(event(&last)));
        self.frames.push(done());
        self.frames
    }
}

fn event(data: &Value) -> String {
    let name = data.get("type").and_then(Value::as_str).unwrap_or_default();
    format!("event: {name}\ndata: {data}\n\n")
}
