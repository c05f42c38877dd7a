//! Parts into content blocks, towards Anthropic.

mod media;

use std::borrow::Cow;

use canon::{Part, ReasoningBody, ReasoningFormat, ReasoningPart, TextPart, ToolCall, ToolResult};
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::{
    Error, Loss,
    anthropic::wire::{DIALECT, join, lose_foreign, render_citation, render_tail},
    json::{Array, Object, write},
};

/// Who speaks, in the three roles of this wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speaker {
    System,
    User,
    Assistant,
}

/// A part that can be said, and how it differs from what it was.
#[derive(Clone, Debug)]
pub(super) struct Block<'a> {
    pub(super) part: &'a Part,
    /// Whether white space at its end is cut off.
    pub(super) trim: bool,
    /// Where it stood.
    pub(super) at: String,
}

/// Whether a piece of thinking is Anthropic's own and can go back to it.
pub(super) fn is_anthropic(part: &ReasoningPart) -> bool {
    let is_whole = match &part.body {
        ReasoningBody::Text { signature, .. } => signature.is_some(),
        ReasoningBody::Encrypted(_) => true,
        ReasoningBody::Summary(_) => false,
    };
    is_whole && part.format == ReasoningFormat::ANTHROPIC
}

/// The parts of one message that can be said in this role; the rest is added to `loss`.
///
/// # Errors
/// Leaving a part out would answer another question.
pub(super) fn sayable<'a>(
    parts: &'a [Part],
    speaker: Speaker,
    at: &str,
    loss: &mut Vec<Loss>,
) -> Result<Vec<Block<'a>>, Error> {
    let mut blocks = Vec::with_capacity(parts.len());
    for (index, part) in parts.iter().enumerate() {
        let at = format!("{at}[{index}]");
        match refusal(part, speaker, &at)? {
            Some("") => {}
            Some(why) => loss.push(Loss::new(at, why)),
            None => blocks.push(Block {
                part,
                trim: false,
                at,
            }),
        }
    }
    Ok(blocks)
}

/// Why a part cannot be said in this role; an empty reason where nothing is lost with it.
fn refusal(part: &Part, speaker: Speaker, at: &str) -> Result<Option<&'static str>, Error> {
    let by_model = speaker == Speaker::Assistant;
    Ok(match part {
        // Anthropic refuses empty texts.
        Part::Text(text) if text.text.is_empty() => Some(match text.cache {
            None => "",
            Some(_) => "an empty text cannot bear a cache mark",
        }),
        Part::Refusal(text) if text.is_empty() => Some(""),
        Part::Text(_) | Part::Refusal(_) => None,
        Part::Media { media, .. } => match speaker {
            Speaker::User => media::check(media, at)?,
            Speaker::Assistant => Some("the model's own turns hold no media"),
            Speaker::System => {
                return Err(Error::Unsayable {
                    what: format!("{at}: media in a system message"),
                    why: "system messages hold only text",
                });
            }
        },
        Part::Reasoning(part) if by_model && is_anthropic(part) => None,
        Part::Reasoning(_) => Some("thinking that this vendor cannot verify"),
        Part::ToolCall(_) => (!by_model).then_some("only the model calls tools"),
        Part::ToolResult(_) => {
            (speaker != Speaker::User).then_some("results stand only in user turns")
        }
        Part::Other { dialect, .. } if *dialect != DIALECT => Some("only another dialect has it"),
        Part::Other { value, .. } => is_router_block(value).then_some("made by the router"),
    })
}

/// Results of the router's own tools, which Anthropic does not know.
fn is_router_block(value: &Value) -> bool {
    let kind = value.get("type").and_then(Value::as_str);
    kind.is_some_and(|kind| kind.starts_with("openrouter_"))
}

/// Writes a picture of an answer.
pub(in crate::anthropic) fn render_media(
    media: &canon::Media,
    extras: &canon::Extras,
    object: Object<'_>,
) {
    media::render(media, None, extras, object);
}

/// Writes content: a string where it is one plain text, else the list of blocks.
///
/// # Errors
/// A part inside a tool result cannot be said.
pub(super) fn render_content(
    blocks: &[Block<'_>],
    out: &mut Vec<u8>,
    loss: &mut Vec<Loss>,
) -> Result<(), Error> {
    if let [block] = blocks
        && let Part::Text(text) = block.part
        && text.citations.is_empty()
        && text.cache.is_none()
        && text.extras.of(DIALECT).is_none()
    {
        lose_foreign(&text.extras, &block.at, loss);
        write(out, words(&text.text, block));
        return Ok(());
    }
    let mut list = Array::open(out);
    for block in blocks {
        render_block(block, &mut list, loss)?;
    }
    list.close();
    Ok(())
}

/// The text as it is sent.
fn words<'a>(text: &'a str, block: &Block<'_>) -> &'a str {
    if block.trim { text.trim_end() } else { text }
}

fn render_block(
    block: &Block<'_>,
    list: &mut Array<'_>,
    loss: &mut Vec<Loss>,
) -> Result<(), Error> {
    let at = block.at.as_str();
    match block.part {
        Part::Text(text) => render_text(text, block, list, loss),
        Part::Refusal(text) => {
            let mut object = list.object();
            object.field("type", "text");
            object.field("text", words(text, block));
            object.close();
        }
        Part::Media {
            media,
            cache,
            extras,
        } => {
            lose_foreign(extras, at, loss);
            if media
                .detail
                .as_deref()
                .is_some_and(|detail| detail != "auto")
            {
                loss.push(Loss::new(
                    join(at, "detail"),
                    "pictures have one resolution here",
                ));
            }
            media::render(media, *cache, extras, list.object());
        }
        Part::Reasoning(part) => render_reasoning(part, list),
        Part::ToolCall(call) => render_call(call, at, list, loss),
        Part::ToolResult(result) => render_result(result, at, list, loss)?,
        Part::Other { value, .. } => list.item(value),
    }
    Ok(())
}

fn render_text(text: &TextPart, block: &Block<'_>, list: &mut Array<'_>, loss: &mut Vec<Loss>) {
    lose_foreign(&text.extras, &block.at, loss);
    let mut object = list.object();
    object.field("type", "text");
    object.field("text", words(&text.text, block));
    if !text.citations.is_empty() {
        let mut citations = object.array("citations");
        for citation in &text.citations {
            if citation.native.of(DIALECT).is_some() {
                render_citation(citation, citations.next());
            } else {
                let at = join(&block.at, "citations");
                loss.push(Loss::new(at, "a source that this vendor cannot verify"));
            }
        }
        citations.close();
    }
    render_tail(text.cache, &text.extras, &mut object);
    object.close();
}

fn render_reasoning(part: &ReasoningPart, list: &mut Array<'_>) {
    let mut object = list.object();
    match &part.body {
        ReasoningBody::Text { text, signature } => {
            object.field("type", "thinking");
            object.field("thinking", text);
            object.field("signature", signature.as_deref().unwrap_or_default());
        }
        ReasoningBody::Encrypted(data) | ReasoningBody::Summary(data) => {
            object.field("type", "redacted_thinking");
            object.field("data", data);
        }
    }
    render_tail(None, &part.extras, &mut object);
    object.close();
}

fn render_call(call: &ToolCall, at: &str, list: &mut Array<'_>, loss: &mut Vec<Loss>) {
    lose_foreign(&call.extras, at, loss);
    let mut object = list.object();
    object.field("type", "tool_use");
    object.field("id", &*call_id(&call.id));
    object.field("name", &call.name);
    let arguments = call.arguments.trim();
    if arguments.is_empty() {
        object.raw("input", "{}");
    } else if is_json_object(arguments) {
        object.raw("input", arguments);
    } else {
        loss.push(Loss::new(
            join(at, "arguments"),
            "no JSON object; sent as a text in one",
        ));
        let mut input = object.object("input");
        input.field("arguments", arguments);
        input.close();
    }
    render_tail(call.cache, &call.extras, &mut object);
    object.close();
}

fn is_json_object(text: &str) -> bool {
    text.starts_with('{') && serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// Ids of other vendors may hold characters that Anthropic refuses. Call and result are changed alike.
fn call_id(id: &str) -> Cow<'_, str> {
    let is_allowed = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-');
    if id.is_empty() {
        Cow::Borrowed("call")
    } else if id.chars().all(is_allowed) {
        Cow::Borrowed(id)
    } else {
        Cow::Owned(id.replace(|char| !is_allowed(char), "_"))
    }
}

fn render_result(
    result: &ToolResult,
    at: &str,
    list: &mut Array<'_>,
    loss: &mut Vec<Loss>,
) -> Result<(), Error> {
    lose_foreign(&result.extras, at, loss);
    let blocks = sayable(&result.parts, Speaker::User, &join(at, "content"), loss)?;
    let mut object: Object<'_> = list.object();
    object.field("type", "tool_result");
    object.field("tool_use_id", &*call_id(&result.call_id));
    if !blocks.is_empty() {
        render_content(&blocks, object.key("content"), loss)?;
    }
    if result.is_error {
        object.field("is_error", &true);
    }
    render_tail(result.cache, &result.extras, &mut object);
    object.close();
    Ok(())
}
