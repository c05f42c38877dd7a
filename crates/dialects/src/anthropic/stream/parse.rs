//! Anthropic's stream into events.
//!
//! Blocks come one after the other, each between its start and its stop; where a vendor lets them take turns, the
//! number of a piece says which block it belongs to. Text, thinking and calls are passed on as they come; blocks that
//! only this dialect has are collected and passed on whole.

use std::borrow::Cow;

use canon::Event;
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};

use super::open::{Kind, Open, extend};
use super::steps::{push_arguments, push_other, push_redacted, push_text, push_thinking};
use crate::{
    Error, Fields, ParseStream, Step,
    anthropic::{
        error,
        usage::Counts,
        wire::{DIALECT, MESSAGE_FIELDS, finish_reason, parse_citation, take_tail},
    },
    framing::Frame,
};

/// Reads one streamed answer.
#[derive(Debug, Default)]
pub(in crate::anthropic) struct Parser {
    counts: Counts,
    /// Nearly always none or one.
    open: Vec<Open>,
    calls: u32,
    is_complete: bool,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    index: Option<u32>,
    #[serde(borrow)]
    delta: Option<&'a RawValue>,
    #[serde(borrow)]
    content_block: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    context_management: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Delta<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    text: Option<String>,
    thinking: Option<String>,
    signature: Option<String>,
    partial_json: Option<String>,
    citation: Option<Value>,
}

impl ParseStream for Parser {
    fn frame(&mut self, frame: &Frame<'_>, out: &mut Vec<Step>) -> Result<(), Error> {
        let bytes = frame.data.as_ref();
        if bytes == b"[DONE]" {
            // Some gateways end every stream like this.
            return Ok(());
        }
        let data: Data<'_> = serde_json::from_slice(bytes).map_err(|error| garbage(&error))?;
        match data.kind.as_ref() {
            "content_block_delta" => self.delta(&data, out),
            "content_block_start" => self.start_block(&data, out),
            "content_block_stop" => {
                self.stop_block(data.index, out);
                Ok(())
            }
            "message_start" => self.start(&data, out),
            "message_delta" => self.finish(&data, out),
            "message_stop" => {
                self.stop_blocks(out);
                self.is_complete = true;
                out.push(Step::End);
                Ok(())
            }
            "error" => {
                out.push(Step::Error(error::parse(bytes)));
                Ok(())
            }
            // A ping, or a kind of event that came later than this code: both say nothing to it.
            _ => Ok(()),
        }
    }

    fn is_complete(&self) -> bool {
        self.is_complete
    }
}

impl Parser {
    fn start(&mut self, data: &Data<'_>, out: &mut Vec<Step>) -> Result<(), Error> {
        let mut message = fields(data.message, "message")?;
        let mut usage_rest = Map::new();
        let mut usage = None;
        if let Some(stated) = message.object("usage")?
            && let Ok(rest) = self.counts.update(stated)
        {
            usage_rest = rest;
            usage = Some(Box::new(self.counts.usage()));
        }
        let id = message.string("id")?;
        let model = message.string("model")?;
        for name in [
            "type",
            "role",
            "content",
            "stop_reason",
            "stop_sequence",
            "provider",
        ] {
            message.value(name);
        }
        let mut extras = message.rest(DIALECT);
        if !usage_rest.is_empty() {
            extras.insert(DIALECT, "usage", Value::Object(usage_rest));
        }
        out.push(Step::Event(Event::Start {
            id,
            model,
            created: None,
            usage,
            system_fingerprint: None,
            extras,
        }));
        Ok(())
    }

    fn start_block(&mut self, data: &Data<'_>, out: &mut Vec<Step>) -> Result<(), Error> {
        let index = data.index.unwrap_or(0);
        self.stop_block(Some(index), out);
        let mut block = fields(data.content_block, "content_block")?;
        let kind = block.peek("type").and_then(Value::as_str).unwrap_or("");
        let kind = match kind {
            // What it is, its pieces say.
            "" => return Ok(()),
            "text" => {
                let text = block.string("text")?.unwrap_or_default();
                push_text(index, text, out);
                Kind::Text
            }
            "thinking" => {
                let text = block.string("thinking")?.unwrap_or_default();
                let signature = block.string("signature")?.filter(|text| !text.is_empty());
                if !text.is_empty() || signature.is_some() {
                    push_thinking(index, text, signature, out);
                }
                Kind::Thinking
            }
            "redacted_thinking" => {
                let data = block.required_string("data")?;
                push_redacted(index, data, out);
                return Ok(());
            }
            "tool_use" => self.start_call(block, out)?,
            _ => Kind::Other {
                block: block.into_map(),
                input: String::new(),
            },
        };
        self.open.push(Open { index, kind });
        Ok(())
    }

    fn start_call(&mut self, mut block: Fields, out: &mut Vec<Step>) -> Result<Kind, Error> {
        let call = self.calls;
        self.calls = self.calls.saturating_add(1);
        block.value("type");
        let id = block.required_string("id")?;
        let name = block.required_string("name")?;
        let input = block.value("input");
        let is_direct = block
            .peek("caller")
            .is_some_and(|caller| *caller == serde_json::json!({"type": "direct"}));
        if is_direct {
            block.value("caller");
        }
        out.push(Step::Event(Event::ToolCall {
            choice: 0,
            index: call,
            id,
            name,
            custom: false,
            extras: take_tail(block)?.extras,
        }));
        Ok(Kind::Call {
            call,
            input,
            has_fragments: false,
        })
    }

    fn delta(&mut self, data: &Data<'_>, out: &mut Vec<Step>) -> Result<(), Error> {
        let raw = data.delta.map_or("null", RawValue::get);
        let delta: Delta<'_> = serde_json::from_str(raw).map_err(|error| garbage(&error))?;
        let Some(open) = self.open_block(data.index, delta.kind.as_ref()) else {
            return Ok(());
        };
        let block = open.index;
        match (&mut open.kind, delta.kind.as_ref()) {
            (Kind::Other { input, .. }, "input_json_delta") => {
                input.push_str(delta.partial_json.as_deref().unwrap_or_default());
            }
            (Kind::Other { block, .. }, _) => extend(block, raw),
            (
                Kind::Call {
                    call,
                    has_fragments,
                    ..
                },
                "input_json_delta",
            ) => {
                let fragment = delta.partial_json.unwrap_or_default();
                if !fragment.is_empty() {
                    *has_fragments = true;
                    push_arguments(*call, fragment, out);
                }
            }
            (_, "text_delta") => push_text(block, delta.text.unwrap_or_default(), out),
            (_, "thinking_delta") => {
                let text = delta.thinking.unwrap_or_default();
                if !text.is_empty() {
                    push_thinking(block, text, None, out);
                }
            }
            (_, "signature_delta") => {
                push_thinking(block, String::new(), delta.signature, out);
            }
            (_, "citations_delta") => {
                if let Some(citation) = delta.citation {
                    let citation = parse_citation(citation, "delta.citation".to_owned())?;
                    out.push(Step::Event(Event::Citation {
                        choice: 0,
                        block,
                        citation,
                    }));
                }
            }
            (Kind::Text | Kind::Thinking | Kind::Call { .. }, _) => {}
        }
        Ok(())
    }

    /// The block that a piece belongs to. Text and thinking need no start to be understood.
    fn open_block(&mut self, index: Option<u32>, piece: &str) -> Option<&mut Open> {
        let place = match index {
            Some(index) => self.open.iter().position(|open| open.index == index),
            None => self.open.len().checked_sub(1),
        };
        if let Some(place) = place {
            return self.open.get_mut(place);
        }
        let kind = match piece {
            "text_delta" => Kind::Text,
            "thinking_delta" | "signature_delta" => Kind::Thinking,
            _ => return None,
        };
        self.open.push(Open {
            index: index.unwrap_or(0),
            kind,
        });
        self.open.last_mut()
    }

    /// Ends the blocks that are still under way.
    fn stop_blocks(&mut self, out: &mut Vec<Step>) {
        for open in std::mem::take(&mut self.open) {
            open.stop(out);
        }
    }

    /// Ends the block of this number, or the last one.
    fn stop_block(&mut self, index: Option<u32>, out: &mut Vec<Step>) {
        let is_meant = |open: &Open| index.is_none_or(|index| open.index == index);
        if let Some(place) = self.open.iter().rposition(is_meant) {
            self.open.remove(place).stop(out);
        }
    }

    fn finish(&mut self, data: &Data<'_>, out: &mut Vec<Step>) -> Result<(), Error> {
        self.stop_blocks(out);
        let mut usage_rest = Map::new();
        // What cannot be true counts as not stated: a bad count must neither kill the answer nor give credit.
        if data.usage.is_some()
            && let Ok(rest) = self.counts.update(fields(data.usage, "usage")?)
        {
            usage_rest = rest;
            let usage = Box::new(self.counts.usage());
            out.push(Step::Event(Event::Usage(usage)));
        }
        let mut delta = fields(data.delta, "delta")?;
        let native = delta.string("stop_reason")?;
        let stop_sequence = delta.string("stop_sequence")?;
        let mut rest = delta.into_map();
        if let Some(managed) = data.context_management
            && let Ok(value @ Value::Object(_)) = serde_json::from_str::<Value>(managed.get())
        {
            rest.insert("context_management".to_owned(), value);
        }
        if !usage_rest.is_empty() {
            rest.insert("usage".to_owned(), Value::Object(usage_rest));
        }
        if !rest.is_empty() {
            rest.insert("type".to_owned(), MESSAGE_FIELDS.into());
            push_other(rest, out);
        }
        if let Some(native) = native {
            self.is_complete = true;
            out.push(Step::Event(Event::Finish {
                choice: 0,
                reason: finish_reason(&native),
                native: Some(native),
                stop_sequence,
            }));
        }
        Ok(())
    }
}

/// The fields of an object inside a frame.
fn fields(raw: Option<&RawValue>, name: &str) -> Result<Fields, Error> {
    let value = match raw {
        None => Value::Object(Map::new()),
        Some(raw) => serde_json::from_str(raw.get()).map_err(|error| garbage(&error))?,
    };
    Fields::from_value(value, name.to_owned())
}

fn garbage(error: &serde_json::Error) -> Error {
    let text = error.to_string();
    let reason = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(reason, _)| reason);
    Error::Json {
        byte: error.column().saturating_sub(1),
        path: String::new(),
        reason: reason.to_owned(),
    }
}
