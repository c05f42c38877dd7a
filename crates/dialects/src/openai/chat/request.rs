//! A request: read from callers, written for vendors.

mod message;
mod part;
pub(in crate::openai) mod render;
pub(in crate::openai) mod sampling;
mod tool;

use canon::{CacheMark, CacheTtl, Dialect, Message, Places, Request, Role, Speech};
use serde_json::Value;

use crate::{
    Error, Fields,
    fields::wrong,
    openai::shared::{SAFETY_IDENTIFIER, take_end_user},
    openrouter::{take_metadata, take_routing, take_session},
};

pub(super) use render::render_request;

/// Kinds of output that may be asked for.
const MODALITIES: &[&str] = &["text", "image", "audio"];

/// Reads a request.
pub(super) fn parse_request(body: &[u8]) -> Result<Request, Error> {
    parse_fields(Fields::parse_keeping(body, &["arguments"])?)
}

/// Reads the fields of a request.
pub(in crate::openai) fn parse_fields(mut fields: Fields) -> Result<Request, Error> {
    let messages = take_messages(&mut fields)?;
    // Usage is always sent; asking for it changes nothing.
    fields.object("usage")?;
    fields.object("stream_options")?;
    let (user, is_renamed) = take_end_user(&mut fields)?;
    let mut request = Request {
        model: fields.string("model")?,
        routing: take_routing(&mut fields)?,
        messages,
        places: Places::default(),
        tools: tool::take_tools(&mut fields)?,
        tool_choice: tool::take_tool_choice(&mut fields)?,
        parallel_tool_calls: fields.bool("parallel_tool_calls")?,
        sampling: sampling::take_sampling(&mut fields)?,
        reasoning: sampling::take_reasoning(&mut fields)?,
        format: tool::take_format(&mut fields)?,
        modalities: take_modalities(&mut fields)?,
        speech: take_speech(&mut fields)?,
        stream: fields.bool("stream")?.unwrap_or(false),
        cache: take_cache(&mut fields)?,
        prompt_cache_key: fields.string("prompt_cache_key")?,
        service_tier: fields.string("service_tier")?,
        verbosity: fields.string("verbosity")?,
        user,
        session_id: take_session(&mut fields)?,
        search: None,
        metadata: take_metadata(&mut fields)?,
        extras: fields.rest(Dialect::OpenAiChat),
    };
    if is_renamed {
        let mark = true.into();
        request
            .extras
            .insert(Dialect::OpenAiChat, SAFETY_IDENTIFIER, mark);
    }
    Ok(request)
}

/// `messages`, or `prompt` as the one turn of a user.
fn take_messages(fields: &mut Fields) -> Result<Vec<Message>, Error> {
    let expected = "an array of at least one message";
    let Some(list) = fields.objects("messages")? else {
        return match fields.string("prompt")? {
            Some(prompt) => Ok(vec![Message::text(Role::User, prompt)]),
            None => Err(fields.missing("messages", expected)),
        };
    };
    if list.is_empty() {
        return Err(fields.wrong("messages", expected, &Value::Array(Vec::new())));
    }
    list.into_iter().map(message::parse_message).collect()
}

/// Takes `modalities`.
pub(in crate::openai) fn take_modalities(fields: &mut Fields) -> Result<Vec<String>, Error> {
    let modalities = fields.strings("modalities")?.unwrap_or_default();
    for (index, modality) in modalities.iter().enumerate() {
        if !MODALITIES.contains(&modality.as_str()) {
            let path = format!("{}[{index}]", fields.path_of("modalities"));
            let expected = "\"text\", \"image\" or \"audio\"";
            return Err(wrong(&path, expected, &modality.as_str().into()));
        }
    }
    Ok(modalities)
}

/// Takes `audio`: how the answer is to be spoken. A voice that is no name (one of the caller's own) stays as it is.
fn take_speech(fields: &mut Fields) -> Result<Option<Speech>, Error> {
    let Some(mut audio) = fields.object("audio")? else {
        return Ok(None);
    };
    let is_named = audio.peek("voice").is_some_and(Value::is_string);
    Ok(Some(Speech {
        voice: if is_named {
            audio.string("voice")?
        } else {
            None
        },
        format: audio.string("format")?,
        extras: audio.rest(Dialect::OpenAiChat),
    }))
}

/// Takes a `cache_control` of whatever object.
pub(in crate::openai) fn take_cache(fields: &mut Fields) -> Result<Option<CacheMark>, Error> {
    let Some(mut mark) = fields.object("cache_control")? else {
        return Ok(None);
    };
    let kind = mark.string("type")?;
    if let Some(kind) = kind
        && kind != "ephemeral"
    {
        return Err(mark.wrong("type", "\"ephemeral\"", &kind.into()));
    }
    let ttl = mark.string("ttl")?;
    let ttl = match ttl.as_deref() {
        None => None,
        Some("5m") => Some(CacheTtl::FiveMinutes),
        Some("1h") => Some(CacheTtl::OneHour),
        Some(other) => return Err(mark.wrong("ttl", "\"5m\" or \"1h\"", &other.into())),
    };
    Ok(Some(CacheMark { ttl }))
}
