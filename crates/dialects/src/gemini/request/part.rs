//! Reading one part of a turn: text, thinking, media, calls, results, and what only Gemini has.

use std::{borrow::Cow, collections::BTreeMap};

use canon::{
    Dialect, Extras, Part, ReasoningBody, ReasoningFormat, ReasoningPart, TextPart, ToolCall,
    ToolResult,
};
use serde::de::IgnoredAny;
use serde_json::{Map, Value, value::RawValue};

use super::super::signature::Place;
use super::super::{foreign, media, spelling};
use super::turns::Calls;
use crate::{Error, Fields};

/// Reads a part. `make_id` gives an id to a call that has none.
///
/// # Errors
/// Something in it is not what it should be.
pub(super) fn parse(
    mut part: Fields,
    make_id: impl FnOnce() -> String,
    calls: &mut Calls,
    out: &mut Vec<Part>,
) -> Result<(), Error> {
    if part.has("text") {
        return parse_text(part, out);
    }
    if let Some(call) = spelling::object(&mut part, "functionCall")? {
        let signature = part.string("thoughtSignature")?;
        let call = parse_call(call, make_id, part.into_map())?;
        calls.add(&call.id, &call.name);
        sign(|| Some(call.id.clone()), signature, out);
        out.push(Part::ToolCall(call));
        return Ok(());
    }
    if part.has("functionResponse") {
        return parse_result(part, calls, out);
    }
    if part.has("inlineData") || part.has("fileData") {
        if part.peek("thought") == Some(&Value::Bool(true)) {
            // A draft of a picture that the model made while it thought.
            out.push(Part::Other {
                dialect: Dialect::Gemini,
                value: Value::Object(part.into_map()),
            });
            return Ok(());
        }
        let signature = part.string("thoughtSignature")?;
        let is_media = |part: &&Part| matches!(part, Part::Media { .. });
        let place = Place::Media(out.iter().filter(is_media).count());
        sign(|| Some(place.id()), signature, out);
        out.push(parse_media(part)?);
        return Ok(());
    }
    let value = part.into_map();
    if !value.is_empty() {
        out.push(Part::Other {
            dialect: Dialect::Gemini,
            value: Value::Object(value),
        });
    }
    Ok(())
}

fn parse_text(mut part: Fields, out: &mut Vec<Part>) -> Result<(), Error> {
    let text = part.string("text")?.unwrap_or_default();
    let is_thought = part.bool("thought")? == Some(true);
    let signature = part.string("thoughtSignature")?;
    let extras = part.rest(Dialect::Gemini);
    if !is_thought {
        let is_nothing = text.is_empty() && extras.is_empty() && signature.is_some();
        let start = length_of(out);
        let place = Place::Text(start..start.saturating_add(text.len()));
        sign(|| Some(place.id()), signature, out);
        if !is_nothing {
            out.push(Part::Text(TextPart {
                text,
                extras,
                ..TextPart::default()
            }));
        }
        return Ok(());
    }
    let packed = signature
        .as_deref()
        .and_then(|signature| foreign::unpack(signature, || take_thoughts(out) + &text));
    out.push(Part::Reasoning(packed.unwrap_or(ReasoningPart {
        body: ReasoningBody::Text { text, signature },
        id: None,
        format: ReasoningFormat::GEMINI,
        index: None,
        extras,
    })));
    Ok(())
}

/// How much text there is so far, in bytes.
fn length_of(parts: &[Part]) -> usize {
    let lengths = parts.iter().map(|part| match part {
        Part::Text(text) => text.text.len(),
        Part::Media { .. }
        | Part::Reasoning(_)
        | Part::ToolCall(_)
        | Part::ToolResult(_)
        | Part::Refusal(_)
        | Part::Other { .. } => 0,
    });
    lengths.sum()
}

/// Takes back the words of another vendor's thinking that came in parts of their own, before its signature.
fn take_thoughts(out: &mut Vec<Part>) -> String {
    let is_open = |part: &Part| {
        matches!(
            part,
            Part::Reasoning(ReasoningPart {
                body: ReasoningBody::Text { signature: None, .. },
                format,
                ..
            }) if *format == ReasoningFormat::GEMINI
        )
    };
    let first = out
        .iter()
        .rposition(|part| !is_open(part))
        .map_or(0, |place| place + 1);
    let mut thoughts = String::new();
    for part in out.drain(first..) {
        if let Part::Reasoning(ReasoningPart {
            body: ReasoningBody::Text { text, .. },
            ..
        }) = part
        {
            thoughts.push_str(&text);
        }
    }
    thoughts
}

/// A signature that is not a thought's: of the call or other part that its id names, or of the part before it.
fn sign(id: impl FnOnce() -> Option<String>, signature: Option<String>, out: &mut Vec<Part>) {
    let Some(signature) = signature else { return };
    let part = foreign::unpack(&signature, String::new).unwrap_or_else(|| ReasoningPart {
        body: ReasoningBody::Encrypted(signature),
        id: id(),
        format: ReasoningFormat::GEMINI,
        index: None,
        extras: Extras::NONE,
    });
    out.push(Part::Reasoning(part));
}

/// `beside` is what stands beside the call in its part.
fn parse_call(
    mut call: Fields,
    make_id: impl FnOnce() -> String,
    beside: Map<String, Value>,
) -> Result<ToolCall, Error> {
    let id = call.string("id")?.filter(|id| !id.is_empty());
    let name = call.required_string("name")?;
    if let Some(args) = call.peek("args").filter(|args| !args.is_object()) {
        return Err(call.wrong("args", "an object", args));
    }
    let args = call.json_text("args");
    let mut extras = Extras::new(Dialect::Gemini, beside);
    let inner = call.into_map();
    if !inner.is_empty() {
        extras.insert(Dialect::Gemini, "functionCall", Value::Object(inner));
    }
    Ok(ToolCall {
        id: id.unwrap_or_else(make_id),
        name,
        arguments: args.unwrap_or_else(|| "{}".to_owned()),
        custom: false,
        cache: None,
        extras,
    })
}

/// A result whose call is not here (it may be in a cached content) goes to Gemini as it came.
fn parse_result(mut part: Fields, calls: &mut Calls, out: &mut Vec<Part>) -> Result<(), Error> {
    let whole = part.peek("functionResponse").cloned();
    let Some(mut result) = spelling::object(&mut part, "functionResponse")? else {
        return Ok(());
    };
    let id = result.string("id")?.filter(|id| !id.is_empty());
    let name = result.required_string("name")?;
    let Some(call_id) = calls.answered_by(id.as_deref(), &name) else {
        let mut value = part.into_map();
        value.extend(whole.map(|whole| ("functionResponse".to_owned(), whole)));
        out.push(Part::Other {
            dialect: Dialect::Gemini,
            value: Value::Object(value),
        });
        return Ok(());
    };
    if let Some(response) = result.peek("response").filter(|it| !it.is_object()) {
        return Err(result.wrong("response", "an object", response));
    }
    let response = result.json_text("response");
    let (text, is_error) = result_text(response.unwrap_or_else(|| "{}".to_owned()));
    let mut parts = vec![Part::text(text)];
    for piece in spelling::objects(&mut result, "parts")? {
        parts.push(parse_media(piece)?);
    }
    let signature = part.string("thoughtSignature")?;
    let mut extras = part.rest(Dialect::Gemini);
    let inner = result.into_map();
    if !inner.is_empty() {
        extras.insert(Dialect::Gemini, "functionResponse", Value::Object(inner));
    }
    out.push(Part::ToolResult(ToolResult {
        call_id,
        parts,
        is_error,
        cache: None,
        extras,
    }));
    sign(|| None, signature, out);
    Ok(())
}

/// The text of a result, and whether it is a failure: the way back from the object that Google demands.
fn result_text(response: String) -> (String, bool) {
    let is_object = |text: &str| text.trim_start().starts_with('{') && is_json(text);
    let fields: BTreeMap<Cow<'_, str>, &RawValue> =
        serde_json::from_str(&response).unwrap_or_default();
    if fields.len() == 1 {
        for (name, is_error) in [("result", false), ("error", true)] {
            let Some(value) = fields.get(name) else {
                continue;
            };
            match serde_json::from_str::<Value>(value.get()) {
                Ok(Value::String(text)) if !is_object(&text) => return (text, is_error),
                Ok(Value::Object(_)) if is_error => return (value.get().to_owned(), is_error),
                _ => {}
            }
        }
    }
    (response, false)
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// What stands beside the data (a video's bounds, a resolution, a name) is kept for Google.
fn parse_media(mut part: Fields) -> Result<Part, Error> {
    let (media, beside) = media::parse(&mut part)?;
    let mut extras = part.rest(Dialect::Gemini);
    if let Some((name, rest)) = beside {
        extras.insert(Dialect::Gemini, name, Value::Object(rest));
    }
    Ok(Part::Media {
        media,
        cache: None,
        extras,
    })
}
