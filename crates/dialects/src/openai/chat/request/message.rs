//! One turn of a request.

use canon::{Dialect, Extras, Media, Message, Part, Role, ToolCall, ToolResult};
use serde_json::{Map, Value};

use super::{part::parse_content, take_cache};
use crate::{
    Error, Fields,
    openai::{
        chat::reasoning::{self, parse_detail, plain, words},
        media::parse_image,
    },
};

const ROLES: &str = "\"system\", \"developer\", \"user\", \"assistant\" or \"tool\"";

/// Reads one turn.
pub(super) fn parse_message(mut fields: Fields) -> Result<Message, Error> {
    let Some(role) = fields.string("role")? else {
        return Err(fields.missing("role", ROLES));
    };
    let role = match role.as_str() {
        "system" => Role::System,
        "developer" => Role::Developer,
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "tool" => Role::Tool,
        other => return Err(fields.wrong("role", ROLES, &other.into())),
    };
    let name = fields.string("name")?;
    let mut parts = match role {
        Role::Assistant => take_thinking(&mut fields)?,
        Role::System | Role::Developer | Role::User | Role::Tool => Vec::new(),
    };
    let content = take_content(&mut fields)?;
    match content {
        Some(content) => parts.extend(content),
        None if role == Role::Assistant => {}
        None => return Err(fields.missing("content", "a string or an array of parts")),
    }
    match role {
        Role::Assistant => take_deeds(&mut fields, &mut parts)?,
        Role::Tool => parts = vec![take_result(&mut fields, parts)?],
        Role::System | Role::Developer | Role::User => {}
    }
    mark_last(&mut fields, &mut parts)?;
    Ok(Message {
        role,
        parts,
        name,
        extras: fields.rest(Dialect::OpenAiChat),
    })
}

fn take_content(fields: &mut Fields) -> Result<Option<Vec<Part>>, Error> {
    let path = fields.path_of("content");
    fields
        .value("content")
        .map(|content| parse_content(content, &path))
        .transpose()
}

/// What the assistant thought: the details in their order, or the plain text where there are none in words.
fn take_thinking(fields: &mut Fields) -> Result<Vec<Part>, Error> {
    let plain_text = fields.string("reasoning")?;
    let plain_text = match fields.string("reasoning_content")? {
        Some(alias) => plain_text.or(Some(alias)),
        None => plain_text,
    };
    let mut parts = Vec::new();
    let mut has_words = false;
    for detail in fields.objects("reasoning_details")?.unwrap_or_default() {
        if !matches!(detail.peek("type"), Some(Value::String(_))) {
            return Err(detail.missing("type", "the kind of detail, such as \"reasoning.text\""));
        }
        let part = parse_detail(detail.into_map());
        if let Part::Reasoning(reasoning) = &part {
            has_words |= words(&reasoning.body).is_some_and(|words| !words.is_empty());
        }
        match parts.last_mut() {
            Some(last) if reasoning::continues(last, &part) => reasoning::join(last, part),
            _ => parts.push(part),
        }
    }
    if let Some(text) = plain_text
        && !has_words
        && !text.is_empty()
    {
        parts.insert(0, plain(text));
    }
    Ok(parts)
}

/// What the assistant did beside talking: refusal, pictures, calls.
fn take_deeds(fields: &mut Fields, parts: &mut Vec<Part>) -> Result<(), Error> {
    if let Some(refusal) = fields.string("refusal")? {
        parts.push(Part::Refusal(refusal));
    }
    let path = fields.path_of("images");
    for (index, image) in fields.array("images")?.into_iter().flatten().enumerate() {
        let Some(media) = parse_image(&image) else {
            let path = format!("{path}[{index}].image_url");
            return Err(crate::fields::wrong(&path, "an object with a url", &image));
        };
        parts.push(Part::Media {
            media,
            cache: None,
            extras: Extras::NONE,
        });
    }
    parts.extend(take_voice(fields)?);
    for call in fields.objects("tool_calls")?.unwrap_or_default() {
        parts.push(parse_call(call)?);
    }
    Ok(())
}

/// What the assistant said aloud, where its words or its bytes came back; an id alone is for its vendor.
fn take_voice(fields: &mut Fields) -> Result<Option<Part>, Error> {
    let has = |name: &str| {
        fields
            .peek("audio")
            .is_some_and(|audio| audio.get(name).is_some_and(Value::is_string))
    };
    if !has("transcript") && !has("data") {
        return Ok(None);
    }
    let Some(mut audio) = fields.object("audio")? else {
        return Ok(None);
    };
    let data = audio.string("data")?.unwrap_or_default();
    let media = Media::spoken(data, audio.string("transcript")?, audio.string("format")?);
    audio.value("expires_at");
    Ok(Some(Part::Media {
        media,
        cache: None,
        extras: audio.rest(Dialect::OpenAiChat),
    }))
}

fn parse_call(mut call: Fields) -> Result<Part, Error> {
    if call.peek("type").and_then(Value::as_str) == Some("custom") {
        return parse_custom_call(call);
    }
    let kind = call.string("type")?;
    if let Some(kind) = kind
        && kind != "function"
    {
        return Err(call.wrong("type", "\"function\" or \"custom\"", &kind.into()));
    }
    // The place in a stream; the order says the same.
    call.value("index");
    let id = call.required_string("id")?;
    let cache = take_cache(&mut call)?;
    let Some(mut function) = call.object("function")? else {
        return Err(call.missing("function", "an object with name and arguments"));
    };
    let name = function.required_string("name")?;
    let arguments = match function.peek("arguments") {
        Some(Value::String(_)) => function.string("arguments")?,
        // Not as the wire has it, but as some clients write it.
        Some(Value::Object(_)) => function.json_text("arguments"),
        Some(other) => return Err(function.wrong("arguments", "JSON text", other)),
        None => None,
    };
    let arguments = arguments.unwrap_or_default();
    Ok(Part::ToolCall(ToolCall {
        id,
        name,
        arguments,
        custom: false,
        cache,
        extras: with_inner(call, "function", function),
    }))
}

/// A call of a tool that takes text: its input is nobody's JSON.
fn parse_custom_call(mut call: Fields) -> Result<Part, Error> {
    call.value("type");
    call.value("index");
    let id = call.required_string("id")?;
    let cache = take_cache(&mut call)?;
    let Some(mut custom) = call.object("custom")? else {
        return Err(call.missing("custom", "an object with name and input"));
    };
    Ok(Part::ToolCall(ToolCall {
        id,
        name: custom.required_string("name")?,
        arguments: custom.string("input")?.unwrap_or_default(),
        custom: true,
        cache,
        extras: with_inner(call, "custom", custom),
    }))
}

fn take_result(fields: &mut Fields, parts: Vec<Part>) -> Result<Part, Error> {
    Ok(Part::ToolResult(ToolResult {
        call_id: fields.required_string("tool_call_id")?,
        parts,
        is_error: false,
        cache: take_cache(fields)?,
        extras: Extras::NONE,
    }))
}

/// A `cache_control` of a whole turn is one behind its last part.
fn mark_last(fields: &mut Fields, parts: &mut [Part]) -> Result<(), Error> {
    let Some(mark) = take_cache(fields)? else {
        return Ok(());
    };
    let place = parts.iter_mut().rev().find_map(|part| match part {
        Part::Text(text) => Some(&mut text.cache),
        Part::Media { cache, .. } => Some(cache),
        Part::ToolCall(call) => Some(&mut call.cache),
        Part::ToolResult(result) => Some(&mut result.cache),
        Part::Reasoning(_) | Part::Refusal(_) | Part::Other { .. } => None,
    });
    if let Some(cache) = place {
        cache.get_or_insert(mark);
    }
    Ok(())
}

/// What is left over of an object and of one object inside it, the latter under its name.
pub(super) fn with_inner(outer: Fields, name: &str, inner: Fields) -> Extras {
    let mut rest: Map<String, Value> = outer.into_map();
    let inner = inner.into_map();
    if !inner.is_empty() {
        rest.insert(name.to_owned(), Value::Object(inner));
    }
    Extras::new(Dialect::OpenAiChat, rest)
}
