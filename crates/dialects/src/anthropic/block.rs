//! Content blocks into parts: the same blocks stand in requests and in answers.

use canon::{
    Extras, Media, MediaKind, Part, ReasoningBody, ReasoningFormat, ReasoningPart, Source,
    TextPart, ToolCall, ToolResult,
};
use serde_json::{Value, json};

use super::{
    foreign,
    wire::{DIALECT, parse_citation, take_tail},
};
use crate::{Error, Fields};

/// Objects that are read as text: the arguments of calls.
pub(super) const AS_WRITTEN: &[&str] = &["input"];

/// Reads one block that was taken out of `outer`. Blocks that only this dialect has are kept whole.
pub(super) fn parse(outer: &Fields, value: Value, path: String) -> Result<Part, Error> {
    let kind = value.get("type").and_then(Value::as_str).unwrap_or("");
    match kind {
        "text" => parse_text(outer.inner(value, path)?),
        "image" => parse_media(outer, value, path, MediaKind::Image),
        "document" => parse_media(outer, value, path, MediaKind::File),
        "tool_use" => parse_call(outer.inner(value, path)?),
        "tool_result" => parse_result(outer.inner(value, path)?),
        "thinking" => parse_thinking(outer.inner(value, path)?),
        "redacted_thinking" => parse_redacted(outer.inner(value, path)?),
        "" => {
            let mut fields = outer.inner(value, path)?;
            let kind = fields.required_string("type")?;
            Err(fields.wrong("type", "a kind of content block", &kind.into()))
        }
        _ => Ok(other(value)),
    }
}

/// Reads content that is a text or a list of blocks, and was taken out of `outer`.
pub(super) fn parse_content(
    outer: &Fields,
    content: Value,
    path: &str,
) -> Result<Vec<Part>, Error> {
    match content {
        Value::String(text) => Ok(vec![Part::text(text)]),
        Value::Array(blocks) => {
            let each = |(index, block)| parse(outer, block, format!("{path}[{index}]"));
            blocks.into_iter().enumerate().map(each).collect()
        }
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) => Err(
            crate::fields::wrong(path, "a string or an array of content blocks", &other),
        ),
    }
}

fn other(value: Value) -> Part {
    Part::Other {
        dialect: DIALECT,
        value,
    }
}

fn parse_text(mut fields: Fields) -> Result<Part, Error> {
    fields.value("type");
    let text = fields.required_string("text")?;
    let path = fields.path_of("citations");
    let each = |(index, value)| parse_citation(value, format!("{path}[{index}]"));
    let citations = match fields.value("citations") {
        None => Vec::new(),
        Some(Value::Array(list)) => list
            .into_iter()
            .enumerate()
            .map(each)
            .collect::<Result<_, _>>()?,
        Some(other) => return Err(fields.wrong("citations", "an array", &other)),
    };
    let tail = take_tail(fields)?;
    Ok(Part::Text(TextPart {
        text,
        citations,
        cache: tail.cache,
        extras: tail.extras,
    }))
}

fn parse_call(mut fields: Fields) -> Result<Part, Error> {
    fields.value("type");
    let id = fields.required_string("id")?;
    let name = fields.required_string("name")?;
    let arguments = fields.json_text("input");
    if fields.peek("caller") == Some(&json!({"type": "direct"})) {
        // The model itself called it, as ever: says nothing.
        fields.value("caller");
    }
    let tail = take_tail(fields)?;
    Ok(Part::ToolCall(ToolCall {
        id,
        name,
        arguments: arguments.unwrap_or_else(|| "{}".to_owned()),
        custom: false,
        cache: tail.cache,
        extras: tail.extras,
    }))
}

fn parse_result(mut fields: Fields) -> Result<Part, Error> {
    fields.value("type");
    let call_id = fields.required_string("tool_use_id")?;
    let path = fields.path_of("content");
    let parts = match fields.value("content") {
        None => Vec::new(),
        Some(content) => parse_content(&fields, content, &path)?,
    };
    let is_error = fields.bool("is_error")?.unwrap_or(false);
    let tail = take_tail(fields)?;
    Ok(Part::ToolResult(ToolResult {
        call_id,
        parts,
        is_error,
        cache: tail.cache,
        extras: tail.extras,
    }))
}

fn parse_thinking(mut fields: Fields) -> Result<Part, Error> {
    fields.value("type");
    let text = fields.required_string("thinking")?;
    let signature = fields.string("signature")?.filter(|text| !text.is_empty());
    let extras = fields.rest(DIALECT);
    if let Some(part) = signature
        .as_deref()
        .and_then(|signature| foreign::unpack(signature, &text))
    {
        return Ok(Part::Reasoning(part));
    }
    // Anthropic signs all its thinking: what is not signed is another vendor's, shown by us.
    let format = if signature.is_some() {
        ReasoningFormat::ANTHROPIC
    } else {
        ReasoningFormat::UNKNOWN
    };
    Ok(reasoning(
        ReasoningBody::Text { text, signature },
        format,
        extras,
    ))
}

fn parse_redacted(mut fields: Fields) -> Result<Part, Error> {
    fields.value("type");
    let data = fields.required_string("data")?;
    let extras = fields.rest(DIALECT);
    if let Some(part) = foreign::unpack(&data, "") {
        return Ok(Part::Reasoning(part));
    }
    Ok(reasoning(
        ReasoningBody::Encrypted(data),
        ReasoningFormat::ANTHROPIC,
        extras,
    ))
}

fn reasoning(body: ReasoningBody, format: ReasoningFormat, extras: Extras) -> Part {
    Part::Reasoning(ReasoningPart {
        body,
        id: None,
        format,
        index: None,
        extras,
    })
}

fn parse_media(outer: &Fields, value: Value, path: String, kind: MediaKind) -> Result<Part, Error> {
    let is_known = match value.pointer("/source/type").and_then(Value::as_str) {
        None | Some("base64" | "url" | "file") => true,
        Some("text") => kind == MediaKind::File,
        Some("content") => value
            .pointer("/source/content")
            .and_then(plain_text)
            .is_some(),
        Some(_) => false,
    };
    if !is_known {
        return Ok(other(value));
    }
    let mut fields = outer.inner(value, path)?;
    fields.value("type");
    let whole = fields.peek("source").cloned();
    let Some(mut source) = fields.object("source")? else {
        return Err(fields.missing("source", "where the bytes are"));
    };
    let (place, mime) = parse_source(&mut source)?;
    let name = match kind {
        MediaKind::File => fields.string("title")?,
        MediaKind::Image | MediaKind::Audio | MediaKind::Video => None,
    };
    let tail = take_tail(fields)?;
    let mut extras = tail.extras;
    // A source with fields of its own comes back whole.
    if let Some(whole) = whole.filter(|_| !source.into_map().is_empty()) {
        extras.insert(DIALECT, "source", whole);
    }
    Ok(Part::Media {
        media: Media {
            kind,
            source: place,
            mime,
            name,
            detail: None,
            transcript: None,
        },
        cache: tail.cache,
        extras,
    })
}

fn parse_source(source: &mut Fields) -> Result<(Source, Option<String>), Error> {
    let kind = source.required_string("type")?;
    match kind.as_str() {
        "base64" => {
            let mime = source.required_string("media_type")?;
            let data = source.required_string("data")?;
            Ok((Source::Base64(data), Some(mime)))
        }
        "text" => {
            let mime = source.string("media_type")?;
            let data = source.required_string("data")?;
            Ok((Source::Text(data), mime))
        }
        "url" => Ok((Source::Url(source.required_string("url")?), None)),
        "file" => Ok((Source::Upload(source.required_string("file_id")?), None)),
        // Checked before: only its text is read, the blocks stay behind as a leftover.
        _ => {
            let text = source.peek("content").and_then(plain_text);
            Ok((Source::Text(text.unwrap_or_default()), None))
        }
    }
}

/// The text of content that is nothing but text.
fn plain_text(content: &Value) -> Option<String> {
    match content {
        Value::String(text) => Some(text.clone()),
        Value::Array(blocks) => {
            let text = |block: &Value| {
                let is_text = block.get("type").and_then(Value::as_str) == Some("text");
                let text = block.get("text").and_then(Value::as_str)?;
                is_text.then(|| text.to_owned())
            };
            let texts: Option<Vec<String>> = blocks.iter().map(text).collect();
            texts.map(|texts| texts.join("\n"))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    }
}
