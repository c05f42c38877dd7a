//! The frames of the stream, as bytes. Deltas are written without anything in between.

use canon::{Citation, Extras, Part, Usage};
use serde_json::{Map, Value};

use crate::{
    Receipt, Stamp,
    anthropic::{
        response::{render_caller, render_own, render_part},
        usage,
        wire::{Ending, render_citation},
    },
    json::{Array, Object, write},
    openrouter::{METADATA, WEIR},
};

/// The numbering of blocks.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// The number of the next block; the one under way has the number before.
    next: u32,
}

impl Frames {
    /// Begins a block of text.
    pub(super) fn start_text(&mut self, out: &mut Vec<u8>) {
        self.start_raw(br#"{"type":"text","text":"","citations":[]}"#, out);
    }

    /// Begins a block of thinking.
    pub(super) fn start_thinking(&mut self, out: &mut Vec<u8>) {
        self.start_raw(br#"{"type":"thinking","thinking":"","signature":""}"#, out);
    }

    /// Begins a call.
    pub(super) fn start_call(&mut self, id: &str, name: &str, extras: &Extras, out: &mut Vec<u8>) {
        self.start(out, |out| {
            let mut block = Object::open(out);
            block.field("type", "tool_use");
            block.field("id", id);
            block.field("name", name);
            block.raw("input", "{}");
            render_caller(extras, &mut block);
            block.close();
        });
    }

    /// Writes a block that comes whole.
    pub(super) fn whole(&mut self, part: &Part, out: &mut Vec<u8>) {
        let mut list = Vec::new();
        render_part(part, &mut Array::open(&mut list));
        // Nothing stands behind the bracket where there is no block for this part.
        if let Some(block) = list.get(1..).filter(|block| !block.is_empty()) {
            self.start_raw(block, out);
            self.stop(out);
        }
    }

    /// Writes a block that only this dialect has. Clients expect the input of a call in pieces.
    pub(super) fn own(&mut self, mut block: Value, out: &mut Vec<u8>) {
        let kind = block.get("type").and_then(Value::as_str).unwrap_or("");
        let mut input = None;
        if kind.ends_with("_tool_use")
            && let Some(place) = block.get_mut("input")
        {
            input = Some(std::mem::replace(place, Value::Object(Map::new())));
        }
        self.start(out, |out| write(out, &block));
        if let Some(input) = input {
            self.arguments(&input.to_string(), out);
        }
        self.stop(out);
    }

    /// More text.
    pub(super) fn text(&self, text: &str, out: &mut Vec<u8>) {
        self.delta(r#"{"type":"text_delta","text":"#, text, out);
    }

    /// More thinking.
    pub(super) fn thinking(&self, text: &str, out: &mut Vec<u8>) {
        self.delta(r#"{"type":"thinking_delta","thinking":"#, text, out);
    }

    /// The signature of the thinking before.
    pub(super) fn signature(&self, signature: &str, out: &mut Vec<u8>) {
        self.delta(r#"{"type":"signature_delta","signature":"#, signature, out);
    }

    /// More of a call's arguments.
    pub(super) fn arguments(&self, fragment: &str, out: &mut Vec<u8>) {
        self.delta(
            r#"{"type":"input_json_delta","partial_json":"#,
            fragment,
            out,
        );
    }

    /// A source of the text.
    pub(super) fn citation(&self, citation: &Citation, out: &mut Vec<u8>) {
        self.begin_delta(r#"{"type":"citations_delta","citation":"#, out);
        render_citation(citation, out);
        out.extend_from_slice(b"}}\n\n");
    }

    /// Ends the block under way.
    pub(super) fn stop(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(
            b"event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":",
        );
        write(out, &self.current());
        out.extend_from_slice(b"}\n\n");
    }

    fn delta(&self, head: &str, text: &str, out: &mut Vec<u8>) {
        self.begin_delta(head, out);
        write(out, text);
        out.extend_from_slice(b"}}\n\n");
    }

    fn begin_delta(&self, head: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(
            b"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":",
        );
        write(out, &self.current());
        out.extend_from_slice(b",\"delta\":");
        out.extend_from_slice(head.as_bytes());
    }

    fn start_raw(&mut self, block: &[u8], out: &mut Vec<u8>) {
        self.start(out, |out| out.extend_from_slice(block));
    }

    fn start(&mut self, out: &mut Vec<u8>, block: impl FnOnce(&mut Vec<u8>)) {
        out.extend_from_slice(
            b"event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":",
        );
        write(out, &self.next);
        self.next = self.next.saturating_add(1);
        out.extend_from_slice(b",\"content_block\":");
        block(out);
        out.extend_from_slice(b"}\n\n");
    }

    const fn current(&self) -> u32 {
        self.next.saturating_sub(1)
    }
}

/// Begins the message.
pub(super) fn message_start(
    stamp: &Stamp,
    usage: Option<&Usage>,
    extras: &Extras,
    out: &mut Vec<u8>,
) {
    out.extend_from_slice(b"event: message_start\ndata: {\"type\":\"message_start\",\"message\":");
    let mut message = Object::open(out);
    message.field("id", &stamp.generation);
    message.field("type", "message");
    message.field("role", "assistant");
    message.field("model", &stamp.model);
    message.raw("content", "[]");
    for name in ["stop_reason", "stop_sequence", "stop_details", "container"] {
        message.null(name);
    }
    let none = Usage::default();
    let rest = usage::rest_of(extras);
    usage::render_start(usage.unwrap_or(&none), rest, message.key("usage"));
    message.field("provider", &stamp.provider);
    message.close();
    out.extend_from_slice(b"}\n\n");
}

/// Says why the message ended and what it used.
pub(super) fn message_delta(
    ending: Ending<'_>,
    mut own: Map<String, Value>,
    receipt: &Receipt,
    out: &mut Vec<u8>,
) {
    let managed = own.shift_remove("context_management");
    let usage_rest = own.shift_remove("usage");
    let reason = ending.stop_reason();
    out.extend_from_slice(b"event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":");
    let mut delta = Object::open(out);
    delta.field("stop_reason", &reason);
    delta.field("stop_sequence", &ending.stop_sequence);
    render_own(own, reason, &mut delta);
    delta.close();
    out.extend_from_slice(b",\"usage\":");
    usage::render(receipt, usage_rest.as_ref().and_then(Value::as_object), out);
    let mut frame = Object::resume(out);
    frame.optional("context_management", managed);
    frame.close();
    out.extend_from_slice(b"\n\n");
}

/// Ends the message.
pub(super) fn message_stop(receipt: &Receipt, out: &mut Vec<u8>) {
    out.extend_from_slice(b"event: message_stop\ndata: {\"type\":\"message_stop\"");
    let mut frame = Object::resume(out);
    frame.optional(METADATA, receipt.router.as_ref());
    frame.optional(WEIR, receipt.weir.as_ref());
    frame.close();
    out.extend_from_slice(b"\n\n");
}
