//! The streamed Anthropic form: the message, its blocks one after the other with a ping in the
//! first, the end.

use serde_json::{Value, json};

use super::{
    SIGNATURE, closing_usage, error, opening, opening_usage, redacted, stop_reason, tool_use,
};
use crate::vendor::answer::{Answer, Told};
use crate::vendor::asked::nothing;
use crate::vendor::place::Host;
use crate::vendor::source::web_search_location;
use crate::vendor::sse;
use crate::vendor::wire::Frame;

/// The status that an error in the middle of a stream stands for.
const OVERLOADED: u16 = 529;

/// One event before it is put into a frame, which hosts do in their own way.
#[derive(Debug)]
pub(in crate::vendor) struct Event {
    pub(in crate::vendor) data: Value,
    tokens: u64,
    reasoning: u64,
    early: bool,
}

/// The events of a streamed answer, in frames.
pub(in crate::vendor) fn stream(answer: &Answer, host: Host) -> Vec<Frame> {
    events(answer, host)
        .into_iter()
        .map(|event| {
            let bytes = sse::event(&event.data);
            event.into_frame(bytes)
        })
        .collect()
}

/// The events of a streamed answer.
pub(in crate::vendor) fn events(answer: &Answer, host: Host) -> Vec<Event> {
    let mut blocks = Blocks::new(answer, host);
    if !answer.reasoning.is_empty() {
        blocks.start(
            &json!({"type": "thinking", "thinking": "", "signature": ""}),
            0,
        );
        for token in &answer.reasoning {
            let delta = json!({"type": "thinking_delta", "thinking": token});
            blocks.delta(&delta, 1, 1);
        }
        let delta = json!({"type": "signature_delta", "signature": SIGNATURE});
        blocks.delta(&delta, 0, 0);
        blocks.stop();
    }
    if answer.redacted {
        blocks.start(&redacted(), 0);
        blocks.stop();
    }
    if !answer.text.is_empty() {
        blocks.start(&json!({"type": "text", "text": ""}), 0);
        for token in &answer.text {
            blocks.delta(&json!({"type": "text_delta", "text": token}), 1, 0);
        }
        if answer.cited {
            let delta = json!({"type": "citations_delta", "citation": web_search_location()});
            blocks.delta(&delta, 0, 0);
        }
        blocks.stop();
    }
    for call in &answer.calls {
        blocks.start(&tool_use(call, &nothing(), host), 1);
        blocks.delta(
            &json!({"type": "input_json_delta", "partial_json": ""}),
            0,
            0,
        );
        for fragment in &call.fragments {
            let delta = json!({"type": "input_json_delta", "partial_json": fragment});
            blocks.delta(&delta, 1, 0);
        }
        blocks.stop();
    }
    blocks.end(answer)
}

/// The last event of every stream.
pub(in crate::vendor) fn done() -> Value {
    json!({"type": "message_stop"})
}

/// The event of an error that ends a stream.
pub(in crate::vendor) fn error_event(number: u64, host: Host) -> Frame {
    Frame::silent(sse::event(&error(OVERLOADED, None, number, host)))
}

/// The events so far, and the block they are in.
struct Blocks {
    host: Host,
    events: Vec<Event>,
    index: u64,
}

// === impl Event ===

impl Event {
    fn silent(data: Value) -> Self {
        Self {
            data,
            tokens: 0,
            reasoning: 0,
            early: false,
        }
    }

    /// The frame of these bytes that counts as this event.
    pub(in crate::vendor) fn into_frame(self, bytes: impl Into<bytes::Bytes>) -> Frame {
        Frame {
            tokens: self.tokens,
            reasoning: self.reasoning,
            early: self.early,
            ..Frame::silent(bytes)
        }
    }
}

// === impl Blocks ===

impl Blocks {
    fn new(answer: &Answer, host: Host) -> Self {
        let mut message = opening(answer, host);
        if let Some(told) = answer.told() {
            let opened = Told {
                completion: told.completion.min(1),
                ..told
            };
            message.insert("usage".to_owned(), opening_usage(answer, opened, host));
        }
        let start = json!({"type": "message_start", "message": message});
        Self {
            host,
            events: vec![Event {
                early: true,
                ..Event::silent(start)
            }],
            index: 0,
        }
    }

    /// Opens a block that itself carries `tokens`.
    fn start(&mut self, block: &Value, tokens: u64) {
        let start =
            json!({"type": "content_block_start", "index": self.index, "content_block": block});
        self.events.push(Event {
            tokens,
            ..Event::silent(start)
        });
        if self.index == 0 && self.host != Host::Bedrock {
            self.events.push(Event::silent(json!({"type": "ping"})));
        }
    }

    fn delta(&mut self, delta: &Value, tokens: u64, reasoning: u64) {
        let delta = json!({"type": "content_block_delta", "index": self.index, "delta": delta});
        self.events.push(Event {
            tokens,
            reasoning,
            ..Event::silent(delta)
        });
    }

    fn stop(&mut self) {
        let stop = json!({"type": "content_block_stop", "index": self.index});
        self.events.push(Event::silent(stop));
        self.index += 1;
    }

    fn end(mut self, answer: &Answer) -> Vec<Event> {
        let (reason, sequence) = stop_reason(&answer.finish);
        let mut delta = json!({"stop_reason": reason, "stop_sequence": sequence});
        if let (Host::Own, Some(members)) = (self.host, delta.as_object_mut()) {
            members.insert("stop_details".to_owned(), Value::Null);
        }
        let mut last = json!({"type": "message_delta", "delta": delta});
        if let (Some(told), Some(members)) = (answer.told(), last.as_object_mut()) {
            members.insert("usage".to_owned(), closing_usage(told, self.host));
        }
        self.events.push(Event::silent(last));
        self.events.push(Event::silent(done()));
        self.events
    }
}
