//! A whole answer.

use canon::{Choice, FinishReason, Part, ReasoningBody, Response};
use serde_json::Value;

use super::logprobs::render_logprobs;
use crate::{
    Receipt, Stamp,
    json::Object,
    openrouter::{METADATA, render_usage},
    sound::transcript,
};

/// Appends a whole answer.
pub(super) fn render_response(
    response: &Response,
    stamp: &Stamp,
    receipt: &Receipt,
    out: &mut Vec<u8>,
) {
    let mut object = Object::open(out);
    render_head(stamp, &mut object);
    let fingerprint = response.system_fingerprint.as_deref();
    object.optional("system_fingerprint", fingerprint);
    let mut choices = object.array("choices");
    for choice in &response.choices {
        render_choice(choice, prompt(stamp), choices.object());
    }
    choices.close();
    render_usage(receipt, object.key("usage"));
    object.optional(METADATA, receipt.router.as_ref());
    object.close();
}

/// Writes what every answer and every chunk begins with.
pub(super) fn render_head(stamp: &Stamp, object: &mut Object<'_>) {
    object.field("id", &stamp.generation);
    object.field("object", "text_completion");
    object.field("created", &stamp.created);
    object.field("model", &stamp.model);
    object.field("provider", &stamp.provider);
}

/// The prompt, where answers are to begin with it.
pub(super) fn prompt(stamp: &Stamp) -> &str {
    let prompt = stamp.echo.as_ref().and_then(|echo| echo.get("prompt"));
    prompt.and_then(Value::as_str).unwrap_or_default()
}

fn render_choice(choice: &Choice, prompt: &str, mut object: Object<'_>) {
    let mut text = prompt.to_owned();
    let mut thoughts = String::new();
    for part in &choice.parts {
        match part {
            Part::Text(part) => text.push_str(&part.text),
            Part::Refusal(refusal) => text.push_str(refusal),
            Part::Reasoning(part) => thoughts.push_str(words(&part.body)),
            Part::Media { media, .. } => text.push_str(transcript(media).unwrap_or_default()),
            // Text completions offer no tools and ask for no pictures.
            Part::ToolCall(_) | Part::ToolResult(_) | Part::Other { .. } => {}
        }
    }
    object.field("index", &choice.index);
    object.field("text", &text);
    if !thoughts.is_empty() {
        object.field("reasoning", &thoughts);
    }
    match &choice.logprobs {
        Some(logprobs) => {
            render_logprobs(logprobs, 0, object.object("logprobs"));
        }
        None => object.null("logprobs"),
    }
    object.field("finish_reason", &choice.finish.map(FinishReason::name));
    object.field("native_finish_reason", &choice.native_finish);
    object.close();
}

/// Thinking that callers may read.
pub(super) fn words(body: &ReasoningBody) -> &str {
    match body {
        ReasoningBody::Text { text, .. } | ReasoningBody::Summary(text) => text,
        ReasoningBody::Encrypted(_) => "",
    }
}
