//! A request: read from callers, written for vendors.

mod input;
mod part;
mod render;
mod text;
mod tool;

use canon::{Request, Sampling};
use serde_json::Value;

use super::DIALECT;
use crate::{
    Error, Fields,
    openai::{
        chat::request::{
            sampling::{take_count, take_whole},
            take_cache, take_modalities,
        },
        effort::parse_reasoning,
        shared::{SAFETY_IDENTIFIER, take_end_user},
    },
    openrouter::{take_metadata, take_routing, take_session},
};

pub(super) use render::{
    ENCRYPTED, LOGPROBS, render_format, render_request, render_tool, tool_choice,
};

const TOP_LOGPROBS_MAX: u64 = 20;
/// Reads a request.
pub(super) fn parse_request(body: &[u8]) -> Result<Request, Error> {
    let mut fields = Fields::parse(body)?;
    refuse_state(&mut fields)?;
    let (messages, places) = input::take_messages(&mut fields)?;
    let mut includes = fields.strings("include")?.unwrap_or_default();
    let mut reasoning = match fields.object("reasoning")? {
        Some(object) => Some(parse_reasoning(object, DIALECT)?),
        None => None,
    };
    if includes.iter().any(|name| name == ENCRYPTED) {
        reasoning.get_or_insert_default();
    }
    let (format, verbosity, text) = text::take_text(&mut fields)?;
    let (user, is_renamed) = take_end_user(&mut fields)?;
    let mut request = Request {
        model: fields.string("model")?,
        routing: take_routing(&mut fields)?,
        messages,
        places,
        tools: tool::take_tools(&mut fields)?,
        tool_choice: tool::take_tool_choice(&mut fields)?,
        parallel_tool_calls: fields.bool("parallel_tool_calls")?,
        sampling: take_sampling(&mut fields, &includes)?,
        reasoning,
        format,
        modalities: take_modalities(&mut fields)?,
        speech: None,
        stream: fields.bool("stream")?.unwrap_or(false),
        cache: take_cache(&mut fields)?,
        prompt_cache_key: fields.string("prompt_cache_key")?,
        service_tier: fields.string("service_tier")?,
        verbosity,
        user,
        session_id: take_session(&mut fields)?,
        search: None,
        metadata: take_metadata(&mut fields)?,
        extras: fields.rest(DIALECT),
    };
    // What canon carries by itself is asked for anew.
    includes.retain(|name| name != ENCRYPTED && name != LOGPROBS);
    if !includes.is_empty() {
        request.extras.insert(DIALECT, "include", includes.into());
    }
    if !text.is_empty() {
        request.extras.insert(DIALECT, "text", Value::Object(text));
    }
    if is_renamed {
        request
            .extras
            .insert(DIALECT, SAFETY_IDENTIFIER, true.into());
    }
    Ok(request)
}

/// Nothing is kept here between two requests.
fn refuse_state(fields: &mut Fields) -> Result<(), Error> {
    for (name, expected) in [
        ("store", "false: this server stores no answers"),
        (
            "background",
            "false: this server stores no answers, so none can be fetched later",
        ),
    ] {
        if fields.bool(name)? == Some(true) {
            return Err(fields.wrong(name, expected, &true.into()));
        }
    }
    for name in ["previous_response_id", "conversation"] {
        if let Some(value) = fields.value(name) {
            let expected =
                "null: this server stores no answers; send the whole conversation as `input`";
            return Err(fields.wrong(name, expected, &value));
        }
    }
    Ok(())
}

fn take_sampling(fields: &mut Fields, includes: &[String]) -> Result<Sampling, Error> {
    // 0 is the default, and asks for nothing.
    let top_logprobs = take_count(fields, "top_logprobs", 0, TOP_LOGPROBS_MAX)?;
    let top_logprobs = top_logprobs.filter(|count| *count > 0);
    let has_logprobs = top_logprobs.is_some() || includes.iter().any(|name| name == LOGPROBS);
    Ok(Sampling {
        max_tokens: take_count(fields, "max_output_tokens", 1, u64::MAX)?,
        temperature: fields.number_within("temperature", 0.0, 2.0)?,
        top_p: fields.number_within("top_p", 0.0, 1.0)?,
        top_k: take_whole(fields, "top_k", 0)?,
        frequency_penalty: fields.number_within("frequency_penalty", -2.0, 2.0)?,
        presence_penalty: fields.number_within("presence_penalty", -2.0, 2.0)?,
        logprobs: has_logprobs.then_some(true),
        top_logprobs,
        ..Sampling::default()
    })
}
