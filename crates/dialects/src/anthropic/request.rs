//! Requests: what callers of `/messages` ask, and what Anthropic is asked.

mod body;
mod parts;
mod thinking;
mod tools;
mod turns;

use canon::{
    Effort, Extras, Format, Item, Message, Part, Places, Reasoning, Request, Role, Routing,
    Sampling,
};
use serde_json::{Map, Value, json};

pub(super) use body::{render, render_count};
pub(super) use parts::render_media;
pub(crate) use thinking::Plan;

use super::{
    block,
    wire::{DIALECT, take_cache},
};
use crate::{Error, Fields, openrouter, tier};

/// The most entries that `fallbacks` may have.
const FALLBACKS_MAX: usize = 3;

/// Reads a request.
pub(super) fn parse(body: &[u8]) -> Result<Request, Error> {
    let mut fields = Fields::parse_keeping(body, block::AS_WRITTEN)?;
    let model = fields.required_string("model")?;
    let routing = take_routing(&mut fields)?;
    let (messages, places) = take_messages(&mut fields)?;
    let (tool_choice, parallel_tool_calls) = tools::take_choice(&mut fields)?;
    let tools = tools::take_tools(&mut fields)?;
    let sampling = take_sampling(&mut fields)?;
    let output = take_output(&mut fields)?;
    let stream = fields.bool("stream")?.unwrap_or(false);
    let (cache, cache_whole) = take_cache(&mut fields)?;
    let service_tier = fields.string("service_tier")?.map(tier::parse);
    let (user, metadata) = take_user(&mut fields)?;
    let session_id = openrouter::take_session(&mut fields)?;
    let mut extras = fields.rest(DIALECT);
    let kept = [
        ("cache_control", cache_whole),
        ("metadata", metadata),
        ("output_config", output.rest),
    ];
    for (name, value) in kept {
        if let Some(value) = value {
            extras.insert(DIALECT, name, value);
        }
    }
    Ok(Request {
        model: Some(model),
        routing,
        messages,
        places,
        tools,
        tool_choice,
        parallel_tool_calls,
        sampling,
        reasoning: output.reasoning,
        format: output.format,
        stream,
        cache,
        service_tier,
        user,
        session_id,
        extras,
        ..Request::default()
    })
}

/// `fallbacks` is another way to write `models`, and a narrow one.
fn take_routing(fields: &mut Fields) -> Result<Routing, Error> {
    let has_models = fields.has("models");
    let mut routing = openrouter::take_routing(fields)?;
    let Some(fallbacks) = fields.array("fallbacks")? else {
        return Ok(routing);
    };
    let whole = Value::Array(fallbacks);
    if has_models {
        return Err(fields.wrong("fallbacks", "either `models` or `fallbacks`", &whole));
    }
    let Value::Array(fallbacks) = whole else {
        return Ok(routing);
    };
    if fallbacks.len() > FALLBACKS_MAX {
        return Err(Error::Field {
            path: fields.path_of("fallbacks"),
            expected: format!("at most {FALLBACKS_MAX} entries"),
            found: format!("{} entries", fallbacks.len()),
        });
    }
    for (index, fallback) in fallbacks.into_iter().enumerate() {
        let path = format!("fallbacks[{index}]");
        let mut fallback = Fields::from_value(fallback, path)?;
        routing.models.push(fallback.required_string("model")?);
        let path = fallback.path().to_owned();
        if let Some((name, value)) = fallback.into_map().into_iter().next() {
            let path = format!("{path}.{name}");
            return Err(crate::fields::wrong(&path, "only `model`", &value));
        }
    }
    Ok(routing)
}

/// The system prompt leads; the turns follow.
fn take_messages(fields: &mut Fields) -> Result<(Vec<Message>, Places), Error> {
    let (mut messages, mut places) = (Vec::new(), Places::default());
    if let Some(system) = fields.value("system") {
        let parts = block::parse_content(fields, system, "system")?;
        if !parts.is_empty() {
            messages.push(message(Role::System, parts));
            places.note(&messages, item("system", None, None), |_| false);
        }
    }
    let turns = fields.objects("messages")?.unwrap_or_default();
    if turns.is_empty() {
        return Err(fields.missing("messages", "an array of at least one message"));
    }
    for (number, turn) in turns.into_iter().enumerate() {
        let parts = turn.peek("content").filter(|content| content.is_array());
        let item = item("messages", Some(number), parts.map(|_| "content"));
        push_turn(turn, &mut messages)?;
        places.note(&messages, item, |_| false);
    }
    Ok((messages, places))
}

const fn item(list: &'static str, number: Option<usize>, parts: Option<&'static str>) -> Item {
    Item {
        list,
        number,
        parts,
    }
}

fn message(role: Role, parts: Vec<Part>) -> Message {
    Message {
        role,
        parts,
        name: None,
        extras: Extras::NONE,
    }
}

/// Results of tools stand in a user's turn here, and are turns of their own in canon.
fn push_turn(mut turn: Fields, messages: &mut Vec<Message>) -> Result<(), Error> {
    let role = turn.required_string("role")?;
    let role = match role.as_str() {
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "system" => Role::System,
        _ => {
            let expected = "\"user\", \"assistant\" or \"system\"";
            return Err(turn.wrong("role", expected, &role.into()));
        }
    };
    let path = turn.path_of("content");
    let content = turn
        .value("content")
        .ok_or_else(|| turn.missing("content", "a string or an array of content blocks"))?;
    let parts = block::parse_content(&turn, content, &path)?;
    let first = messages.len();
    for part in parts {
        let is_result = role == Role::User && matches!(part, Part::ToolResult(_));
        let role = if is_result { Role::Tool } else { role };
        match messages.get_mut(first..).and_then(<[Message]>::last_mut) {
            Some(last) if last.role == role => last.parts.push(part),
            _ => messages.push(message(role, vec![part])),
        }
    }
    if messages.len() == first {
        messages.push(message(role, Vec::new()));
    }
    if let Some(first) = messages.get_mut(first) {
        first.extras = turn.rest(DIALECT);
    }
    Ok(())
}

fn take_sampling(fields: &mut Fields) -> Result<Sampling, Error> {
    Ok(Sampling {
        max_tokens: fields.u64("max_tokens")?,
        temperature: fields.number_within("temperature", 0.0, 2.0)?,
        top_p: fields.number_within("top_p", 0.0, 1.0)?,
        top_k: fields.number_within("top_k", 0.0, f64::MAX)?,
        stop: fields.strings("stop_sequences")?.unwrap_or_default(),
        ..Sampling::default()
    })
}

/// What is said about the answer.
#[derive(Default)]
struct Output {
    reasoning: Option<Reasoning>,
    format: Option<Format>,
    /// What else `output_config` holds.
    rest: Option<Value>,
}

/// `thinking` and `output_config`: how much to think, and the form of the answer.
fn take_output(fields: &mut Fields) -> Result<Output, Error> {
    let mut output = Output::default();
    if let Some(thinking) = fields.object("thinking")? {
        output.reasoning = Some(parse_thinking(thinking)?);
    }
    if let Some(mut config) = fields.object("output_config")? {
        if let Some(name) = config.string("effort")? {
            let Some(effort) = Effort::named(&name) else {
                let expected = "\"low\", \"medium\", \"high\", \"xhigh\" or \"max\"";
                return Err(config.wrong("effort", expected, &name.into()));
            };
            let reasoning = output.reasoning.get_or_insert_default();
            reasoning.effort = Some(effort);
            // Here a level does not switch thinking on by itself, as it does elsewhere: remembered for
            // the way back to this dialect.
            let stated = json!({ "effort": name });
            reasoning.extras.insert(DIALECT, "output_config", stated);
        }
        output.format = config.object("format")?.map(parse_format).transpose()?;
        output.rest = not_empty(config.into_map());
    }
    // The name that the field had before it became general.
    if let Some(older) = fields.object("output_format")? {
        output.format = Some(parse_format(older)?);
    }
    Ok(output)
}

fn parse_thinking(mut thinking: Fields) -> Result<Reasoning, Error> {
    let kind = thinking.required_string("type")?;
    let mut reasoning = Reasoning::default();
    match kind.as_str() {
        "enabled" => {
            reasoning.enabled = Some(true);
            reasoning.max_tokens = thinking.u64("budget_tokens")?;
            if reasoning.max_tokens.is_none() {
                return Err(thinking.missing("budget_tokens", "a whole number of 1024 or more"));
            }
        }
        "adaptive" => {
            reasoning.enabled = Some(true);
            reasoning.adaptive = true;
        }
        "disabled" => reasoning.enabled = Some(false),
        _ => {
            let expected = "\"enabled\", \"disabled\" or \"adaptive\"";
            return Err(thinking.wrong("type", expected, &kind.into()));
        }
    }
    reasoning.display = thinking.string("display")?;
    reasoning.extras = thinking.rest(DIALECT);
    Ok(reasoning)
}

fn parse_format(mut format: Fields) -> Result<Format, Error> {
    let kind = format.required_string("type")?;
    if kind != "json_schema" {
        return Err(format.wrong("type", "\"json_schema\"", &kind.into()));
    }
    let schema = format.map("schema")?;
    let schema = schema.ok_or_else(|| format.missing("schema", "a JSON Schema"))?;
    Ok(Format::JsonSchema {
        name: format.string("name")?,
        description: None,
        schema: Some(Value::Object(schema)),
        strict: None,
    })
}

/// OpenRouter's `user` goes before Anthropic's `metadata.user_id`: both name the same person.
fn take_user(fields: &mut Fields) -> Result<(Option<String>, Option<Value>), Error> {
    let user = openrouter::take_user(fields)?;
    let Some(mut metadata) = fields.object("metadata")? else {
        return Ok((user, None));
    };
    let user = user.or(metadata.string("user_id")?);
    Ok((user, not_empty(metadata.into_map())))
}

fn not_empty(rest: Map<String, Value>) -> Option<Value> {
    (!rest.is_empty()).then_some(Value::Object(rest))
}
