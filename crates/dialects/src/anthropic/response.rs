//! Whole answers: Anthropic's into canon, and canon's in OpenRouter's form of a message (spec/inference.md §5.2).

use canon::{
    Choice, Extras, Part, ReasoningBody, ReasoningFormat, ReasoningPart, Response, TextPart,
    ToolCall,
};
use serde_json::{Map, Value};

use super::{
    block, foreign, usage,
    wire::{
        DIALECT, Ending, MESSAGE_FIELDS, finish_reason, is_sayable, render_citation,
        render_tail_without,
    },
};
use crate::{
    Error, Fields, Receipt, Stamp,
    json::{Array, Object},
    openrouter::METADATA,
    sound::transcript,
};

/// Reads an answer.
pub(super) fn parse(body: &[u8]) -> Result<Response, Error> {
    let mut fields = Fields::parse_keeping(body, block::AS_WRITTEN)?;
    let id = fields.string("id")?;
    let model = fields.string("model")?;
    for name in ["type", "role", "provider"] {
        fields.value(name);
    }
    let content = fields
        .value("content")
        .ok_or_else(|| fields.missing("content", "an array of content blocks"))?;
    let parts = block::parse_content(&fields, content, "content")?;
    let native_finish = fields.string("stop_reason")?;
    let stop_sequence = fields.string("stop_sequence")?;
    let mut stated = None;
    let mut usage_rest = Map::new();
    if let Some(fields) = fields.object("usage")? {
        // What cannot be true counts as not stated: a bad count must neither kill the answer nor give credit.
        if let Ok((usage, rest)) = usage::parse(fields) {
            (stated, usage_rest) = (Some(usage), rest);
        }
    }
    let mut extras = fields.rest(DIALECT);
    if !usage_rest.is_empty() {
        extras.insert(DIALECT, "usage", Value::Object(usage_rest));
    }
    Ok(Response {
        id,
        model,
        created: None,
        choices: vec![Choice {
            index: 0,
            parts,
            finish: native_finish.as_deref().map(finish_reason),
            native_finish,
            stop_sequence,
            ..Choice::default()
        }],
        usage: stated,
        system_fingerprint: None,
        extras,
    })
}

/// Writes an answer. Callers of this dialect cannot ask for more than one: the first is written.
pub(super) fn render(response: &Response, stamp: &Stamp, receipt: &Receipt, out: &mut Vec<u8>) {
    let none = Choice::default();
    let choice = response.choices.first().unwrap_or(&none);
    let mut message = Object::open(out);
    message.field("id", &stamp.generation);
    message.field("type", "message");
    message.field("role", "assistant");
    message.field("model", &stamp.model);
    let mut content = message.array("content");
    for part in &choice.parts {
        render_part(part, &mut content);
    }
    content.close();
    let has = |wanted: fn(&Part) -> bool| choice.parts.iter().any(wanted);
    let ending = Ending {
        finish: choice.finish,
        native: choice.native_finish.as_deref(),
        stop_sequence: choice.stop_sequence.as_deref(),
        has_calls: has(|part| matches!(part, Part::ToolCall(_))),
        has_refusal: has(|part| matches!(part, Part::Refusal(text) if !text.is_empty())),
    };
    let reason = ending.stop_reason();
    message.field("stop_reason", &reason);
    message.field("stop_sequence", &choice.stop_sequence);
    let mut own = own_fields(response, choice);
    let usage_rest = own.shift_remove("usage");
    render_own(own, reason, &mut message);
    let usage_rest = usage_rest.as_ref().and_then(Value::as_object);
    usage::render(receipt, usage_rest, message.key("usage"));
    message.field("provider", &stamp.provider);
    message.optional(METADATA, receipt.router.as_ref());
    message.close();
}

/// Fields of the message that only this dialect has, whether they came with it whole or in its stream.
fn own_fields(response: &Response, choice: &Choice) -> Map<String, Value> {
    let mut own: Map<String, Value> = response.extras.of(DIALECT).cloned().unwrap_or_default();
    for part in &choice.parts {
        if let Part::Other { dialect, value } = part
            && *dialect == DIALECT
            && let Some(fields) = message_fields(value)
        {
            extend_own(&mut own, fields);
        }
    }
    own
}

/// Adds fields of the message; what is said of the usage later joins what was said before.
pub(super) fn extend_own(own: &mut Map<String, Value>, fields: &Map<String, Value>) {
    for (name, value) in fields {
        match (own.get_mut(name), value) {
            (Some(Value::Object(known)), Value::Object(more)) if name == "usage" => {
                known.extend(more.clone());
            }
            _ if name == "type" => {}
            _ => {
                own.insert(name.clone(), value.clone());
            }
        }
    }
}

/// Writes those fields, and the two that always stand there.
pub(super) fn render_own(
    mut own: Map<String, Value>,
    reason: Option<&str>,
    object: &mut Object<'_>,
) {
    match own.shift_remove("stop_details") {
        Some(details) => object.field("stop_details", &details),
        None if reason == Some("refusal") => {
            let mut details = object.object("stop_details");
            details.field("type", "refusal");
            details.null("category");
            details.null("explanation");
            details.close();
        }
        None => object.null("stop_details"),
    }
    object.field("container", &own.shift_remove("container"));
    for (name, value) in own {
        object.field(&name, &value);
    }
}

/// The fields of a value that is no block but fields of the message itself.
pub(super) fn message_fields(value: &Value) -> Option<&Map<String, Value>> {
    let fields = value.as_object()?;
    (fields.get("type")?.as_str()? == MESSAGE_FIELDS).then_some(fields)
}

/// Writes one part as a block, where there is one for it.
pub(super) fn render_part(part: &Part, content: &mut Array<'_>) {
    match part {
        Part::Text(text) => render_text(text, content),
        Part::Refusal(text) => render_words(text, content),
        Part::Reasoning(part) => render_reasoning(part, content),
        Part::ToolCall(call) => render_call(call, content),
        // There is no block for sound: its words are read.
        Part::Media { media, .. } if media.is_sound() => {
            if let Some(words) = transcript(media) {
                render_words(words, content);
            }
        }
        Part::Media { media, extras, .. } => render_media(media, extras, content),
        Part::Other { dialect, value } => {
            if *dialect == DIALECT && message_fields(value).is_none() {
                content.item(value);
            }
        }
        // Models don't answer for tools.
        Part::ToolResult(_) => {}
    }
}

fn render_words(text: &str, content: &mut Array<'_>) {
    let mut block = content.object();
    block.field("type", "text");
    block.field("text", text);
    block.array("citations").close();
    block.close();
}

fn render_text(text: &TextPart, content: &mut Array<'_>) {
    let mut block = content.object();
    block.field("type", "text");
    block.field("text", &text.text);
    let mut citations = block.array("citations");
    for citation in text
        .citations
        .iter()
        .filter(|citation| is_sayable(citation))
    {
        render_citation(citation, citations.next());
    }
    citations.close();
    render_tail_without(&[], None, &text.extras, &mut block);
    block.close();
}

fn render_reasoning(part: &ReasoningPart, content: &mut Array<'_>) {
    let mut block = content.object();
    match &part.body {
        ReasoningBody::Encrypted(data) => {
            block.field("type", "redacted_thinking");
            if part.format == ReasoningFormat::ANTHROPIC {
                block.field("data", data);
            } else {
                let packed = foreign::pack(&part.body, part.id.as_deref(), &part.format);
                block.field("data", &packed);
            }
        }
        ReasoningBody::Text { text, .. } | ReasoningBody::Summary(text) => {
            block.field("type", "thinking");
            block.field("thinking", text);
            block.field("signature", &signature(part));
        }
    }
    render_tail_without(&[], None, &part.extras, &mut block);
    block.close();
}

/// Anthropic's own signature, or what stands in its place for other vendors' thinking.
fn signature(part: &ReasoningPart) -> String {
    if part.format == ReasoningFormat::ANTHROPIC
        && let ReasoningBody::Text { signature, .. } = &part.body
    {
        return signature.clone().unwrap_or_default();
    }
    foreign::pack(&part.body, part.id.as_deref(), &part.format)
}

fn render_call(call: &ToolCall, content: &mut Array<'_>) {
    let mut block = content.object();
    block.field("type", "tool_use");
    block.field("id", &call.id);
    block.field("name", &call.name);
    render_input(&call.arguments, &mut block);
    render_caller(&call.extras, &mut block);
    block.close();
}

/// Arguments are text in canon and a value here. What is no JSON (a model may write anything) stands inside a
/// string, so that the caller sees it.
fn render_input(arguments: &str, block: &mut Object<'_>) {
    let arguments = arguments.trim();
    if arguments.is_empty() {
        block.raw("input", "{}");
    } else if serde_json::from_str::<serde::de::IgnoredAny>(arguments).is_ok() {
        block.raw("input", arguments);
    } else {
        block.field("input", arguments);
    }
}

/// The fields of a call that only this dialect has; the caller is always stated.
pub(super) fn render_caller(extras: &Extras, block: &mut Object<'_>) {
    let own = extras.of(DIALECT);
    if !own.is_some_and(|own| own.contains_key("caller")) {
        block.raw("caller", r#"{"type":"direct"}"#);
    }
    render_tail_without(&[], None, extras, block);
}

/// Anthropic's models don't draw; a picture by another has the block that pictures have in requests.
fn render_media(media: &canon::Media, extras: &Extras, content: &mut Array<'_>) {
    super::request::render_media(media, extras, content.object());
}
