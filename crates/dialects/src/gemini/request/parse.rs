//! Reading a request of a caller's.
//!
//! The model and whether to stream stand in the address; the route fills them in. What OpenRouter adds to every
//! dialect (`provider`, `models`, `plugins`, `user`, `session_id` …) may stand in the body: Google has no such fields.

use canon::{Dialect, Request};
use serde_json::{Map, Value};

use super::super::spelling;
use super::{generation, offers, turns};
use crate::{Error, Fields, openrouter, tier};

/// Objects that are read as text: the arguments of calls, and what came of them.
const AS_WRITTEN: &[&str] = &["args", "response"];

/// Reads a request for an answer.
///
/// # Errors
/// Bad JSON, a wrong type, a value that is not allowed, no contents.
pub(in crate::gemini) fn parse(body: &[u8]) -> Result<Request, Error> {
    parse_fields(Fields::parse_keeping(body, AS_WRITTEN)?)
}

/// Reads a request to count tokens: the contents, or the whole request around them.
///
/// # Errors
/// As for an answer.
pub(in crate::gemini) fn parse_count(body: &[u8]) -> Result<Request, Error> {
    let mut fields = Fields::parse_keeping(body, AS_WRITTEN)?;
    for name in ["generateContentRequest", "generate_content_request"] {
        if let Some(inner) = fields.object(name)? {
            return parse_fields(inner);
        }
    }
    parse_fields(fields)
}

fn parse_fields(mut fields: Fields) -> Result<Request, Error> {
    let routing = openrouter::take_routing(&mut fields)?;
    let user = openrouter::take_user(&mut fields)?;
    let session_id = openrouter::take_session(&mut fields)?;
    let mut fields = fields.renamed(spelling::camel_names);
    let model = fields.string("model")?;
    let (messages, places) = turns::parse_messages(&mut fields)?;
    let tools = offers::parse_tools(&mut fields)?;
    let choice = offers::parse_choice(&mut fields)?;
    let generation = generation::parse(&mut fields)?;
    let service_tier = fields.string("serviceTier")?.map(tier::parse);
    let mut extras = fields.rest(Dialect::Gemini);
    for (name, rest) in [
        ("generationConfig", generation.rest),
        ("toolConfig", choice.rest),
    ] {
        if !rest.is_empty() {
            extras.insert(Dialect::Gemini, name, Value::Object(rest));
        }
    }
    Ok(Request {
        model: model.map(|model| plain_name(&model)),
        routing,
        messages,
        places,
        tools,
        tool_choice: choice.choice,
        sampling: generation.sampling,
        reasoning: generation.reasoning,
        format: generation.format,
        modalities: generation.modalities,
        speech: generation.speech,
        service_tier,
        user,
        session_id,
        extras,
        ..Request::default()
    })
}

/// `models/x` and `publishers/google/models/x` as `x`.
fn plain_name(model: &str) -> String {
    let plain = match model.strip_prefix("models/") {
        Some(plain) => plain,
        None => model
            .rsplit_once("/models/")
            .map_or(model, |(_, plain)| plain),
    };
    plain.to_owned()
}

/// What the caller asked for that the answer must heed: whether thinking is shown. Google does not show it unless
/// asked.
pub(in crate::gemini) fn echo(request: &Request) -> Map<String, Value> {
    let exclude = request
        .reasoning
        .as_ref()
        .and_then(|reasoning| reasoning.exclude);
    let mut echo = Map::new();
    echo.insert(
        generation::SHOWN.to_owned(),
        Value::Bool(exclude == Some(false)),
    );
    echo
}
