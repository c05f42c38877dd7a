//! A whole answer for a caller of the same dialect, the short way ([`crate::Whole`]).

use canon::FinishReason;
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};

use super::{
    foreign, response, usage,
    wire::{Ending, finish_reason},
};
use crate::{
    Fields, Receipt, Stamp, Whole,
    json::{Array, Object},
    openrouter::METADATA,
    short::whole::{Form, Plain, is_deep},
};

/// What stands between our own fields.
#[derive(Debug)]
pub(crate) struct Said {
    /// The blocks, as the caller gets them.
    content: Vec<u8>,
    reason: &'static str,
    stop_sequence: Option<String>,
    /// What is stated of the usage besides the counts.
    usage_rest: Map<String, Value>,
}

/// Whatever else stands in a message is passed on, so it may have nothing else.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Message<'a> {
    id: Option<&'a str>,
    #[serde(rename = "type")]
    _kind: Option<&'a str>,
    #[serde(rename = "role")]
    _role: Option<&'a str>,
    #[serde(rename = "provider")]
    _provider: Option<&'a str>,
    #[serde(rename = "model")]
    _model: Option<&'a str>,
    #[serde(borrow)]
    content: Vec<Block<'a>>,
    stop_reason: &'a str,
    stop_sequence: Option<&'a str>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(rename = "container")]
    _container: Option<()>,
    #[serde(rename = "stop_details")]
    _stop_details: Option<()>,
}

/// A text, a call, or thinking.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Block<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(rename = "citations")]
    _citations: Option<[(); 0]>,
    id: Option<&'a str>,
    name: Option<&'a str>,
    #[serde(borrow)]
    input: Option<&'a RawValue>,
    #[serde(rename = "caller")]
    _caller: Option<Caller<'a>>,
    #[serde(borrow)]
    thinking: Option<&'a RawValue>,
    signature: Option<&'a str>,
    data: Option<&'a str>,
}

/// Who called: the model itself, as ever.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Caller<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
}

/// Reads an answer; `None` where it has to go the long way.
pub(crate) fn read_whole(body: &str) -> Option<Whole> {
    let message: Message<'_> = serde_json::from_str(body).ok()?;
    let ending = Ending {
        native: Some(message.stop_reason),
        ..Ending::default()
    };
    let finish = finish_reason(message.stop_reason);
    // A word of its own, so that nothing is asked of the blocks; what explains a refusal is told the long way.
    let reason = ending
        .stop_reason()
        .filter(|_| finish != FinishReason::ContentFilter)?;
    let (usage, usage_rest) = match message.usage {
        Some(usage) => {
            let (usage, rest) = usage::parse(Fields::parse(usage.get().as_bytes()).ok()?).ok()?;
            (Some(usage), rest)
        }
        None => (None, Map::new()),
    };
    let mut whole = Whole {
        id: message.id.map(str::to_owned),
        usage,
        finish: Some(finish),
        native_finish: Some(message.stop_reason.to_owned()),
        ..Whole::default()
    };
    let mut content = Vec::with_capacity(body.len());
    let mut blocks = Array::open(&mut content);
    for block in &message.content {
        write_block(&mut whole, block, blocks.object())?;
    }
    blocks.close();
    whole.form = Some(Form::Anthropic(Said {
        content,
        reason,
        stop_sequence: message.stop_sequence.map(str::to_owned),
        usage_rest,
    }));
    Some(whole)
}

fn write_block(whole: &mut Whole, said: &Block<'_>, mut block: Object<'_>) -> Option<()> {
    match said {
        Block {
            kind: "text",
            text: Some(text),
            id: None,
            name: None,
            input: None,
            _caller: None,
            thinking: None,
            signature: None,
            data: None,
            ..
        } => {
            let text = Plain::of(text)?;
            whole.hear(&text);
            block.field("type", "text");
            block.raw("text", text.json);
            block.array("citations").close();
        }
        Block {
            kind: "tool_use",
            text: None,
            _citations: None,
            id: Some(id),
            name: Some(name),
            input: Some(input),
            _caller: caller,
            thinking: None,
            signature: None,
            data: None,
        } if caller.as_ref().is_none_or(|caller| caller.kind == "direct") => {
            // What the long way would not read (too deep, a number too large) is for it to refuse.
            if is_deep(input.get()) {
                return None;
            }
            let value: Map<String, Value> = serde_json::from_str(input.get()).ok()?;
            let input = serde_json::to_string(&value).ok()?;
            if input != said.input?.get() {
                return None;
            }
            block.field("type", "tool_use");
            block.field("id", id);
            block.field("name", name);
            block.raw("input", &input);
            block.raw("caller", r#"{"type":"direct"}"#);
            whole.call(0, (*name).to_owned(), input);
        }
        Block {
            kind: "thinking" | "redacted_thinking",
            text: None,
            _citations: None,
            id: None,
            name: None,
            input: None,
            _caller: None,
            thinking,
            signature,
            data,
        } => write_thinking(whole, (*thinking, *signature, *data), &mut block)?,
        _ => return None,
    }
    block.close();
    Some(())
}

/// Thinking that its vendor signed, or shut away. What may be another vendor's goes the long way.
fn write_thinking(
    whole: &mut Whole,
    said: (Option<&RawValue>, Option<&str>, Option<&str>),
    block: &mut Object<'_>,
) -> Option<()> {
    match said {
        (Some(thinking), Some(signature), None)
            if !signature.is_empty() && !foreign::is_packed(signature) =>
        {
            let thinking = Plain::of(thinking)?;
            whole.hear(&thinking);
            block.field("type", "thinking");
            block.raw("thinking", thinking.json);
            block.field("signature", signature);
        }
        (None, None, Some(data)) if !foreign::is_packed(data) => {
            block.field("type", "redacted_thinking");
            block.field("data", data);
        }
        _ => return None,
    }
    Some(())
}

impl Said {
    /// Appends the answer.
    pub(crate) fn render(&self, stamp: &Stamp, receipt: &Receipt, out: &mut Vec<u8>) {
        out.reserve(self.content.len() + 1_024);
        let mut message = Object::open(out);
        message.field("id", &stamp.generation);
        message.field("type", "message");
        message.field("role", "assistant");
        message.field("model", &stamp.model);
        message.key("content").extend_from_slice(&self.content);
        message.field("stop_reason", self.reason);
        message.field("stop_sequence", &self.stop_sequence);
        response::render_own(Map::new(), Some(self.reason), &mut message);
        let rest = Some(&self.usage_rest).filter(|rest| !rest.is_empty());
        usage::render(receipt, rest, message.key("usage"));
        message.field("provider", &stamp.provider);
        message.optional(METADATA, receipt.router.as_ref());
        message.close();
    }
}
